//! One end of a transform: a projection that is ready to compute, and the units it is asked in.
use proj4rs::Proj;
use proj4rs::transform::transform;

/// How far from its false origin a plane position may lie before it is on no map, in metres.
pub(super) const REACH_M: f64 = 1e9;

/// The same for a transverse Mercator projection: once around by way of both poles, and the way to
/// the equator. Beyond, its inverse would start again at the other end.
const MERIDIAN_REACH_M: f64 = 3.1e7;

/// A CRS that is ready to compute.
#[derive(Clone)]
pub(super) struct Side {
    pub(super) proj: Proj,
    pub(super) unit: Unit,
}

/// What numbers count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    /// Longitudes and latitudes, and how many degrees one of them is.
    Angle { degrees: f64 },
    /// Eastings and northings, and how far from zero they may be.
    Length { reach: f64 },
}

/// Both sides of a transform.
pub(super) struct Ends {
    pub(super) from: Side,
    pub(super) to: Side,
    /// Whether longitudes and latitudes of both are the same, in degrees: only turned, perhaps.
    pub(super) same_degrees: bool,
}

impl Ends {
    pub(super) fn new(from: Side, to: Side) -> Self {
        let same_degrees = is_same_degrees(&from, &to);
        Self { from, to, same_degrees }
    }
}

/// Tried on a few, which come out bit for bit where nothing is computed.
fn is_same_degrees(from: &Side, to: &Side) -> bool {
    let in_degrees = Unit::Angle { degrees: 1.0 };
    if from.unit != in_degrees || to.unit != in_degrees {
        return false;
    }
    let places = [(0.0, 0.0), (1.0, 0.5), (-2.0, -1.0), (3.0, 1.5)];
    let mut moved = places;
    transform(&from.proj, &to.proj, moved.as_mut_slice()).is_ok() && moved == places
}

impl Side {
    pub(super) fn new(proj: Proj, degrees: f64) -> Self {
        let unit = if proj.is_latlong() {
            Unit::Angle { degrees }
        } else {
            let is_meridional = matches!(proj.projname(), "tmerc" | "utm" | "etmerc");
            let reach_m = if is_meridional { MERIDIAN_REACH_M } else { REACH_M };
            let offset_m = proj.false_easting().abs().max(proj.false_northing().abs());
            Unit::Length { reach: (reach_m + offset_m) / proj.to_meter() }
        };
        Self { proj, unit }
    }

    /// How many degrees one is; 1 where coordinates are no angles.
    pub(super) fn degrees(&self) -> f64 {
        match self.unit {
            Unit::Angle { degrees } => degrees,
            Unit::Length { .. } => 1.0,
        }
    }

    pub(super) fn is_geographic(&self) -> bool {
        self.proj.is_latlong()
    }

    /// The meridian, in degrees from Greenwich and from -180 to 180, where the plane is cut open:
    /// the one opposite to the central meridian.
    pub(super) fn cut_deg(&self) -> f64 {
        let opposite = self.proj.longitude_of_origin() + self.proj.from_greenwich();
        turned(opposite.to_degrees() + 180.0)
    }
}

/// A longitude in degrees, turned into -180 to 180; both of these stay.
#[inline]
pub(super) fn turned(lon: f64) -> f64 {
    if lon.abs() <= 180.0 {
        lon
    } else if lon.abs() <= 180.0 + 1e-10 {
        180f64.copysign(lon) // an overshoot by rounding, not a crossing
    } else {
        (lon + 180.0).rem_euclid(360.0) - 180.0
    }
}
