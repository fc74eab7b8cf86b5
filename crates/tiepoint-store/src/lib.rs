//! The contract between tiepoint and anything that keeps features, and what every store shares:
//! sorting and cutting in memory, the in-memory store, and the conformance suite.
//!
//! Stores compose: a cache, an edit buffer and a router are stores around stores. Anything that
//! takes a store takes those.
mod accept;
mod aggregate;
#[cfg(feature = "async")]
pub mod asynchronous;
mod book;
mod capabilities;
mod change;
mod check;
#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
mod control;
mod error;
mod features;
mod finish;
pub mod memory;
mod natural_key;
mod plan;
mod question;
mod repeat;
mod shared;
pub mod sql;
mod tie;
mod transaction;
mod turn;
mod watch;

pub use accept::{FeatureLabel, accepted_values, unset, with_defaults};
pub use aggregate::{in_memory as aggregate_in_memory, rows_to_aggregate};
pub use book::Book;
pub use capabilities::{Capabilities, Isolation};
pub use change::{
    Applied, ApplyOptions, DiffNote, DiffOptions, Difference, InsertedFeature, LayerDiff, MatchBy,
    NotApplied, Once, Refusal, apply_changes, apply_once, diff, diff_by, was_applied,
};
pub use check::{Finding, FindingKind, Repair};
pub use contract::{LayerFacts, Store};
pub use control::ReadControl;
pub use error::{Result, StoreError};
pub use features::Features;
pub use finish::page_mark;
pub use memory::MemoryStore;
pub use natural_key::{KeySurvey, NaturalKey};
pub use plan::{Access, Buffers, Place, Plan};
pub use question::{Column, Output, Question, Rest, SortKey};
pub use repeat::repeating;
pub use tie::{BadIds, Carrier, TieOptions, TieReport, UntieReport};
pub use transaction::{
    FeatureWriter, Savepoint, Transaction, TransactionOptions, WriteMode, Written,
};
pub use turn::{Turn, Turns};
pub use watch::{
    Author, ChangeLog, Changed, Checkpoint, Comparison, Found, Lag, LogOptions, NamedWatcher,
    Reset, ResetReason, Watch, WatchEvent, WatchFrom, WatchOptions,
};
