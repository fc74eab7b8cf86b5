//! What a change log costs those who write to a PostGIS table, and how fast a watcher tells of it.
use super::arena::{self, Arena, Cost};
use crate::dataset::Dataset;
use crate::outcome::{Row, Target, say};
use crate::stage::Stage;
use crate::watching::{beside, heard, row, seen, told};
use crate::{Outcome, measure};
use std::process::Command;
use std::time::{Duration, Instant};
use tiepoint_core::Identity;
use tiepoint_postgis::PostgisStore;
use tiepoint_store::{LogOptions, Store, TransactionOptions, WatchOptions};

const LOADED: &str = "loaded";
/// How many changes of others are told.
const CHANGES: u32 = 100_000;
/// How many sessions change rows at once, and for how many seconds.
const CLIENTS: &str = "8";
const SECONDS: &str = "8";
/// For how long nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How many single changes are waited for.
const WAITS: u32 = 40;

/// A `COPY` of the driver's own into a tied layer with a log, beside the same without.
pub(crate) fn load(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let like = arena::features(stage, dataset)?.swap_remove(0);
    let store = arena.holding(stage, dataset)?;
    let mut raw = arena.raw()?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        for (logged, costs) in [(false, &mut without), (true, &mut with)] {
            arena::create(&store, LOADED, &like, Identity::column())?;
            if logged {
                install(&store, LOADED)?;
            }
            let given = raw.polygons(dataset.name())?;
            costs.push(arena.cost(|| raw.load(LOADED, given))?.1);
        }
    }
    let [with, without] = [with, without].map(|costs| whole(Cost::median(&costs)));
    let figure =
        format!("COPY of {} {} → PostGIS, with a log", stage.size(dataset), dataset.name());
    Ok(vec![beside(figure, with, without, 1.25, "s with the server's")])
}

/// Transactions of one row each from eight sessions at once, by `pgbench`, beside the same without a
/// log: on the clock, with commits that wait for the disk.
pub(crate) fn rows(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let store = arena.holding(stage, dataset)?;
    arena.commit_durably(true)?;
    let (name, count) = (dataset.name(), stage.size(dataset));
    let script = stage.result("rows.sql")?;
    let sql = format!(
        "\\set fid random(1, {count})\nUPDATE {name} SET population = population + 1 WHERE fid = :fid;\n"
    );
    std::fs::write(&script, sql)?;
    let rate = || -> Outcome<f64> {
        let mut pgbench = Command::new("pgbench");
        pgbench.args(["-n", "-M", "prepared", "-c", CLIENTS, "-j", "2", "-T", SECONDS, "-f"]);
        let output = pgbench.arg(&script).arg(arena.url()).output();
        let output = output.map_err(|reason| format!("pgbench cannot be started: {reason}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
        let complaint = || String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(rate.ok_or_else(complaint)?.parse()?)
    };
    let (mut without, mut with, mut watched) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        without.push(rate()?);
        install(&store, name)?;
        with.push(rate()?);
        let mut watch = store.watch(&WatchOptions::from_now())?;
        let end = std::sync::atomic::AtomicBool::new(false);
        watched.push(std::thread::scope(|scope| -> Outcome<f64> {
            let listens = || {
                while !end.load(std::sync::atomic::Ordering::SeqCst) {
                    let _ = watch.next(Duration::from_millis(50));
                }
            };
            scope.spawn(listens);
            let rate = rate();
            end.store(true, std::sync::atomic::Ordering::SeqCst);
            rate
        })?);
        remove(&store, name)?;
        arena.raw()?.run(&format!("VACUUM ANALYZE {name}"))?;
    }
    arena.commit_durably(false)?;
    let [without, with, watched] = [without, with, watched].map(measure::median);
    let figure = |rate: f64, what: &str, target: bool| {
        let share = rate / without;
        Row {
            peer: format!("{without:.0}/s without"),
            ratio: format!("{share:.2} of its rate"),
            ..row(
                format!("transactions of one row, {CLIENTS} sessions, {what}"),
                format!("{rate:.0}/s"),
                if target { Target::at_least(share, 0.85, "≥ 0.85") } else { Target::None },
            )
        }
    };
    Ok(vec![figure(with, "with a log", true), figure(watched, "with a log and a watcher", false)])
}

/// Many changes that another session has made at once, single ones as they come, and none at all.
pub(crate) fn delivery(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let store = arena.holding(stage, dataset)?;
    let (name, count) = (dataset.name(), CHANGES / stage.divisor);
    install(&store, name)?;
    let mut watch = store.watch(&WatchOptions::from_now())?;
    let mut raw = arena.raw()?;
    let mut many = Vec::new();
    for turn in 0..stage.turns() {
        raw.run(&format!("VACUUM {name}"))?;
        raw.run(&format!("UPDATE {name} SET note = 'seen {turn} ' || fid WHERE fid <= {count}"))?;
        let begun = Instant::now();
        heard(&mut *watch, count)?;
        many.push(begun.elapsed().as_secs_f64());
    }
    let mut single = Vec::new();
    for turn in 0..WAITS {
        let sql = format!("UPDATE {name} SET note = 'once {turn}' WHERE fid = {turn} + 1");
        single.push(seen(&mut *watch, || raw.run(&sql))?);
    }
    let (quiet, cost) = arena.cost(|| Ok(watch.next(IDLE)?))?;
    if quiet.is_some() {
        say("somebody wrote while nobody should");
    }
    remove(&store, name)?;
    let mut rows = told(count, many, single, "PostGIS");
    let share = (cost.client_s + cost.server_s) / IDLE.as_secs_f64() * 100.0;
    rows.push(row(
        "watching an idle PostGIS".to_owned(),
        format!("{share:.2} % of a core, with the server's"),
        Target::at_most(share, 1.0, "≤ 1 %"),
    ));
    Ok(rows)
}

fn whole(cost: Cost) -> f64 {
    cost.client_s + cost.server_s
}

fn install(store: &PostgisStore, layer: &str) -> Outcome {
    let mut transaction = store.begin(TransactionOptions::default())?;
    transaction.install_log(layer, &LogOptions::default())?;
    Ok(transaction.commit()?)
}

fn remove(store: &PostgisStore, layer: &str) -> Outcome {
    let mut transaction = store.begin(TransactionOptions::default())?;
    transaction.remove_log(layer)?;
    Ok(transaction.commit()?)
}
