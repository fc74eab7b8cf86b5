//! The end of a transaction of ours in the log, by which a watcher knows whose doing it is.
use super::table::{NAME, NOW};
use super::{Kind, table};
use rusqlite::{Connection, Result, params};

/// Notes the end of a transaction, if anything was noted since the entry `before`; `token` is that
/// of the store handle.
pub(crate) fn note_commit(connection: &Connection, before: i64, token: &str) -> Result<()> {
    let last = table::last(connection)?;
    // the log may have been made anew meanwhile
    let before = if before > last { 0 } else { before };
    if last == before {
        return Ok(());
    }
    let sql =
        format!("INSERT INTO {NAME} (layer, kind, at, fid, id) VALUES (0, ?1, {NOW}, ?2, ?3)");
    connection.prepare_cached(&sql)?.execute(params![
        Kind::Commit.code(),
        before.saturating_add(1),
        token
    ])?;
    Ok(())
}
