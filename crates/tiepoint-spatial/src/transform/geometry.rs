//! Whole geometries: x and y of every position are replaced, everything else stays.
use tiepoint_core::{Geometry, GeometryRef, Parts, Positions, Xy};

use super::{Transform, TransformError, batch};

impl Transform {
    /// The geometry with every position transformed; of any kind and dims, empty ones too.
    ///
    /// z and m stay bit for bit. Positions are moved and none is added: a straight edge stays
    /// straight, although the line it stood for would be curved in the other CRS, and an arc goes
    /// through its three positions. Nothing is cut at the antimeridian.
    ///
    /// # Errors
    ///
    /// As [`position`](Self::position), for the first position that fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::{Crs, Geometry};
    /// use tiepoint_spatial::transform::Transform;
    ///
    /// let to_mercator = Transform::new(&Crs::CRS84, &Crs::epsg(3857))?;
    /// let track = Geometry::from_wkt("LINESTRING Z (0 0 7,180 0 8)")?;
    /// let moved = to_mercator.geometry(&track)?.envelope().expect("is not empty");
    /// assert!((moved.max().x - 20_037_508.342_789).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Never: what comes out is as well-formed as what came in.
    pub fn geometry(&self, geometry: &Geometry) -> Result<Geometry, TransformError> {
        if self.is_identity() || geometry.is_empty() {
            return Ok(geometry.clone());
        }
        let mut wkb = geometry.as_wkb().to_vec();
        self.replace_in(geometry.as_wkb(), geometry.as_ref(), &mut wkb)?;
        Ok(Geometry::from_wkb(&wkb).expect("only finite x and y were replaced, equals by equals"))
    }

    /// Replaces the positions of `part`, which lies in `whole`, in a copy of `whole`.
    fn replace_in(
        &self,
        whole: &[u8],
        part: GeometryRef<'_>,
        copy: &mut [u8],
    ) -> Result<(), TransformError> {
        let mut replace = |run: Positions<'_>| {
            let bytes = run.as_bytes();
            if bytes.is_empty() {
                return Ok(());
            }
            let start = bytes.as_ptr().addr() - whole.as_ptr().addr();
            self.replace(run.dims().size(), &mut copy[start..start + bytes.len()])
        };
        match part.parts() {
            Parts::Positions(run) => replace(run),
            Parts::Rings(mut rings) => rings.try_for_each(replace),
            Parts::Members(mut members) => {
                members.try_for_each(|member| self.replace_in(whole, member, copy))
            }
        }
    }

    /// Replaces x and y in a run of positions of `size` little-endian doubles each.
    fn replace(&self, size: usize, run: &mut [u8]) -> Result<(), TransformError> {
        let Some(ends) = &self.plan.ends else { return Ok(()) };
        for chunk in run.as_chunks_mut::<8>().0.chunks_mut(batch::CHUNK * size) {
            let mut scratch = [(0.0, 0.0); batch::CHUNK];
            let scratch = &mut scratch[..chunk.len() / size];
            for (slot, at) in scratch.iter_mut().zip(chunk.chunks_exact(size)) {
                *slot = (f64::from_le_bytes(at[0]), f64::from_le_bytes(at[1]));
            }
            batch::convert(ends, scratch).map_err(|at| {
                let at = &chunk[at * size..];
                self.outside(Xy { x: f64::from_le_bytes(at[0]), y: f64::from_le_bytes(at[1]) })
            })?;
            for (at, (x, y)) in chunk.chunks_exact_mut(size).zip(scratch.iter()) {
                (at[0], at[1]) = (x.to_le_bytes(), y.to_le_bytes());
            }
        }
        Ok(())
    }
}
