//! What the log says of itself, and where those who come back by name have got to.
use super::{Kind, records, table};
use crate::side_table;
use rusqlite::{Connection, Result, params};
use std::time::{Duration, SystemTime};
use tiepoint_store::{ChangeLog, NamedWatcher};

/// The book of named watchers: the number of the last entry that each needs no more, a space, and
/// the checkpoint that it acknowledged.
pub(super) const BOOK: &str = "watcher";

/// What has been noted, and who is watching by name.
pub(crate) fn report(connection: &Connection) -> Result<ChangeLog> {
    if !table::exists(connection)? || !side_table::exists(connection)? {
        return Ok(ChangeLog::default());
    }
    let logged = records::all(connection)?.into_iter().filter(|it| !it.gone);
    let mut layers: Vec<String> = logged.filter_map(|it| it.table).collect();
    layers.sort_unstable();
    let mut watchers = Vec::new();
    for (key, value) in side_table::all(connection, BOOK)? {
        let name = String::from_utf8_lossy(&key).into_owned();
        let (seq, _) = decode(&value).unwrap_or_default();
        watchers.push(NamedWatcher { name, waiting: waiting(connection, seq)?.0 });
    }
    let (entries, oldest) = waiting(connection, 0)?;
    Ok(ChangeLog { layers, entries, oldest, keep: table::keep(connection)?, watchers })
}

/// How many changes have been noted after an entry, and when the first of them was made.
pub(crate) fn waiting(connection: &Connection, after: i64) -> Result<(u64, Option<SystemTime>)> {
    let sql = "SELECT count(*), min(at) FROM gpkg_tiepoint_log \
               WHERE seq > ?1 AND kind BETWEEN 1 AND 4";
    let read = |row: &rusqlite::Row<'_>| {
        let count: i64 = row.get(0)?;
        Ok((count.unsigned_abs(), table::number(row, 1)?.map(moment)))
    };
    connection.prepare_cached(sql)?.query_row([after], read)
}

/// Since when everything that happened to a layer is noted, and still kept.
pub(crate) fn since(connection: &Connection, layer: &str) -> Result<Option<SystemTime>> {
    if !table::exists(connection)? || !side_table::exists(connection)? {
        return Ok(None);
    }
    let logged = records::of_table(connection, layer)?.filter(|it| !it.gone && it.table.is_some());
    let Some(logged) = logged else { return Ok(None) };
    let sql = "SELECT coalesce( \
               (SELECT at FROM gpkg_tiepoint_log WHERE layer = ?1 AND kind = ?2 \
                ORDER BY seq DESC LIMIT 1), \
               (SELECT at FROM gpkg_tiepoint_log ORDER BY seq LIMIT 1))";
    let values = params![logged.number, Kind::Reset.code()];
    let at = connection.prepare_cached(sql)?.query_row(values, |row| table::number(row, 0))?;
    Ok(at.map(moment))
}

/// The moment that a number of milliseconds since 1970 says.
pub(crate) fn moment(at: i64) -> SystemTime {
    let distance = Duration::from_millis(at.unsigned_abs());
    if at < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

/// Where a watcher of this name has got to.
pub(crate) fn position_of(connection: &Connection, name: &str) -> Result<Option<String>> {
    if !side_table::exists(connection)? {
        return Ok(None);
    }
    let value = side_table::get(connection, BOOK, name.as_bytes())?;
    Ok(value.as_deref().and_then(decode).map(|it| it.1))
}

/// Keeps where a watcher of this name has got to: it needs no entry up to `seq` any more.
pub(crate) fn keep_position(
    connection: &Connection,
    name: &str,
    seq: i64,
    checkpoint: &str,
) -> Result<()> {
    side_table::ensure(connection)?;
    side_table::put(connection, BOOK, name.as_bytes(), format!("{seq} {checkpoint}").as_bytes())
}

fn decode(value: &[u8]) -> Option<(i64, String)> {
    let (seq, checkpoint) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    Some((seq.parse().ok()?, checkpoint.to_owned()))
}
