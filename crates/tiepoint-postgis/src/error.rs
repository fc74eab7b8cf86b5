//! What the server and the driver say, in the words of the store contract.
use crate::sqlstate::{self, Meaning};
use std::error::Error;
use std::fmt;
use tiepoint_core::{ErrorKind, nearest_name};
use tiepoint_store::StoreError;
use tokio_postgres::error::DbError;

/// What to do where PostGIS is missing.
pub(crate) const INSTALL_POSTGIS: &str = "run `CREATE EXTENSION postgis` as the database's owner; the server needs the package \
     `postgresql-NN-postgis-3` (Debian, Ubuntu), `postgisNN_NN` (Fedora, RHEL) or `postgis` (Homebrew)";

/// Why something asked of a connection did not come to be.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server or the driver said no.
    Server(tokio_postgres::Error),
    /// It was ended from this side, or it is known already in the contract's words.
    Stopped(StoreError),
}

/// How errors name the store, and which limits were set.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// `postgres://anna@db.example:5432/gis`, never with a password.
    pub(crate) name: String,
    pub(crate) statement_timeout_ms: Option<u64>,
    pub(crate) lock_timeout_ms: Option<u64>,
}

/// What a server said, as plain words.
#[derive(Debug)]
struct Words(String);

/// What the owner of our schema can say where another role may not write to it; no more than it
/// needs, as the log says what layers said that the role may not read.
fn with_recipe(reason: String) -> String {
    const PLAIN: &str = "tiepoint.layer, tiepoint.field, tiepoint.book, tiepoint.origin";
    let is_about = |what: &&str| reason.ends_with(what);
    let plain = ["schema tiepoint", "table layer", "table field", "table book", "table origin"];
    let grant = if plain.iter().any(is_about) {
        format!("GRANT ALL ON SCHEMA tiepoint TO a_role; GRANT ALL ON {PLAIN} TO a_role")
    } else if is_about(&"table watcher") {
        "GRANT ALL ON tiepoint.watcher TO a_role".to_owned()
    } else if ["table log", "table logged", "table noting"].iter().any(is_about) {
        let all = "GRANT ALL ON ALL TABLES IN SCHEMA tiepoint TO a_role";
        format!("{all}, which also lets it read what is noted of every layer")
    } else {
        return reason;
    };
    format!("{reason}; its owner can say: {grant}")
}

impl Failure {
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Server(error) => error.code().map(tokio_postgres::error::SqlState::code),
            Self::Stopped(_) => None,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Stopped(error)
    }
}

impl Site {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), statement_timeout_ms: None, lock_timeout_ms: None }
    }

    /// For `map_err`: the error of a call that was to do `what`.
    pub(crate) fn failed(&self, what: &str) -> impl FnOnce(Failure) -> StoreError + use<> {
        let (site, what) = (self.clone(), what.to_owned());
        move |failure| site.driver_error(failure, &what)
    }

    pub(crate) fn driver_error(&self, failure: Failure, what: &str) -> StoreError {
        let error = match failure {
            Failure::Stopped(error) => return error,
            Failure::Server(error) => error,
        };
        match error.as_db_error() {
            Some(said) => self.server_error(said, what),
            None if error.is_closed() || is_io(&error) => self.lost(words(&error)),
            None => self.driver(what, ErrorKind::Internal, words(&error)),
        }
    }

    /// The error of something that the server itself refused.
    fn server_error(&self, said: &DbError, what: &str) -> StoreError {
        let (store, reason) = (self.name.clone(), said_in_words(said));
        let what = what.to_owned();
        match sqlstate::meaning(said.code().code()) {
            Meaning::Repeat => StoreError::TransactionConflict { store, reason },
            Meaning::Locked => {
                let waited_ms = self.lock_timeout_ms.unwrap_or_default();
                StoreError::Locked { store, waited_ms }
            }
            Meaning::Full => StoreError::Full { store },
            Meaning::ReadOnly => StoreError::ReadOnly { store, reason },
            Meaning::NotAllowed => {
                let reason = with_recipe(reason);
                StoreError::NotAllowed { store, what, reason }
            }
            Meaning::Crowded => StoreError::TooManyConnections { store, reason },
            Meaning::Lost => self.lost(reason),
            Meaning::Starting => self.unreachable(reason),
            Meaning::Refused => self.refused(reason, None),
            Meaning::Cancelled => self.cancelled(said, &what),
            Meaning::NoDatabase => {
                let database = quoted(said.message()).unwrap_or(said.message()).to_owned();
                StoreError::DatabaseNotFound { store, database }
            }
            Meaning::Other(kind) => self.driver(&what, kind, reason),
        }
    }

    /// The server ended a statement: by a timeout, because somebody told it to, or because we did.
    fn cancelled(&self, said: &DbError, what: &str) -> StoreError {
        // in the server's language, so only what is English can be told apart by it
        if said.message().contains("user request") {
            return StoreError::Stopped;
        }
        match self.statement_timeout_ms.filter(|ms| *ms > 0) {
            Some(after_ms) => StoreError::TimedOut { after_ms },
            None => self.driver(what, ErrorKind::Unavailable, said_in_words(said)),
        }
    }

    pub(crate) fn driver(&self, what: &str, kind: ErrorKind, reason: String) -> StoreError {
        let (store, what) = (self.name.clone(), what.to_owned());
        StoreError::Driver { store, what, kind, source: Box::new(Words(reason)) }
    }

    pub(crate) fn unreachable(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Unreachable { store: self.name.clone(), reason: reason.into() }
    }

    pub(crate) fn lost(&self, reason: impl Into<String>) -> StoreError {
        StoreError::ConnectionLost { store: self.name.clone(), reason: reason.into() }
    }

    pub(crate) fn refused(&self, reason: impl Into<String>, hint: Option<String>) -> StoreError {
        let fallback = "check the role, its password and the server's `pg_hba.conf`";
        let hint = hint.or_else(|| Some(fallback.to_owned()));
        StoreError::AccessRefused { store: self.name.clone(), reason: reason.into(), hint }
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

    /// A database without PostGIS.
    pub(crate) fn no_postgis(&self) -> StoreError {
        self.unsupported("keep geometries, its database has no PostGIS", Some(INSTALL_POSTGIS))
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

/// Message, detail and hint of the server in one line.
pub(crate) fn said_in_words(said: &DbError) -> String {
    let mut words = said.message().to_owned();
    if let Some(detail) = said.detail() {
        words = words + " (" + detail.trim_end_matches('.') + ")";
    }
    if let Some(hint) = said.hint() {
        words = words + "; " + hint.trim_end_matches('.');
    }
    words
}

/// An error's innermost cause, or its own words where it has none.
pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said_in_words(said);
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Whether the connection broke, and not what was asked of it.
fn is_io(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(<dyn Error>::is::<std::io::Error>)
}

/// The first name in quotes, whichever kind the server's language has.
fn quoted(message: &str) -> Option<&str> {
    let is_quote = |c| matches!(c, '"' | '«' | '»' | '„' | '“' | '”' | '‚' | '‘' | '’');
    message.split(is_quote).nth(1).map(str::trim)
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_messages_of_any_language() {
        assert_eq!(quoted("database \"gis\" does not exist"), Some("gis"));
        assert_eq!(quoted("Datenbank »gis« existiert nicht"), Some("gis"));
        assert_eq!(quoted("la base « gis » n'existe pas"), Some("gis"));
        assert_eq!(quoted("no database"), None);
    }
}
