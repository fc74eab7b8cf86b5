//! Watching: what anybody commits is heard once, whole and in order.
mod copy;
mod logs;
mod rows;
mod storms;

use crate::trees::{TREES, committed, folder, insert, other_program, planted, tree};
use copy::Copy;
use std::time::Duration;
use tiepoint_core::{Change, Edit, Identity};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{
    Author, Changed, LogOptions, ResetReason, Store, Watch, WatchEvent, WatchOptions, WriteMode,
};

/// Everything that is known at once.
pub(crate) fn heard(watch: &mut dyn Watch) -> Vec<WatchEvent> {
    let next = || watch.next(Duration::ZERO).expect("can be read");
    std::iter::from_fn(next).collect()
}

/// The same where nothing is to be reset.
fn changes(watch: &mut dyn Watch) -> Vec<Changed> {
    let changed = |event| match event {
        WatchEvent::Changed(changed) => changed,
        WatchEvent::Reset(reset) => panic!("{reset:?}"),
    };
    heard(watch).into_iter().map(changed).collect()
}

fn log(store: &GpkgStore) {
    committed(store, |it| it.install_log(TREES, &LogOptions::default()).expect("is installed"));
}

/// A new file with so many trees and a log.
fn logged(path: &std::path::Path, identity: Identity, count: i32) -> GpkgStore {
    let store = planted(path, identity, count);
    log(&store);
    store
}

/// The layers that are to be read again and why, where nothing else is heard.
fn resets(watch: &mut dyn Watch) -> Vec<(Option<String>, ResetReason)> {
    let reset = |event| match event {
        WatchEvent::Reset(it) => (it.layer.map(|it| it.to_string()), it.reason),
        WatchEvent::Changed(changed) => panic!("{changed:?}"),
    };
    heard(watch).into_iter().map(reset).collect()
}

fn kind(changed: &Changed) -> &'static str {
    match changed.change {
        Change::Insert(_) => "insert",
        Change::Update(_) => "update",
        Change::Delete(_) => "delete",
    }
}

#[test]
fn what_another_program_does_is_heard() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut copy = Copy::of(&store);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    assert_eq!(changes(watch.as_mut()), []);
    let other = other_program(&path);
    for (statement, expected) in [
        ("UPDATE trees SET height = 7 WHERE fid = 1", vec!["update"]),
        ("UPDATE trees SET height = 7 WHERE fid = 1", vec![]),
        ("INSERT INTO trees (name) VALUES ('new')", vec!["insert"]),
        ("DELETE FROM trees WHERE fid = 2", vec!["delete"]),
        ("UPDATE trees SET fid = 9 WHERE fid = 1", vec!["delete", "insert"]),
        ("REPLACE INTO trees (fid, name) VALUES (9, 'b')", vec!["delete", "insert"]),
        ("INSERT OR IGNORE INTO trees (fid, name) VALUES (9, 'c')", vec![]),
    ] {
        other.execute(statement, []).expect(statement);
        let events = changes(watch.as_mut());
        assert_eq!(events.iter().map(kind).collect::<Vec<_>>(), expected, "{statement}");
        assert!(events.iter().all(|it| it.author == Author::Other && it.at.is_some()));
        assert_eq!(events.last().map(|it| it.settled), (!events.is_empty()).then_some(true));
        for event in &events {
            copy.apply(event);
        }
        copy.check(&store);
    }
}

#[test]
fn of_ours_it_is_known_whose_it_is() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let sister = GpkgStore::open(&path).expect("opens");
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    committed(&store, |it| insert(it, 3..5, WriteMode::Rows).expect("is written"));
    committed(&sister, |it| insert(it, 5..7, WriteMode::Bulk).expect("is written"));
    other_program(&path).execute("DELETE FROM trees WHERE fid = 1", []).expect("is written");
    let heard = changes(watch.as_mut());
    let told: Vec<_> = heard.iter().map(|it| (kind(it), it.author, it.settled)).collect();
    assert_eq!(
        told,
        [
            ("insert", Author::This, false),
            ("insert", Author::This, true),
            ("insert", Author::Tiepoint, false),
            ("insert", Author::Tiepoint, true),
            ("delete", Author::Other, true),
        ]
    );
}

#[test]
fn a_bulk_writer_notes_whatever_it_does() {
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column(), 3);
    let mut copy = Copy::of(&store);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    committed(&store, |transaction| {
        let mut writer = transaction.writer(TREES, WriteMode::Bulk).expect("opens");
        for number in 3..2_500 {
            writer.write(Edit::Insert(tree(number))).expect("is written");
        }
        let mut edit = tree(77).with_fid(tiepoint_core::Fid::Int(2_000));
        edit.unset("geom");
        writer.write(Edit::Update(edit)).expect("is written");
        let target = tiepoint_core::Target::Fid(tiepoint_core::Fid::Int(2_400));
        writer.write(Edit::Delete(target)).expect("is written");
        writer.write(Edit::Insert(tree(4_000))).expect("is written");
        writer.finish().expect("finishes");
    });
    let events = changes(watch.as_mut());
    assert_eq!(events.len(), 2_497 + 3);
    assert!(store.change_log().expect("reads").entries < 20);
    for event in &events {
        copy.apply(event);
    }
    copy.check(&store);
    other_program(&path).execute("INSERT INTO trees (name) VALUES ('x')", []).expect("is written");
    assert_eq!(changes(watch.as_mut()).len(), 1, "the triggers are back");
}
