//! Transactions beside each other: what each sees, who gives way, and what is stored in the end.
use crate::sessions::{
    add, all, begin, eventually, is_at_rest, level, number, numbers, own_server, sessions, store,
};
use std::num::NonZero;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tiepoint_core::{Crs, Edit, ErrorKind, Feature, Geometry, Metres, Query, field, place};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{Server, TestSchema, server_or_skip};
use tiepoint_store::{
    Isolation, Result, Store, StoreError, Transaction, TransactionOptions, repeating,
};

const MANY: NonZero<u32> = NonZero::new(100).expect("is not zero");

fn insert(transaction: &mut dyn Transaction, layer: &str, name: &str) -> Result<()> {
    let schema = transaction.layer(layer)?.schema().clone();
    let mut row = Feature::new(schema);
    row.set("name", name.into()).expect("fits");
    row.set("n", 0.into()).expect("fits");
    transaction.write(layer, Edit::Insert(row)).map(drop)
}

fn count(transaction: &dyn Transaction, layer: &str) -> usize {
    transaction.read(&Query::layer(layer)).expect("reads").count()
}

/// Row 1.17 of the checklist: phantoms.
#[test]
fn only_read_committed_sees_phantoms() {
    let Some(server) = server_or_skip("phantoms") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1)]);
    let store = store(&schema, "");
    for (isolation, sees) in [
        (Isolation::ReadCommitted, 1),
        (Isolation::RepeatableRead, 0),
        (Isolation::Serializable, 0),
    ] {
        let looking = store.begin(level(isolation)).expect("begins");
        let before = count(looking.as_ref(), "numbers");
        let mut writing = begin(&store);
        insert(writing.as_mut(), "numbers", "phantom").expect("is written");
        writing.commit().expect("commits");
        assert_eq!(count(looking.as_ref(), "numbers") - before, sees, "{isolation:?}");
    }
    is_at_rest(&schema, &store);
}

/// Row 1.17 of the checklist: both are sure that the other is on call, and both leave.
#[test]
fn only_serializable_refuses_a_skew() {
    let Some(server) = server_or_skip("write skew") else { return };
    let schema = server.schema();
    numbers(&schema, "on_call", &[("anna", 1), ("berta", 1)]);
    let store = store(&schema, "");
    let leave = |transaction: &mut dyn Transaction, who: &str, other: &str| -> Result<()> {
        let is_covered = number(transaction, "on_call", other)? == 1;
        if is_covered { add(transaction, "on_call", who, -1) } else { Ok(()) }
    };
    for (isolation, left) in [(Isolation::RepeatableRead, "0"), (Isolation::Serializable, "1")] {
        schema.execute("UPDATE on_call SET n = 1");
        let mut anna = store.begin(level(isolation)).expect("begins");
        let mut berta = store.begin(level(isolation)).expect("begins");
        leave(anna.as_mut(), "anna", "berta").expect("is written");
        let second = leave(berta.as_mut(), "berta", "anna");
        anna.commit().expect("commits");
        if let Err(refused) = second.and_then(|()| berta.commit()) {
            assert!(refused.is_worth_repeating(), "{refused:?}");
            let again = |it: &mut dyn Transaction| leave(it, "berta", "anna");
            repeating(&store, level(isolation), MANY, again).expect("finds out");
        }
        assert_eq!(schema.value("SELECT sum(n) FROM on_call"), left, "{isolation:?}");
    }
    is_at_rest(&schema, &store);
}

/// Row 1.17 of the checklist: the retry helper, on 40001.
#[test]
fn what_many_read_raise_and_write_back_is_not_lost() {
    let Some(server) = server_or_skip("serialization failures") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    let (store, runs) = (store(&schema, ""), AtomicUsize::new(0));
    for isolation in [Isolation::RepeatableRead, Isolation::Serializable] {
        schema.execute("UPDATE numbers SET n = 0");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let raise = |it: &mut dyn Transaction| {
                            runs.fetch_add(1, Ordering::Relaxed);
                            add(it, "numbers", "a", 1)
                        };
                        repeating(&store, level(isolation), MANY, raise).expect("at last");
                    }
                });
            }
        });
        assert_eq!(schema.value("SELECT n FROM numbers"), "80", "{isolation:?}");
    }
    assert!(runs.load(Ordering::Relaxed) > 160, "some were repeated");
    is_at_rest(&schema, &store);
}

/// Row 1.16 of the checklist: what is written is locked to the commit, for writers of the same row
/// and for nobody else, and however spatial it is.
#[test]
fn writing_locks_its_rows_to_the_commit_and_no_reader() {
    let Some(server) = server_or_skip("locks") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE places (id serial PRIMARY KEY, name text, n int8, geom geometry(Point, 4326));
         CREATE INDEX ON places USING gist (geom);
         INSERT INTO places (name, n, geom) VALUES
           ('a', 1, 'SRID=4326;POINT (1 1)'), ('b', 1, 'SRID=4326;POINT (1 1)')",
    );
    let [writer, other] = [(); 2].map(|()| store(&schema, "lock_timeout=100"));
    let near = field("geom").within_distance(
        place(Geometry::from_wkt("POINT (1 1)").expect("reads"), Crs::epsg(4326)),
        Metres(500.0),
    );
    let near = Query::layer("places").filter(near);
    let found = || other.read(&near).expect("reads").count();
    let mut transaction = begin(&writer);
    add(transaction.as_mut(), "places", "a", 1).expect("is written");
    assert_eq!(found(), 2, "who reads does not wait");
    let add_to = |name: &str| {
        let mut transaction = begin(&other);
        add(transaction.as_mut(), "places", name, 5)?;
        transaction.commit()
    };
    add_to("b").expect("another row is free");
    let refused = add_to("a").expect_err("is locked");
    assert!(matches!(refused, StoreError::Locked { waited_ms: 100, .. }), "{refused:?}");
    transaction.commit().expect("commits");
    add_to("a").expect("is free now");
    assert_eq!(schema.value("SELECT string_agg(n::text, ' ' ORDER BY id) FROM places"), "7 6");
}

/// Row 1.17 of the checklist: 40P01.
#[test]
fn a_deadlock_is_broken_and_repeated() {
    let Some(server) = server_or_skip("deadlocks") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0), ("b", 0)]);
    let store = store(&schema, "options=-cdeadlock_timeout%3D50ms");
    let (both, runs, done) = (Barrier::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
    let cross = |first: &str, second: &str| {
        let mut has_run = false;
        let both_rows = |it: &mut dyn Transaction| {
            runs.fetch_add(1, Ordering::Relaxed);
            let again = std::mem::replace(&mut has_run, true);
            if again {
                // else it may read what the other is about to change, or be quicker than that is
                // and stand in its way once more
                eventually("the other gets what was given up", || {
                    done.load(Ordering::Acquire) == 1
                });
            }
            add(it, "numbers", first, 1)?;
            if !again {
                both.wait();
            }
            add(it, "numbers", second, 1)
        };
        repeating(&store, level(Isolation::ReadCommitted), MANY, both_rows).expect("at last");
        done.fetch_add(1, Ordering::Release);
    };
    thread::scope(|scope| {
        scope.spawn(|| cross("a", "b"));
        scope.spawn(|| cross("b", "a"));
    });
    assert_eq!(schema.value("SELECT string_agg(n::text, ' ') FROM numbers"), "2 2");
    assert_eq!(runs.load(Ordering::Relaxed), 3, "one of them gave way");
    is_at_rest(&schema, &store);
}

#[test]
fn going_back_to_a_mark_mends_a_failed_transaction() {
    let Some(server) = server_or_skip("savepoints") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    numbers(&schema, "held", &[("a", 0)]);
    let (store, other) = (store(&schema, "lock_timeout=50"), store(&schema, ""));
    let mut transaction = begin(&store);
    add(transaction.as_mut(), "numbers", "a", 1).expect("is written");
    let outer = transaction.savepoint().expect("marks");
    let holding = hold(&other, &schema);
    for _ in 0..3 {
        add(transaction.as_mut(), "numbers", "a", 10).expect("is written");
        let refused = transaction.read(&Query::layer("held")).expect_err("is held");
        assert!(matches!(refused, StoreError::Locked { .. }), "{refused:?}");
        transaction.rollback_to(outer).expect("goes back");
    }
    drop(holding);
    add(transaction.as_mut(), "held", "a", 5).expect("is written");
    transaction.commit().expect("commits");
    assert_eq!(schema.value("SELECT a.n || ' ' || b.n FROM numbers a, held b"), "1 5");
}

/// A transaction that has the table `held` for itself, by way of changing it.
fn hold<'s>(store: &'s PostgisStore, schema: &TestSchema) -> Box<dyn Transaction + 's> {
    schema.execute(
        "CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \
         $$BEGIN LOCK TABLE held IN ACCESS EXCLUSIVE MODE; RETURN NEW; END$$",
    );
    schema.execute("CREATE TABLE holder (id serial PRIMARY KEY, name text, n int8)");
    schema.execute(&format!(
        "CREATE TRIGGER hold BEFORE INSERT ON holder FOR EACH ROW EXECUTE FUNCTION {}.hold()",
        schema.name()
    ));
    schema.execute(&format!("ALTER FUNCTION hold() SET search_path = {}", schema.name()));
    let mut transaction = begin(store);
    insert(transaction.as_mut(), "holder", "me").expect("holds");
    transaction
}

#[test]
fn a_commit_of_what_has_failed_is_no_success() {
    let Some(server) = server_or_skip("commits of what has failed") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    numbers(&schema, "held", &[("a", 0)]);
    let (store, other) = (store(&schema, "lock_timeout=50"), store(&schema, ""));
    let holding = hold(&other, &schema);
    let mut transaction = begin(&store);
    add(transaction.as_mut(), "numbers", "a", 1).expect("is written");
    transaction.read(&Query::layer("held")).expect_err("is held");
    let refused = transaction.commit().expect_err("all of it is undone");
    assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
    drop(holding);
    assert_eq!(schema.value("SELECT n FROM numbers"), "0");
    assert_eq!(store.connections().1, 0);
}

#[test]
fn what_is_found_out_at_the_commit_is_an_error_and_nothing_stays() {
    let Some(server) = server_or_skip("deferred constraints") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    schema.execute("ALTER TABLE numbers ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED");
    let store = store(&schema, "");
    let before = store.connections();
    let mut transaction = begin(&store);
    insert(transaction.as_mut(), "numbers", "a").expect("nobody looks yet");
    let refused = transaction.commit().expect_err("is not unique");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(all(&store, "numbers").expect("reads").len(), 1);
    assert_eq!(store.connections(), before, "the connection is as good as before");
}

#[test]
fn a_deferrable_transaction_waits_for_a_safe_moment_and_then_never_fails() {
    let Some(server) = server_or_skip("deferrable transactions") else { return };
    // other tests' serializable transactions would be waited for as well
    let database = server.database();
    database.execute("CREATE TABLE numbers (id serial PRIMARY KEY, name text, n int8)");
    database.execute("INSERT INTO numbers (name, n) VALUES ('a', 0)");
    let store = PostgisStore::open(&database.url()).expect("opens");
    let mut writing = store.begin(level(Isolation::Serializable)).expect("begins");
    add(writing.as_mut(), "numbers", "a", 1).expect("is written");
    let options =
        TransactionOptions { read_only: true, deferrable: true, ..level(Isolation::Serializable) };
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let transaction = store.begin(options).expect("begins");
            number(transaction.as_ref(), "numbers", "a").expect("reads")
        });
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND wait_event = 'SafeSnapshot'";
        eventually("it waits", || database.value(waits) == "1");
        writing.commit().expect("commits");
        assert!(reading.join().expect("reads") <= 1);
    });
}

/// Commits, and has the server end the session while it is at it.
fn killed_while_committing(
    server: &Server,
    schema: &TestSchema,
    store: &PostgisStore,
) -> Result<()> {
    let mut transaction = begin(store);
    add(transaction.as_mut(), "numbers", "a", 1).expect("is written");
    let busy = "state = 'active' AND query = 'COMMIT' AND wait_event IS NOT NULL";
    thread::scope(|scope| {
        scope.spawn(|| {
            eventually("it commits", || sessions(schema, busy) == 1);
            server.kill_backends(schema.name());
        });
        transaction.commit()
    })
}

#[test]
fn a_commit_that_is_not_answered_is_found_out_to_have_failed() {
    let Some(server) = server_or_skip("a commit that is not answered") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    schema.execute(
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS \
         $$BEGIN PERFORM pg_sleep(60); RETURN NULL; END$$",
    );
    schema.execute(
        "CREATE CONSTRAINT TRIGGER slowly AFTER UPDATE ON numbers DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION slowly()",
    );
    let store = store(&schema, "pool_size=1&pool_overflow=0");
    let lost = killed_while_committing(server, &schema, &store).expect_err("is not committed");
    assert!(lost.is_lost_connection() && !lost.to_string().contains("found out"), "{lost}");
    assert_eq!(schema.value("SELECT n FROM numbers"), "0");
    is_at_rest(&schema, &store);
}

#[test]
fn a_commit_that_is_not_answered_is_found_out_to_have_succeeded() {
    let Some(mut server) = own_server("a commit that is not answered") else { return };
    server.set("wal_level", "replica");
    server.set("max_wal_senders", "1");
    server.stop();
    server.start_again();
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    let durable = "options=-csynchronous_commit%3Don";
    let store = store(&schema, &format!("pool_size=1&pool_overflow=0&{durable}"));
    // it commits here, and then waits for a standby that is not there
    server.set("synchronous_standby_names", "nobody");
    // a process of the server's must hear of it first
    thread::sleep(std::time::Duration::from_millis(500));
    let outcome = killed_while_committing(&server, &schema, &store);
    server.set("synchronous_standby_names", "");
    outcome.expect("is committed");
    assert_eq!(schema.value("SELECT n FROM numbers"), "1");
}
