//! Coordinates of one CRS in another, in pure Rust.
//!
//! [`Transform::new`] plans the way from one [`Crs`] to another, or says plainly why there is none.
//! Which EPSG codes are served is one table, [`served`]: each of them has been measured against
//! PROJ. The mathematics is that of the `proj4rs` crate, but for most shifts between datums, which
//! are computed here.
use std::fmt;
use std::sync::Arc;

use tiepoint_core::{Crs, Xy};

mod batch;
mod boxes;
mod datum;
mod definition;
mod error;
mod geometry;
mod meridians;
mod ring;
mod served;
mod shift;
mod side;

pub use error::{Refusal, TransformError};
pub use served::{ServedCodes, served};

use definition::Definition;
use side::Ends;

/// The way from one CRS to another. Cheap to clone; may be used from many threads.
///
/// Positions are x (easting or longitude) first on both sides. Longitudes and latitudes are in
/// degrees; a longitude that comes out is from -180 to 180, one that goes in may be up to a full
/// turn beyond. Eastings and northings are in the unit of their CRS: metres, feet, US survey feet.
/// A CRS whose own axes point west and south (EPSG:2053) keeps them so: x is its westing. Two CRSs of different datums are joined through
/// WGS 84, by the shift of three or seven parameters that each definition names, at height 0.
///
/// # What it does not know
///
/// * Grids (`NTv2`, NADCON, OSTN): a CRS that is good for nothing without one is refused. Where a
///   datum has a shift without a grid, such as OSGB36 (EPSG:27700), that shift is as good as its
///   publisher says: some metres, also when it agrees with PROJ to the millimetre.
/// * Time: the plates drift, ETRS89 and WGS 84 are taken for one, as EPSG does to a metre.
/// * Heights: z and m are kept, never changed.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Crs, Xy};
/// use tiepoint_spatial::transform::Transform;
///
/// let to_utm = Transform::new(&Crs::CRS84, &Crs::epsg(25832))?;
/// let munich = to_utm.position(Xy { x: 11.5755, y: 48.1374 })?;
/// assert!((munich.x - 691_603.03).abs() < 0.01 && (munich.y - 5_334_780.03).abs() < 0.01);
///
/// let refused = Transform::new(&Crs::UndefinedCartesian, &Crs::CRS84);
/// assert!(refused.is_err(), "nobody says where that plane lies");
/// # Ok::<(), tiepoint_spatial::transform::TransformError>(())
/// ```
#[derive(Clone)]
pub struct Transform {
    plan: Arc<Plan>,
}

struct Plan {
    from: Crs,
    to: Crs,
    /// None where the same numbers stand for the same places.
    ends: Option<Ends>,
}

impl Transform {
    /// Plans the way from `from` to `to`. Costs some microseconds.
    ///
    /// Two identities of one CRS ([`Crs::same_positions`]) need no definition and are always
    /// accepted, unless both are undefined.
    ///
    /// # Errors
    ///
    /// [`TransformError::Undefined`] where a CRS says of no place on Earth, and
    /// [`TransformError::Refused`] where we cannot say, or not well enough: an EPSG code that is
    /// not [`served`], a projection method or datum that nothing served has proven, a definition
    /// that cannot be read.
    pub fn new(from: &Crs, to: &Crs) -> Result<Self, TransformError> {
        if from.same_positions(to) {
            return Ok(Self::of(from, to, None));
        }
        let (from_side, to_side) = (Definition::of(from)?.side()?, Definition::of(to)?.side()?);
        Ok(Self::of(from, to, Some(Ends::new(from_side, to_side))))
    }

    fn of(from: &Crs, to: &Crs, ends: Option<Ends>) -> Self {
        Self { plan: Arc::new(Plan { from: from.clone(), to: to.clone(), ends }) }
    }

    /// Where positions come from.
    #[must_use]
    pub fn source(&self) -> &Crs {
        &self.plan.from
    }

    /// Where positions go to.
    #[must_use]
    pub fn target(&self) -> &Crs {
        &self.plan.to
    }

    /// Whether positions stay as they are, bit for bit.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.plan.ends.is_none()
    }

    /// One position.
    ///
    /// # Errors
    ///
    /// [`TransformError::OutsideDomain`] where there is no such position on Earth (a latitude
    /// beyond a pole), or the projection has no place for it (a pole in web Mercator).
    pub fn position(&self, position: Xy) -> Result<Xy, TransformError> {
        let mut positions = [position];
        self.positions(&mut positions)?;
        Ok(positions[0])
    }

    /// Many positions, in place: the fast way.
    ///
    /// # Errors
    ///
    /// As [`position`](Self::position), for the first that fails; those before it may or may not
    /// have been replaced.
    pub fn positions(&self, positions: &mut [Xy]) -> Result<(), TransformError> {
        let Some(ends) = &self.plan.ends else { return Ok(()) };
        for chunk in positions.chunks_mut(batch::CHUNK) {
            let mut scratch = [(0.0, 0.0); batch::CHUNK];
            let scratch = &mut scratch[..chunk.len()];
            for (slot, at) in scratch.iter_mut().zip(chunk.iter()) {
                *slot = (at.x, at.y);
            }
            batch::convert(ends, scratch).map_err(|at| self.outside(chunk[at]))?;
            for (at, (x, y)) in chunk.iter_mut().zip(scratch.iter()) {
                *at = Xy { x: *x, y: *y };
            }
        }
        Ok(())
    }

    #[cold]
    fn outside(&self, position: Xy) -> TransformError {
        let (from, to) = (self.plan.from.clone(), self.plan.to.clone());
        TransformError::OutsideDomain { position, from, to }
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transform({} to {})", self.plan.from, self.plan.to)
    }
}

#[cfg(test)]
mod shift_tests;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
