//! Loading many rows: triggers and indexes stand aside and are made good at the end, all within the
//! transaction.
//!
//! An empty layer gets its index of ids and its R-tree in one go. A layer that has rows keeps its
//! index of ids, and its R-tree is packed anew unless few rows came.
use crate::bounds::Bounds;
use crate::create::count_trigger;
use crate::dialect::quoted;
use crate::error::Site;
use crate::geometry::blob_envelope;
use crate::log::{self, Ranges};
use crate::metadata::Table;
use crate::rtree_entries::Entries;
use crate::rtree_pack::{PackError, pack};
use crate::{contents, guards};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use tiepoint_core::ObjectId;
use tiepoint_store::StoreError;

/// Packing anew pays when at least one entry in so many is new.
const WORTH_PACKING: u64 = 8;

/// What stands aside while a layer is loaded.
#[derive(Debug)]
pub(crate) struct Bulk {
    /// The statements that make the triggers again.
    triggers: Vec<String>,
    entries: Entries,
    rows: u64,
    counted: bool,
    was_empty: bool,
    /// Whether rows were moved or deleted, so that the entries do not tell everything.
    lost_rows: bool,
    ids: IdOrder,
    /// The rows that are to be noted, where the triggers that do it stand aside.
    noted: Option<Ranges>,
}

/// Whether ids came in ascending order, as those that we mint do: then no two are the same.
#[derive(Debug, Default)]
struct IdOrder {
    last: Option<ObjectId>,
    broken: bool,
}

impl Bulk {
    /// Puts triggers and, in an empty layer, the index of ids aside.
    pub(crate) fn open(connection: &Connection, table: &Table) -> Result<Self> {
        let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM {})", table.sql());
        let was_empty = connection.query_row(&sql, [], |row| row.get(0))?;
        let Suspended { triggers, counted, noted } = suspend(connection, table)?;
        if let (Some(tie), true) = (&table.tie, was_empty) {
            guards::drop_index(connection, tie)?;
        }
        Ok(Self {
            triggers,
            entries: Entries::default(),
            rows: 0,
            counted,
            was_empty,
            lost_rows: false,
            ids: IdOrder::default(),
            noted,
        })
    }

    /// Notes an id; says whether it is checked at the end.
    pub(crate) fn takes_id(&mut self, id: &ObjectId) -> bool {
        self.ids.broken |= self.ids.last.is_some_and(|last| last >= *id);
        self.ids.last = Some(*id);
        self.was_empty
    }

    /// Notes a row that was inserted.
    pub(crate) fn count_row(&mut self, connection: &Connection, fid: i64) -> Result<()> {
        self.rows += 1;
        self.noted.as_mut().map_or(Ok(()), |noted| noted.add(connection, fid))
    }

    /// Sees to it that the log has every row that was inserted.
    pub(crate) fn note_rows(&mut self, connection: &Connection) -> Result<()> {
        self.noted.as_mut().map_or(Ok(()), |noted| noted.flush(connection))
    }

    /// Notes where a row is.
    pub(crate) fn add(&mut self, row: i64, bounds: Bounds) -> std::io::Result<()> {
        self.entries.push(row, bounds)
    }

    /// Notes that a row was moved or deleted.
    pub(crate) fn lost_a_row(&mut self) {
        self.lost_rows = true;
    }

    /// Makes everything good that stood aside.
    pub(crate) fn finish(
        mut self,
        connection: &Connection,
        site: &Site,
        table: &Table,
    ) -> std::result::Result<(), StoreError> {
        let failed = || site.failed(&format!("finish loading layer `{}`", table.name()));
        self.note_rows(connection).map_err(failed())?;
        if let (Some(tie), true) = (&table.tie, self.was_empty) {
            guards::create_index(connection, tie).map_err(failed())?;
            if self.ids.broken {
                refuse_shared_id(connection, site, table)?;
            }
        }
        let tree = table.geometry.as_ref().and_then(|geometry| geometry.rtree.as_deref());
        if let Some(tree) = tree {
            let indexed =
                index(connection, table, tree, self.entries, self.lost_rows, self.was_empty);
            indexed.map_err(|error| pack_error(site, table, error))?;
        }
        for trigger in &self.triggers {
            connection.execute_batch(trigger).map_err(failed())?;
        }
        if self.counted && self.lost_rows {
            contents::recount(connection, table).map_err(failed())?;
        } else if self.counted {
            contents::add_to_count(connection, table.name(), self.rows).map_err(failed())?;
        }
        Ok(())
    }
}

pub(crate) fn pack_error(site: &Site, table: &Table, error: PackError) -> StoreError {
    let what = format!("index layer `{}`", table.name());
    match error {
        PackError::Driver(error) => site.driver_error(error, &what),
        PackError::Io(error) => site.io(&what, error),
    }
}

/// What was put aside.
#[derive(Debug, Default)]
struct Suspended {
    /// The statements that make the triggers again.
    triggers: Vec<String>,
    /// Whether those that count rows were among them.
    counted: bool,
    /// Where to note rows in place of those that do it.
    noted: Option<Ranges>,
}

/// Drops the triggers that are made good at the end. Those that note rows stay where others might
/// insert rows of their own meanwhile.
fn suspend(connection: &Connection, table: &Table) -> Result<Suspended> {
    let name = table.name();
    let counting = ["insert", "delete"].map(|event| count_trigger(event, name));
    let mut prefixes = Vec::new();
    prefixes.extend(
        table.geometry.as_ref().and_then(|it| it.rtree.as_ref()).map(|it| format!("{it}_")),
    );
    prefixes.extend(table.tie.as_ref().map(|tie| tie.trigger_name("")));
    let logged = log::of_table(connection, name)?;
    let noting = logged.as_ref().map(|it| log::insert_triggers(it.number)).unwrap_or_default();
    let (mut suspended, mut noting_found) = (Suspended::default(), Vec::new());
    let mut others = false;
    for (trigger, sql) in triggers_of(connection, name)? {
        let counts = counting.iter().any(|it| it.eq_ignore_ascii_case(&trigger));
        let starts = |prefix: &String| {
            trigger.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if counts || prefixes.iter().any(starts) {
            suspended.counted |= counts;
            suspended.put_aside(connection, &trigger, sql)?;
        } else if noting.contains(&trigger) {
            noting_found.push((trigger, sql));
        } else {
            others |= !trigger.starts_with(log::NAME);
        }
    }
    if let (Some(logged), false, [_, _]) = (logged, others, noting_found.as_slice()) {
        suspended.noted = Some(Ranges::new(logged.number));
        for (trigger, sql) in noting_found {
            suspended.put_aside(connection, &trigger, sql)?;
        }
    }
    Ok(suspended)
}

impl Suspended {
    fn put_aside(&mut self, connection: &Connection, trigger: &str, sql: String) -> Result<()> {
        connection.execute_batch(&format!("DROP TRIGGER {}", quoted(trigger)))?;
        self.triggers.push(sql);
        Ok(())
    }
}

/// Name and statement of every trigger on a table.
pub(crate) fn triggers_of(connection: &Connection, table: &str) -> Result<Vec<(String, String)>> {
    let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' \
               AND tbl_name = ?1 COLLATE NOCASE ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let triggers = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    triggers.collect()
}

/// Two rows that share an id stand side by side in the index.
fn refuse_shared_id(
    connection: &Connection,
    site: &Site,
    table: &Table,
) -> std::result::Result<(), StoreError> {
    let Some(tie) = &table.tie else { return Ok(()) };
    let (column, index) = (quoted(&tie.column), quoted(&tie.index_name()));
    let sql = format!("SELECT {column} FROM {} INDEXED BY {index} ORDER BY {column}", table.sql());
    let search = || {
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut last: Vec<u8> = Vec::new();
        while let Some(row) = rows.next()? {
            let ValueRef::Text(id) = row.get_ref(0)? else { continue };
            if id == last {
                return Ok(crate::reading::object_id(ValueRef::Text(id)));
            }
            last.clear();
            last.extend_from_slice(id);
        }
        Ok(None)
    };
    let shared =
        search().map_err(site.failed(&format!("compare the ids of layer `{}`", table.name())))?;
    match shared {
        Some(id) => Err(StoreError::DuplicateId { layer: table.name().to_owned(), id }),
        None => Ok(()),
    }
}

fn index(
    connection: &Connection,
    table: &Table,
    tree: &str,
    mut entries: Entries,
    lost_rows: bool,
    was_empty: bool,
) -> std::result::Result<(), PackError> {
    if lost_rows {
        return pack(connection, tree, entries_of_table(connection, table)?);
    }
    if was_empty {
        return pack(connection, tree, entries);
    }
    let sql = format!("SELECT count(*) FROM {}", quoted(&format!("{tree}_rowid")));
    let old: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    if entries.count().saturating_mul(WORTH_PACKING) < old.unsigned_abs() {
        return insert_each(connection, tree, entries);
    }
    let sql = format!("SELECT id, minx, maxx, miny, maxy FROM {}", quoted(tree));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (min_x, max_x) = (row.get(1)?, row.get(2)?);
        let (min_y, max_y) = (row.get(3)?, row.get(4)?);
        entries.push(row.get(0)?, Bounds { min_x, max_x, min_y, max_y })?;
    }
    drop(rows);
    drop(statement);
    pack(connection, tree, entries)
}

fn insert_each(
    connection: &Connection,
    tree: &str,
    entries: Entries,
) -> std::result::Result<(), PackError> {
    let sql = format!("INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3, ?4, ?5)", quoted(tree));
    let mut insert = connection.prepare(&sql)?;
    entries.drain(|row, it| {
        let bounds = (row, it.min_x, it.max_x, it.min_y, it.max_y);
        insert.execute(bounds).map(drop).map_err(PackError::from)
    })
}

/// The entries that a layer's rows make; geometries that cannot be read make none.
pub(crate) fn entries_of_table(
    connection: &Connection,
    table: &Table,
) -> std::result::Result<Entries, PackError> {
    let mut entries = Entries::default();
    let (Some(geometry), Some(key)) = (&table.geometry, table.key_sql()) else {
        return Ok(entries);
    };
    let sql = format!("SELECT {key}, {} FROM {}", quoted(&geometry.name), table.sql());
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ValueRef::Blob(blob) = row.get_ref(1)? else { continue };
        if let Ok(Some(envelope)) = blob_envelope(blob) {
            entries.push(row.get(0)?, Bounds::around(&envelope))?;
        }
    }
    Ok(entries)
}
