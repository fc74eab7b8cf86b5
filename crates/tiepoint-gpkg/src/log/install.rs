//! Giving a layer its log, and taking it away.
use super::columns::NotedColumns;
use super::records::{self, Logged};
use super::table;
use super::triggers::{self, Standing};
use crate::error::Site;
use crate::metadata::Table;
use crate::side_table;
use rusqlite::{Connection, Result};
use tiepoint_store::{ResetReason, StoreError};

/// The widest table that a log takes: SQLite itself allows 2,000 columns.
const MOST_COLUMNS: usize = 1_900;

/// Gives a layer a log, unless it has one, and says how many entries are to stay.
pub(crate) fn install(
    connection: &Connection,
    site: &Site,
    layer: &Table,
    keep: u64,
) -> std::result::Result<(), StoreError> {
    if let Some(reason) = &layer.layer.read_only {
        return Err(refused(site, layer, reason));
    }
    let failed = || site.failed(&format!("note the changes of layer `{}`", layer.name()));
    if !is_utf8(connection).map_err(failed())? {
        return Err(refused(site, layer, "the file keeps texts as UTF-16"));
    }
    let columns = NotedColumns::of(connection, layer).map_err(failed())?;
    let Some(columns) = columns else {
        return Err(refused(site, layer, "its table has no column of whole numbers as its key"));
    };
    if columns.width > MOST_COLUMNS {
        return Err(refused(site, layer, "it has too many fields"));
    }
    begin_once(connection, layer, &columns).map_err(failed())?;
    table::set_keep(connection, keep).map_err(failed())
}

/// Whether texts are UTF-8 in the file: elsewhere the trigger that trims the log could not read our
/// numbers, which are bytes to it.
fn is_utf8(connection: &Connection) -> Result<bool> {
    connection
        .pragma_query_value(None, "encoding", |row| row.get(0))
        .map(|it: String| it == "UTF-8")
}

/// Begins a lineage, unless there is one whose triggers do what they must.
fn begin_once(connection: &Connection, layer: &Table, columns: &NotedColumns) -> Result<()> {
    let Some(logged) = records::of_table(connection, layer.name())? else {
        return begin(connection, layer, columns, ResetReason::NoLog);
    };
    let standing = triggers::standing(connection, logged.number, layer.name(), columns)?;
    if standing == Standing::InPlace && !logged.gone {
        return Ok(());
    }
    end(connection, &logged)?;
    begin(connection, layer, columns, ResetReason::NotNoted)
}

fn refused(site: &Site, layer: &Table, reason: &str) -> StoreError {
    site.unsupported(format!("note the changes of layer `{}`: {reason}", layer.name()), None)
}

/// Begins a lineage.
pub(super) fn begin(
    connection: &Connection,
    layer: &Table,
    columns: &NotedColumns,
    reason: ResetReason,
) -> Result<()> {
    table::ensure(connection, columns.width)?;
    let number = table::next_number(connection)?;
    records::put(connection, number, layer.name(), false)?;
    triggers::create(connection, number, layer.name(), columns)?;
    table::note_reset(connection, number, layer.name(), reason)
}

/// Ends a lineage: no trigger of it is left, and nothing that its entries said.
pub(super) fn end(connection: &Connection, logged: &Logged) -> Result<()> {
    triggers::drop_all(connection, logged.number)?;
    records::delete(connection, logged.number)?;
    table::void(connection, logged.number)
}

/// Begins a new lineage where a layer has a log: its columns are others, or its ids.
pub(crate) fn renew(connection: &Connection, layer: &Table) -> Result<()> {
    let Some(logged) = records::of_table(connection, layer.name())? else { return Ok(()) };
    end(connection, &logged)?;
    match NotedColumns::of(connection, layer)? {
        Some(columns) => begin(connection, layer, &columns, ResetReason::SchemaChanged),
        None => Ok(()),
    }
}

/// Takes the log of a layer away, the whole table with the last one. Says whether there was one.
pub(crate) fn remove(connection: &Connection, layer: &str) -> Result<bool> {
    let removed = forget(connection, layer, ResetReason::NotNoted)?;
    if removed {
        side_table::remove_unneeded(connection)?;
    }
    Ok(removed)
}

/// The same of a layer that goes, or of what is left of one.
pub(crate) fn forget(connection: &Connection, layer: &str, reason: ResetReason) -> Result<bool> {
    if !side_table::exists(connection)? {
        return Ok(false);
    }
    let Some(logged) = records::of_table(connection, layer)? else { return Ok(false) };
    end(connection, &logged)?;
    if records::all(connection)?.is_empty() {
        table::drop_table(connection)?;
    } else if table::exists(connection)? {
        table::note_reset(connection, logged.number, logged.name(), reason)?;
    }
    Ok(true)
}

/// Takes every log away.
pub(crate) fn remove_all(connection: &Connection) -> Result<()> {
    for logged in records::all(connection)? {
        triggers::drop_all(connection, logged.number)?;
        records::delete(connection, logged.number)?;
    }
    if side_table::exists(connection)? { table::drop_table(connection) } else { Ok(()) }
}
