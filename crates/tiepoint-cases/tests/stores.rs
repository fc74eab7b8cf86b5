//! Every store answers every case.
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::MemoryStore;

#[test]
fn the_memory_store_answers_every_case() {
    tiepoint_cases::check(|| (Box::new(MemoryStore::new()), ()));
}

#[test]
fn the_geopackage_store_answers_every_case() {
    tiepoint_cases::check(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let store = GpkgStore::create(folder.path().join("cases.gpkg")).expect("is new");
        (Box::new(store), folder)
    });
}
