//! How long it takes to take over much.
use crate::child::definitions;
use crate::ops::{LAYERS, NOTES, TREES};
use crate::points::number;
use crate::world::{Kind, World, opened, tell};
use std::time::{Duration, Instant};
use tiepoint_core::{Edit, Feature, Query, Value};
use tiepoint_edits::EditBuffer;
use tiepoint_edits::journal::JournalFolder;
use tiepoint_store::{Store, TransactionOptions, WriteMode};

/// How many changes are pending, unless somebody has time.
fn count() -> i64 {
    if std::env::var_os("TIEPOINT_LONG").is_some() { 100_000 } else { 5_000 }
}

fn filled(store: &dyn Store, layer: usize, keys: std::ops::Range<i64>) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let mut writer = transaction.writer(LAYERS[layer], WriteMode::Bulk).expect("opens");
    for key in keys {
        let mut feature = Feature::new(definitions().swap_remove(layer).schema);
        feature.set("key", Value::Int(key)).expect("fits");
        writer.write(Edit::Insert(feature)).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
}

/// Changes of all trees in the store, in steps of so many.
fn updated(buffer: &EditBuffer, each: usize) {
    let all: Vec<Feature> = buffer
        .read(&Query::layer(LAYERS[TREES]))
        .expect("reads")
        .collect::<Result<_, _>>()
        .expect("reads");
    for some in all.chunks(each) {
        let mut transaction = buffer.begin(TransactionOptions::default()).expect("begins");
        let mut writer = transaction.writer(LAYERS[TREES], WriteMode::Changes).expect("opens");
        for feature in some {
            let mut feature = feature.clone();
            let key = number(feature.get("key"));
            feature.set("number", Value::Int(key + 1)).expect("fits");
            writer.write(Edit::Update(feature)).expect("is written");
        }
        writer.finish().expect("finishes");
        transaction.commit().expect("commits");
    }
}

fn recovered(kind: Kind, test: &str) {
    let Some(world) = World::new(kind, test) else { return };
    filled(&*opened(&world.place), TREES, 0..count());
    let folder = JournalFolder::at(world.journals());
    let buffer = || EditBuffer::journalled(opened(&world.place), &folder).expect("opens");
    for (what, each) in [("updates in one step", usize::MAX), ("updates, 1,000 a step", 1_000)] {
        let dead = buffer();
        updated(&dead, each);
        drop(dead);
        taken_over(&buffer(), &format!("{kind:?}, {what}"));
    }
    let dead = buffer();
    filled(&dead, NOTES, 0..count());
    drop(dead);
    taken_over(&buffer(), &format!("{kind:?}, inserts in one step"));
}

fn taken_over(heir: &EditBuffer, what: &str) {
    let start = Instant::now();
    let left = heir.left_behind().expect("reads").pop().expect("was left");
    let found = start.elapsed();
    let bytes = std::fs::metadata(left.path()).map_or(0, |it| it.len());
    heir.recover(left).expect("is recovered");
    let all = start.elapsed();
    tell(&format!("{} {what}, {bytes} bytes: found in {found:?}, pending after {all:?}", count()));
    assert_eq!(heir.changes().len(), usize::try_from(count()).expect("is small"));
    assert!(all < Duration::from_secs(60), "{all:?}");
    heir.rollback().expect("is given up");
}

#[test]
fn much_over_a_geopackage_is_taken_over_in_time() {
    recovered(Kind::RollbackJournal, "");
}

#[test]
fn much_over_postgis_is_taken_over_in_time() {
    recovered(Kind::Postgis, "much_over_postgis_is_taken_over_in_time");
}
