//! Places on the ellipsoid, and what counts as one.
use tiepoint_core::Xy;

/// A longitude in [-180, 180) and a latitude in [-90, 90], in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::measure) struct Place {
    pub(in crate::measure) lon: f64,
    pub(in crate::measure) lat: f64,
}

impl Place {
    /// The place of coordinates; none beyond a pole, or more than one turn out.
    #[inline]
    pub(in crate::measure) fn of(xy: Xy) -> Option<Self> {
        let on_it = xy.x.abs() <= 360.0 && xy.y.abs() <= 90.0;
        on_it.then(|| Self { lon: normal_lon(xy.x), lat: xy.y })
    }
}

/// The same meridian within [-180, 180), for longitudes within [-540, 540).
#[inline]
pub(in crate::measure) fn normal_lon(lon: f64) -> f64 {
    if lon >= 180.0 {
        lon - 360.0
    } else if lon < -180.0 {
        lon + 360.0
    } else {
        lon
    }
}

/// How far east it is the shorter way, in degrees; half a turn counts as eastward, as it does for
/// the solver that areas come from.
#[inline]
pub(in crate::measure) fn lon_step(from: f64, to: f64) -> f64 {
    let step = to - from;
    if step > 180.0 {
        step - 360.0
    } else if step <= -180.0 {
        step + 360.0
    } else {
        step
    }
}
