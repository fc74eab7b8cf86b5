//! Whether anybody may have changed the file: SQLite's `data_version`, asked of one connection that
//! writes nothing, so that every commit counts, our own included.
use crate::connection::{Lease, Pool};
use rusqlite::ErrorCode;
use std::sync::{Arc, Mutex, PoisonError};
use tiepoint_store::Result;

/// The last answer, and the connection that it is compared on.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    probe: Mutex<Probe>,
}

#[derive(Debug, Default)]
struct Probe {
    link: Option<crate::connection::Link>,
    /// Grows with every connection: versions of two connections cannot be compared.
    epoch: u64,
    last: u64,
}

impl Freshness {
    /// A token that differs from the last one whenever anybody may have committed since.
    pub(crate) fn token(&self, pool: &Arc<Pool>) -> Result<u64> {
        let mut probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner);
        if probe.link.as_ref().is_none_or(|link| !link.is_of(&pool.path)) {
            probe.link = Some(Lease::into_link(pool.read()?));
            probe.epoch += 1;
        }
        let link = probe.link.as_ref().expect("opened just now");
        let version = link.connection.pragma_query_value(None, "data_version", |row| row.get(0));
        match version {
            Ok(version) => {
                let version: u32 = version;
                probe.last = probe.epoch << 32 | u64::from(version);
            }
            // whoever keeps us out has not committed yet
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            Err(error) => return Err(pool.site.driver_error(error, "ask whether it has changed")),
        }
        Ok(probe.last)
    }
}
