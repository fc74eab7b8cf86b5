//! Everything a journal can say no with.
use std::io;
use std::path::{Path, PathBuf};
use tiepoint_core::ErrorKind;

/// Why a journal could not do what it was asked to. Messages name the file, never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Nobody says where this user's data are kept.
    #[error(
        "there is no home folder to keep journals in: set TIEPOINT_JOURNALS to a folder that may be written"
    )]
    NoHome,
    /// The disk is full, or as much of it as this user may have. What was to be written is not
    /// acknowledged; what was acknowledged before is still there.
    #[error("{}: no room to {what}: free some, then try again", path.display())]
    Full {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done.
        what: &'static str,
    },
    /// The file or folder may not be written or read.
    #[error("{}: may not {what}: give yourself the right to, or set TIEPOINT_JOURNALS to another folder", path.display())]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system failed.
    #[error("{}: cannot {what}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier failure leaves it unknown what the disk holds after what was acknowledged, so
    /// that nothing is added: [`Journal::restart`](super::Journal::restart) writes all afresh.
    #[error("{}: what was written last may not be on disk, so a fresh journal must be started", path.display())]
    Distrusted {
        /// The file.
        path: PathBuf,
    },
    /// The file, or a record in it, is of a version that this build does not know. It is left as
    /// it is.
    #[error("{}: written by a newer tiepoint: use that one to recover what is in it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Bytes that are whole and still make no sense.
    #[error("{}: damaged at byte {offset}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
}

impl JournalError {
    /// For `map_err`: the error of a system call on `path` that was to do `what`.
    pub(crate) fn on(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full { path, what },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, what, source }
            }
            _ => Self::Disk { path, what, source },
        }
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome => ErrorKind::NotFound,
            Self::Denied { .. } => ErrorKind::Denied,
            Self::Full { .. } | Self::Disk { .. } | Self::Distrusted { .. } => {
                ErrorKind::Unavailable
            }
            Self::Newer { .. } => ErrorKind::Unsupported,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
        }
    }
}
