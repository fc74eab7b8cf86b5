//! Giving a layer identity, and taking it away.
use tiepoint_core::Identity;

/// How a layer is to be tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieOptions {
    /// The column that carries the ids: one that is there, or a new one.
    pub column: String,
    /// What to do with ids in it that are malformed, or that several features share.
    pub bad_ids: BadIds,
}

/// What to do with ids that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadIds {
    /// Report them with their rows and change nothing.
    Report,
    /// Give those features new ids; of several that share one, the oldest row keeps it.
    Replace,
}

impl Default for TieOptions {
    fn default() -> Self {
        Self { column: Identity::DEFAULT_COLUMN.to_owned(), bad_ids: BadIds::Report }
    }
}

/// What tying a layer did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TieReport {
    /// Features that had a usable id.
    pub kept: u64,
    /// Features that had none and were given one.
    pub minted: u64,
    /// Features whose malformed or shared id was replaced.
    pub replaced: u64,
}

/// What untying did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UntieReport {
    /// The layers that are no longer tied.
    pub layers: Vec<String>,
    /// Columns of ids that were ours and are gone, as `layer.column`.
    pub columns_dropped: Vec<String>,
}
