//! How values are spelled in cells.
use crate::{CodecError, Result};
use tiepoint_core::{Geometry, GeometryKind, Value};

/// Spells cells, each with a delimiter behind it.
pub(super) struct Cells {
    delimiter: u8,
    line: Vec<u8>,
    digits: zmij::Buffer,
}

impl Cells {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, line: Vec::new(), digits: zmij::Buffer::new() }
    }

    /// The record of the cells spelled so far, which are then forgotten. One of nothing but an
    /// empty cell is quoted: an empty line would be no record.
    pub(super) fn take_record(
        &mut self,
        write: impl FnOnce(&[u8]) -> std::io::Result<()>,
    ) -> Result<()> {
        self.line.pop();
        if self.line.is_empty() {
            self.line.extend_from_slice(b"\"\"");
        }
        self.line.extend_from_slice(b"\r\n");
        let written = write(&self.line);
        self.line.clear();
        Ok(written?)
    }

    pub(super) fn forget(&mut self) {
        self.line.clear();
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.plain(b""),
            Value::Bool(truth) => self.plain(if *truth { b"true" } else { b"false" }),
            Value::Int(number) => self.display(number),
            Value::Real(number) => self.real(*number),
            Value::Decimal(number) => self.plain(number.as_str().as_bytes()),
            Value::Text(text) => self.text(text),
            Value::Bytes(bytes) => self.hex(bytes),
            Value::Date(date) => self.display(date),
            Value::Time(time) => self.display(time),
            Value::DateTime(time) => self.display(time),
            Value::Json(json) => self.text(json.as_str()),
            Value::Uuid(uuid) => self.display(uuid),
            Value::Geometry(geometry) => self.text(&geometry.to_wkt()),
        }
    }

    /// One ordinate of a point, in a column of its own.
    pub(super) fn ordinate(&mut self, value: &Value, axis: usize, feature: u64) -> Result<()> {
        let Value::Geometry(geometry) = value else {
            self.plain(b"");
            return Ok(());
        };
        let ordinates = plain_point(geometry, feature)?;
        match ordinates {
            Some(ordinates) => self.real(ordinates[axis]),
            None => self.plain(b""),
        }
        Ok(())
    }

    fn real(&mut self, number: f64) {
        let text = self.digits.format(number);
        self.line.extend_from_slice(text.as_bytes());
        self.line.push(self.delimiter);
    }

    pub(super) fn display(&mut self, value: &dyn std::fmt::Display) {
        self.text(&value.to_string());
    }

    fn hex(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        for byte in bytes {
            let nibbles = [byte >> 4, byte & 15].map(|nibble| DIGITS[usize::from(nibble)]);
            self.line.extend_from_slice(&nibbles);
        }
        self.line.push(self.delimiter);
    }

    pub(super) fn text(&mut self, text: &str) {
        if !needs_quotes(text, self.delimiter) {
            return self.plain(text.as_bytes());
        }
        self.line.push(b'"');
        for (index, part) in text.split('"').enumerate() {
            if index > 0 {
                self.line.extend_from_slice(b"\"\"");
            }
            self.line.extend_from_slice(part.as_bytes());
        }
        self.line.extend_from_slice(&[b'"', self.delimiter]);
    }

    pub(super) fn plain(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        self.line.push(self.delimiter);
    }
}

/// What would otherwise be taken for the end of a cell, for nothing, for a quote, or for something
/// that stands before the document.
fn needs_quotes(text: &str, delimiter: u8) -> bool {
    let is_special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    text.is_empty()
        || text.starts_with([' ', '\t', '\'', '\u{feff}'])
        || text.ends_with([' ', '\t'])
        || text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="))
        || text.bytes().any(is_special)
}

/// The x and y of a point, none of an empty one.
fn plain_point(geometry: &Geometry, feature: u64) -> Result<Option<[f64; 2]>> {
    if geometry.kind() != GeometryKind::Point || geometry.dims().size() > 2 {
        let (kind, dims) = (geometry.kind(), geometry.dims());
        return Err(CodecError::Unsupported {
            what: format!("feature {feature} is a {kind} {dims}, not a point of x and y alone"),
            hint: Some("write geometry as WKT instead".to_owned()),
        });
    }
    Ok(geometry.as_ref().positions().arrays::<2>().next().filter(|_| !geometry.is_empty()))
}
