//! What a store is asked to do to a feature.
use crate::{Feature, Fid, ObjectId};

/// One thing that a store is asked to do to one feature of a layer.
///
/// An update says only what is to differ: fields left unset stay as they are. What came of an edit,
/// with what there was before, is a [`Change`](crate::Change).
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// A new feature. Without an object id, a tied layer mints one; with a fid, the store keeps
    /// that fid or refuses.
    Insert(Feature),
    /// New values for the feature that carries this object id or, without one, this fid.
    Update(Feature),
    /// The end of a feature.
    Delete(Target),
}

/// Which feature is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// The one that stands for this object.
    Id(ObjectId),
    /// The one its store calls this today.
    Fid(Fid),
}

impl Target {
    /// The one that a feature is known by: its object id or, without one, its fid.
    #[must_use]
    pub fn of(feature: &Feature) -> Option<Self> {
        feature.id.map(Self::Id).or_else(|| feature.fid.clone().map(Self::Fid))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "object {id}"),
            Self::Fid(fid) => write!(f, "row {fid}"),
        }
    }
}
