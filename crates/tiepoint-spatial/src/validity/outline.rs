//! The rings of one polygon or several, as vertices to sweep over.

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;
use tiepoint_core::{Positions, Rings, Xy};

use super::scale::Scale;

/// Rings without repeated vertices, in the range in which orientation is exact.
///
/// Segment `i` leads from vertex `i` to the next of its ring. Every ring has at least three
/// vertices, so no segment is of zero length.
pub(super) struct Outline {
    pub(super) vertices: Vec<Coord>,
    pub(super) segments: Vec<Segment>,
    pub(super) rings: Vec<Ring>,
    pub(super) polygons: usize,
    pub(super) scale: Scale,
}

/// A ring and where its vertices are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ring {
    first: usize,
    end: usize,
    pub(super) polygon: usize,
    pub(super) is_shell: bool,
}

/// A segment as the sweep sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// The end with the smaller x, or with the smaller y where they are equal.
    pub(super) left: Coord,
    pub(super) right: Coord,
    pub(super) ring: usize,
    /// Whether its ring leads from left to right here.
    pub(super) forward: bool,
}

impl Outline {
    /// Reads rings; where one has too few distinct positions, tells its first.
    pub(super) fn of<'a>(polygons: impl IntoIterator<Item = Rings<'a>>) -> Result<Self, Xy> {
        let polygons: Vec<Vec<Positions<'a>>> =
            polygons.into_iter().map(Iterator::collect).collect();
        let rings = || polygons.iter().flatten();
        let scale = scale_of(rings().flat_map(Positions::xy));
        let count = rings().map(Positions::len).sum();
        let mut outline = Self {
            vertices: Vec::with_capacity(count),
            segments: Vec::with_capacity(count),
            rings: Vec::new(),
            polygons: polygons.len(),
            scale,
        };
        for (polygon, rings) in polygons.iter().enumerate() {
            for (index, ring) in rings.iter().enumerate() {
                outline.add(ring, polygon, index == 0)?;
            }
        }
        Ok(outline)
    }

    fn add(&mut self, positions: &Positions<'_>, polygon: usize, is_shell: bool) -> Result<(), Xy> {
        let first = self.vertices.len();
        for at in positions.xy() {
            let vertex = Coord { x: self.scale.applied(at.x), y: self.scale.applied(at.y) };
            if self.vertices[first..].last() != Some(&vertex) {
                self.vertices.push(vertex);
            }
        }
        // a ring ends where it starts
        self.vertices.pop();
        let end = self.vertices.len();
        if end < first + 3 {
            let start = positions.get(0).expect("a ring has positions");
            return Err(Xy { x: start.x(), y: start.y() });
        }
        let ring = self.rings.len();
        let ends = (first..end).map(|from| (from, if from + 1 == end { first } else { from + 1 }));
        let vertices = &self.vertices;
        self.segments
            .extend(ends.map(|(from, to)| Segment::of(vertices[from], vertices[to], ring)));
        self.rings.push(Ring { first, end, polygon, is_shell });
        Ok(())
    }

    /// The segment that leads to a vertex; the one that leads from it has its index.
    pub(super) fn segment_to(&self, vertex: usize) -> usize {
        let ring = self.rings[self.segments[vertex].ring];
        if vertex == ring.first { ring.end - 1 } else { vertex - 1 }
    }

    /// Where a ring starts.
    pub(super) fn start(&self, ring: usize) -> Coord {
        self.vertices[self.rings[ring].first]
    }
}

impl Segment {
    fn of(from: Coord, to: Coord, ring: usize) -> Self {
        let forward = (from.x, from.y) < (to.x, to.y);
        let (left, right) = if forward { (from, to) } else { (to, from) };
        Self { left, right, ring, forward }
    }

    /// On which side of it, told from left to right, a position is: counter-clockwise is above.
    #[inline]
    pub(super) fn side(&self, at: Coord) -> Orientation {
        RobustKernel::orient2d(self.left, self.right, at)
    }

    /// Where two segments cross, if each has an end on either side of the other.
    pub(super) fn crossing(&self, other: &Self) -> Option<Coord> {
        let (low, high) = (self.left.y.min(self.right.y), self.left.y.max(self.right.y));
        let beside =
            low > other.left.y.max(other.right.y) || high < other.left.y.min(other.right.y);
        let apart = |of: &Self, by: &Self| opposite(by.side(of.left), by.side(of.right));
        (!beside && apart(self, other) && apart(other, self)).then(|| self.near_crossing(other))
    }

    /// Where two crossing segments cross, as well as doubles can tell.
    fn near_crossing(&self, other: &Self) -> Coord {
        let (along, across) = (self.right - self.left, other.right - other.left);
        let between = other.left - self.left;
        let fraction = (between.x * across.y - between.y * across.x)
            / (along.x * across.y - along.y * across.x);
        let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.5 };
        let at = self.left + along * fraction;
        let bounded = |at: f64, a: f64, b: f64| at.clamp(a.min(b), a.max(b));
        Coord {
            x: bounded(at.x, self.left.x, self.right.x),
            y: bounded(at.y, self.left.y, self.right.y),
        }
    }
}

fn opposite(a: Orientation, b: Orientation) -> bool {
    use Orientation::{Clockwise, CounterClockwise};
    matches!((a, b), (Clockwise, CounterClockwise) | (CounterClockwise, Clockwise))
}

fn scale_of(positions: impl Iterator<Item = Xy>) -> Scale {
    let (mut smallest, mut largest) = (f64::INFINITY, 0.0_f64);
    for size in positions.flat_map(|at| [at.x.abs(), at.y.abs()]) {
        largest = largest.max(size);
        if size > 0.0 {
            smallest = smallest.min(size);
        }
    }
    Scale::of(smallest, largest)
}
