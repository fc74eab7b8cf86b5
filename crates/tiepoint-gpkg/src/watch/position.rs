//! Where a watcher has got to, and how that reads.
//!
//! In a log: `<log>:<entry>:<stamp>`, or `<log>:<entry>.<n>:<stamp>` where the first n of the changes
//! that an entry stands for have been given. Where there is no log: `none:<file>`.
use crate::error::Site;
use crate::log;
use crate::place::FileIdentity;
use rusqlite::Connection;
use std::fmt;
use std::sync::Arc;
use tiepoint_store::{Checkpoint, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    InLog(InLog),
    /// In a file without a log, of this identity.
    NoLog(u32),
}

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InLog {
    /// Which log it is.
    pub(super) log: Arc<str>,
    /// The last entry of which something was given; zero before the first.
    pub(super) seq: i64,
    /// How many changes of that entry were given; zero means all.
    pub(super) given: u32,
    /// What the entry is known by.
    pub(super) stamp: u32,
}

impl Position {
    /// The present end of the log, or of a file without one.
    pub(super) fn end(
        connection: &Connection,
        log: Option<&str>,
        file: Option<&FileIdentity>,
    ) -> rusqlite::Result<Self> {
        let Some(log) = log else { return Ok(Self::without_log(file)) };
        let seq = log::last(connection)?;
        let stamp = log::stamp(connection, seq)?.unwrap_or(0);
        Ok(Self::InLog(InLog { log: log.into(), seq, given: 0, stamp }))
    }

    /// Before this entry of a log. What stood there before is not known any more.
    pub(super) fn before(log: &str, seq: i64) -> Self {
        Self::InLog(InLog { log: log.into(), seq: seq.saturating_sub(1), given: 0, stamp: 0 })
    }

    /// In a file without a log, or none at all.
    pub(super) fn without_log(file: Option<&FileIdentity>) -> Self {
        let bytes = file.map(|it| it.as_str().bytes());
        Self::NoLog(bytes.map_or(0, log::hash))
    }

    /// The last entry that is not needed any more by whoever has got here.
    pub(super) fn dealt_with(&self) -> i64 {
        match self {
            Self::InLog(at) if at.given > 0 => at.seq.saturating_sub(1),
            Self::InLog(at) => at.seq,
            Self::NoLog(_) => i64::MAX,
        }
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(self.to_string())
    }

    /// # Errors
    ///
    /// `Invalid` for a text that is no position in a GeoPackage.
    pub(super) fn parse(site: &Site, checkpoint: &Checkpoint) -> Result<Self> {
        read(checkpoint.as_str()).ok_or_else(|| {
            let reason = format!(
                "`{checkpoint}` is no checkpoint of a GeoPackage: take one that watching one gave"
            );
            site.invalid(reason)
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLog(file) => write!(f, "none:{file:08x}"),
            Self::InLog(InLog { log, seq, given: 0, stamp }) => {
                write!(f, "{log}:{seq}:{stamp:08x}")
            }
            Self::InLog(InLog { log, seq, given, stamp }) => {
                write!(f, "{log}:{seq}.{given}:{stamp:08x}")
            }
        }
    }
}

fn read(text: &str) -> Option<Position> {
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    let (log, rest) = text.split_once(':')?;
    if log == "none" {
        return hex(rest).map(Position::NoLog);
    }
    let (at, stamp) = rest.split_once(':')?;
    let (seq, given) = at.split_once('.').map_or((at, "0"), |it| it);
    let (seq, given, stamp) = (seq.parse().ok()?, given.parse().ok()?, hex(stamp)?);
    let is_id = log.len() == 32 && log.bytes().all(|it| it.is_ascii_hexdigit());
    (is_id && seq >= 0).then(|| Position::InLog(InLog { log: log.into(), seq, given, stamp }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_and_nothing_else_does() {
        let log = "0123456789abcdef0123456789abcdef";
        for (given, text) in [(0, ":7:0000000f"), (3, ":7.3:0000000f")] {
            let position = Position::InLog(InLog { log: log.into(), seq: 7, given, stamp: 15 });
            assert_eq!(position.to_string(), format!("{log}{text}"));
            assert_eq!(read(&position.to_string()), Some(position));
        }
        assert_eq!(read("none:000000ff"), Some(Position::NoLog(255)));
        for text in ["", "none", "none:", "7", "a:7:0", &format!("{log}:-1:0"), &format!("{log}:1")]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
