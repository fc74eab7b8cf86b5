//! The place on a geodesic that is nearest to another place, on the ellipsoid itself.
use std::f64::consts::PI;

use geographiclib_rs::{Geodesic, GeodesicLine, InverseGeodesic, geodesic_capability as caps};

use super::place::{Place, normal_lon};

const POSITION: u64 = caps::LATITUDE | caps::LONGITUDE | caps::AZIMUTH | caps::DISTANCE_IN;

/// Nearer than this, in metres, a place is on the line: a tenth of a micrometre.
pub(super) const TOUCHING_M: f64 = 1e-7;

/// What one more step would gain, in metres, that is not worth taking it.
const PRECISION_M: f64 = 1e-6;

/// A geodesic from one place to another.
pub(super) struct Track {
    line: GeodesicLine,
    pub(super) length: f64,
}

/// A place on a track, seen from the target.
#[derive(Debug, Clone, Copy)]
struct Sight {
    /// How far along the track, in metres.
    along: f64,
    /// How far from the target, in metres.
    distance: f64,
    /// The cosine of the angle between going on and going to the target: positive while the
    /// target is ahead.
    ahead: f64,
    /// The sine of it: positive while the target is to the right.
    right: f64,
}

impl Track {
    pub(super) fn new(geodesic: &Geodesic, from: Place, to: Place) -> Self {
        let (length, azimuth, _, _): (f64, f64, f64, f64) =
            geodesic.inverse(from.lat, from.lon, to.lat, to.lon);
        let (lat, lon) = (from.lat, from.lon);
        let line = GeodesicLine::new(geodesic, lat, lon, azimuth, Some(POSITION), None, None);
        Self { line, length }
    }

    fn at(&self, along: f64) -> (Place, f64) {
        let (_, lat, lon, azimuth, ..) = self.line._gen_position(false, along, POSITION);
        (Place { lon, lat }, azimuth)
    }

    /// The place this far along.
    pub(super) fn place(&self, along: f64) -> Place {
        let place = self.at(along).0;
        Place { lon: normal_lon(place.lon), lat: place.lat.clamp(-90.0, 90.0) }
    }

    fn sight(&self, geodesic: &Geodesic, along: f64, target: Place) -> Sight {
        let (place, heading) = self.at(along);
        let (distance, bearing, _, _): (f64, f64, f64, f64) =
            geodesic.inverse(place.lat, place.lon, target.lat, target.lon);
        let (right, ahead) = (bearing - heading).to_radians().sin_cos();
        Sight { along, distance, ahead, right }
    }

    /// The distance from `target` to the nearest place on the track; `share` of the way along is
    /// where to look first.
    ///
    /// The distance as a function of the way has the slope −cos γ, γ being the angle between track
    /// and target, so its minima inside the track are where `ahead` turns from positive to
    /// negative. Each step goes to where the minimum would be on a sphere, kept inside a bracket;
    /// what that misses shrinks with the flattening at each step (Baselga and Martínez-Llario
    /// 2018; Karney 2023, section 4, uses the same triangle).
    pub(super) fn distance(&self, geodesic: &Geodesic, target: Place, share: f64) -> f64 {
        let radius = geodesic.a;
        let first = self.sight(geodesic, share * self.length, target);
        // within a good quarter turn the distance has one minimum, unless the track is long
        if first.distance < 1.3 * radius && self.length < 0.05 * radius {
            let whole = (0.0, self.length);
            return self.minimum(geodesic, target, first, whole);
        }
        self.minimum_of_parts(geodesic, target)
    }

    fn minimum_of_parts(&self, geodesic: &Geodesic, target: Place) -> f64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8 to 1000")]
        let parts = (self.length / (0.005 * geodesic.a)).ceil().clamp(8.0, 1000.0) as u32;
        let end = |part: u32| self.length * f64::from(part) / f64::from(parts);
        let mut before = self.sight(geodesic, 0.0, target);
        let mut least = before.distance;
        for part in 1..=parts {
            let next = self.sight(geodesic, end(part), target);
            least = least.min(next.distance);
            if before.ahead > 0.0 && next.ahead < 0.0 {
                let bracket = (before.along, next.along);
                least = least.min(self.minimum(geodesic, target, before, bracket));
            }
            before = next;
        }
        least
    }

    /// The minimum in a bracket that holds one, from a first sight of it.
    fn minimum(
        &self,
        geodesic: &Geodesic,
        target: Place,
        first: Sight,
        (mut low, mut high): (f64, f64),
    ) -> f64 {
        let mut sight = first;
        let mut least = first.distance;
        let (mut low_seen, mut high_seen) = (false, false);
        for _ in 0..100 {
            if sight.ahead > 0.0 {
                (low, low_seen) = (sight.along, true);
            } else {
                (high, high_seen) = (sight.along, true);
            }
            let wanted = sight.along + sphere_step(&sight, geodesic.a);
            let next = match wanted {
                _ if wanted > high && !high_seen => high,
                _ if wanted < low && !low_seen => low,
                _ if wanted > high || wanted < low => low.midpoint(high),
                _ => wanted,
            };
            let gain = (next - sight.along) * sight.ahead;
            if gain.abs() < PRECISION_M || high - low < PRECISION_M {
                break;
            }
            sight = self.sight(geodesic, next, target);
            least = least.min(sight.distance);
        }
        if least < TOUCHING_M { 0.0 } else { least }
    }

    /// How far `target` is to the right of the track or its continuation, in metres; negative to
    /// the left. Only for targets less than a quarter turn away.
    pub(super) fn right(&self, geodesic: &Geodesic, target: Place, share: f64) -> f64 {
        let mut sight = self.sight(geodesic, share * self.length, target);
        for _ in 0..20 {
            let step = sphere_step(&sight, geodesic.a);
            if (step * sight.ahead).abs() < PRECISION_M && sight.ahead.abs() < 0.5 {
                break;
            }
            sight = self.sight(geodesic, sight.along + step, target);
        }
        sight.distance * sight.right
    }
}

/// The way to the nearest place, were the ellipsoid a sphere.
fn sphere_step(sight: &Sight, radius: f64) -> f64 {
    let angle = (sight.distance / radius).min(PI);
    radius * (angle.sin() * sight.ahead).atan2(angle.cos())
}
