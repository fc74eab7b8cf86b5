//! Geodesic distances against an oracle that shares nothing with them but the solver: points
//! walked along each edge, the nearest found by halving.
use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};
use tiepoint_core::Geometry;
use tiepoint_spatial::measure::{DistanceTo, Ellipsoid, Metric, distance};

const WGS84: Metric = Metric::Geodesic(Ellipsoid::WGS84);

/// Longitude and latitude.
type At = [f64; 2];

/// A stream of numbers that is the same in each run.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        #[allow(clippy::cast_precision_loss, reason = "53 bits")]
        let unit = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Evenly over the sphere, with poles, the equator and the antimeridian now and then.
    fn place(&mut self) -> At {
        let lat = self.between(-1.0, 1.0).asin().to_degrees();
        let lon = self.between(-180.0, 180.0);
        match (self.unit() * 24.0).floor() {
            0.0 => [lon, 90.0],
            1.0 => [lon, -90.0],
            2.0 => [180.0, lat],
            3.0 => [lon, 0.0],
            4.0 => [0.0, lat],
            5.0 => [lon, 89.99],
            _ => [lon, lat],
        }
    }

    /// Some way from a place, as far as 10^`low` to 10^`high` metres.
    fn near(&mut self, geodesic: &Geodesic, at: At, low: f64, high: f64) -> At {
        let (azimuth, way) = (self.between(-180.0, 180.0), 10_f64.powf(self.between(low, high)));
        let (lat, lon): (f64, f64) = geodesic.direct(at[1], at[0], azimuth, way);
        [lon, lat]
    }
}

fn line(places: &[At]) -> Geometry {
    let positions: Vec<_> = places.iter().map(|[lon, lat]| format!("{lon} {lat}")).collect();
    Geometry::from_wkt(&format!("LINESTRING ({})", positions.join(","))).expect("two positions")
}

fn point([lon, lat]: At) -> Geometry {
    Geometry::from_wkt(&format!("POINT ({lon} {lat})")).expect("a position")
}

/// How finely edges are walked.
const STEPS: u32 = 64;

/// The least distance from a place to the geodesic between two others.
fn walked(geodesic: &Geodesic, at: At, from: At, to: At) -> f64 {
    let (length, azimuth, _, _): (f64, f64, f64, f64) =
        geodesic.inverse(from[1], from[0], to[1], to[0]);
    let distance = |share: f64| -> f64 {
        let (lat, lon): (f64, f64) = geodesic.direct(from[1], from[0], azimuth, share * length);
        geodesic.inverse(lat, lon, at[1], at[0])
    };
    let share = |step: u32| f64::from(step) / f64::from(STEPS);
    let walked: Vec<f64> = (0..=STEPS).map(|step| distance(share(step))).collect();
    let mut least = walked[0].min(walked[walked.len() - 1]);
    for step in 0..=STEPS {
        let here = walked[step as usize];
        let around = [step.saturating_sub(1), (step + 1).min(STEPS)];
        if around.iter().all(|at| walked[*at as usize] >= here) {
            least = least.min(golden(&distance, share(around[0]), share(around[1])));
        }
    }
    least
}

/// The least value between two ends, by golden sections.
fn golden(value: &impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let cut = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - cut * (high - low), low + cut * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    for _ in 0..60 {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - cut * (high - low);
            at_a = value(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + cut * (high - low);
            at_b = value(b);
        }
    }
    at_a.min(at_b)
}

fn cases(default: u32) -> u32 {
    let asked = std::env::var("TIEPOINT_CASES").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(default)
}

#[test]
fn points_and_edges_are_as_far_as_a_walk_along_the_edge_finds() {
    let (geodesic, mut random) = (Geodesic::wgs84(), Random(7));
    let mut worst = 0.0_f64;
    for case in 0..cases(300) {
        let from = random.place();
        let to = match case % 3 {
            0 => random.place(),
            _ => random.near(&geodesic, from, 0.0, 6.7),
        };
        let at = match case % 4 {
            0 => random.place(),
            1 => random.near(&geodesic, to, -2.0, 7.0),
            _ => random.near(&geodesic, from, -2.0, 6.7),
        };
        let walked = walked(&geodesic, at, from, to);
        let ours = distance(&point(at), &line(&[from, to]), WGS84).expect("on the ellipsoid");
        worst = worst.max((ours - walked).abs());
        assert!((ours - walked).abs() < 1e-4, "{case}: {at:?} to {from:?} {to:?}: {ours} {walked}");
    }
    println!("worst of point and edge: {worst:e} m");
}

#[test]
fn edges_are_as_far_as_a_walk_along_both_finds() {
    let (geodesic, mut random) = (Geodesic::wgs84(), Random(11));
    let (mut worst, mut crossings) = (0.0_f64, 0);
    for case in 0..cases(40) {
        let (low, high) = if case % 2 == 0 { (1.0, 5.0) } else { (4.0, 7.0) };
        let a = random.place();
        let b = random.near(&geodesic, a, low, high);
        let c = random.near(&geodesic, a, low - 1.0, high);
        let d = random.near(&geodesic, c, low, high);
        let ours = distance(&line(&[a, b]), &line(&[c, d]), WGS84).expect("on the ellipsoid");
        // a walk along one, and from each place of it along the other
        let (length, azimuth, _, _): (f64, f64, f64, f64) =
            geodesic.inverse(a[1], a[0], b[1], b[0]);
        let from_share = |share: f64| {
            let (lat, lon): (f64, f64) = geodesic.direct(a[1], a[0], azimuth, share * length);
            walked(&geodesic, [lon, lat], c, d)
        };
        let shares: Vec<f64> = (0..=16).map(|step| from_share(f64::from(step) / 16.0)).collect();
        let mut least = f64::INFINITY;
        for (step, here) in (0_u32..).zip(&shares) {
            let low = step.saturating_sub(1);
            let high = (step + 1).min(16);
            if shares[low as usize] >= *here && shares[high as usize] >= *here {
                let ends = (f64::from(low) / 16.0, f64::from(high) / 16.0);
                least = least.min(golden(&from_share, ends.0, ends.1)).min(*here);
            }
        }
        crossings += u32::from(ours == 0.0);
        worst = worst.max((ours - least).abs());
        assert!((ours - least).abs() < 1e-3, "{a:?} {b:?} {c:?} {d:?}: {ours} {least}");
    }
    println!("worst of edge and edge: {worst:e} m, {crossings} crossings");
    assert!(crossings > 0);
}

/// A star around a centre whose edges are geodesics, as WKT, and its corners.
fn star(geodesic: &Geodesic, random: &mut Random, centre: At, size: f64) -> (Geometry, Vec<At>) {
    let count = 3.0 + (random.unit() * 9.0).floor();
    let mut corners = Vec::new();
    let mut corner = 0.0;
    while corner < count {
        let azimuth = (corner + random.between(0.0, 0.9)) * 360.0 / count;
        let (lat, lon): (f64, f64) =
            geodesic.direct(centre[1], centre[0], azimuth, size * random.between(0.1, 1.0));
        corners.push([lon, lat]);
        corner += 1.0;
    }
    corners.push(corners[0]);
    if random.unit() < 0.5 {
        corners.reverse();
    }
    let positions: Vec<_> = corners.iter().map(|[lon, lat]| format!("{lon} {lat}")).collect();
    let wkt = format!("POLYGON (({}))", positions.join(","));
    (Geometry::from_wkt(&wkt).expect("closed"), corners)
}

/// How often a ring winds round a place: by the bearings of places walked along its edges.
fn turns(geodesic: &Geodesic, ring: &[At], at: At) -> f64 {
    let mut sum = 0.0;
    let mut last: Option<f64> = None;
    for edge in ring.windows(2) {
        let [from, to] = [edge[0], edge[1]];
        let (length, azimuth, _, _): (f64, f64, f64, f64) =
            geodesic.inverse(from[1], from[0], to[1], to[0]);
        for step in 0..=64 {
            let way = length * f64::from(step) / 64.0;
            let end: (f64, f64) = geodesic.direct(from[1], from[0], azimuth, way);
            let (_, bearing, _, _): (f64, f64, f64, f64) =
                geodesic.inverse(at[1], at[0], end.0, end.1);
            if let Some(last) = last.replace(bearing) {
                sum += (bearing - last + 540.0).rem_euclid(360.0) - 180.0;
            }
        }
    }
    (sum / 360.0).round()
}

#[test]
fn places_are_inside_where_the_ring_winds_round_them() {
    let (geodesic, mut random) = (Geodesic::wgs84(), Random(23));
    let mut inside = 0;
    for case in 0..cases(300) {
        let centre = random.place();
        let size = 10_f64.powf(random.between(0.5, 6.6));
        let (polygon, ring) = star(&geodesic, &mut random, centre, size);
        let (lat, lon): (f64, f64) = geodesic.direct(
            centre[1],
            centre[0],
            random.between(-180.0, 180.0),
            size * random.between(0.0, 1.1),
        );
        let at = match case % 8 {
            0 => centre,
            1 => [random.between(-180.0, 180.0), 90.0_f64.copysign(centre[1])],
            _ => [lon, lat],
        };
        let edge = distance(&point(at), &line(&ring), WGS84).expect("on the ellipsoid");
        let (far_away, ambiguous) = (size * 3.0 + 1000.0, size * 1e-2);
        let reach: f64 = geodesic.inverse(at[1], at[0], centre[1], centre[0]);
        if edge < ambiguous || reach > far_away {
            continue;
        }
        let is_inside = turns(&geodesic, &ring, at) != 0.0;
        inside += u32::from(is_inside);
        let ours = distance(&point(at), &polygon, WGS84).expect("on the ellipsoid");
        assert_eq!(ours == 0.0, is_inside, "{case}: {at:?} in {polygon:?}, {edge} from its edge");
        assert!(is_inside || (ours - edge).abs() < 1e-6, "{ours} {edge}");
    }
    assert!(inside > cases(300) / 5, "only {inside} are inside");
}

#[test]
fn a_very_long_line_is_as_far_as_its_nearest_edge() {
    // so many long edges that they are cut into fewer pieces each
    let mut random = Random(31);
    let places: Vec<At> = (0..6000).map(|_| random.place()).collect();
    let whole = DistanceTo::new(&line(&places), WGS84);
    let at = point(random.place());
    let edges = places.windows(2).map(|edge| distance(&at, &line(edge), WGS84));
    let least = edges.flatten().fold(f64::INFINITY, f64::min);
    let ours = whole.distance(&at).expect("on the ellipsoid");
    assert!((ours - least).abs() < 1e-5, "{ours} {least}");
    assert!(whole.within(&at, least + 1e-5) && !whole.within(&at, least - 1e-5));
}
