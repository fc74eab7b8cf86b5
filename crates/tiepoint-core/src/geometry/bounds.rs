//! The box of many positions, and whether they are sound, in one tight pass.

use super::kind::Dims;

/// A growing box; nothing yet while `min` is above `max`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) min: [f64; 2],
    pub(super) max: [f64; 2],
}

impl Bounds {
    pub(super) const NONE: Self = Self { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    /// Grows to hold the position. Plain comparisons, so that it compiles to one `minpd`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the loops around it only vectorise when inlined")]
    pub(super) fn include(&mut self, at: [f64; 2]) {
        for ((min, max), at) in self.min.iter_mut().zip(&mut self.max).zip(at) {
            *min = if at < *min { at } else { *min };
            *max = if at > *max { at } else { *max };
        }
    }

    /// The four bounds as a geometry keeps them: all NaN when there is nothing.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let nothing = self.min[0] > self.max[0];
        let all = [self.min[0], self.min[1], self.max[0], self.max[1]];
        let mut bytes = [0; 32];
        for (slot, bound) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(all) {
            *slot = if nothing { f64::NAN } else { bound }.to_le_bytes();
        }
        bytes
    }
}

/// Reads one ordinate.
#[inline(always)]
#[allow(clippy::inline_always, reason = "the loops around it only vectorise when inlined")]
pub(super) fn ordinate<const LE: bool>(bytes: [u8; 8]) -> f64 {
    if LE { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) }
}

/// Bytes as positions of `N` ordinates.
#[inline]
pub(super) fn rows<const N: usize>(bytes: &[u8]) -> &[[[u8; 8]; N]] {
    bytes.as_chunks::<8>().0.as_chunks::<N>().0
}

/// Grows `bounds` to hold all positions in `bytes`; returns whether every ordinate is sound
/// (x and y finite, z and m finite or NaN).
#[inline]
pub(super) fn include_all<const LE: bool>(bytes: &[u8], dims: Dims, bounds: &mut Bounds) -> bool {
    match dims {
        Dims::Xy => include_rows::<LE, 2>(bytes, bounds),
        Dims::Xyz | Dims::Xym => include_rows::<LE, 3>(bytes, bounds),
        Dims::Xyzm => include_rows::<LE, 4>(bytes, bounds),
    }
}

fn include_rows<const LE: bool, const N: usize>(bytes: &[u8], bounds: &mut Bounds) -> bool {
    let mut grown = *bounds;
    let mut sound = true;
    for row in rows::<N>(bytes) {
        let at = [ordinate::<LE>(row[0]), ordinate::<LE>(row[1])];
        grown.include(at);
        sound &= (at[0].abs() <= f64::MAX) & (at[1].abs() <= f64::MAX);
        for extra in &row[2..] {
            sound &= ordinate::<LE>(*extra).abs() != f64::INFINITY;
        }
    }
    *bounds = grown;
    sound
}

/// The index, letter and value of the first ordinate that [`include_all`] found unsound.
#[cold]
pub(super) fn first_unsound<const LE: bool>(
    bytes: &[u8],
    dims: Dims,
) -> Option<(usize, char, f64)> {
    let ordinates = bytes.as_chunks::<8>().0.iter().map(|raw| ordinate::<LE>(*raw));
    ordinates.enumerate().find_map(|(index, value)| {
        let axis = index % dims.size();
        let sound = value.is_finite() || (axis > 1 && value.is_nan());
        (!sound).then(|| (index, dims.ordinate(axis), value))
    })
}

/// x and y of the position at `index`.
#[inline]
pub(super) fn xy_at<const LE: bool>(bytes: &[u8], dims: Dims, index: usize) -> [f64; 2] {
    let ordinates = bytes.as_chunks::<8>().0;
    let first = index * dims.size();
    [ordinate::<LE>(ordinates[first]), ordinate::<LE>(ordinates[first + 1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_as_four_nans() {
        let bytes = Bounds::NONE.to_bytes();
        assert!(bytes.as_chunks::<8>().0.iter().all(|b| f64::from_le_bytes(*b).is_nan()));
    }

    #[test]
    fn unknown_heights_are_sound_and_infinite_ones_are_not() {
        let mut bounds = Bounds::NONE;
        let position = |z: f64| [1.0, 2.0, z].map(f64::to_le_bytes).concat();
        assert!(include_all::<true>(&position(f64::NAN), Dims::Xyz, &mut bounds));
        let bad = position(f64::NEG_INFINITY);
        assert!(!include_all::<true>(&bad, Dims::Xyz, &mut bounds));
        assert_eq!(first_unsound::<true>(&bad, Dims::Xyz), Some((2, 'z', f64::NEG_INFINITY)));
    }
}
