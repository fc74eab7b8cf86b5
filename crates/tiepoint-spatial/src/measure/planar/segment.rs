//! Distances between points and segments in the plane.
use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;

use super::shape::{At, Piece};

/// The square of the distance between two pieces; exactly 0 where they share a place, as far as
/// their coordinates tell.
pub(super) fn distance2(a: &Piece, b: &Piece) -> f64 {
    let to_b = [a.from, a.to].into_iter().map(|end| to_point2(b, end));
    let to_a = [b.from, b.to].into_iter().map(|end| to_point2(a, end));
    let least = to_b.chain(to_a).fold(f64::INFINITY, f64::min);
    if least > 0.0 && cross(a, b) { 0.0 } else { least }
}

/// The square of the distance from a place to a piece.
#[inline]
pub(super) fn to_point2(piece: &Piece, at: At) -> f64 {
    let (near, far, ends) = nearer_first(piece, at);
    // seen from the nearer end, so that rounding is small beside the distance
    let (along, to_at) = (minus(far, near), minus(at, near));
    if dot(to_at, along) <= 0.0 || dot(minus(at, far), along) >= 0.0 {
        return ends;
    }
    let (one, other) = (along[0] * to_at[1], along[1] * to_at[0]);
    // where rounding of the products could be all there is, ask exactly
    let rounding = 1e-15 * one.abs().max(other.abs());
    if (one - other).abs() <= rounding && side(piece, at) == Orientation::Collinear {
        return 0.0;
    }
    ((one - other) / dot(along, along) * (one - other)).min(ends)
}

fn nearer_first(piece: &Piece, at: At) -> (At, At, f64) {
    let [from, to] = [piece.from, piece.to].map(|end| norm2(minus(at, end)));
    if from <= to { (piece.from, piece.to, from) } else { (piece.to, piece.from, to) }
}

/// Which side of a piece a place is on; exact, up to coordinates of 1e150.
pub(super) fn side(piece: &Piece, at: At) -> Orientation {
    let positions = [piece.from, piece.to, at];
    let huge = positions.as_flattened().iter().any(|it| it.abs() > 1e150);
    // so that products of two stay in range
    let scale = if huge { 2.0_f64.powi(-524) } else { 1.0 };
    let [from, to, at] = positions.map(|[x, y]| Coord { x: x * scale, y: y * scale });
    RobustKernel::orient2d(from, to, at)
}

/// Whether two segments cross inside both; exact.
pub(super) fn cross(a: &Piece, b: &Piece) -> bool {
    let apart = |line: &Piece, of: &Piece| {
        let sides = [side(line, of.from), side(line, of.to)];
        sides[0] != sides[1] && !sides.contains(&Orientation::Collinear)
    };
    apart(a, b) && apart(b, a)
}

fn minus(a: At, b: At) -> At {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: At, b: At) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn norm2(a: At) -> f64 {
    dot(a, a)
}
