//! How change sets are written, and what becomes of them.
use crate::{ReadControl, StoreError};
use std::collections::BTreeMap;
use tiepoint_core::{ChangeSet, Conflict, ErrorKind, Fid, ObjectId, Target, Value};

/// How changes are written.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Of each layer that has one, the whole-number field that counts the changes of each feature:
    /// every change of ours adds one, whatever the change set says of it. A new feature keeps the
    /// number that it comes with, and has 1 without.
    pub version_fields: BTreeMap<String, String>,
    /// Stops it.
    pub control: ReadControl,
}

/// What came of changes that were written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Applied {
    /// What the store now says differently: all of it, and nothing else, is taken back by its
    /// inverse. What the store filled in is part of it.
    pub written: ChangeSet,
    /// What others had changed in the same features since the changes were made.
    pub theirs: ChangeSet,
    /// The new features, as the store calls them.
    pub inserted: Vec<InsertedFeature>,
}

/// A new feature, as its store calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct InsertedFeature {
    /// The layer's name.
    pub layer: String,
    /// What it is called in the change set.
    pub target: Target,
    /// What the store calls it.
    pub fid: Fid,
    /// The object it stands for, where the layer is tied.
    pub id: Option<ObjectId>,
    /// What the store put into fields that were left to it, by the positions of the layer's fields.
    pub filled: Vec<(usize, Value)>,
}

/// A change that the store refused.
#[derive(Debug)]
pub struct Refusal {
    /// The layer's name.
    pub layer: String,
    /// The feature, as it is called in the change set.
    pub target: Target,
    /// Why.
    pub reason: StoreError,
}

/// Why changes were not written. None of them is.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    /// Others changed the same things otherwise.
    #[error("{} with what others changed meanwhile", conflicting(.conflicts))]
    Conflicts {
        /// All of them.
        conflicts: Vec<Conflict>,
        /// What others changed in the features that the changes are about.
        theirs: ChangeSet,
    },
    /// The store refused some of them. Of more than 1,000, the last says how many more there are.
    #[error("{}", refused(.0))]
    Refused(Vec<Refusal>),
    /// The store failed, or the changes do not fit it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotApplied {
    /// Whose move it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflicts { .. } => ErrorKind::Conflict,
            Self::Refused(refusals) => {
                refusals.first().map_or(ErrorKind::Conflict, |it| it.reason.kind())
            }
            Self::Store(error) => error.kind(),
        }
    }

    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Conflicts { .. } => {
                Some("decide each: mine, theirs or another value; then try again".to_owned())
            }
            Self::Refused(refusals) => refusals.iter().find_map(|it| it.reason.hint()),
            Self::Store(error) => error.hint(),
        }
    }
}

fn conflicting(conflicts: &[Conflict]) -> String {
    let first = conflicts.first();
    let first = first.map(|it| format!(" (layer `{}`, {})", it.layer, it.target));
    let first = first.unwrap_or_default();
    match conflicts.len() {
        1 => format!("1 change is in conflict{first}"),
        many => format!("{many} changes are in conflict{first}, the first of them,"),
    }
}

fn refused(refusals: &[Refusal]) -> String {
    let Some(first) = refusals.first() else { return "nothing was refused".to_owned() };
    let first = format!("layer `{}`, {}: {}", first.layer, first.target, first.reason);
    match refusals.len() {
        1 => format!("the store refused a change: {first}"),
        many => format!("the store refused {many} changes; the first: {first}"),
    }
}
