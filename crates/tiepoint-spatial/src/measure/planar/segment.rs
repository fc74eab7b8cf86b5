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
    let [along, to_start] = [minus(piece.to, piece.from), minus(at, piece.from)];
    let (length2, forward) = (dot(along, along), dot(to_start, along));
    let ends = norm2(to_start).min(norm2(minus(at, piece.to)));
    if forward <= 0.0 || forward >= length2 {
        return ends;
    }
    let area = along[0] * to_start[1] - along[1] * to_start[0];
    // rounding of the products: where it could be all there is, ask exactly
    let rounding = 1e-15 * (along[0] * to_start[1]).abs().max((along[1] * to_start[0]).abs());
    if area.abs() <= rounding && side(piece, at) == Orientation::Collinear {
        return 0.0;
    }
    (area / length2 * area).min(ends)
}

/// Which side of a piece a place is on; exact.
pub(super) fn side(piece: &Piece, at: At) -> Orientation {
    let coord = |[x, y]: At| Coord { x, y };
    RobustKernel::orient2d(coord(piece.from), coord(piece.to), coord(at))
}

fn cross(a: &Piece, b: &Piece) -> bool {
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
