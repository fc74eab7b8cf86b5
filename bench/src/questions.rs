//! Questions to a GeoPackage: a window, the nearest; and what asking costs by itself.
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::prng::Prng;
use crate::stage::Stage;
use crate::{Outcome, measure};
use std::hint::black_box;
use tiepoint_core::{BBox, Crs, Geometry, Metres, Query, field, place};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Question, Store};

const SEED: u64 = 7;

/// Boxes that hold some ten polygons, each read with all fields, one after another.
pub(crate) fn window(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    const ASKED: u32 = 2_000;
    let count = stage.size(dataset);
    let store = GpkgStore::open(stage.geopackage(dataset, count)?)?;
    let side = (10.0 * 100.0 / f64::from(count)).sqrt();
    let ask = |prng: &mut Prng| -> Outcome<usize> {
        let (min_x, min_y) = (prng.between(5.0, 15.0 - side), prng.between(45.0, 55.0 - side));
        let bbox = BBox { min_x, min_y, max_x: min_x + side, max_y: min_y + side };
        Ok(store
            .read(&Query::layer(dataset.name()).within(bbox))?
            .collect::<Result<Vec<_>, _>>()?
            .len())
    };
    let (rows, ms) = per_question(stage, ASKED, ask)?;
    let figure = format!("window of {rows:.1} among {count} {}", dataset.name());
    Ok(vec![row(figure, format!("{ms:.3} ms"), Target::at_most(ms, 0.15, "≤ 0.15 ms"))])
}

/// The ten nearest features to places all over, in true metres.
pub(crate) fn nearest(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    const ASKED: u32 = 500;
    let count = stage.size(dataset);
    let store = GpkgStore::open(stage.geopackage(dataset, count)?)?;
    let ask = |prng: &mut Prng| -> Outcome<usize> {
        let here = point(prng)?;
        let nearest = Query::layer(dataset.name()).nearest(here, Crs::epsg(4326), 10);
        Ok(store.read(&nearest)?.collect::<Result<Vec<_>, _>>()?.len())
    };
    let (_, ms) = per_question(stage, ASKED, ask)?;
    let figure = format!("nearest 10 of {count} {}", dataset.name());
    Ok(vec![row(figure, format!("{ms:.3} ms"), Target::at_most(ms, 1.0, "≤ 1 ms"))])
}

/// Checking a small filter against its layer and putting it in the form that stores answer.
pub(crate) fn binding(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    const ASKED: u32 = 20_000;
    let store = GpkgStore::open(stage.geopackage(dataset, stage.size(dataset))?)?;
    let layer = store.layer(dataset.name())?;
    let mut prng = Prng::seeded(SEED);
    let here = place(point(&mut prng)?, Crs::epsg(4326));
    let filter = field("category").eq(7) & field("geom").within_distance(here, Metres(1_000.0));
    let query = Query::layer(dataset.name()).filter(filter);
    let seconds = (0..stage.turns()).map(|_| {
        let ((), cpu_s) = measure::cpu_s(|| {
            for _ in 0..ASKED {
                black_box(Question::of(&layer, black_box(&query)).is_ok());
            }
        });
        cpu_s
    });
    let us = measure::median(seconds.collect()) / f64::from(ASKED) * 1e6;
    let target = Target::at_most(us, 5.0, "≤ 5 µs");
    Ok(vec![row("binding a filter of two conditions".to_owned(), format!("{us:.2} µs"), target)])
}

fn point(prng: &mut Prng) -> Outcome<Geometry> {
    let (x, y) = (prng.between(5.0, 15.0), prng.between(45.0, 55.0));
    Ok(Geometry::from_wkt(&format!("POINT({x} {y})"))?)
}

/// Mean rows and CPU milliseconds of a question, after one round that warms the caches.
fn per_question(
    stage: &Stage,
    asked: u32,
    ask: impl Fn(&mut Prng) -> Outcome<usize>,
) -> Outcome<(f64, f64)> {
    let round = || -> Outcome<usize> {
        let mut prng = Prng::seeded(SEED);
        (0..asked).try_fold(0, |rows, _| Ok(rows + ask(&mut prng)?))
    };
    let mut rows = u32::try_from(round()?)?;
    let mut seconds = Vec::new();
    for _ in 0..stage.turns() {
        let (found, cpu_s) = measure::cpu_s(round);
        rows = u32::try_from(found?)?;
        seconds.push(cpu_s);
    }
    let each = measure::median(seconds) / f64::from(asked);
    Ok((f64::from(rows) / f64::from(asked), each * 1e3))
}

fn row(figure: String, ours: String, target: Target) -> Row {
    let none = String::new;
    Row { figure, ours, peer: none(), ratio: none(), target, peak: none(), profile: None }
}
