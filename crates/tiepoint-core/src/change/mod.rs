//! Change: what happened to features, in a form that can be taken back, put together and merged.
//!
//! One algebra serves whatever has to know what happened: an edit buffer, undo, a journal, merging,
//! histories. It obeys laws that property tests hold it to: a change and its inverse are nothing;
//! putting together is associative and equals applying in turn; two sides that are rebased over one
//! another meet in the same state or report the same conflicts.
mod apply;
mod compose;
mod conflict;
mod encoding;
mod history;
mod positions;
mod rebase;
mod resolve;
mod set;
mod unique;

pub use apply::ApplyError;
pub use compose::ComposeError;
pub use conflict::{Clash, Conflict, NamedValues, Resolution};
pub use encoding::{DecodeError, DecodeFault};
pub use history::HistoryRebase;
pub use rebase::{BaseDifference, RebaseError, Rebased};
pub use resolve::ResolveError;
pub use set::{ChangeSet, ChangeSetId, LayerChanges};

use crate::{Feature, Fid, Value};
use std::sync::Arc;

/// What happened to one feature, with what there was before.
///
/// Fields go by their positions among the [`LayerChanges::fields`] that it is kept with. A geometry
/// is one field like any other.
///
/// ```
/// use tiepoint_core::{Change, FieldChange, Image, Value};
/// let image = |name: &str, height: i64| Image {
///     fid: None,
///     values: vec![Some(name.into()), Some(height.into())],
/// };
/// let (before, after) = (image("oak", 20), image("oak", 21));
/// let grown = Change::between(Some(&before), Some(&after)).expect("it differs");
/// let height = FieldChange { field: 1, before: Some(20.into()), after: Some(21.into()) };
/// assert_eq!(grown, Change::Update(vec![height]), "only what differs");
/// assert_eq!(grown.inverted().applied_to(Some(after))?, Some(before));
/// # Ok::<(), tiepoint_core::ApplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It came, and says this.
    Insert(Image),
    /// These fields of it differ, each named once, by ascending position; at least one.
    Update(Vec<FieldChange>),
    /// It went, and said this.
    Delete(Image),
}

/// All that a feature says, at one time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Image {
    /// What its store called it, where that is known. A wish when it is inserted again, and never
    /// what it is known by.
    pub fid: Option<Fid>,
    /// Its values, one per field; one that is `None` is *unset*: nothing is said of it.
    pub values: Vec<Option<Value>>,
}

/// One field of a feature that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Its position.
    pub field: usize,
    /// What it said before; `None` where it was unset, which is not null.
    pub before: Option<Value>,
    /// What it says now.
    pub after: Option<Value>,
}

impl Image {
    /// What a feature says, by the positions of its own schema.
    #[must_use]
    pub fn of(feature: &Feature) -> Self {
        Self { fid: feature.fid.clone(), values: feature.values().to_vec() }
    }
}

impl Change {
    /// What happened between two states of one feature, `None` where nothing did. A state is
    /// `None` where there is no such feature; both have the same fields.
    #[must_use]
    pub fn between(before: Option<&Image>, after: Option<&Image>) -> Option<Self> {
        match (before, after) {
            (None, None) => None,
            (None, Some(after)) => Some(Self::Insert(after.clone())),
            (Some(before), None) => Some(Self::Delete(before.clone())),
            (Some(before), Some(after)) => {
                Self::update(FieldChange::between(&before.values, &after.values))
            }
        }
    }

    /// The same between two states of a feature of one schema.
    #[must_use]
    pub fn between_features(before: Option<&Feature>, after: Option<&Feature>) -> Option<Self> {
        match (before, after) {
            (Some(before), Some(after)) => {
                Self::update(FieldChange::between(before.values(), after.values()))
            }
            (before, after) => {
                Self::between(before.map(Image::of).as_ref(), after.map(Image::of).as_ref())
            }
        }
    }

    /// An update of these fields, `None` where there are none.
    fn update(fields: Vec<FieldChange>) -> Option<Self> {
        (!fields.is_empty()).then_some(Self::Update(fields))
    }

    /// What takes it back.
    #[must_use]
    pub fn inverted(&self) -> Self {
        match self {
            Self::Insert(image) => Self::Delete(image.clone()),
            Self::Delete(image) => Self::Insert(image.clone()),
            Self::Update(fields) => {
                Self::Update(fields.iter().map(FieldChange::inverted).collect())
            }
        }
    }
}

impl FieldChange {
    /// The fields that differ between values of the same fields.
    #[must_use]
    pub fn between(before: &[Option<Value>], after: &[Option<Value>]) -> Vec<Self> {
        let pairs = before.iter().zip(after).enumerate();
        let differs = pairs.filter(|(_, (before, after))| before != after);
        differs
            .map(|(field, (before, after))| Self {
                field,
                before: before.clone(),
                after: after.clone(),
            })
            .collect()
    }

    fn inverted(&self) -> Self {
        Self { field: self.field, before: self.after.clone(), after: self.before.clone() }
    }
}

/// The names of fields, shared by all that go by their positions.
pub type FieldNames = Arc<[String]>;
