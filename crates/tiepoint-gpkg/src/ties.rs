//! Which layers are tied, and by which column: found again after others renamed either.
use crate::{guards, side_table};
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
    Ok(read(connection)?.0)
}

/// Ties whose table or column is not there any more, or that a newer one of the same table has
/// made void: others drop tables, and make them anew, without knowing of us.
pub(crate) fn stale(connection: &Connection) -> Result<Vec<Tie>> {
    Ok(read(connection)?.1)
}

/// The ties that hold, and those that are stale.
fn read(connection: &Connection) -> Result<(Vec<Tie>, Vec<Tie>)> {
    let (mut indexed, mut bare, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in side_table::all(connection, BOOK)? {
        let Some(mut tie) = decode(&key, &value) else { continue };
        match standing(connection, &mut tie)? {
            Standing::Indexed => indexed.push(tie),
            Standing::Bare => bare.push(tie),
            Standing::Gone => stale.push(tie),
        }
    }
    let mut ties = indexed;
    for tie in bare {
        let is_void = ties.iter().any(|it| it.table.eq_ignore_ascii_case(&tie.table));
        if is_void { stale.push(tie) } else { ties.push(tie) }
    }
    ties.sort_unstable_by_key(|tie| tie.number);
    stale.sort_unstable_by_key(|tie| tie.number);
    Ok((ties, stale))
}

/// Records a new tie.
pub(crate) fn add(connection: &Connection, table: &str, column: &str, added: bool) -> Result<Tie> {
    let (ties, stale) = read(connection)?;
    let taken: Vec<u32> = ties.iter().chain(&stale).map(|tie| tie.number).collect();
    let number = (1..u32::MAX).find(|number| !taken.contains(number)).unwrap_or(u32::MAX);
    let (table, column) = (table.to_owned(), column.to_owned());
    let tie = Tie { number, table, column, added };
    side_table::put(connection, BOOK, &key(&tie), &encode(&tie))?;
    Ok(tie)
}

/// Forgets every tie of a table, stale ones too, with the triggers that are left of it.
pub(crate) fn forget(connection: &Connection, table: &str) -> Result<()> {
    if let Some(tie) = of_table(connection, table)? {
        guards::remove(connection, &tie)?;
        remove(connection, &tie)?;
    }
    forget_stale(connection, table)
}

/// Forgets the stale ties of a table, with the triggers that are left of them.
pub(crate) fn forget_stale(connection: &Connection, table: &str) -> Result<()> {
    for tie in stale(connection)?.iter().filter(|tie| tie.table.eq_ignore_ascii_case(table)) {
        guards::remove(connection, tie)?;
        remove(connection, tie)?;
    }
    Ok(())
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

/// What is there of a tie.
enum Standing {
    /// The index on the ids, so the column as well.
    Indexed,
    /// The column alone.
    Bare,
    /// Not even the column.
    Gone,
}

/// What is there of a tie, which gets the names of now: SQLite follows renames of tables and
/// columns in our index; the record does not.
fn standing(connection: &Connection, tie: &mut Tie) -> Result<Standing> {
    let sql = "SELECT i.tbl_name, c.name FROM sqlite_master AS i, pragma_index_info(i.name) AS c \
               WHERE i.type = 'index' AND i.name = ?1 AND c.seqno = 0 AND c.name IS NOT NULL";
    let names = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let mut statement = connection.prepare_cached(sql)?;
    if let Some(now) = statement.query_row([tie.index_name()], names).optional()? {
        (tie.table, tie.column) = now;
        return Ok(Standing::Indexed);
    }
    let sql = "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c \
               WHERE t.type = 'table' AND t.name = ?1 COLLATE NOCASE AND c.name = ?2 COLLATE NOCASE";
    let mut statement = connection.prepare_cached(sql)?;
    let Some(now) = statement.query_row([&tie.table, &tie.column], names).optional()? else {
        return Ok(Standing::Gone);
    };
    (tie.table, tie.column) = now;
    Ok(Standing::Bare)
}
