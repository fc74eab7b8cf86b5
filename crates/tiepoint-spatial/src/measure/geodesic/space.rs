//! Bounds in space: straight lines through the ellipsoid, for what is near and for short pieces.
//!
//! A geodesic is no shorter than the straight line between its ends. It bends nowhere more than a
//! circle of radius R = b²/a, the smallest radius of curvature of the ellipsoid, so that it is no
//! longer than the arc of that circle over the same chord (Schur's comparison theorem), and is
//! within L²/(8R) of that chord for a length L. For places 20 km apart that leaves a centimetre.
use geographiclib_rs::Geodesic;

use super::shape::{Piece, Shape};
use super::sphere::{Direction, dot, minus};

/// Longer distances are bounded better on the sphere.
const FAR_M: f64 = 1e6;

/// What a distance is at least and at most, in metres.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    pub(super) least: f64,
    pub(super) most: f64,
}

/// Bounds for the distance between pieces that do not cross.
pub(super) fn between(
    geodesic: &Geodesic,
    (a_shape, a): (&Shape, Piece),
    (b_shape, b): (&Shape, Piece),
) -> Between {
    let metres = |at: Direction| [geodesic.a * at[0], geodesic.a * at[1], geodesic._b * at[2]];
    let [a, b] = [a_shape.ends(a), b_shape.ends(b)].map(|it| it.map(|end| metres(end.direction)));
    let radius = geodesic._b * geodesic._f1;
    // on pieces of at most 0.8 radians an arc is less than 1.1 times its chord
    let sagitta = |[from, to]: [Direction; 2]| 1.21 * length2(minus(to, from)) / (8.0 * radius);
    let off = sagitta(a).max(sagitta(b)) + super::SLACK_M;
    let to_b = a.map(|end| to_segment2(b, end));
    let to_a = b.map(|end| to_segment2(a, end));
    let straight = to_b[0].min(to_b[1]).min(to_a[0]).min(to_a[1]).sqrt();
    let most = 2.0 * radius * ((straight + off) / (2.0 * radius)).min(1.0).asin() + super::SLACK_M;
    Between { least: straight - off, most: if straight < FAR_M { most } else { f64::INFINITY } }
}

/// The square of the distance from a place to a straight segment.
fn to_segment2([from, to]: [Direction; 2], at: Direction) -> f64 {
    let (along, to_at) = (minus(to, from), minus(at, from));
    let length2 = length2(along);
    let share = if length2 > 0.0 { (dot(to_at, along) / length2).clamp(0.0, 1.0) } else { 0.0 };
    let nearest = [0, 1, 2].map(|axis| to_at[axis] - share * along[axis]);
    dot(nearest, nearest)
}

fn length2(a: Direction) -> f64 {
    dot(a, a)
}
