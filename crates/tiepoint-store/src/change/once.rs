//! Writing a change set exactly once, however often it is tried.
use super::apply::apply_changes;
use super::outcome::{Applied, ApplyOptions, NotApplied};
use crate::repeat::{FIRST_PAUSE, LONGEST_PAUSE, pause, random_part};
use crate::{Book, Isolation, Result, Store, StoreError, Transaction, TransactionOptions};
use std::time::{SystemTime, UNIX_EPOCH};
use tiepoint_core::{ChangeSet, ChangeSetId};

/// The book of ours that says which change sets have been applied: id to the second when.
const BOOK: &str = "applied";
/// How often it is tried where others come in between.
const ATTEMPTS: u32 = 20;

/// What came of a change set that is written once.
#[derive(Debug, Clone, PartialEq)]
pub enum Once {
    /// It was written just now.
    Now(Applied),
    /// It had been before; nothing was done.
    Before,
}

/// Writes changes in a transaction of their own that also notes their id in our book: exactly
/// once, however often and by however many this is called.
///
/// Where others come in between it is tried again, up to 20 times. Where the connection is lost
/// over the commit, the note tells what became of it. The notes of `forget` are removed in the
/// same transaction: those that nobody will ask for again.
///
/// # Errors
///
/// As [`apply_changes`] and [`Transaction::commit`]; nothing is written then. Only
/// [`ConnectionLost`](StoreError::ConnectionLost) leaves it open, where the store stays away: then
/// ask [`was_applied`] later, or call this again. [`Invalid`](StoreError::Invalid) for a change set
/// without an id, [`Unsupported`](StoreError::Unsupported) where the store keeps no books.
pub fn apply_once(
    store: &dyn Store,
    changes: &ChangeSet,
    options: &ApplyOptions,
    forget: &[ChangeSetId],
) -> Result<Once, NotApplied> {
    let id = changes.id.ok_or_else(|| StoreError::Invalid {
        store: store.name().to_owned(),
        reason: "a change set without an id cannot be written once".to_owned(),
    })?;
    let mut longest = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match attempt(store, id, changes, options, forget) {
            Err(NotApplied::Store(error)) if error.is_worth_repeating() => {
                pause(random_part(longest), &options.control)?;
            }
            outcome => return outcome,
        }
        longest = (longest * 2).min(LONGEST_PAUSE);
    }
    attempt(store, id, changes, options, forget)
}

/// Whether a change set has been applied by [`apply_once`]. Waits for one that is about to.
///
/// # Errors
///
/// When the store cannot be asked; it must be writable, to keep others from answering otherwise
/// meanwhile.
pub fn was_applied(store: &dyn Store, id: ChangeSetId) -> Result<bool> {
    let mut transaction = begin(store)?;
    let noted = is_noted(transaction.as_mut(), id)?;
    transaction.rollback()?;
    Ok(noted)
}

fn attempt(
    store: &dyn Store,
    id: ChangeSetId,
    changes: &ChangeSet,
    options: &ApplyOptions,
    forget: &[ChangeSetId],
) -> Result<Once, NotApplied> {
    options.control.check()?;
    let mut transaction = begin(store)?;
    if is_noted(transaction.as_mut(), id)? {
        transaction.rollback()?;
        return Ok(Once::Before);
    }
    let applied = apply_changes(transaction.as_mut(), changes, options)?;
    note(transaction.book(BOOK)?.as_mut(), id, forget)?;
    options.control.check()?;
    match transaction.commit() {
        Ok(()) => Ok(Once::Now(applied)),
        Err(lost) if lost.is_lost_connection() => match was_applied(store, id) {
            Ok(true) => Ok(Once::Now(applied)),
            Ok(false) | Err(_) => Err(lost.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// At a level at which the note of another shows as soon as that one has committed.
fn begin(store: &dyn Store) -> Result<Box<dyn Transaction + '_>> {
    let level = Isolation::ReadCommitted;
    let isolation = store.capabilities().isolation.contains(&level).then_some(level);
    store.begin(TransactionOptions { isolation, ..TransactionOptions::default() })
}

/// Whether the id is noted, asked when nobody else can be about to note it.
fn is_noted(transaction: &mut dyn Transaction, id: ChangeSetId) -> Result<bool> {
    let mut book = transaction.book(BOOK)?;
    if book.get(&key(id))?.is_some() {
        return Ok(true);
    }
    // whoever writes this row waits for another that has written it and has not ended yet
    book.put(&turn(id), b"")?;
    let noted = book.get(&key(id))?.is_some();
    book.remove(&turn(id))?;
    Ok(noted)
}

fn note(book: &mut dyn Book, id: ChangeSetId, forget: &[ChangeSetId]) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    book.put(&key(id), &now.as_secs().to_be_bytes())?;
    for id in forget {
        book.remove(&key(*id))?;
    }
    Ok(())
}

fn key(id: ChangeSetId) -> Vec<u8> {
    id.0.as_uuid().as_bytes().to_vec()
}

fn turn(id: ChangeSetId) -> Vec<u8> {
    [&key(id)[..], b"?"].concat()
}
