//! What a watcher hears.
use super::Checkpoint;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use tiepoint_core::{Change, Fid, FieldNames, Target};

/// One thing that a watcher hears.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    /// A feature was changed.
    Changed(Changed),
    /// What happened cannot be known.
    Reset(Reset),
}

/// A committed change of a feature.
///
/// Where the row of an object was given another fid, its object goes and comes again: a deletion
/// and an insertion of the same target, one right after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The layer's name.
    pub layer: Arc<str>,
    /// The names of its fields, by position.
    pub fields: FieldNames,
    /// The feature: by its object id, where it has one.
    pub target: Target,
    /// What its store calls it; called it, where it was deleted.
    pub fid: Option<Fid>,
    /// What happened to it.
    pub change: Change,
    /// Whose doing it is.
    pub author: Author,
    /// On a server, the role.
    pub who: Option<Arc<str>>,
    /// When it was made, by the clock of whoever made it; `None` where nobody noted that. To the
    /// millisecond.
    pub at: Option<SystemTime>,
    /// Whether nothing else of the same commit follows: the store once was as what came up to here
    /// says. Where a store does not know the bounds of commits, several may come as one.
    pub settled: bool,
    /// Where to resume after it.
    pub checkpoint: Checkpoint,
}

/// What happened cannot be known: read the layer again, or the whole store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// The one layer that is concerned; `None` means all.
    pub layer: Option<Arc<str>>,
    /// Why.
    pub reason: ResetReason,
    /// Where to resume after it.
    pub checkpoint: Checkpoint,
}

/// Who committed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Author {
    /// The very store handle that is being watched: *own* changes, not to be taken for news.
    This,
    /// tiepoint, by another handle or in another process.
    Tiepoint,
    /// Another program.
    Other,
    /// Nobody noted it.
    Unknown,
}

/// Why it cannot be known what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResetReason {
    /// Another store is there now: a file took the place of the one that was watched, or an older
    /// state of it was brought back.
    Replaced,
    /// What notes changes had been taken away, so some may not have been noted.
    NotNoted,
    /// The log has been trimmed past where the watcher had got to.
    Trimmed,
    /// The layer came, went, or has other fields now.
    SchemaChanged,
    /// The log was made after the checkpoint, or the checkpoint is from where there was none.
    NoLog,
}

impl fmt::Display for ResetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => "another file or database is in its place",
            Self::NotNoted => "what notes changes had been taken away",
            Self::Trimmed => "the log has been trimmed past the checkpoint",
            Self::SchemaChanged => "the layer came, went or has other fields now",
            Self::NoLog => "there was no log at the checkpoint",
        })
    }
}

impl WatchEvent {
    /// Where to resume after it.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        match self {
            Self::Changed(changed) => &changed.checkpoint,
            Self::Reset(reset) => &reset.checkpoint,
        }
    }
}

impl Changed {
    /// Whether this very store handle wrote it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.author == Author::This
    }
}
