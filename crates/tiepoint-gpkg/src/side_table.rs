//! The one table of ours in a file: `gpkg_tiepoint`, named so that no layer list shows it.
//!
//! Rows are grouped by `book`. Ours: `store` (the store's id and the file it was written as),
//! `layer` (layers tied by a column), `key` (layers tied by a natural key), `type` (field types that GeoPackage has no word for), `title` (titles
//! that another layer has already), `origin` (which object a copy was made of, by the copy's id),
//! `guard` (a mark that lets ids be rewritten, never there outside a statement), `log` (the log's id,
//! how much stays in it), `logged` (layers that have one), `watcher` (where watchers that come back by name
//! have got to). Books of callers are kept as `book/<name>`.
use rusqlite::{Connection, OptionalExtension, Result, params};

/// The table's name.
pub(crate) const NAME: &str = "gpkg_tiepoint";
const EXTENSION: &str = "tiepoint_books";
const DEFINITION: &str = "https://github.com/tiepoint/tiepoint";
/// Extensions registered in a file whose `gpkg_extensions` we had to make are the only rows there.
const MADE_EXTENSIONS: (&str, &[u8]) = ("store", b"made-extensions");

/// Whether the file has the table.
pub(crate) fn exists(connection: &Connection) -> Result<bool> {
    table_exists(connection, NAME)
}

/// Whether the file has a table or view of that name.
pub(crate) fn table_exists(connection: &Connection, name: &str) -> Result<bool> {
    let sql =
        "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE";
    connection.prepare_cached(sql)?.exists([name])
}

/// Makes the table and registers it, unless it is there.
pub(crate) fn ensure(connection: &Connection) -> Result<()> {
    if exists(connection)? {
        return Ok(());
    }
    connection.execute_batch(
        "CREATE TABLE gpkg_tiepoint (book TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, \
         PRIMARY KEY (book, key)) WITHOUT ROWID",
    )?;
    let made = ensure_extensions(connection)?;
    register(connection, NAME)?;
    if made {
        put(connection, MADE_EXTENSIONS.0, MADE_EXTENSIONS.1, b"")?;
    }
    Ok(())
}

/// Registers a table of ours, as GeoPackage asks.
pub(crate) fn register(connection: &Connection, table: &str) -> Result<()> {
    let sql = "INSERT INTO gpkg_extensions VALUES (?1, NULL, ?2, ?3, 'read-write')";
    connection.execute(sql, params![table, EXTENSION, DEFINITION]).map(drop)
}

/// Takes that back.
pub(crate) fn unregister(connection: &Connection, table: &str) -> Result<()> {
    let sql = "DELETE FROM gpkg_extensions WHERE extension_name = ?1 AND table_name = ?2";
    connection.execute(sql, [EXTENSION, table]).map(drop)
}

/// Makes `gpkg_extensions`, unless it is there. Says whether it was made.
pub(crate) fn ensure_extensions(connection: &Connection) -> Result<bool> {
    if table_exists(connection, "gpkg_extensions")? {
        return Ok(false);
    }
    connection.execute_batch(include_str!("sql/extensions.sql"))?;
    Ok(true)
}

/// Removes the table, its registration, and `gpkg_extensions` where only we needed it.
pub(crate) fn remove(connection: &Connection) -> Result<()> {
    if !exists(connection)? {
        return Ok(());
    }
    let made = get(connection, MADE_EXTENSIONS.0, MADE_EXTENSIONS.1)?.is_some();
    connection.execute_batch("DROP TABLE gpkg_tiepoint")?;
    connection.execute("DELETE FROM gpkg_extensions WHERE extension_name = ?1", [EXTENSION])?;
    let empty = "SELECT NOT EXISTS (SELECT 1 FROM gpkg_extensions)";
    if made && connection.query_row(empty, [], |row| row.get(0))? {
        connection.execute_batch("DROP TABLE gpkg_extensions")?;
    }
    Ok(())
}

/// Removes the table where nothing is in it that matters by itself.
pub(crate) fn remove_unneeded(connection: &Connection) -> Result<()> {
    let needed =
        "SELECT EXISTS (SELECT 1 FROM gpkg_tiepoint WHERE book NOT IN ('store', 'origin'))";
    if connection.query_row(needed, [], |row| row.get(0))? { Ok(()) } else { remove(connection) }
}

pub(crate) fn get(connection: &Connection, book: &str, key: &[u8]) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT value FROM gpkg_tiepoint WHERE book = ?1 AND key = ?2";
    connection.prepare_cached(sql)?.query_row(params![book, key], |row| row.get(0)).optional()
}

pub(crate) fn put(connection: &Connection, book: &str, key: &[u8], value: &[u8]) -> Result<()> {
    let sql = "INSERT INTO gpkg_tiepoint (book, key, value) VALUES (?1, ?2, ?3) \
               ON CONFLICT (book, key) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute(params![book, key, value]).map(drop)
}

pub(crate) fn delete(connection: &Connection, book: &str, key: &[u8]) -> Result<bool> {
    let sql = "DELETE FROM gpkg_tiepoint WHERE book = ?1 AND key = ?2";
    connection.prepare_cached(sql)?.execute(params![book, key]).map(|rows| rows > 0)
}

/// A key and what stands under it.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// Up to `limit` entries of a book whose keys are `from` or greater, in order.
pub(crate) fn range(
    connection: &Connection,
    book: &str,
    from: &[u8],
    limit: usize,
) -> Result<Vec<Entry>> {
    let sql =
        "SELECT key, value FROM gpkg_tiepoint WHERE book = ?1 AND key >= ?2 ORDER BY key LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows =
        statement.query_map(params![book, from, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// All entries of a book of ours; none when the file has no table.
pub(crate) fn all(connection: &Connection, book: &str) -> Result<Vec<Entry>> {
    if exists(connection)? { range(connection, book, b"", usize::MAX) } else { Ok(Vec::new()) }
}

/// A key made of two names; no SQL name has a NUL in it.
pub(crate) fn pair(first: &str, second: &str) -> Vec<u8> {
    [first.as_bytes(), second.as_bytes()].join(&0)
}
