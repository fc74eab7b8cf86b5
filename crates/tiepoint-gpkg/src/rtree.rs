//! The R-tree extension (OGC 12-128r19, annex F.3): its table, its triggers, its registration.
use crate::bounds::Bounds;
use crate::dialect::quoted;
use crate::side_table;
use crate::template::fill;
use rusqlite::{Connection, OptionalExtension, Result, params};

/// Triggers as GeoPackage 1.2 and 1.3 have them; programs of today look for exactly these names.
const TRIGGERS: &str = include_str!("sql/rtree_triggers.sql");
const DEFINITION: &str = "http://www.geopackage.org/spec120/#extension_rtree";
const CELL_BYTES: usize = 24;

/// The name of the R-tree of a column.
pub(crate) fn name(table: &str, column: &str) -> String {
    format!("rtree_{table}_{column}")
}

/// Whether the file says that a column has an R-tree.
pub(crate) fn is_registered(connection: &Connection, table: &str, column: &str) -> Result<bool> {
    if !side_table::table_exists(connection, "gpkg_extensions")? {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index' \
               AND table_name = ?1 COLLATE NOCASE AND column_name = ?2 COLLATE NOCASE";
    connection.prepare_cached(sql)?.exists([table, column])
}

/// Whether a column's R-tree is there with triggers that keep it up to date: those of GeoPackage
/// up to 1.3 or from 1.4 on, as far as their names tell.
pub(crate) fn is_kept(connection: &Connection, table: &str, column: &str) -> Result<bool> {
    let tree = name(table, column);
    if !side_table::table_exists(connection, &tree)? {
        return Ok(false);
    }
    let sql = "SELECT lower(substr(name, length(?2) + 2)) FROM sqlite_master WHERE type = 'trigger' \
               AND tbl_name = ?1 COLLATE NOCASE AND substr(lower(name), 1, length(?2) + 1) = lower(?2) || '_'";
    let mut statement = connection.prepare_cached(sql)?;
    let parts = statement.query_map([table, &tree], |row| row.get(0))?;
    let parts = parts.collect::<Result<Vec<String>>>()?;
    let has = |wanted: &[&str]| wanted.iter().all(|it| parts.iter().any(|part| part == it));
    Ok(has(&["insert", "delete", "update2", "update4"])
        && (has(&["update1", "update3"]) || has(&["update5", "update6", "update7"])))
}

/// Makes and registers an empty R-tree with its triggers.
pub(crate) fn create(connection: &Connection, table: &str, column: &str, key: &str) -> Result<()> {
    let tree = quoted(&name(table, column));
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE {tree} USING rtree(id, minx, maxx, miny, maxy)"
    ))?;
    create_triggers(connection, table, column, key)?;
    side_table::ensure_extensions(connection)?;
    connection.execute(
        "INSERT OR IGNORE INTO gpkg_extensions VALUES (?1, ?2, 'gpkg_rtree_index', ?3, 'write-only')",
        params![table, column, DEFINITION],
    )?;
    Ok(())
}

/// Makes the standard triggers. `key` is the row's key as SQL.
pub(crate) fn create_triggers(
    connection: &Connection,
    table: &str,
    column: &str,
    key: &str,
) -> Result<()> {
    let tree = name(table, column);
    let trigger = |part: &str| quoted(&format!("{tree}_{part}"));
    let sql = fill(
        TRIGGERS,
        &[
            ("T", &quoted(table)),
            ("C", &quoted(column)),
            ("F", key),
            ("R", &quoted(&tree)),
            ("R_insert", &trigger("insert")),
            ("R_update1", &trigger("update1")),
            ("R_update2", &trigger("update2")),
            ("R_update3", &trigger("update3")),
            ("R_update4", &trigger("update4")),
            ("R_delete", &trigger("delete")),
        ],
    );
    connection.execute_batch(&sql)
}

/// Removes an R-tree and its registration; its triggers go with the table they are on.
pub(crate) fn drop_tree(connection: &Connection, table: &str, column: &str) -> Result<()> {
    let tree = name(table, column);
    if side_table::table_exists(connection, &tree)? {
        connection.execute_batch(&format!("DROP TABLE {}", quoted(&tree)))?;
    }
    Ok(())
}

/// The bounds of everything in a tree, from its root; `None` when it is empty.
pub(crate) fn root_bounds(connection: &Connection, tree: &str) -> Result<Option<Bounds>> {
    let sql = format!("SELECT data FROM {} WHERE nodeno = 1", quoted(&format!("{tree}_node")));
    let root: Option<Vec<u8>> =
        connection.prepare_cached(&sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(root.as_deref().and_then(node_bounds))
}

/// A node of an R-tree as it is stored (SQLite's `rtree.c`, "node format").
pub(crate) struct Node<'a> {
    height: u16,
    cells: &'a [u8],
}

/// An entry of a node: a row in a leaf, else a node further down.
pub(crate) struct Cell {
    pub(crate) id: i64,
    pub(crate) bounds: Bounds,
}

impl<'a> Node<'a> {
    /// Reads a node; `None` where it is cut off.
    pub(crate) fn read(node: &'a [u8]) -> Option<Self> {
        let ([height, count], rest) = (node.first_chunk::<4>()?.as_chunks::<2>().0, &node[4..])
        else {
            return None;
        };
        let cells = rest.get(..usize::from(u16::from_be_bytes(*count)) * CELL_BYTES)?;
        Some(Self { height: u16::from_be_bytes(*height), cells })
    }

    /// How high over the leaves; only the root tells.
    pub(crate) fn height(&self) -> u16 {
        self.height
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell> {
        self.cells.as_chunks::<CELL_BYTES>().0.iter().filter_map(|cell| {
            let number = |at: usize| cell[at..].first_chunk().map(|it| f32::from_be_bytes(*it));
            let id = i64::from_be_bytes(*cell.first_chunk()?);
            let (min_x, max_x) = (number(8)?, number(12)?);
            Some(Cell {
                id,
                bounds: Bounds { min_x, max_x, min_y: number(16)?, max_y: number(20)? },
            })
        })
    }
}

fn node_bounds(node: &[u8]) -> Option<Bounds> {
    Node::read(node)?.cells().map(|cell| cell.bounds).reduce(Bounds::merged)
}
