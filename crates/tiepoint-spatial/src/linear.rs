//! Curves as straight segments, for algorithms that know no arcs.

use std::borrow::Cow;

use tiepoint_core::{Geometry, GeometryKind, GeometryRef, GeometryWriter, Parts, Positions};

mod arc;

use arc::{Ordinates, append_arc, same_place};

/// Segments of a quarter circle, as `ST_CurveToLine` of `PostGIS` has them.
const PER_QUADRANT: u32 = 32;

/// With more positions than this, arcs get fewer segments: so many positions at most become four
/// million (or twice as many as there were), whatever the input.
const POSITIONS_IN_FULL: usize = 1 << 16;

/// The same geometry without curves; borrowed when it has none.
///
/// Circular string and compound curve become line strings, a curve polygon a polygon, multi-curve
/// and multi-surface a multi-line string and a multi-polygon. A triangle becomes a polygon, a TIN
/// and a polyhedral surface become a multi-polygon, so that the seven kinds from point to geometry
/// collection remain. Members of collections change likewise.
///
/// * An arc becomes equal segments, each at most 1/32 of a quarter circle and at least two: its
///   sagitta is at most 0.000302 of the radius. Start and end stay bit for bit; the middle position
///   is on the arc but need not be among the new ones.
/// * An arc whose start and end are equal is the full circle with the middle opposite, and runs
///   counter-clockwise. Three positions on one line stay as they are, and so do arcs whose
///   numbers overflow (beyond about 1e150).
/// * The reversed arc becomes the reversed positions, bit for bit (a full circle excepted, which
///   is its own reverse).
/// * z and m change evenly from start to middle, and from middle to end.
/// * Curves that share an end are joined without repeating it; the z and m before it are kept.
/// * Beyond 65,536 positions arcs get fewer segments, at worst one per quarter circle.
///
/// Costs a step per member when there are no curves.
///
/// # Examples
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_spatial::linear::linear;
///
/// let roundabout = Geometry::from_wkt("CURVEPOLYGON (CIRCULARSTRING (0 0,20 0,0 0))")?;
/// assert_eq!(linear(&roundabout).num_positions(), 129);
///
/// let road = Geometry::from_wkt("LINESTRING (0 0,20 0)")?;
/// assert!(matches!(linear(&road), std::borrow::Cow::Borrowed(_)));
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
///
/// Source: ISO 13249-3 (SQL/MM), `ST_CurveToLine`; even division is what `PostGIS` does for
/// `ST_CurveToLine(geometry, 32, 0, 1)`.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the expectations below state why it cannot")]
pub fn linear(geometry: &Geometry) -> Cow<'_, Geometry> {
    if is_linear(geometry.as_ref()) {
        return Cow::Borrowed(geometry);
    }
    let mut linearisation = Linearisation {
        writer: GeometryWriter::new(),
        line: Vec::new(),
        size: geometry.dims().size(),
        per_quadrant: segments_per_quadrant(geometry.num_positions()),
    };
    linearisation.writer.begin(linear_kind(geometry.kind()), geometry.dims());
    linearisation.body(geometry.as_ref());
    let linear = linearisation.writer.finish();
    Cow::Owned(linear.expect("lines and rings keep their ends, and grow"))
}

fn is_linear(geometry: GeometryRef<'_>) -> bool {
    match geometry.kind() {
        GeometryKind::GeometryCollection => geometry.members().all(is_linear),
        kind => linear_kind(kind) == kind,
    }
}

fn linear_kind(kind: GeometryKind) -> GeometryKind {
    use GeometryKind as Kind;
    match kind {
        Kind::Point | Kind::MultiPoint | Kind::GeometryCollection => kind,
        Kind::LineString | Kind::CircularString | Kind::CompoundCurve => Kind::LineString,
        Kind::Polygon | Kind::CurvePolygon | Kind::Triangle => Kind::Polygon,
        Kind::MultiLineString | Kind::MultiCurve => Kind::MultiLineString,
        Kind::MultiPolygon | Kind::MultiSurface | Kind::PolyhedralSurface | Kind::Tin => {
            Kind::MultiPolygon
        }
    }
}

fn segments_per_quadrant(positions: usize) -> u32 {
    let share = POSITIONS_IN_FULL * PER_QUADRANT as usize / positions.max(1);
    u32::try_from(share).unwrap_or(PER_QUADRANT).clamp(1, PER_QUADRANT)
}

struct Linearisation {
    writer: GeometryWriter,
    /// The line being traced.
    line: Vec<Ordinates>,
    /// How many ordinates a position has.
    size: usize,
    per_quadrant: u32,
}

impl Linearisation {
    /// Writes what is inside a geometry that has begun, and ends it.
    fn body(&mut self, geometry: GeometryRef<'_>) {
        match (geometry.kind(), geometry.parts()) {
            (GeometryKind::CircularString | GeometryKind::CompoundCurve, _) => {
                self.trace(geometry);
                self.write_line(0);
            }
            (GeometryKind::CurvePolygon, Parts::Members(rings)) => {
                for ring in rings {
                    self.writer.ring();
                    self.trace(ring);
                    self.write_line(4);
                    self.writer.end();
                }
            }
            (_, Parts::Positions(positions)) => self.copy(positions),
            (_, Parts::Rings(rings)) => {
                for ring in rings {
                    self.writer.ring();
                    self.copy(ring);
                    self.writer.end();
                }
            }
            (_, Parts::Members(members)) => {
                for member in members {
                    self.writer.member(linear_kind(member.kind()));
                    self.body(member);
                }
            }
        }
        self.writer.end();
    }

    fn copy(&mut self, positions: Positions<'_>) {
        positions.iter().for_each(|position| self.writer.position(position.ordinates()));
    }

    /// Writes the traced line, with its last position repeated until there are `least`.
    fn write_line(&mut self, least: usize) {
        if let Some(last) = self.line.last().copied() {
            let length = self.line.len().max(least);
            self.line.resize(length, last);
        }
        for position in self.line.drain(..) {
            self.writer.position(&position[..self.size]);
        }
    }

    /// Appends a curve to the line, without the position that they share.
    fn trace(&mut self, curve: GeometryRef<'_>) {
        if curve.kind() == GeometryKind::CompoundCurve {
            return curve.members().for_each(|part| self.trace(part));
        }
        let mut positions = curve.positions().iter().map(|position| {
            let mut ordinates = [f64::NAN; 4];
            ordinates[..self.size].copy_from_slice(position.ordinates());
            ordinates
        });
        let Some(mut start) = positions.next() else { return };
        if !self.line.last().is_some_and(|last| same_place(*last, start)) {
            self.line.push(start);
        }
        if curve.kind() == GeometryKind::LineString {
            return self.line.extend(positions);
        }
        while let (Some(middle), Some(end)) = (positions.next(), positions.next()) {
            append_arc([start, middle, end], self.per_quadrant, &mut self.line);
            start = end;
        }
    }
}
