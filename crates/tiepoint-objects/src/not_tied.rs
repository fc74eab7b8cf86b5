//! Why there is no object.
use std::fmt;
use tiepoint_core::{Fid, ObjectId};

/// There is no object for what was asked, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no object for {what}: {reason}")]
pub struct NotTied {
    /// What was asked for.
    pub what: String,
    /// Why there is none.
    pub reason: Reason,
}

/// Why there is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No such feature was ever heard of here, or it is of another layer, or has no id yet.
    Unknown,
    /// Its row is deleted; an undo or a rollback brings both back. While a filter is set, an undo may
    /// have done so where that hides it.
    Deleted,
    /// Its row is gone from the store.
    Removed,
    /// The layer's filter hides its row; or others removed it, which cannot be told while the filter
    /// is set.
    Hidden,
    /// The layer is gone or shows another source.
    Detached,
    /// Its row carries the id of another row, which has the object.
    Duplicate {
        /// The id that both carry.
        of: ObjectId,
    },
}

impl Reason {
    /// One word, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Deleted => "deleted",
            Self::Removed => "removed",
            Self::Hidden => "hidden",
            Self::Detached => "detached",
            Self::Duplicate { .. } => "duplicate",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("the layer has no such feature, or it has no id yet"),
            Self::Deleted => f.write_str("it is deleted, and an undo would bring it back"),
            Self::Removed => f.write_str("it was removed from the store"),
            Self::Hidden => f.write_str("the layer's filter hides it"),
            Self::Detached => f.write_str("its layer is gone or shows another source"),
            Self::Duplicate { of } => {
                write!(f, "it carries the id of another feature, {of}, which has the object")
            }
        }
    }
}

impl NotTied {
    #[cold]
    pub(crate) fn fid(fid: &Fid, reason: Reason) -> Self {
        Self { what: format!("feature {fid}"), reason }
    }

    #[cold]
    pub(crate) fn id(id: &ObjectId, reason: Reason) -> Self {
        Self { what: format!("object {id}"), reason }
    }
}
