//! Moving a geometry as a whole.
use super::positions::Positions;
use super::walk::{GeometryRef, Parts};
use super::{Geometry, GeometryError};

impl Geometry {
    /// The same with every position moved by `dx` and `dy`, in units of its CRS; z and m stay bit
    /// for bit.
    ///
    /// ```
    /// use tiepoint_core::Geometry;
    /// let moved = Geometry::from_wkt("LINESTRING Z (0 0 7,1 2 8)")?.translated(10.0, -1.0)?;
    /// assert_eq!(moved.to_wkt(), "LINESTRING Z (10 -1 7,11 1 8)");
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`GeometryError`] where a position would not be finite.
    pub fn translated(&self, dx: f64, dy: f64) -> Result<Self, GeometryError> {
        let mut wkb = self.as_wkb().to_vec();
        shift(self.as_wkb(), self.as_ref(), [dx, dy], &mut wkb);
        Self::from_wkb(&wkb)
    }
}

/// Shifts the positions of `part`, which lies in `whole`, in a copy of `whole`.
fn shift(whole: &[u8], part: GeometryRef<'_>, by: [f64; 2], copy: &mut [u8]) {
    let mut run = |run: Positions<'_>| {
        if run.is_empty() {
            return;
        }
        let start = run.as_bytes().as_ptr().addr() - whole.as_ptr().addr();
        let numbers = copy[start..start + run.as_bytes().len()].as_chunks_mut::<8>().0;
        for position in numbers.chunks_exact_mut(run.dims().size()) {
            for (number, by) in position.iter_mut().zip(by) {
                *number = (f64::from_le_bytes(*number) + by).to_le_bytes();
            }
        }
    };
    match part.parts() {
        Parts::Positions(positions) => run(positions),
        Parts::Rings(rings) => rings.for_each(run),
        Parts::Members(members) => members.for_each(|it| shift(whole, it, by, copy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_moves_with_all_its_parts() {
        for (wkt, moved) in [
            ("POINT (1 2)", "POINT (2 4)"),
            ("POINT EMPTY", "POINT EMPTY"),
            ("POLYGON M ((0 0 5,1 0 5,1 1 5,0 0 5))", "POLYGON M ((1 2 5,2 2 5,2 3 5,1 2 5))"),
            ("MULTIPOINT (EMPTY,(1 2))", "MULTIPOINT (EMPTY,(2 4))"),
            (
                "GEOMETRYCOLLECTION (CIRCULARSTRING (0 0,1 1,2 0),POINT (3 3))",
                "GEOMETRYCOLLECTION (CIRCULARSTRING (1 2,2 3,3 2),POINT (4 5))",
            ),
        ] {
            let geometry = Geometry::from_wkt(wkt).expect(wkt);
            let expected = Geometry::from_wkt(moved).expect(moved);
            assert_eq!(geometry.translated(1.0, 2.0).as_ref(), Ok(&expected), "{wkt}");
        }
    }

    #[test]
    fn nothing_moves_out_of_the_numbers() {
        let point = Geometry::from_wkt("POINT (1e308 0)").expect("is one");
        for by in [1e308, f64::INFINITY, f64::NAN] {
            assert!(point.translated(by, 0.0).is_err(), "{by}");
        }
    }
}
