//! What a dead session's journal says, read without its store: for lists, and to carry it elsewhere.
use crate::error::Result;
use crate::journal::{LeftBehind, Record};
use tiepoint_core::{ChangeSet, ChangeSetId};
use tiepoint_store::StoreError;

/// What is pending in the journal of a session that died, as far as the journal alone tells.
///
/// Whether a commit that was under way happened is the store's to say:
/// [`EditBuffer::recover`](crate::EditBuffer::recover) asks it.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Schema};
/// use tiepoint_edits::journal::JournalFolder;
/// use tiepoint_edits::{EditBuffer, Remains};
/// use tiepoint_store::{Store, TransactionOptions};
/// # let folder = tempfile::tempdir()?;
/// let store = tiepoint_gpkg::GpkgStore::create(folder.path().join("park.gpkg"))?;
/// # let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)])?;
/// # let mut transaction = store.begin(TransactionOptions::default())?;
/// # let layer = transaction.create_layer(&LayerDefinition::new("trees", schema))?;
/// # transaction.commit()?;
/// let journals = JournalFolder::at(folder.path().join("journals"));
/// let edits = EditBuffer::journalled(Arc::new(store), &journals)?;
/// let oak = Feature::new(layer.schema().clone());
/// edits.edit("Plant an oak", |it| it.write("trees", Edit::Insert(oak)))?;
/// drop(edits); // without a commit
///
/// let left = journals.left_behind(None)?;
/// let remains = Remains::of(&left[0])?;
/// assert_eq!(remains.steps, ["Plant an oak"]);
/// assert_eq!(remains.features().collect::<Vec<_>>(), [("trees", 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
                Record::Adopted { .. } => {}
            }
        }
        Ok(remains)
    }

    /// How many features differ, by layer.
    pub fn features(&self) -> impl Iterator<Item = (&str, usize)> {
        self.changes.layers().map(|(name, it)| (name, it.len()))
    }
}
