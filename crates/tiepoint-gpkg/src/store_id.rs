//! Which store a file is: an id in our side table, with the identity of the file that it was given
//! to. A copy carries the same id and is another file.
use crate::place::FileIdentity;
use crate::side_table;
use rusqlite::{Connection, Result};
use std::path::Path;
use tiepoint_core::ObjectId;

const BOOK: &str = "store";
const ID: &[u8] = b"id";
const PLACE: &[u8] = b"place";

/// Whether the file at `path` is a copy of the store that its side table names; not a copy when the
/// file has no side table.
pub(crate) fn is_copy(connection: &Connection, path: &Path) -> Result<bool> {
    if !side_table::exists(connection)? {
        return Ok(false);
    }
    let recorded = side_table::get(connection, BOOK, PLACE)?;
    let now = FileIdentity::of(path);
    Ok(match (recorded, now) {
        (Some(recorded), Some(now)) => recorded != now.as_str().as_bytes(),
        _ => false,
    })
}

/// Gives the store an id if it has a side table and no id, or if it is a copy.
pub(crate) fn claim(connection: &Connection, path: &Path) -> Result<()> {
    if !side_table::exists(connection)? {
        return Ok(());
    }
    let has_id = side_table::get(connection, BOOK, ID)?.is_some();
    if has_id && !is_copy(connection, path)? {
        return Ok(());
    }
    side_table::put(connection, BOOK, ID, ObjectId::mint().to_string().as_bytes())?;
    match FileIdentity::of(path) {
        Some(place) => side_table::put(connection, BOOK, PLACE, place.as_str().as_bytes()),
        None => Ok(()),
    }
}

/// The store's id, where it has one.
pub(crate) fn read(connection: &Connection) -> Result<Option<String>> {
    if !side_table::exists(connection)? {
        return Ok(None);
    }
    let id = side_table::get(connection, BOOK, ID)?;
    Ok(id.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
