//! The log's table, and what is kept about it in our side table (book `log`).
use super::{Kind, reason_code};
use crate::template::fill;
use crate::{dialect::quoted, side_table};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use std::collections::HashSet;
use tiepoint_core::ObjectId;
use tiepoint_store::ResetReason;

/// The table's name.
pub(crate) const NAME: &str = "gpkg_tiepoint_log";
const TABLE: &str = include_str!("../sql/log.sql");
const BOOK: &str = "log";
const ID: &[u8] = b"id";
const KEEP: &[u8] = b"keep";
const NEXT: &[u8] = b"next";

/// The present moment in milliseconds since 1970, as SQL.
pub(crate) const NOW: &str = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

/// Whether the file has a log.
pub(crate) fn exists(connection: &Connection) -> Result<bool> {
    side_table::table_exists(connection, NAME)
}

/// Makes the table, unless it is there, and sees to it that it has so many columns for values.
pub(crate) fn ensure(connection: &Connection, width: usize) -> Result<()> {
    side_table::ensure(connection)?;
    if id(connection)?.is_none() {
        clear(connection)?;
        connection.execute_batch(&fill(TABLE, &[("KEEP", &kept("keep"))]))?;
        side_table::register(connection, NAME)?;
        side_table::put(
            connection,
            BOOK,
            ID,
            ObjectId::mint().as_uuid().simple().to_string().as_bytes(),
        )?;
    }
    for slot in self::width(connection)?..width {
        connection.execute_batch(&format!("ALTER TABLE {NAME} ADD COLUMN b{slot}"))?;
    }
    Ok(())
}

/// Removes what is left where others have dropped this table or our side table: triggers that fail
/// whoever writes, and entries of which nothing is known any more.
fn clear(connection: &Connection) -> Result<()> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let left = statement.query_map([format!("{NAME}_[0-9]*")], |row| row.get(0))?;
    for name in left.collect::<Result<Vec<String>>>()? {
        connection.execute_batch(&format!("DROP TRIGGER {}", quoted(&name)))?;
    }
    connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", quoted(NAME)))?;
    side_table::unregister(connection, NAME)
}

/// How many columns for values it has.
pub(crate) fn width(connection: &Connection) -> Result<usize> {
    let sql = "SELECT count(*) FROM pragma_table_info(?1) WHERE name GLOB 'b[0-9]*'";
    let count: i64 = connection.prepare_cached(sql)?.query_row([NAME], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Removes the table and all that is kept about it.
pub(crate) fn drop_table(connection: &Connection) -> Result<()> {
    if exists(connection)? {
        connection.execute_batch(&format!("DROP TABLE {}", quoted(NAME)))?;
        side_table::unregister(connection, NAME)?;
    }
    for key in [ID, KEEP, NEXT] {
        side_table::delete(connection, BOOK, key)?;
    }
    Ok(())
}

/// What tells this log from every other; `None` where there is none.
pub(crate) fn id(connection: &Connection) -> Result<Option<String>> {
    if !exists(connection)? || !side_table::exists(connection)? {
        return Ok(None);
    }
    text(connection, ID)
}

/// The number of the newest entry; zero where there is none.
pub(crate) fn last(connection: &Connection) -> Result<i64> {
    if !exists(connection)? {
        return Ok(0);
    }
    let sql = "SELECT max(seq) FROM gpkg_tiepoint_log";
    let last: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// The number of the oldest entry that is still there.
pub(crate) fn first(connection: &Connection) -> Result<Option<i64>> {
    let sql = "SELECT min(seq) FROM gpkg_tiepoint_log";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// The lineages that have entries after this one.
pub(crate) fn lineages_after(connection: &Connection, seq: i64) -> Result<HashSet<u32>> {
    if !exists(connection)? {
        return Ok(HashSet::new());
    }
    let sql = "SELECT DISTINCT layer FROM gpkg_tiepoint_log WHERE seq > ?1";
    connection.prepare_cached(sql)?.query_map([seq], |row| lineage(row, 0))?.collect()
}

/// A number in an entry; `None` for what is none. Others may write to the log whatever they like, and
/// whoever reads on must get past it.
pub(crate) fn number(row: &Row<'_>, at: usize) -> Result<Option<i64>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    })
}

/// The number of an entry's lineage; zero, which is nobody's, for what is none.
pub(crate) fn lineage(row: &Row<'_>, at: usize) -> Result<u32> {
    Ok(number(row, at)?.and_then(|it| u32::try_from(it).ok()).unwrap_or(0))
}

/// How many entries stay.
pub(crate) fn keep(connection: &Connection) -> Result<u64> {
    let text = text(connection, KEEP)?;
    Ok(text.and_then(|it| it.parse().ok()).unwrap_or(0))
}

/// Says how many entries are to stay, at least one, and lets go of those that are too many.
pub(crate) fn set_keep(connection: &Connection, keep: u64) -> Result<()> {
    // ten times as many must still be a number of SQLite's
    let keep = keep.clamp(1, 1 << 56);
    side_table::put(connection, BOOK, KEEP, keep.to_string().as_bytes())?;
    let trim =
        format!("DELETE FROM {NAME} WHERE seq <= (SELECT max(seq) FROM {NAME}) - {}", kept("keep"));
    let has_watchers = side_table::range(connection, super::report::BOOK, b"", 1)?;
    if has_watchers.is_empty() { connection.execute_batch(&trim) } else { Ok(()) }
}

/// What the side table keeps under a key, as SQL for a number.
fn kept(key: &str) -> String {
    format!(
        "(SELECT CAST(value AS INTEGER) FROM gpkg_tiepoint \
         WHERE book = '{BOOK}' AND key = CAST('{key}' AS BLOB))"
    )
}

/// A number for a new lineage, never given before in this log.
pub(crate) fn next_number(connection: &Connection) -> Result<u32> {
    let number = text(connection, NEXT)?.and_then(|it| it.parse().ok()).unwrap_or(1);
    let next: u32 = number + 1;
    side_table::put(connection, BOOK, NEXT, next.to_string().as_bytes())?;
    Ok(number)
}

/// Notes that what happened to a layer up to now cannot be known.
pub(crate) fn note_reset(
    connection: &Connection,
    number: u32,
    layer: &str,
    reason: ResetReason,
) -> Result<()> {
    let sql =
        format!("INSERT INTO {NAME} (layer, kind, at, mask, id) VALUES (?1, ?2, {NOW}, ?3, ?4)");
    let values = params![number, Kind::Reset.code(), reason_code(reason), layer];
    connection.prepare_cached(&sql)?.execute(values).map(drop)
}

/// Takes from the entries of a lineage all that they say of the layer; they themselves stay, so
/// that the others keep their numbers.
pub(crate) fn void(connection: &Connection, number: u32) -> Result<()> {
    if !exists(connection)? {
        return Ok(());
    }
    let values = (0..width(connection)?).map(|slot| format!("b{slot}"));
    let all = ["mask", "id"].map(str::to_owned).into_iter().chain(values);
    let all: Vec<String> = all.map(|column| format!("{column} = NULL")).collect();
    let all = all.join(", ");
    let sql = format!("UPDATE {NAME} SET kind = 0, {all} WHERE layer = ?1 AND kind <> ?2");
    connection.execute(&sql, params![number, Kind::Reset.code()]).map(drop)
}

/// What an entry is known by, so that one of the same number in another history differs; `None`
/// where it is not there.
pub(crate) fn stamp(connection: &Connection, seq: i64) -> Result<Option<u32>> {
    let sql = "SELECT layer, at, fid FROM gpkg_tiepoint_log WHERE seq = ?1";
    let read = |row: &Row<'_>| {
        Ok(stamp_of(lineage(row, 0)?, number(row, 1)?.unwrap_or(0), number(row, 2)?))
    };
    connection.prepare_cached(sql)?.query_row([seq], read).optional()
}

/// The same of what is known of it.
pub(crate) fn stamp_of(layer: u32, at: i64, fid: Option<i64>) -> u32 {
    let parts = [i64::from(layer), at, fid.unwrap_or(-1)];
    hash(parts.into_iter().flat_map(i64::to_le_bytes))
}

/// A number that tells bytes from others (FNV-1a), the same in every version and on every machine.
pub(crate) fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn text(connection: &Connection, key: &[u8]) -> Result<Option<String>> {
    let value = side_table::get(connection, BOOK, key)?;
    Ok(value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
