//! The store contract.
use tiepoint_gpkg::GpkgStore;

#[test]
fn keeps_the_store_contract() {
    tiepoint_store::conformance::check(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let store = GpkgStore::create(folder.path().join("store.gpkg")).expect("is new");
        (Box::new(store), folder)
    });
}
