//! Latitudes and longitudes that hold a geometry, for bounds that cost next to nothing.
use geographiclib_rs::Geodesic;
use tiepoint_core::Envelope;

use super::place::{lon_step, normal_lon};
use super::shape::Shape;

/// A band of parametric latitudes and an interval of longitudes, all in radians.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    pub(super) south: f64,
    pub(super) north: f64,
    /// Within [-π, π].
    pub(super) west: f64,
    /// Eastward from there, up to 2π.
    pub(super) width: f64,
    /// The same latitudes, geographic, in degrees.
    south_deg: f64,
    north_deg: f64,
    west_deg: f64,
    width_deg: f64,
    /// A cosine not above that of any latitude in the band.
    cos: f64,
}

impl Region {
    pub(super) fn of(shape: &Shape, geodesic: &Geodesic) -> Self {
        let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut spans = Vec::with_capacity(shape.pieces.len());
        for piece in &shape.pieces {
            let [from, to] = shape.ends(*piece).map(|end| end.place);
            let step = lon_step(from.lon, to.lon);
            spans.push((if step < 0.0 { to.lon } else { from.lon }, step.abs()));
            let (low, high) = (from.lat.min(to.lat), from.lat.max(to.lat));
            let [low, high] = [low, high].map(|lat| parametric(lat, geodesic));
            let bent = bent(low, high, step.abs(), geodesic);
            (south, north) = (south.min(bent[0]), north.max(bent[1]));
        }
        let (mut west, mut width) = covering(&mut spans);
        for pole in poles_inside(shape, geodesic) {
            (south, north) = (south.min(pole), north.max(pole));
            (west, width) = (-180.0, 360.0);
        }
        Self::new([south, north], [west, width], geodesic)
    }

    fn new([south, north]: [f64; 2], [west, width]: [f64; 2], geodesic: &Geodesic) -> Self {
        Self {
            south,
            north,
            west: west.to_radians(),
            width: width.to_radians(),
            south_deg: geographic(south, geodesic),
            north_deg: geographic(north, geodesic),
            west_deg: west,
            width_deg: width,
            cos: south.abs().max(north.abs()).cos().max(0.0),
        }
    }

    /// Whether everything in `envelope` is farther than `limit` metres, as far as a few
    /// multiplications can tell.
    #[inline]
    pub(super) fn is_farther(&self, envelope: &Envelope, limit: f64, geodesic: &Geodesic) -> bool {
        let (min, max) = (envelope.min(), envelope.max());
        let width = max.x - min.x;
        if width > 10.0 {
            return self.lower_bound(envelope, geodesic) > limit;
        }
        // what `bent` comes to at most, in degrees, for such widths
        let bend = 0.0012 * width * width;
        let lat_gap = (min.y - self.north_deg).max(self.south_deg - max.y) - bend;
        // a degree of latitude is nowhere shorter than at the equator: b²/a
        let lat_m = lat_gap.to_radians() * geodesic._b * geodesic._f1;
        if lat_m > limit + super::SLACK_M {
            return true;
        }
        let lon_gap = self.lon_gap_deg(min.x, width).to_radians();
        geodesic._b * self.cos * sine_below(lon_gap) > limit + super::SLACK_M
    }

    /// A bound in metres that no geometry in `envelope` is nearer than. Its edges are geodesics,
    /// and so may leave the envelope towards a pole: how far follows from its width.
    pub(super) fn lower_bound(&self, envelope: &Envelope, geodesic: &Geodesic) -> f64 {
        let (min, max) = (envelope.min(), envelope.max());
        let width = max.x - min.x;
        if width >= super::search::GIANT_DEG || min.x < -360.0 || max.x > 360.0 {
            return 0.0;
        }
        let [south, north] = [min.y, max.y].map(|lat| parametric(lat.clamp(-90.0, 90.0), geodesic));
        let [south, north] = bent(south, north, width, geodesic);
        let lat_gap = (south - self.north).max(self.south - north).max(0.0);
        let lon_gap = self.lon_gap_deg(min.x, width).to_radians();
        let cos = self.cos.max(south.abs().max(north.abs()).cos());
        let lon_angle = (cos * lon_gap.min(std::f64::consts::FRAC_PI_2).sin()).asin();
        (geodesic._b * lat_gap.max(lon_angle) * (1.0 - 1e-12) - super::SLACK_M).max(0.0)
    }

    /// The degrees of longitude between this and an interval, the shorter way.
    #[inline]
    fn lon_gap_deg(&self, west: f64, width: f64) -> f64 {
        let mut ahead = normal_lon(west) - self.west_deg;
        if ahead < 0.0 {
            ahead += 360.0;
        }
        let east_gap = ahead - self.width_deg;
        let west_gap = 360.0 - ahead - width;
        east_gap.min(west_gap).max(0.0)
    }
}

/// A number not above the sine of an angle from 0 to π/2, nor above 1 beyond.
#[inline]
fn sine_below(angle: f64) -> f64 {
    let angle = angle.min(std::f64::consts::FRAC_PI_2);
    angle * (1.0 - angle * angle / 6.0)
}

/// The parametric latitude, in radians, of a geographic one in degrees.
pub(super) fn parametric(lat_deg: f64, geodesic: &Geodesic) -> f64 {
    let (sin, cos) = lat_deg.to_radians().sin_cos();
    (geodesic._f1 * sin).atan2(cos)
}

/// The geographic latitude, in degrees, of a parametric one in radians.
pub(super) fn geographic(lat: f64, geodesic: &Geodesic) -> f64 {
    let (sin, cos) = lat.sin_cos();
    sin.atan2(geodesic._f1 * cos).to_degrees().clamp(-90.0, 90.0)
}

/// The latitudes of all geodesics between places within latitudes and `width` degrees of longitude.
///
/// A geodesic is an arc of a great circle over parametric latitude and an auxiliary longitude,
/// which differs from the longitude by less than the flattening of it. An arc between latitudes
/// below β and w apart stays below atan(tan β / cos(w/2)).
pub(super) fn bent(south: f64, north: f64, width: f64, geodesic: &Geodesic) -> [f64; 2] {
    let half = (width / 2.0).to_radians() / geodesic._f1 + 1e-12;
    if half >= 1.57 {
        return [-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2];
    }
    let bend = |lat: f64| lat.sin().atan2(lat.cos().max(0.0) * half.cos());
    let [south, north] = [
        if south < 0.0 { bend(south) } else { south },
        if north > 0.0 { bend(north) } else { north },
    ];
    [south - 1e-12, north + 1e-12]
}

/// The shortest interval of longitudes that holds all intervals: its west and its width.
fn covering(spans: &mut [(f64, f64)]) -> (f64, f64) {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(first) = spans.first() else { return (-180.0, 360.0) };
    // the widest gap, east of what has been seen so far
    let (mut end, mut gap, mut after_gap) = (first.0, 0.0, first.0);
    let start = first.0;
    for (west, width) in spans.iter() {
        if west - end > gap {
            (gap, after_gap) = (west - end, *west);
        }
        end = end.max(west + width);
    }
    // what reaches over the antimeridian covers the start of the list again
    let last_gap = start + 360.0 - end;
    if last_gap >= gap {
        return (start, (end - start).min(360.0));
    }
    let wraps = (end - 360.0).max(f64::NEG_INFINITY);
    let gap = gap.min(after_gap - wraps);
    if gap <= 0.0 { (-180.0, 360.0) } else { (after_gap, 360.0 - gap) }
}

/// The parametric latitudes of the poles that are inside.
fn poles_inside(shape: &Shape, geodesic: &Geodesic) -> Vec<f64> {
    let held = |lat: f64| {
        let place = super::Place { lon: 0.0, lat };
        let direction = super::direction(place, geodesic._f1);
        super::inside::holds(geodesic, shape, None, &super::Vertex { place, direction })
    };
    let poles = [-90.0_f64, 90.0].into_iter();
    poles.filter(|lat| !shape.rings.is_empty() && held(*lat)).map(f64::to_radians).collect()
}
