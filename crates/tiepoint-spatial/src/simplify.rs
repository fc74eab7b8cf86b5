//! Fewer positions for lines and rings, as a map at a given scale needs them.

use tiepoint_core::{Geometry, GeometryKind, GeometryRef, GeometryWriter, Parts, Positions, Xy};

use crate::linear::linear;
use crate::validity::is_valid;

/// How often [`simplify_preserving`] tries half the tolerance before it leaves a part as it is.
const HALVINGS: u32 = 8;

/// The geometry with fewer positions: none that is dropped is farther than `tolerance` from the
/// segment that takes its place.
///
/// `tolerance` is in the units of the CRS. At zero only positions on a straight segment are
/// dropped; when it is negative or not a number, the geometry is returned as it is.
///
/// * Lines keep their ends; rings stay closed, start where they did, and keep four positions at
///   least, however small they are. Points stay. No part or ring vanishes.
/// * Kept positions are those of the geometry in their order, with their z and m, which play no
///   part in the choice.
/// * Curves, triangles and surfaces become what [`linear`] makes of them.
/// * The result may be **invalid**: rings may come to cross or collapse. See
///   [`simplify_preserving`].
///
/// Takes n log n steps for n positions of ordinary lines, up to n² for contrived ones.
///
/// # Examples
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_spatial::simplify::simplify;
///
/// let path = Geometry::from_wkt("LINESTRING Z (0 0 1,5 0.2 2,10 0 3,10 9 4)")?;
/// assert_eq!(simplify(&path, 0.5).to_wkt(), "LINESTRING Z (0 0 1,10 0 3,10 9 4)");
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
///
/// Source: Douglas and Peucker (1973), with distances from segments rather than their lines.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the expectations below state why it cannot")]
pub fn simplify(geometry: &Geometry, tolerance: f64) -> Geometry {
    if is_tolerance(tolerance) {
        simplified(linear(geometry).as_ref().as_ref(), tolerance)
    } else {
        geometry.clone()
    }
}

/// Like [`simplify`], but what is valid stays so: a line, a polygon or a multi-polygon that would
/// not be valid any more is simplified less.
///
/// Such a part gets half the tolerance, up to eight times, and then stays as it is. Polygons of a
/// multi-polygon are tried one by one first, then all together. Parts that were not valid before
/// are simplified all the same. Members of a collection do not heed one another.
///
/// Takes some validity checks per part; see [`fault`](crate::validity::fault) for their cost.
///
/// # Examples
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_spatial::simplify::{simplify, simplify_preserving};
/// use tiepoint_spatial::validity::is_valid;
///
/// // an inlet that reaches into a cape, which is too small for the tolerance
/// let island = "POLYGON ((0 0,5 -4,10 0,10 9,6 9,5 -2,4 9,0 9,0 0))";
/// let island = Geometry::from_wkt(island)?;
/// assert!(!is_valid(&simplify(&island, 4.5)));
/// assert!(is_valid(&simplify_preserving(&island, 4.5)));
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[must_use]
pub fn simplify_preserving(geometry: &Geometry, tolerance: f64) -> Geometry {
    if is_tolerance(tolerance) { preserved(&linear(geometry), tolerance) } else { geometry.clone() }
}

fn is_tolerance(tolerance: f64) -> bool {
    tolerance >= 0.0
}

/// Simplifies a linear geometry as far as it stays valid.
fn preserved(geometry: &Geometry, tolerance: f64) -> Geometry {
    let by_members = |tolerance| {
        let member = |member: GeometryRef<'_>| {
            let member = Geometry::from_wkb(member.as_wkb()).expect("a member is a geometry");
            preserved(&member, tolerance)
        };
        gathered(geometry, geometry.as_ref().members().map(member))
    };
    match geometry.kind() {
        GeometryKind::MultiPolygon => attempted(geometry, tolerance, by_members),
        GeometryKind::GeometryCollection | GeometryKind::MultiLineString => by_members(tolerance),
        _ => attempted(geometry, tolerance, |tolerance| simplified(geometry.as_ref(), tolerance)),
    }
}

/// Tries smaller and smaller tolerances until the outcome is as valid as the geometry.
fn attempted(geometry: &Geometry, tolerance: f64, attempt: impl Fn(f64) -> Geometry) -> Geometry {
    let first = attempt(tolerance);
    if is_valid(&first) || !is_valid(geometry) {
        return first;
    }
    let tolerances = (1..=HALVINGS).map(|halving| tolerance / f64::from(1 << halving));
    tolerances.map(attempt).find(is_valid).unwrap_or_else(|| geometry.clone())
}

/// Puts members together again.
fn gathered(whole: &Geometry, members: impl Iterator<Item = Geometry>) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(whole.kind(), whole.dims());
    for member in members {
        writer.member(member.kind());
        append(member.as_ref(), &mut writer, &|_, _| None);
    }
    writer.end();
    writer.finish().expect("members of the same kinds and dims as before")
}

fn simplified(geometry: GeometryRef<'_>, tolerance: f64) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(geometry.kind(), geometry.dims());
    append(geometry, &mut writer, &|positions, shape| Some(kept(positions, shape, tolerance)));
    writer.finish().expect("lines and rings keep enough positions")
}

/// What positions make up.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Line,
    Ring,
}

/// Which positions to keep; all if none.
type Choice<'c> = dyn Fn(Positions<'_>, Shape) -> Option<Vec<bool>> + 'c;

/// Writes what is inside a geometry that has begun, and ends it.
fn append(geometry: GeometryRef<'_>, writer: &mut GeometryWriter, choice: &Choice<'_>) {
    match (geometry.kind(), geometry.parts()) {
        (GeometryKind::Point, Parts::Positions(point)) => write(point, None, writer),
        (_, Parts::Positions(line)) => write(line, choice(line, Shape::Line).as_deref(), writer),
        (_, Parts::Rings(rings)) => {
            for ring in rings {
                writer.ring();
                write(ring, choice(ring, Shape::Ring).as_deref(), writer);
                writer.end();
            }
        }
        (_, Parts::Members(members)) => {
            for member in members {
                writer.member(member.kind());
                append(member, writer, choice);
            }
        }
    }
    writer.end();
}

fn write(positions: Positions<'_>, kept: Option<&[bool]>, writer: &mut GeometryWriter) {
    for (index, position) in positions.iter().enumerate() {
        if kept.is_none_or(|kept| kept[index]) {
            writer.position(position.ordinates());
        }
    }
}

/// Which positions of a line or ring stay.
fn kept(positions: Positions<'_>, shape: Shape, tolerance: f64) -> Vec<bool> {
    let line: Vec<Xy> = positions.xy().collect();
    let mut kept = vec![false; line.len()];
    let Some(last) = line.len().checked_sub(1) else { return kept };
    let mut anchors = vec![0, last];
    if let Shape::Ring = shape {
        anchors.extend(corners(&line));
        anchors.sort_unstable();
    }
    for anchor in &anchors {
        kept[*anchor] = true;
    }
    // a stack of our own: recursion would be as deep as the line is long
    let mut open: Vec<(usize, usize)> = anchors.windows(2).map(|pair| (pair[0], pair[1])).collect();
    while let Some((from, to)) = open.pop() {
        let farthest = farthest(&line, from + 1..to, (line[from], line[to]));
        if let Some((index, _)) = farthest.filter(|(_, distance)| *distance > tolerance) {
            kept[index] = true;
            open.extend([(from, index), (index, to)]);
        }
    }
    kept
}

/// Two positions that open a ring up: the farthest from its start, and the first of the farthest
/// from both.
///
/// Douglas and Peucker would choose these, too, unless the ring is within the tolerance.
fn corners(ring: &[Xy]) -> [usize; 2] {
    let (start, last) = (ring[0], ring.len() - 1);
    let opposite = farthest(ring, 1..last, (start, start)).map_or(1, |(index, _)| index);
    let across = (start, ring[opposite]);
    let sides = [1..opposite, opposite + 1..last];
    let sides = sides.into_iter().rev().filter_map(|side| farthest(ring, side, across));
    let third = sides.max_by(|(_, a), (_, b)| a.total_cmp(b));
    [opposite, third.map_or(last, |(index, _)| index)]
}

/// The first of the positions that are farthest from a segment, and how far that is.
fn farthest(line: &[Xy], among: std::ops::Range<usize>, segment: (Xy, Xy)) -> Option<(usize, f64)> {
    let mut farthest: Option<(usize, f64)> = None;
    for index in among {
        let distance = distance(line[index], segment);
        if farthest.is_none_or(|(_, most)| distance > most) {
            farthest = Some((index, distance));
        }
    }
    farthest
}

/// How far a position is from a segment; infinite where numbers overflow.
fn distance(at: Xy, (from, to): (Xy, Xy)) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let (x, y) = (at.x - from.x, at.y - from.y);
    let length_squared = dx * dx + dy * dy;
    let along = if length_squared > 0.0 { (x * dx + y * dy) / length_squared } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    let distance = (x - along * dx).hypot(y - along * dy);
    if distance.is_nan() { f64::INFINITY } else { distance }
}
