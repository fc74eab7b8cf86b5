//! Which layers are tied, and by which column: found again after others renamed either.
use crate::side_table;
use rusqlite::{Connection, OptionalExtension, Result};

const BOOK: &str = "layer";
const ADDED: u8 = b'+';
const TAKEN: u8 = b'=';

/// How one layer is tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tie {
    /// Our number for the layer, part of the names of its index and triggers.
    pub(crate) number: u32,
    /// The table that carries the ids, as it is called now.
    pub(crate) table: String,
    /// The column that carries the ids, as it is called now.
    pub(crate) column: String,
    /// Whether the column is ours: it goes when the layer is untied.
    pub(crate) added: bool,
}

impl Tie {
    /// The name of the index on the ids.
    pub(crate) fn index_name(&self) -> String {
        format!("{}_{}_ids", side_table::NAME, self.number)
    }

    /// The name of a trigger.
    pub(crate) fn trigger_name(&self, part: &str) -> String {
        format!("{}_{}_{part}", side_table::NAME, self.number)
    }
}

/// The tie of a table, if it has one.
pub(crate) fn of_table(connection: &Connection, table: &str) -> Result<Option<Tie>> {
    Ok(all(connection)?.into_iter().find(|tie| tie.table.eq_ignore_ascii_case(table)))
}

/// Every tie of the file, by number.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Tie>> {
    let mut ties = Vec::new();
    for (key, value) in side_table::all(connection, BOOK)? {
        if let Some(tie) = decode(&key, &value) {
            ties.push(as_called_now(connection, tie)?);
        }
    }
    ties.sort_unstable_by_key(|tie| tie.number);
    Ok(ties)
}

/// Records a new tie.
pub(crate) fn add(connection: &Connection, table: &str, column: &str, added: bool) -> Result<Tie> {
    let taken: Vec<u32> = all(connection)?.into_iter().map(|tie| tie.number).collect();
    let number = (1..u32::MAX).find(|number| !taken.contains(number)).unwrap_or(u32::MAX);
    let (table, column) = (table.to_owned(), column.to_owned());
    let tie = Tie { number, table, column, added };
    side_table::put(connection, BOOK, &key(&tie), &encode(&tie))?;
    Ok(tie)
}

/// Forgets a tie.
pub(crate) fn remove(connection: &Connection, tie: &Tie) -> Result<()> {
    side_table::delete(connection, BOOK, &key(tie)).map(drop)
}

fn key(tie: &Tie) -> Vec<u8> {
    tie.number.to_string().into_bytes()
}

fn encode(tie: &Tie) -> Vec<u8> {
    let mut bytes = vec![if tie.added { ADDED } else { TAKEN }];
    bytes.extend(side_table::pair(&tie.table, &tie.column));
    bytes
}

fn decode(key: &[u8], value: &[u8]) -> Option<Tie> {
    let number = std::str::from_utf8(key).ok()?.parse().ok()?;
    let (mark, names) = value.split_first()?;
    let (table, column) = std::str::from_utf8(names).ok()?.split_once('\0')?;
    let (table, column) = (table.to_owned(), column.to_owned());
    Some(Tie { number, table, column, added: *mark == ADDED })
}

/// SQLite follows renames of tables and columns in our index; the record does not.
fn as_called_now(connection: &Connection, tie: Tie) -> Result<Tie> {
    let sql = "SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = ?1";
    let table: Option<String> = connection
        .prepare_cached(sql)?
        .query_row([tie.index_name()], |row| row.get(0))
        .optional()?;
    let Some(table) = table else { return Ok(tie) };
    let sql = "SELECT name FROM pragma_index_info(?1) WHERE seqno = 0";
    let column: Option<Option<String>> = connection
        .prepare_cached(sql)?
        .query_row([tie.index_name()], |row| row.get(0))
        .optional()?;
    let column = column.flatten().unwrap_or_else(|| tie.column.clone());
    Ok(Tie { table, column, ..tie })
}
