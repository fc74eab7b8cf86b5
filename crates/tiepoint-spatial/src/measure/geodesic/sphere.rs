//! Directions on the unit sphere that the ellipsoid is squeezed onto, and arcs between them.
//!
//! A place of geographic latitude φ goes to parametric latitude β, tan β = (1 − f) tan φ, and
//! keeps its longitude: the ellipsoid's (x/a, y/a, z/b). Lengths along any curve shrink by between
//! b and a, so that for the angle θ between two places b·θ ≤ distance ≤ a·θ.
use super::place::Place;

pub(super) type Direction = [f64; 3];

#[inline]
pub(super) fn dot(a: Direction, b: Direction) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline]
pub(super) fn minus(a: Direction, b: Direction) -> Direction {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[inline]
pub(super) fn cross(a: Direction, b: Direction) -> Direction {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The square of the straight distance.
#[inline]
pub(super) fn chord2(a: Direction, b: Direction) -> f64 {
    let d = minus(a, b);
    dot(d, d)
}

/// The square of the chord under an angle in radians. Angles out of [0, π] give a number below
/// or above that of every chord.
pub(super) fn chord2_of(angle: f64) -> f64 {
    if angle < 0.0 {
        return -1.0;
    }
    if angle >= std::f64::consts::PI {
        return 5.0;
    }
    let half = (angle / 2.0).sin();
    4.0 * half * half
}

/// The angle over the square of a chord.
pub(super) fn angle_of(chord2: f64) -> f64 {
    2.0 * (chord2.sqrt() / 2.0).min(1.0).asin()
}

/// Where a place goes, on an ellipsoid with 1 − f = `squeeze`.
#[inline]
pub(super) fn direction(place: Place, squeeze: f64) -> Direction {
    let (sin_lon, cos_lon) = place.lon.to_radians().sin_cos();
    let (sin_lat, cos_lat) = place.lat.to_radians().sin_cos();
    let z = squeeze * sin_lat;
    let norm = (z * z + cos_lat * cos_lat).sqrt().recip();
    [cos_lat * norm * cos_lon, cos_lat * norm * sin_lon, z * norm]
}

/// The shorter great circle arc between two directions less than a straight angle apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arc {
    pub(super) from: Direction,
    pub(super) to: Direction,
    /// At right angles to the arc's plane; its length is the sine of the arc.
    pub(super) normal: Direction,
    pub(super) normal2: f64,
}

impl Arc {
    #[inline]
    pub(super) fn new(from: Direction, to: Direction) -> Self {
        // from the difference, so that short arcs keep their direction
        let normal = cross(from, minus(to, from));
        Self { from, to, normal, normal2: dot(normal, normal) }
    }

    /// The sine of the angle that `at` lies left of the arc's great circle; 0 for a point.
    #[inline]
    pub(super) fn left(&self, at: Direction) -> f64 {
        if self.normal2 > 0.0 {
            dot(self.normal, minus(at, self.from)) / self.normal2.sqrt()
        } else {
            0.0
        }
    }

    /// The square of the chord to the nearest place on the arc.
    #[inline]
    pub(super) fn chord2_to(&self, at: Direction) -> f64 {
        let ends = chord2(self.from, at).min(chord2(self.to, at));
        let ahead = dot(cross(self.normal, self.from), minus(at, self.from));
        let behind = dot(cross(self.normal, self.to), minus(at, self.to));
        if ahead > 0.0 && behind < 0.0 && self.normal2 > 0.0 {
            let sine = dot(self.normal, minus(at, self.from));
            let sine2 = (sine * sine / self.normal2).min(1.0);
            (2.0 * sine2 / (1.0 + (1.0 - sine2).sqrt())).min(ends)
        } else {
            ends
        }
    }

    /// The square of the chord between the nearest places of both; 0 where they cross.
    #[inline]
    pub(super) fn chord2_to_arc(&self, other: &Self) -> f64 {
        if self.crosses(other) {
            return 0.0;
        }
        let of_mine = other.chord2_to(self.from).min(other.chord2_to(self.to));
        of_mine.min(self.chord2_to(other.from)).min(self.chord2_to(other.to))
    }

    /// Whether the arcs cross for sure. Where rounding could have it either way, an end of one is
    /// as good as on the other.
    fn crosses(&self, other: &Self) -> bool {
        let apart = |line: &Self, of: &Self| {
            let [first, second] = [of.from, of.to].map(|at| line.side(at));
            first * second < 0.0
        };
        apart(self, other) && apart(other, self) && dot(self.from, other.from) > 0.0
    }

    /// Positive on the left of the arc's great circle, negative on the right, 0 where rounding
    /// could have it either way.
    fn side(&self, at: Direction) -> f64 {
        let from_start = minus(at, self.from);
        let side = dot(self.normal, from_start);
        // directions are off by 1e-16, seen from the arc more the shorter it is
        let rounding2 = 1e-30 * (self.normal2 + dot(from_start, from_start));
        if side * side > rounding2 { side } else { 0.0 }
    }

    /// How far along the arc the place nearest to `at` is, from 0 to 1.
    pub(super) fn share_near(&self, at: Direction) -> f64 {
        let along = minus(self.to, self.from);
        let length2 = dot(along, along);
        if length2 > 0.0 {
            (dot(minus(at, self.from), along) / length2).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}
