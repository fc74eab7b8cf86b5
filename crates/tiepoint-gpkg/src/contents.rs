//! What the file records about a layer's content: where it is, when it changed, how many rows.
use crate::bounds::Bounds;
use crate::dialect::quoted;
use crate::error::Site;
use crate::geometry::blob_envelope;
use crate::metadata::Table;
use crate::rtree;
use crate::side_table;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Statement, params};
use tiepoint_core::{Envelope, Xy};
use tiepoint_store::{LayerFacts, StoreError};

/// What a transaction did to a layer, as far as the records go.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Touched {
    /// Whether it did anything.
    pub(crate) changed: bool,
    /// The box around all geometries that came.
    pub(crate) grown: Option<Envelope>,
    /// Whether geometries went or moved, so that the extent may have shrunk.
    pub(crate) shrunk: bool,
}

impl Touched {
    pub(crate) fn grow(&mut self, envelope: Option<Envelope>) {
        self.grown = match (self.grown, envelope) {
            (Some(a), Some(b)) => Some(a.merged(b)),
            (a, b) => a.or(b),
        };
    }
}

/// Counts the rows and bounds them, exactly.
pub(crate) fn facts(
    connection: &Connection,
    site: &Site,
    table: &Table,
) -> std::result::Result<LayerFacts, StoreError> {
    let what = format!("count layer `{}`", table.name());
    let sql = format!("SELECT count(*) FROM {}", table.sql());
    let count: i64 = connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(site.failed(&what))?;
    let what = format!("bound layer `{}`", table.name());
    let extent = extent(connection, table).map_err(site.failed(&what))?;
    Ok(LayerFacts { count: count.unsigned_abs(), extent })
}

/// The exact box around all geometries: by the R-tree in a few steps, else by reading them all.
/// Geometries that cannot be read are passed over.
pub(crate) fn extent(connection: &Connection, table: &Table) -> Result<Option<Envelope>> {
    let Some(geometry) = &table.geometry else { return Ok(None) };
    if let (Some(tree), Some(key)) = (&geometry.rtree, table.key_sql()) {
        let Some(bounds) = rtree::root_bounds(connection, tree)? else { return Ok(None) };
        if let Some(extent) = extent_of_edges(connection, table, &geometry.name, key, tree, bounds)?
        {
            return Ok(Some(extent));
        }
    }
    scanned_extent(connection, table)
}

/// The exact box around all geometries, whatever the R-tree says.
pub(crate) fn scanned_extent(connection: &Connection, table: &Table) -> Result<Option<Envelope>> {
    let Some(geometry) = &table.geometry else { return Ok(None) };
    let sql = format!("SELECT {} FROM {}", quoted(&geometry.name), table.sql());
    union(&mut *connection.prepare_cached(&sql)?, [])
}

/// The rows that reach the R-tree's edges, single precision considered, bound all the others.
/// `None` when an edge is reached by none: a tree that others left slack.
fn extent_of_edges(
    connection: &Connection,
    table: &Table,
    column: &str,
    key: &str,
    tree: &str,
    bounds: Bounds,
) -> Result<Option<Envelope>> {
    let mut extent: Option<Envelope> = None;
    for (condition, bound) in [
        ("minx <= ?1", bounds.min_x),
        ("maxx >= ?1", bounds.max_x),
        ("miny <= ?1", bounds.min_y),
        ("maxy >= ?1", bounds.max_y),
    ] {
        let sql = format!(
            "SELECT {} FROM {} WHERE {key} IN (SELECT id FROM {} WHERE {condition})",
            quoted(column),
            table.sql(),
            quoted(tree)
        );
        let reaching = union(&mut *connection.prepare_cached(&sql)?, [f64::from(bound)])?;
        let Some(reaching) = reaching else { return Ok(None) };
        extent = Some(extent.map_or(reaching, |extent| extent.merged(reaching)));
    }
    Ok(extent)
}

fn union(
    statement: &mut Statement<'_>,
    parameters: impl rusqlite::Params,
) -> Result<Option<Envelope>> {
    let mut rows = statement.query(parameters)?;
    let mut union = Touched::default();
    while let Some(row) = rows.next()? {
        if let ValueRef::Blob(blob) = row.get_ref(0)? {
            union.grow(blob_envelope(blob).ok().flatten());
        }
    }
    Ok(union.grown)
}

/// What `gpkg_contents` says of the extent.
pub(crate) fn recorded_extent(connection: &Connection, layer: &str) -> Result<Option<Envelope>> {
    let sql = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        let number = |at| row.get::<_, Option<f64>>(at);
        Ok([number(0)?, number(1)?, number(2)?, number(3)?])
    };
    let bounds = connection.prepare_cached(sql)?.query_row([layer], read)?;
    let [Some(min_x), Some(min_y), Some(max_x), Some(max_y)] = bounds else { return Ok(None) };
    if min_x > max_x || min_y > max_y {
        return Ok(None);
    }
    Ok(Envelope::of([Xy { x: min_x, y: min_y }, Xy { x: max_x, y: max_y }]).ok().flatten())
}

/// Notes that a layer changed, if it did, and where it now is.
pub(crate) fn record(connection: &Connection, table: &Table, touched: Touched) -> Result<()> {
    if !touched.changed {
        return Ok(());
    }
    let extent = match recorded_extent(connection, table.name())? {
        Some(recorded) if !touched.shrunk => {
            Some(touched.grown.map_or(recorded, |grown| recorded.merged(grown)))
        }
        _ => extent(connection, table)?,
    };
    write_extent(connection, table.name(), extent)
}

/// Writes the extent and the moment of the change.
pub(crate) fn write_extent(
    connection: &Connection,
    layer: &str,
    extent: Option<Envelope>,
) -> Result<()> {
    let sql = "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), \
               min_x = ?2, min_y = ?3, max_x = ?4, max_y = ?5 WHERE table_name = ?1";
    let (min, max) = (extent.map(|it| it.min()), extent.map(|it| it.max()));
    connection.prepare_cached(sql)?.execute(params![
        layer,
        min.map(|it| it.x),
        min.map(|it| it.y),
        max.map(|it| it.x),
        max.map(|it| it.y)
    ])?;
    Ok(())
}

/// Adds to the count that GDAL keeps and believes, where it keeps one.
pub(crate) fn add_to_count(connection: &Connection, layer: &str, rows: u64) -> Result<()> {
    if !side_table::table_exists(connection, "gpkg_ogr_contents")? {
        return Ok(());
    }
    let sql = "UPDATE gpkg_ogr_contents SET feature_count = feature_count + ?2 \
               WHERE lower(table_name) = lower(?1)";
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.execute(params![layer, rows]).map(drop)
}

/// Counts the rows anew for GDAL.
pub(crate) fn recount(connection: &Connection, table: &Table) -> Result<()> {
    if !side_table::table_exists(connection, "gpkg_ogr_contents")? {
        return Ok(());
    }
    let sql = format!(
        "UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM {}) \
         WHERE lower(table_name) = lower(?1)",
        table.sql()
    );
    connection.execute(&sql, [table.name()]).map(drop)
}
