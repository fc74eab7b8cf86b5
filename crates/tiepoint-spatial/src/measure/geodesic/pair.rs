//! The exact distance between two pieces: points or short geodesics.
use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::closest::Track;
use super::shape::{Piece, Shape, Vertex};
use super::sphere::{Arc, chord2};

/// The distance between two pieces in metres, to a micrometre; 0 where they cross, which is only
/// looked for where they may.
pub(super) fn distance(
    geodesic: &Geodesic,
    (a_shape, a): (&Shape, Piece),
    (b_shape, b): (&Shape, Piece),
    may_cross: bool,
) -> f64 {
    let (a, b) = (a_shape.ends(a), b_shape.ends(b));
    match (is_point(a), is_point(b)) {
        (true, true) => between(geodesic, a[0], b[0]),
        (true, false) => to_piece(geodesic, b, &[a[0]]),
        (false, true) => to_piece(geodesic, a, &[b[0]]),
        (false, false) if may_cross && cross(geodesic, a, b) => 0.0,
        // Where geodesics do not cross they are nearest at an end of one: the ellipsoid is curved
        // like a ball everywhere, so that moving the ends of a common perpendicular along both
        // shortens it (second variation of length, as in Synge 1936).
        (false, false) => to_piece(geodesic, a, &b).min(to_piece(geodesic, b, &a)),
    }
}

/// The distance between two vertices; 0 only for the same place.
pub(super) fn between(geodesic: &Geodesic, a: &Vertex, b: &Vertex) -> f64 {
    let (a, b) = (a.place, b.place);
    geodesic.inverse(a.lat, a.lon, b.lat, b.lon)
}

fn is_point([from, to]: [&Vertex; 2]) -> bool {
    std::ptr::eq(from, to) || same(from, to)
}

#[allow(clippy::float_cmp, reason = "only the very same place counts")]
fn same(a: &Vertex, b: &Vertex) -> bool {
    a.direction == b.direction
}

/// The distance from a piece to the nearest of some vertices.
fn to_piece(geodesic: &Geodesic, piece: [&Vertex; 2], targets: &[&Vertex]) -> f64 {
    let arc = Arc::new(piece[0].direction, piece[1].direction);
    let mut track = None;
    let mut least = f64::INFINITY;
    for target in targets {
        let same = piece.iter().any(|end| same(end, target));
        if same {
            return 0.0;
        }
        // another target may be nearer for sure
        if geodesic._b * arc.chord2_to(target.direction).sqrt() * 0.99 > least {
            continue;
        }
        let track =
            track.get_or_insert_with(|| Track::new(geodesic, piece[0].place, piece[1].place));
        least = least.min(track.distance(geodesic, target.place, arc.share_near(target.direction)));
    }
    least
}

/// Whether two pieces cross inside both.
fn cross(geodesic: &Geodesic, a: [&Vertex; 2], b: [&Vertex; 2]) -> bool {
    apart(geodesic, a, b) && apart(geodesic, b, a)
}

/// Whether two vertices are on different sides of a piece or its continuation.
fn apart(geodesic: &Geodesic, piece: [&Vertex; 2], vertices: [&Vertex; 2]) -> bool {
    let [first, second] = vertices.map(|vertex| left(geodesic, piece, vertex));
    first * second < 0.0
}

/// Positive where a vertex is left of a piece or its continuation, negative where it is right of
/// it, 0 where it is on it.
pub(super) fn left(geodesic: &Geodesic, piece: [&Vertex; 2], vertex: &Vertex) -> f64 {
    let arc = Arc::new(piece[0].direction, piece[1].direction);
    let left = arc.left(vertex.direction);
    let reach2 = chord2(arc.from, vertex.direction).max(chord2(arc.to, vertex.direction));
    // the bend of a geodesic on the sphere, see `Shape`, over the way to the vertex
    let stray = geodesic._e2 * reach2 + 1e-14;
    if left.abs() > stray {
        return left;
    }
    let track = Track::new(geodesic, piece[0].place, piece[1].place);
    let right = track.right(geodesic, vertex.place, arc.share_near(vertex.direction));
    if right.abs() < super::closest::TOUCHING_M { 0.0 } else { -right }
}
