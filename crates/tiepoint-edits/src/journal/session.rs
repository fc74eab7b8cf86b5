//! What a journal is of: one session on one store; and where its files lie.
use super::disk::Disk;
use std::fmt;
use std::path::PathBuf;
use tiepoint_core::ObjectId;

/// The name of one session: the time that one process had one store open for editing (UUID).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub ObjectId);

impl SessionId {
    /// A new one, unlike any other.
    #[must_use]
    pub fn mint() -> Self {
        Self(ObjectId::mint())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which store a journal belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLabel {
    /// What tells it from all other stores and stays while the store does: a GeoPackage's own id
    /// or canonical path, a server's id with the database's name.
    pub place: String,
    /// What a person calls it, by which it can be opened again. It is written to disk as it is, so
    /// it must hold no password.
    pub address: String,
}

/// The namespace in which places of stores name their folders.
const FOLDERS: [u8; 16] = *b"tiepoint-folders";

impl StoreLabel {
    /// The name of the folder that journals of this store are in.
    pub(crate) fn folder(&self) -> String {
        ObjectId::from_key(&ObjectId::from_bytes(FOLDERS).unwrap_or(FALLBACK), &self.place).to_string()
    }
}

/// The files of one session.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) disk: Disk,
    pub(crate) folder: PathBuf,
    pub(crate) session: SessionId,
}

impl Files {
    /// What is written: there while anything is or may be pending.
    pub(crate) fn journal(&self) -> PathBuf {
        self.with("journal")
    }

    /// What says by being locked that the session lives. It never holds a byte.
    pub(crate) fn lock(&self) -> PathBuf {
        self.with("lock")
    }

    /// A journal that is not in its place yet.
    pub(crate) fn fresh(&self) -> PathBuf {
        self.with("fresh")
    }

    /// A journal that was put aside, which nobody looks for any more.
    pub(crate) fn aside(&self) -> PathBuf {
        self.with("aside")
    }

    fn with(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.session))
    }
}
