//! The journal: what an edit is before it is committed, on disk, so that no crash loses it.
//!
//! A session, which is one process with one store open, appends [`Record`]s to a file of its own
//! and is told when they are on stable storage ([`Journal`]). When it dies, whoever looks next finds
//! what it [left behind](JournalFolder::left_behind), may [read](LeftBehind::read) it, [take it
//! over](Journal::adopt) or [discard](LeftBehind::discard) it. Whether a session lives is told by
//! a lock that the system gives back, never by a number of a process.
//!
//! The journal keeps records and their order; what they mean is the edit buffer's.
mod disk;
mod error;
mod folder;
mod frame;
mod left;
mod live;
mod reading;
mod record;
mod session;
mod state;
mod writing;

#[cfg(feature = "testing")]
pub use disk::{Fault, Faults, Operation};
pub use error::JournalError;
pub use folder::JournalFolder;
pub use left::{LeftBehind, Records};
pub use live::Journal;
pub use reading::Damage;
pub use record::Record;
pub use session::{SessionId, StoreLabel};
pub use state::Mark;
