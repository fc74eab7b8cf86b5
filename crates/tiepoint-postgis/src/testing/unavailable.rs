//! Why there is no server to test on, and saying so.
use std::fmt::Display;
use std::io::Write as _;

use super::Server;

/// Why there is no server to test on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unavailable {
    /// It is not installed.
    #[error("{what} is missing\nhint: on Debian, type: apt-get install postgresql-postgis")]
    Missing {
        /// The program or package.
        what: &'static str,
    },
    /// It is installed and does not start.
    #[error("the throw-away PostgreSQL does not start: {reason}\n{log}")]
    Start {
        /// What went wrong.
        reason: String,
        /// What its programs had to say.
        log: String,
    },
    /// The one that `TIEPOINT_POSTGIS` names cannot be used.
    #[error("the server in TIEPOINT_POSTGIS cannot be used: {reason}")]
    Unusable {
        /// What went wrong.
        reason: String,
    },
}

impl Unavailable {
    pub(super) fn start(reason: &dyn Display) -> Self {
        Self::Start { reason: reason.to_string(), log: String::new() }
    }
}

/// The [shared](Server::shared) server, or [`None`] where none is installed; then it says that
/// this test did not run, as a line `SKIPPED: what (how to make it run)` on stdout.
///
/// # Panics
///
/// Where a server is there and does not start, and where none is there and `TIEPOINT_NO_SKIP` is
/// set.
#[must_use]
#[track_caller]
pub fn server_or_skip(test: &str) -> Option<&'static Server> {
    match Server::shared() {
        Ok(server) => Some(server),
        Err(Unavailable::Missing { what }) => {
            let note = format!("{test}: no {what} (apt-get install postgresql-postgis)");
            assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {note}");
            // past the test harness, which keeps what passing tests print to itself
            let _ = writeln!(std::io::stdout(), "SKIPPED: {note}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}
