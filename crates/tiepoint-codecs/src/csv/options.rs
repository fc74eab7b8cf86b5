//! What may be said about a document instead of having it found out.
use super::Encoding;
use crate::{CodecError, Result};
use tiepoint_core::Crs;

/// How to read a document. `None` everywhere means: find out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// What separates cells: an ASCII character.
    pub delimiter: Option<u8>,
    /// What encloses cells.
    pub quote: Option<Quote>,
    /// Which bytes stand for which characters.
    pub encoding: Option<Encoding>,
    /// Whether numbers are written as `1,5`.
    pub decimal_comma: Option<bool>,
    /// Whether the first record names the columns.
    pub header: Option<bool>,
    /// Which columns hold the geometry.
    pub geometry: GeometryColumns,
    /// What the coordinates mean, easting or longitude in the x column and first in WKT.
    pub crs: Option<Crs>,
    /// Whether every column stays text, those of geometry and object id excepted.
    pub all_text: bool,
    /// What to do with records that have fewer cells than there are columns.
    pub short_records: ShortRecords,
}

/// What encloses cells that hold delimiters, quotes or line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// This ASCII character.
    Char(u8),
    /// Nothing: every quote is text.
    None,
}

/// Which columns of a document hold the geometry of its features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GeometryColumns {
    /// Those whose names and values say so.
    #[default]
    Detect,
    /// None: features are non-spatial.
    None,
    /// One column of WKT, EWKT or hexadecimal (E)WKB, by name.
    Wkt(String),
    /// Two columns of numbers, by name.
    Xy {
        /// Eastings or longitudes.
        x: String,
        /// Northings or latitudes.
        y: String,
    },
}

/// What becomes of records with fewer cells than there are columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShortRecords {
    /// They are bad features: a line break or the end of a copy may have cut them.
    #[default]
    Refuse,
    /// The missing cells are empty, as programs mean that leave empty cells at the end out.
    Fill,
}

impl Quote {
    pub(super) fn byte(self) -> Option<u8> {
        match self {
            Self::Char(byte) => Some(byte),
            Self::None => None,
        }
    }
}

impl ReadOptions {
    /// Refuses delimiters and quotes that cannot be told from text or from one another.
    pub(super) fn check(&self) -> Result<()> {
        let quote = self.quote.and_then(Quote::byte);
        for (what, byte) in [("delimiter", self.delimiter), ("quote", quote)] {
            byte.map_or(Ok(()), |byte| check_sign(what, byte))?;
        }
        if self.delimiter.is_some() && self.delimiter == quote {
            return Err(unusable("one character as delimiter and as quote"));
        }
        if self.decimal_comma == Some(true) && self.delimiter == Some(b',') {
            return Err(unusable("a comma as delimiter and as decimal mark"));
        }
        Ok(())
    }
}

fn check_sign(what: &str, byte: u8) -> Result<()> {
    if is_usable_sign(byte) {
        Ok(())
    } else {
        Err(unusable(&format!("`{}` as {what}", byte.escape_ascii())))
    }
}

pub(super) fn is_usable_sign(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\r\n\0".contains(&byte)
}

fn unusable(what: &str) -> CodecError {
    let hint = Some("use a sign such as `,` `;` `|` or a tab, and `\"` as quote".to_owned());
    CodecError::Unsupported { what: format!("CSV cannot have {what}"), hint }
}
