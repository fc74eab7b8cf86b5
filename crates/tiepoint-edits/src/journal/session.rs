//! What a journal is of: one session on one store; and where its files lie.
use super::JournalError;
use super::disk::Disk;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;
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
        let folders = ObjectId::from_bytes(FOLDERS).expect("these bytes are not all zero");
        ObjectId::from_key(&folders, &self.place).to_string()
    }
}

/// The files of one session.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) disk: Disk,
    /// The folder of the store's.
    pub(crate) folder: PathBuf,
    /// A folder around it that goes when it is empty.
    pub(crate) root: Option<PathBuf>,
    pub(crate) session: SessionId,
}

/// The lock of a session, held.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, but for processes that are being started just now: until they run
        // their own program, they share the lock.
        let _ = self.0.unlock();
    }
}

/// How often a folder is made that others delete because it is empty.
const TRIES: usize = 16;

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

    /// Makes the lock of a session that begins, and the folder for it.
    pub(crate) fn lock_anew(&self) -> Result<Lock, JournalError> {
        let mut tries = 0;
        let lock = loop {
            let made = self.disk.create_folder(&self.folder);
            match made.and_then(|()| self.disk.create(&self.lock(), true)) {
                Err(JournalError::Disk { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && tries < TRIES =>
                {
                    tries += 1;
                }
                other => break other?,
            }
        };
        if self.hold(&lock)? {
            return Ok(Lock(lock));
        }
        Err(self.cannot_lock(io::ErrorKind::WouldBlock.into()))
    }

    /// Locks the session if it is dead; `None` where it lives or somebody else holds it.
    pub(crate) fn lock_dead(&self) -> Result<Option<Lock>, JournalError> {
        let lock = self.disk.create(&self.lock(), false)?;
        Ok(self.hold(&lock)?.then(|| Lock(lock)))
    }

    fn hold(&self, lock: &File) -> Result<bool, JournalError> {
        match lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(self.cannot_lock(error)),
        }
    }

    fn cannot_lock(&self, error: io::Error) -> JournalError {
        JournalError::on(&self.lock(), "lock this file")(error)
    }

    /// Deletes what there is beside a journal that is gone, the lock last, and folders that are
    /// empty now. The lock must be held.
    pub(crate) fn vanish(&self) -> Result<(), JournalError> {
        self.disk.delete(&self.fresh())?;
        self.disk.delete(&self.lock())?;
        for folder in [Some(&self.folder), self.root.as_ref()].into_iter().flatten() {
            // Mostly it is not empty.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }

    /// Deletes what a session left that died before it had a journal, or after.
    pub(crate) fn sweep(&self, older_than: Duration) -> Result<(), JournalError> {
        let touched = fs::metadata(self.lock()).and_then(|it| it.modified()).ok();
        let age = touched.and_then(|it| it.elapsed().ok());
        if age.is_some_and(|it| it < older_than) {
            return Ok(());
        }
        match self.lock_dead() {
            Ok(Some(_lock)) if !self.journal().exists() => self.vanish(),
            Ok(_) | Err(JournalError::Denied { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn with(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.session))
    }
}
