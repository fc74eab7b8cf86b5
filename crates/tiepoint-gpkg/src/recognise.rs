//! Is this a GeoPackage? And if not, what is it?
use crate::error::Site;
use crate::side_table::table_exists;
use rusqlite::{Connection, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tiepoint_store::StoreError;

/// The first `user_version` that belongs to no GeoPackage 1.x.
const NEXT_MAJOR: i64 = 20_000;

/// Makes sure that an open database is a GeoPackage that we know.
///
/// # Errors
///
/// `Foreign`, saying what it is instead; `Corrupt` when the file is shorter than it says.
pub(crate) fn check(
    connection: &Connection,
    site: &Site,
    path: &Path,
) -> std::result::Result<(), StoreError> {
    let found = what_else(connection).map_err(|error| refused(site, path, error))?;
    match found {
        Some(found) => Err(site.foreign(found)),
        None => match missing_pages(connection, path) {
            Some(reason) => Err(site.corrupt("the file", reason)),
            None => Ok(()),
        },
    }
}

/// The error for a file that SQLite could not read.
pub(crate) fn refused(site: &Site, path: &Path, error: rusqlite::Error) -> StoreError {
    match site.driver_error(error, "open") {
        StoreError::Foreign { .. } => site.foreign(kind_of_file(path)),
        other => other,
    }
}

/// What a database is, when it is no GeoPackage of ours; `None` when it is one.
fn what_else(connection: &Connection) -> Result<Option<String>> {
    let has = |name| table_exists(connection, name);
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if has("gpkg_contents")? && has("gpkg_spatial_ref_sys")? {
        let newer = version >= NEXT_MAJOR;
        return Ok(newer.then(|| {
            format!(
                "a GeoPackage of version {}.{}, newer than 1.x",
                version / 10_000,
                version / 100 % 100
            )
        }));
    }
    if has("gpkg_contents")? {
        return Ok(Some("a GeoPackage without its table `gpkg_spatial_ref_sys`".to_owned()));
    }
    let sql = "SELECT count(*) FROM sqlite_master";
    let objects: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(Some(if has("geometry_columns")? && has("spatial_ref_sys")? {
        "a SpatiaLite database; convert it with `ogr2ogr -f GPKG`".to_owned()
    } else if objects == 0 {
        "an empty file".to_owned()
    } else {
        "an SQLite database without the table `gpkg_contents`".to_owned()
    }))
}

/// A file that was cut off, where that can be told: in WAL mode the rest may be elsewhere.
fn missing_pages(connection: &Connection, path: &Path) -> Option<String> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).ok();
    let mode =
        connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)).ok()?;
    if mode.eq_ignore_ascii_case("wal") {
        return None;
    }
    let expected = number("page_count")?.checked_mul(number("page_size")?)?.unsigned_abs();
    let found = std::fs::metadata(path).ok()?.len();
    (found < expected).then(|| format!("it ends after {found} of {expected} bytes"))
}

/// What the first bytes of a file that is no database look like.
pub(crate) fn kind_of_file(path: &Path) -> String {
    let mut start = [0; 512];
    let length = File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    let start = &start[..length];
    let known: [(&[u8], &str); 7] = [
        (b"SQLite format 3\0", "a damaged or encrypted SQLite database"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\0\0\x27\x0a", "a shapefile"),
        (b"fgb\x03", "a FlatGeobuf file"),
        (b"PAR1", "a Parquet file"),
        (b"%PDF", "a PDF"),
    ];
    if let Some((_, name)) = known.iter().find(|(magic, _)| start.starts_with(magic)) {
        return (*name).to_owned();
    }
    match std::str::from_utf8(start).map(str::trim_start) {
        Ok("") => "an empty file".to_owned(),
        Ok(text) if text.starts_with(['{', '[']) => "a JSON text".to_owned(),
        Ok(text) if text.starts_with('<') => "an XML or HTML text".to_owned(),
        Ok(_) => "a text".to_owned(),
        Err(_) => "a file of another kind".to_owned(),
    }
}
