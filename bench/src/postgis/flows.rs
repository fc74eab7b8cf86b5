//! All rows of a layer: into features in memory, and into GeoJSON.
use super::arena::{self, Arena, Cost};
use super::peers;
use super::raw::{Checked, Ewkb};
use crate::dataset::Dataset;
use crate::measure::{self, CommandLine, Usage};
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, profile};
use std::hint::black_box;
use tiepoint::{ExportOptions, Overwrite};
use tiepoint_core::{Feature, Identity, Query};
use tiepoint_postgis::PostgisStore;
use tiepoint_store::Store;

const MOST_BYTES: f64 = 60e6;

/// Ours into features; the raw driver and `GeoAlchemy2`'s objects. Freeing is not counted.
pub(crate) fn read(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let store = arena.holding(stage, dataset)?;
    let mut raw = arena.raw()?;
    let count = stage.size(dataset) as usize;
    let complete = |found: usize| {
        if found == count { Ok(()) } else { Err(format!("{found} of {count} came")) }
    };
    let (mut ours, mut checked, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        let (features, cost) = arena.cost(|| features(&store, dataset))?;
        complete(black_box(features).len())?;
        ours.push(cost);
        let (rows, cost) = arena.cost(|| raw.polygons::<Checked>(dataset.name()))?;
        complete(black_box(rows).len())?;
        checked.push(cost);
        let (rows, cost) = arena.cost(|| raw.polygons::<Ewkb>(dataset.name()))?;
        complete(black_box(rows).len())?;
        bytes.push(cost);
    }
    let [ours, checked, bytes] = [ours, checked, bytes].map(|costs| Cost::median(&costs));
    let figure = format!("PostGIS → memory, {count} {}", dataset.name());
    let beside = |theirs: Cost, how: &str, target: fn(f64) -> Target| {
        let speed = theirs.client_s / ours.client_s;
        Row {
            ratio: format!("{speed:.2} of its speed"),
            target: target(speed),
            ..super::row(figure.clone(), ours, format!("{} tokio-postgres, {how}", theirs.told()))
        }
    };
    let mut row =
        beside(checked, "geometries checked", |speed| Target::at_least(speed, 0.65, "≥ 0.65"));
    let unchecked = beside(bytes, "geometries as bytes", |_| Target::None);
    if row.is_missed() {
        row.profile = Some(profile::of(
            &itself(stage, arena, "postgis-read", dataset)?,
            stage.result("perf.data")?,
        ));
    }
    let mut rows = vec![row, unchecked];
    if let Some((cost, what)) = peers::geoalchemy(stage, arena, "read", "") {
        let speed = cost.client_s / ours.client_s;
        rows.push(Row {
            ratio: format!("{speed:.0} × as fast"),
            target: Target::at_least(speed, 10.0, "≥ 10 ×"),
            ..super::row(figure, ours, format!("{} {what}", cost.told()))
        });
    }
    Ok(rows)
}

/// A layer as a file, by a program of its own, so that the memory is all its.
pub(crate) fn export(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    drop(arena.holding(stage, dataset)?);
    let command = itself(stage, arena, "postgis-export", dataset)?;
    let (mut usages, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..stage.rounds {
        let (usage, Cost { server_s, wall_s, .. }) = arena.cost(|| measure::once(&command))?;
        usages.push(usage);
        costs.push(Cost { client_s: usage.cpu_s, server_s, wall_s });
    }
    let (ours, Usage { peak_bytes, .. }) = (Cost::median(&costs), measure::summary(&usages));
    let figure = format!("PostGIS → GeoJSON, {} {}", stage.size(dataset), dataset.name());
    let within = Target::at_most(peak_bytes, MOST_BYTES, "< 60 MB");
    let target = match dataset {
        Dataset::Polygons => Target::at_most(ours.client_s, 0.5, "≤ 0.5 s").and(within),
        Dataset::Points => within,
    };
    let peak = format!("{:.0} MB", peak_bytes / 1e6);
    let mut row = Row { target, peak, ..super::row(figure.clone(), ours, String::new()) };
    if row.is_missed() {
        row.profile = Some(profile::of(&command, stage.result("perf.data")?));
    }
    let mut rows = vec![row];
    if dataset == Dataset::Polygons {
        let document = stage.result("theirs.geojson")?.display().to_string();
        for (case, how) in
            [("geojson", "in the client"), ("server_geojson", "ST_AsGeoJSON, 9 decimals")]
        {
            let Some((cost, what)) = peers::geoalchemy(stage, arena, case, &document) else {
                continue;
            };
            let peer = format!("{} {what}, {how}", cost.told());
            rows.push(super::beside(figure.clone(), ours, cost, peer));
        }
        let mut gdal =
            measure::ogr2ogr("GeoJSON", &stage.result("theirs.geojson")?, &peers::gdal(arena), &[]);
        gdal.push(dataset.name().into());
        let cost = peers::command(arena, &gdal);
        rows.extend(cost.map(|cost| {
            super::beside(figure, ours, cost, format!("{} ogr2ogr, its default", cost.told()))
        }));
    }
    Ok(rows)
}

/// Our side of one case, on a server that is there.
pub(crate) fn alone(stage: &Stage, case: &str, dataset: Dataset, url: &str) -> Outcome {
    let store = PostgisStore::open(url)?;
    if case == "postgis-load" {
        let features = arena::features(stage, dataset)?;
        let name = format!("{}_alone", dataset.name());
        return (0..stage.turns()).try_for_each(|_| {
            arena::create(&store, &name, &features[0], Identity::None)?;
            arena::load(&store, &name, features.clone())
        });
    }
    if case == "postgis-read" {
        return (0..stage.turns()).try_for_each(|_| features(&store, dataset).map(drop));
    }
    let target = tiepoint::Target::File(stage.result("ours.geojson")?);
    let options = ExportOptions { overwrite: Overwrite::Allow, ..ExportOptions::default() };
    let written = tiepoint::export(&store, &Query::layer(dataset.name()), &target, &options, &())?;
    if written == u64::from(stage.size(dataset)) {
        Ok(())
    } else {
        Err(format!("{written} were written").into())
    }
}

fn itself(stage: &Stage, arena: &Arena, case: &str, dataset: Dataset) -> Outcome<CommandLine> {
    let mut command = stage.alone(&format!("{case}-{}", dataset.name()))?;
    command.extend(["--server".into(), arena.url().into()]);
    Ok(command)
}

fn features(store: &PostgisStore, dataset: Dataset) -> Outcome<Vec<Feature>> {
    Ok(store.read(&Query::layer(dataset.name()))?.collect::<Result<_, _>>()?)
}
