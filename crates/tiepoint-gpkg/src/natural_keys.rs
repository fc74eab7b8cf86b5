//! Layers whose ids are the names that a field gives: what is noted of them, and what their rows say.
//!
//! The note is by name. Where others rename the table or the field, the layer is no longer tied,
//! and a check says so.
use crate::error::Site;
use crate::metadata::Table;
use crate::{dialect::quoted, side_table, values};
use rusqlite::{Connection, Result};
use std::collections::{HashMap, HashSet};
use tiepoint_core::{Fid, ObjectId};
use tiepoint_store::{KeySurvey, NaturalKey, StoreError, TieReport};

const BOOK: &str = "key";

/// What is noted of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// The layer, as it was called.
    pub(crate) table: String,
    /// The field, as it was called.
    pub(crate) field: String,
    pub(crate) namespace: ObjectId,
}

/// Every note of the file.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Note>> {
    Ok(side_table::all(connection, BOOK)?.iter().filter_map(|it| decode(&it.0, &it.1)).collect())
}

/// What is noted of a layer, whether or not it still has the field.
pub(crate) fn of_table(connection: &Connection, table: &str) -> Result<Option<Note>> {
    Ok(all(connection)?.into_iter().find(|it| it.table.eq_ignore_ascii_case(table)))
}

/// Notes a layer's key, in place of whatever was noted of a layer of that name.
pub(crate) fn note(connection: &Connection, note: &Note) -> Result<()> {
    side_table::ensure(connection)?;
    forget(connection, &note.table)?;
    let value = [note.namespace.as_bytes(), note.field.as_bytes()].concat();
    side_table::put(connection, BOOK, note.table.as_bytes(), &value)
}

/// Forgets a layer's key.
pub(crate) fn forget(connection: &Connection, table: &str) -> Result<()> {
    for note in all(connection)?.iter().filter(|it| it.table.eq_ignore_ascii_case(table)) {
        side_table::delete(connection, BOOK, note.table.as_bytes())?;
    }
    Ok(())
}

/// Forgets a layer's key where it is not there any more.
pub(crate) fn forget_stale(connection: &Connection, table: &str) -> Result<()> {
    for note in stale(connection)?.iter().filter(|it| it.table == table) {
        side_table::delete(connection, BOOK, note.table.as_bytes())?;
    }
    Ok(())
}

/// Notes of what is not there any more: others rename and drop without knowing of us.
pub(crate) fn stale(connection: &Connection) -> Result<Vec<Note>> {
    let sql = "SELECT 1 FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c \
               WHERE t.type IN ('table', 'view') AND t.name = ?1 COLLATE NOCASE AND c.name = ?2";
    let mut notes = all(connection)?;
    let mut statement = connection.prepare_cached(sql)?;
    let mut failure = Ok(());
    notes.retain(|it| match statement.exists([&it.table, &it.field]) {
        Ok(exists) => !exists,
        Err(error) => {
            failure = Err(error);
            false
        }
    });
    failure.map(|()| notes)
}

fn decode(key: &[u8], value: &[u8]) -> Option<Note> {
    let (namespace, field) = value.split_at_checked(16)?;
    Some(Note {
        table: String::from_utf8(key.to_vec()).ok()?,
        field: String::from_utf8(field.to_vec()).ok()?,
        namespace: ObjectId::from_bytes(namespace.try_into().ok()?).ok()?,
    })
}

/// Looks whether the key, noted a moment ago, can be one.
pub(crate) fn tied(
    connection: &Connection,
    site: &Site,
    table: &Table,
) -> std::result::Result<TieReport, StoreError> {
    let Some(key) = &table.natural_key else { return Ok(TieReport::default()) };
    let what = format!("tie layer `{}`", table.name());
    survey(connection, table, key).map_err(site.failed(&what))?.into_report(key)
}

/// Reads the key of every row.
pub(crate) fn survey(
    connection: &Connection,
    table: &Table,
    key: &NaturalKey,
) -> Result<KeySurvey> {
    let mut survey = KeySurvey::default();
    each(connection, table, key, |fid, id| survey.add(fid.map(Fid::Int), id))?;
    Ok(survey)
}

/// The rows of a layer by the ids that their keys name; of several that share one, the oldest.
#[derive(Debug, Default)]
pub(crate) struct RowsById {
    rows: HashMap<ObjectId, i64>,
    shared: HashSet<ObjectId>,
}

impl RowsById {
    /// Reads the key of every row.
    pub(crate) fn read(connection: &Connection, table: &Table, key: &NaturalKey) -> Result<Self> {
        let mut rows = Self::default();
        each(connection, table, key, |fid, id| {
            if let (Some(fid), Some(id)) = (fid, id) {
                rows.add(id, fid);
            }
        })?;
        Ok(rows)
    }

    pub(crate) fn get(&self, id: &ObjectId) -> Option<i64> {
        self.rows.get(id).copied()
    }

    pub(crate) fn add(&mut self, id: ObjectId, fid: i64) {
        if *self.rows.entry(id).or_insert(fid) != fid {
            self.shared.insert(id);
        }
    }

    /// Without the rows of one id; `None` where there may be another, so that it must be read anew.
    pub(crate) fn without(mut self, id: &ObjectId) -> Option<Self> {
        self.rows.remove(id);
        (!self.shared.contains(id)).then_some(self)
    }
}

/// Every row's key and object, the oldest first.
fn each(
    connection: &Connection,
    table: &Table,
    key: &NaturalKey,
    mut found: impl FnMut(Option<i64>, Option<ObjectId>),
) -> Result<()> {
    let (column, from) = (quoted(key.field()), table.sql());
    let sql = match table.key_sql() {
        Some(fid) => format!("SELECT {fid}, {column} FROM {from} ORDER BY {fid}"),
        None => format!("SELECT NULL, {column} FROM {from}"),
    };
    let ty = &table.layer.schema().fields()[key.position()].ty;
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let value = values::decode(row.get_ref(1)?, ty).ok();
        found(row.get(0).ok(), value.and_then(|it| key.id_of(&it)));
    }
    Ok(())
}
