//! What links and pools do with a real server.
mod entering;
mod lending;
mod linking;

use crate::address::PostgisAddress;
use crate::link::Link;
use crate::pool::Pool;
use crate::testing::{Server, TestSchema};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiepoint_store::{Result, StoreError};

/// The shared server's URL with these parameters.
fn with(server: &Server, parameters: &str) -> String {
    let url = server.url();
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{parameters}")
}

/// The URL of a schema that unqualified names are looked up in.
fn inside(schema: &TestSchema) -> String {
    format!("{}&options=-csearch_path%3D{},public", schema.url(), schema.name())
}

fn connect(url: &str) -> Result<Link> {
    let address = PostgisAddress::parse(url)?;
    Link::connect(&address, &address.site())
}

fn pool(url: &str) -> Arc<Pool> {
    let address = PostgisAddress::parse(url).unwrap();
    let site = address.site();
    Pool::new(address, site)
}

fn refused(url: &str) -> StoreError {
    match connect(url) {
        Ok(_) => panic!("it let us in"),
        Err(error) => error,
    }
}

fn number(link: &Link, sql: &str) -> i32 {
    link.query_one(sql, &[]).unwrap().get(0)
}

fn text(link: &Link, sql: &str) -> String {
    link.query_one(sql, &[]).unwrap().get(0)
}

/// Waits for something that happens in the background.
fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
