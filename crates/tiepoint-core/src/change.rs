//! What can happen to a feature.
use crate::{Feature, Fid, ObjectId};

/// One thing that happens to one feature of a layer.
///
/// An update says only what differs: fields left unset stay as they are.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new feature. Without an object id, a tied layer mints one; with a fid, the store keeps
    /// that fid or refuses.
    Insert(Feature),
    /// New values for the feature that carries this object id or, without one, this fid.
    Update(Feature),
    /// The end of a feature.
    Delete(Target),
}

/// Which feature is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The one that stands for this object.
    Id(ObjectId),
    /// The one its store calls this today.
    Fid(Fid),
}
