//! Every store answers every case.
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
