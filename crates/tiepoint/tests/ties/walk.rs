//! Random histories against an oracle that knows objects by their secrets alone.
//!
//! `TIEPOINT_LONG=N` walks N steps, `TIEPOINT_SEED` one walk.
mod watched;
mod world;

use crate::fixture::create;
use std::sync::Arc;
use tiepoint::{MemoryStore, Store};
use tiepoint_postgis::testing::server_or_skip;
use world::World;

/// How many steps a walk has.
const STEPS: u64 = 60;

/// Walks so many steps in all, each walk over a store of its own; fewer in a long run where a step
/// costs more.
fn walk<G>(steps: u64, cost: u64, fresh: impl Fn() -> (Arc<dyn Store>, G)) {
    let long: Option<u64> = std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse().ok());
    let only: Option<u64> = std::env::var("TIEPOINT_SEED").ok().and_then(|it| it.parse().ok());
    let walks = long.map_or(steps, |it| it / cost).div_ceil(STEPS);
    let seeds = only.map_or(0..walks, |seed| seed..seed + 1);
    for seed in seeds {
        let (store, _guard) = fresh();
        create(&*store, seed.is_multiple_of(2));
        World::new(store, seed).walk(STEPS);
    }
}

#[test]
fn nothing_is_lost_or_crossed_over_memory() {
    walk(6_000, 1, || (Arc::new(MemoryStore::new()), ()));
}

#[test]
fn nothing_is_lost_or_crossed_over_a_geopackage() {
    walk(1_200, 10, || {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("walk.gpkg");
        let store = tiepoint::create(path.to_str().expect("a plain path")).expect("is created");
        (Arc::from(store), folder)
    });
}

#[test]
fn nothing_is_lost_or_crossed_over_a_server() {
    let Some(server) = server_or_skip("nothing_is_lost_or_crossed_over_a_server") else { return };
    walk(120, 50, || {
        let schema = server.schema();
        let store = tiepoint::open(&schema.url()).expect("opens");
        (Arc::from(store), schema)
    });
}
