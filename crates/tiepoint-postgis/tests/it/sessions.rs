//! Stores whose sessions can be told apart on the server, and what it says of them.
use std::time::{Duration, Instant};
use tiepoint_core::{Edit, Feature, Query, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{Server, TestSchema, Unavailable, server_or_skip};
use tiepoint_store::{Isolation, Result, Store, Transaction, TransactionOptions};

/// A URL with these parameters more.
pub(crate) fn with(url: &str, parameters: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{parameters}")
}

/// A store in the schema, by whose name the server knows its sessions.
pub(crate) fn store(schema: &TestSchema, parameters: &str) -> PostgisStore {
    let name = format!("application_name={}&{parameters}", schema.name());
    PostgisStore::open(&with(&schema.url(), name.trim_end_matches('&'))).expect("opens")
}

/// How many sessions of the schema's stores there are, of which this is true.
pub(crate) fn sessions(schema: &TestSchema, condition: &str) -> usize {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND {condition}",
        schema.name()
    );
    schema.value(&sql).parse().expect("a number")
}

/// A server of the test's own, where one can be started.
pub(crate) fn own_server(test: &str) -> Option<Server> {
    match Server::start() {
        Ok(server) => Some(server),
        Err(Unavailable::Missing { .. }) => server_or_skip(test).and(None),
        Err(error) => panic!("{error}"),
    }
}

/// Waits for something that happens in the background.
pub(crate) fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Nothing runs on the server any more, and no connection is away.
pub(crate) fn is_at_rest(schema: &TestSchema, store: &PostgisStore) {
    eventually("all connections come back", || store.connections().1 == 0);
    eventually("no session is busy", || sessions(schema, "state <> 'idle'") == 0);
    eventually("no session is forgotten", || sessions(schema, "true") == store.connections().0);
}

/// Numbers by name, in a table of this name.
pub(crate) fn numbers(schema: &TestSchema, table: &str, rows: &[(&str, i64)]) {
    schema.execute(&format!("CREATE TABLE {table} (id serial PRIMARY KEY, name text, n int8)"));
    for (name, n) in rows {
        schema.execute(&format!("INSERT INTO {table} (name, n) VALUES ('{name}', {n})"));
    }
}

/// A view each of whose rows takes the server so long.
pub(crate) fn slow(schema: &TestSchema, rows: u32, seconds: f32) {
    let sql = format!(
        "CREATE VIEW slow AS SELECT i AS id, repeat('x', 20) AS name, \
         pg_sleep({seconds}) IS NULL AS waited FROM generate_series(1, {rows}) AS i"
    );
    schema.execute(&sql);
}

pub(crate) fn all(store: &dyn Store, layer: &str) -> Result<Vec<Feature>> {
    store.read(&Query::layer(layer))?.collect()
}

pub(crate) fn level(isolation: Isolation) -> TransactionOptions {
    TransactionOptions { isolation: Some(isolation), ..TransactionOptions::default() }
}

pub(crate) fn begin(store: &PostgisStore) -> Box<dyn Transaction + '_> {
    store.begin(TransactionOptions::default()).expect("begins")
}

/// The number that a row by this name has.
pub(crate) fn number(transaction: &dyn Transaction, layer: &str, name: &str) -> Result<i64> {
    Ok(row(transaction, layer, name)?.1)
}

/// Adds to the number of the row by this name, read before.
pub(crate) fn add(
    transaction: &mut dyn Transaction,
    layer: &str,
    name: &str,
    more: i64,
) -> Result<()> {
    let (mut feature, n) = row(transaction, layer, name)?;
    feature.set("n", (n + more).into()).expect("fits");
    transaction.write(layer, Edit::Update(feature)).map(drop)
}

fn row(transaction: &dyn Transaction, layer: &str, name: &str) -> Result<(Feature, i64)> {
    let query = Query::layer(layer).filter(tiepoint_core::field("name").eq(name));
    let feature = transaction.read(&query)?.next().expect("is there")?;
    let Some(Value::Int(n)) = feature.get("n").cloned() else { panic!("a number") };
    Ok((feature, n))
}
