//! Ties: attaching a million, what they weigh, what asking and hearing cost, beside the usual
//! pattern of a Python program.
mod known;
mod usual;

use crate::changes::{copied, tied};
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::watching::row;
use crate::{Outcome, measure};
use known::Known;
use std::sync::Arc;
use std::time::Instant;
use tiepoint::Ties;
use tiepoint_core::{Edit, Feature, Query};
use tiepoint_edits::EditBuffer;
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Store, TieOptions, TransactionOptions};
use usual::usual_pattern;

/// How many rows a step or a commit is about.
const STEP: i64 = 1_000;
/// How many lookups are made at random.
const LOOKUPS: usize = 200_000;
/// What many ties are compared with.
const FEW: i64 = 10_000;

/// The first tie of a layer, and attaching to it.
pub(crate) fn attach(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let count = stage.size(dataset);
    let [mut first, mut attached, mut clock] = [const { Vec::new() }; 3];
    for _ in 0..stage.rounds {
        let path = copied(stage, &stage.geopackage(dataset, count)?, "first.gpkg")?;
        let store = GpkgStore::open(&path)?;
        let begun = Instant::now();
        let mut transaction = store.begin(TransactionOptions::default())?;
        transaction.tie(dataset.name(), &TieOptions::default())?;
        transaction.commit()?;
        first.push(begun.elapsed().as_secs_f64());
    }
    let path = tied(stage, dataset)?;
    for _ in 0..stage.turns() {
        let store = Arc::new(GpkgStore::open(&path)?);
        let begun = Instant::now();
        let (ties, cpu_s) = measure::cpu_s(|| ties_of(store, dataset));
        clock.push(begun.elapsed().as_secs_f64());
        drop(ties?);
        attached.push(cpu_s);
    }
    let [first, attached, clock] = [first, attached, clock].map(measure::median);
    let peer = usual_pattern(&[count.into()]).map_or_else(String::new, |them| {
        format!("{:.2} s into a WeakValueDictionary, read already", them[0].attach_s)
    });
    let target = Target::at_most(attached, 1.0, "≤ 1 s");
    Ok(vec![
        row(
            format!("the first tie of {count} rows, GeoPackage"),
            format!("{first:.2} s"),
            Target::at_most(first, 8.0, "≤ 8 s"),
        ),
        Row {
            peer,
            ..row(
                format!("{count} ties attached"),
                format!("{attached:.2} s CPU, {clock:.2} s on the clock"),
                target,
            )
        },
    ])
}

/// What ties weigh beyond their objects.
pub(crate) fn weight(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let count = i64::from(stage.size(dataset));
    let (ids, objects) = Known::parts(count);
    let before = resident_bytes()?;
    let known = Known::bound(ids, objects);
    let bytes = (resident_bytes()? - before) / float(known.objects.len());
    Ok(vec![row(
        format!("a tie among {count}, with its object bound"),
        format!("{bytes:.0} bytes"),
        Target::at_most(bytes, 120.0, "≤ 120 bytes"),
    )])
}

/// Asking for objects at random, by id and by row.
#[expect(clippy::unnecessary_wraps, reason = "as all that is measured")]
pub(crate) fn lookups(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let many = i64::from(stage.size(dataset));
    let them = usual_pattern(&[FEW, many]);
    let mut rows = Vec::new();
    for (at, count) in [FEW, many].into_iter().enumerate() {
        let known = Known::of(count);
        let (mut by_id, mut by_row, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..stage.turns() {
            let chosen = known.chosen();
            by_id.push(nanoseconds(|| chosen.iter().for_each(|(id, _)| known.ask_by_id(id))));
            by_row.push(nanoseconds(|| chosen.iter().for_each(|(_, fid)| known.ask_by_fid(fid))));
            held.push(nanoseconds(|| chosen.iter().for_each(|(_, fid)| known.ask_for_object(fid))));
        }
        let figures = [("by id", by_id), ("by row", by_row), ("by row, with its object", held)];
        for (how, nanoseconds) in figures {
            let ns = measure::median(nanoseconds);
            let target = if how.ends_with("object") {
                Target::None
            } else {
                Target::at_most(ns, 100.0, "≤ 100 ns")
            };
            let peer = them.as_ref().map_or_else(String::new, |them| {
                format!("{:.0} ns in a WeakValueDictionary", them[at].lookup_ns)
            });
            let figure = format!("a tie at random {how}, among {count}");
            rows.push(Row { peer, ..row(figure, format!("{ns:.0} ns"), target) });
        }
    }
    Ok(rows)
}

/// Hearing of a step, among few ties and among many.
#[expect(clippy::unnecessary_wraps, reason = "as all that is measured")]
pub(crate) fn events(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let many = i64::from(stage.size(dataset));
    let them = usual_pattern(&[FEW, many]);
    let mut costs = Vec::new();
    for count in [FEW, many] {
        let mut known = Known::of(count);
        let (mut deleted, mut added) = (Vec::new(), Vec::new());
        for _ in 0..stage.turns() {
            let fids = known.some_fids();
            deleted.push(nanoseconds_of_step(|| known.delete_and_undo(&fids)) / 2.0);
            added.push(nanoseconds_of_step(|| known.add_and_undo()) / 2.0);
        }
        costs.push([measure::median(deleted), measure::median(added)]);
    }
    let peer = them.map_or_else(String::new, |them| {
        let [few, many] = [0, 1].map(|at| them[at].deletion_ms);
        format!("{few:.2} ms and {many:.1} ms by looking at all objects")
    });
    let figures = ["deleted or returned", "added or taken back"];
    let rows = figures.into_iter().enumerate().map(|(at, what)| {
        let (few, many_ns) = (costs[0][at], costs[1][at]);
        let ratio = many_ns / few;
        // what differs is how much of it the processor has at hand
        let target =
            Target::at_most(many_ns, 25_000.0, "≤ 25 µs").and(Target::at_most(ratio, 3.0, "≤ 3×"));
        Row {
            peer: peer.clone(),
            ratio: format!("{ratio:.2} times as much"),
            ..row(
                format!("a row {what}, in a step of {STEP}, among {FEW} and {many} ties"),
                format!("{few:.0} ns and {many_ns:.0} ns"),
                target,
            )
        }
    });
    Ok(rows.collect())
}

/// A commit of new features from a buffer with ties, beside the same without.
pub(crate) fn commit(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let path = copied(stage, &tied(stage, dataset)?, "committed.gpkg")?;
    let store = Arc::new(GpkgStore::open(&path)?);
    let [mut without, mut with] = [Vec::new(), Vec::new()];
    let buffer = Arc::new(EditBuffer::over(Arc::clone(&store) as Arc<dyn Store>));
    let model = store.read(&Query::layer(dataset.name()).limit(1))?.next().ok_or("has rows")??;
    let ties: Ties<u64> = Ties::over_buffer(&buffer);
    ties.add_layer(dataset.name(), |_| 0)?;
    let plain = Arc::new(EditBuffer::over(store));
    for _ in 0..stage.turns() {
        without.push(committed(&plain, dataset.name(), &model)?);
        with.push(committed(&buffer, dataset.name(), &model)?);
    }
    let (with, without) = (measure::median(with), measure::median(without));
    let more = (with - without) * 1e3;
    Ok(vec![Row {
        peer: format!("{:.1} ms without ties", without * 1e3),
        ..row(
            format!(
                "a commit of {STEP} new features, GeoPackage, with {} ties",
                stage.size(dataset)
            ),
            format!("{:.1} ms, {more:.1} ms more", with * 1e3),
            Target::at_most(more, 10.0, "≤ 10 ms more"),
        )
    }])
}

/// Seconds that a commit of new features takes.
fn committed(buffer: &EditBuffer, layer: &str, model: &Feature) -> Outcome<f64> {
    buffer.edit("Add", |it| {
        (0..STEP).try_for_each(|_| {
            let new = model.clone().with_id(None).with_fid(None);
            it.write(layer, Edit::Insert(new)).map(drop)
        })
    })?;
    let begun = Instant::now();
    buffer.commit()?;
    Ok(begun.elapsed().as_secs_f64())
}

fn ties_of(store: Arc<GpkgStore>, dataset: Dataset) -> Outcome<Ties<u64>> {
    let ties = Ties::over(store);
    ties.add_layer(dataset.name(), |_| 0)?;
    Ok(ties)
}

fn nanoseconds(work: impl FnOnce()) -> f64 {
    measure::cpu_s(work).1 * 1e9 / float(LOOKUPS)
}

fn nanoseconds_of_step(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64() * 1e9 / float(usize::try_from(STEP).expect("is small"))
}

/// How much memory this program has resident.
fn resident_bytes() -> Outcome<f64> {
    const PAGE_BYTES: f64 = 4_096.0;
    let told = std::fs::read_to_string("/proc/self/statm")?;
    let pages = told.split_whitespace().nth(1).ok_or("statm tells of pages")?;
    Ok(pages.parse::<f64>()? * PAGE_BYTES)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}
