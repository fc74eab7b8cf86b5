//! A GeoPackage into memory: our features, and plain values by way of rusqlite alone.
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, measure, profile};
use rusqlite::{Connection, OpenFlags, Row as SqlRow};
use std::hint::black_box;
use std::path::Path;
use tiepoint_core::{Feature, Query};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::Store;

/// Both sides read all columns of the same file and keep everything; they take turns, in one
/// process, on one SQLite. Freeing what was read is not counted.
pub(crate) fn compare(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let count = stage.size(dataset);
    let path = stage.geopackage(dataset, count)?;
    let raw = match dataset {
        Dataset::Polygons => raw_cpu_s::<Polygon>,
        Dataset::Points => raw_cpu_s::<Point>,
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..stage.turns() {
        if round % 2 == 0 {
            ours.push(features_cpu_s(&path, dataset, count)?);
        }
        theirs.push(raw(&path, count)?);
        if round % 2 == 1 {
            ours.push(features_cpu_s(&path, dataset, count)?);
        }
    }
    let (ours, theirs) = (measure::median(ours), measure::median(theirs));
    let mut row = row(format!("GeoPackage → memory, {count} {}", dataset.name()), ours, theirs);
    if row.is_missed() {
        let alone = stage.alone(&format!("read-{}", dataset.name()))?;
        row.profile = Some(profile::of(&alone, stage.result("perf.data")?));
    }
    Ok(vec![row])
}

/// Our side, once more for a profiler.
pub(crate) fn alone(stage: &Stage, dataset: Dataset) -> Outcome {
    let count = stage.size(dataset);
    let path = stage.geopackage(dataset, count)?;
    (0..stage.turns()).try_for_each(|_| features_cpu_s(&path, dataset, count).map(|_| ()))
}

/// All features of the dataset's layer.
pub(crate) fn features(path: &Path, dataset: Dataset) -> Outcome<Vec<Feature>> {
    let store = GpkgStore::open(path)?;
    let features = store.read(&Query::layer(dataset.name()))?;
    Ok(features.collect::<Result<_, _>>()?)
}

fn row(figure: String, ours: f64, theirs: f64) -> Row {
    let speed = theirs / ours;
    Row {
        figure,
        ours: format!("{ours:.3} s"),
        peer: format!("{theirs:.3} s rusqlite"),
        ratio: format!("{speed:.2} of its speed"),
        target: Target::at_least(speed, 0.7, "≥ 0.7"),
        peak: String::new(),
        profile: None,
    }
}

fn features_cpu_s(path: &Path, dataset: Dataset, count: u32) -> Outcome<f64> {
    let (features, cpu_s) = measure::cpu_s(|| features(path, dataset));
    complete(black_box(features?).len(), count)?;
    Ok(cpu_s)
}

fn raw_cpu_s<R: RawRow>(path: &Path, count: u32) -> Outcome<f64> {
    let (rows, cpu_s) = measure::cpu_s(|| raw_rows::<R>(path));
    complete(black_box(rows?).len(), count)?;
    Ok(cpu_s)
}

fn raw_rows<R: RawRow>(path: &Path) -> rusqlite::Result<Vec<R>> {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = file.prepare(R::SQL)?;
    statement.query_map([], R::read)?.collect()
}

fn complete(found: usize, count: u32) -> Outcome {
    if found == count as usize {
        return Ok(());
    }
    Err(format!("{found} of {count} features were read").into())
}

/// A row of one of our tables in plain values.
trait RawRow: Sized {
    const SQL: &str;

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self>;
}

/// fid, geometry, parcel id, zone, population, value, created, note.
struct Polygon(
    #[expect(dead_code, reason = "kept, as a program would")]
    (i64, Vec<u8>, String, String, i64, f64, String, String),
);

impl RawRow for Polygon {
    const SQL: &str =
        "SELECT fid, geom, parcel_id, zone, population, value, created, note FROM polygons";

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        row.try_into().map(Self)
    }
}

/// fid, geometry, number, name, category, value.
struct Point(
    #[expect(dead_code, reason = "kept, as a program would")] (i64, Vec<u8>, i64, String, i64, f64),
);

impl RawRow for Point {
    const SQL: &str = "SELECT fid, geom, number, name, category, value FROM points";

    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        row.try_into().map(Self)
    }
}
