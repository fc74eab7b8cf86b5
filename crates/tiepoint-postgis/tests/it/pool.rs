//! Connections are few, shared, replaced and never lost.
use crate::sessions::{
    add, all, begin, eventually, is_at_rest, level, numbers, sessions, slow, store, with,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tiepoint_core::{Edit, ErrorKind, Feature, Query};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{Isolation, ReadControl, Store, StoreError, TransactionOptions, WriteMode};
use tokio::runtime::Builder;

/// Row 1.11 of the checklist: size and overflow.
#[test]
fn there_are_never_more_connections_than_size_and_overflow() {
    let Some(server) = server_or_skip("size and overflow of the pool") else { return };
    let schema = server.schema();
    let store = store(&schema, "pool_size=2&pool_overflow=1&pool_timeout=1");
    let mut held: Vec<_> = (0..3).map(|_| begin(&store)).collect();
    assert_eq!((store.connections(), sessions(&schema, "true")), ((0, 3), 3));
    let began = Instant::now();
    let refused = store.begin(TransactionOptions::default()).err().expect("all are in use");
    assert!(matches!(refused, StoreError::PoolExhausted { connections: 3, .. }), "{refused:?}");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(began.elapsed() >= Duration::from_secs(1) && refused.hint().is_some());
    held.pop();
    drop(begin(&store));
    drop(held);
    assert_eq!(store.connections().1, 0);
    eventually("what is above the size is closed", || sessions(&schema, "true") <= 2);
    is_at_rest(&schema, &store);
}

/// Row 1.11 of the checklist: pre-ping.
#[test]
fn killed_connections_are_replaced_unseen() {
    let Some(server) = server_or_skip("killed connections are replaced") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1)]);
    let store = store(&schema, "pool_size=4");
    for pause in [Duration::ZERO, Duration::from_millis(1_100)] {
        for _ in 0..5 {
            let held: Vec<_> = (0..4).map(|_| begin(&store)).collect();
            drop(held);
            std::thread::sleep(pause);
            assert_eq!(server.kill_backends(schema.name()), 4);
            assert_eq!(all(&store, "numbers").expect("reads").len(), 1);
            assert_eq!(store.layers().expect("lists").len(), 1);
            begin(&store).commit().expect("commits");
        }
    }
    is_at_rest(&schema, &store);
}

/// Row 1.12 of the checklist.
#[test]
fn a_read_only_session_refuses_writes() {
    let Some(server) = server_or_skip("read-only sessions") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1)]);
    let usual = store(&schema, "");
    let options = TransactionOptions { read_only: true, ..level(Isolation::RepeatableRead) };
    let mut transaction = usual.begin(options).expect("begins");
    let refused = add(transaction.as_mut(), "numbers", "a", 1).expect_err("it only reads");
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
    drop(transaction);
    add(begin(&usual).as_mut(), "numbers", "a", 1).expect("the next one writes");
    let reading = store(&schema, "options=-cdefault_transaction_read_only%3Don");
    let refused = add(begin(&reading).as_mut(), "numbers", "a", 1).expect_err("it only reads");
    assert_eq!(refused.kind(), ErrorKind::Denied);
    assert_eq!(all(&reading, "numbers").expect("reads").len(), 1);
    drop(usual);
    is_at_rest(&schema, &reading);
}

/// Row 1.15 of the checklist: however something ends, its connection comes back.
#[test]
fn nothing_leaks() {
    let Some(server) = server_or_skip("nothing leaks") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1)]);
    schema.execute("INSERT INTO numbers (name, n) SELECT 'n', i FROM generate_series(1, 9000) i");
    let store = store(&schema, "pool_size=2&pool_overflow=0&pool_timeout=20");
    for _ in 0..10 {
        for (name, way) in WAYS_TO_END {
            let outcome = catch_unwind(AssertUnwindSafe(|| way(&store)));
            assert_eq!(outcome.is_err(), *name == "a panic", "{name}");
        }
    }
    is_at_rest(&schema, &store);
    assert_eq!(all(&store, "numbers").expect("reads").len(), 9_001, "and nothing was written");
}

type WayToEnd = (&'static str, fn(&PostgisStore));

const WAYS_TO_END: &[WayToEnd] = &[
    ("read to its end", |it| assert_eq!(all(it, "numbers").expect("reads").len(), 9_001)),
    ("a reading that nobody reads", |it| drop(it.read(&Query::layer("numbers")).expect("reads"))),
    ("a reading left early", |it| {
        assert_eq!(it.read(&Query::layer("numbers")).expect("reads").take(3).count(), 3);
    }),
    ("a reading stopped", |it| {
        let control = ReadControl::default();
        let mut rows = it.read_with(&Query::layer("numbers"), &control).expect("reads");
        rows.next().expect("is there").expect("reads");
        control.stop();
        assert!(matches!(rows.last(), Some(Err(StoreError::Stopped))));
    }),
    ("an unknown layer", |it| assert!(it.layer("nothing").is_err())),
    ("an unknown field", |it| {
        assert!(it.read(&Query::layer("numbers").fields(["nothing"])).is_err());
    }),
    ("a transaction dropped", |it| {
        add(begin(it).as_mut(), "numbers", "a", 1).expect("is written");
    }),
    ("a transaction with a reading left early", |it| {
        let transaction = begin(it);
        assert!(transaction.read(&Query::layer("numbers")).expect("reads").next().is_some());
    }),
    ("a bulk load left early", |it| {
        let mut transaction = begin(it);
        let layer = transaction.layer("numbers").expect("is there");
        let mut writer = transaction.writer("numbers", WriteMode::Bulk).expect("opens");
        for _ in 0..2_000 {
            let row = Feature::new(layer.schema().clone());
            writer.write(Edit::Insert(row)).expect("is taken");
        }
    }),
    ("a panic", |it| {
        let transaction = begin(it);
        let _rows = transaction.read(&Query::layer("numbers")).expect("reads");
        std::panic::resume_unwind(Box::new("on purpose"));
    }),
];

#[test]
fn who_waits_for_a_connection_can_be_stopped() {
    let Some(server) = server_or_skip("waiting for a connection") else { return };
    let schema = server.schema();
    slow(&schema, 1, 0.0);
    let store = store(&schema, "pool_size=1&pool_overflow=0&pool_timeout=60");
    let held = begin(&store);
    let (control, began) = (ReadControl::default(), Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            control.stop();
        });
        let refused = store.read_with(&Query::layer("slow"), &control).expect_err("is stopped");
        assert!(matches!(refused, StoreError::Stopped));
    });
    assert!(began.elapsed() < Duration::from_secs(20));
    drop(held);
    is_at_rest(&schema, &store);
}

#[test]
fn all_of_it_works_inside_runtimes() {
    let Some(server) = server_or_skip("inside runtimes") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 0)]);
    let work = |schema: &TestSchema| {
        let store = store(schema, "pool_size=2");
        for _ in 0..20 {
            let mut transaction = begin(&store);
            add(transaction.as_mut(), "numbers", "a", 1).expect("is written");
            transaction.commit().expect("commits");
            assert_eq!(all(&store, "numbers").expect("reads").len(), 1);
        }
    };
    Builder::new_current_thread().build().expect("starts").block_on(async { work(&schema) });
    Builder::new_multi_thread().build().expect("starts").block_on(async { work(&schema) });
    let entered = Builder::new_current_thread().enable_all().build().expect("starts");
    let guard = entered.enter();
    work(&schema);
    drop(guard);
    assert_eq!(schema.value("SELECT n FROM numbers"), "60");
}

#[test]
fn a_server_that_takes_no_more_connections_says_so() {
    let Some(server) = server_or_skip("a role's last connection") else { return };
    let (schema, role) = (server.schema(), server.role());
    schema.execute(&format!("ALTER ROLE {} CONNECTION LIMIT 2", role.name()));
    let store = PostgisStore::open(&with(&schema.url_as(&role), "pool_size=5")).expect("opens");
    let held = [begin(&store), begin(&store)];
    let refused = store.begin(TransactionOptions::default()).err().expect("two are the limit");
    assert!(matches!(refused, StoreError::TooManyConnections { .. }), "{refused:?}");
    assert!(refused.hint().is_some());
    drop(held);
    assert_eq!(store.connections(), (2, 0), "no seat is lost over it");
}
