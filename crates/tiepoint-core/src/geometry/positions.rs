//! Positions in a row, read in place from canonical WKB.

use std::iter::FusedIterator;

use super::bounds::ordinate;
use super::kind::Dims;
use crate::envelope::Xy;

/// The positions of a line or a ring (or the one of a point), in place.
///
/// Copying this copies a pointer. Reading position `i` is O(1).
///
/// # Examples
///
/// ```
/// use tiepoint_core::Geometry;
///
/// let track = Geometry::from_wkt("LINESTRING M (0 0 10, 3 4 25)")?;
/// let positions = track.as_ref().positions();
/// let [start, end] = [0, 1].map(|i| positions.get(i).expect("two positions"));
/// assert_eq!((end.x() - start.x(), end.m()), (3.0, Some(25.0)));
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Positions<'a> {
    bytes: &'a [u8],
    dims: Dims,
}

impl<'a> Positions<'a> {
    pub(super) fn new(bytes: &'a [u8], dims: Dims) -> Self {
        Self { bytes, dims }
    }

    /// How many there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() / (self.dims.size() * 8)
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Which ordinates each has.
    #[must_use]
    #[inline]
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// The ordinates as stored: little-endian doubles, position after position.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The position at `index`, from 0.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<Position> {
        let stride = self.dims.size() * 8;
        let start = index.checked_mul(stride)?;
        self.bytes.get(start..start + stride).map(|bytes| Position::read(bytes, self.dims))
    }

    /// Each position with all its ordinates.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Position> + DoubleEndedIterator + use<'a> {
        let dims = self.dims;
        self.bytes.chunks_exact(dims.size() * 8).map(move |bytes| Position::read(bytes, dims))
    }

    /// Each position's x and y. The tight loop for algorithms in the plane.
    #[must_use]
    #[inline]
    pub fn xy(&self) -> impl ExactSizeIterator<Item = Xy> + DoubleEndedIterator + use<'a> {
        self.bytes.chunks_exact(self.dims.size() * 8).map(|bytes| {
            let ordinates = bytes.as_chunks::<8>().0;
            Xy { x: ordinate::<true>(ordinates[0]), y: ordinate::<true>(ordinates[1]) }
        })
    }

    /// Each position as `N` ordinates in stored order, cut off after `N`; empty unless positions
    /// have at least `N`. The tight loop for writers that match on [`dims`](Self::dims) first.
    #[must_use]
    #[inline]
    pub fn arrays<const N: usize>(&self) -> impl ExactSizeIterator<Item = [f64; N]> + use<'a, N> {
        let size = self.dims.size();
        let fitting = if N <= size { self.bytes } else { &[] };
        fitting.chunks_exact(size * 8).map(|bytes| {
            let ordinates = bytes.as_chunks::<8>().0;
            std::array::from_fn(|axis| ordinate::<true>(ordinates[axis]))
        })
    }
}

/// One position: x, y and what else its dims say, copied out.
///
/// Axis order is x (easting, longitude) first; units are those of the CRS, which it does not know.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    ordinates: [f64; 4],
    dims: Dims,
}

impl Position {
    #[inline]
    fn read(bytes: &[u8], dims: Dims) -> Self {
        let mut ordinates = [f64::NAN; 4];
        for (slot, raw) in ordinates.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *slot = ordinate::<true>(*raw);
        }
        Self { ordinates, dims }
    }

    /// Easting or longitude.
    #[must_use]
    #[inline]
    pub fn x(&self) -> f64 {
        self.ordinates[0]
    }

    /// Northing or latitude.
    #[must_use]
    #[inline]
    pub fn y(&self) -> f64 {
        self.ordinates[1]
    }

    /// The height, where dims have one; NaN where it is unknown.
    #[must_use]
    #[inline]
    pub fn z(&self) -> Option<f64> {
        self.dims.has_z().then_some(self.ordinates[2])
    }

    /// The measure, where dims have one; NaN where it is unknown.
    #[must_use]
    #[inline]
    pub fn m(&self) -> Option<f64> {
        self.dims.has_m().then(|| self.ordinates[self.dims.size() - 1])
    }

    /// All ordinates in stored order, two to four.
    #[must_use]
    #[inline]
    pub fn ordinates(&self) -> &[f64] {
        &self.ordinates[..self.dims.size()]
    }
}

/// The rings of a polygon or triangle, outer ring first.
#[derive(Debug, Clone)]
pub struct Rings<'a> {
    rest: &'a [u8],
    remaining: usize,
    dims: Dims,
}

impl<'a> Rings<'a> {
    /// Reads rings whose count has been read already.
    pub(super) fn new(rest: &'a [u8], remaining: usize, dims: Dims) -> Self {
        Self { rest, remaining, dims }
    }

    /// The bytes after the last ring that was read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Rings<'a> {
    type Item = Positions<'a>;

    #[inline]
    fn next(&mut self) -> Option<Positions<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        let (count, rest) = split_count(self.rest);
        let (ring, rest) = rest.split_at(count * self.dims.size() * 8);
        self.rest = rest;
        Some(Positions::new(ring, self.dims))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for Rings<'_> {}
impl FusedIterator for Rings<'_> {}

/// Takes the count off canonical bytes.
#[inline]
pub(super) fn split_count(bytes: &[u8]) -> (usize, &[u8]) {
    let (count, rest) = bytes.split_first_chunk().expect("canonical bytes hold their counts");
    (u32::from_le_bytes(*count) as usize, rest)
}
