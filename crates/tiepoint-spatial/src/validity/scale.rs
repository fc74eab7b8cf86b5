//! Brings coordinates into the range in which orientation is decided exactly.

use geo_types::Coord;
use tiepoint_core::Xy;

/// Numbers that are multiples of 2^-500 and at most 2^500 can be multiplied pairwise, and the
/// products expanded (Shewchuk 1997), without overflow or underflow.
const LARGEST: f64 = two_to(500);

/// From here on every double is a multiple of 2^-500.
const SMALLEST: f64 = two_to(-447);

/// Adding and subtracting it rounds a number below 2^-449 to a multiple of 2^-500.
const ROUNDING: f64 = 1.5 * two_to(-448);

/// A power of two, applied in two steps since it can be beyond all numbers itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    steps: [f64; 2],
    /// Whether numbers stay as they are.
    is_one: bool,
}

impl Scale {
    /// The scale for numbers whose sizes are between these; `smallest` is that of the smallest
    /// which is not zero.
    pub(super) fn of(smallest: f64, largest: f64) -> Self {
        if largest <= LARGEST && smallest >= SMALLEST {
            return Self { steps: [1.0; 2], is_one: true };
        }
        let up = 500 - (exponent(largest) + 1);
        Self { steps: [two_to(up / 2), two_to(up - up / 2)], is_one: false }
    }

    /// The number to compute with; minus zero becomes zero.
    #[inline]
    pub(super) fn applied(self, number: f64) -> f64 {
        if self.is_one {
            return number + 0.0;
        }
        let scaled = number * self.steps[0] * self.steps[1];
        if scaled.abs() < SMALLEST { (scaled + ROUNDING) - ROUNDING } else { scaled }
    }

    pub(super) fn restored(self, at: Coord) -> Xy {
        let restored = |number: f64| number / self.steps[0] / self.steps[1];
        Xy { x: restored(at.x), y: restored(at.y) }
    }
}

/// The largest power of two that is not above a number's size: its exponent.
fn exponent(number: f64) -> i32 {
    const SUBNORMAL: f64 = two_to(64);
    let biased = |number: f64| ((number.to_bits() >> 52) & 0x7ff) as i32;
    match biased(number) {
        0 if number == 0.0 => 0,
        0 => biased(number * SUBNORMAL) - 1023 - 64,
        normal => normal - 1023,
    }
}

/// 2 to a power from -1022 to 1023.
const fn two_to(power: i32) -> f64 {
    #[allow(clippy::cast_sign_loss, reason = "not negative in this range")]
    let biased = (power + 1023) as u64;
    f64::from_bits(biased << 52)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "scaling is exact")]
mod tests {
    use super::*;

    #[test]
    fn everyday_numbers_stay_as_they_are() {
        for number in [0.0, 1e-130, 24.94, 6_672_000.5, 1e150] {
            assert_eq!(Scale::of(1e-130, 1e150).applied(number), number);
        }
    }

    #[test]
    fn extreme_numbers_come_into_range_and_back() {
        for largest in [5e-324, 1e-310, 1e-200, 1e200, f64::MAX] {
            let scale = Scale::of(largest, largest);
            let scaled = scale.applied(largest);
            assert!((LARGEST / 2.0..=LARGEST).contains(&scaled), "{largest}: {scaled}");
            assert_eq!(scale.restored(Coord { x: scaled, y: 0.0 }).x, largest);
        }
    }

    #[test]
    fn what_is_too_small_beside_the_largest_is_rounded() {
        let scale = Scale::of(1e-300, f64::MAX);
        assert_eq!(scale.applied(1e-300), 0.0);
        let grain = two_to(-500);
        let rounded = scale.applied(12.3 * grain * two_to(524));
        assert_eq!(rounded % grain, 0.0);
        assert!((rounded / grain - 12.3).abs() < 0.5, "{rounded}");
    }
}
