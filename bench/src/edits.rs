//! The edit buffer: edits with a journal, undo and redo, readings with much pending, a commit.
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, changes, measure};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tiepoint_core::{Edit, Feature, ObjectId, Query, Schema};
use tiepoint_edits::EditBuffer;
use tiepoint_edits::journal::JournalFolder;
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Store, TieOptions, TransactionOptions, WriteMode};

/// How many edits a step has, where it is about single edits.
const STEP: usize = 1_000;
/// How many changes are pending, where much is.
const PENDING: usize = 100_000;

/// A tied copy of the data, with a buffer and a journal over it, in a folder of its own.
struct Desk {
    folder: PathBuf,
    layer: &'static str,
    store: Arc<GpkgStore>,
    edits: EditBuffer,
    ids: Vec<ObjectId>,
}

impl Desk {
    fn set(stage: &Stage, dataset: Dataset) -> Outcome<Self> {
        let source = stage.geopackage(dataset, stage.size(dataset))?;
        let folder = stage.result("edits")?;
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let path = folder.join("edited.gpkg");
        fs::copy(source, &path)?;
        let (store, layer) = (GpkgStore::open(&path)?, dataset.name());
        let mut transaction = store.begin(TransactionOptions::default())?;
        transaction.tie(layer, &TieOptions::default())?;
        transaction.commit()?;
        let (store, ids) = (Arc::new(store), Vec::new());
        let edits = Self::buffer(&folder, &store)?;
        let mut desk = Self { folder, layer, store, edits, ids };
        let none: [&str; 0] = [];
        for feature in desk.store.read(&Query::layer(layer).fields(none))? {
            desk.ids.extend(feature?.id);
        }
        Ok(desk)
    }

    fn buffer(folder: &Path, store: &Arc<GpkgStore>) -> Outcome<EditBuffer> {
        let journals = JournalFolder::at(folder.join("journals"));
        Ok(EditBuffer::journalled(Arc::clone(store) as Arc<dyn Store>, &journals)?)
    }

    /// Gives these features another population, as one step.
    fn edit(&self, ids: &[ObjectId], population: i64) -> Outcome {
        let schema = Arc::clone(self.store.layer(self.layer)?.schema());
        self.edits.edit("Count people", |it| {
            let mut writer = it.writer(self.layer, WriteMode::Changes)?;
            for id in ids {
                writer.write(Edit::Update(counted(&schema, *id, population)))?;
            }
            writer.settle()?;
            writer.finish()
        })?;
        Ok(())
    }

    fn some_ids(&self, count: usize) -> &[ObjectId] {
        &self.ids[..count.min(self.ids.len() / 2)]
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.edits.rollback();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn counted(schema: &Arc<Schema>, id: ObjectId, population: i64) -> Feature {
    let mut feature = Feature::new(Arc::clone(schema)).with_id(id);
    feature.set("population", population.into()).expect("is a number");
    feature
}

/// Attribute edits that are in the journal when they are acknowledged, a thousand in a step: on the
/// clock, since the disk is waited for.
pub(crate) fn attribute(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let desk = Desk::set(stage, dataset)?;
    let ids = desk.some_ids(PENDING);
    let (mut clock, mut cpu) = (Vec::new(), Vec::new());
    for turn in 0..i64::from(stage.rounds) {
        let begun = Instant::now();
        let steps = || ids.chunks(STEP).try_for_each(|step| desk.edit(step, turn));
        let (done, cpu_s) = measure::cpu_s(steps);
        done?;
        clock.push(begun.elapsed().as_secs_f64() / count(ids) * 1e6);
        cpu.push(cpu_s / count(ids) * 1e6);
    }
    let (clock, cpu) = (measure::median(clock), measure::median(cpu));
    Ok(vec![row(
        format!("journalled attribute edit, {STEP} in a step"),
        format!("{clock:.1} µs on the clock, {cpu:.1} µs CPU"),
        Target::at_most(clock, 60.0, "≤ 60 µs"),
    )])
}

/// Taking back and making again one step of a hundred thousand changes, with the journal.
pub(crate) fn undo(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let desk = Desk::set(stage, dataset)?;
    let ids = desk.some_ids(PENDING);
    desk.edit(ids, -1)?;
    let (mut undo, mut redo) = (Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        let (done, cpu_s) = measure::cpu_s(|| desk.edits.undo());
        done?.ok_or("there is a step to undo")?;
        undo.push(cpu_s);
        let (done, cpu_s) = measure::cpu_s(|| desk.edits.redo());
        done?.ok_or("there is a step to redo")?;
        redo.push(cpu_s);
    }
    let rate = |seconds| count(ids) / measure::median(seconds);
    let figures = [("undo", rate(undo)), ("redo", rate(redo))];
    Ok(figures
        .map(|(verb, rate)| {
            let target = Target::at_least(rate, 300_000.0, "≥ 300,000/s");
            row(format!("{verb} of {} changes", ids.len()), format!("{rate:.0}/s"), target)
        })
        .into())
}

/// Readings by id with a hundred thousand changes pending, beside the store alone: of features that
/// nothing is pending for, and of those that something is.
pub(crate) fn by_id(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    const ASKED: u32 = 5_000;
    let desk = Desk::set(stage, dataset)?;
    let pending = desk.some_ids(PENDING);
    desk.edit(pending, -1)?;
    let ask = |store: &dyn Store, ids: &[ObjectId]| -> Outcome<f64> {
        let every = (ids.len() / usize::try_from(ASKED)?).max(1);
        let round = || -> Outcome {
            for id in ids.iter().step_by(every) {
                let found = store.read(&Query::object(desk.layer, *id))?.next();
                found.ok_or("is there")??;
            }
            Ok(())
        };
        round()?;
        let mut seconds = Vec::new();
        for _ in 0..stage.turns() {
            let (done, cpu_s) = measure::cpu_s(round);
            done?;
            seconds.push(cpu_s / count(ids).min(f64::from(ASKED)) * 1e6);
        }
        Ok(measure::median(seconds))
    };
    let untouched = &desk.ids[pending.len()..];
    let alone = ask(&*desk.store, untouched)?;
    let beside = ask(&desk.edits, untouched)?;
    let touched = ask(&desk.edits, pending)?;
    let figures = [("that nothing is pending for", beside), ("that is pending", touched)];
    Ok(figures
        .map(|(which, us)| Row {
            peer: format!("{alone:.1} µs in the store"),
            ratio: format!("{:.2}", us / alone),
            ..row(
                format!("a feature by id {which}, {} changes pending", pending.len()),
                format!("{us:.1} µs"),
                Target::at_most(us / alone, 1.2, "≤ 1.2×"),
            )
        })
        .into())
}

/// Committing a hundred thousand changes from the buffer, its journal included.
pub(crate) fn commit(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let desk = Desk::set(stage, dataset)?;
    let ids = desk.some_ids(PENDING);
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for turn in 0..i64::from(stage.rounds) {
        desk.edit(ids, 10_000 + turn)?;
        let (done, cpu_s) = measure::cpu_s(|| desk.edits.commit());
        done?;
        ours.push(cpu_s);
        raw.push(raw_loop(&desk.folder.join("edited.gpkg"), ids, 20_000 + turn)?);
    }
    let (ours, raw) = (measure::median(ours), measure::median(raw));
    Ok(vec![Row {
        peer: format!("{raw:.3} s by a prepared statement"),
        ratio: format!("{:.2}", ours / raw),
        ..row(
            format!("commit of {} changes from the buffer", ids.len()),
            format!("{ours:.3} s"),
            Target::at_most(ours / raw, 2.0, "≤ 2×"),
        )
    }])
}

/// The same changes by one prepared statement, in one transaction.
fn raw_loop(path: &Path, ids: &[ObjectId], population: i64) -> Outcome<f64> {
    let mut connection = changes::opened_by_others(path)?;
    let (done, cpu_s) = measure::cpu_s(|| -> Outcome {
        let transaction = connection.transaction()?;
        let sql = "UPDATE polygons SET population = ?1 WHERE object_id = ?2";
        let mut update = transaction.prepare(sql)?;
        for id in ids {
            update.execute((population, id.to_string()))?;
        }
        drop(update);
        Ok(transaction.commit()?)
    });
    done.map(|()| cpu_s)
}

fn count(ids: &[ObjectId]) -> f64 {
    u32::try_from(ids.len()).map_or(f64::NAN, f64::from)
}

fn row(figure: String, ours: String, target: Target) -> Row {
    let none = String::new;
    Row { figure, ours, peer: none(), ratio: none(), target, peak: none(), profile: None }
}
