//! Which columns of a table are noted, and where in the log: each has its place among all columns
//! but the key, so that a column that is added later moves none.
use super::table::hash;
use crate::affinity;
use crate::columns;
use crate::dialect::quoted;
use crate::metadata::Table;
use crate::sql_text;
use rusqlite::{Connection, Result};

/// The columns of a table as its log notes them.
#[derive(Debug)]
pub(crate) struct NotedColumns {
    /// The row's key, as SQL.
    pub(super) key: String,
    /// The column of ids, as SQL.
    pub(super) id: Option<String>,
    pub(super) noted: Vec<NotedColumn>,
    /// A number that tells the types of those columns from others.
    pub(super) types: u32,
    pub(super) unique: Vec<UniqueIndex>,
    /// How many columns for values the log must have.
    pub(super) width: usize,
}

#[derive(Debug)]
pub(super) struct NotedColumn {
    /// Its name, as SQL.
    pub(super) name: String,
    pub(super) slot: usize,
    /// Whether equal numbers of several storage classes may be in it.
    pub(super) any_class: bool,
}

/// A rule by which a row that comes may take the place of another.
#[derive(Debug)]
pub(super) struct UniqueIndex {
    /// The columns and their collations, as SQL.
    pub(super) columns: Vec<(String, String)>,
    /// Which rows are in it, as SQL.
    pub(super) condition: Option<String>,
}

impl NotedColumns {
    /// What is noted of a table; `None` where its rows are not its own or have no key that stays.
    pub(crate) fn of(connection: &Connection, table: &Table) -> Result<Option<Self>> {
        let (Some(key_name), Some(key)) = (&table.layer.fid_name, table.key_sql()) else {
            return Ok(None);
        };
        let id_name = table.tie.as_ref().map(|tie| &tie.column);
        let all = columns::read(connection, table.name())?;
        let (mut noted, mut types) = (Vec::new(), String::new());
        for (slot, column) in all.iter().filter(|it| it.name != *key_name).enumerate() {
            if Some(&column.name) != id_name {
                let any_class = affinity::keeps_every_class(&column.declared);
                noted.push(NotedColumn { name: quoted(&column.name), slot, any_class });
                types.extend([&column.declared, "\n"]);
            }
        }
        Ok(Some(Self {
            key: key.to_owned(),
            id: id_name.map(|name| quoted(name)),
            width: noted.last().map_or(0, |it| it.slot + 1),
            noted,
            types: hash(types.bytes()),
            unique: unique_indexes(connection, table.name())?,
        }))
    }

    /// Where the values of each field of the schema are.
    pub(crate) fn slots(&self) -> Vec<usize> {
        self.noted.iter().map(|it| it.slot).collect()
    }
}

/// Every rule of uniqueness on columns, that of the key itself excepted.
fn unique_indexes(connection: &Connection, table: &str) -> Result<Vec<UniqueIndex>> {
    let sql = "SELECT l.name, s.sql FROM pragma_index_list(?1) AS l \
               LEFT JOIN sqlite_master AS s ON s.type = 'index' AND s.name = l.name \
               WHERE l.\"unique\" ORDER BY l.name";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let listed: Vec<(String, Option<String>)> =
        statement.query_map([table], read)?.collect::<Result<_>>()?;
    let mut indexes = Vec::new();
    for (name, sql) in listed {
        let condition = sql.as_deref().and_then(sql_text::index_condition);
        indexes
            .extend(indexed(connection, &name)?.map(|columns| UniqueIndex { columns, condition }));
    }
    Ok(indexes)
}

/// The columns of an index with their collations; `None` for one on expressions.
fn indexed(connection: &Connection, index: &str) -> Result<Option<Vec<(String, String)>>> {
    let sql = "SELECT name, coll FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno";
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([index], |row| {
        let (name, collation): (Option<String>, String) = (row.get(0)?, row.get(1)?);
        Ok(name.map(|name| (quoted(&name), quoted(&collation))))
    })?;
    let names: Vec<Option<(String, String)>> = names.collect::<Result<_>>()?;
    Ok(names.into_iter().collect())
}
