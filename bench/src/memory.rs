//! Expressions over features in memory, and transforms: how many a second, on one core.
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::prng::Prng;
use crate::stage::Stage;
use crate::{Outcome, measure, peers, reading};
use std::fmt::Write as _;
use std::hint::black_box;
use tiepoint_core::{Crs, Expr, Feature, Geometry, Metres, field, place};
use tiepoint_spatial::Evaluator;
use tiepoint_spatial::transform::Transform;

/// `category = 7 AND within 1 km`, and how far the second half comes alone.
pub(crate) fn filter(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let features = features(stage, dataset)?;
    let sought = features.iter().find(|it| it.get("category") == Some(&7.into()));
    let here = sought.and_then(Feature::geometry).ok_or("there is a category 7")?;
    let near = || {
        let here = place(here.clone(), Crs::epsg(4326));
        field("geom").within_distance(here, Metres(1_000.0))
    };
    let both = rate(stage, &features, &(field("category").eq(7) & near()))?;
    let alone = rate(stage, &features, &near())?;
    Ok(vec![
        row(
            "category = 7 AND within 1 km, in memory",
            both,
            Target::at_least(both, 5e6, "≥ 5 M/s"),
        ),
        row("within 1 km alone, in memory", alone, Target::None),
    ])
}

/// `intersects` with a district of 200 vertices, over the polygons whose boxes meet its box, and
/// over all; shapely's prepared geometries and `mod_spatialite` on the same polygons.
pub(crate) fn district(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let all = features(stage, dataset)?;
    let district = Geometry::from_wkt(&district_wkt()?)?;
    let envelope = district.envelope().ok_or("the district is not empty")?;
    let meets = |it: &&Feature| {
        it.geometry().and_then(Geometry::envelope).is_some_and(|its| its.intersects(&envelope))
    };
    let met: Vec<Feature> = all.iter().filter(meets).cloned().collect();
    let filter = field("geom").intersects(place(district, Crs::epsg(4326)));
    let (near, everywhere) = (rate(stage, &met, &filter)?, rate(stage, &all, &filter)?);
    let count = format!("intersects a district, {} polygons in its box", met.len());
    let mut near = row(&count, near, Target::at_least(near, 3e6, "≥ 3 M/s"));
    near.peer = peers::district(stage, &met, &district_wkt()?)?;
    Ok(vec![near, row("the same over all polygons", everywhere, Target::None)])
}

/// Long lines from longitude and latitude into projected CRSs.
pub(crate) fn transform(stage: &Stage, _: Dataset) -> Outcome<Vec<Row>> {
    let count = 1_000_000 / stage.divisor;
    let mut prng = Prng::seeded(11);
    let mut wkt = "LINESTRING(".to_owned();
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        write!(wkt, "{comma}{} {}", prng.between(6.0, 12.0), prng.between(46.0, 54.0))?;
    }
    let line = Geometry::from_wkt(&(wkt + ")"))?;
    [3857, 25832, 2056, 3035]
        .into_iter()
        .map(|code| {
            let transform = Transform::new(&Crs::epsg(4326), &Crs::epsg(code))?;
            let mut seconds = Vec::new();
            for _ in 0..stage.turns() {
                let (made, cpu_s) = measure::cpu_s(|| transform.geometry(black_box(&line)));
                black_box(made?);
                seconds.push(cpu_s);
            }
            let rate = f64::from(count) / measure::median(seconds);
            let target = Target::at_least(rate, 5e6, "≥ 5 M/s");
            Ok(row(&format!("points from EPSG:4326 to EPSG:{code}"), rate, target))
        })
        .collect()
}

fn features(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Feature>> {
    reading::features(&stage.geopackage(dataset, stage.size(dataset))?, dataset)
}

/// How many features a second pass or fail a filter.
fn rate(stage: &Stage, features: &[Feature], filter: &Expr) -> Outcome<f64> {
    let schema = features.first().ok_or("there are features")?.schema();
    let evaluator = Evaluator::new(&filter.bind_filter(schema)?)?;
    let mut seconds = Vec::new();
    for _ in 0..stage.turns() {
        let (passed, cpu_s) =
            measure::cpu_s(|| features.iter().filter(|it| evaluator.is_true(*it)).count());
        if black_box(passed) == 0 && stage.divisor == 1 {
            return Err(format!("nothing passes {filter}").into());
        }
        seconds.push(cpu_s);
    }
    let count = u32::try_from(features.len())?;
    Ok(f64::from(count) / measure::median(seconds))
}

/// A star-shaped district of 200 vertices, some 250 km across.
fn district_wkt() -> Outcome<String> {
    const VERTICES: u32 = 200;
    let mut prng = Prng::seeded(5);
    let mut ring = String::new();
    let mut first = String::new();
    for number in 0..VERTICES {
        let angle = f64::from(number) * std::f64::consts::TAU / f64::from(VERTICES);
        let radius = prng.between(1.2, 1.6);
        let (x, y) = (10.0 + radius * angle.cos(), 50.0 + radius * angle.sin());
        if number == 0 {
            write!(first, "{x} {y}")?;
        }
        write!(ring, "{x} {y},")?;
    }
    Ok(format!("POLYGON(({ring}{first}))"))
}

fn row(figure: &str, rate: f64, target: Target) -> Row {
    let none = String::new;
    Row {
        figure: figure.to_owned(),
        ours: format!("{:.2} M/s", rate / 1e6),
        peer: none(),
        ratio: none(),
        target,
        peak: none(),
        profile: None,
    }
}
