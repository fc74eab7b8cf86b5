//! What objects are asked for by.
use tiepoint_core::{Feature, Fid, ObjectId};

/// What an object is asked for by.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// Its feature, as it was read from any layer of these ties.
    Feature(&'a Feature),
    /// The layer's name, and what the row is called now.
    Row(&'a str, &'a Fid),
    /// Its id.
    Object(ObjectId),
}

impl<'a> From<&'a Feature> for Key<'a> {
    fn from(feature: &'a Feature) -> Self {
        Self::Feature(feature)
    }
}

impl<'a> From<(&'a str, &'a Fid)> for Key<'a> {
    fn from((layer, fid): (&'a str, &'a Fid)) -> Self {
        Self::Row(layer, fid)
    }
}

impl From<ObjectId> for Key<'_> {
    fn from(id: ObjectId) -> Self {
        Self::Object(id)
    }
}

impl Key<'_> {
    pub(super) fn fid(&self) -> Option<&Fid> {
        match self {
            Self::Feature(feature) => feature.fid.as_ref(),
            Self::Row(_, fid) => Some(fid),
            Self::Object(_) => None,
        }
    }

    pub(super) fn id(&self) -> Option<ObjectId> {
        match self {
            Self::Feature(feature) => feature.id,
            Self::Row(..) => None,
            Self::Object(id) => Some(*id),
        }
    }
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.fid(), self.id()) {
            (Some(fid), _) => write!(f, "feature {fid}"),
            (None, Some(id)) => write!(f, "object {id}"),
            (None, None) => f.write_str("a feature without ids"),
        }
    }
}
