//! Why positions cannot be had in another CRS.
use std::fmt;

use tiepoint_core::{BoxError, Crs, ErrorKind, Xy};

/// Why a transform, or a position of it, cannot be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransformError {
    /// The CRS is undefined: its numbers stand for no place that we know.
    #[error("positions in the {crs} cannot be transformed: nobody says where on Earth they are")]
    Undefined {
        /// Which of the two.
        crs: Crs,
    },
    /// We cannot transform from or to this CRS, or not well enough.
    #[error("cannot transform from or to `{crs}`: {refusal}")]
    Refused {
        /// The CRS.
        crs: Crs,
        /// What is in the way.
        refusal: Refusal,
    },
    /// This position does not exist on one side.
    #[error(
        "the position ({}, {}) of `{from}` has no place in `{to}`: it lies outside of what one of them can hold",
        position.x, position.y
    )]
    OutsideDomain {
        /// The position as it was to be transformed.
        position: Xy,
        /// The CRS it is in.
        from: Crs,
        /// The CRS it was to go to.
        to: Crs,
    },
    /// Four numbers that make no box.
    #[error(transparent)]
    Box(#[from] BoxError),
}

/// What is in the way of transforming from or to a CRS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// An EPSG code that we have no definition of.
    UnknownCode,
    /// An EPSG code that we have a definition of, which is not good enough: computed from it,
    /// positions are more than 1 cm off those of PROJ somewhere in its area of use, or cannot be
    /// compared.
    NotServed,
    /// An EPSG code whose datum is joined to WGS 84 by one shift in one region and by another in
    /// the next, so that no single one is within 1 cm of PROJ.
    ByRegion,
    /// A datum that is only joined to WGS 84 by a grid.
    NeedsGrid {
        /// The grid or grids, as the definition names them.
        grid: String,
    },
    /// A definition that does not say how its datum lies to WGS 84.
    NoDatumShift,
    /// A registry other than EPSG's.
    OtherAuthority,
    /// WKT that names no EPSG code, and holds no PROJ string.
    PlainWkt,
    /// A projection method that no served code uses.
    Method {
        /// The method, as the PROJ string names it.
        name: String,
    },
    /// A PROJ string that cannot be read.
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
}

impl TransformError {
    /// Whose move it is; see [`ErrorKind`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Undefined { .. } | Self::OutsideDomain { .. } | Self::Box(_) => {
                ErrorKind::Invalid
            }
            Self::Refused { refusal: Refusal::Unreadable { .. }, .. } => ErrorKind::Invalid,
            Self::Refused { .. } => ErrorKind::Unsupported,
        }
    }

    /// What the user can do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Refused { refusal, .. } = self else { return None };
        match refusal {
            Refusal::UnknownCode | Refusal::NotServed | Refusal::NeedsGrid { .. } => Some(
                "transform the data with a tool that has grids (ogr2ogr, QGIS, PostGIS), or, where a few metres do not matter, define the CRS by a PROJ string with +towgs84",
            ),
            Refusal::ByRegion => Some(
                "define the CRS by a PROJ string with the +towgs84 of your region, as EPSG's registry lists it",
            ),
            Refusal::NoDatumShift => {
                Some("add +towgs84=dx,dy,dz[,rx,ry,rz,s]; +towgs84=0,0,0 takes it for WGS 84")
            }
            Refusal::OtherAuthority | Refusal::PlainWkt => {
                Some("name the CRS by an EPSG code or define it by a PROJ string")
            }
            Refusal::Method { .. } | Refusal::Unreadable { .. } => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCode => f.write_str("no definition of this code is known here"),
            Self::NotServed => f.write_str(
                "what we would compute has not been found within 1 cm of PROJ in its whole area of use",
            ),
            Self::ByRegion => f.write_str(
                "its datum is joined to WGS 84 by different shifts in different regions",
            ),
            Self::NeedsGrid { grid } => write!(f, "its datum needs the grid `{grid}`"),
            Self::NoDatumShift => {
                f.write_str("its definition does not say how its datum lies to WGS 84")
            }
            Self::OtherAuthority => f.write_str("only codes of EPSG's registry are known here"),
            Self::PlainWkt => f.write_str("its WKT names no EPSG code and holds no PROJ string"),
            Self::Method { name } => {
                write!(f, "the projection method `{name}` has not been proven here")
            }
            Self::Unreadable { reason } => write!(f, "its definition cannot be read: {reason}"),
        }
    }
}
