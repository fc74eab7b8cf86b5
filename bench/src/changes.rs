//! Changes: writing many at once beside a loop over a prepared statement, and finding them between
//! two files beside geodiff.
use crate::dataset::Dataset;
use crate::outcome::{Row, Target, say};
use crate::stage::Stage;
use crate::{Outcome, measure, python};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tiepoint_core::{
    Change, ChangeSet, Edit, Feature, Fid, FieldChange, FieldNames, Query, Target as Of, Value,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{
    ApplyOptions, DiffOptions, Store, TieOptions, TransactionOptions, WriteMode, apply_changes,
};

/// How many attributes are changed, of what targets are stated for.
const CHANGES: usize = 100_000;

/// One attribute of each of many features, ours by object ids and merged with what others might
/// have written, theirs by the same ids and nothing else.
pub(crate) fn apply(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let tied = tied(stage, dataset)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let changes = notes(&GpkgStore::open(&tied)?, dataset.name(), stage)?;
    for _ in 0..stage.turns() {
        let path = copied(stage, &tied, "ours.gpkg")?;
        let store = GpkgStore::open(&path)?;
        let (done, cpu_s) = measure::cpu_s(|| written(&store, &changes));
        ours.push(cpu_s);
        check(done?, changes.len())?;
        let path = copied(stage, &tied, "theirs.gpkg")?;
        let (done, cpu_s) = measure::cpu_s(|| looped(&path, dataset.name(), &changes));
        theirs.push(cpu_s);
        check(done?, changes.len())?;
    }
    let (ours, theirs) = (measure::median(ours), measure::median(theirs));
    let ratio = ours / theirs;
    Ok(vec![Row {
        figure: format!("{} changes of an attribute → GeoPackage", changes.len()),
        ours: format!("{ours:.3} s"),
        peer: format!("{theirs:.3} s rusqlite, UPDATE … WHERE object_id = ?"),
        ratio: format!("{ratio:.2} of its CPU"),
        target: Target::at_most(ratio, 2.0, "≤ 2"),
        peak: String::new(),
        profile: None,
    }])
}

/// Files of which a hundredth differs: ours gives a change set, theirs a file of changes.
pub(crate) fn diff(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let tied = tied(stage, dataset)?;
    let before = copied(stage, &tied, "before.gpkg")?;
    let after = copied(stage, &tied, "after.gpkg")?;
    let count = altered(&GpkgStore::open(&after)?, dataset.name(), stage.size(dataset))?;
    let mut ours = Vec::new();
    for _ in 0..stage.turns() {
        let (found, cpu_s) = measure::cpu_s(|| -> Outcome<usize> {
            let (before, after) = (GpkgStore::open(&before)?, GpkgStore::open(&after)?);
            let found = tiepoint_gpkg::diff(&before, &after, &DiffOptions::default())?;
            Ok(found.changes.len())
        });
        check(found?, count)?;
        ours.push(cpu_s);
    }
    let ours = measure::median(ours);
    let figure = format!("{count} changes between two files of {}", stage.size(dataset));
    let at_most = Target::at_most(ours * f64::from(stage.divisor), 0.24, "≤ 0.24 s");
    let row = Row {
        figure,
        ours: format!("{ours:.3} s"),
        peer: "no pygeodiff".to_owned(),
        ratio: String::new(),
        target: at_most.clone(),
        peak: String::new(),
        profile: None,
    };
    let Some((theirs, version)) = geodiff(stage, &before, &after, count)? else {
        return Ok(vec![row]);
    };
    let ratio = ours / theirs;
    Ok(vec![Row {
        peer: format!("{theirs:.3} s geodiff {version}"),
        ratio: format!("{ratio:.2} of its CPU"),
        target: at_most.and(Target::at_most(ratio, 1.0, "≤ 1")),
        ..row
    }])
}

/// The dataset in a file whose features have ids, as everybody gets them.
pub(crate) fn tied(stage: &Stage, dataset: Dataset) -> Outcome<PathBuf> {
    let plain = stage.geopackage(dataset, stage.size(dataset))?;
    let path = copied(stage, &plain, "tied.gpkg")?;
    let store = GpkgStore::open(&path)?;
    let mut transaction = store.begin(TransactionOptions::default())?;
    transaction.tie(dataset.name(), &TieOptions::default())?;
    transaction.commit()?;
    Ok(path)
}

pub(crate) fn copied(stage: &Stage, from: &Path, name: &str) -> Outcome<PathBuf> {
    let path = stage.result(name)?;
    fs::copy(from, &path)?;
    Ok(path)
}

/// Another note for many features.
pub(crate) fn notes(store: &dyn Store, layer: &str, stage: &Stage) -> Outcome<ChangeSet> {
    let limit = CHANGES / usize::try_from(stage.divisor)?;
    let fields: FieldNames = std::sync::Arc::new(["note".to_owned()]);
    let mut changes = ChangeSet::new();
    let query = Query::layer(layer).fields(["note"]);
    for row in store.read(&query)?.take(limit) {
        let row = row?;
        let target = Of::of(&row).ok_or("every row is known")?;
        let (before, after) = (row.values()[0].clone(), Value::from(format!("seen {target}")));
        let note = FieldChange { field: 0, before, after: Some(after) };
        changes.record(layer, &fields, target, Change::Update(vec![note]))?;
    }
    Ok(changes)
}

/// What is written, within a transaction.
pub(crate) fn written(store: &dyn Store, changes: &ChangeSet) -> Outcome<usize> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    let applied = apply_changes(transaction.as_mut(), changes, &ApplyOptions::default())?;
    transaction.commit()?;
    Ok(applied.written.len())
}

/// The ids and the notes of changes, as others would hold them.
pub(crate) fn pairs(changes: &ChangeSet) -> impl Iterator<Item = (String, String)> {
    let changes = changes.layers().flat_map(|(_, layer)| layer.iter());
    changes.filter_map(|(target, change)| {
        let (Of::Id(id), Change::Update(fields)) = (target, change) else { return None };
        let Some(Value::Text(note)) = &fields[0].after else { return None };
        Some((id.to_string(), note.clone()))
    })
}

/// A file as others write to it.
pub(crate) fn opened_by_others(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    // the triggers of the spatial index name them, although no geometry changes
    for name in ["ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"] {
        connection.create_scalar_function(name, 1, FunctionFlags::SQLITE_UTF8, |_| Ok(0))?;
    }
    Ok(connection)
}

fn looped(path: &Path, layer: &str, changes: &ChangeSet) -> Outcome<usize> {
    let connection = opened_by_others(path)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let mut made = 0;
    {
        let sql = format!("UPDATE {layer} SET note = ?1 WHERE object_id = ?2");
        let mut statement = connection.prepare(&sql)?;
        for (id, note) in pairs(changes) {
            made += statement.execute([&note, &id])?;
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(made)
}

/// Changes a hundredth of a layer, deletes a few and adds as many; how many that is.
fn altered(store: &GpkgStore, layer: &str, count: u32) -> Outcome<usize> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    let rows = i64::from(count);
    let schema = transaction.layer(layer)?.schema().clone();
    let new = transaction.read(&Query::layer(layer))?.take(1).collect::<Result<Vec<_>, _>>()?;
    let mut writer = transaction.writer(layer, WriteMode::Rows)?;
    let mut made = 0;
    for fid in (1..=rows).step_by(100) {
        let mut noted = Feature::new(schema.clone()).with_fid(Fid::Int(fid));
        noted.set("note", format!("seen {fid}").into())?;
        writer.write(Edit::Update(noted))?;
        made += 1;
    }
    for fid in (50..=rows).step_by(2_000) {
        writer.write(Edit::Delete(Of::Fid(Fid::Int(fid))))?;
        let added = new[0].clone().with_id(None).with_fid(None);
        writer.write(Edit::Insert(added))?;
        made += 2;
    }
    writer.finish()?;
    transaction.commit()?;
    Ok(made)
}

/// The median of its CPU seconds and what it calls itself, where it can be installed.
fn geodiff(
    stage: &Stage,
    before: &Path,
    after: &Path,
    count: usize,
) -> Outcome<Option<(f64, String)>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/geodiff.py");
    let python = match python::with_peers(stage) {
        Ok(python) => python,
        Err(reason) => {
            say(&format!("geodiff is not measured: {reason}"));
            return Ok(None);
        }
    };
    let mut command = Command::new(python);
    command.arg(script).args([before, after, &stage.result("geodiff.diff")?]);
    let output = command.arg(stage.turns().to_string()).output()?;
    let Ok(told) = serde_json::from_slice::<serde_json::Value>(&output.stdout) else {
        let said = String::from_utf8_lossy(&output.stderr);
        say(&format!("geodiff is not measured: {}", said.lines().last().unwrap_or_default()));
        return Ok(None);
    };
    let found = told["changes"].as_u64().unwrap_or_default();
    check(usize::try_from(found)?.min(count), count)?;
    let seconds = told["seconds"].as_array().into_iter().flatten();
    let seconds = measure::median(seconds.filter_map(serde_json::Value::as_f64).collect());
    Ok(Some((seconds, told["version"].as_str().unwrap_or_default().to_owned())))
}

pub(crate) fn check(found: usize, expected: usize) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{found} of {expected} changes").into()) }
}
