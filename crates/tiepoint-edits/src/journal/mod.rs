//! The journal: what an edit is before it is committed, on disk, so that no crash loses it.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct JournalError;
impl JournalError {
    pub fn kind(&self) -> tiepoint_core::ErrorKind {
        tiepoint_core::ErrorKind::Internal
    }
    pub fn hint(&self) -> Option<String> {
        None
    }
}
