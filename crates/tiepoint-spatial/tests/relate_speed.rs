//! How many small polygons a second a prepared district decides: run alone, in a release build,
//! with `--ignored --nocapture`.
use std::f64::consts::TAU;
use std::time::Instant;
use tiepoint_core::{Dims, Geometry, GeometryKind, GeometryWriter, SpatialPredicate};
use tiepoint_spatial::relate::Prepared;

/// Xorshift, in 0 to 1.
struct Random(u64);

impl Random {
    #[allow(clippy::cast_precision_loss, reason = "53 bits")]
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A star around a position, with corners between 0.7 and 1 of its radius.
fn star(random: &mut Random, at: [f64; 2], radius: f64, corners: u32) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::Polygon, Dims::Xy);
    writer.ring();
    let corner = |index: u32, random: &mut Random| {
        let angle = f64::from(index) / f64::from(corners) * TAU;
        let reach = radius * (0.7 + 0.3 * random.next());
        [at[0] + reach * angle.cos(), at[1] + reach * angle.sin()]
    };
    let ring: Vec<_> = (0..corners).map(|index| corner(index, random)).collect();
    ring.iter().chain(&ring[..1]).for_each(|at| writer.position(at));
    writer.end();
    writer.end();
    writer.finish().expect("a ring")
}

/// Small polygons around positions within `reach`; only those whose box meets the district's,
/// if asked.
fn plots(random: &mut Random, reach: f64, near: Option<&Geometry>) -> Vec<Geometry> {
    let mut plots = Vec::new();
    while plots.len() < 100_000 {
        let at = [0, 1].map(|_| (random.next() * 2.0 - 1.0) * reach);
        let radius = 10.0 + random.next() * 20.0;
        let plot = star(random, at, radius, 20);
        let boxes = near.and_then(Geometry::envelope).zip(plot.envelope());
        if boxes.is_none_or(|(district, plot)| district.intersects(&plot)) {
            plots.push(plot);
        }
    }
    plots
}

/// How many match, and millions a second: the best of eight runs of every thousand, so that other
/// programs do not count.
#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn rate(prepared: &Prepared, predicate: SpatialPredicate, plots: &[Geometry]) -> (usize, f64) {
    let (mut matching, mut seconds) = (0, 0.0);
    for some in plots.chunks(1000) {
        let mut best = f64::MAX;
        let mut count = 0;
        for _ in 0..8 {
            let start = Instant::now();
            count = some.iter().filter(|plot| prepared.matches(predicate, plot)).count();
            best = best.min(start.elapsed().as_secs_f64());
        }
        matching += count;
        seconds += best;
    }
    (matching, plots.len() as f64 / seconds / 1e6)
}

#[test]
#[ignore = "a measurement"]
fn a_district_of_200_corners_decides_3_million_polygons_of_20_corners_a_second() {
    let mut random = Random(88_172_645_463_325_252);
    let district = star(&mut random, [0.0, 0.0], 1000.0, 200);
    let start = Instant::now();
    let prepared = Prepared::new(&district);
    assert!(prepared.matches(SpatialPredicate::Covers, &district), "which builds its grid");
    println!("prepared in {:?}", start.elapsed());
    let near = plots(&mut random, 1200.0, Some(&district));
    let far = plots(&mut random, 5000.0, None);
    for (which, plots) in [("boxes meet", &near), ("most are disjoint", &far)] {
        for predicate in SpatialPredicate::ALL {
            let (count, millions) = rate(&prepared, predicate, plots);
            println!("{which}: {predicate} {millions:.2} million/s, {count} of {}", plots.len());
        }
    }
    let (_, millions) = rate(&prepared, SpatialPredicate::Intersects, &near);
    assert!(millions > 3.0, "{millions} million/s");
}
