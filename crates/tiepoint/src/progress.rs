//! Telling somebody who waits how far the work is, and hearing from them that it should stop.

use tiepoint_store::ReadControl;

/// Somebody who watches long work, and may end it.
///
/// Methods take `&self` and are called often, a few hundred times a second at most: they should
/// return at once. `()` watches nothing and never stops.
pub trait Progress {
    /// Another step begins; the one before it is over.
    fn step(&self, _step: &Step<'_>) {}

    /// So much of the step is done, in its unit, counted from its beginning.
    fn advance(&self, _done: u64) {}

    /// Whether the work should end here. Whatever it was writing to is then left as it was.
    fn should_stop(&self) -> bool {
        false
    }

    /// What stores are read with: whoever [stops](ReadControl::stop) it need not wait until the
    /// next row has come.
    fn control(&self) -> ReadControl {
        ReadControl::default()
    }
}

impl Progress for () {}

/// One step of long work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// What is being done.
    pub phase: Phase,
    /// What it is done to: a document or a layer.
    pub subject: &'a str,
    /// What is counted.
    pub unit: Unit,
    /// How many there are, where that is known.
    pub total: Option<u64>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reads a document once to learn its fields.
    Surveying,
    /// Reads features and writes them to a store.
    Importing,
    /// Reads features and writes them to a document.
    Exporting,
    /// Builds indexes and commits; cannot be stopped half-way.
    Finishing,
}

/// What a step counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes of a document.
    Bytes,
    /// Features.
    Features,
}

/// How many features pass between two looks at the watcher.
pub(crate) const FEATURES_PER_LOOK: u64 = 64;
