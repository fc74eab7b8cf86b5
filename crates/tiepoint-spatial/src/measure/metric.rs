//! Which geometry distances are taken in: the plane of the coordinates, or an ellipsoid.
use tiepoint_core::{Crs, ErrorKind};

use super::definition;
use super::ellipsoid::{BadEllipsoid, Ellipsoid};

/// How lengths, areas and distances of a layer are measured.
///
/// ```
/// use tiepoint_core::Crs;
/// use tiepoint_spatial::measure::{Ellipsoid, Metric};
///
/// assert_eq!(Metric::of(&Crs::epsg(25832))?, Metric::Planar, "the CRS's own units");
/// assert_eq!(Metric::of(&Crs::CRS84)?, Metric::Geodesic(Ellipsoid::WGS84), "metres");
/// assert!(Metric::of(&Crs::epsg(4807)).is_err(), "grads");
/// # Ok::<(), tiepoint_spatial::measure::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Straight lines in the plane of the coordinates. Units are those of the CRS.
    Planar,
    /// Geodesics on this ellipsoid between longitudes and latitudes in degrees. Units are metres.
    Geodesic(Ellipsoid),
}

/// Why a CRS cannot be measured in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// Longitudes and latitudes in grads, radians or the like.
    #[error(
        "coordinates in {crs} are in {unit}, and we measure longitudes and latitudes in degrees only\nhint: transform to a CRS in degrees or metres first"
    )]
    AngularUnit {
        /// The CRS.
        crs: String,
        /// Its unit, as its definition names it.
        unit: String,
    },
    /// Coordinates in space, from the centre of the Earth.
    #[error(
        "{crs} is geocentric: its x and y alone say nothing about distances\nhint: transform to a geographic or projected CRS first"
    )]
    Geocentric {
        /// The CRS.
        crs: String,
    },
    /// A geographic CRS whose definition tells no ellipsoid that we can read.
    #[error(
        "the definition of {crs} names no ellipsoid that we know\nhint: give +a and +rf, or WKT with an ELLIPSOID"
    )]
    NoEllipsoid {
        /// The CRS.
        crs: String,
    },
    /// A geographic CRS on an ellipsoid too odd to measure on.
    #[error("{crs} cannot be measured in")]
    BadEllipsoid {
        /// The CRS.
        crs: String,
        /// What is wrong with it.
        #[source]
        source: BadEllipsoid,
    },
}

impl MetricError {
    /// Whose move it is: the request is fine, we do not do that.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Unsupported
    }
}

impl Metric {
    /// How coordinates in `crs` are measured: geodesic where they are longitudes and latitudes,
    /// also below a vertical CRS; planar everywhere else, and where we know nothing of the CRS.
    ///
    /// The ellipsoid is read from the CRS's definition; which meridian longitudes count from
    /// makes no difference. [`Crs::UndefinedGeographic`] counts as WGS 84.
    ///
    /// # Errors
    ///
    /// [`MetricError`] for a geographic CRS in other units than degrees, one without a readable
    /// ellipsoid, and a geocentric CRS; each names the CRS and what to do.
    pub fn of(crs: &Crs) -> Result<Self, MetricError> {
        match crs {
            Crs::CRS84 | Crs::UndefinedGeographic | Crs::Epsg(4326) => {
                Ok(Self::Geodesic(Ellipsoid::WGS84))
            }
            Crs::UndefinedCartesian => Ok(Self::Planar),
            Crs::Proj(proj) => definition::of_proj(crs, proj),
            _ => crs.wkt().map_or(Ok(Self::Planar), |wkt| definition::of_wkt(crs, wkt)),
        }
    }

    /// What lengths and distances are counted in: `m`, or `CRS units`.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Planar => "CRS units",
            Self::Geodesic(_) => "m",
        }
    }
}
