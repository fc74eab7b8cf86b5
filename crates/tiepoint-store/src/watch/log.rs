//! What notes changes in a store, and what it has noted.
use std::time::SystemTime;

/// How changes are to be noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogOptions {
    /// How many entries stay, for histories and for watchers that come back; older ones go, in
    /// every store as it sees fit, somewhat later. Those that a named watcher still needs stay
    /// longer, up to ten times as many.
    pub keep: u64,
}

impl LogOptions {
    /// What is kept where nothing else is said.
    pub const DEFAULT_KEEP: u64 = 1_000_000;
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { keep: Self::DEFAULT_KEEP }
    }
}

/// What a store has noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeLog {
    /// The layers of which changes are noted, sorted.
    pub layers: Vec<String>,
    /// How many entries there are.
    pub entries: u64,
    /// When the oldest of them was made.
    pub oldest: Option<SystemTime>,
    /// How many stay; zero where there is no log.
    pub keep: u64,
    /// Those who come back by name, sorted.
    pub watchers: Vec<NamedWatcher>,
}

/// A watcher whose place is kept in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedWatcher {
    /// Its name.
    pub name: String,
    /// How many entries it has not acknowledged.
    pub waiting: u64,
}
