//! Committing, so that nobody is left in doubt whether it happened.
//!
//! A commit of a transaction that has failed is answered as if all were well (it only says
//! `ROLLBACK`, which the driver keeps to itself), and one whose connection is lost meanwhile is not
//! answered at all. So the transaction's number is asked for first: what has failed says no to that,
//! and by its number the server can be asked what became of it. That costs a trip; asking on the
//! same trip as committing would leave those in doubt who have the answer to neither.
use crate::error::{Failure, Site};
use crate::lease::Lease;
use crate::link::Link;
use std::thread;
use std::time::{Duration, Instant};
use tiepoint_store::{Result, StoreError};

/// How long a transaction whose connection was lost may take to end.
const ENDING: Duration = Duration::from_secs(5);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Commits, and where the connection is lost over it, asks on another what became of it.
pub(crate) fn commit(lease: Lease, site: &Site, another: impl Fn() -> Result<Lease>) -> Result<()> {
    let number = match lease.transaction_number() {
        Err(failure) if failure.code() == Some("25P02") => {
            return Err(site.invalid("an error has broken the transaction off; it is undone"));
        }
        number => number.map_err(site.failed("commit"))?,
    };
    let lost = match lease.batch("COMMIT").map_err(site.failed("commit")) {
        Err(error) if error.is_lost_connection() => error,
        outcome => return outcome,
    };
    // its seat is free for the other
    drop(lease);
    match became(&another, number) {
        Some(Fate::Committed) => Ok(()),
        Some(Fate::Aborted) => Err(lost),
        None => Err(in_doubt(lost)),
    }
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Committed,
    Aborted,
}

/// What became of a transaction, unless that cannot be found out.
fn became(another: &impl Fn() -> Result<Lease>, number: Option<i64>) -> Option<Fate> {
    let (number, began) = (number?, Instant::now());
    while began.elapsed() < ENDING {
        let status = another().ok().and_then(|lease| status(&lease, number).ok());
        match status.as_ref().map(Option::as_deref) {
            Some(Some("committed")) => return Some(Fate::Committed),
            Some(Some("aborted")) => return Some(Fate::Aborted),
            // it is ending still, or the other connection was lost as well
            Some(Some(_)) | None => thread::sleep(BETWEEN_LOOKS),
            Some(None) => return None,
        }
    }
    None
}

fn status(link: &Link, number: i64) -> Result<Option<String>, Failure> {
    Ok(link.query_one("SELECT txid_status($1)", &[&number])?.get(0))
}

fn in_doubt(lost: StoreError) -> StoreError {
    let StoreError::ConnectionLost { store, reason } = lost else { return lost };
    let reason = format!("{reason}; look whether it was committed, that could not be found out");
    StoreError::ConnectionLost { store, reason }
}
