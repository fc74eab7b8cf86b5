//! Signs of small polynomials in coordinates, exactly: on which side, and which comes first.
//!
//! First in plain doubles with a bound of the error, then, where that cannot tell, in sums of
//! doubles that hold every bit (J. R. Shewchuk, *Adaptive Precision Floating-Point Arithmetic and
//! Fast Robust Geometric Predicates*, 1997). Exact while no product overflows or underflows: for
//! coordinates between 2^±250, which a common scale sees to.
use std::cmp::Ordering;
use tiepoint_core::Xy;

/// Half a unit in the last place of 1.
const EPSILON: f64 = f64::EPSILON / 2.0;

/// On which side of the line from `a` to `b` lies `p`: greater on the left, less on the right.
#[inline]
pub(super) fn side(a: Xy, b: Xy, p: Xy) -> Ordering {
    turn((a, b), (a, p))
}

/// Which way one turns from the first vector to the second: greater is to the left.
#[inline]
pub(super) fn turn((a, b): (Xy, Xy), (c, d): (Xy, Xy)) -> Ordering {
    let left = (b.x - a.x) * (d.y - c.y);
    let right = (b.y - a.y) * (d.x - c.x);
    let cross = left - right;
    let bound = (3.0 + 16.0 * EPSILON) * EPSILON * (left.abs() + right.abs());
    if cross > bound {
        Ordering::Greater
    } else if cross < -bound {
        Ordering::Less
    } else {
        turn_exactly((a, b), (c, d))
    }
}

#[cold]
fn turn_exactly((a, b): (Xy, Xy), (c, d): (Xy, Xy)) -> Ordering {
    let [(ab_x, lost_1), (ab_y, lost_2), (cd_x, lost_3), (cd_y, lost_4)] =
        [(b.x, a.x), (b.y, a.y), (d.x, c.x), (d.y, c.y)].map(|(to, from)| two_difference(to, from));
    if [lost_1, lost_2, lost_3, lost_4].iter().all(|lost| *lost == 0.0) {
        // rounding keeps the order of two products, and where they round alike the rests decide
        let (left, right) = (two_product(ab_x, cd_y), two_product(ab_y, cd_x));
        return compare(left.0, right.0).then_with(|| compare(left.1, right.1));
    }
    cross((a, b), (c, d)).sign()
}

/// Where a segment is crossed, as a fraction of its length: `numerator / denominator`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crossing {
    segment: (Xy, Xy),
    pub(super) by: (Xy, Xy),
}

impl Crossing {
    /// The crossing of two segments that are not parallel.
    pub(super) fn of(segment: (Xy, Xy), by: (Xy, Xy)) -> Self {
        Self { segment, by }
    }

    /// About where, from 0 at the start of the segment to 1 at its end.
    pub(super) fn fraction(&self) -> f64 {
        let across = vector(self.by);
        let offset = vector((self.segment.0, self.by.0));
        about_cross(offset, across) / about_cross(vector(self.segment), across)
    }

    /// Which of two crossings of one segment comes first along it.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let (here, there) = (self.fraction(), other.fraction());
        let unsure = 64.0 * EPSILON * (1.0 + self.conditioning() + other.conditioning());
        if (here - there).abs() > unsure {
            return compare(here, there);
        }
        // a fraction against a fraction
        let (below, other_below) = (self.denominator(), other.denominator());
        let above = self.numerator().times(&other_below);
        let difference = above.minus(&other.numerator().times(&below)).sign();
        if below.sign() == other_below.sign() { difference } else { difference.reverse() }
    }

    /// By how much rounding in the cross products is magnified in the fraction.
    fn conditioning(&self) -> f64 {
        let along = vector(self.segment);
        let across = vector(self.by);
        let offset = vector((self.segment.0, self.by.0));
        let size = |it: Xy| (it.x * across.y).abs() + (it.y * across.x).abs();
        (size(along) + size(offset)) / about_cross(along, across).abs()
    }

    fn numerator(&self) -> Sum {
        cross((self.segment.0, self.by.0), self.by)
    }

    fn denominator(&self) -> Sum {
        cross(self.segment, self.by)
    }
}

fn vector((from, to): (Xy, Xy)) -> Xy {
    Xy { x: to.x - from.x, y: to.y - from.y }
}

fn about_cross(a: Xy, b: Xy) -> f64 {
    a.x * b.y - a.y * b.x
}

/// Of numbers that are not NaN.
pub(super) fn compare(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// A number as a sum of doubles that do not overlap, smallest first, none of them zero.
struct Sum(Vec<f64>);

impl Sum {
    fn of(terms: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = Self(Vec::new());
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }

    fn add(&mut self, term: f64) {
        let mut carried = term;
        self.0.retain_mut(|part| {
            let (sum, rest) = two_sum(carried, *part);
            (carried, *part) = (sum, rest);
            rest != 0.0
        });
        if carried != 0.0 {
            self.0.push(carried);
        }
    }

    fn times(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(move |b| two_product(*a, *b)));
        Self::of(pairs.flat_map(|(product, rest)| [rest, product]))
    }

    fn minus(mut self, other: &Self) -> Self {
        other.0.iter().for_each(|term| self.add(-term));
        self
    }

    fn sign(&self) -> Ordering {
        self.0.last().map_or(Ordering::Equal, |largest| compare(*largest, 0.0))
    }
}

/// The cross product of two vectors.
fn cross((a, b): (Xy, Xy), (c, d): (Xy, Xy)) -> Sum {
    let difference = |to: f64, from: f64| {
        let (difference, rest) = two_difference(to, from);
        Sum::of([rest, difference])
    };
    let left = difference(b.x, a.x).times(&difference(d.y, c.y));
    left.minus(&difference(b.y, a.y).times(&difference(d.x, c.x)))
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

fn two_difference(a: f64, b: f64) -> (f64, f64) {
    two_sum(a, -b)
}

fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::kernels::{Kernel as _, RobustKernel};
    use proptest::prelude::*;

    fn at(x: f64, y: f64) -> Xy {
        Xy { x, y }
    }

    /// Positions next to the diagonal, where plain doubles lie about the side.
    fn near_the_diagonal() -> impl Strategy<Value = Xy> {
        (0..64_u32, 0..64_u32).prop_map(|(x, y)| {
            at(0.5 + f64::from(x) * f64::EPSILON, 0.5 + f64::from(y) * f64::EPSILON)
        })
    }

    proptest! {
        #[test]
        fn sides_are_as_another_robust_kernel_has_them(
            p in near_the_diagonal(), a in 1..100_i32, b in 12..30_i32,
        ) {
            let (from, to) = (at(f64::from(a), f64::from(a)), at(f64::from(b), f64::from(b)));
            let coord = |at: Xy| geo_types::Coord { x: at.x, y: at.y };
            let expected = match RobustKernel::orient2d(coord(from), coord(to), coord(p)) {
                geo::Orientation::CounterClockwise => Ordering::Greater,
                geo::Orientation::Clockwise => Ordering::Less,
                geo::Orientation::Collinear => Ordering::Equal,
            };
            prop_assert_eq!(side(from, to, p), expected);
        }

        #[test]
        fn crossings_at_one_third_are_told_apart_exactly(
            n in 1..1000_i32, shift in -2..3_i32, scale in 0..40_i32,
        ) {
            // the segment (0,0)-(3,0), crossed at x = 1 + (an ulp or so) by steep lines
            let segment = (at(0.0, 0.0), at(3.0, 0.0));
            let n = f64::from(n);
            let lean = |by: f64| Crossing::of(segment, (at(1.0 - n, -n), at(1.0 + n + by, n)));
            let off = f64::from(shift) * f64::EPSILON * 2_f64.powi(scale);
            let expected = compare(1.0 + n, 1.0 + n + off);
            prop_assert_eq!(lean(0.0).compare(&lean(off)), expected);
        }
    }
}
