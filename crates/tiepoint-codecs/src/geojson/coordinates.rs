//! Coordinates straight into WKB, without numbers or trees in between; and past them, faster.
use super::cursor::{Cursor, MAX_DEPTH, Stop};
use tiepoint_core::{Dims, GeometryKind};

/// Which positions coordinates have: with a height, without, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heights {
    pub(super) flat: bool,
    pub(super) high: bool,
}

impl Heights {
    pub(super) fn union(self, other: Self) -> Self {
        Self { flat: self.flat | other.flat, high: self.high | other.high }
    }
}

/// WKB in the making.
#[derive(Debug, Default)]
pub(super) struct WkbBuffer {
    pub(super) bytes: Vec<u8>,
    /// Whether positions are written with three ordinates.
    pub(super) high: bool,
    /// How long it may become.
    pub(super) limit_bytes: usize,
    /// What positions there were.
    pub(super) heights: Heights,
    /// Where lines and rings began, if somebody needs to know.
    pub(super) marks: Option<Vec<Mark>>,
}

/// Where a line or ring begins in the WKB and in the document, and which of its array it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) wkb_at: usize,
    pub(super) at: usize,
    pub(super) index: u32,
}

impl WkbBuffer {
    pub(super) fn clear(&mut self, high: bool) {
        self.bytes.clear();
        (self.high, self.heights) = (high, Heights::default());
    }

    fn dims(&self) -> Dims {
        Dims::of(self.high, false)
    }

    /// Byte order and code (OGC 06-103r4, section 8.2.3).
    pub(super) fn head(&mut self, kind: GeometryKind) {
        let code = kind.code() + if self.high { 1000 } else { 0 };
        self.bytes.push(1);
        self.bytes.extend_from_slice(&code.to_le_bytes());
    }

    /// Room for a count that is known later.
    pub(super) fn open(&mut self) -> usize {
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.len() - 4
    }

    pub(super) fn close(&mut self, opened: usize, count: u32) {
        self.bytes[opened..opened + 4].copy_from_slice(&count.to_le_bytes());
    }

    /// Hostile text, such as a long list of empty points, can make WKB ten times its length.
    #[inline]
    pub(super) fn check_length(&self, at: usize) -> Result<(), Stop> {
        if self.bytes.len() <= self.limit_bytes {
            return Ok(());
        }
        Err(Stop::bad(at, "a geometry longer than the limit for one feature"))
    }

    fn no_position(&mut self) {
        for _ in 0..self.dims().size() {
            self.bytes.extend_from_slice(&f64::NAN.to_le_bytes());
        }
    }

    #[inline]
    fn position(&mut self, x: f64, y: f64, z: Option<f64>) {
        let mut position = [0; 24];
        position[..8].copy_from_slice(&x.to_le_bytes());
        position[8..16].copy_from_slice(&y.to_le_bytes());
        position[16..].copy_from_slice(&z.unwrap_or(f64::NAN).to_le_bytes());
        self.bytes.extend_from_slice(if self.high { &position } else { &position[..16] });
        self.heights.high |= z.is_some();
        self.heights.flat |= z.is_none();
    }
}

impl Cursor<'_> {
    /// Passes the coordinates of a geometry of `kind`, which is not a collection, appending it.
    ///
    /// An empty array makes an empty geometry (RFC 7946, section 3.1).
    pub(super) fn coordinates(
        &mut self,
        kind: GeometryKind,
        out: &mut WkbBuffer,
    ) -> Result<(), Stop> {
        out.head(kind);
        self.expect_array(kind)?;
        match kind {
            GeometryKind::Point => self.point(out),
            GeometryKind::LineString => self.line(out),
            GeometryKind::Polygon => self.polygon(out),
            GeometryKind::MultiPoint => self.list(out, |cursor, out| {
                out.head(GeometryKind::Point);
                cursor.expect_array(kind)?;
                cursor.point(out)
            }),
            GeometryKind::MultiLineString => self.list(out, |cursor, out| {
                out.head(GeometryKind::LineString);
                cursor.expect_array(kind)?;
                cursor.line(out)
            }),
            _ => self.list(out, |cursor, out| {
                out.head(GeometryKind::Polygon);
                cursor.expect_array(kind)?;
                cursor.polygon(out)
            }),
        }
    }

    fn expect_array(&mut self, kind: GeometryKind) -> Result<(), Stop> {
        if self.take(b'[')? {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`[` in the coordinates of a {kind}")))
        }
    }

    /// Elements of an array whose `[` has been passed, behind their count.
    fn list(
        &mut self,
        out: &mut WkbBuffer,
        mut element: impl FnMut(&mut Self, &mut WkbBuffer) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let opened = out.open();
        let (mut count, mut first) = (0_u32, true);
        while self.next_element(&mut first)? {
            if let Some(marks) = &mut out.marks {
                marks.push(Mark { wkb_at: out.bytes.len(), at: self.at, index: count + 1 });
            }
            element(self, out)?;
            out.check_length(self.at)?;
            count = count.saturating_add(1);
        }
        out.close(opened, count);
        Ok(())
    }

    fn polygon(&mut self, out: &mut WkbBuffer) -> Result<(), Stop> {
        self.list(out, |cursor, out| {
            cursor.expect_array(GeometryKind::Polygon)?;
            cursor.line(out)
        })
    }

    fn line(&mut self, out: &mut WkbBuffer) -> Result<(), Stop> {
        self.list(out, |cursor, out| {
            if !cursor.take(b'[')? {
                return Err(cursor.unexpected("a position"));
            }
            cursor.position(out)
        })
    }

    /// A point whose `[` has been passed.
    fn point(&mut self, out: &mut WkbBuffer) -> Result<(), Stop> {
        if self.take(b']')? {
            out.no_position();
            return Ok(());
        }
        self.position(out)
    }

    /// A position whose `[` has been passed.
    #[inline]
    fn position(&mut self, out: &mut WkbBuffer) -> Result<(), Stop> {
        self.peek()?;
        let x = self.ordinate()?;
        self.expect(b',')?;
        self.peek()?;
        let y = self.ordinate()?;
        if self.take(b']')? {
            out.position(x, y, None);
            return Ok(());
        }
        self.expect(b',')?;
        self.peek()?;
        let z = self.ordinate()?;
        out.position(x, y, Some(z));
        if self.take(b']')? { Ok(()) } else { Err(self.after_three()) }
    }

    #[cold]
    fn after_three(&self) -> Stop {
        if self.bytes.get(self.at) == Some(&b',') {
            let reason = "a position of more than three ordinates, which GeoJSON gives no meaning (RFC 7946, section 3.1.1)";
            return Stop::bad(self.at, reason);
        }
        self.unexpected("`]`")
    }

    /// Passes coordinates without reading their numbers: finds each position's end, and counts
    /// its commas. Whether they are well-formed is for reading to find out.
    pub(super) fn skip_coordinates(&mut self) -> Result<Heights, Stop> {
        let start = self.at;
        let mut heights = Heights::default();
        let mut depth = 0;
        loop {
            match self.peek()? {
                b'[' => {
                    self.at += 1;
                    if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
                        depth += 1;
                    } else if !self.skip_position(&mut heights)? {
                        break;
                    }
                }
                b']' if depth > 0 => {
                    self.at += 1;
                    depth -= 1;
                }
                b',' if depth > 0 => self.at += 1,
                _ => break,
            }
            if depth == 0 {
                return Ok(heights);
            }
            if depth == MAX_DEPTH {
                break;
            }
        }
        self.at = start;
        self.skip_value()?;
        Ok(heights)
    }

    /// Passes a position whose `[` has been passed; false when there is more than numbers in it.
    #[inline]
    fn skip_position(&mut self, heights: &mut Heights) -> Result<bool, Stop> {
        let rest = &self.bytes[self.at..];
        let length = memchr::memchr3(b']', b'"', b'[', rest).ok_or(Stop::End)?;
        let commas = memchr::memchr_iter(b',', &rest[..length]).count();
        heights.flat |= commas < 2;
        heights.high |= commas >= 2;
        let ended = rest[length] == b']';
        self.at += length + usize::from(ended);
        Ok(ended)
    }
}
