//! Coordinates read before it is known what they are coordinates of.

use super::error::{Fault, GeometryError};
use super::kind::{Dims, GeometryKind};
use super::writer::GeometryWriter;

/// Arrays of arrays of positions, as in the `coordinates` of GeoJSON, where the `type` may come
/// later and some positions may have a height while others have none.
///
/// Flat inside: one list of ordinates and one list of counts per level, so that reading is a few
/// pushes and clearing keeps the room. Deeper than a multipolygon it does not go.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{GeometryKind, GeometryWriter, NestedPositions};
///
/// // [[0, 0], [1, 0, 5]]
/// let mut coordinates = NestedPositions::new();
/// coordinates.open();
/// coordinates.position(&[0.0, 0.0]);
/// coordinates.position(&[1.0, 0.0, 5.0]);
/// coordinates.close();
///
/// let mut writer = GeometryWriter::new();
/// coordinates.write(GeometryKind::LineString, &mut writer)?;
/// assert_eq!(writer.finish()?.to_wkt(), "LINESTRING Z (0 0 NaN,1 0 5)");
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Debug, Default)]
pub struct NestedPositions {
    /// x, y, z of each position; NaN where it has no z.
    ordinates: Vec<[f64; 3]>,
    /// For each array at a level, outermost first, in order of opening: how many children.
    counts: [Vec<u32>; DEEPEST],
    /// The arrays that are open: their index in `counts`.
    open: Vec<usize>,
    /// The level of all positions so far.
    level: Option<usize>,
    high: bool,
    fault: Option<Fault>,
}

/// Arrays around a position of a multipolygon.
const DEEPEST: usize = 3;

impl NestedPositions {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an array that is not a position.
    pub fn open(&mut self) {
        let level = self.open.len();
        if level >= DEEPEST {
            self.fault.get_or_insert(Fault::TooDeep { cap: DEEPEST });
            return self.open.push(0);
        }
        self.count_child();
        self.open.push(self.counts[level].len());
        self.counts[level].push(0);
    }

    /// Closes the array that was opened last.
    pub fn close(&mut self) {
        if self.open.pop().is_none() {
            self.fault.get_or_insert(Fault::Structure { what: "an end without a beginning" });
        }
    }

    /// Appends a position of two or three ordinates, x first.
    #[inline]
    pub fn position(&mut self, ordinates: &[f64]) {
        let level = self.open.len();
        if *self.level.get_or_insert(level) != level {
            let what = "positions at different depths";
            self.fault.get_or_insert(Fault::Structure { what });
        }
        self.count_child();
        match *ordinates {
            [x, y] => self.ordinates.push([x, y, f64::NAN]),
            [x, y, z] => {
                self.high = true;
                self.ordinates.push([x, y, z]);
            }
            _ => {
                let (count, dims) = (ordinates.len(), Dims::Xyz);
                self.fault.get_or_insert(Fault::OrdinateCount { count, dims });
            }
        }
    }

    /// XYZ if any position has a height, XY otherwise.
    #[must_use]
    pub fn dims(&self) -> Dims {
        Dims::of(self.high, false)
    }

    /// Forgets everything and keeps the room.
    pub fn clear(&mut self) {
        self.ordinates.clear();
        self.counts.iter_mut().for_each(Vec::clear);
        self.open.clear();
        (self.level, self.high, self.fault) = (None, false, None);
    }

    /// Writes the coordinates as a geometry of `kind`: a whole, or a member if `writer` has an
    /// open geometry with members.
    ///
    /// An empty array makes an empty geometry of any kind.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Built`] when the arrays are not nested as deep as `kind` needs, positions
    /// stand at different depths or have other than two or three ordinates. What is not
    /// well-formed otherwise is left to [`GeometryWriter::finish`].
    pub fn write(
        &self,
        kind: GeometryKind,
        writer: &mut GeometryWriter,
    ) -> Result<(), GeometryError> {
        let depth = depth_of(kind).ok_or(Fault::Structure { what: NO_COORDINATES });
        let depth = depth
            .and_then(|depth| self.check(depth))
            .map_err(|fault| GeometryError::Built { fault, position: self.ordinates.len() })?;
        if writer.is_clear() {
            writer.begin(kind, self.dims());
        } else {
            writer.member(kind);
        }
        Emit { from: self, next: [0; DEEPEST], next_position: 0, writer }.body(kind, depth);
        writer.end();
        Ok(())
    }

    /// The depth to write, once it is clear that everything is there.
    fn check(&self, depth: usize) -> Result<usize, Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let too_deep = self.counts[depth..].iter().any(|level| !level.is_empty());
        let empty_point = depth == 0 && self.counts[0] == [0] && self.counts[1].is_empty();
        let shallow = self.level.is_some_and(|level| level != depth);
        let wholes = if depth == 0 { self.ordinates.len().max(1) } else { self.counts[0].len() };
        let nothing = self.level.is_none() && self.counts[0].is_empty();
        if !self.open.is_empty() || nothing || wholes != 1 || shallow || (too_deep && !empty_point)
        {
            return Err(Fault::Structure { what: "coordinates are not nested as the kind needs" });
        }
        Ok(depth)
    }

    #[inline]
    fn count_child(&mut self) {
        if let (Some(level), Some(&parent)) = (self.open.len().checked_sub(1), self.open.last())
            && let Some(count) = self.counts.get_mut(level).and_then(|level| level.get_mut(parent))
        {
            *count = count.saturating_add(1);
        }
    }
}

const NO_COORDINATES: &str = "a kind that is not made of nested positions";

/// How many arrays are around each position.
const fn depth_of(kind: GeometryKind) -> Option<usize> {
    Some(match kind {
        GeometryKind::Point => 0,
        GeometryKind::LineString | GeometryKind::MultiPoint => 1,
        GeometryKind::Polygon | GeometryKind::MultiLineString => 2,
        GeometryKind::MultiPolygon => 3,
        _ => return None,
    })
}

/// A pass over the counts, in the order in which arrays were opened.
struct Emit<'a> {
    from: &'a NestedPositions,
    next: [usize; DEEPEST],
    next_position: usize,
    writer: &'a mut GeometryWriter,
}

impl Emit<'_> {
    fn body(&mut self, kind: GeometryKind, depth: usize) {
        match kind {
            GeometryKind::Point => self.positions(self.from.ordinates.len().min(1)),
            GeometryKind::LineString => self.line(DEEPEST.min(depth) - 1),
            GeometryKind::MultiPoint => self.members(0, GeometryKind::Point),
            GeometryKind::MultiLineString => self.members(0, GeometryKind::LineString),
            GeometryKind::MultiPolygon => self.members(0, GeometryKind::Polygon),
            _ => self.rings(0),
        }
    }

    fn members(&mut self, level: usize, kind: GeometryKind) {
        for _ in 0..self.count(level) {
            self.writer.member(kind);
            match kind {
                GeometryKind::Point => self.positions(1),
                GeometryKind::LineString => self.line(level + 1),
                _ => self.rings(level + 1),
            }
            self.writer.end();
        }
    }

    fn rings(&mut self, level: usize) {
        for _ in 0..self.count(level) {
            self.writer.ring();
            self.line(level + 1);
            self.writer.end();
        }
    }

    fn line(&mut self, level: usize) {
        let count = self.count(level);
        self.positions(count);
    }

    fn positions(&mut self, count: usize) {
        let size = self.writer.position_size();
        let until = self.next_position + count;
        for position in &self.from.ordinates[self.next_position..until] {
            self.writer.position(&position[..size]);
        }
        self.next_position = until;
    }

    /// How many children the next array at `level` has.
    fn count(&mut self, level: usize) -> usize {
        let index = self.next[level];
        self.next[level] += 1;
        self.from.counts[level].get(index).map_or(0, |count| *count as usize)
    }
}
