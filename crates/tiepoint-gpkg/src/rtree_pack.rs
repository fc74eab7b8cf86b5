//! Packs an R-tree in one go: entries along a Hilbert curve, nodes full, level by level, written
//! straight into SQLite's node tables (`rtree.c`, "database format of r-tree tables").
//!
//! Kamel & Faloutsos 1993, "On packing R-trees". Answers do not depend on the packing; speed does.
use crate::bounds::Bounds;
use crate::dialect::quoted;
use crate::hilbert::hilbert;
use crate::rtree_entries::Entries;
use crate::sorter::Sorter;
use rusqlite::{Connection, OptionalExtension, Statement};
use std::io;

const CELL_BYTES: usize = 24;
const HEAD_BYTES: usize = 4;
const ROOT: i64 = 1;
/// The sign bit, flipped so that row numbers sort as bytes.
const BIAS: u64 = 1 << 63;

/// Why packing failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackError {
    #[error(transparent)]
    Driver(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

type Result<T> = std::result::Result<T, PackError>;

/// Replaces everything in `tree` by `entries`.
///
/// Costs O(n log n) time, and no more memory than a few dozen megabytes whatever n.
pub(crate) fn pack(connection: &Connection, tree: &str, entries: Entries) -> Result<()> {
    let node_bytes = node_bytes(connection, tree)?;
    clear(connection, tree)?;
    let all = entries.bounds();
    let mut along_curve = Sorter::<28>::new();
    if let Some(all) = all {
        entries.drain(|row, bounds| along_curve.push(with_key(&all, row, bounds)))?;
    }
    let mut nodes = Nodes::new(connection, tree, node_bytes)?;
    let mut leaves = Level::default();
    let mut leaf_of_row = Sorter::<12>::new();
    along_curve.drain(|record| {
        let row = unbiased(&record[4..12]);
        let leaf = nodes.add(&mut leaves, row, Bounds::from_be_bytes(&record[12..]))?;
        leaf_of_row.push(row_and_leaf(row, leaf)).map_err(PackError::from)
    })?;
    let root_is_leaf = nodes.build_upwards(leaves)?;
    write_leaf_numbers(connection, tree, leaf_of_row, root_is_leaf)
}

/// How large the nodes of this tree are: it was decided when the tree was made.
fn node_bytes(connection: &Connection, tree: &str) -> Result<usize> {
    let sql = format!("SELECT length(data) FROM {} WHERE nodeno = 1", part(tree, "node"));
    let length: Option<i64> = connection.query_row(&sql, [], |row| row.get(0)).optional()?;
    let usable = length.and_then(|it| usize::try_from(it).ok());
    Ok(usable.filter(|it| (448..65_536).contains(it)).unwrap_or(HEAD_BYTES + 51 * CELL_BYTES))
}

fn part(tree: &str, part: &str) -> String {
    quoted(&format!("{tree}_{part}"))
}

fn clear(connection: &Connection, tree: &str) -> Result<()> {
    for name in ["node", "rowid", "parent"] {
        connection.execute_batch(&format!("DELETE FROM {}", part(tree, name)))?;
    }
    Ok(())
}

/// Nodes of one level, of which the last is still being filled.
#[derive(Debug, Default)]
struct Level {
    /// Number and bounds of the nodes that are written.
    done: Vec<(i64, Bounds)>,
    filling: Vec<u8>,
    bounds: Option<Bounds>,
    number: i64,
}

/// Writes nodes and numbers them.
struct Nodes<'c> {
    insert_node: Statement<'c>,
    insert_parent: Statement<'c>,
    node_bytes: usize,
    next_number: i64,
}

impl<'c> Nodes<'c> {
    fn new(connection: &'c Connection, tree: &str, node_bytes: usize) -> Result<Self> {
        let insert = |name, columns: &str| {
            connection
                .prepare(&format!("INSERT INTO {} ({columns}) VALUES (?1, ?2)", part(tree, name)))
        };
        Ok(Self {
            insert_node: insert("node", "nodeno, data")?,
            insert_parent: insert("parent", "nodeno, parentnode")?,
            node_bytes,
            next_number: ROOT + 1,
        })
    }

    /// Adds a cell to the last node of a level and says which node that is.
    fn add(&mut self, level: &mut Level, child: i64, bounds: Bounds) -> Result<i64> {
        let most = (self.node_bytes - HEAD_BYTES) / CELL_BYTES * CELL_BYTES + HEAD_BYTES;
        if level.filling.len() == most {
            self.finish_node(level)?;
        }
        if level.filling.is_empty() {
            level.filling.extend_from_slice(&[0; HEAD_BYTES]);
            level.number = self.next_number;
            self.next_number += 1;
        }
        level.filling.extend_from_slice(&child.to_be_bytes());
        level.filling.extend_from_slice(&bounds.to_be_bytes());
        level.bounds = Some(level.bounds.map_or(bounds, |all| all.merged(bounds)));
        Ok(level.number)
    }

    fn finish_node(&mut self, level: &mut Level) -> Result<()> {
        let Some(bounds) = level.bounds.take() else { return Ok(()) };
        self.write(level.number, 0, &mut level.filling)?;
        level.done.push((level.number, bounds));
        Ok(())
    }

    /// Builds the levels above the leaves; says whether there are none, the root being a leaf.
    fn build_upwards(&mut self, mut level: Level) -> Result<Option<i64>> {
        let mut depth = 0;
        loop {
            if level.done.is_empty() {
                let was_number = level.number;
                level.filling.resize(level.filling.len().max(HEAD_BYTES), 0);
                self.write(ROOT, depth, &mut level.filling)?;
                return Ok((depth == 0).then_some(was_number));
            }
            self.finish_node(&mut level)?;
            depth += 1;
            level = self.level_above(&level.done)?;
        }
    }

    fn level_above(&mut self, below: &[(i64, Bounds)]) -> Result<Level> {
        let most = (self.node_bytes - HEAD_BYTES) / CELL_BYTES;
        let mut level = Level::default();
        for (number, bounds) in below {
            let parent = self.add(&mut level, *number, *bounds)?;
            let parent = if below.len() <= most { ROOT } else { parent };
            self.insert_parent.execute([*number, parent])?;
        }
        Ok(level)
    }

    fn write(&mut self, number: i64, depth: u16, node: &mut Vec<u8>) -> Result<()> {
        let cells = u16::try_from((node.len() - HEAD_BYTES) / CELL_BYTES).unwrap_or(u16::MAX);
        node[..2].copy_from_slice(&depth.to_be_bytes());
        node[2..4].copy_from_slice(&cells.to_be_bytes());
        node.resize(self.node_bytes, 0);
        self.insert_node.execute((number, node.as_slice()))?;
        node.clear();
        Ok(())
    }
}

/// Which leaf every row is in, written by ascending row so that the table is only appended to.
fn write_leaf_numbers(
    connection: &Connection,
    tree: &str,
    leaf_of_row: Sorter<12>,
    root_was: Option<i64>,
) -> Result<()> {
    let sql = format!("INSERT INTO {} (rowid, nodeno) VALUES (?1, ?2)", part(tree, "rowid"));
    let mut insert = connection.prepare(&sql)?;
    leaf_of_row.drain(|record| {
        let leaf = u32::from_be_bytes(*record[8..].first_chunk().expect("four bytes are left"));
        let leaf = if root_was == Some(i64::from(leaf)) { ROOT } else { i64::from(leaf) };
        insert.execute([unbiased(&record[..8]), leaf]).map(drop).map_err(PackError::from)
    })
}

fn row_and_leaf(row: i64, leaf: i64) -> [u8; 12] {
    let mut record = [0; 12];
    record[..8].copy_from_slice(&biased(row));
    // four thousand million leaves are more rows than a file can hold
    record[8..].copy_from_slice(&u32::try_from(leaf).unwrap_or(u32::MAX).to_be_bytes());
    record
}

fn biased(row: i64) -> [u8; 8] {
    (row.cast_unsigned() ^ BIAS).to_be_bytes()
}

fn unbiased(bytes: &[u8]) -> i64 {
    let bytes = bytes.first_chunk().expect("a row takes eight bytes");
    (u64::from_be_bytes(*bytes) ^ BIAS).cast_signed()
}

fn with_key(all: &Bounds, row: i64, bounds: Bounds) -> [u8; 28] {
    let scaled = |low: f32, high: f32, from: f32, to: f32| {
        let (from, to) = (f64::from(from), f64::from(to));
        let middle = f64::midpoint(f64::from(low), f64::from(high));
        let share = if to > from { (middle - from) / (to - from) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let cell = (share * 65_535.0) as u32;
        cell.min(65_535)
    };
    let x = scaled(bounds.min_x, bounds.max_x, all.min_x, all.max_x);
    let y = scaled(bounds.min_y, bounds.max_y, all.min_y, all.max_y);
    let mut record = [0; 28];
    record[..4].copy_from_slice(&hilbert(x, y).to_be_bytes());
    record[4..12].copy_from_slice(&biased(row));
    record[12..].copy_from_slice(&bounds.to_be_bytes());
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn tree(page_bytes: u32) -> Connection {
        let connection = Connection::open_in_memory().expect("opens");
        connection.pragma_update(None, "page_size", page_bytes).expect("is set");
        let sql = "CREATE VIRTUAL TABLE t USING rtree(id, minx, maxx, miny, maxy)";
        connection.execute_batch(sql).expect("is made");
        connection
    }

    fn packed(connection: &Connection, rows: &[(i64, Bounds)]) {
        let mut entries = Entries::default();
        for (row, bounds) in rows {
            entries.push(*row, *bounds).expect("has room");
        }
        pack(connection, "t", entries).expect("packs");
        let verdict: String =
            connection.query_row("SELECT rtreecheck('t')", [], |row| row.get(0)).expect("checks");
        assert_eq!(verdict, "ok");
    }

    fn square(x: f32, y: f32, size: f32) -> Bounds {
        Bounds { min_x: x, max_x: x + size, min_y: y, max_y: y + size }
    }

    fn found(connection: &Connection, bounds: Bounds) -> BTreeSet<i64> {
        let sql = "SELECT id FROM t WHERE minx <= ?1 AND maxx >= ?2 AND miny <= ?3 AND maxy >= ?4";
        let mut statement = connection.prepare(sql).expect("is SQL");
        let sides = [bounds.max_x, bounds.min_x, bounds.max_y, bounds.min_y];
        let rows = statement.query_map(sides, |row| row.get(0)).expect("runs");
        rows.collect::<rusqlite::Result<_>>().expect("reads")
    }

    #[test]
    fn a_tree_of_any_size_is_sound_and_goes_on_growing() {
        for page_bytes in [512, 4096] {
            for count in [0_u16, 1, 17, 18, 19, 51, 52, 53, 2_601, 2_602, 9_000] {
                let connection = tree(page_bytes);
                let row = |at: u16| {
                    let (x, y) = (f32::from(at % 100), f32::from(at % 89));
                    (i64::from(at) * 3 - 50, square(x, y, 1.0))
                };
                packed(&connection, &(0..count).map(row).collect::<Vec<_>>());
                let sql = "INSERT INTO t SELECT 100000 + value, 1, 2, 3, 4 FROM json_each(?1)";
                let more: Vec<String> = (0..500).map(|it| it.to_string()).collect();
                connection.execute(sql, [format!("[{}]", more.join(","))]).expect("inserts");
                connection.execute("DELETE FROM t WHERE id % 3 = 1", []).expect("deletes");
                let verdict: String = connection
                    .query_row("SELECT rtreecheck('t')", [], |row| row.get(0))
                    .expect("checks");
                assert_eq!(verdict, "ok", "{count} entries, pages of {page_bytes}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_packed_tree_finds_what_brute_force_finds(
            boxes in prop::collection::btree_map(any::<i64>(), (-1e6_f32..1e6, -1e6_f32..1e6, 0_f32..1e5), 0..300),
            wanted in (-1e6_f32..1e6, -1e6_f32..1e6, 0_f32..1e6),
        ) {
            let connection = tree(4096);
            let rows: Vec<_> = boxes.into_iter().map(|(row, (x, y, size))| (row, square(x, y, size))).collect();
            packed(&connection, &rows);
            let wanted = square(wanted.0, wanted.1, wanted.2);
            let meets = |it: &Bounds| {
                it.min_x <= wanted.max_x && wanted.min_x <= it.max_x
                    && it.min_y <= wanted.max_y && wanted.min_y <= it.max_y
            };
            let expected: BTreeSet<i64> = rows.iter().filter(|(_, it)| meets(it)).map(|it| it.0).collect();
            prop_assert_eq!(found(&connection, wanted), expected);
        }
    }
}
