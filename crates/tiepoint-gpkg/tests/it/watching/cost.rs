//! What noting costs those who write, and how fast what they did is heard. Not run by itself:
//! `cargo test -p tiepoint-gpkg --test it -- watching::cost --ignored --nocapture`.
use super::heard;
use crate::trees::{TREES, committed, folder, other_program, planted};
use rusqlite::{Connection, params};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tiepoint_core::Identity;
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{LogOptions, Store, WatchOptions};

const ROWS: i64 = 100_000;

fn say(what: &str) {
    writeln!(std::io::stdout(), "{what}").expect("stdout takes a line");
}

/// How long a transaction takes, per row.
fn timed(other: &Connection, what: &str, work: impl FnOnce(&Connection)) {
    let begun = Instant::now();
    other.execute_batch("BEGIN").expect("begins");
    work(other);
    other.execute_batch("COMMIT").expect("commits");
    let per_row = begun.elapsed().as_secs_f64() * 1e6 / 100_000.0;
    say(&format!("    {what}: {per_row:.2} µs a row"));
}

/// The layer of trees, without R-tree, which would hide the rest.
fn bare(path: &Path, is_logged: bool) -> GpkgStore {
    let store = planted(path, Identity::None, 0);
    let other = other_program(path);
    for part in ["insert", "update1", "update2", "update3", "update4", "delete"] {
        other.execute_batch(&format!("DROP TRIGGER rtree_trees_geom_{part}")).expect("is dropped");
    }
    if is_logged {
        committed(&store, |it| it.install_log(TREES, &LogOptions::default()).expect("installs"));
    }
    store
}

fn write(other: &Connection, blob: &[u8]) {
    timed(other, "insert", |other| {
        let sql = "INSERT INTO trees (geom, name, height) VALUES (?1, ?2, ?3)";
        let mut insert = other.prepare(sql).expect("is SQL");
        for row in 0..ROWS {
            insert.execute(params![blob, format!("tree {row}"), 7.5]).expect("is written");
        }
    });
    timed(other, "update an attribute", |other| {
        other.execute("UPDATE trees SET height = height + 1", []).expect("is written");
    });
    timed(other, "delete", |other| {
        // not all at once, which no trigger would see in a table without any
        other.execute("DELETE FROM trees WHERE fid > 0", []).expect("is written");
    });
}

#[test]
#[ignore = "measures"]
fn noting_costs() {
    for (what, length) in [("points", 29), ("polygons of 20 vertices", 8 + 32 + 13 + 21 * 16)] {
        for is_logged in [false, true] {
            say(&format!("{what}, {}", if is_logged { "noted" } else { "not noted" }));
            let (_folder, path) = folder();
            drop(bare(&path, is_logged));
            write(&other_program(&path), &vec![7; length]);
        }
    }
}

#[test]
#[ignore = "measures"]
fn hearing_costs() {
    let (_folder, path) = folder();
    let store = bare(&path, true);
    let other = other_program(&path);
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
               INSERT INTO trees (name, height) SELECT 'tree ' || i, i FROM n";
    other.execute(sql, []).expect("is written");
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    for statement in ["UPDATE trees SET height = height + 1", "DELETE FROM trees WHERE fid > 0"] {
        other.execute(statement, []).expect("is written");
        let begun = Instant::now();
        let count = heard(watch.as_mut()).len();
        say(&format!("{count} heard in {:?}: {statement}", begun.elapsed()));
    }
    let begun = Instant::now();
    let mut late = store.watch(&WatchOptions::from_oldest()).expect("watches");
    say(&format!("{} from the oldest in {:?}", heard(late.as_mut()).len(), begun.elapsed()));
}

/// The time that this process has spent, in seconds.
fn spent() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(12) + ticks(13)) / 100.0
}

#[test]
#[ignore = "measures"]
fn idling_costs() {
    let (_folder, path) = folder();
    let store = bare(&path, true);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let before = spent();
    watch.next(Duration::from_secs(20)).expect("listens");
    say(&format!("idle: {:.2} % of a core", (spent() - before) / 20.0 * 100.0));
}
