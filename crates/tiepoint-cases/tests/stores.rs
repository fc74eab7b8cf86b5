//! Every store answers every case, and so does a buffer of pending edits over it.
mod half_pending;

use half_pending::HalfPending;
use std::sync::Arc;
use tiepoint_edits::EditBuffer;
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
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

const MOMENTS: &str = "a timestamptz keeps the moment, not the zone that it was written in";
/// What PostGIS answers otherwise.
const KNOWN_OF_POSTGIS: &[(&str, &str)] = &[
    ("value: at", MOMENTS),
    ("value: time(at)", MOMENTS),
    ("value: coalesce(at, TIMESTAMP('2001-02-03T04:05:06Z'))", MOMENTS),
    ("year(at) = 1969", MOMENTS),
    ("day(at) = 1 AND month(at) = 3", MOMENTS),
    ("value: hour(at)", MOMENTS),
    ("value: day(at)", MOMENTS),
    ("value: date(at)", MOMENTS),
    ("total: max at", MOMENTS),
    ("box: 20.5 53 29 59", "its boxes are those of shells: a hole outside is not found by them"),
];

#[test]
fn the_postgis_store_answers_every_case() {
    let Some(server) = server_or_skip("the_postgis_store_answers_every_case") else { return };
    tiepoint_cases::check_but(KNOWN_OF_POSTGIS, || {
        let schema = server.schema();
        let store = PostgisStore::open(&schema.url()).expect("opens");
        (Box::new(store), schema)
    });
}

#[test]
fn edits_over_memory_answer_every_case() {
    tiepoint_cases::check(|| (Box::new(EditBuffer::over(Arc::new(MemoryStore::new()))), ()));
    tiepoint_cases::check(|| (Box::new(HalfPending::over(Arc::new(MemoryStore::new()))), ()));
}

#[test]
fn edits_over_a_geopackage_answer_every_case() {
    let store = || {
        let folder = tempfile::tempdir().expect("a folder");
        let store = GpkgStore::create(folder.path().join("cases.gpkg")).expect("is new");
        (Arc::new(store), folder)
    };
    tiepoint_cases::check(|| {
        let (store, folder) = store();
        (Box::new(EditBuffer::over(store)), folder)
    });
    tiepoint_cases::check(|| {
        let (store, folder) = store();
        (Box::new(HalfPending::over(store)), folder)
    });
}

#[test]
fn edits_over_postgis_answer_every_case() {
    let Some(server) = server_or_skip("edits_over_postgis_answer_every_case") else { return };
    let store = || {
        let schema = server.schema();
        (Arc::new(PostgisStore::open(&schema.url()).expect("opens")), schema)
    };
    // what is pending is in the types of the store already, and found by boxes of our own
    let known: Vec<_> = KNOWN_OF_POSTGIS.iter().filter(|it| it.1 == MOMENTS).copied().collect();
    tiepoint_cases::check_but(&known, || {
        let (store, schema) = store();
        (Box::new(EditBuffer::over(store)), schema)
    });
    tiepoint_cases::check_but(KNOWN_OF_POSTGIS, || {
        let (store, schema) = store();
        (Box::new(HalfPending::over(store)), schema)
    });
}
