//! Reads well-known text, in the spellings that are about: ISO, `PostGIS`, GDAL.
//!
//! Grammar: OGC 06-103r4, section 7.2; ISO 13249-3, `ST_GeomFromText`; `PostGIS`, EWKT.

use super::error::{Fault, GeometryError};
use super::kind::{Content, Dims, GeometryKind};
use super::scan::MAX_NESTING;
use super::wkt_tokens::{Cursor, Token};
use super::writer::GeometryWriter;
use super::{Geometry, error::Located};

impl Geometry {
    /// Reads well-known text, in any case and with spaces anywhere between words.
    ///
    /// Dims come from a tag (`POINT Z (…)`, `POINTZ(…)`); without one, from the first tag or
    /// position inside: three ordinates are x, y, z, four are x, y, z, m, as in `PostGIS`. A z or
    /// m may be `NaN`.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Text`] where the text leaves the grammar or breaks an invariant of
    /// [`Geometry`], and for `SRID=…;`, which would be lost: use [`from_ewkt`](Self::from_ewkt).
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::Geometry;
    ///
    /// let points = Geometry::from_wkt("MultiPoint(1 2, 3e0 -4)")?;
    /// assert_eq!(points.to_wkt(), "MULTIPOINT ((1 2),(3 -4))");
    ///
    /// let unclosed = Geometry::from_wkt("POLYGON((0 0,1 0,1 1,0 1))").expect_err("not closed");
    /// assert!(unclosed.to_string().contains("at character 8"));
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    pub fn from_wkt(wkt: &str) -> Result<Self, GeometryError> {
        match Self::from_ewkt(wkt)? {
            (geometry, None) => Ok(geometry),
            (_, Some(srid)) => {
                let mut cursor = Cursor::new(wkt);
                let start = cursor.start();
                Err(cursor.fault_at(start, Fault::UnexpectedSrid { srid }))
            }
        }
    }

    /// Reads well-known text that may start with `SRID=…;`, and that SRID.
    ///
    /// # Errors
    ///
    /// As [`from_wkt`](Self::from_wkt), and for an SRID that is not a 32-bit number.
    pub fn from_ewkt(ewkt: &str) -> Result<(Self, Option<i32>), GeometryError> {
        let mut cursor = Cursor::new(ewkt);
        let srid = srid(&mut cursor)?;
        let mut reader =
            Reader { cursor, writer: GeometryWriter::new(), dims: Dims::Xy, marks: Vec::new() };
        reader.whole()?;
        Ok((reader.finish()?, srid))
    }
}

/// `SRID=4326;`, if the text starts so.
fn srid(cursor: &mut Cursor<'_>) -> Result<Option<i32>, GeometryError> {
    if !cursor.skip_word("SRID") {
        return Ok(None);
    }
    if !cursor.skip_sign(b'=') {
        return Err(cursor.unexpected("`=`"));
    }
    let Token::Number(digits) = cursor.peek() else { return Err(cursor.unexpected(SRID)) };
    let Ok(srid) = digits.parse() else { return Err(cursor.unexpected(SRID)) };
    cursor.next();
    if cursor.skip_sign(b';') { Ok(Some(srid)) } else { Err(cursor.unexpected("`;`")) }
}

const SRID: &str = "an SRID";

struct Reader<'a> {
    cursor: Cursor<'a>,
    writer: GeometryWriter,
    dims: Dims,
    /// Where in the WKB and in the text each part starts, for errors found at the end.
    marks: Vec<(usize, usize)>,
}

/// A keyword with its tag, and where it starts.
struct Tagged {
    kind: GeometryKind,
    dims: Option<Dims>,
    start: usize,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<(), GeometryError> {
        let tagged = tagged(&mut self.cursor)?;
        self.dims = tagged.dims.unwrap_or_else(|| first_dims(self.cursor));
        self.marks.push((self.writer.wkb_len(), tagged.start));
        self.writer.begin(tagged.kind, self.dims);
        self.body(tagged.kind, 0)?;
        self.writer.end();
        match self.cursor.left() {
            0 => Ok(()),
            count => {
                let start = self.cursor.start();
                Err(self.cursor.fault_at(start, Fault::Trailing { count }))
            }
        }
    }

    fn finish(mut self) -> Result<Geometry, GeometryError> {
        self.writer.finish_located().map_err(|Located { fault, offset, .. }| {
            let mark = self.marks.partition_point(|(wkb, _)| *wkb <= offset).saturating_sub(1);
            let start = self.marks.get(mark).map_or(0, |(_, text)| *text);
            self.cursor.fault_at(start, fault)
        })
    }

    /// What follows a keyword, or stands for a member without one.
    fn body(&mut self, kind: GeometryKind, depth: usize) -> Result<(), GeometryError> {
        if depth > MAX_NESTING {
            let start = self.cursor.start();
            return Err(self.cursor.fault_at(start, Fault::TooDeep { cap: MAX_NESTING }));
        }
        if self.cursor.skip_word("EMPTY") {
            return Ok(());
        }
        self.list("`(` or `EMPTY`", |reader| match kind.content() {
            Content::Positions => reader.position(),
            Content::Rings => reader.ring(),
            Content::Members => reader.member(kind, depth + 1),
        })
    }

    fn list(
        &mut self,
        opening: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<(), GeometryError>,
    ) -> Result<(), GeometryError> {
        if !self.cursor.skip_sign(b'(') {
            return Err(self.cursor.unexpected(opening));
        }
        loop {
            item(self)?;
            if self.cursor.skip_sign(b')') {
                return Ok(());
            }
            if !self.cursor.skip_sign(b',') {
                return Err(self.cursor.unexpected("`,` or `)`"));
            }
        }
    }

    fn ring(&mut self) -> Result<(), GeometryError> {
        let start = self.cursor.start();
        self.marks.push((self.writer.wkb_len(), start));
        self.writer.ring();
        self.list("`(`", Self::position)?;
        self.writer.end();
        Ok(())
    }

    fn member(&mut self, parent: GeometryKind, depth: usize) -> Result<(), GeometryError> {
        let start = self.cursor.start();
        self.marks.push((self.writer.wkb_len(), start));
        let kind = match (self.cursor.peek(), parent.untagged_member()) {
            (Token::Word(word), Some(kind)) if word.eq_ignore_ascii_case("EMPTY") => kind,
            (Token::Sign("("), Some(kind)) => kind,
            (Token::Number(_), Some(GeometryKind::Point)) => return self.bare_point(),
            (_, _) => self.tagged_member()?,
        };
        self.writer.member(kind);
        self.body(kind, depth)?;
        self.writer.end();
        Ok(())
    }

    /// `1 2` in `MULTIPOINT (1 2, 3 4)`.
    fn bare_point(&mut self) -> Result<(), GeometryError> {
        self.writer.member(GeometryKind::Point);
        self.position()?;
        self.writer.end();
        Ok(())
    }

    fn tagged_member(&mut self) -> Result<GeometryKind, GeometryError> {
        let tagged = tagged(&mut self.cursor)?;
        match tagged.dims {
            Some(member) if member != self.dims => {
                let fault = Fault::MemberDims { root: self.dims, member };
                Err(self.cursor.fault_at(tagged.start, fault))
            }
            _ => Ok(tagged.kind),
        }
    }

    fn position(&mut self) -> Result<(), GeometryError> {
        let start = self.cursor.start();
        let mut ordinates = [0.0; 4];
        let mut count = 0;
        while let Some(ordinate) = self.ordinate(count)? {
            if let Some(slot) = ordinates.get_mut(count) {
                *slot = ordinate;
            }
            count += 1;
        }
        if count != self.dims.size() {
            return Err(self.miscounted(start, count));
        }
        self.writer.position(&ordinates[..count]);
        Ok(())
    }

    #[cold]
    fn miscounted(&mut self, start: usize, count: usize) -> GeometryError {
        let ended = matches!(self.cursor.peek(), Token::Sign("," | ")"));
        if count == 0 || (count < self.dims.size() && !ended) {
            return self.cursor.unexpected("a number");
        }
        self.cursor.fault_at(start, Fault::OrdinateCount { count, dims: self.dims })
    }

    /// The next number, the `axis`th of a position; none at whatever ends the position.
    fn ordinate(&mut self, axis: usize) -> Result<Option<f64>, GeometryError> {
        let mut ahead = self.cursor;
        let value = match ahead.next() {
            Token::Number(digits) => match digits.parse() {
                Ok(value) => value,
                Err(_) => return Err(self.cursor.unexpected("a number")),
            },
            Token::Word(word) if word.eq_ignore_ascii_case("NaN") => f64::NAN,
            _ => return Ok(None),
        };
        if !(value.is_finite() || (axis > 1 && value.is_nan())) {
            let start = self.cursor.start();
            let fault = Fault::NotFinite { ordinate: self.dims.ordinate(axis), value };
            return Err(self.cursor.fault_at(start, fault));
        }
        self.cursor = ahead;
        Ok(Some(value))
    }
}

/// A keyword and its tag, apart or in one word.
fn tagged(cursor: &mut Cursor<'_>) -> Result<Tagged, GeometryError> {
    let start = cursor.start();
    let Token::Word(word) = cursor.peek() else { return Err(cursor.unexpected(KEYWORD)) };
    let Some((kind, mut dims)) = keyword(word) else { return Err(cursor.unexpected(KEYWORD)) };
    cursor.next();
    for tag in [Dims::Xyz, Dims::Xym, Dims::Xyzm] {
        if dims.is_none() && cursor.skip_word(tag.tag()) {
            dims = Some(tag);
        }
    }
    Ok(Tagged { kind, dims, start })
}

const KEYWORD: &str = "a kind of geometry";

/// `POINT`, or `POINTZM` in one word.
fn keyword(word: &str) -> Option<(GeometryKind, Option<Dims>)> {
    if let Ok(kind) = word.parse() {
        return Some((kind, None));
    }
    let glued = [Dims::Xyzm, Dims::Xyz, Dims::Xym];
    glued.into_iter().find_map(|dims| {
        let (name, tag) = word.split_at_checked(word.len().checked_sub(dims.tag().len())?)?;
        let kind = tag.eq_ignore_ascii_case(dims.tag()).then(|| name.parse().ok())??;
        Some((kind, Some(dims)))
    })
}

/// The dims that the rest of the text speaks of first, by a tag or by a position.
fn first_dims(mut ahead: Cursor<'_>) -> Dims {
    loop {
        match ahead.peek() {
            Token::Word(word) => match (keyword(word), word) {
                (Some(_), _) => {
                    if let Ok(Tagged { dims: Some(dims), .. }) = tagged(&mut ahead) {
                        return dims;
                    }
                }
                (None, _) => drop(ahead.next()),
            },
            Token::Number(_) => return counted_dims(ahead),
            Token::Sign(_) => drop(ahead.next()),
            Token::End => return Dims::Xy,
        }
    }
}

fn counted_dims(mut ahead: Cursor<'_>) -> Dims {
    let is_ordinate = |token| matches!(token, Token::Number(_) | Token::Word(_));
    let count = (0..=Dims::Xyzm.size()).take_while(|_| is_ordinate(ahead.next())).count();
    match count {
        3 => Dims::Xyz,
        4 => Dims::Xyzm,
        _ => Dims::Xy,
    }
}
