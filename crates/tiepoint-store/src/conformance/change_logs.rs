//! Promises about change logs: where a watcher goes on, and what is known of the logs.
use super::ear::{
    WATCHES, created_with_logs, heard, install, listening, quiet, reset, told, written,
};
use super::fixture::{all, committed, created, insert_one, place, places, untied_notes};
use super::promises;
use crate::{ChangeLog, Changed, Checkpoint, LogOptions, Store, Watch, WatchFrom, WatchOptions};
use std::time::{Duration, SystemTime};
use tiepoint_core::{Edit, ErrorKind, Feature, Query, Target};

promises! {
    WATCHES => {
        a_watcher_goes_on_from_every_checkpoint,
        the_oldest_that_is_noted_can_be_heard,
        watchers_do_not_disturb_each_other,
        a_named_watcher_goes_on_where_it_acknowledged,
        what_is_no_checkpoint_is_refused,
        how_far_behind_is_known,
        what_was_before_the_log_is_not_known,
        after_a_break_a_layer_without_a_log_is_not_known,
        a_log_is_installed_and_removed,
        watching_installs_nothing,
        a_log_is_undone_with_its_transaction,
        a_layer_that_is_dropped_takes_its_log_along,
        what_is_not_there_has_no_log,
        since_when_a_layer_is_noted_is_known_or_said_not_to_be,
    }
    |it| WATCHES(it) && it.tie => {
        untying_removes_the_log,
        a_layer_that_is_tied_while_it_is_watched_is_read_again,
    }
}

fn ranked(rank: i64) -> Feature {
    place("oak", rank, 0.0, 0.0)
}

/// Eight commits with eleven changes, some of them of one feature.
fn history(store: &dyn Store) {
    for rank in 0..3 {
        insert_one(store, "places", ranked(rank));
    }
    let rows = all(store, &Query::layer("places"));
    let id = |at: usize| rows[at].id.expect("is tied");
    let update = |at: usize, rank| Edit::Update(ranked(rank).with_id(id(at)));
    written(store, "places", vec![update(0, 10), update(1, 11), update(2, 12)]);
    written(store, "places", vec![update(0, 20)]);
    written(store, "places", vec![Edit::Delete(Target::Id(id(1))), update(0, 30)]);
    written(store, "places", vec![Edit::Insert(ranked(41).with_id(id(1)))]);
    written(store, "places", vec![update(0, 40)]);
}

const CHANGES: usize = 11;

fn same(events: &[Changed], others: &[Changed], from: &str) {
    let [events, others] = [events, others].map(|it| it.iter().map(told).collect::<Vec<_>>());
    assert_eq!(events, others, "{from}");
}

fn a_watcher_goes_on_from_every_checkpoint(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &WatchOptions::from_now());
    let begun = watch.checkpoint();
    history(store);
    let events = heard(watch.as_mut(), CHANGES);
    let checkpoints = [begun].into_iter().chain(events.iter().map(|it| it.checkpoint.clone()));
    for (given, checkpoint) in checkpoints.enumerate() {
        let text = checkpoint.to_string();
        assert!(text.bytes().all(|it| it.is_ascii_graphic()) && !text.is_empty(), "{text:?}");
        let checkpoint: Checkpoint = text.parse().expect("any text is one");
        let mut other = listening(store, &WatchOptions::after(checkpoint));
        let rest = heard(other.as_mut(), CHANGES - given);
        same(&rest, &events[given..], &text);
    }
    insert_one(store, "places", ranked(50));
    let mut other = listening(store, &WatchOptions::after(watch.checkpoint()));
    same(&heard(other.as_mut(), 1), &heard(watch.as_mut(), 1), "later");
}

fn the_oldest_that_is_noted_can_be_heard(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &WatchOptions::from_now());
    history(store);
    let events = heard(watch.as_mut(), CHANGES);
    let mut other = listening(store, &WatchOptions::from_oldest());
    same(&heard(other.as_mut(), CHANGES), &events, "all of it");
    quiet(listening(store, &WatchOptions::from_now()).as_mut());
}

fn watchers_do_not_disturb_each_other(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut one = listening(store, &WatchOptions::from_now());
    let mut other = listening(store, &WatchOptions::from_now());
    insert_one(store, "places", ranked(0));
    let first = heard(one.as_mut(), 1);
    let mut third = listening(store, &WatchOptions::from_now());
    insert_one(store, "places", ranked(1));
    let events = heard(other.as_mut(), 2);
    same(&events[..1], &first, "the first");
    same(&heard(one.as_mut(), 1), &events[1..], "the second");
    same(&heard(third.as_mut(), 1), &events[1..], "the second");
}

/// The names of those who come back, and for how many each has to.
fn waiting(store: &dyn Store) -> Vec<(String, u64)> {
    let watchers = store.change_log().expect("is known").watchers;
    watchers.into_iter().map(|it| (it.name, it.waiting)).collect()
}

fn a_named_watcher_goes_on_where_it_acknowledged(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mine = || WatchOptions::from_now().named("mine");
    let mut watch = listening(store, &mine());
    history(store);
    let events = heard(watch.as_mut(), CHANGES);
    watch.acknowledge(&events[3].checkpoint).expect("is kept");
    assert_eq!(waiting(store), [("mine".to_owned(), 7)]);
    let mut unnamed = listening(store, &WatchOptions::from_now());
    unnamed.acknowledge(&events[5].checkpoint).expect("nothing to keep");
    drop(watch);
    for from in [WatchFrom::Now, WatchFrom::Oldest, WatchFrom::After(events[9].checkpoint.clone())]
    {
        let mut again = listening(store, &WatchOptions { from, ..mine() });
        same(&heard(again.as_mut(), 7), &events[4..], "whatever is asked for");
    }
    let mut again = listening(store, &mine());
    heard(again.as_mut(), 7);
    again.acknowledge(&events[10].checkpoint).expect("is kept");
    quiet(listening(store, &mine()).as_mut());
    let mut yours = listening(store, &WatchOptions::from_oldest().named("yours"));
    same(&heard(yours.as_mut(), CHANGES), &events, "another name is another watcher");
    assert_eq!(waiting(store).first(), Some(&("mine".to_owned(), 0)));
}

fn what_is_no_checkpoint_is_refused(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    for text in ["", "nonsense", "1", ":::", "memory:x:1.2", "\u{fffd}"] {
        let refused = store.watch(&WatchOptions::after(Checkpoint::new(text)));
        let refused = refused.err().unwrap_or_else(|| panic!("{text:?} is no checkpoint"));
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
        let mut named = listening(store, &WatchOptions::from_now().named("n"));
        let refused = named.acknowledge(&Checkpoint::new(text)).expect_err("no checkpoint");
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
    }
}

fn how_far_behind_is_known(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &WatchOptions::from_now());
    let lag = |watch: &mut dyn Watch| watch.lag().expect("can be known");
    assert_eq!(lag(watch.as_mut()), crate::Lag::default());
    (0..3).for_each(|rank| drop(insert_one(store, "places", ranked(rank))));
    let behind = lag(watch.as_mut());
    assert_eq!((behind.waiting, behind.oldest.is_some()), (3, true));
    heard(watch.as_mut(), 3);
    assert_eq!(lag(watch.as_mut()), crate::Lag::default());
}

fn what_was_before_the_log_is_not_known(store: &dyn Store) {
    created_with_logs(store, &[untied_notes()]);
    created(store, &places());
    let begun = listening(store, &WatchOptions::from_now()).checkpoint();
    let mut watch = listening(store, &WatchOptions::from_now());
    insert_one(store, "places", ranked(0));
    committed(store, |transaction| install(transaction, "places"));
    insert_one(store, "places", ranked(1));
    let mut late = listening(store, &WatchOptions::after(begun).layer("places"));
    assert_eq!(reset(late.as_mut()).layer.as_deref().unwrap_or("places"), "places");
    // whoever was there all the time needs no log for it
    let mut known = super::ear::Replica::of(store, &["places"]);
    let before = known.clone();
    known.catch_up(store, watch.as_mut());
    assert_eq!(known, before);
}

fn after_a_break_a_layer_without_a_log_is_not_known(store: &dyn Store) {
    created(store, &places());
    let mut watch = listening(store, &WatchOptions::from_now());
    insert_one(store, "places", ranked(0));
    heard(watch.as_mut(), 1);
    let checkpoint = watch.checkpoint();
    drop(watch);
    insert_one(store, "places", ranked(1));
    let mut again = listening(store, &WatchOptions::after(checkpoint));
    assert_eq!(reset(again.as_mut()).layer.as_deref().unwrap_or("places"), "places");
    quiet(again.as_mut());
    insert_one(store, "places", ranked(2));
    heard(again.as_mut(), 1);
}

fn logged(store: &dyn Store) -> Vec<String> {
    store.change_log().expect("is known").layers
}

fn a_log_is_installed_and_removed(store: &dyn Store) {
    created(store, &places());
    created(store, &untied_notes());
    let keep = |keep| LogOptions { keep };
    committed(store, |transaction| {
        transaction.install_log("places", &keep(1_000)).expect("is installed");
    });
    insert_one(store, "places", ranked(0));
    let log = store.change_log().expect("is known");
    assert_eq!((&log.layers[..], log.keep), (&["places".to_owned()][..], 1_000));
    assert!(log.entries >= 1 && log.oldest.is_some(), "{log:?}");
    let mut watch = listening(store, &WatchOptions::from_now());
    committed(store, |transaction| {
        transaction.install_log("places", &keep(2_000)).expect("is there already");
        transaction.install_log("notes", &keep(3_000)).expect("is installed");
    });
    assert_eq!(logged(store), ["notes", "places"]);
    assert_eq!(store.change_log().expect("is known").keep, 3_000, "for all of them");
    insert_one(store, "places", ranked(1));
    heard(watch.as_mut(), 1);
    let remove = |layer: &str| {
        committed(store, |transaction| transaction.remove_log(layer).expect("is there"))
    };
    assert!(remove("places"));
    assert!(!remove("places"), "is gone already");
    assert_eq!(logged(store), ["notes"]);
    assert!(remove("notes"));
    assert_eq!(store.change_log().expect("is known"), ChangeLog::default());
    insert_one(store, "places", ranked(2));
}

fn watching_installs_nothing(store: &dyn Store) {
    created(store, &places());
    let mut watch = listening(store, &WatchOptions::from_oldest());
    insert_one(store, "places", ranked(0));
    heard(watch.as_mut(), 1);
    assert_eq!(store.change_log().expect("is known"), ChangeLog::default());
}

fn a_log_is_undone_with_its_transaction(store: &dyn Store) {
    created(store, &places());
    let mut transaction = super::fixture::begin(store);
    install(transaction.as_mut(), "places");
    transaction.rollback().expect("rolls back");
    assert_eq!(store.change_log().expect("is known"), ChangeLog::default());
    committed(store, |transaction| install(transaction, "places"));
    let mut transaction = super::fixture::begin(store);
    assert!(transaction.remove_log("places").expect("is there"));
    transaction.rollback().expect("rolls back");
    let mut watch = listening(store, &WatchOptions::from_now());
    insert_one(store, "places", ranked(0));
    assert!(heard(watch.as_mut(), 1)[0].is_own(), "is noted as before");
}

fn a_layer_that_is_dropped_takes_its_log_along(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    insert_one(store, "places", ranked(0));
    committed(store, |transaction| transaction.drop_layer("places").expect("is dropped"));
    assert_eq!(logged(store), [""; 0]);
    created(store, &places());
    assert_eq!(logged(store), [""; 0], "another of its name has none");
}

fn what_is_not_there_has_no_log(store: &dyn Store) {
    created(store, &places());
    let mut transaction = super::fixture::begin(store);
    let refused = transaction.install_log("place", &LogOptions::default());
    assert_eq!(refused.expect_err("no such layer").kind(), ErrorKind::NotFound);
    let refused = transaction.remove_log("place").expect_err("no such layer");
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert!(!transaction.remove_log("places").expect("is there"), "has none");
}

fn since_when_a_layer_is_noted_is_known_or_said_not_to_be(store: &dyn Store) {
    let since = || store.logged_since("places").expect("is known or not");
    created(store, &places());
    insert_one(store, "places", ranked(0));
    assert_eq!(since(), None, "it has no log");
    let hour = Duration::from_secs(3600);
    let earliest = SystemTime::now() - hour;
    committed(store, |transaction| install(transaction, "places"));
    let installed = since();
    assert!(installed.is_none_or(|it| earliest < it && it < SystemTime::now() + hour));
    history(store);
    assert_eq!(since(), installed, "all of it is kept");
    committed(store, |transaction| transaction.remove_log("places").expect("is there"));
    assert_eq!(since(), None);
}

fn untying_removes_the_log(store: &dyn Store) {
    created_with_logs(store, &[places(), untied_notes()]);
    committed(store, |transaction| transaction.untie(Some("places")).expect("is untied"));
    assert_eq!(logged(store), ["notes"]);
    committed(store, |transaction| transaction.untie(None).expect("is untied"));
    assert_eq!(store.change_log().expect("is known"), ChangeLog::default());
}

fn a_layer_that_is_tied_while_it_is_watched_is_read_again(store: &dyn Store) {
    created_with_logs(store, &[untied_notes()]);
    insert_one(store, "notes", Feature::new(untied_notes().schema));
    let mut watch = listening(store, &WatchOptions::from_now());
    committed(store, |transaction| {
        transaction.tie("notes", &crate::TieOptions::default()).expect("is tied")
    });
    assert_eq!(reset(watch.as_mut()).layer.as_deref().unwrap_or("notes"), "notes");
    let mut known = super::ear::Replica::of(store, &["notes"]);
    known.catch_up(store, watch.as_mut());
    let (_, id) = insert_one(store, "notes", Feature::new(untied_notes().schema));
    let events = known.follow(store, watch.as_mut());
    assert_eq!(events.last().map(|it| it.target.clone()), id.map(Target::Id));
}
