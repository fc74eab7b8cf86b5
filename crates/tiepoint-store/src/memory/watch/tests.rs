//! What is the memory store's own: how long entries stay, and whose checkpoints it knows.
use crate::{
    LogOptions, MemoryStore, ResetReason, Store, TransactionOptions, Watch, WatchEvent,
    WatchOptions,
};
use std::time::Duration;
use tiepoint_core::{
    Change, Edit, ErrorKind, Feature, Field, FieldType, LayerDefinition, ObjectId, Schema, Target,
};

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

/// Adds a layer of another name in which each name may be there once, without a log.
fn with_names(store: &MemoryStore) {
    let name = Field { unique: true, ..Field::new("name", FieldType::TEXT) };
    let schema = Schema::new(vec![name]).expect("one field");
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.create_layer(&LayerDefinition::new("names", schema)).expect("is created");
    transaction.commit().expect("commits");
}

fn named(store: &MemoryStore, name: &str) -> Feature {
    let layer = store.layer("names").expect("is there");
    Feature::with_values(layer.schema().clone(), vec![Some(name.into())])
}

fn settled(watch: &mut dyn Watch) -> Vec<bool> {
    let events = std::iter::from_fn(|| next(watch));
    let settled = |event| match event {
        WatchEvent::Changed(changed) => changed.settled,
        WatchEvent::Reset(reset) => panic!("all is known: {reset:?}"),
    };
    events.map(settled).collect()
}

#[test]
fn where_one_layer_has_no_log_several_commits_are_one() {
    let store = store(100);
    with_names(&store);
    let mut watch = store.watch(&WatchOptions::from_now()).expect("can be watched");
    let mut one = store.watch(&WatchOptions::from_now().layer("names")).expect("can be watched");
    plant(&store, 2);
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    for name in ["oak", "elm"] {
        transaction.write("names", Edit::Insert(named(&store, name))).expect("is written");
    }
    transaction.commit().expect("commits");
    plant(&store, 1);
    assert_eq!(settled(watch.as_mut()), [false, false, false, false, true]);
    assert_eq!(settled(one.as_mut()), [false, true]);
    plant(&store, 2);
    plant(&store, 1);
    assert_eq!(settled(watch.as_mut()), [false, true, true], "of layers with a log each is known");
}

#[test]
fn a_value_that_is_free_again_is_taken_afterwards() {
    for logged in [false, true] {
        let store = store(100);
        with_names(&store);
        if logged {
            let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
            let options = LogOptions::default();
            transaction.install_log("names", &options).expect("is installed");
            transaction.commit().expect("commits");
        }
        let [first, last] = ["00", "ff"]
            .map(|it| format!("018f0000-0000-7000-8000-0000000000{it}").parse().expect("a UUID"));
        let mut watch = store.watch(&WatchOptions::from_now()).expect("can be watched");
        for (id, gone) in [(last, None), (first, Some(last)), (last, Some(first))] {
            let id: ObjectId = id;
            let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
            if let Some(gone) = gone {
                transaction.write("names", Edit::Delete(Target::Id(gone))).expect("is written");
            }
            let feature = named(&store, "oak").with_id(id);
            transaction.write("names", Edit::Insert(feature)).expect("is free");
            transaction.commit().expect("commits");
            let comes = std::iter::from_fn(|| next(watch.as_mut())).map(|event| match event {
                WatchEvent::Changed(it) => matches!(it.change, Change::Insert(_)),
                WatchEvent::Reset(reset) => panic!("all is known: {reset:?}"),
            });
            let expected: &[bool] = if gone.is_some() { &[false, true] } else { &[true] };
            assert_eq!(comes.collect::<Vec<_>>(), expected);
        }
    }
}

#[test]
fn what_does_not_matter_moves_the_checkpoint_on() {
    let store = store(10);
    with_names(&store);
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.install_log("names", &LogOptions { keep: 10 }).expect("is installed");
    transaction.commit().expect("commits");
    let names = WatchOptions::from_now().layer("names");
    let mut watch = store.watch(&names).expect("can be watched");
    (0..20).for_each(|_| {
        plant(&store, 1);
        assert_eq!(next(watch.as_mut()), None);
    });
    let back = WatchOptions::after(watch.checkpoint()).layer("names");
    let mut back = store.watch(&back).expect("is one");
    assert_eq!(next(back.as_mut()), None, "nothing that matters was trimmed");
}
