//! Positions along a circular arc.
//!
//! Worked out from chords and inscribed angles instead of centre and radius: an arc that is nearly
//! straight has a centre so far away that positions computed from it would jump.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;

/// x, y, and what else there is in stored order; NaN where there is nothing.
pub(super) type Ordinates = [f64; 4];

/// Whether x and y are equal.
#[allow(clippy::float_cmp, reason = "curves meet at the very same position")]
pub(super) fn same_place(a: Ordinates, b: Ordinates) -> bool {
    a[..2] == b[..2]
}

/// Appends what follows the start of the arc through three positions: its inner positions, or its
/// middle where it is straight, and its end.
pub(super) fn append_arc(through: [Ordinates; 3], per_quadrant: u32, line: &mut Vec<Ordinates>) {
    let [_, middle, end] = through;
    let inner = line.len();
    if let Some(arc) = Arc::of(through) {
        let segments = arc.segments(per_quadrant);
        line.extend((1..segments).map(|index| arc.at(f64::from(index) / f64::from(segments))));
        if arc.clockwise {
            line[inner..].reverse();
        }
    }
    let curved = line[inner..].iter().all(|at| at[0].is_finite() && at[1].is_finite());
    if line.len() == inner || !curved {
        line.truncate(inner);
        line.push(middle);
    }
    line.push(end);
}

/// An arc that is not straight, told counter-clockwise, so that both directions are computed alike.
struct Arc {
    start: Ordinates,
    middle: Ordinates,
    end: Ordinates,
    /// Half the angle at the centre between start and middle: what the end sees of it (Euclid,
    /// Elements III.20).
    before: f64,
    /// Half the angle at the centre between middle and end.
    after: f64,
    /// Whether it was given from end to start.
    clockwise: bool,
}

impl Arc {
    fn of([start, middle, end]: [Ordinates; 3]) -> Option<Self> {
        if same_place(start, end) {
            let (before, after) = (FRAC_PI_2, FRAC_PI_2);
            let circle = Self { start, middle, end, before, after, clockwise: false };
            return (!same_place(start, middle)).then_some(circle);
        }
        let coord = |at: Ordinates| Coord { x: at[0], y: at[1] };
        let turn = RobustKernel::orient2d(coord(start), coord(middle), coord(end));
        let (start, end) = match turn {
            Orientation::CounterClockwise => (start, end),
            Orientation::Clockwise => (end, start),
            Orientation::Collinear => return None,
        };
        let before = angle(end, start, middle)?;
        let after = angle(start, middle, end)?;
        let clockwise = turn == Orientation::Clockwise;
        Some(Self { start, middle, end, before, after, clockwise })
    }

    /// How many equal segments it takes, at least two.
    fn segments(&self, per_quadrant: u32) -> u32 {
        const ROUNDING: f64 = 1e-9;
        let quadrants = (self.before + self.after) / FRAC_PI_4;
        let segments = (quadrants * f64::from(per_quadrant) - ROUNDING).ceil();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "2 to 128")]
        let segments = segments.clamp(2.0, 4.0 * f64::from(per_quadrant)) as u32;
        segments
    }

    /// The position at a fraction of the way, 0 to 1.
    fn at(&self, fraction: f64) -> Ordinates {
        let half_angle = fraction * (self.before + self.after);
        if half_angle <= self.before {
            along(self.start, self.middle, self.before, half_angle)
        } else {
            along(self.middle, self.end, self.after, half_angle - self.before)
        }
    }
}

/// The position on the counter-clockwise arc between two whose half angle at the centre is
/// `whole`, where that half angle is `part`.
///
/// A chord is as long as the sine of its half angle, and turned from the tangent by it.
fn along(from: Ordinates, to: Ordinates, whole: f64, part: f64) -> Ordinates {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let (sin, cos) = (part - whole).sin_cos();
    let stretch = part.sin() / whole.sin();
    let x = from[0] + (dx * cos - dy * sin) * stretch;
    let y = from[1] + (dx * sin + dy * cos) * stretch;
    let fraction = part / whole;
    [x, y, between(from[2], to[2], fraction), between(from[3], to[3], fraction)]
}

/// Between two values, and never beyond them; NaN where either is.
fn between(from: f64, to: f64, fraction: f64) -> f64 {
    let value = from * (1.0 - fraction) + to * fraction;
    if value.is_nan() { value } else { value.clamp(from.min(to), from.max(to)) }
}

/// The angle at which `from` sees two positions, 0 to pi; none where its numbers overflow.
fn angle(from: Ordinates, a: Ordinates, b: Ordinates) -> Option<f64> {
    let (ax, ay) = (a[0] - from[0], a[1] - from[1]);
    let (bx, by) = (b[0] - from[0], b[1] - from[1]);
    let (cross, dot) = (ax * by - ay * bx, ax * bx + ay * by);
    (cross.is_finite() && dot.is_finite()).then(|| cross.abs().atan2(dot))
}
