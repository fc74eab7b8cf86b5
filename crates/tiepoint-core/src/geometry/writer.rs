//! Builds a geometry while its parts are being read, without a tree in between.

use super::Geometry;
use super::error::{Fault, GeometryError, Located};
use super::head::{HEAD_BYTES, canonical_head};
use super::kind::{Content, Dims, GeometryKind};
use super::positions::Positions;
use super::scan::{MAX_NESTING, scan};
use super::walk::{GeometryRef, Parts};

/// Where the WKB starts in a buffer that will become a geometry: after its bounds.
const WKB_AT: usize = size_of::<[f64; 4]>();

/// Puts a geometry together from calls in document order; reusable, so that reading a million
/// features allocates once per geometry.
///
/// Open the whole with [`begin`](Self::begin) (or [`begin_flat_or_high`](Self::begin_flat_or_high)
/// when dims are not known yet), open parts with [`member`](Self::member) and
/// [`ring`](Self::ring), close each with [`end`](Self::end), and take the result with
/// [`finish`](Self::finish). Calls return nothing: the first one that is out of place is
/// remembered, and `finish` reports it, as it does everything that is not well-formed.
///
/// A point is a list of at most one position: opened, perhaps given a position, and ended.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Dims, GeometryKind, GeometryWriter};
///
/// let mut writer = GeometryWriter::new();
/// writer.begin(GeometryKind::Polygon, Dims::Xy);
/// writer.ring();
/// for corner in [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]] {
///     writer.position(&corner);
/// }
/// writer.end();
/// writer.end();
/// assert_eq!(writer.finish()?.to_wkt(), "POLYGON ((0 0,1 0,1 1,0 0))");
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Debug)]
pub struct GeometryWriter {
    /// Room for the bounds, then WKB whose counts are filled in as parts end.
    buffer: Vec<u8>,
    /// Where XYZ is rewritten as XY.
    flat: Vec<u8>,
    open: Vec<Open>,
    dims: Dims,
    heights: Heights,
    fault: Option<Located>,
    positions: usize,
}

/// A part that has begun and not ended.
#[derive(Debug, Clone, Copy)]
struct Open {
    content: Content,
    /// Where its count belongs; a point has none.
    count_at: Option<usize>,
    count: u32,
}

/// What is known of heights while dims are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Heights {
    /// Dims were given.
    Given,
    /// Dims follow from positions, and none has had a height yet.
    Unseen,
    /// Dims follow from positions, and are XYZ.
    Seen,
}

impl Default for GeometryWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl GeometryWriter {
    /// A writer with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            buffer: vec![0; WKB_AT],
            flat: Vec::new(),
            open: Vec::new(),
            dims: Dims::Xy,
            heights: Heights::Given,
            fault: None,
            positions: 0,
        }
    }

    /// Opens the whole, whose positions will all have `dims`.
    pub fn begin(&mut self, kind: GeometryKind, dims: Dims) {
        if self.buffer.len() > WKB_AT {
            return self.misuse("a second geometry begins before the first was finished");
        }
        (self.dims, self.heights) = (dims, Heights::Given);
        self.open_geometry(kind);
    }

    /// Opens the whole, whose positions may have two or three ordinates (as in GeoJSON): it
    /// becomes XYZ if any has three, with NaN for the heights of the others, and XY otherwise.
    pub fn begin_flat_or_high(&mut self, kind: GeometryKind) {
        self.begin(kind, Dims::Xyz);
        self.heights = Heights::Unseen;
    }

    /// Opens a member of the geometry that is open.
    pub fn member(&mut self, kind: GeometryKind) {
        if self.adds_to(Content::Members) {
            self.open_geometry(kind);
        } else {
            self.misuse("a member outside a geometry that has members");
        }
    }

    /// Opens a ring of the polygon or triangle that is open.
    pub fn ring(&mut self) {
        if self.adds_to(Content::Rings) {
            self.open_list(Content::Positions);
        } else {
            self.misuse("a ring outside a polygon or triangle");
        }
    }

    /// Appends a position to the point, line or ring that is open, x first.
    #[inline]
    pub fn position(&mut self, ordinates: &[f64]) {
        if !self.adds_to(Content::Positions) {
            return self.misuse("a position outside a point, line or ring");
        }
        for ordinate in ordinates {
            self.buffer.extend_from_slice(&ordinate.to_le_bytes());
        }
        if ordinates.len() != self.dims.size() || self.heights == Heights::Unseen {
            self.settle_height(ordinates.len());
        }
        self.positions += 1;
    }

    /// Closes the part, or the whole, that was opened last and is still open.
    pub fn end(&mut self) {
        let Some(part) = self.open.pop() else {
            return self.misuse("an end without a beginning");
        };
        match part.count_at {
            Some(at) => self.buffer[at..at + 4].copy_from_slice(&part.count.to_le_bytes()),
            None if part.count == 0 => {
                let nan = f64::NAN.to_le_bytes();
                (0..self.dims.size()).for_each(|_| self.buffer.extend_from_slice(&nan));
            }
            None if part.count > 1 => self.misuse("more than one position in a point"),
            None => {}
        }
    }

    /// Whether nothing has been written since the last geometry.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.buffer.len() == WKB_AT && self.fault.is_none()
    }

    /// Forgets what was written and keeps the room.
    pub fn clear(&mut self) {
        self.buffer.truncate(WKB_AT);
        self.open.clear();
        self.fault = None;
        self.positions = 0;
    }

    /// Checks what was written and makes it a geometry, with one allocation. The writer is clear
    /// afterwards, whatever the outcome.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Built`] when a call was out of place, a part was left open, or the
    /// geometry is not well-formed; says how many of its positions come before the place.
    pub fn finish(&mut self) -> Result<Geometry, GeometryError> {
        self.finish_located().map_err(Located::in_built)
    }

    /// Like [`finish`](Self::finish), for readers that know where in their input each byte of
    /// the WKB came from.
    pub(super) fn finish_located(&mut self) -> Result<Geometry, Located> {
        let finished = self.checked();
        self.clear();
        finished
    }

    /// How many ordinates a position has here.
    pub(super) fn position_size(&self) -> usize {
        self.dims.size()
    }

    /// How many bytes of WKB have been written.
    pub(super) fn wkb_len(&self) -> usize {
        self.buffer.len() - WKB_AT
    }

    fn checked(&mut self) -> Result<Geometry, Located> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if !self.open.is_empty() || self.buffer.len() == WKB_AT {
            return Err(self.here(Fault::Structure { what: "the geometry is not complete" }));
        }
        if self.heights == Heights::Unseen {
            self.flatten();
        }
        let scanned = scan(&self.buffer[WKB_AT..])?;
        self.buffer[..WKB_AT].copy_from_slice(&scanned.bounds.to_bytes());
        Ok(Geometry { bytes: self.buffer.as_slice().into() })
    }

    /// Drops the heights, all of them made up.
    fn flatten(&mut self) {
        self.flat.clear();
        self.flat.extend_from_slice(&[0; WKB_AT]);
        append_flat(GeometryRef::new(&self.buffer[WKB_AT..]), &mut self.flat);
        std::mem::swap(&mut self.buffer, &mut self.flat);
    }

    /// Counts one more child of the open part, if it takes such children.
    #[inline]
    fn adds_to(&mut self, content: Content) -> bool {
        match self.open.last_mut() {
            Some(part) if part.content == content => {
                part.count = part.count.saturating_add(1);
                part.count < u32::MAX
            }
            _ => false,
        }
    }

    fn open_geometry(&mut self, kind: GeometryKind) {
        if self.open.len() > MAX_NESTING {
            self.blame(Fault::TooDeep { cap: MAX_NESTING });
        }
        self.buffer.extend_from_slice(&canonical_head(kind, self.dims));
        if kind == GeometryKind::Point {
            self.open.push(Open { content: Content::Positions, count_at: None, count: 0 });
        } else {
            self.open_list(kind.content());
        }
    }

    fn open_list(&mut self, content: Content) {
        self.open.push(Open { content, count_at: Some(self.buffer.len()), count: 0 });
        self.buffer.extend_from_slice(&[0; 4]);
    }

    /// Makes a position of `count` ordinates fit the dims.
    fn settle_height(&mut self, count: usize) {
        match (self.heights, count) {
            (Heights::Unseen | Heights::Seen, 2) => {
                self.buffer.extend_from_slice(&f64::NAN.to_le_bytes());
            }
            (Heights::Unseen | Heights::Seen, 3) => self.heights = Heights::Seen,
            _ => self.blame(Fault::OrdinateCount { count, dims: self.dims }),
        }
    }

    #[cold]
    fn misuse(&mut self, what: &'static str) {
        self.blame(Fault::Structure { what });
    }

    fn blame(&mut self, fault: Fault) {
        let here = self.here(fault);
        self.fault.get_or_insert(here);
    }

    fn here(&self, fault: Fault) -> Located {
        Located { fault, offset: self.wkb_len(), position: self.positions }
    }
}

/// Appends an XYZ geometry as XY.
fn append_flat(high: GeometryRef<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&canonical_head(high.kind(), Dims::Xy));
    let count_at = HEAD_BYTES..HEAD_BYTES + 4;
    match high.parts() {
        Parts::Positions(point) if high.kind() == GeometryKind::Point => {
            if point.is_empty() {
                out.extend_from_slice(&[f64::NAN.to_le_bytes(); 2].concat());
            }
            append_flat_positions(point, out);
        }
        Parts::Positions(line) => {
            out.extend_from_slice(&high.as_wkb()[count_at]);
            append_flat_positions(line, out);
        }
        Parts::Rings(rings) => {
            out.extend_from_slice(&high.as_wkb()[count_at]);
            for ring in rings {
                let count = u32::try_from(ring.len()).expect("was counted in a u32");
                out.extend_from_slice(&count.to_le_bytes());
                append_flat_positions(ring, out);
            }
        }
        Parts::Members(members) => {
            out.extend_from_slice(&high.as_wkb()[count_at]);
            members.for_each(|member| append_flat(member, out));
        }
    }
}

fn append_flat_positions(positions: Positions<'_>, out: &mut Vec<u8>) {
    for position in positions.as_bytes().chunks_exact(Dims::Xyz.size() * 8) {
        out.extend_from_slice(&position[..Dims::Xy.size() * 8]);
    }
}
