//! Dropping a layer with everything that is registered about it.
use crate::dialect::quoted;
use crate::error::Site;
use crate::{data_columns, log, natural_keys, rtree, side_table, ties};
use rusqlite::Connection;
use tiepoint_store::{ResetReason, Result};

/// Drops a layer with everything that is registered about it.
pub(crate) fn drop_layer(connection: &Connection, site: &Site, name: &str) -> Result<()> {
    let drop = || {
        let sql = "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?1";
        if side_table::table_exists(connection, "gpkg_geometry_columns")? {
            let mut statement = connection.prepare(sql)?;
            let columns = statement.query_map([name], |row| row.get::<_, String>(0))?;
            for column in columns.collect::<rusqlite::Result<Vec<_>>>()? {
                rtree::drop_tree(connection, name, &column)?;
            }
        }
        let sql = "SELECT type FROM sqlite_master WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')";
        let kind: String = connection.query_row(sql, [name], |row| row.get(0))?;
        let kind = if kind == "view" { "VIEW" } else { "TABLE" };
        forget(connection, name)?;
        connection.execute_batch(&format!("DROP {kind} {}", quoted(name)))
    };
    drop().map_err(site.failed(&format!("drop layer `{name}`")))
}

/// Removes every registration of a layer, what is left of one that others dropped included.
pub(crate) fn forget(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    data_columns::forget(connection, name)?;
    for table in [
        "gpkg_metadata_reference",
        "gpkg_ogr_contents",
        "gpkg_extensions",
        "gpkg_geometry_columns",
        "gpkg_contents",
    ] {
        if side_table::table_exists(connection, table)? {
            let sql = format!("DELETE FROM {table} WHERE table_name = ?1 COLLATE NOCASE");
            connection.execute(&sql, [name])?;
        }
    }
    if side_table::exists(connection)? {
        log::forget(connection, name, ResetReason::SchemaChanged)?;
        ties::forget(connection, name)?;
        natural_keys::forget(connection, name)?;
        side_table::delete(connection, "title", name.as_bytes())?;
        forget_types(connection, name)?;
    }
    Ok(())
}

/// Removes the recorded types of a layer's fields.
pub(crate) fn forget_types(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    let first = side_table::pair(name, "");
    for (key, _) in side_table::all(connection, "type")? {
        if key.starts_with(&first) {
            side_table::delete(connection, "type", &key)?;
        }
    }
    Ok(())
}
