//! Hearing what anybody commits.
//!
//! A layer that has a *change log* is watched by it: triggers of ours note what whoever writes does,
//! and a watcher reads on from its checkpoint. Every other layer is watched by comparing what it
//! says now with what it said before.
mod comparison;
mod event;
mod log;
pub(crate) mod order;

pub use comparison::{Comparison, Found};
pub use event::{Author, Changed, Reset, ResetReason, WatchEvent};
pub use log::{ChangeLog, LogOptions, NamedWatcher};

use crate::Result;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Where a watcher has got to: a line of printable ASCII without spaces that only the store that
/// gave it understands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint(Arc<str>);

impl Checkpoint {
    /// A checkpoint that reads like this.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// How it reads.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Checkpoint {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text.trim()))
    }
}

/// How a store is to be watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchOptions {
    /// From where on.
    pub from: WatchFrom,
    /// The watcher's name. What a named watcher has [acknowledged](Watch::acknowledge) is kept in
    /// the store: it goes on from there when it comes back, whatever `from` says, and the log is
    /// not trimmed past it.
    pub name: Option<String>,
    /// The layers that matter; all where there are none, those that are still to come among them.
    pub layers: Vec<String>,
}

/// From where on a store is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WatchFrom {
    /// What is committed from now on.
    #[default]
    Now,
    /// From the oldest change that the logs still have; from now on where there is no log.
    Oldest,
    /// What was committed after this.
    After(Checkpoint),
}

impl WatchOptions {
    /// All layers, from now on.
    #[must_use]
    pub fn from_now() -> Self {
        Self::default()
    }

    /// All layers, from where the logs begin.
    #[must_use]
    pub fn from_oldest() -> Self {
        Self { from: WatchFrom::Oldest, ..Self::default() }
    }

    /// All layers, from where a watcher had got to.
    #[must_use]
    pub fn after(checkpoint: Checkpoint) -> Self {
        Self { from: WatchFrom::After(checkpoint), ..Self::default() }
    }

    /// The same by a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The same of this layer, beside those named before.
    #[must_use]
    pub fn layer(mut self, name: impl Into<String>) -> Self {
        self.layers.push(name.into());
        self
    }

    /// Whether a layer of this name matters.
    #[must_use]
    pub fn wants(&self, layer: &str) -> bool {
        self.layers.is_empty() || self.layers.iter().any(|it| it == layer)
    }
}

/// A stream of what anybody commits.
///
/// Every committed change comes once, those of one feature in the order in which they were
/// committed, whatever happens between: the watcher may be gone for a while and go on from a
/// checkpoint. Changes of one commit come together. What was rolled back never comes.
///
/// Whoever keeps a copy applies what comes to it. After a [`Reset`] it reads the store again; what
/// comes next may be in that reading already, so it is applied by what it says of *after*, and the
/// copy is right again as soon as the watcher has caught up.
pub trait Watch: Send {
    /// The next event, or `None` when none came within `patience`; with no patience at all, what is
    /// known already or can be read at once.
    ///
    /// # Errors
    ///
    /// When the store cannot be read; asking again later is allowed, and nothing is missed then.
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>>;

    /// Where it has got to: after the last event that it gave.
    fn checkpoint(&self) -> Checkpoint;

    /// How far it is behind, now.
    ///
    /// Costs a look at the store.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn lag(&mut self) -> Result<Lag>;

    /// Keeps in the store that a named watcher has dealt with everything up to here. One without a
    /// name has nothing to keep, and nothing happens.
    ///
    /// # Errors
    ///
    /// When the store cannot be written, or the checkpoint is none of its own.
    fn acknowledge(&mut self, checkpoint: &Checkpoint) -> Result<()>;
}

/// How far a watcher is behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    /// How many entries of the logs have been committed and not been given yet.
    pub waiting: u64,
    /// How long ago the oldest of them was made; `None` where none waits.
    pub oldest: Option<Duration>,
}
