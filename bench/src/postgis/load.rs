//! Many features at once into a layer with its index.
use super::arena::{self, Arena, Cost};
use super::{peers, raw};
use crate::Outcome;
use crate::dataset::Dataset;
use crate::measure;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use std::ffi::OsString;
use tiepoint_core::Identity;

const OURS: &str = "ours";
const THEIRS: &str = "theirs";

/// Ours into a layer as everybody gets it, which has object ids, an index of them and a guard, and
/// into one without; the driver's own writer of `COPY` into the latter. Each is given its rows to use
/// up, as from a stream.
pub(crate) fn compare(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let features = arena::features(stage, dataset)?;
    let store = arena.holding(stage, dataset)?;
    let mut raw = arena.raw()?;
    let (mut bare, mut tied, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        for (identity, costs) in [(Identity::None, &mut bare), (Identity::column(), &mut tied)] {
            arena::create(&store, OURS, &features[0], identity)?;
            let given = features.clone();
            costs.push(arena.cost(|| arena::load(&store, OURS, given))?.1);
        }
        arena::create(&store, THEIRS, &features[0], Identity::None)?;
        let given = raw.polygons(dataset.name())?;
        theirs.push(arena.cost(|| raw.load(THEIRS, given))?.1);
        check(&mut raw, stage.size(dataset))?;
    }
    let [bare, tied, theirs] = [bare, tied, theirs].map(|costs| Cost::median(&costs));
    let figure = format!("memory → PostGIS, {} {}", stage.size(dataset), dataset.name());
    let beside = |figure: String, ours: Cost, target: fn(f64) -> Target| {
        let ratio = ours.client_s / theirs.client_s;
        Row {
            ratio: format!("{ratio:.2} of its CPU"),
            target: target(ratio),
            ..super::row(figure, ours, format!("{} tokio-postgres, binary COPY", theirs.told()))
        }
    };
    let mut rows = vec![
        beside(format!("{figure}, without ids"), bare, |it| Target::at_most(it, 1.25, "≤ 1.25")),
        beside(format!("{figure}, tied"), tied, |_| Target::None),
    ];
    rows.extend(others(stage, arena, dataset, &figure, tied)?);
    Ok(rows)
}

/// Programs that do the same.
fn others(
    stage: &Stage,
    arena: &Arena,
    dataset: Dataset,
    figure: &str,
    ours: Cost,
) -> Outcome<Vec<Row>> {
    let (store, mut raw) = (arena.store()?, arena.raw()?);
    let like = arena::features(stage, dataset)?.swap_remove(0);
    let empty = || arena::create(&store, THEIRS, &like, Identity::None);
    let mut rows = Vec::new();
    empty()?;
    if let Some((cost, what)) = peers::geoalchemy(stage, arena, "insert", THEIRS) {
        check_table(&mut raw, THEIRS, stage.size(dataset))?;
        let speed = cost.client_s / ours.client_s;
        rows.push(Row {
            ratio: format!("{speed:.0} × as fast"),
            target: Target::at_least(speed, 50.0, "≥ 50 ×"),
            ..super::row(figure.to_owned(), ours, format!("{} {what}, add_all", cost.told()))
        });
    }
    let copied = stage.result("polygons.copy")?;
    let copy = |raw: &str, way: &str| -> Outcome<Vec<OsString>> {
        let order =
            format!("\\copy {raw} ({}) {way} '{}' (format binary)", raw::COLUMNS, copied.display());
        Ok(["psql".into(), "-qX".into(), arena.url().into(), "-c".into(), order.into()].into())
    };
    measure::once(&copy(dataset.name(), "to")?)?;
    empty()?;
    let psql = copy(THEIRS, "from")?;
    let document = stage.geojson(dataset, stage.size(dataset))?;
    let mut gdal = measure::ogr2ogr("PostgreSQL", &peers::gdal(arena), &document, &[]);
    gdal.extend(
        ["-nln", "gdal", "-lco", "OVERWRITE=YES", "--config", "PG_USE_COPY", "YES"]
            .map(OsString::from),
    );
    for (name, command) in
        [("psql, \\copy of its own bytes", psql), ("ogr2ogr from GeoJSON, COPY", gdal)]
    {
        let cost = peers::command(arena, &command);
        rows.extend(
            cost.map(|cost| super::row(figure.to_owned(), ours, format!("{} {name}", cost.told()))),
        );
    }
    Ok(rows)
}

fn check(raw: &mut raw::Raw, count: u32) -> Outcome {
    check_table(raw, OURS, count)?;
    check_table(raw, THEIRS, count)
}

fn check_table(raw: &mut raw::Raw, table: &str, count: u32) -> Outcome {
    let found: i64 = raw.one(&format!("SELECT count(*) FROM {table}"))?.get(0);
    if found == i64::from(count) {
        Ok(())
    } else {
        Err(format!("{table} holds {found} of {count}").into())
    }
}
