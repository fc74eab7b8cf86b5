//! A geometry as the matrix sees it: edges with sides, ends of lines, points.
use super::exact::side;
use super::grid::Grid;
use crate::linear::linear;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::OnceLock;
use tiepoint_core::{Dimension, Geometry, GeometryKind, GeometryRef, Parts, Positions, Xy};

/// A straight edge of a line or ring, never of zero length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) from: Xy,
    pub(super) to: Xy,
    pub(super) group: u32,
    pub(super) inside: Inside,
}

impl Edge {
    pub(super) fn ends(&self) -> (Xy, Xy) {
        (self.from, self.to)
    }

    /// Whether a position is on it, ends included.
    pub(super) fn passes(&self, at: Xy) -> bool {
        in_box(at, self.ends()) && side(self.from, self.to, at).is_eq()
    }
}

/// How often a shape will be asked: a grid of more cells costs more and answers sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Uses {
    #[default]
    Once,
    Often,
}

impl Uses {
    fn cells(self, edges: usize) -> usize {
        match self {
            Self::Once => edges / 4,
            Self::Often => edges.saturating_mul(20),
        }
    }
}

/// On which side of an edge the surface lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Left,
    Right,
    /// An edge of a line.
    Neither,
}

/// Everything of a geometry that decides how it lies to others.
///
/// Edges belong to *groups*: one per surface that may overlap or adjoin others (a polygon, a
/// multipolygon as a whole, a face of a TIN), and one for all lines together. What a geometry
/// covers is the union of its groups and points.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) edges: Vec<Edge>,
    /// Lines and rings: runs of edges, each starting where the one before it ends.
    pub(super) chains: Vec<Range<usize>>,
    pub(super) surfaces: u32,
    pub(super) has_lines: bool,
    /// Ends that an odd number of lines share, sorted.
    pub(super) odd_ends: Vec<Xy>,
    /// Sorted.
    pub(super) points: Vec<Xy>,
    uses: Uses,
    grid: OnceLock<Grid>,
}

/// Products of four coordinates between these neither overflow nor vanish.
const SMALL: f64 = f64::from_bits((1023 - 250) << 52);
const LARGE: f64 = f64::from_bits((1023 + 250) << 52);

impl Shape {
    /// Reads a geometry; coordinates are multiplied by `scale`, a power of two.
    pub(super) fn read(geometry: &Geometry, scale: f64, uses: Uses) -> Self {
        let mut shape = Self { uses, ..Self::default() };
        let mut reader = Reader { shape: &mut shape, scale, positions: Vec::new() };
        reader.geometry(geometry.as_ref());
        shape.finish();
        shape
    }

    /// How many groups its edges are in: the surfaces, then the lines.
    pub(super) fn groups(&self) -> usize {
        self.surfaces as usize + usize::from(self.has_lines)
    }

    /// Whether its own edges can meet in ways that matter: only between groups.
    pub(super) fn is_mixed(&self) -> bool {
        self.groups() > 1
    }

    /// Whether it is one valid surface (if it is valid at all) and nothing else.
    pub(super) fn is_plain_surface(&self) -> bool {
        self.dimension() == Some(Dimension::Surface)
    }

    /// Its dimension, where it has parts of only one, and surfaces do not overlap or adjoin.
    pub(super) fn dimension(&self) -> Option<Dimension> {
        match (self.surfaces, self.has_lines, self.points.is_empty()) {
            (1, false, true) => Some(Dimension::Surface),
            (0, true, true) => Some(Dimension::Curve),
            (0, false, false) => Some(Dimension::Point),
            _ => None,
        }
    }

    pub(super) fn is_odd_end(&self, at: Xy) -> bool {
        self.odd_ends.binary_search_by(|end| order(*end, at)).is_ok()
    }

    /// The ends that an odd number of lines share and that are on an edge.
    pub(super) fn odd_ends_on(&self, edge: &Edge) -> impl Iterator<Item = Xy> {
        let (left, right) = (edge.from.x.min(edge.to.x), edge.from.x.max(edge.to.x));
        let start = self.odd_ends.partition_point(|end| end.x < left);
        let ends = self.odd_ends[start..].iter().copied();
        ends.take_while(move |end| end.x <= right).filter(|end| edge.passes(*end))
    }

    pub(super) fn has_point(&self, at: Xy) -> bool {
        self.points.binary_search_by(|point| order(*point, at)).is_ok()
    }

    /// The grid of a surface that will be asked often.
    #[inline]
    pub(super) fn grid_of_surface(&self) -> Option<&Grid> {
        let often = matches!(self.uses, Uses::Often) && self.is_plain_surface();
        often.then(|| self.grid())
    }

    /// Where its edges are, built when first asked for.
    pub(super) fn grid(&self) -> &Grid {
        self.grid.get_or_init(|| {
            let cells = self.uses.cells(self.edges.len());
            Grid::new(&self.edges, cells, self.is_plain_surface())
        })
    }

    fn finish(&mut self) {
        self.points.sort_unstable_by(|a, b| order(*a, *b));
        self.points.dedup();
        self.odd_ends.sort_unstable_by(|a, b| order(*a, *b));
        let equal = self.odd_ends.chunk_by(|a, b| a == b);
        self.odd_ends = equal.filter(|ends| ends.len() % 2 == 1).map(|ends| ends[0]).collect();
        let lines = self.surfaces;
        for edge in &mut self.edges {
            if edge.inside == Inside::Neither {
                edge.group = lines;
                self.has_lines = true;
            }
        }
    }
}

/// The power of two that brings the coordinates of both near 1 where they are very large or very
/// small; 1 otherwise.
pub(super) fn common_scale(first: &Geometry, second: &Geometry) -> f64 {
    let reach = reach(first).max(reach(second));
    if reach == 0.0 || (SMALL..LARGE).contains(&reach) {
        return 1.0;
    }
    let biased = (reach.to_bits() >> 52).max(1);
    f64::from_bits((2046 - biased).max(1) << 52)
}

/// Whether coordinates need no scale.
pub(super) fn is_usual(geometry: &Geometry) -> bool {
    let reach = reach(geometry);
    reach == 0.0 || (SMALL..LARGE).contains(&reach)
}

/// The largest coordinate, whatever its sign.
fn reach(geometry: &Geometry) -> f64 {
    let Some(envelope) = geometry.envelope() else { return 0.0 };
    let (min, max) = (envelope.min(), envelope.max());
    min.x.abs().max(min.y.abs()).max(max.x.abs()).max(max.y.abs())
}

/// Whether a position is in the box around a segment.
pub(super) fn in_box(at: Xy, (from, to): (Xy, Xy)) -> bool {
    let between = |at: f64, a: f64, b: f64| a.min(b) <= at && at <= a.max(b);
    between(at.x, from.x, to.x) && between(at.y, from.y, to.y)
}

/// By x, then y.
pub(super) fn order(a: Xy, b: Xy) -> Ordering {
    a.x.total_cmp(&b.x).then_with(|| a.y.total_cmp(&b.y))
}

struct Reader<'a> {
    shape: &'a mut Shape,
    scale: f64,
    positions: Vec<Xy>,
}

impl Reader<'_> {
    fn geometry(&mut self, geometry: GeometryRef<'_>) {
        match (geometry.kind(), geometry.parts()) {
            (GeometryKind::Point, Parts::Positions(point)) => self.points(point),
            (
                GeometryKind::CircularString
                | GeometryKind::CompoundCurve
                | GeometryKind::CurvePolygon
                | GeometryKind::MultiCurve
                | GeometryKind::MultiSurface,
                _,
            ) => self.curve(geometry),
            (_, Parts::Positions(line)) => self.line(line),
            (_, Parts::Rings(rings)) => {
                self.polygon(rings, true);
            }
            (GeometryKind::MultiPolygon, Parts::Members(polygons)) => {
                let mut first = true;
                for polygon in polygons {
                    first &= !self.polygon(polygon.rings(), first);
                }
            }
            (_, Parts::Members(members)) => members.for_each(|member| self.geometry(member)),
        }
    }

    fn points(&mut self, points: Positions<'_>) {
        let scale = self.scale;
        self.shape.points.extend(points.xy().map(|at| scaled(at, scale)));
    }

    fn curve(&mut self, curve: GeometryRef<'_>) {
        let curve = Geometry::from_wkb(curve.as_wkb()).expect("a member is well-formed");
        self.geometry(linear(&curve).as_ref().as_ref());
    }

    /// One position in many places is a point.
    fn line(&mut self, line: Positions<'_>) {
        self.load(line);
        match self.positions[..] {
            [] => {}
            [only] => self.shape.points.push(only),
            [start, .., end] => {
                self.shape.odd_ends.extend([start, end]);
                self.chain(u32::MAX, Inside::Neither);
            }
        }
    }

    /// Returns whether it has edges; as part of a group of its own, or of the last one.
    fn polygon(&mut self, rings: tiepoint_core::Rings<'_>, own_group: bool) -> bool {
        let before = self.shape.edges.len();
        let group = self.shape.surfaces - u32::from(!own_group);
        for (index, ring) in rings.enumerate() {
            self.load(ring);
            let left = is_counterclockwise(&self.positions) == (index == 0);
            self.chain(group, if left { Inside::Left } else { Inside::Right });
        }
        let any = self.shape.edges.len() > before;
        self.shape.surfaces += u32::from(any && own_group);
        any
    }

    /// Takes the positions over without repetitions.
    fn load(&mut self, positions: Positions<'_>) {
        self.positions.clear();
        let scale = self.scale;
        self.positions.extend(positions.xy().map(|at| scaled(at, scale)));
        self.positions.dedup();
    }

    fn chain(&mut self, group: u32, inside: Inside) {
        let start = self.shape.edges.len();
        let edges = self.positions.windows(2);
        self.shape.edges.extend(edges.map(|it| Edge { from: it[0], to: it[1], group, inside }));
        if self.shape.edges.len() > start {
            self.shape.chains.push(start..self.shape.edges.len());
        }
    }
}

/// Adding zero makes -0 the 0 that it equals.
fn scaled(at: Xy, scale: f64) -> Xy {
    Xy { x: at.x * scale + 0.0, y: at.y * scale + 0.0 }
}

/// Decided at the lowest of the leftmost corners, where a valid ring turns as a whole does.
fn is_counterclockwise(ring: &[Xy]) -> bool {
    let Some((_, corners)) = ring.split_last() else { return true };
    let least = (0..corners.len()).min_by(|a, b| order(corners[*a], corners[*b]));
    let Some(least) = least else { return true };
    let count = corners.len();
    let (before, after) = (corners[(least + count - 1) % count], corners[(least + 1) % count]);
    side(before, corners[least], after) != Ordering::Less
}
