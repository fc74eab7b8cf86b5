//! From one datum to another: longitudes and latitudes at height 0, moved with the axes of the
//! Earth and dropped onto the other ellipsoid.
//!
//! The way is that of PROJ: geocentric, through WGS 84 by the position vector transformations of
//! both datums (IOGP 373-7-2, sections 4.1.1 and 4.3.3), and geodetic again. Three things make it
//! twice as fast as `proj4rs`, which costs more on it than on many a projection: both
//! transformations are one matrix, the latitude comes by the closed form of Bowring (1976,
//! "Transformation from spatial to geographical coordinates", Survey Review 23), and the small
//! angles by which a place moves are computed rather than the large ones where it arrives, which
//! takes a short series in place of an arc tangent.
use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::datum::{Datum, Ellipsoid};

/// How far beyond a pole, as a part of the way to it, a latitude may be by rounding alone.
const POLE_SLACK: f64 = 1.001;

/// Up to this tangent the series of the arc tangent is exact: its first missing term is 1e-19 of
/// it.
const SMALL: f64 = 1e-3;

/// Nearer to the axis than this, as a part of the radius, a place is near a pole: 6 km.
const NEAR_THE_AXIS: f64 = 1e-3;

/// Nearer to the axis than this, as a part of the radius, a place has longitude 0, as in PROJ.
const ON_THE_AXIS: f64 = 1e-12;

/// The way from one datum to another.
pub(super) struct Shift {
    source: Ellipsoid,
    /// Rows of rotation and scale, and the translation in metres.
    rows: [[f64; 3]; 3],
    offset_m: [f64; 3],
    target: Latitudes,
}

/// Geodetic latitudes on an ellipsoid.
struct Latitudes {
    radius_m: f64,
    minor_m: f64,
    /// The radius times the squared eccentricity.
    radius_es_m: f64,
    /// The minor axis times the second squared eccentricity, `ep2`.
    minor_ep2_m: f64,
    half_ep2: f64,
    /// One by the square of both axes' product.
    per_area_square: f64,
}

impl Shift {
    /// None where places keep their longitudes and latitudes.
    pub(super) fn between(from: &Datum, to: &Datum) -> Option<Self> {
        if from.is_same(to) {
            return None;
        }
        let (there, back) = (from.helmert.rotation(), to.helmert.rotation());
        let column = |of: usize| [0, 1, 2].map(|row: usize| back[row][of]);
        let scale = from.helmert.scale / to.helmert.scale;
        let rows = [0, 1, 2].map(|row| {
            // the transpose of small rotations is their inverse
            let from_wgs84 = column(row);
            [0, 1, 2].map(|of: usize| dot(from_wgs84, there.map(|it| it[of])) * scale)
        });
        let (start, end) = (from.helmert.translation_m, to.helmert.translation_m);
        let apart = [0, 1, 2].map(|axis: usize| start[axis] - end[axis]);
        let offset_m = [0, 1, 2].map(|row| dot(column(row), apart) / to.helmert.scale);
        Some(Self { source: from.ellipsoid, rows, offset_m, target: Latitudes::on(to.ellipsoid) })
    }

    /// Moves longitudes and latitudes in radians, in place; none where one is beyond a pole.
    pub(super) fn apply(&self, places: &mut [(f64, f64)]) -> Option<()> {
        for (lon, lat) in places {
            let is_on_earth = lat.abs() <= FRAC_PI_2 * POLE_SLACK;
            if !is_on_earth {
                return None;
            }
            (*lon, *lat) = self.moved(*lon, lat.clamp(-FRAC_PI_2, FRAC_PI_2));
        }
        Some(())
    }

    #[inline]
    fn moved(&self, lon: f64, lat: f64) -> (f64, f64) {
        let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (lon.sin_cos(), lat.sin_cos());
        let Ellipsoid { radius_m, es } = self.source;
        let normal_m = radius_m / (1.0 - es * sin_lat * sin_lat).sqrt();
        let off_axis_m = normal_m * cos_lat;
        let start = [off_axis_m * cos_lon, off_axis_m * sin_lon, normal_m * (1.0 - es) * sin_lat];
        let ([to_x, to_y, to_z], [dx, dy, dz]) = (self.rows, self.offset_m);
        let (x, y, z) = (dot(to_x, start) + dx, dot(to_y, start) + dy, dot(to_z, start) + dz);

        // in the plane of the meridian that it leaves, and how far it moves out of it
        let (ahead, aside) = (x * cos_lon + y * sin_lon, y * cos_lon - x * sin_lon);
        let turn = aside / ahead;
        let off_axis_m = ahead * (1.0 + turn * turn * (0.5 - turn * turn * 0.125));
        let (up, out) = self.target.direction(off_axis_m, z);
        let rise = (up * cos_lat - out * sin_lat) / (out * cos_lat + up * sin_lat);
        let is_off_axis = ahead > self.target.radius_m * NEAR_THE_AXIS;
        if is_off_axis && turn.abs() < SMALL && rise.abs() < SMALL {
            (wrapped(lon + arc(turn)), lat + arc(rise))
        } else {
            self.arrival(x, y, z)
        }
    }

    /// Where a place near a pole arrives, whose longitude may change by any angle.
    #[cold]
    fn arrival(&self, x: f64, y: f64, z: f64) -> (f64, f64) {
        let off_axis_m = x.hypot(y);
        let is_on_axis = off_axis_m < self.target.radius_m * ON_THE_AXIS;
        let lon = if is_on_axis { 0.0 } else { y.atan2(x) };
        let (up, out) = self.target.direction(off_axis_m, z);
        (lon, up.atan2(out.abs()))
    }
}

impl Latitudes {
    fn on(Ellipsoid { radius_m, es }: Ellipsoid) -> Self {
        let (minor_m, ep2) = (radius_m * (1.0 - es).sqrt(), es / (1.0 - es));
        Self {
            radius_m,
            minor_m,
            radius_es_m: radius_m * es,
            minor_ep2_m: minor_m * ep2,
            half_ep2: ep2 / 2.0,
            per_area_square: (radius_m * minor_m).powi(-2),
        }
    }

    /// A vertical and a horizontal length whose quotient is the tangent of the latitude.
    ///
    /// Bowring's formula is exact when it starts from the parametric latitude, and off by its
    /// error's square. That of a place on the ellipsoid has the tangent `rise / run`; at height h
    /// the run is longer by ep2·h/a, to the first order. So up to 10 km from the ellipsoid the
    /// latitude is as true as rounding allows.
    #[inline]
    fn direction(&self, off_axis_m: f64, z: f64) -> (f64, f64) {
        let (rise, run) = (self.radius_m * z, self.minor_m * off_axis_m);
        let twice_height = (rise * rise + run * run) * self.per_area_square - 1.0;
        let run = run * (1.0 + self.half_ep2 * twice_height);
        let per_length = 1.0 / (rise * rise + run * run).sqrt();
        let (sin, cos) = (rise * per_length, run * per_length);
        let up = z + self.minor_ep2_m * (sin * sin * sin);
        (up, off_axis_m - self.radius_es_m * (cos * cos * cos))
    }
}

#[inline]
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The angle of a small tangent.
#[inline]
fn arc(tangent: f64) -> f64 {
    let square = tangent * tangent;
    tangent * (1.0 - square * (1.0 / 3.0 - square * 0.2))
}

/// A longitude between the antimeridians.
#[inline]
fn wrapped(lon: f64) -> f64 {
    if lon.abs() <= PI { lon } else { lon - TAU * (lon / TAU).round() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latitudes_come_out_at_any_height_that_a_shift_leads_to() {
        for es in [0.0, 0.006_694_38, 0.006_81] {
            let radius_m = 6_378_137.0;
            let latitudes = Latitudes::on(Ellipsoid { radius_m, es });
            for (step, height_m) in (-900..=900).flat_map(|step| {
                [-10_000.0, -900.0, 0.0, 1_000.0, 10_000.0].map(|height| (step, height))
            }) {
                let lat = (f64::from(step) / 10.0).to_radians();
                let normal_m = radius_m / (1.0 - es * lat.sin() * lat.sin()).sqrt();
                let off_axis_m = (normal_m + height_m) * lat.cos();
                let z = (normal_m * (1.0 - es) + height_m) * lat.sin();
                let (up, out) = latitudes.direction(off_axis_m, z);
                let found = up.atan2(out);
                assert!((found - lat).abs() < 1e-15, "{found} at {lat} and {height_m} m");
            }
        }
    }

    #[test]
    fn small_angles_and_turns_come_out_as_the_library_has_them() {
        for step in -1000..=1000 {
            let tangent = f64::from(step) * SMALL / 1000.0;
            assert!((arc(tangent) - tangent.atan()).abs() <= 1e-18, "{tangent}");
        }
        for (lon, expected) in
            [(3.0, 3.0), (PI, PI), (-PI, -PI), (4.0, 4.0 - TAU), (-9.0, TAU - 9.0)]
        {
            assert!((wrapped(lon) - expected).abs() < 1e-15, "{lon}");
        }
    }
}
