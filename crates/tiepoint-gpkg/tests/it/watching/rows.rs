//! Rows of every sort, and what triggers of others do to them.
use super::copy::Copy;
use super::{changes, kind, log, logged};
use crate::trees::{TREES, committed, folder, insert, other_program, planted};
use std::fmt::Write as _;
use std::path::Path;
use tiepoint_core::Identity;
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Store, WatchOptions, WriteMode};

/// Runs each statement and makes sure that what is heard fits; gives what was heard of the last.
fn followed(path: &Path, statements: &[&str]) -> Vec<&'static str> {
    let store = GpkgStore::open(path).expect("opens");
    let mut copy = Copy::of(&store);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let other = other_program(path);
    let mut kinds = Vec::new();
    for statement in statements {
        other.execute_batch(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
        let events = changes(watch.as_mut());
        for event in &events {
            copy.apply(event);
        }
        copy.check(&store);
        kinds = events.iter().map(kind).collect();
    }
    kinds
}

#[test]
fn what_triggers_of_others_do_is_heard_too() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::column(), 4));
    let other = other_program(&path);
    let triggers = [
        "CREATE TRIGGER stamp AFTER UPDATE OF name ON trees BEGIN
           UPDATE trees SET height = height + 1 WHERE fid = NEW.fid; END",
        "CREATE TRIGGER again AFTER UPDATE OF height ON trees WHEN NEW.height = 50 BEGIN
           UPDATE trees SET height = 51 WHERE fid = NEW.fid; END",
        "CREATE TRIGGER fill AFTER INSERT ON trees WHEN NEW.height IS NULL BEGIN
           UPDATE trees SET height = 5 WHERE fid = NEW.fid; END",
        "CREATE TRIGGER away AFTER INSERT ON trees WHEN NEW.name = 'gone' BEGIN
           DELETE FROM trees WHERE fid = NEW.fid; END",
        "CREATE TRIGGER keep AFTER DELETE ON trees WHEN OLD.name = 'kept' BEGIN
           INSERT INTO trees (fid, name, height) VALUES (OLD.fid, OLD.name, 1); END",
        "CREATE TRIGGER refuse BEFORE DELETE ON trees WHEN OLD.name = 'held' BEGIN
           SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER twin AFTER INSERT ON trees WHEN NEW.name = 'twin' BEGIN
           INSERT INTO trees (name, height) VALUES ('other', 3); END",
    ];
    // those of ours before, amid and after
    for trigger in &triggers[..4] {
        other.execute_batch(trigger).expect("is made");
    }
    log(&GpkgStore::open(&path).expect("opens"));
    for trigger in &triggers[4..] {
        other.execute_batch(trigger).expect("is made");
    }
    let statements = [
        "UPDATE trees SET name = 'new' WHERE fid = 1",
        "UPDATE trees SET height = 50 WHERE fid = 1",
        "UPDATE trees SET name = 'newer', height = 50 WHERE fid = 1",
        "INSERT INTO trees (name) VALUES ('filled')",
        "INSERT INTO trees (name, height) VALUES ('gone', 1)",
        "INSERT INTO trees (name, height) VALUES ('kept', 9)",
        "DELETE FROM trees WHERE name = 'kept'",
        "INSERT INTO trees (name, height) VALUES ('held', 9)",
        "DELETE FROM trees",
        "INSERT INTO trees (name, height) VALUES ('twin', 9)",
        "REPLACE INTO trees (fid, name, height) VALUES (1, 'twin', 9)",
    ];
    assert_eq!(followed(&path, &statements), ["insert", "insert"]);
    let store = GpkgStore::open(&path).expect("opens");
    let mut copy = Copy::of(&store);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    committed(&store, |it| insert(it, 0..9, WriteMode::Bulk).expect("is written"));
    for event in changes(watch.as_mut()) {
        copy.apply(&event);
    }
    copy.check(&store);
}

#[test]
fn wide_and_narrow_tables_are_noted() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::None, 1));
    let mut columns = String::new();
    for at in 0..70 {
        write!(columns, ", c{at} INTEGER").expect("a string takes everything");
    }
    let mut many = String::new();
    for at in 0..1_500 {
        write!(many, ", c{at} INTEGER").expect("a string takes everything");
    }
    let other = other_program(&path);
    for (sql, statements) in [
        (
            format!("CREATE TABLE trees (fid INTEGER PRIMARY KEY{columns})"),
            &[
                "INSERT INTO trees (c0, c69) VALUES (1, 2), (3, 4)",
                "UPDATE trees SET c69 = 5, c3 = 1 WHERE fid = 1",
                "UPDATE trees SET fid = 7 WHERE fid = 1",
                "UPDATE trees SET c62 = 5, c61 = 4",
            ][..],
        ),
        (
            format!("CREATE TABLE trees (fid INTEGER PRIMARY KEY{many})"),
            &[
                "INSERT INTO trees (c0, c1499) VALUES (1, 2), (3, 4)",
                "UPDATE trees SET c1499 = 5, c3 = 1 WHERE fid = 1",
                "DELETE FROM trees WHERE fid = 1; DELETE FROM trees WHERE fid = 2",
            ][..],
        ),
        (
            "CREATE TABLE trees (fid INTEGER PRIMARY KEY)".to_owned(),
            &[
                "INSERT INTO trees VALUES (1), (2)",
                "UPDATE trees SET fid = 7 WHERE fid = 1",
                "REPLACE INTO trees VALUES (7), (8)",
                "DELETE FROM trees WHERE fid = 2; DELETE FROM trees WHERE fid = 8",
            ][..],
        ),
        (
            "CREATE TABLE trees (a TEXT, fid INTEGER PRIMARY KEY, b AS (a || 1), c TEXT)"
                .to_owned(),
            &[
                "INSERT INTO trees (a, c) VALUES ('a', 'c'), ('b', 'd')",
                "UPDATE trees SET a = 'aa', c = NULL WHERE fid = 1",
                "DELETE FROM trees WHERE fid = 1; DELETE FROM trees WHERE fid = 2",
            ][..],
        ),
        (
            "CREATE TABLE trees (fid INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE UNIQUE, b TEXT);
             CREATE UNIQUE INDEX some ON trees (b) WHERE a > 'm'"
                .to_owned(),
            &[
                "INSERT INTO trees (a, b) VALUES ('a', 'x'), ('n', 'y'), ('b', 'y')",
                "UPDATE trees SET a = 'A' WHERE a = 'a'",
                "REPLACE INTO trees (a, b) VALUES ('N', 'z')",
                "REPLACE INTO trees (a, b) VALUES ('o', 'z')",
                "UPDATE OR REPLACE trees SET a = 'P', b = 'z' WHERE a = 'b'",
                "UPDATE OR IGNORE trees SET a = 'P' WHERE a = 'a'",
                "UPDATE OR REPLACE trees SET a = 'p' WHERE a = 'a'",
            ][..],
        ),
    ] {
        other.execute_batch("DELETE FROM gpkg_geometry_columns; DROP TABLE trees").expect("is");
        other.execute_batch("UPDATE gpkg_contents SET data_type = 'attributes'").expect("is");
        other.execute_batch(&sql).expect("is made");
        log(&GpkgStore::open(&path).expect("opens"));
        followed(&path, statements);
    }
}

#[test]
fn a_geometry_that_is_none_is_bytes() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 1);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let other = other_program(&path);
    for name in ["update1", "update2", "update3", "update4"] {
        other.execute_batch(&format!("DROP TRIGGER rtree_trees_geom_{name}")).expect("is dropped");
    }
    other.execute("UPDATE trees SET geom = x'0102'", []).expect("is written");
    other.execute("UPDATE trees SET geom = NULL", []).expect("is written");
    let events = changes(watch.as_mut());
    let tiepoint_core::Change::Update(fields) = &events[1].change else { panic!("{events:?}") };
    assert_eq!(fields[0].before, Some(tiepoint_core::Value::Bytes(vec![1, 2])));
    assert_eq!(store.change_log().expect("reads").layers, [TREES]);
}
