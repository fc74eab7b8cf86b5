//! What a change log costs those who write to a GeoPackage, and how fast a watcher tells of it.
use crate::changes::{check, copied, opened_by_others, tied};
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, measure};
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};
use tiepoint_core::{Feature, LayerDefinition, Query};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{
    LogOptions, Store, TransactionOptions, Watch, WatchEvent, WatchOptions, WriteMode,
};

/// How many changes of others are told.
const CHANGES: u32 = 100_000;
/// How many transactions of one row each are made.
const SINGLE: u32 = 2_000;
/// For how long nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How many single changes are waited for.
const WAITS: u32 = 40;

/// A load by `ogr2ogr` and one of ours into a layer with a log, beside the same without.
pub(crate) fn load(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let source = stage.geopackage(dataset, stage.size(dataset))?;
    let features = GpkgStore::open(&source)?.read(&Query::layer(dataset.name()))?;
    let features = features.collect::<Result<Vec<_>, _>>()?;
    let mut costs = [const { Vec::new() }; 4];
    for _ in 0..stage.turns() {
        for (at, logged) in [false, true].into_iter().enumerate() {
            let path = stage.result("loaded.gpkg")?;
            empty(&path, dataset, &features[0], logged)?;
            let mut append = measure::ogr2ogr("GPKG", &path, &source, &[]);
            append.extend(["-update", "-append", dataset.name()].map(OsString::from));
            costs[at].push(measure::once(&append)?.cpu_s);
            let path = stage.result("loaded.gpkg")?;
            empty(&path, dataset, &features[0], logged)?;
            let given = features.clone();
            let (done, cpu_s) = measure::cpu_s(|| loaded(&path, dataset, given));
            done?;
            costs[at + 2].push(cpu_s);
        }
    }
    let [gdal, gdal_logged, ours, ours_logged] = costs.map(measure::median);
    let figure = format!("{} {} appended", stage.size(dataset), dataset.name());
    Ok(vec![
        beside(format!("{figure} by ogr2ogr, with a log"), gdal_logged, gdal, 1.25, "s"),
        beside(format!("{figure} by us, with a log"), ours_logged, ours, 1.25, "s"),
    ])
}

/// Transactions of another program that change one row each, beside the same without a log.
pub(crate) fn rows(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let tied = tied(stage, dataset)?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        for (logged, costs) in [(false, &mut without), (true, &mut with)] {
            let path = copied(stage, &tied, "rows.gpkg")?;
            if logged {
                install(&path, dataset)?;
            }
            let (done, cpu_s) = measure::cpu_s(|| one_by_one(&path, dataset.name()));
            done?;
            costs.push(cpu_s / f64::from(SINGLE) * 1e6);
        }
    }
    let (with, without) = (measure::median(with), measure::median(without));
    let figure = "UPDATE of one row in a transaction, GeoPackage, with a log".to_owned();
    Ok(vec![beside(figure, with, without, 1.15, "µs")])
}

/// A watcher of a file that nobody writes to.
pub(crate) fn idle(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let path = copied(stage, &tied(stage, dataset)?, "idle.gpkg")?;
    install(&path, dataset)?;
    let mut watch = GpkgStore::open(&path)?.watch(&WatchOptions::from_now())?;
    let (heard, cpu_s) = measure::cpu_s(|| watch.next(IDLE));
    if heard?.is_some() {
        return Err("nobody wrote".into());
    }
    let share = cpu_s / IDLE.as_secs_f64() * 100.0;
    Ok(vec![row(
        "watching an idle GeoPackage".to_owned(),
        format!("{share:.2} % of a core"),
        Target::at_most(share, 1.0, "≤ 1 %"),
    )])
}

/// Many changes that another program has made in one transaction, and single ones as they come.
pub(crate) fn delivery(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let count = CHANGES / stage.divisor;
    let path = copied(stage, &tied(stage, dataset)?, "delivered.gpkg")?;
    install(&path, dataset)?;
    let mut watch = GpkgStore::open(&path)?.watch(&WatchOptions::from_now())?;
    let mut others = opened_by_others(&path)?;
    let name = dataset.name();
    let mut many = Vec::new();
    for turn in 0..stage.turns() {
        let sql = format!("UPDATE {name} SET note = 'seen ' || ?1 || fid WHERE fid <= ?2");
        others.execute(&sql, (turn, count))?;
        let begun = Instant::now();
        heard(&mut *watch, count)?;
        many.push(begun.elapsed().as_secs_f64());
    }
    let mut single = Vec::new();
    for turn in 0..WAITS {
        let sql = format!("UPDATE {name} SET note = 'once ' || ?1 WHERE fid = ?1 + 1");
        let writer = &mut others;
        single.push(seen(&mut *watch, move || Ok(writer.execute(&sql, [turn]).map(drop)?))?);
    }
    Ok(told(count, many, single, "GeoPackage"))
}

/// Both figures of a store.
pub(crate) fn told(count: u32, many: Vec<f64>, single: Vec<f64>, store: &str) -> Vec<Row> {
    let most = single.iter().copied().fold(0.0, f64::max);
    let (many, single) = (measure::median(many), measure::median(single));
    vec![
        row(
            format!("{count} changes of others told, {store}"),
            format!("{many:.2} s on the clock"),
            Target::at_most(many, 1.0, "≤ 1 s"),
        ),
        row(
            format!("a change of others seen, {store}"),
            format!("{single:.0} ms after its commit, {most:.0} ms at most"),
            Target::at_most(most, 200.0, "≤ 200 ms"),
        ),
    ]
}

/// How many milliseconds after somebody has committed a watcher that waits has heard of it.
pub(crate) fn seen(watch: &mut dyn Watch, write: impl FnOnce() -> Outcome + Send) -> Outcome<f64> {
    /// Longer than any watcher sleeps between two looks.
    const PAUSE: Duration = Duration::from_millis(170);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            std::thread::sleep(PAUSE);
            write().map_err(|reason| reason.to_string()).map(|()| Instant::now())
        });
        heard(watch, 1)?;
        let now = Instant::now();
        let committed = writer.join().map_err(|_panic| "the writer panicked")??;
        Ok(now.saturating_duration_since(committed).as_secs_f64() * 1e3)
    })
}

/// Waits for so many changes.
pub(crate) fn heard(watch: &mut dyn Watch, count: u32) -> Outcome {
    const PATIENCE: Duration = Duration::from_secs(20);
    for _ in 0..count {
        match watch.next(PATIENCE)? {
            Some(WatchEvent::Changed(_)) => {}
            other => return Err(format!("instead of a change there came {other:?}").into()),
        }
    }
    match watch.next(Duration::ZERO)? {
        None => Ok(()),
        Some(more) => Err(format!("there came more: {more:?}").into()),
    }
}

/// A figure of ours beside the same without a log.
pub(crate) fn beside(figure: String, with: f64, without: f64, limit: f64, unit: &str) -> Row {
    let ratio = with / without;
    let target = Target::at_most(ratio, limit, format!("≤ {limit}"));
    Row {
        peer: format!("{without:.2} {unit} without"),
        ratio: format!("{ratio:.2} of its CPU"),
        ..row(figure, format!("{with:.2} {unit}"), target)
    }
}

pub(crate) fn row(figure: String, ours: String, target: Target) -> Row {
    let none = String::new;
    Row { figure, ours, target, peer: none(), ratio: none(), peak: none(), profile: None }
}

/// A new file with an empty layer for features like this one.
fn empty(path: &Path, dataset: Dataset, like: &Feature, logged: bool) -> Outcome {
    let store = GpkgStore::create(path)?;
    let mut transaction = store.begin(TransactionOptions::default())?;
    let definition = LayerDefinition::new(dataset.name(), like.schema().as_ref().clone());
    transaction.create_layer(&definition)?;
    if logged {
        transaction.install_log(dataset.name(), &LogOptions::default())?;
    }
    Ok(transaction.commit()?)
}

fn install(path: &Path, dataset: Dataset) -> Outcome {
    let store = GpkgStore::open(path)?;
    let mut transaction = store.begin(TransactionOptions::default())?;
    transaction.install_log(dataset.name(), &LogOptions::default())?;
    Ok(transaction.commit()?)
}

fn loaded(path: &Path, dataset: Dataset, features: Vec<Feature>) -> Outcome {
    let store = GpkgStore::open(path)?;
    let mut transaction = store.begin(TransactionOptions::default())?;
    let mut writer = transaction.writer(dataset.name(), WriteMode::Bulk)?;
    for feature in features {
        writer.write(tiepoint_core::Edit::Insert(feature.with_fid(None)))?;
    }
    writer.finish()?;
    Ok(transaction.commit()?)
}

fn one_by_one(path: &Path, layer: &str) -> Outcome {
    let others = opened_by_others(path)?;
    let mut update = others.prepare(&format!("UPDATE {layer} SET note = ?1 WHERE fid = ?2"))?;
    let mut made = 0;
    for number in 0..SINGLE {
        made += update.execute((format!("seen {number}"), number * 7 + 1))?;
    }
    check(made, usize::try_from(SINGLE)?)
}
