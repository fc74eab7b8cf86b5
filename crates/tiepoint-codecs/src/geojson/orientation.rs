//! Which way round a ring goes.
use tiepoint_core::Positions;

/// The direction of a ring, seen with x to the right and y up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turning {
    Clockwise,
    CounterClockwise,
}

/// The direction of a closed ring; none if it encloses as much one way as the other, or nothing.
///
/// Exact: where rounding could change the sign of the area, it is summed without rounding. Only
/// coordinates whose products overflow a double (beyond 1e154) may go undecided.
pub(super) fn turning(ring: Positions<'_>) -> Option<Turning> {
    match ring.dims().size() {
        2 => turning_of(|| ring.arrays::<2>()),
        _ => turning_of(|| ring.arrays::<3>().map(|[x, y, _]| [x, y])),
    }
}

/// As [`turning`], of x and y, which `ring` yields each time from the start.
pub(super) fn turning_of<I: Iterator<Item = [f64; 2]>>(ring: impl Fn() -> I) -> Option<Turning> {
    let (area, magnitude, count) = rounded_area(ring());
    let rounding = 8.0 * (count + 4.0) * f64::EPSILON * magnitude;
    let area =
        if area.abs() > rounding { area } else { exact_area_sign(ring().zip(ring().skip(1))) };
    if area > 0.0 {
        Some(Turning::CounterClockwise)
    } else if area < 0.0 {
        Some(Turning::Clockwise)
    } else {
        None
    }
}

/// Twice the signed area by the shoelace formula around the first position, the sum of the sizes
/// of its terms, and their number.
fn rounded_area(mut ring: impl Iterator<Item = [f64; 2]>) -> (f64, f64, f64) {
    let (mut area, mut magnitude, mut count) = (0.0, 0.0, 0.0);
    let Some([x0, y0]) = ring.next() else { return (0.0, 0.0, 0.0) };
    let (mut x, mut y) = (0.0, 0.0);
    for [next_x, next_y] in ring {
        let (next_x, next_y) = (next_x - x0, next_y - y0);
        let (up, down) = (x * next_y, next_x * y);
        area += up - down;
        magnitude += up.abs() + down.abs();
        count += 1.0;
        (x, y) = (next_x, next_y);
    }
    (area, magnitude, count)
}

/// The sign of the signed area: the largest part of its exact expansion.
///
/// Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric
/// Predicates", sections 2.2 (growing an expansion) and 2.5 (exact products).
fn exact_area_sign(edges: impl Iterator<Item = ([f64; 2], [f64; 2])>) -> f64 {
    let mut expansion = Vec::new();
    for ([x, y], [next_x, next_y]) in edges {
        add_product(x, next_y, &mut expansion);
        add_product(-next_x, y, &mut expansion);
    }
    expansion.last().copied().unwrap_or(0.0)
}

fn add_product(a: f64, b: f64, expansion: &mut Vec<f64>) {
    let product = a * b;
    grow(a.mul_add(b, -product), expansion);
    grow(product, expansion);
}

/// Adds `term`; parts stay ordered by size, do not overlap, and are not zero.
fn grow(term: f64, expansion: &mut Vec<f64>) {
    let mut carried = term;
    let mut kept = 0;
    for index in 0..expansion.len() {
        let (sum, error) = two_sum(carried, expansion[index]);
        if error != 0.0 {
            expansion[kept] = error;
            kept += 1;
        }
        carried = sum;
    }
    expansion.truncate(kept);
    if carried != 0.0 {
        expansion.push(carried);
    }
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(ring: &[[f64; 2]]) -> Option<Turning> {
        turning_of(|| ring.iter().copied())
    }

    #[test]
    fn rings_are_told_apart_and_nothing_is_neither() {
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]];
        assert_eq!(of(&square), Some(Turning::CounterClockwise));
        let line = [[0.1, 0.1], [0.3, 0.3], [0.7, 0.7], [0.1, 0.1]];
        assert_eq!(of(&line), None);
        let eight = [[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0], [0.0, 0.0]];
        assert_eq!(of(&eight), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn one_ulp_decides() {
        let (far, ulp) = (1e7 + 0.1, 1e7_f64.next_up() - 1e7);
        let sliver = |offset: f64| {
            [[far, far], [far + 1.0, far + 1.0], [far + 2.0, far + 2.0 + offset], [far, far]]
        };
        assert_eq!(of(&sliver(ulp)), Some(Turning::CounterClockwise));
        assert_eq!(of(&sliver(-ulp)), Some(Turning::Clockwise));
    }

    proptest! {
        #[test]
        fn slivers_turn_as_integers_say(corners in proptest::collection::vec((-3..3_i32, 0..1000_i32), 3..7)) {
            // nearly on a diagonal, so that rounded areas drown
            let at = |(across, along): (i32, i32)| [i64::from(along) + (1 << 40), i64::from(along + across) + (1 << 40)];
            let mut ring: Vec<[i64; 2]> = corners.into_iter().map(at).collect();
            ring.push(ring[0]);
            let area: i128 = ring.windows(2).map(|edge| {
                i128::from(edge[0][0]) * i128::from(edge[1][1]) - i128::from(edge[1][0]) * i128::from(edge[0][1])
            }).sum();
            #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
            let ring: Vec<[f64; 2]> = ring.iter().map(|at| at.map(|ordinate| ordinate as f64)).collect();
            let expected = match area.signum() {
                1 => Some(Turning::CounterClockwise),
                -1 => Some(Turning::Clockwise),
                _ => None,
            };
            prop_assert_eq!(of(&ring), expected);
            let edges = ring.iter().copied().zip(ring.iter().copied().skip(1));
            let exact = exact_area_sign(edges);
            prop_assert_eq!(exact.partial_cmp(&0.0), Some(area.cmp(&0)));
        }
    }
}
