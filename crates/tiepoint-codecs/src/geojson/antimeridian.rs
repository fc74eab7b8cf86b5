//! Cuts lines and polygons at the antimeridian (RFC 7946, section 3.1.9).
//!
//! Between two positions whose longitudes differ by more than 180° the shorter way is meant, the
//! one across the antimeridian; a step from pole to pole is no step. So lines and rings are first
//! *unwrapped*: each position is given the number of turns around the globe after which it comes
//! close to the one before. Then they are cut wherever they pass 180° plus whole turns, and every
//! part is turned back. Positions keep their bits; only those on the cut are new, between their
//! neighbours on a straight line.
use super::antimeridian_polygon::cut_polygon;
use crate::CodecError;
use tiepoint_core::{Geometry, GeometryKind, GeometryRef, GeometryWriter, Parts, Positions};

/// Longitudes beyond this are no longitudes.
const MOST_DEGREES: f64 = 720.0;

/// A position and the turns around the globe that come on top of its longitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Vertex {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) z: f64,
    pub(super) turns: i32,
}

/// A position in its strip: a part of the result.
pub(super) type At = [f64; 3];

impl Vertex {
    /// The longitude, turns included.
    pub(super) fn unwrapped(&self) -> f64 {
        self.x + 360.0 * f64::from(self.turns)
    }

    /// The position as seen from the strip between the antimeridians around `strip` turns.
    pub(super) fn within(&self, strip: i32) -> At {
        let ahead = self.turns - strip;
        let x = if ahead == 0 { self.x } else { self.x + 360.0 * f64::from(ahead) };
        [x.clamp(-180.0, 180.0), self.y, self.z]
    }

    /// Where the way to `other` passes the antimeridian at the eastern end of `strip`.
    pub(super) fn crossing(&self, other: &Self, strip: i32) -> Self {
        let cut = east_end(strip);
        let (from, to) = (self.unwrapped(), other.unwrapped());
        let exact = [self, other].into_iter().find(|end| bits_equal(end.unwrapped(), cut));
        let share = (cut - from) / (to - from);
        let between = |a: f64, b: f64| a + (b - a) * share;
        let (y, z) = exact.map_or_else(
            || (between(self.y, other.y), between(self.z, other.z)),
            |end| (end.y, end.z),
        );
        Self { x: 180.0, y, z, turns: strip }
    }
}

/// The longitude, turns included, where the strip ends.
pub(super) fn east_end(strip: i32) -> f64 {
    180.0 + 360.0 * f64::from(strip)
}

/// The strip that a longitude, turns included, is in; the eastern one on the cut between two.
pub(super) fn strip_of(unwrapped: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the turns, which are i32")]
    let strip = ((unwrapped + 180.0) / 360.0).floor() as i32;
    strip
}

pub(super) fn bits_equal(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

/// The geometry cut at the antimeridian, or none if there is nothing to cut.
///
/// A line or polygon that is cut becomes a multi geometry. Points beyond ±180° are turned back.
/// A ring that spans all longitudes, from -180 to 180, is left as it is.
///
/// Parts of a valid polygon are valid, unless one of its holes touches another ring elsewhere than
/// at a vertex of both.
///
/// # Errors
///
/// [`CodecError::Unsupported`] for a polygon around a pole, which no cut at one meridian makes
/// flat; for one that crosses itself on the antimeridian; for longitudes beyond ±720.
pub(super) fn cut(geometry: &Geometry) -> Result<Option<Geometry>, CodecError> {
    if !needs_cut(geometry.as_ref())? {
        return Ok(None);
    }
    let mut builder = Builder { writer: GeometryWriter::new(), size: geometry.dims().size() };
    builder.append(geometry.as_ref(), geometry)?;
    let finished = builder.writer.finish();
    finished.map(Some).map_err(|error| CodecError::Unsupported {
        what: format!("cutting at the antimeridian leaves no geometry: {error}"),
        hint: Some("write it uncut".to_owned()),
    })
}

fn needs_cut(geometry: GeometryRef<'_>) -> Result<bool, CodecError> {
    let any = |mut outcomes: Box<dyn Iterator<Item = Result<bool, CodecError>> + '_>| {
        outcomes.try_fold(false, |any, outcome| outcome.map(|one| any | one))
    };
    match geometry.parts() {
        Parts::Positions(line) => passes(line),
        Parts::Rings(rings) => any(Box::new(rings.map(passes))),
        Parts::Members(members) => any(Box::new(members.map(needs_cut))),
    }
}

/// Whether a line leaves the longitudes from -180 to 180, or jumps.
fn passes(line: Positions<'_>) -> Result<bool, CodecError> {
    let mut before: Option<[f64; 2]> = None;
    let mut passes = false;
    for [x, y] in line.xy().map(|at| [at.x, at.y]) {
        if x.abs() > MOST_DEGREES {
            return Err(CodecError::Unsupported {
                what: format!("{x} is no longitude that can be cut at the antimeridian"),
                hint: None,
            });
        }
        passes |=
            x.abs() > 180.0 || before.is_some_and(|before| turns_between(before, [x, y]) != 0);
        before = Some([x, y]);
    }
    Ok(passes)
}

/// How many turns are added on the way: such that it is not longer than half a turn.
fn turns_between([x, y]: [f64; 2], [next_x, next_y]: [f64; 2]) -> i32 {
    let at_a_pole = y.abs() >= 90.0 && next_y.abs() >= 90.0;
    let step = next_x - x;
    if at_a_pole || step.abs() <= 180.0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "longitudes are bounded")]
    let turns = -(step / 360.0).round() as i32;
    turns
}

/// The vertices of a line, each as close to the one before as turns can bring it.
pub(super) fn unwrap(line: Positions<'_>) -> Vec<Vertex> {
    let mut vertices: Vec<Vertex> = Vec::with_capacity(line.len());
    for position in line.iter() {
        let (x, y, z) = (position.x(), position.y(), position.z().unwrap_or(f64::NAN));
        let turns = vertices
            .last()
            .map_or(0, |before| before.turns + turns_between([before.x, before.y], [x, y]));
        vertices.push(Vertex { x, y, z, turns });
    }
    vertices
}

/// Parts of a line, each within one strip.
fn cut_line(line: Positions<'_>) -> Vec<Vec<At>> {
    let vertices = unwrap(line);
    let mut parts: Vec<Vec<At>> = Vec::new();
    let mut strip = None;
    for ends in vertices.windows(2) {
        for (from, to) in pieces(ends[0], ends[1]) {
            let middle = f64::midpoint(from.unwrapped(), to.unwrapped());
            let on_cut = bits_equal(middle, east_end(strip_of(middle) - 1));
            let here = if on_cut { strip.unwrap_or(strip_of(middle)) } else { strip_of(middle) };
            if strip != Some(here) {
                parts.push(vec![from.within(here)]);
                strip = Some(here);
            }
            if let Some(part) = parts.last_mut() {
                part.push(to.within(here));
            }
        }
    }
    parts
}

/// A segment in one piece, or in two where it passes the antimeridian.
fn pieces(from: Vertex, to: Vertex) -> impl Iterator<Item = (Vertex, Vertex)> {
    let (a, b) = (from.unwrapped(), to.unwrapped());
    let strip = strip_of(a.min(b));
    let cut = east_end(strip);
    let passes = a.min(b) < cut && cut < a.max(b);
    let middle = passes.then(|| from.crossing(&to, strip));
    let first = (from, middle.unwrap_or(to));
    std::iter::once(first).chain(middle.map(|middle| (middle, to)))
}

/// Puts the parts together again.
struct Builder {
    writer: GeometryWriter,
    size: usize,
}

impl Builder {
    fn append(&mut self, geometry: GeometryRef<'_>, whole: &Geometry) -> Result<(), CodecError> {
        match geometry.kind() {
            GeometryKind::LineString | GeometryKind::MultiLineString => {
                let lines = each(geometry, |one| Ok(cut_line(one.positions())))?;
                self.lines(geometry.kind(), &lines, whole);
            }
            GeometryKind::Polygon | GeometryKind::MultiPolygon => {
                let polygons = each(geometry, |one| {
                    cut_polygon(one.rings().map(|ring| (ring, unwrap(ring))).collect())
                })?;
                self.polygons(geometry.kind(), &polygons, whole);
            }
            kind => {
                self.open(kind, whole);
                for position in geometry.positions().iter() {
                    let vertex = Vertex {
                        x: position.x(),
                        y: position.y(),
                        z: position.z().unwrap_or(f64::NAN),
                        turns: 0,
                    };
                    self.position(&vertex.within(strip_of_point(vertex.x)));
                }
                for member in geometry.members() {
                    self.append(member, whole)?;
                }
                self.writer.end();
            }
        }
        Ok(())
    }

    fn lines(&mut self, kind: GeometryKind, lines: &[Vec<At>], whole: &Geometry) {
        let single = kind == GeometryKind::LineString && lines.len() == 1;
        self.open(if single { kind } else { GeometryKind::MultiLineString }, whole);
        for line in lines {
            if !single {
                self.writer.member(GeometryKind::LineString);
            }
            self.positions(line);
            if !single {
                self.writer.end();
            }
        }
        self.writer.end();
    }

    fn polygons(&mut self, kind: GeometryKind, polygons: &[Vec<Vec<At>>], whole: &Geometry) {
        let single = kind == GeometryKind::Polygon && polygons.len() == 1;
        self.open(if single { kind } else { GeometryKind::MultiPolygon }, whole);
        for polygon in polygons {
            if !single {
                self.writer.member(GeometryKind::Polygon);
            }
            for ring in polygon {
                self.writer.ring();
                self.positions(ring);
                self.writer.end();
            }
            if !single {
                self.writer.end();
            }
        }
        self.writer.end();
    }

    fn open(&mut self, kind: GeometryKind, whole: &Geometry) {
        if self.writer.is_clear() {
            self.writer.begin(kind, whole.dims());
        } else {
            self.writer.member(kind);
        }
    }

    fn positions(&mut self, positions: &[At]) {
        for position in positions {
            self.position(position);
        }
    }

    fn position(&mut self, position: &At) {
        self.writer.position(&position[..self.size]);
    }
}

/// The parts of a geometry, or of all its members.
fn each<T>(
    geometry: GeometryRef<'_>,
    cut: impl Fn(GeometryRef<'_>) -> Result<Vec<T>, CodecError>,
) -> Result<Vec<T>, CodecError> {
    if geometry.members().len() == 0 {
        return cut(geometry);
    }
    let mut parts = Vec::new();
    for member in geometry.members() {
        parts.extend(cut(member)?);
    }
    Ok(parts)
}

/// A point on an antimeridian stays on its side.
fn strip_of_point(x: f64) -> i32 {
    if x.abs() <= 180.0 { 0 } else { strip_of(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_wkt(wkt: &str) -> String {
        let geometry = Geometry::from_wkt(wkt).expect(wkt);
        cut(&geometry).expect(wkt).unwrap_or(geometry).to_wkt()
    }

    #[test]
    fn lines_and_points_are_brought_within_bounds() {
        for (whole, parts) in [
            ("LINESTRING (170 0,-170 10)", "MULTILINESTRING ((170 0,180 5),(-180 5,-170 10))"),
            ("LINESTRING (-170 0,170 10)", "MULTILINESTRING ((-170 0,-180 5),(180 5,170 10))"),
            ("LINESTRING (170 0,190 10)", "MULTILINESTRING ((170 0,180 5),(-180 5,-170 10))"),
            (
                "LINESTRING Z (170 0 0,-170 10 4)",
                "MULTILINESTRING Z ((170 0 0,180 5 2),(-180 5 2,-170 10 4))",
            ),
            // there and back again
            (
                "LINESTRING (175 0,-175 10,175 20)",
                "MULTILINESTRING ((175 0,180 5),(-180 5,-175 10,-180 15),(180 15,175 20))",
            ),
            // the cut itself belongs to where one comes from
            ("LINESTRING (170 0,180 0,-180 5,170 5)", "LINESTRING (170 0,180 0,180 5,170 5)"),
            ("LINESTRING (170 0,180 0,-170 0)", "MULTILINESTRING ((170 0,180 0),(-180 0,-170 0))"),
            ("LINESTRING (181 0,185 1)", "LINESTRING (-179 0,-175 1)"),
            (
                "MULTILINESTRING ((0 0,1 1),(179 0,-179 0))",
                "MULTILINESTRING ((0 0,1 1),(179 0,180 0),(-180 0,-179 0))",
            ),
            ("POINT (190 1)", "POINT (-170 1)"),
            ("MULTIPOINT ((190 1),(180 1),(-540 3))", "MULTIPOINT ((-170 1),(180 1),(-180 3))"),
            (
                "GEOMETRYCOLLECTION (POINT (1 1),LINESTRING (179 0,-179 0))",
                "GEOMETRYCOLLECTION (POINT (1 1),MULTILINESTRING ((179 0,180 0),(-180 0,-179 0)))",
            ),
        ] {
            assert_eq!(cut_wkt(whole), parts, "{whole}");
        }
    }

    #[test]
    fn what_passes_nothing_is_left_alone() {
        for wkt in [
            "LINESTRING (-90 0,90 0)",
            "LINESTRING (0 90,-180 90,180 90)",
            "LINESTRING EMPTY",
            "POINT (180 0)",
        ] {
            assert_eq!(cut(&Geometry::from_wkt(wkt).expect(wkt)).expect(wkt), None, "{wkt}");
        }
    }

    #[test]
    fn what_is_no_longitude_is_refused() {
        for wkt in ["POINT (1000 0)", "LINESTRING (0 0,1e300 0)", "POLYGON ((0 0,-1e9 0,5 5,0 0))"]
        {
            assert!(cut(&Geometry::from_wkt(wkt).expect(wkt)).is_err(), "{wkt}");
        }
    }
}
