//! Hearing what anybody commits.
use crate::Result;
use std::time::Duration;
use tiepoint_core::{Change, FieldNames, Target};

/// Where a watcher has got to: opaque bytes that only the store that gave them understands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint(pub Vec<u8>);

/// One thing a watcher hears.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    /// A committed change of a layer.
    Changed {
        /// The layer's name.
        layer: String,
        /// The names of its fields, by position.
        fields: FieldNames,
        /// The feature.
        target: Target,
        /// What happened to it.
        change: Change,
        /// Whether this very store handle wrote it.
        own: bool,
        /// Where to resume after it.
        checkpoint: Checkpoint,
    },
    /// What happened in between cannot be known; read everything again.
    Reset(Checkpoint),
}

/// A stream of what anybody commits.
pub trait Watch: Send {
    /// The next event, or `None` when none came within `patience`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read; asking again later is allowed.
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>>;
}
