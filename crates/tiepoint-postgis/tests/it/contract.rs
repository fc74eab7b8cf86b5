//! The store contract, each promise in a schema of its own.
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;

#[test]
fn keeps_the_store_contract() {
    let Some(server) = server_or_skip("keeps_the_store_contract") else { return };
    tiepoint_store::conformance::check(|| {
        let schema = server.schema();
        let store = PostgisStore::open(&schema.url()).expect("opens");
        (Box::new(store), schema)
    });
}
