//! Promises about transactions.
use super::fixture::{
    WRITES, all, begin, committed, created, insert_one, inserted, many_places, names, place,
    places, untied_notes,
};
use super::promises;
use crate::{Isolation, Result, Store, Transaction, TransactionOptions, WriteMode, repeating};
use std::num::NonZero;
use std::thread;
use std::time::Duration;
use tiepoint_core::{Edit, ErrorKind, Feature, Ids, Query, Target, Value, field};

promises! {
    WRITES => {
        what_is_not_committed_is_not_seen,
        a_transaction_reads_what_it_wrote,
        a_dropped_transaction_leaves_nothing,
        a_rolled_back_transaction_leaves_nothing,
        layers_come_and_go_with_their_transaction,
        an_isolation_level_is_kept_or_refused,
        a_reading_never_sees_half_of_a_commit,
        what_conflicts_is_repeated_and_nothing_is_lost,
        what_is_read_for_an_update_is_held_until_the_end,
        what_is_read_for_an_update_is_what_was_asked_for,
        a_read_only_transaction_holds_nothing,
        a_store_stays_at_its_place,
        a_read_only_transaction_refuses_writes,
        a_read_only_transaction_reads,
        freshness_changes_with_every_commit_and_not_without,
    }
    |it| it.write && it.define_layers && it.savepoints => {
        going_back_undoes_what_came_after,
        savepoints_nest,
        a_savepoint_that_is_gone_is_invalid,
    }
}

fn what_is_not_committed_is_not_seen(store: &dyn Store) {
    created(store, &places());
    let mut transaction = begin(store);
    transaction.write("places", Edit::Insert(place("new", 1, 0.0, 0.0))).expect("is written");
    assert_eq!(all(store, &Query::layer("places")).len(), 0);
    transaction.commit().expect("commits");
    assert_eq!(all(store, &Query::layer("places")).len(), 1);
}

fn a_transaction_reads_what_it_wrote(store: &dyn Store) {
    created(store, &places());
    insert_one(store, "places", place("old", 1, 0.0, 0.0));
    let mut transaction = begin(store);
    transaction.write("places", Edit::Insert(place("new", 1, 0.0, 0.0))).expect("is written");
    let read: Vec<_> =
        transaction.read(&Query::layer("places")).expect("reads").flatten().collect();
    assert_eq!(names(&read), ["old", "new"]);
}

fn a_dropped_transaction_leaves_nothing(store: &dyn Store) {
    created(store, &places());
    let mut transaction = begin(store);
    transaction.write("places", Edit::Insert(place("new", 1, 0.0, 0.0))).expect("is written");
    drop(transaction);
    assert_eq!(all(store, &Query::layer("places")).len(), 0);
    let mut transaction = begin(store);
    let mut writer = transaction.writer("places", WriteMode::Bulk).expect("opens");
    writer.write(Edit::Insert(place("new", 1, 0.0, 0.0))).expect("is written");
    drop(writer);
    drop(transaction);
    assert_eq!(all(store, &Query::layer("places")).len(), 0, "nor does an unfinished writer");
    insert_one(store, "places", place("after", 1, 0.0, 0.0));
}

fn a_rolled_back_transaction_leaves_nothing(store: &dyn Store) {
    created(store, &places());
    let (_, id) = insert_one(store, "places", place("old", 1, 0.0, 0.0));
    let mut transaction = begin(store);
    transaction.write("places", Edit::Insert(place("new", 1, 0.0, 0.0))).expect("is written");
    let target = Target::Id(id.expect("is tied"));
    transaction.write("places", Edit::Delete(target)).expect("is written");
    transaction.rollback().expect("rolls back");
    assert_eq!(names(&all(store, &Query::layer("places"))), ["old"]);
}

fn layers_come_and_go_with_their_transaction(store: &dyn Store) {
    let mut transaction = begin(store);
    transaction.create_layer(&places()).expect("is created");
    assert!(transaction.layer("places").is_ok());
    transaction.write("places", Edit::Insert(place("new", 1, 0.0, 0.0))).expect("is written");
    transaction.rollback().expect("rolls back");
    assert_eq!(store.layers().expect("lists").len(), 0);
    created(store, &places());
    let mut transaction = begin(store);
    transaction.drop_layer("places").expect("is dropped");
    assert_eq!(transaction.layers().expect("lists").len(), 0);
    drop(transaction);
    assert_eq!(store.layers().expect("lists").len(), 1);
}

fn an_isolation_level_is_kept_or_refused(store: &dyn Store) {
    for level in [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable] {
        let opened = store
            .begin(TransactionOptions { isolation: Some(level), ..TransactionOptions::default() });
        if store.capabilities().isolation.contains(&level) {
            opened.expect("is among the capabilities").rollback().expect("rolls back");
        } else {
            assert_eq!(opened.err().map(|it| it.kind()), Some(ErrorKind::Unsupported));
        }
    }
}

/// A store may make the writer wait for the reader, in vain here; it must not show both states.
fn a_reading_never_sees_half_of_a_commit(store: &dyn Store) {
    created(store, &places());
    inserted(store, "places", many_places(2_000), WriteMode::Bulk);
    let mut reading = store.read(&Query::layer("places")).expect("reads");
    let first = reading.next().expect("is not empty").expect("reads");
    assert_eq!(first.get("rank"), Some(&0.into()));
    let outcome = rewrite_ranks(store);
    let rest: Vec<_> = reading.collect::<Result<_, _>>().expect("every row reads");
    assert_eq!(rest.len(), 1_999);
    assert!(rest.iter().all(|it| it.get("rank") != Some(&(-1).into())), "the old state throughout");
    match outcome {
        Ok(()) => {
            assert_eq!(all(store, &Query::layer("places"))[0].get("rank"), Some(&(-1).into()));
        }
        Err(refused) => assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}"),
    }
}

fn rewrite_ranks(store: &dyn Store) -> Result<()> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    let ids: Vec<_> =
        transaction.read(&Query::layer("places"))?.flatten().map(|it| it.id).collect();
    for id in ids {
        let mut patch = Feature::new(super::fixture::places_schema());
        patch.id = id;
        patch.set("rank", (-1).into()).expect("fits");
        transaction.write("places", Edit::Update(patch))?;
    }
    transaction.commit()
}

/// In the strongest isolation there is, a number can be read, raised and written back by many at
/// once: whoever would lose what another added is told, and does it again.
fn what_conflicts_is_repeated_and_nothing_is_lost(store: &dyn Store) {
    created(store, &places());
    insert_one(store, "places", place("counter", 0, 0.0, 0.0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| add_one(store)));
        }
    });
    let counter = all(store, &Query::layer("places")).remove(0);
    assert_eq!(counter.get("rank"), Some(&100.into()));
}

fn add_one(store: &dyn Store) {
    let isolation = store.capabilities().isolation.last().copied();
    let options = TransactionOptions { isolation, ..TransactionOptions::default() };
    let attempts = NonZero::new(200).expect("is not zero");
    let added = repeating(store, options, attempts, |transaction| {
        let counter = transaction.read(&Query::layer("places"))?.next();
        let mut counter = counter.expect("is there")?;
        let Some(Value::Int(number)) = counter.get("rank").cloned() else { panic!("a number") };
        counter.set("rank", (number + 1).into()).expect("fits");
        transaction.write("places", Edit::Update(counter))
    });
    added.expect("succeeds at last");
}

/// In the store's own isolation, too: whoever reads for an update waits for the others.
fn what_is_read_for_an_update_is_held_until_the_end(store: &dyn Store) {
    created(store, &places());
    inserted(store, "places", many_places(3), WriteMode::Rows);
    let attempts = NonZero::new(200).expect("is not zero");
    thread::scope(|scope| {
        for _ in 0..4 {
            let add = || {
                repeating(store, TransactionOptions::default(), attempts, add_one_to_each)
                    .expect("succeeds at last");
            };
            scope.spawn(move || (0..10).for_each(|_| add()));
        }
    });
    let ranks = all(store, &Query::layer("places")).into_iter().map(|it| it.get("rank").cloned());
    assert_eq!(ranks.collect::<Vec<_>>(), [40, 41, 42].map(|it: i64| Some(it.into())));
}

fn add_one_to_each(transaction: &mut dyn Transaction) -> Result<()> {
    let held = transaction.read_for_update(&Query::layer("places").fields(["rank"]))?;
    let held: Vec<_> = held.collect::<Result<_>>()?;
    // long enough for another to come in between, if it can
    thread::sleep(Duration::from_millis(1));
    for mut place in held {
        let Some(Value::Int(number)) = place.get("rank").cloned() else { panic!("a number") };
        place.set("rank", (number + 1).into()).expect("fits");
        transaction.write("places", Edit::Update(place))?;
    }
    Ok(())
}

fn what_is_read_for_an_update_is_what_was_asked_for(store: &dyn Store) {
    created(store, &places());
    let written = inserted(store, "places", many_places(20), WriteMode::Rows);
    let ids = written.iter().step_by(3).filter_map(|(_, id)| *id).collect();
    let fids = written.iter().step_by(4).map(|(fid, _)| fid.clone()).collect();
    let transaction = begin(store);
    let asked = [
        Query::layer("places"),
        Query::layer("places").ids(Ids::Objects(ids)).fields(["name"]),
        Query::layer("places").ids(Ids::Fids(fids)),
        Query::layer("places").filter(field("rank").gt(4_i64)),
    ];
    for query in asked {
        let held = transaction.read_for_update(&query).expect("reads").collect::<Result<Vec<_>>>();
        assert_eq!(held.expect("every row reads"), all(store, &query));
    }
    let unknown = transaction.read_for_update(&Query::layer("nowhere")).map(drop);
    assert_eq!(unknown.expect_err("is not there").kind(), ErrorKind::NotFound);
}

fn a_read_only_transaction_holds_nothing(store: &dyn Store) {
    created(store, &places());
    refuses(store, |it| it.read_for_update(&Query::layer("places")).map(drop));
}

/// Whatever is written, and whatever of ours comes into the store and goes.
fn a_store_stays_at_its_place(store: &dyn Store) {
    created(store, &untied_notes());
    let before = store.place().expect("is told");
    assert_eq!(store.place().expect("is told"), before, "asked twice");
    created(store, &places());
    insert_one(store, "places", place("new", 1, 0.0, 0.0));
    if store.capabilities().books {
        committed(store, |it| it.book("seen").and_then(|mut book| book.put(b"a", b"b")))
            .expect("is written");
    }
    assert_eq!(store.place().expect("is told"), before, "written to");
    if store.capabilities().tie {
        committed(store, |it| it.untie(None)).expect("is untied");
    }
    assert_eq!(store.place().expect("is told"), before, "without anything of ours");
}

const READ_ONLY: TransactionOptions =
    TransactionOptions { isolation: None, read_only: true, deferrable: false };

fn a_read_only_transaction_refuses_writes(store: &dyn Store) {
    created(store, &places());
    let (fid, _) = insert_one(store, "places", place("old", 1, 0.0, 0.0));
    let update = place("new", 1, 0.0, 0.0).with_fid(fid.clone());
    refuses(store, |it| it.write("places", Edit::Insert(place("new", 1, 0.0, 0.0))).map(drop));
    refuses(store, |it| it.write("places", Edit::Delete(Target::Fid(fid))).map(drop));
    refuses(store, |it| it.write("places", Edit::Update(update)).map(drop));
    refuses(store, |it| {
        let mut writer = it.writer("places", WriteMode::Bulk)?;
        writer.write(Edit::Insert(place("new", 1, 0.0, 0.0)))?;
        writer.finish()
    });
    refuses(store, |it| it.create_layer(&untied_notes()).map(drop));
    refuses(store, |it| it.drop_layer("places"));
    assert_eq!(names(&all(store, &Query::layer("places"))), ["old"]);
    insert_one(store, "places", place("later", 1, 0.0, 0.0));
}

/// Whatever it does is denied, then or when it is committed.
fn refuses(store: &dyn Store, work: impl FnOnce(&mut dyn Transaction) -> Result<()>) {
    let mut transaction = store.begin(READ_ONLY).expect("opens");
    let outcome = work(transaction.as_mut());
    let outcome = outcome.and_then(|()| transaction.commit());
    assert_eq!(outcome.expect_err("it only reads").kind(), ErrorKind::Denied);
}

fn a_read_only_transaction_reads(store: &dyn Store) {
    created(store, &places());
    insert_one(store, "places", place("old", 1, 0.0, 0.0));
    let before = store.freshness().expect("reads");
    let transaction = store.begin(READ_ONLY).expect("opens");
    assert_eq!(transaction.layers().expect("lists").len(), 1);
    assert!(transaction.layer("places").is_ok());
    let query = Query::layer("places");
    let read = transaction.read(&query).expect("reads").collect::<Result<Vec<_>>>();
    assert_eq!(names(&read.expect("every row reads")), ["old"]);
    transaction.commit().expect("ends");
    same_freshness_without_a_commit(store, before, || drop(store.begin(READ_ONLY).expect("opens")));
}

fn freshness_changes_with_every_commit_and_not_without(store: &dyn Store) {
    created(store, &places());
    let before = store.freshness().expect("reads");
    same_freshness_without_a_commit(store, before, || {
        all(store, &Query::layer("places"));
        drop(begin(store));
    });
    let before = store.freshness().expect("reads");
    insert_one(store, "places", place("new", 1, 0.0, 0.0));
    let after = store.freshness().expect("reads");
    assert_ne!(after, before);
    insert_one(store, "places", place("newer", 1, 0.0, 0.0));
    assert_ne!(store.freshness().expect("reads"), after);
}

/// On a server that others use, they may commit meanwhile: then it is tried again, a few times.
fn same_freshness_without_a_commit(store: &dyn Store, mut before: u64, doing: impl Fn()) {
    for _ in 0..50 {
        doing();
        let after = store.freshness().expect("reads");
        if after == before {
            return;
        }
        before = after;
        thread::sleep(Duration::from_millis(20));
    }
    panic!("it differs each time, although nothing is committed");
}

fn going_back_undoes_what_came_after(store: &dyn Store) {
    created(store, &places());
    committed(store, |transaction| {
        transaction.write("places", Edit::Insert(place("kept", 1, 0.0, 0.0))).expect("is written");
        let mark = transaction.savepoint().expect("marks");
        transaction
            .write("places", Edit::Insert(place("undone", 1, 0.0, 0.0)))
            .expect("is written");
        transaction.rollback_to(mark).expect("goes back");
        transaction.write("places", Edit::Insert(place("later", 1, 0.0, 0.0))).expect("is written");
    });
    assert_eq!(names(&all(store, &Query::layer("places"))), ["kept", "later"]);
}

fn savepoints_nest(store: &dyn Store) {
    created(store, &places());
    committed(store, |transaction| {
        let outer = transaction.savepoint().expect("marks");
        transaction.write("places", Edit::Insert(place("a", 1, 0.0, 0.0))).expect("is written");
        let inner = transaction.savepoint().expect("marks");
        transaction.write("places", Edit::Insert(place("b", 1, 0.0, 0.0))).expect("is written");
        transaction.rollback_to(inner).expect("goes back");
        transaction.rollback_to(inner).expect("a mark stays");
        transaction.write("places", Edit::Insert(place("c", 1, 0.0, 0.0))).expect("is written");
        let read: Vec<_> =
            transaction.read(&Query::layer("places")).expect("reads").flatten().collect();
        assert_eq!(names(&read), ["a", "c"]);
        transaction.rollback_to(outer).expect("goes back");
    });
    assert_eq!(all(store, &Query::layer("places")).len(), 0);
}

fn a_savepoint_that_is_gone_is_invalid(store: &dyn Store) {
    created(store, &places());
    let mut transaction = begin(store);
    let outer = transaction.savepoint().expect("marks");
    let inner = transaction.savepoint().expect("marks");
    transaction.rollback_to(outer).expect("goes back");
    let refused = transaction.rollback_to(inner).expect_err("is gone");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}
