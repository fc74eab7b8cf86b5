//! Which layers have a log: found again after others renamed them, remembered after others dropped
//! them.
use super::triggers;
use crate::side_table;
use rusqlite::{Connection, OptionalExtension, Result};

const BOOK: &str = "logged";
const THERE: u8 = b'+';
const GONE: u8 = b'-';

/// A layer that has a log, or had one when it was last there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    /// The number of its lineage.
    pub(crate) number: u32,
    /// What its table is called now; `None` where the trigger that shows it is missing.
    pub(crate) table: Option<String>,
    /// What its table was called when that was recorded.
    pub(crate) recorded: String,
    /// Whether it has been noted that the layer is gone.
    pub(crate) gone: bool,
}

impl Logged {
    /// What the layer is called, as far as that is known.
    pub(crate) fn name(&self) -> &str {
        self.table.as_ref().unwrap_or(&self.recorded)
    }
}

/// Every layer that has a log, by number.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Logged>> {
    let sql = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = Vec::new();
    for (key, value) in side_table::all(connection, BOOK)? {
        let Some(mut logged) = decode(&key, &value) else { continue };
        let anchor = triggers::anchor(logged.number);
        logged.table = statement.query_row([anchor], |row| row.get(0)).optional()?;
        found.push(logged);
    }
    found.sort_unstable_by_key(|it| it.number);
    Ok(found)
}

/// The log of a table, if it has one.
pub(crate) fn of_table(connection: &Connection, table: &str) -> Result<Option<Logged>> {
    Ok(all(connection)?.into_iter().find(|it| it.name().eq_ignore_ascii_case(table)))
}

/// Records that a layer has a log, by this lineage.
pub(super) fn put(connection: &Connection, number: u32, table: &str, gone: bool) -> Result<()> {
    let mut value = vec![if gone { GONE } else { THERE }];
    value.extend_from_slice(table.as_bytes());
    side_table::put(connection, BOOK, number.to_string().as_bytes(), &value)
}

/// Forgets a lineage.
pub(super) fn delete(connection: &Connection, number: u32) -> Result<()> {
    side_table::delete(connection, BOOK, number.to_string().as_bytes()).map(drop)
}

fn decode(key: &[u8], value: &[u8]) -> Option<Logged> {
    let number = std::str::from_utf8(key).ok()?.parse().ok()?;
    let (mark, name) = value.split_first()?;
    let recorded = std::str::from_utf8(name).ok()?.to_owned();
    Some(Logged { number, table: None, recorded, gone: *mark == GONE })
}
