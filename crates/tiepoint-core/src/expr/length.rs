//! Lengths with their units, so that metres cannot be degrees.

/// A length in metres: on the ellipsoid where the CRS is geographic, else along the CRS's axes.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Metres(pub f64);

/// A length in the units of a CRS that is not geographic.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct CrsUnits(pub f64);

/// A length with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// So many metres.
    Metres(Metres),
    /// So many units of the CRS.
    CrsUnits(CrsUnits),
}

/// What a length is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthUnit {
    /// Metres.
    Metre,
    /// Whatever the CRS counts in; never degrees.
    CrsUnit,
}

impl Length {
    /// The bare number and its unit.
    #[must_use]
    pub fn split(self) -> (f64, LengthUnit) {
        match self {
            Self::Metres(Metres(number)) => (number, LengthUnit::Metre),
            Self::CrsUnits(CrsUnits(number)) => (number, LengthUnit::CrsUnit),
        }
    }
}

impl LengthUnit {
    /// Its name in texts: `m` or `crs`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Metre => "m",
            Self::CrsUnit => "crs",
        }
    }
}

impl From<Metres> for Length {
    fn from(length: Metres) -> Self {
        Self::Metres(length)
    }
}

impl From<CrsUnits> for Length {
    fn from(length: CrsUnits) -> Self {
        Self::CrsUnits(length)
    }
}
