//! What goes into the journal, where there is one.
use crate::journal::JournalError;
use tiepoint_core::{ChangeSet, ChangeSetId, Conflict};
pub(crate) struct Log;
impl Log {
    pub(crate) fn none() -> Self {
        Self
    }
    pub(crate) fn step(&self, _name: &str, _changes: &ChangeSet) -> Result<(), JournalError> {
        Ok(())
    }
    pub(crate) fn intent(&self, _id: ChangeSetId) -> Result<(), JournalError> {
        Ok(())
    }
    pub(crate) fn done(&self, _id: ChangeSetId) -> Result<(), JournalError> {
        Ok(())
    }
    pub(crate) fn clear(&self) -> Result<(), JournalError> {
        Ok(())
    }
    pub(crate) fn restart(&self, _c: &ChangeSet, _x: &[Conflict]) -> Result<(), JournalError> {
        Ok(())
    }
}
