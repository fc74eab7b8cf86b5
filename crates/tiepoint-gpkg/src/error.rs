//! What SQLite says, in the words of the store contract.
use rusqlite::ErrorCode;
use std::error::Error;
use std::time::Duration;
use tiepoint_core::{ErrorKind, nearest_name};
use tiepoint_store::StoreError;

/// `SQLITE_READONLY_DIRECTORY`, which not every binding names.
const READONLY_DIRECTORY: i32 = rusqlite::ffi::SQLITE_READONLY | 6 << 8;

/// How errors name the store, and how long it waits for others.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) patience: Duration,
}

impl Site {
    /// For `map_err`: the error of a driver call that was to do `what`.
    pub(crate) fn failed(&self, what: &str) -> impl FnOnce(rusqlite::Error) -> StoreError + use<> {
        let (site, what) = (self.clone(), what.to_owned());
        move |source| site.driver_error(source, &what)
    }

    pub(crate) fn driver_error(&self, source: rusqlite::Error, what: &str) -> StoreError {
        let store = self.name.clone();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => self.locked(),
            Some(ErrorCode::DiskFull) => StoreError::Full { store },
            Some(ErrorCode::ReadOnly) => {
                StoreError::ReadOnly { store, reason: read_only_reason(&source).to_owned() }
            }
            Some(ErrorCode::NotADatabase) => self.foreign("a file of another kind"),
            Some(ErrorCode::DatabaseCorrupt) => self.corrupt(what, damage(&source)),
            _ if is_short_read(&source) => self.corrupt(what, "the file ends too early"),
            code => {
                let kind = code.map_or(ErrorKind::Internal, kind_of);
                StoreError::Driver { store, what: what.to_owned(), kind, source: Box::new(source) }
            }
        }
    }

    pub(crate) fn locked(&self) -> StoreError {
        let waited_ms = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        StoreError::Locked { store: self.name.clone(), waited_ms }
    }

    pub(crate) fn foreign(&self, found: impl Into<String>) -> StoreError {
        let (store, found) = (self.name.clone(), found.into());
        StoreError::Foreign { store, expected: "a GeoPackage", found }
    }

    pub(crate) fn corrupt(&self, place: &str, reason: impl Into<String>) -> StoreError {
        let (store, place) = (self.name.clone(), place.to_owned());
        StoreError::Corrupt { store, place, reason: reason.into() }
    }

    pub(crate) fn invalid(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Invalid { store: self.name.clone(), reason: reason.into() }
    }

    pub(crate) fn read_only(&self, reason: impl Into<String>) -> StoreError {
        StoreError::ReadOnly { store: self.name.clone(), reason: reason.into() }
    }

    pub(crate) fn unsupported(&self, what: impl Into<String>, hint: Option<&str>) -> StoreError {
        let (store, hint) = (self.name.clone(), hint.map(str::to_owned));
        StoreError::Unsupported { store, what: what.into(), hint }
    }

    pub(crate) fn io(&self, what: &str, source: std::io::Error) -> StoreError {
        use std::io::ErrorKind as Io;
        let kind = match source.kind() {
            Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => {
                return StoreError::Full { store: self.name.clone() };
            }
            Io::AlreadyExists => return StoreError::StoreExists { store: self.name.clone() },
            Io::NotFound => ErrorKind::NotFound,
            Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
            _ => ErrorKind::Unavailable,
        };
        let (store, what) = (self.name.clone(), what.to_owned());
        StoreError::Driver { store, what, kind, source: Box::new(source) }
    }

    pub(crate) fn layer_not_found<'a>(
        &self,
        layer: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> StoreError {
        StoreError::LayerNotFound {
            store: self.name.clone(),
            layer: layer.to_owned(),
            nearest: nearest_name(layer, names).map(str::to_owned),
        }
    }
}

/// Whether the error is a broken rule of the table: unique, not null, check, foreign key.
pub(crate) fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// Whether the error says that a row with this key is there already.
pub(crate) fn is_taken_fid(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|it| it.extended_code);
    extended == Some(rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
        || extended == Some(rusqlite::ffi::SQLITE_CONSTRAINT_ROWID)
}

/// The driver's own words, without its type.
pub(crate) fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

fn damage(error: &rusqlite::Error) -> String {
    error.source().map_or_else(|| words(error), |_| words(error))
}

fn kind_of(code: ErrorCode) -> ErrorKind {
    match code {
        ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            ErrorKind::Denied
        }
        ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory => {
            ErrorKind::Unavailable
        }
        ErrorCode::ConstraintViolation => ErrorKind::Conflict,
        ErrorCode::TooBig | ErrorCode::TypeMismatch => ErrorKind::Invalid,
        ErrorCode::NoLargeFileSupport => ErrorKind::Unsupported,
        _ => ErrorKind::Internal,
    }
}

fn is_short_read(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|it| it.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ)
}

fn read_only_reason(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error().map(|it| it.extended_code) {
        Some(rusqlite::ffi::SQLITE_READONLY_ROLLBACK | rusqlite::ffi::SQLITE_READONLY_RECOVERY) => {
            "what an interrupted program left half-written must be undone first, and the file may not be written"
        }
        Some(READONLY_DIRECTORY) => "its folder may not be written",
        Some(rusqlite::ffi::SQLITE_READONLY_DBMOVED) => "the file was moved or deleted meanwhile",
        _ => "the file may not be written",
    }
}
