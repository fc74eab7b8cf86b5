//! A buffer is a store: with everything pending, it keeps the contract of the store below.
use std::sync::Arc;
use tiepoint_edits::EditBuffer;
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{MemoryStore, conformance};

#[test]
fn pending_edits_over_memory_keep_the_store_contract() {
    conformance::check(|| (Box::new(EditBuffer::over(Arc::new(MemoryStore::new()))), ()));
}

#[test]
fn pending_edits_over_a_geopackage_keep_the_store_contract() {
    conformance::check(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let store = GpkgStore::create(folder.path().join("edits.gpkg")).expect("is new");
        (Box::new(EditBuffer::over(Arc::new(store))), folder)
    });
}
