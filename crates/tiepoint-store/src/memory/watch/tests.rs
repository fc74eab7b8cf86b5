//! What is the memory store's own: how long entries stay, and whose checkpoints it knows.
use crate::{
    LogOptions, MemoryStore, ResetReason, Store, TransactionOptions, Watch, WatchEvent,
    WatchOptions,
};
use std::time::Duration;
use tiepoint_core::{Edit, ErrorKind, Feature, Field, FieldType, LayerDefinition, Schema};

fn store(keep: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)]).expect("one field");
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.create_layer(&LayerDefinition::new("trees", schema)).expect("is created");
    transaction.install_log("trees", &LogOptions { keep }).expect("is installed");
    transaction.commit().expect("commits");
    store
}

/// Commits so many features at once.
fn plant(store: &MemoryStore, count: usize) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    let layer = transaction.layer("trees").expect("is there");
    for _ in 0..count {
        let tree = Feature::new(layer.schema().clone());
        transaction.write("trees", Edit::Insert(tree)).expect("is written");
    }
    transaction.commit().expect("commits");
}

fn next(watch: &mut dyn Watch) -> Option<WatchEvent> {
    watch.next(Duration::ZERO).expect("listens")
}

fn changes(watch: &mut dyn Watch) -> usize {
    let mut changes = 0;
    while let Some(event) = next(watch) {
        assert!(matches!(event, WatchEvent::Changed(_)), "{event:?}");
        changes += 1;
    }
    changes
}

fn resets(watch: &mut dyn Watch, reason: ResetReason) {
    let Some(WatchEvent::Reset(reset)) = next(watch) else { panic!("something is not known") };
    assert_eq!((reset.layer, reset.reason), (None, reason));
    assert_eq!(next(watch), None);
}

#[test]
fn old_commits_go_as_a_whole_and_who_needs_them_is_told() {
    let store = store(10);
    let mut slow = store.watch(&WatchOptions::from_now()).expect("can be watched");
    let begun = slow.checkpoint();
    (0..5).for_each(|_| plant(&store, 4));
    let log = store.change_log().expect("is known");
    assert_eq!((log.entries, log.keep), (12, 10), "as few whole commits as say ten");
    let mut oldest = store.watch(&WatchOptions::from_oldest()).expect("can be watched");
    assert_eq!(changes(oldest.as_mut()), 12);
    resets(slow.as_mut(), ResetReason::Trimmed);
    let mut back = store.watch(&WatchOptions::after(begun)).expect("can be watched");
    resets(back.as_mut(), ResetReason::Trimmed);
    plant(&store, 1);
    assert_eq!((changes(slow.as_mut()), changes(back.as_mut())), (1, 1));
}

#[test]
fn what_a_named_watcher_needs_stays_ten_times_as_long() {
    let store = store(10);
    let named = || WatchOptions::from_now().named("slow");
    let mut slow = store.watch(&named()).expect("can be watched");
    slow.acknowledge(&slow.checkpoint()).expect("is kept");
    (0..25).for_each(|_| plant(&store, 4));
    assert_eq!(store.change_log().expect("is known").watchers[0].waiting, 100);
    let mut back = store.watch(&named()).expect("can be watched");
    assert_eq!(changes(back.as_mut()), 100);
    plant(&store, 4);
    assert_eq!(store.change_log().expect("is known").entries, 100, "and no longer");
    resets(slow.as_mut(), ResetReason::Trimmed);
    back.acknowledge(&slow.checkpoint()).expect("is kept");
    plant(&store, 4);
    assert_eq!(store.change_log().expect("is known").entries, 12);
}

#[test]
fn a_checkpoint_of_another_store_is_known_as_such() {
    let (store, other) = (store(10), store(10));
    plant(&other, 1);
    let foreign = other.watch(&WatchOptions::from_now()).expect("can be watched").checkpoint();
    let mut watch = store.watch(&WatchOptions::after(foreign.clone())).expect("is one");
    resets(watch.as_mut(), ResetReason::Replaced);
    plant(&store, 2);
    assert_eq!(changes(watch.as_mut()), 2);
    let mut named = store.watch(&WatchOptions::from_now().named("n")).expect("can be watched");
    let refused = named.acknowledge(&foreign).expect_err("is of another store");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[test]
fn a_log_that_is_removed_forgets_and_one_that_comes_again_begins_anew() {
    let store = store(10);
    plant(&store, 3);
    let begun = store.watch(&WatchOptions::from_now()).expect("can be watched").checkpoint();
    let mut there = store.watch(&WatchOptions::from_now()).expect("can be watched");
    for install in [false, true] {
        let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
        if install {
            transaction.install_log("trees", &LogOptions::default()).expect("is installed");
        } else {
            assert!(transaction.remove_log("trees").expect("is there"));
        }
        transaction.commit().expect("commits");
        plant(&store, 1);
    }
    assert_eq!(changes(there.as_mut()), 2, "who was there missed nothing");
    let mut oldest = store.watch(&WatchOptions::from_oldest()).expect("can be watched");
    assert_eq!(changes(oldest.as_mut()), 1, "the three before are forgotten");
    let mut back = store.watch(&WatchOptions::after(begun)).expect("can be watched");
    let Some(WatchEvent::Reset(reset)) = next(back.as_mut()) else { panic!("is not known") };
    assert_eq!((reset.layer.as_deref(), reset.reason), (Some("trees"), ResetReason::NoLog));
    assert_eq!(changes(back.as_mut()), 1);
}
