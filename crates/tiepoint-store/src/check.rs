//! What is wrong in a store, said so that somebody can do something about it.
use std::fmt;
use tiepoint_core::Fid;

/// Whether a check may mend what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Look only; the store is not written to.
    No,
    /// Mend what can be mended without losing anything.
    Yes,
}

/// One thing that is wrong with a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The layer; `None` for the store as a whole.
    pub layer: Option<String>,
    /// What sort of thing.
    pub kind: FindingKind,
    /// What is wrong, in a sentence.
    pub message: String,
    /// How many rows have it.
    pub rows: u64,
    /// The first of those rows.
    pub examples: Vec<Fid>,
    /// Whether it has been mended.
    pub mended: bool,
}

/// What sort of thing can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// An object id is missing, malformed or shared.
    Identity,
    /// What keeps ids right when others write is missing or altered.
    Guard,
    /// A recorded extent is not the layer's.
    Extent,
    /// An index is missing, or does not hold what the layer holds.
    Index,
    /// What a server knows of a layer to plan by is missing or out of date: answers come late.
    Statistics,
    /// A geometry cannot be read, or the field does not allow it.
    Geometry,
    /// A value that its field does not allow.
    Value,
    /// The store's own catalogue contradicts itself.
    Catalogue,
    /// The file is a copy of another store.
    Copy,
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Guard => "guard",
            Self::Extent => "extent",
            Self::Index => "index",
            Self::Statistics => "statistics",
            Self::Geometry => "geometry",
            Self::Value => "value",
            Self::Catalogue => "catalogue",
            Self::Copy => "copy",
        })
    }
}
