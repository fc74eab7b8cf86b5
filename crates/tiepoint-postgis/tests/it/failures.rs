//! What goes wrong is said in the contract's words, and goes right again afterwards.
use crate::sessions::{
    all, eventually, is_at_rest, numbers, own_server, sessions, slow, store, with,
};
use std::time::{Duration, Instant};
use tiepoint_core::{
    Crs, ErrorKind, Field, FieldType, GeometryKind, GeometryType, KindRule, LayerDefinition, Query,
    Schema,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{ReadControl, Store, StoreError, TransactionOptions};

fn refused(url: &str) -> StoreError {
    PostgisStore::open(url).expect_err("it lets us in")
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let Some(server) = server_or_skip("statement timeouts") else { return };
    let schema = server.schema();
    slow(&schema, 1_000, 0.05);
    let store = store(&schema, "statement_timeout=300");
    let ended = all(&store, "slow").expect_err("takes too long");
    assert!(matches!(ended, StoreError::TimedOut { after_ms: 300 }), "{ended:?}");
    is_at_rest(&schema, &store);
}

/// What Ctrl-C does: it tells the control.
#[test]
fn who_stops_a_reading_ends_its_statement_on_the_server() {
    let Some(server) = server_or_skip("stopped readings") else { return };
    let schema = server.schema();
    slow(&schema, 2, 60.0);
    let store = store(&schema, "");
    let (control, began) = (ReadControl::default(), Instant::now());
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let rows = store.read_with(&Query::layer("slow"), &control)?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        eventually("it runs", || sessions(&schema, "state = 'active'") == 1);
        control.stop();
        let stopped = reading.join().expect("ends").expect_err("is stopped");
        assert!(matches!(stopped, StoreError::Stopped), "{stopped:?}");
    });
    is_at_rest(&schema, &store);
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn who_drops_a_reading_ends_its_statement_on_the_server() {
    let Some(server) = server_or_skip("dropped readings") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE VIEW endless AS \
         SELECT generate_series(1, 2000000000) AS id, repeat('x', 900) AS name",
    );
    let store = store(&schema, "");
    let mut rows = store.read(&Query::layer("endless")).expect("reads");
    for _ in 0..2_000 {
        rows.next().expect("no end").expect("reads");
    }
    assert_eq!(sessions(&schema, "state = 'active'"), 1);
    drop(rows);
    is_at_rest(&schema, &store);
    assert_eq!(store.connections(), (1, 0), "the same connection is lent again");
}

#[test]
fn readings_resume_when_the_server_is_back() {
    let Some(mut server) = own_server("servers go and come back") else { return };
    let schema = server.schema();
    numbers(&schema, "numbers", &[("a", 1)]);
    schema.execute("INSERT INTO numbers (name, n) SELECT 'n', i FROM generate_series(1, 99999) i");
    let store = store(&schema, "connect_timeout=2");
    let mut rows = store.read(&Query::layer("numbers")).expect("reads");
    rows.next().expect("is there").expect("reads");
    let transaction = store.begin(TransactionOptions::default()).expect("begins");
    server.stop();
    let lost = rows.find_map(Result::err).expect("no reading ends as if that were all");
    assert!(lost.is_lost_connection(), "{lost:?}");
    assert!(transaction.commit().is_err() || server.url().is_empty());
    let gone = all(&store, "numbers").expect_err("nobody is there");
    assert_eq!(gone.kind(), ErrorKind::Unavailable, "{gone:?}");
    server.start_again();
    assert_eq!(all(&store, "numbers").expect("reads").len(), 100_000);
    is_at_rest(&schema, &store);
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let Some(server) = server_or_skip("who is not let in") else { return };
    let role = server.role();
    let missing = refused(&with(&role.url(), "dbname=no_such_database"));
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing:?}");
    assert!(missing.hint().is_some_and(|hint| hint.contains("createdb no_such_database")));
    let Some(url) = role.tcp_url() else { return };
    let wrong = refused(&url.replace(role.password(), "geheim"));
    assert!(matches!(wrong, StoreError::AccessRefused { .. }), "{wrong:?}");
    assert!(wrong.hint().is_some_and(|hint| hint.contains("password")));
    assert!(!format!("{wrong} {wrong:?}").contains("geheim"));
}

fn spatial() -> LayerDefinition {
    let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let geometry = Field::new("geom", FieldType::Geometry(points));
    let schema = Schema::new(vec![geometry]).expect("one field");
    LayerDefinition { identity: tiepoint_core::Identity::None, ..LayerDefinition::new("t", schema) }
}

/// Row 2.19 of the checklist.
#[test]
fn a_missing_extension_is_created_or_asked_for() {
    let Some(server) = server_or_skip("a missing extension") else { return };
    let (database, role) = (server.database(), server.role());
    database.execute("DROP EXTENSION postgis CASCADE");
    database.execute(&format!("GRANT CREATE ON SCHEMA public TO {}", role.name()));
    let store = PostgisStore::open(&database.url_as(&role)).expect("opens");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let refused = transaction.create_layer(&spatial()).expect_err("it may not");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused:?}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("CREATE EXTENSION postgis")));
    drop(transaction);
    let owner = PostgisStore::open(&database.url()).expect("opens");
    let mut transaction = owner.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(&spatial()).expect("it may");
    transaction.commit().expect("commits");
    assert_eq!(all(&owner, "t").expect("reads").len(), 0);
    // who was connected before sees it too
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let second = LayerDefinition { name: "u".to_owned(), ..spatial() };
    transaction.create_layer(&second).expect("it is there now");
}

#[test]
fn a_certificate_can_be_verified_in_full() {
    let Some(server) = server_or_skip("verified certificates") else { return };
    let Some((url, root)) = server.tcp_url().zip(server.certificate()) else { return };
    let verified = |url: &str| format!("{url}?sslmode=verify-full&sslrootcert={}", root.display());
    let store = PostgisStore::open(&verified(&url)).expect("is who it says it is");
    store.layers().expect("lists");
    let other =
        refused(&with(&verified(&url.replace("@localhost", "@db.example")), "hostaddr=127.0.0.1"));
    assert!(matches!(other, StoreError::AccessRefused { .. }), "{other:?}");
}
