//! What becomes of a log in the hands of others: files that are replaced, tables that are renamed,
//! made anew or altered, triggers that go.
use super::copy::Copy;
use super::{changes, heard, kind, log, logged, resets};
use crate::trees::{TREES, committed, definition, folder, insert, other_program, planted};
use std::fs;
use std::time::{Duration, Instant};
use tiepoint_core::{ErrorKind, Identity, ObjectId};
use tiepoint_gpkg::{GpkgStore, OpenOptions};
use tiepoint_store::{
    ChangeLog, Checkpoint, FindingKind, LogOptions, Repair, ResetReason, Store, StoreError,
    TieOptions, TransactionOptions, Watch, WatchEvent, WatchOptions, WriteMode,
};

fn of(layer: &str, reason: ResetReason) -> (Option<String>, ResetReason) {
    (Some(layer.to_owned()), reason)
}

fn of_trees(reason: ResetReason) -> (Option<String>, ResetReason) {
    of(TREES, reason)
}

fn read_only() -> OpenOptions {
    OpenOptions { read_only: true, ..OpenOptions::default() }
}

/// Another program puts another file in the place of this one.
#[test]
fn a_file_that_takes_the_place_of_another_is_noticed() {
    for (with_log, lives_on) in [(true, true), (true, false), (false, true), (false, false)] {
        let (folder, path) = folder();
        let store = logged(&path, Identity::column(), 3);
        let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
        let checkpoint = watch.checkpoint();
        let other = folder.path().join("other.gpkg");
        let another = planted(&other, Identity::column(), 5);
        if with_log {
            log(&another);
        }
        drop(another);
        fs::rename(&other, &path).expect("replaces");
        if !lives_on {
            watch = store.watch(&WatchOptions::after(checkpoint)).expect("watches");
        }
        assert_eq!(
            resets(watch.as_mut())[0],
            (None, ResetReason::Replaced),
            "{with_log} {lives_on}"
        );
        other_program(&path).execute("DELETE FROM trees WHERE fid = 5", []).expect("is written");
        assert_eq!(changes(watch.as_mut()).len(), 1, "{with_log} {lives_on}");
    }
}

#[test]
fn a_file_that_is_copied_over_piece_by_piece_is_heard_of_again() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 300);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let whole = fs::read(&path).expect("is there");
    for part in [0, 100, whole.len() / 2] {
        fs::write(&path, &whole[..part]).expect("is written");
        let half = watch.next(Duration::ZERO);
        assert!(!matches!(half, Ok(Some(WatchEvent::Changed(_)))), "{half:?}");
        fs::write(&path, &whole).expect("is written");
        other_program(&path)
            .execute("UPDATE trees SET height = height + 1 WHERE fid = 1", [])
            .expect("is written");
        let events = heard(watch.as_mut());
        assert!(!events.is_empty(), "after {part} bytes");
        other_program(&path).execute("DELETE FROM trees WHERE fid = 2", []).expect("is written");
        assert_eq!(changes(watch.as_mut()).len(), 1, "after {part} bytes");
    }
}

#[test]
fn an_older_state_that_is_brought_back_is_noticed() {
    for more in [0, 2, 7] {
        let (folder, path) = folder();
        let store = logged(&path, Identity::column(), 3);
        let backup = folder.path().join("backup");
        fs::copy(&path, &backup).expect("copies");
        let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
        let other = other_program(&path);
        for number in 0..5 {
            other
                .execute("UPDATE trees SET height = ?1 WHERE fid = 1", [100 + number])
                .expect("is");
        }
        drop(other);
        assert_eq!(changes(watch.as_mut()).len(), 5);
        let checkpoint = watch.checkpoint();
        fs::copy(&backup, &path).expect("copies");
        std::thread::sleep(Duration::from_millis(2));
        let other = other_program(&path);
        for number in 0..more {
            other
                .execute("UPDATE trees SET height = ?1 WHERE fid = 2", [200 + number])
                .expect("is");
        }
        let mut again = store.watch(&WatchOptions::after(checkpoint)).expect("watches");
        assert_eq!(resets(again.as_mut()), [(None, ResetReason::Replaced)], "{more}");
        assert_eq!(resets(watch.as_mut()), [(None, ResetReason::Replaced)], "{more}");
    }
}

#[test]
fn a_watcher_that_the_log_has_left_behind_is_told() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 3);
    committed(&store, |it| it.install_log(TREES, &LogOptions { keep: 100 }).expect("is installed"));
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let named = WatchOptions::from_now().named("mine");
    let mut mine = store.watch(&named).expect("watches");
    mine.acknowledge(&mine.checkpoint()).expect("is kept");
    let other = other_program(&path);
    let update = |times: i32| {
        let mut statement = other.prepare("UPDATE trees SET height = height + 1").expect("is SQL");
        for _ in 0..times {
            statement.execute([]).expect("is written");
        }
    };
    update(300);
    let log = store.change_log().expect("reads");
    assert!(log.entries >= 900, "the named one still needs them: {log:?}");
    assert_eq!((log.watchers[0].name.as_str(), log.watchers[0].waiting), ("mine", 900));
    assert_eq!(changes(mine.as_mut()).len(), 900);
    update(100);
    let log = store.change_log().expect("reads");
    assert!(log.entries <= 1_000 + 1_024, "not for ever: {log:?}");
    update(700);
    assert!(store.change_log().expect("reads").entries <= 1_000 + 1_024);
    assert_eq!(resets(watch.as_mut()), [(None, ResetReason::Trimmed)]);
    mine.acknowledge(&mine.checkpoint()).expect("is kept");
    let mut mine = store.watch(&named).expect("watches");
    assert_eq!(resets(mine.as_mut()), [(None, ResetReason::Trimmed)]);
    mine.acknowledge(&mine.checkpoint()).expect("is kept");
    update(400);
    let log = store.change_log().expect("reads");
    assert!(log.entries <= 100 + 1_200 + 1_024, "{log:?}");
    committed(&store, |it| it.untie(None).expect("is untied"));
    assert_eq!(store.change_log().expect("reads"), ChangeLog::default());
}

#[test]
fn triggers_that_went_are_made_anew_and_what_was_missed_is_told() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let reader = GpkgStore::open_with(&path, read_only()).expect("opens");
    let mut reading = reader.watch(&WatchOptions::from_now()).expect("watches");
    let checkpoint = watch.checkpoint();
    let other = other_program(&path);
    other.execute_batch("DROP TRIGGER gpkg_tiepoint_log_1_update").expect("is dropped");
    other.execute("UPDATE trees SET height = 77 WHERE fid = 1", []).expect("is written");
    assert_eq!(resets(reading.as_mut()), [of_trees(ResetReason::NotNoted)]);
    let mut copy = Copy::of(&store);
    other.execute("UPDATE trees SET height = 78 WHERE fid = 1", []).expect("is written");
    for event in changes(reading.as_mut()) {
        copy.apply(&event);
    }
    copy.check(&store);
    assert_eq!(resets(watch.as_mut()), [of_trees(ResetReason::NotNoted)]);
    let mut late = store.watch(&WatchOptions::after(checkpoint)).expect("watches");
    assert_eq!(resets(late.as_mut()), [of_trees(ResetReason::NotNoted)]);
    for (who, watch) in [("there", &mut watch), ("reading", &mut reading), ("late", &mut late)] {
        other.execute("UPDATE trees SET height = height + 1 WHERE fid = 2", []).expect("is");
        assert_eq!(changes(watch.as_mut()).last().map(kind), Some("update"), "{who}");
    }
}

#[test]
fn a_check_finds_a_broken_log_and_mends_it() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    assert_eq!(store.check(Repair::No).expect("checks"), []);
    let other = other_program(&path);
    other.execute_batch("DROP TRIGGER gpkg_tiepoint_log_1_delete").expect("is dropped");
    let found = store.check(Repair::No).expect("checks");
    assert_eq!((found.len(), found[0].kind), (1, FindingKind::Guard), "{found:?}");
    assert!(store.check(Repair::Yes).expect("mends")[0].mended);
    assert_eq!(store.check(Repair::No).expect("checks"), []);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    other_program(&path).execute("DELETE FROM trees WHERE fid = 1", []).expect("is written");
    assert_eq!(changes(watch.as_mut()).len(), 1);
}

#[test]
fn a_layer_that_is_made_anew_is_noted_anew() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::None, 3);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let other = other_program(&path);
    let sql: String = other
        .query_row("SELECT sql FROM sqlite_master WHERE name = 'trees'", [], |row| row.get(0))
        .expect("is there");
    other.pragma_update(None, "foreign_keys", false).expect("is set");
    other
        .execute_batch("DELETE FROM gpkg_contents; DELETE FROM gpkg_geometry_columns")
        .expect("is");
    other.execute_batch("DROP TABLE trees").expect("is dropped");
    assert_eq!(resets(watch.as_mut()), [of_trees(ResetReason::SchemaChanged)]);
    other.execute_batch(&sql).expect("is made");
    assert_eq!(resets(watch.as_mut()), []);
    let register = "INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('trees', 'attributes', 0)";
    other.execute(register, []).expect("is registered");
    assert_eq!(resets(watch.as_mut()).len(), 1);
    assert_eq!(store.change_log().expect("reads").layers, [TREES]);
    other.execute("INSERT INTO trees (name) VALUES ('new')", []).expect("is written");
    assert_eq!(changes(watch.as_mut()).len(), 1);
    let dropped = committed(&store, |it| it.drop_layer(TREES));
    dropped.expect("is dropped");
    assert_eq!(store.change_log().expect("reads"), ChangeLog::default());
}

#[test]
fn others_add_and_rename_and_the_log_goes_on() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let other = other_program(&path);
    other.execute_batch("ALTER TABLE trees RENAME COLUMN height TO tall").expect("is renamed");
    other.execute("UPDATE trees SET tall = 9 WHERE fid = 1", []).expect("is written");
    let events = changes(watch.as_mut());
    assert_eq!((events.len(), &events[0].fields[2]), (1, &"tall".to_owned()));
    other.execute_batch("ALTER TABLE trees ADD COLUMN kind TEXT DEFAULT 'oak'").expect("is added");
    other.execute("UPDATE trees SET kind = 'elm' WHERE fid = 1", []).expect("is written");
    assert_eq!(resets(watch.as_mut()), [of_trees(ResetReason::SchemaChanged)]);
    other.execute("UPDATE trees SET kind = 'ash' WHERE fid = 1", []).expect("is written");
    let events = changes(watch.as_mut());
    assert_eq!((events.len(), events[0].fields.last()), (1, Some(&"kind".to_owned())));
    other.execute_batch("ALTER TABLE trees RENAME TO woods").expect("is renamed");
    other.execute_batch("ALTER TABLE woods RENAME TO trees").expect("is renamed back");
    let refused = other.execute_batch("ALTER TABLE trees DROP COLUMN kind").expect_err("is named");
    assert!(refused.to_string().contains("gpkg_tiepoint_log"), "{refused}");
}

/// What GDAL does where a field gets another type: values are read otherwise from then on.
#[test]
fn a_field_of_another_type_is_another_field() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let checkpoint = watch.checkpoint();
    let other = other_program(&path);
    other.execute("UPDATE trees SET height = 7 WHERE fid = 1", []).expect("is written");
    let version: i64 =
        other.pragma_query_value(None, "schema_version", |row| row.get(0)).expect("has one");
    other
        .execute_batch(&format!(
            "PRAGMA writable_schema = on;
             UPDATE sqlite_master SET sql = replace(sql, 'REAL', 'INTEGER') WHERE name = 'trees';
             PRAGMA schema_version = {}; PRAGMA writable_schema = off",
            version + 1
        ))
        .expect("is retyped");
    assert_eq!(resets(watch.as_mut()), [of_trees(ResetReason::SchemaChanged)]);
    let mut late = store.watch(&WatchOptions::after(checkpoint)).expect("watches");
    assert_eq!(resets(late.as_mut()), [of_trees(ResetReason::SchemaChanged)]);
    let mut copy = Copy::of(&store);
    other.execute("UPDATE trees SET height = 8 WHERE fid = 1", []).expect("is written");
    for event in changes(watch.as_mut()) {
        copy.apply(&event);
    }
    copy.check(&store);
}

#[test]
fn a_layer_by_another_name_is_another_layer() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 0);
    drop(store);
    let other = other_program(&path);
    other
        .execute_batch(
            "CREATE TABLE notes (fid INTEGER PRIMARY KEY, text TEXT);
             INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('notes', 'attributes', 0);
             INSERT INTO notes (text) VALUES ('a')",
        )
        .expect("is made");
    let store = GpkgStore::open(&path).expect("opens");
    committed(&store, |it| it.install_log("notes", &LogOptions::default()).expect("is installed"));
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    other
        .execute_batch(
            "ALTER TABLE notes RENAME TO remarks;
             UPDATE gpkg_contents SET table_name = 'remarks' WHERE table_name = 'notes'",
        )
        .expect("is renamed");
    let mut told = resets(watch.as_mut());
    told.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told, ["notes", "remarks"].map(|it| of(it, ResetReason::SchemaChanged)));
    other.execute("UPDATE remarks SET text = 'b'", []).expect("is written");
    assert_eq!(changes(watch.as_mut())[0].layer.as_ref(), "remarks");
    assert_eq!(store.change_log().expect("reads").layers, ["remarks"]);
}

#[test]
fn a_key_that_ties_makes_another_object_of_a_row() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::None, 3);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let namespace = ObjectId::mint();
    committed(&store, |it| it.tie(TREES, &TieOptions::by_key("name", namespace)).map(drop))
        .expect("is tied");
    assert_eq!(resets(watch.as_mut()), [of_trees(ResetReason::SchemaChanged)]);
    let mut copy = Copy::of(&store);
    let other = other_program(&path);
    other.execute("UPDATE trees SET name = 'elm', height = 9 WHERE fid = 1", []).expect("is");
    other.execute("UPDATE trees SET height = 10 WHERE fid = 1", []).expect("is");
    let events = changes(watch.as_mut());
    assert_eq!(events.iter().map(kind).collect::<Vec<_>>(), ["delete", "insert", "update"]);
    for event in &events {
        copy.apply(event);
    }
    copy.check(&store);
}

#[test]
fn listening_changes_no_byte() {
    for mode in ["delete", "wal"] {
        let (folder, path) = folder();
        drop(logged(&path, Identity::column(), 50));
        other_program(&path).pragma_update(None, "journal_mode", mode).expect("is set");
        let files = || {
            let entries = fs::read_dir(folder.path()).expect("lists").flatten();
            let mut all: Vec<_> =
                entries.map(|it| (it.file_name(), fs::read(it.path()).expect("reads"))).collect();
            all.sort();
            all
        };
        let before = files();
        let store = GpkgStore::open(&path).expect("opens");
        for options in [WatchOptions::from_now(), WatchOptions::from_oldest().named("n")] {
            let mut watch = store.watch(&options).expect("watches");
            watch.next(Duration::from_millis(100)).expect("listens");
            watch.lag().expect("reads");
            store.change_log().expect("reads");
        }
        drop(store);
        assert!(files() == before, "{mode}");
    }
}

/// QGIS has a file in WAL mode while it writes, and puts it back when it closes it.
#[test]
fn whoever_listens_does_not_keep_a_file_in_wal_mode() {
    let (folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut copy = Copy::of(&store);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let other = other_program(&path);
    let mut is_heard = |watch: &mut dyn Watch, sql: &str| {
        other.execute(sql, []).expect("is written");
        let events = changes(watch);
        assert!(!events.is_empty(), "{sql}");
        for event in &events {
            copy.apply(event);
        }
        copy.check(&store);
    };
    let wait_until = |watch: &mut dyn Watch, is_so: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(10), "it is let go of");
            assert_eq!(watch.next(Duration::from_millis(50)).expect("listens"), None);
        }
    };
    let set = |mode: &str| other.pragma_update(None, "journal_mode", mode);
    set("wal").expect("is set");
    is_heard(watch.as_mut(), "UPDATE trees SET height = 10");
    is_heard(watch.as_mut(), "UPDATE trees SET height = 11");
    wait_until(watch.as_mut(), &|| set("delete").is_ok());
    is_heard(watch.as_mut(), "UPDATE trees SET height = 12");
    set("wal").expect("is set");
    is_heard(watch.as_mut(), "DELETE FROM trees WHERE fid = 3");
    let begun = Instant::now();
    wait_until(watch.as_mut(), &|| begun.elapsed() > Duration::from_secs(4));
    is_heard(watch.as_mut(), "UPDATE trees SET height = 13");
    drop(other);
    let files = || fs::read_dir(folder.path()).expect("lists").count();
    wait_until(watch.as_mut(), &|| files() == 1);
}

#[test]
fn a_writer_that_keeps_the_file_to_itself_is_nothing_new() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let other = other_program(&path);
    other.execute_batch("BEGIN EXCLUSIVE; UPDATE trees SET height = 9").expect("is written");
    let begun = Instant::now();
    assert_eq!(watch.next(Duration::from_millis(50)).expect("listens"), None);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    other.execute_batch("COMMIT").expect("commits");
    let event = watch.next(Duration::from_secs(5)).expect("listens");
    assert!(matches!(event, Some(WatchEvent::Changed(_))));
    assert_eq!(changes(watch.as_mut()).len(), 2);
}

#[test]
fn a_file_that_is_still_to_come_can_be_watched() {
    let (_folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is new");
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    assert_eq!(heard(watch.as_mut()), []);
    committed(&store, |it| {
        it.create_layer(&definition(Identity::column())).expect("is created");
        it.install_log(TREES, &LogOptions::default()).expect("is installed");
    });
    assert_eq!(resets(watch.as_mut()), [of_trees(ResetReason::NoLog)]);
    committed(&store, |it| insert(it, 0..2, WriteMode::Rows).expect("is written"));
    assert_eq!(changes(watch.as_mut()).len(), 2);
}

#[test]
fn what_has_no_key_has_no_log() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 3);
    other_program(&path)
        .execute_batch(
            "CREATE VIEW tall AS SELECT fid, name FROM trees;
             CREATE TABLE loose (a TEXT);
             INSERT INTO gpkg_contents (table_name, data_type, srs_id)
               VALUES ('tall', 'attributes', 0), ('loose', 'attributes', 0)",
        )
        .expect("is made");
    let store = GpkgStore::open_with(store.name(), OpenOptions::default()).expect("opens");
    for layer in ["tall", "loose"] {
        let mut transaction = crate::trees::begin(&store);
        let refused = transaction.install_log(layer, &LogOptions::default()).expect_err(layer);
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
        assert!(!transaction.remove_log(layer).expect("has none"));
    }
    let reader = GpkgStore::open_with(store.name(), read_only()).expect("opens");
    assert!(matches!(
        reader.begin(TransactionOptions::default()),
        Err(StoreError::ReadOnly { .. })
    ));
}

#[test]
fn a_file_whose_texts_are_utf16_gets_no_log() {
    let (_folder, path) = folder();
    let file = other_program(&path);
    let sql = "PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = 0x47504B47; \
               PRAGMA user_version = 10300;";
    file.execute_batch(sql).expect("is SQL");
    file.execute_batch(include_str!("../../../src/sql/geopackage.sql")).expect("is SQL");
    let table = "CREATE TABLE trees (fid INTEGER PRIMARY KEY, name TEXT); \
                 INSERT INTO gpkg_contents (table_name, data_type) VALUES ('trees', 'attributes')";
    file.execute_batch(table).expect("is SQL");
    let store = GpkgStore::open(&path).expect("opens");
    let mut transaction = crate::trees::begin(&store);
    let refused = transaction.install_log(TREES, &LogOptions::default()).expect_err("UTF-16");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
}

#[test]
fn a_log_that_others_drop_stops_nobody_for_long() {
    for (how, dropped) in [("log", "gpkg_tiepoint_log"), ("notes", "gpkg_tiepoint")] {
        for way in ["watch", "check", "install", "remove"] {
            let (_folder, path) = folder();
            let store = logged(&path, Identity::None, 3);
            let drop_it = format!("DROP TABLE {dropped}");
            other_program(&path).execute_batch(&drop_it).expect("is dropped");
            let store = if how == "log" { store } else { GpkgStore::open(&path).expect("opens") };
            match way {
                "install" => log(&store),
                _ if how == "notes" => continue,
                "watch" => drop(store.watch(&WatchOptions::from_now()).expect("watches")),
                "check" => {
                    assert!(store.check(Repair::Yes).expect("mends").iter().any(|it| it.mended));
                }
                _ => assert!(committed(&store, |it| it.remove_log(TREES).expect("is removed"))),
            }
            let watched = store.watch(&WatchOptions::from_now());
            let mut watch = watched.expect("watches");
            let written = other_program(&path).execute("UPDATE trees SET height = height + 1", []);
            assert_eq!(written, Ok(3), "{how}, {way}");
            assert_eq!(changes(watch.as_mut()).len(), 3, "{how}, {way}");
        }
    }
}

#[test]
fn whoever_reads_gets_past_entries_that_make_no_sense() {
    const MOST: i64 = i64::MAX;
    for columns in [
        "(layer, kind, at) VALUES ('x', 1, 1)".to_owned(),
        "(layer, kind, at) VALUES (-1, 1, x'01')".to_owned(),
        "(layer, kind, at, fid) VALUES (1, x'01', 'abc', 1)".to_owned(),
        "(layer, kind, at, fid) VALUES (1, 3, -5, 'abc')".to_owned(),
        format!("(layer, kind, at, fid, upto) VALUES (1, 1, {MOST}, -{MOST}, {MOST})"),
        format!("(layer, kind, at, fid) VALUES (0, 5, 0, -{MOST} - 1)"),
        "(layer, kind, at, fid, mask) VALUES (1, 2, 1, 1, 1.5)".to_owned(),
        format!("(seq, layer, kind, at, fid) VALUES ({MOST}, 1, 1, 1, 1)"),
        format!("(seq, layer, kind, at, fid) VALUES (-{MOST} - 1, 1, 1, 1, 1)"),
    ] {
        let (_folder, path) = folder();
        let store = logged(&path, Identity::column(), 3);
        let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
        let other = other_program(&path);
        let entry = format!("INSERT INTO gpkg_tiepoint_log {columns}");
        other.execute(&entry, []).expect(&entry);
        heard(watch.as_mut());
        heard(store.watch(&WatchOptions::from_oldest()).expect("watches").as_mut());
        store.change_log().expect("reads");
        store.logged_since(TREES).expect("reads");
        if !columns.starts_with("(seq") {
            other.execute("UPDATE trees SET height = 77 WHERE fid = 2", []).expect("is written");
            assert_eq!(heard(watch.as_mut()).len(), 1, "{entry}");
        }
    }
}

#[test]
fn no_checkpoint_is_too_far_away() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let here = store.watch(&WatchOptions::from_now()).expect("watches").checkpoint();
    let log = here.as_str().split(':').next().expect("begins with the log's id");
    for at in [i64::MAX.to_string(), format!("{}.{}", i64::MAX, u32::MAX)] {
        let far = Checkpoint::new(format!("{log}:{at}:00000000"));
        let mut watch = store.watch(&WatchOptions::after(far)).expect("watches");
        assert_eq!(resets(watch.as_mut()), [(None, ResetReason::Replaced)], "{at}");
    }
}
