//! How far circular arcs bulge beyond the positions they pass through.

use super::bounds::Bounds;

/// Grows `bounds`, which holds the three positions, to hold the arc through them.
///
/// When start and end are equal the arc is the full circle with `start`–`mid` as its diameter
/// (ISO 13249-3, `ST_CircularString`). Positions on one line, or so far out that their circle
/// overflows (beyond about 1e150), count as straight.
///
/// Not exact. Measured against exact arithmetic on lon/lat and metric arcs: within an ulp of the
/// coordinates while the bulge is over a hundredth of the chord; nearly straight arcs have a huge,
/// ill-conditioned circle, and were off by 0.2 mm on a chord of 100 km that bulges by 1 mm. Where
/// coordinates of one arc differ by many magnitudes (1e2 and 1e21) the box can be some percent off.
pub(super) fn include_arc(bounds: &mut Bounds, start: [f64; 2], mid: [f64; 2], end: [f64; 2]) {
    let Some((centre, radius)) = circle(start, mid, end) else { return };
    let full = same(start, end);
    let winding = side(start, end, mid);
    for [dx, dy] in [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]] {
        let extreme = [centre[0] + dx * radius, centre[1] + dy * radius];
        // on the arc: on the same side of the chord as the middle position
        let on_arc = full || side(start, end, extreme) * winding > 0.0;
        if on_arc && extreme.iter().all(|c| c.is_finite()) {
            bounds.include(extreme);
        }
    }
}

/// Centre and radius, worked out relative to `start` to keep digits; none on a straight line.
fn circle(start: [f64; 2], mid: [f64; 2], end: [f64; 2]) -> Option<([f64; 2], f64)> {
    let from_start = |p: [f64; 2]| [p[0] - start[0], p[1] - start[1]];
    let (b, c) = (from_start(mid), from_start(end));
    let offset = if same(start, end) {
        [b[0] / 2.0, b[1] / 2.0]
    } else {
        let twice_area = 2.0 * (b[0] * c[1] - b[1] * c[0]);
        let (bb, cc) = (b[0] * b[0] + b[1] * b[1], c[0] * c[0] + c[1] * c[1]);
        [(c[1] * bb - b[1] * cc) / twice_area, (b[0] * cc - c[0] * bb) / twice_area]
    };
    let radius = offset[0].hypot(offset[1]);
    radius.is_finite().then(|| ([start[0] + offset[0], start[1] + offset[1]], radius))
}

#[allow(clippy::float_cmp, reason = "a full circle ends at the very same position")]
fn same(a: [f64; 2], b: [f64; 2]) -> bool {
    a == b
}

/// Positive on the left of the line from `a` to `b`, negative on its right.
fn side(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds_of(arc: [[f64; 2]; 3]) -> ([f64; 2], [f64; 2]) {
        let mut bounds = Bounds::NONE;
        for position in arc {
            bounds.include(position);
        }
        include_arc(&mut bounds, arc[0], arc[1], arc[2]);
        (bounds.min, bounds.max)
    }

    #[test]
    fn a_shallow_arc_bulges_beyond_its_positions() {
        // a half circle around (1, 0) whose middle position is not the top
        let (min, max) = bounds_of([[0.0, 0.0], [0.4, 0.8], [2.0, 0.0]]);
        assert!(min.iter().all(|bound| *bound == 0.0), "{min:?}");
        assert!((max[0] - 2.0).abs() < 1e-12 && (max[1] - 1.0).abs() < 1e-12, "{max:?}");
    }

    #[test]
    fn an_arc_that_ends_where_it_starts_is_a_full_circle() {
        assert_eq!(bounds_of([[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]), ([0.0, -1.0], [2.0, 1.0]));
    }

    #[test]
    fn positions_on_one_line_do_not_bulge() {
        assert_eq!(bounds_of([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), ([0.0, 0.0], [2.0, 2.0]));
    }

    #[test]
    fn circles_beyond_all_numbers_count_as_straight() {
        let far = bounds_of([[0.0, 0.0], [1e300, 2e300], [-1e300, 3e300]]);
        assert_eq!(far, ([-1e300, 0.0], [1e300, 3e300]));
    }
}
