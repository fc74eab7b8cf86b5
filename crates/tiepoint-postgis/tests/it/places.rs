//! Which store this is, whoever asks, and rows that are held.
use crate::sessions::{begin, numbers, own_server, store};
use std::thread;
use std::time::Duration;
use tiepoint_core::{ErrorKind, Query, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{Isolation, Store, StoreError, TransactionOptions};

fn place(url: &str) -> String {
    let store = PostgisStore::open(url).expect("opens");
    store.place().expect("is told").expect("there is one")
}

#[test]
fn a_place_is_a_server_a_database_and_a_schema() {
    let Some(server) = server_or_skip("places") else { return };
    let (here, there, database) = (server.schema(), server.schema(), server.database());
    assert_eq!(place(&here.url()), place(&here.url()), "two handles");
    let role = server.role();
    here.execute(&format!("GRANT USAGE ON SCHEMA {} TO {}", here.name(), role.name()));
    assert_eq!(place(&here.url_as(&role)), place(&here.url()), "another role");
    assert_ne!(place(&here.url()), place(&there.url()), "another schema");
    assert_ne!(place(&here.url()), place(&database.url()), "another database");
}

#[test]
fn a_place_outlives_a_restart() {
    let Some(mut server) = own_server("places after a restart") else { return };
    let before = place(&server.url());
    server.stop();
    server.start_again();
    assert_eq!(place(&server.url()), before);
}

/// A journal must not be found by those who came after.
#[test]
fn what_takes_the_place_of_a_schema_is_another() {
    let Some(server) = server_or_skip("replaced schemas") else { return };
    let schema = server.schema();
    let (name, before) = (schema.name().to_owned(), place(&schema.url()));
    schema.execute(&format!("DROP SCHEMA {name} CASCADE; CREATE SCHEMA {name}"));
    assert_ne!(place(&schema.url()), before);
}

#[test]
fn a_held_row_comes_as_the_one_before_left_it_or_not_at_all() {
    let Some(server) = server_or_skip("held rows") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1)]);
    let store = store(&schema, "");
    for (isolation, expected) in
        [(Isolation::ReadCommitted, Some(2)), (Isolation::RepeatableRead, None)]
    {
        schema.execute("UPDATE numbers SET n = 1");
        let first = begin(&store);
        let query = Query::layer("numbers");
        assert_eq!(first.read_for_update(&query).expect("reads").count(), 1);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let isolation = Some(isolation);
                let options = TransactionOptions { isolation, ..TransactionOptions::default() };
                let second = store.begin(options).expect("begins");
                assert_eq!(second.read(&query).expect("reads").count(), 1, "waits for nobody");
                let row = second.read_for_update(&query)?.next().expect("is there")?;
                Ok::<_, StoreError>(row.get("n").cloned())
            });
            thread::sleep(Duration::from_millis(200));
            assert!(!waiting.is_finished(), "waits for the first");
            let mut first = first;
            crate::sessions::add(first.as_mut(), "numbers", "a", 1).expect("is written");
            first.commit().expect("commits");
            let got = waiting.join().expect("ends");
            match expected {
                Some(number) => assert_eq!(got.expect("reads"), Some(Value::Int(number))),
                None => assert!(got.expect_err("came in between").is_worth_repeating()),
            }
        });
    }
}

#[test]
fn what_cannot_be_held_is_said_to_be_so() {
    let Some(server) = server_or_skip("what cannot be held") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1), ("b", 2)]);
    schema.execute("CREATE VIEW plain AS SELECT name, n FROM numbers");
    schema.execute("CREATE VIEW sums AS SELECT name, sum(n) AS n FROM numbers GROUP BY name");
    schema.execute("CREATE MATERIALIZED VIEW kept AS SELECT name, n FROM numbers");
    let store = store(&schema, "");
    let transaction = begin(&store);
    let held = |query: &Query| transaction.read_for_update(query).map(Iterator::count);
    let distinct = Query { distinct: true, ..Query::layer("numbers").fields(["n"]) };
    for query in [Query::layer("sums"), Query::layer("kept"), distinct] {
        let refused = held(&query).expect_err("cannot be held");
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
        assert!(refused.hint().is_some(), "{refused}");
    }
    assert_eq!(held(&Query::layer("plain")).expect("is held through the view"), 2);
}
