//! What a dead session's journal says, read without its store: for lists, and to carry it elsewhere.
use crate::error::Result;
use crate::journal::{LeftBehind, Record};
use tiepoint_core::{ChangeSet, ChangeSetId};
use tiepoint_store::StoreError;

/// What is pending in the journal of a session that died, as far as the journal alone tells.
///
/// Whether a commit that was under way happened is the store's to say:
/// [`EditBuffer::recover`](crate::EditBuffer::recover) asks it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remains {
    /// The names of its steps, those too that took others back.
    pub steps: Vec<String>,
    /// All of them as one.
    pub changes: ChangeSet,
    /// How many conflicts wait to be decided.
    pub conflicts: usize,
    /// The commit that was under way.
    pub commit: Option<ChangeSetId>,
}

impl Remains {
    /// Reads them; nothing is taken over.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read, and [`StoreError::Corrupt`] where its steps do not fit
    /// together.
    pub fn of(left: &LeftBehind) -> Result<Self> {
        let mut remains = Self::default();
        for record in left.read()? {
            match record? {
                Record::Step { name, changes } => {
                    remains.changes = remains.changes.then(&changes).map_err(|reason| {
                        let (store, place) = ("the journal".to_owned(), format!("step `{name}`"));
                        StoreError::Corrupt { store, place, reason: reason.to_string() }
                    })?;
                    remains.steps.push(name);
                }
                Record::Conflict { .. } => remains.conflicts += 1,
                Record::Intent { id, .. } => remains.commit = Some(id),
                Record::Done { .. } | Record::RolledBack | Record::Cleared => {
                    remains = Self::default();
                }
                _ => {}
            }
        }
        Ok(remains)
    }

    /// How many features differ, by layer.
    pub fn features(&self) -> impl Iterator<Item = (&str, usize)> {
        self.changes.layers().map(|(name, it)| (name, it.len()))
    }
}
