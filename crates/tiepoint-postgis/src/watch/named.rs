//! Watchers that come back by name.
use super::place::Place;
use crate::error::Failure;
use crate::link::Link;
use crate::log;
use crate::store::PostgisStore;
use crate::transaction::PgTransaction;
use tiepoint_store::{Checkpoint, Result, Transaction as _, TransactionOptions};

/// Where a checkpoint is.
pub(crate) fn place_of(store: &PostgisStore, checkpoint: &Checkpoint) -> Result<Place> {
    checkpoint.as_str().parse().map_err(|()| {
        let text = checkpoint.as_str();
        store.site.invalid(format!("`{text}` is no checkpoint of a PostGIS store"))
    })
}

/// What is kept of a watcher.
pub(crate) fn kept(link: &Link, name: &str) -> Result<Option<Checkpoint>, Failure> {
    if !log::exists(link)? {
        return Ok(None);
    }
    let sql = "SELECT checkpoint FROM tiepoint.watcher WHERE home = $1::text::name AND name = $2";
    Ok(link
        .query_opt(sql, &[&link.server().schema, &name])?
        .map(|row| Checkpoint::new(row.get::<_, &str>(0))))
}

/// Keeps that a watcher has dealt with everything up to a checkpoint.
pub(crate) fn keep(store: &PostgisStore, name: &str, checkpoint: &Checkpoint) -> Result<()> {
    let place = place_of(store, checkpoint)?;
    let mut transaction = PgTransaction::begin(store, TransactionOptions::default())?;
    transaction.keep_watcher(name, &place)?;
    Box::new(transaction).commit()
}

/// The same within a transaction.
pub(crate) fn note(link: &Link, name: &str, place: &Place) -> Result<(), Failure> {
    let sql = "INSERT INTO tiepoint.watcher (home, name, checkpoint, seen) \
               VALUES ($1::text::name, $2, $3, $4::text::xid8) ON CONFLICT (home, name) \
               DO UPDATE SET checkpoint = excluded.checkpoint, seen = excluded.seen";
    let seen = place.since.begin().to_string();
    let home = &link.server().schema;
    link.execute(sql, &[home, &name, &place.to_string(), &seen]).map(drop)
}
