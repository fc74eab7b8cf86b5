//! What to ask an index of envelopes for everything near a geometry on the ellipsoid.
use std::f64::consts::{FRAC_PI_2, PI};

use geographiclib_rs::Geodesic;
use tiepoint_core::{Envelope, Xy};

use super::place::normal_lon;
use super::region::{Region, geographic};
use crate::measure::search::SearchBox;

/// Geometries this wide, in degrees, may go round a pole or over the antimeridian the other way
/// than their envelope does.
pub(super) const GIANT_DEG: f64 = 170.0;

/// Boxes that every geometry within `limit` metres of something in `region` meets one of.
pub(super) fn boxes(region: &Region, limit: f64, geodesic: &Geodesic) -> Vec<SearchBox> {
    if limit.is_nan() || limit < 0.0 {
        return Vec::new();
    }
    let reach = ((limit + super::SLACK_M) / geodesic._b).min(PI) + 1e-12;
    // edges of envelopes up to this width bend by a fiftieth of the reach at most
    let narrow = (0.32 * reach).sqrt().clamp(0.000_3, FRAC_PI_2);
    let lons = lons_within(region, reach);
    let lats = unbent([region.south - reach, region.north + reach], narrow, geodesic);
    let lats = lats.map(|lat| geographic(lat.clamp(-FRAC_PI_2, FRAC_PI_2), geodesic));
    let mut boxes = Vec::new();
    let mut ask = |[south, north]: [f64; 2], lons: &[[f64; 2]], wider_than: Option<f64>| {
        for [west, east] in lons {
            let corners = [Xy { x: *west, y: south }, Xy { x: *east, y: north }];
            if let Ok(Some(envelope)) = Envelope::of(corners) {
                boxes.push(SearchBox { envelope, wider_than });
            }
        }
    };
    ask([widened(lats[0], -1.0), widened(lats[1], 1.0)], &lons, None);
    ask([-90.0, 90.0], &lons, Some(narrow.to_degrees() * (1.0 - 1e-9)));
    ask([-90.0, 90.0], &[[-180.0; 2], [0.0; 2], [180.0; 2]], Some(GIANT_DEG * (1.0 - 1e-9)));
    boxes
}

fn widened(lat: f64, sign: f64) -> f64 {
    (lat + sign * 1e-10).clamp(-90.0, 90.0)
}

/// The latitudes in which an envelope `width` radians wide has a part, if an edge in it reaches
/// the given ones.
fn unbent([south, north]: [f64; 2], width: f64, geodesic: &Geodesic) -> [f64; 2] {
    let cos = (width / 2.0 / geodesic._f1 + 1e-12).cos();
    let unbend = |lat: f64| (lat.sin() * cos).atan2(lat.cos().max(0.0));
    let inside = |lat: f64| lat.clamp(-FRAC_PI_2, FRAC_PI_2);
    let (south, north) = (inside(south), inside(north));
    [
        if south > 0.0 { unbend(south) } else { south },
        if north < 0.0 { unbend(north) } else { north },
    ]
}

/// Intervals within [-360, 360] of all longitudes within `reach` radians of the region, each
/// meridian by all its numbers.
fn lons_within(region: &Region, reach: f64) -> Vec<[f64; 2]> {
    let highest = region.south.abs().max(region.north.abs());
    let half = if highest + reach >= FRAC_PI_2 - 1e-9 {
        PI
    } else {
        (reach.sin() / highest.cos()).min(1.0).asin() + 1e-12
    };
    let width = (region.width + 2.0 * half).to_degrees();
    if width >= 360.0 {
        return vec![[-360.0, 360.0]];
    }
    let west = normal_lon((region.west - half).to_degrees());
    // as envelopes spell it: within [-180, 180], or running on to 360 either way
    let shifts = [0.0, -360.0, 360.0].into_iter();
    let shifted = shifts.map(|shift| [west + shift, west + shift + width]);
    let met = shifted.filter(|[west, east]| *west <= 360.0 && *east >= -360.0);
    met.map(|[west, east]| [west.max(-360.0) - 1e-10, east.min(360.0) + 1e-10]).collect()
}
