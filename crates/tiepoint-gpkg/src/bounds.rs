//! Boxes in single precision, as an R-tree keeps them.
use tiepoint_core::{Envelope, Xy};

/// Bounds as an R-tree keeps them: single precision, rounded outwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min_x: f32,
    pub(crate) max_x: f32,
    pub(crate) min_y: f32,
    pub(crate) max_y: f32,
}

impl Bounds {
    pub(crate) fn merged(self, other: Self) -> Self {
        Self {
            min_x: self.min_x.min(other.min_x),
            max_x: self.max_x.max(other.max_x),
            min_y: self.min_y.min(other.min_y),
            max_y: self.max_y.max(other.max_y),
        }
    }

    /// The bounds of an envelope, rounded outwards to single precision.
    pub(crate) fn around(envelope: &Envelope) -> Self {
        let (min, max) = (envelope.min(), envelope.max());
        Self { min_x: down(min.x), max_x: -down(-max.x), min_y: down(min.y), max_y: -down(-max.y) }
    }

    /// The same as an envelope, where it is one.
    pub(crate) fn envelope(&self) -> Option<Envelope> {
        let corner = |x: f32, y: f32| Xy { x: f64::from(x), y: f64::from(y) };
        let corners = [corner(self.min_x, self.min_y), corner(self.max_x, self.max_y)];
        Envelope::of(corners).ok().flatten()
    }

    pub(crate) fn to_be_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (at, bound) in [self.min_x, self.max_x, self.min_y, self.max_y].iter().enumerate() {
            bytes[at * 4..at * 4 + 4].copy_from_slice(&bound.to_be_bytes());
        }
        bytes
    }

    pub(crate) fn from_be_bytes(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            let bytes = bytes[at * 4..].first_chunk().expect("bounds take sixteen bytes");
            f32::from_be_bytes(*bytes)
        };
        Self { min_x: number(0), max_x: number(1), min_y: number(2), max_y: number(3) }
    }
}

/// The largest single that is not above `number`.
fn down(number: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "corrected in the next line")]
    let near = number as f32;
    if f64::from(near) > number { near.next_down() } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounding_never_cuts_anything_off(number in any::<f64>().prop_filter("finite", |it| it.is_finite())) {
            prop_assert!(f64::from(down(number)) <= number);
            prop_assert!(f64::from(-down(-number)) >= number);
            prop_assert!(f64::from(down(number).next_up()) > number, "and by no more than it must");
        }
    }
}
