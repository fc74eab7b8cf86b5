//! Rows that are loaded in bulk, noted many at a time in place of what the triggers would note.
use super::Kind;
use super::table::{NAME, NOW};
use rusqlite::{Connection, Result, params};

/// So many rows an entry stands for at most.
const MOST_ROWS: i64 = 1_024;

/// Rows with consecutive keys that have come and are not noted yet.
#[derive(Debug)]
pub(crate) struct Ranges {
    number: u32,
    /// The keys of the first and the last of them.
    pending: Option<(i64, i64)>,
}

impl Ranges {
    /// None yet, of the lineage of this number.
    pub(crate) fn new(number: u32) -> Self {
        Self { number, pending: None }
    }

    /// Takes a row that has come into account.
    pub(crate) fn add(&mut self, connection: &Connection, fid: i64) -> Result<()> {
        match &mut self.pending {
            Some((first, last)) if *last + 1 == fid && fid - *first < MOST_ROWS => *last = fid,
            _ => {
                self.flush(connection)?;
                self.pending = Some((fid, fid));
            }
        }
        Ok(())
    }

    /// Notes what is pending.
    pub(crate) fn flush(&mut self, connection: &Connection) -> Result<()> {
        let Some((first, last)) = self.pending.take() else { return Ok(()) };
        let sql = format!(
            "INSERT INTO {NAME} (layer, kind, at, fid, upto) VALUES (?1, ?2, {NOW}, ?3, ?4)"
        );
        let values = params![self.number, Kind::Insert.code(), first, last];
        connection.prepare_cached(&sql)?.execute(values).map(drop)
    }
}
