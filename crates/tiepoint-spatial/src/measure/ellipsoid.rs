//! The ellipsoid that geodesics run on.
use geographiclib_rs::Geodesic;

/// An ellipsoid of revolution, a little flattened or not at all, in metres.
///
/// ```
/// use tiepoint_spatial::measure::Ellipsoid;
///
/// let grs80 = Ellipsoid::new(6_378_137.0, 298.257_222_101)?;
/// assert!((grs80.polar_radius_m() - 6_356_752.314_140).abs() < 1e-6);
/// assert!(Ellipsoid::new(0.0, 298.0).is_err());
/// # Ok::<(), tiepoint_spatial::measure::BadEllipsoid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipsoid {
    equatorial_radius_m: f64,
    flattening: f64,
}

/// An ellipsoid that geodesics cannot be computed on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "an ellipsoid with equatorial radius {equatorial_radius_m} m and inverse flattening {inverse_flattening} is none that we measure on: the radius must be positive, the flattening between 0 and 1/50"
)]
pub struct BadEllipsoid {
    equatorial_radius_m: f64,
    inverse_flattening: f64,
}

impl Ellipsoid {
    /// WGS 84: what GPS, GeoJSON and web maps are on.
    pub const WGS84: Self =
        Self { equatorial_radius_m: 6_378_137.0, flattening: 1.0 / 298.257_223_563 };

    /// Bodies less flat than this are measured to a millimetre (Earth: 1/298, Mars: 1/170).
    const MAX_FLATTENING: f64 = 1.0 / 50.0;

    /// The ellipsoid with this equatorial radius in metres and inverse flattening; as in WKT, an
    /// inverse flattening of 0 stands for a sphere.
    ///
    /// # Errors
    ///
    /// [`BadEllipsoid`] where the radius is not a number from 1 m to 1e12 m, or the body is
    /// stretched along its axis or flatter than 1/50: geodesics there are not known to a
    /// millimetre by the series that we use.
    pub fn new(equatorial_radius_m: f64, inverse_flattening: f64) -> Result<Self, BadEllipsoid> {
        let flattening = if inverse_flattening == 0.0 { 0.0 } else { inverse_flattening.recip() };
        let sound = (1.0..=1e12).contains(&equatorial_radius_m)
            && (0.0..=Self::MAX_FLATTENING).contains(&flattening);
        if sound {
            Ok(Self { equatorial_radius_m, flattening })
        } else {
            Err(BadEllipsoid { equatorial_radius_m, inverse_flattening })
        }
    }

    /// The radius of the equator, in metres.
    #[must_use]
    pub fn equatorial_radius_m(&self) -> f64 {
        self.equatorial_radius_m
    }

    /// The distance from the centre to a pole, in metres.
    #[must_use]
    pub fn polar_radius_m(&self) -> f64 {
        self.equatorial_radius_m * (1.0 - self.flattening)
    }

    /// The difference of the two radii as a share of the equatorial one.
    #[must_use]
    pub fn flattening(&self) -> f64 {
        self.flattening
    }

    /// What solves geodesics on it (Karney 2013).
    pub(super) fn geodesic(&self) -> Geodesic {
        if *self == Self::WGS84 {
            Geodesic::wgs84()
        } else {
            Geodesic::new(self.equatorial_radius_m, self.flattening)
        }
    }
}
