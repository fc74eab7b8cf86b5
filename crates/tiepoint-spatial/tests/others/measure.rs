//! `GeographicLib` and GEOS measure the same.
use std::fmt::Write as _;

use tiepoint_core::Geometry;
use tiepoint_spatial::measure::{Ellipsoid, Metric, area, centroid, distance, length, perimeter};

use crate::measure_cases::{Random, planar};
use crate::tools::{PYTHON, answer, have};

const WGS84: Metric = Metric::Geodesic(Ellipsoid::WGS84);

/// How many cases are tried; `TIEPOINT_CASES` asks for more.
fn cases(default: u32) -> u32 {
    let asked = std::env::var("TIEPOINT_CASES").ok();
    asked.map_or(default, |number| number.parse().expect("a number of cases"))
}

fn have_geographiclib(what: &str, program: &str) -> bool {
    have(what, "geographiclib-tools", program, &["--version"])
}

fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().map(|word| word.parse().expect("a number")).collect()
}

/// Anywhere, and at poles, on the equator, on the antimeridian and nearly opposite.
fn place(random: &mut Random) -> [f64; 2] {
    let (lon, lat) = (random.between(-180.0, 180.0), random.between(-90.0, 90.0));
    match random.below(16) {
        0 => [lon, 90.0],
        1 => [lon, -90.0],
        2 => [lon, 0.0],
        3 => [180.0, lat],
        4 => [-180.0, lat],
        _ => [lon, lat],
    }
}

#[test]
fn points_are_as_far_as_geodsolve_says() {
    if !have_geographiclib("distances between points by GeographicLib", "GeodSolve") {
        return;
    }
    let mut random = Random(3);
    let pairs: Vec<_> = (0..cases(5000))
        .map(|case| {
            let a = place(&mut random);
            let b = match case % 3 {
                0 => place(&mut random),
                1 => [a[0] + random.between(-0.01, 0.01), (a[1] * 0.999_999).clamp(-90.0, 90.0)],
                // nearly opposite, where geodesics are hardest to find
                _ => [
                    a[0] - 180.0_f64.copysign(a[0]) + random.between(-0.6, 0.6),
                    -a[1] * random.between(0.99, 1.0),
                ],
            };
            (a, b)
        })
        .collect();
    let mut input = String::new();
    for (a, b) in &pairs {
        writeln!(input, "{} {} {} {}", a[1], a[0], b[1], b[0]).expect("text grows");
    }
    let said = answer("GeodSolve", &["-i", "-p", "9"], input);
    let point =
        |[x, y]: [f64; 2]| Geometry::from_wkt(&format!("POINT ({x} {y})")).expect("a point");
    let mut compared = 0;
    for ((a, b), line) in pairs.iter().zip(said.lines()) {
        let ours = distance(&point(*a), &point(*b), WGS84);
        let theirs = numbers(line)[2];
        let off = ours.map(|ours| (ours - theirs).abs());
        assert!(off.is_some_and(|off| off < 1e-6), "{a:?} {b:?}: {ours:?}, GeodSolve {theirs}");
        compared += 1;
    }
    assert_eq!(compared, pairs.len());
}

/// A polygon that does not cross itself, by corners in turn around a place.
fn corners(random: &mut Random) -> Vec<[f64; 2]> {
    let [lon, lat] = place(random);
    let size = 10_f64.powf(random.between(-4.0, 1.3));
    let count = 3 + random.below(10);
    let polar = random.below(4) == 0;
    (0..count)
        .map(|corner| {
            let turn = (f64::from(corner) + random.between(0.0, 0.9)) / f64::from(count);
            let reach = size * random.between(0.2, 1.0);
            if polar {
                // round the pole
                let sign = if lat < 0.0 { -1.0 } else { 1.0 };
                return [360.0 * turn - 180.0, sign * (90.0 - reach)];
            }
            let (north, east) = (turn * std::f64::consts::TAU).sin_cos();
            let at = (lat * 0.7 + reach * north).clamp(-89.0, 89.0);
            [lon + reach * east / at.to_radians().cos().max(0.2), at]
        })
        .collect()
}

#[test]
fn areas_and_perimeters_are_what_planimeter_says() {
    if !have_geographiclib("areas by GeographicLib", "Planimeter") {
        return;
    }
    let mut random = Random(5);
    let rings: Vec<_> = (0..cases(1000)).map(|_| corners(&mut random)).collect();
    let mut input = String::new();
    for ring in &rings {
        for [x, y] in ring {
            writeln!(input, "{y} {x}").expect("text grows");
        }
        input.push('\n');
    }
    let said = answer("Planimeter", &["-p", "9"], input);
    assert_eq!(said.lines().count(), rings.len());
    for (ring, line) in rings.iter().zip(said.lines()) {
        let closed = ring.iter().chain(ring.first());
        let positions: Vec<_> = closed.map(|[x, y]| format!("{x} {y}")).collect();
        let polygon = Geometry::from_wkt(&format!("POLYGON (({}))", positions.join(",")));
        let polygon = polygon.expect("closed");
        let [count, their_perimeter, their_area] = numbers(line)[..] else { panic!("{line}") };
        assert_eq!(count.to_bits(), f64::from(u32::try_from(ring.len()).expect("few")).to_bits());
        let (ours, whole) = (area(&polygon, WGS84).expect("on it"), 510_065_621_724_088.44);
        // what Planimeter says for clockwise rings is negative, or the rest of the Earth
        let theirs = their_area.abs().min(whole - their_area.abs());
        assert!((ours - theirs).abs() <= 1e-9 * theirs + 0.2, "{polygon:?}: {ours} {theirs}");
        let round = perimeter(&polygon, WGS84).expect("on it");
        assert!((round - their_perimeter).abs() < 1e-6, "{polygon:?}: {round} {their_perimeter}");
        assert_eq!(length(&polygon, WGS84), Some(0.0));
    }
}

/// Reads two geometries per line, as WKT, and tells what GEOS measures of them: distance of both;
/// area, length of lines, length of rings and centroid of the first. The centroid only of what is
/// valid: where rings cross themselves, GEOS has each count the way round that its highest corner
/// tells, we the way round that its area tells.
const ASK_GEOS: &str = "
import sys, math, logging
logging.disable(logging.CRITICAL)
import shapely.wkt
def parts(g):
    return [p for m in g.geoms for p in parts(m)] if g.geom_type == 'GeometryCollection' else [g]
for line in sys.stdin:
    a, b = map(shapely.wkt.loads, line.rstrip().split(';'))
    lines = math.fsum(p.length for p in parts(a) if p.geom_type == 'LineString')
    rings = math.fsum(p.length for p in parts(a) if p.geom_type == 'Polygon')
    c = a.centroid
    centre = 'nan nan' if c.is_empty else f'{c.x!r} {c.y!r}' if a.is_valid else 'inf inf'
    apart = float('nan') if a.is_empty or b.is_empty else a.distance(b)
    print(repr(apart), repr(a.area), repr(lines), repr(rings), centre)
";

/// Equal in the class *measured*, for coordinates of some size.
fn close(ours: f64, theirs: f64, size: f64) -> bool {
    (ours - theirs).abs() <= 1e-9 * theirs.abs() + 1e-15 * size
}

fn reach(geometry: &Geometry) -> f64 {
    geometry.envelope().map_or(0.0, |it| {
        let ends = [it.min().x, it.min().y, it.max().x, it.max().y];
        ends.into_iter().fold(0.0, |most, end: f64| most.max(end.abs()))
    })
}

fn width(geometry: &Geometry) -> f64 {
    let side = |it: tiepoint_core::Envelope| (it.max().x - it.min().x).max(it.max().y - it.min().y);
    geometry.envelope().map_or(0.0, side)
}

#[test]
fn geos_measures_the_same_in_the_plane() {
    if !have("planar measures by GEOS", "python3-shapely", PYTHON, &["-c", "import shapely"]) {
        return;
    }
    let mut random = Random(9);
    let pairs: Vec<_> =
        (0..cases(6000)).map(|_| (planar(&mut random), planar(&mut random))).collect();
    let mut input = String::new();
    for (a, b) in &pairs {
        writeln!(input, "{};{}", a.to_wkt(), b.to_wkt()).expect("text grows");
    }
    let said = answer(PYTHON, &["-c", ASK_GEOS], input);
    assert_eq!(said.lines().count(), pairs.len());
    let mut centroids = 0;
    for ((a, b), line) in pairs.iter().zip(said.lines()) {
        let [apart, surface, lines, rings, x, y] = numbers(line)[..] else { panic!("{line}") };
        let size = reach(a).max(reach(b));
        let ours = distance(a, b, Metric::Planar);
        let same = ours.map_or(apart.is_nan(), |ours| close(ours, apart, size));
        assert!(same, "distance of {a} and {b}: {ours:?}, GEOS {apart}");
        for (measure, theirs, size) in [
            (area(a, Metric::Planar), surface, reach(a)),
            (length(a, Metric::Planar), lines, reach(a)),
            (perimeter(a, Metric::Planar), rings, reach(a)),
        ] {
            let same = measure.is_some_and(|ours| close(ours, theirs, size));
            assert!(same, "of {a}: {measure:?}, GEOS {theirs}");
        }
        // rounding of coordinates moves the centroid of a sliver far along it, in both
        let lever = if surface > 0.0 { reach(a) * width(a).powi(2) / surface } else { 0.0 };
        let room = 10.0 * (size + lever);
        let centre = centroid(a).and_then(|it| it.envelope()).map(|it| it.min());
        let same = centre.map_or(x.is_nan(), |it| {
            x.is_infinite() || close(it.x, x, room) && close(it.y, y, room)
        });
        centroids += u32::from(centre.is_some() && x.is_finite());
        assert!(same, "centroid of {a}: {centre:?}, GEOS {x} {y}");
    }
    assert!(centroids > cases(6000) / 4, "only {centroids} centroids");
}
