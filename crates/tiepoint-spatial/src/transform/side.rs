//! One end of a transform: a projection that is ready to compute, and the units it is asked in.
use std::sync::LazyLock;

use proj4rs::Proj;
use proj4rs::transform::transform;

use super::datum::Datum;
use super::shift::Shift;

/// How far from its false origin a plane position may lie before it is on no map, in metres.
const REACH_M: f64 = 1e9;

/// The same for a transverse Mercator projection: once around by way of both poles, and the way to
/// the equator. Beyond, its inverse would start again at the other end.
const MERIDIAN_REACH_M: f64 = 3.1e7;

/// As far as two ways of computing a longitude or latitude may come out apart: 60 nanometres.
const NEAR_RAD: f64 = 1e-14;

/// A CRS that is ready to compute.
#[derive(Clone)]
pub(super) struct Side {
    pub(super) proj: Proj,
    pub(super) unit: Unit,
    /// How it lies to WGS 84, where that is known without grids.
    pub(super) datum: Option<Datum>,
}

/// What numbers count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    /// Longitudes and latitudes in degrees.
    Degrees,
    /// Eastings and northings, and how far from zero they may be.
    Length { reach: f64 },
}

/// Both sides of a transform.
pub(super) struct Ends {
    pub(super) from: Side,
    pub(super) to: Side,
    /// Whether longitudes and latitudes of both are the same: only turned, perhaps.
    pub(super) same_angles: bool,
    /// The shift between their datums, where it is one that we compute ourselves.
    pub(super) shift: Option<Shift>,
}

/// Longitudes and latitudes in radians, from Greenwich, of no datum: a stop on the way where
/// `proj4rs` shifts nothing.
static ANGLES: LazyLock<Proj> =
    LazyLock::new(|| Proj::from_proj_string("+proj=longlat +ellps=WGS84").expect("is well-formed"));

impl Ends {
    pub(super) fn new(from: Side, to: Side) -> Self {
        let same_angles = is_same_angles(&from, &to);
        let shift = shift_between(&from, &to);
        Self { from, to, same_angles, shift }
    }

    /// Converts positions in radians or in the unit of a plane; none where one has no place.
    pub(super) fn convert(&self, positions: &mut [(f64, f64)]) -> Option<()> {
        convert(&self.from.proj, self.shift.as_ref(), &self.to.proj, positions)
    }
}

fn convert(
    from: &Proj,
    shift: Option<&Shift>,
    to: &Proj,
    positions: &mut [(f64, f64)],
) -> Option<()> {
    let Some(shift) = shift else { return transform(from, to, positions).ok() };
    transform(from, &ANGLES, positions).ok()?;
    shift.apply(positions)?;
    transform(&ANGLES, to, positions).ok()
}

/// The shift between two datums, if it does what `proj4rs` does. That is tried at a few places, as
/// users may write what we read otherwise, or shifts that lead away from the ellipsoid.
fn shift_between(from: &Side, to: &Side) -> Option<Shift> {
    let (from, to) = from.datum.as_ref().zip(to.datum.as_ref())?;
    let shift = Shift::between(from, to)?;
    let places = [-2.3, -0.8, 0.1, 1.6].map(|lon| [-1.4, -0.7, 0.0, 0.8].map(|lat| (lon, lat)));
    let (mut ours, mut theirs) = (places, places);
    let (ours, theirs) = (ours.as_flattened_mut(), theirs.as_flattened_mut());
    convert(&from.geographic, Some(&shift), &to.geographic, ours)?;
    convert(&from.geographic, None, &to.geographic, theirs)?;
    let is_near = |(one, other): (&(f64, f64), &(f64, f64))| {
        (one.0 - other.0).abs() <= NEAR_RAD && (one.1 - other.1).abs() <= NEAR_RAD
    };
    ours.iter().zip(theirs.iter()).all(is_near).then_some(shift)
}

/// Tried on a few, which come out bit for bit where nothing is computed.
fn is_same_angles(from: &Side, to: &Side) -> bool {
    if !from.is_geographic() || !to.is_geographic() {
        return false;
    }
    let places = [(0.0, 0.0), (1.0, 0.5), (-2.0, -1.0), (3.0, 1.5)];
    let mut moved = places;
    transform(&from.proj, &to.proj, moved.as_mut_slice()).is_ok() && moved == places
}

impl Side {
    /// None where lengths are none: an offset or a unit that is not finite, or a unit of nothing.
    pub(super) fn new(proj: Proj, datum: Option<Datum>) -> Option<Self> {
        let unit = if proj.is_latlong() {
            Unit::Degrees
        } else {
            let is_meridional = matches!(proj.projname(), "tmerc" | "utm" | "etmerc");
            let reach_m = if is_meridional { MERIDIAN_REACH_M } else { REACH_M };
            let offset_m = proj.false_easting().abs() + proj.false_northing().abs();
            let reach = (reach_m + offset_m) / proj.to_meter();
            (reach.is_finite() && reach > 0.0).then_some(Unit::Length { reach })?
        };
        Some(Self { proj, unit, datum })
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
