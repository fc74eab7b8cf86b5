//! Sums of many terms that lose next to nothing.

/// A running sum with the rounding errors kept beside it (Neumaier 1974).
///
/// The result is off by about one rounding of itself plus n²·1e-32 of the sum of magnitudes, where
/// a plain loop is off by up to n·1e-16 of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    #[inline]
    pub(super) fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() {
            (self.sum - sum) + term
        } else {
            (term - sum) + self.sum
        };
        self.sum = sum;
    }

    /// The sum; where it left the range of doubles, infinite with its sign.
    pub(super) fn total(self) -> f64 {
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_beside_large_ones_are_not_lost() {
        let terms = [1e16, 1.0, 1.0, -1e16];
        assert_eq!(terms.into_iter().collect::<Sum>().total().to_bits(), 2.0_f64.to_bits());
        assert_ne!(
            terms.iter().sum::<f64>().to_bits(),
            2.0_f64.to_bits(),
            "a plain loop loses one"
        );
    }
}
