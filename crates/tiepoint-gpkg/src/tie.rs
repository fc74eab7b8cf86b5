//! Giving a layer identity in place, and taking all that is ours away again.
use crate::bulk::triggers_of;
use crate::dialect::quoted;
use crate::error::{Site, words};
use crate::metadata::Table;
use crate::ties::Tie;
use crate::{columns, drop_layer, guards, log, natural_keys, side_table, ties};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, Result, params};
use tiepoint_core::ObjectId;
use tiepoint_store::{BadIds, StoreError, TieReport, UntieReport};

/// How many rows a message names.
const EXAMPLES: usize = 5;

/// Registers `tiepoint_mint()` and `tiepoint_canonical(text)`, which is null for what is no id.
/// For our own statements only: nothing that stays in a file calls them.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection
        .create_scalar_function("tiepoint_mint", 0, flags, |_| Ok(ObjectId::mint().to_string()))?;
    let flags = flags | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("tiepoint_canonical", 1, flags, |context| {
        Ok(crate::reading::object_id(context.get_raw(0)).map(|id| id.to_string()))
    })
}

/// Ties a layer that is not tied yet by a column. The caller undoes everything when this fails.
pub(crate) fn tie(
    connection: &Connection,
    site: &Site,
    table: &Table,
    column: &str,
    bad_ids: BadIds,
) -> std::result::Result<TieReport, StoreError> {
    let failed = || site.failed(&format!("tie layer `{}`", table.name()));
    if let Some(reason) = &table.layer.read_only {
        return Err(site.read_only(format!("layer `{}`: {reason}", table.name())));
    }
    let (column, added) = carrier(connection, site, table, column)?;
    let key = table.key_sql().expect("a layer without keys is read-only");
    side_table::ensure(connection).map_err(failed())?;
    ties::forget_stale(connection, table.name()).map_err(failed())?;
    let triggers = drop_triggers(connection, table.name()).map_err(failed())?;
    if added {
        let sql = format!("ALTER TABLE {} ADD COLUMN {} TEXT", table.sql(), quoted(&column));
        connection.execute_batch(&sql).map_err(failed())?;
    }
    let tie = ties::add(connection, table.name(), &column, added).map_err(failed())?;
    let ids = Ids { connection, table: table.sql(), key, column: quoted(&column) };
    let report = if added {
        let minted = ids.mint_missing().map_err(failed())?;
        guards::create_index(connection, &tie).map_err(failed())?;
        TieReport { minted, ..TieReport::default() }
    } else {
        ids.canonicalize().map_err(failed())?;
        guards::create_index(connection, &tie).map_err(failed())?;
        let replaced = ids.settle_bad(table, &column, bad_ids).map_err(|error| match error {
            Bad::Driver(error) => failed()(error),
            Bad::Reported(error) => error,
        })?;
        let minted = ids.mint_missing().map_err(failed())?;
        let kept = ids.count().map_err(failed())? - minted - replaced;
        TieReport { kept, minted, replaced }
    };
    guards::install(connection, &tie, key).map_err(failed())?;
    for trigger in triggers {
        connection.execute_batch(&trigger).map_err(failed())?;
    }
    Ok(report)
}

/// The column that is to carry the ids, as it is spelled, and whether it must be added.
fn carrier(
    connection: &Connection,
    site: &Site,
    table: &Table,
    wanted: &str,
) -> std::result::Result<(String, bool), StoreError> {
    let what = format!("read the columns of layer `{}`", table.name());
    let columns = columns::read(connection, table.name()).map_err(site.failed(&what))?;
    let Some(found) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(wanted)) else {
        refuse_name(site, wanted)?;
        return Ok((wanted.to_owned(), true));
    };
    let is_geometry = table
        .layer
        .schema()
        .field(&found.name)
        .is_some_and(|field| matches!(field.ty, tiepoint_core::FieldType::Geometry(_)));
    if found.key_part > 0 || found.generated || is_geometry {
        let (name, layer) = (&found.name, table.name());
        let reason =
            format!("column `{name}` of layer `{layer}` has another purpose than carrying ids");
        return Err(site.invalid(reason));
    }
    Ok((found.name.clone(), false))
}

/// A new column can have any name but none, one with a NUL, and those of SQLite's row number.
fn refuse_name(site: &Site, column: &str) -> std::result::Result<(), StoreError> {
    if column.is_empty() || column.contains('\0') {
        let reason = "the column of ids must have a name of at least one character, and no NUL";
        return Err(site.invalid(reason));
    }
    if ["rowid", "oid", "_rowid_"].iter().any(|name| name.eq_ignore_ascii_case(column)) {
        let reason =
            format!("`{column}` is SQLite's own name for the row number: name another column");
        return Err(site.invalid(reason));
    }
    Ok(())
}

/// No trigger on the table is to take the ids for edits. Gives the statements that make them again.
fn drop_triggers(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let triggers = triggers_of(connection, table)?;
    for (name, _) in &triggers {
        connection.execute_batch(&format!("DROP TRIGGER {}", quoted(name)))?;
    }
    Ok(triggers.into_iter().map(|(_, sql)| sql).collect())
}

/// The ids in a column, whoever put them there. All names are SQL.
pub(crate) struct Ids<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) table: String,
    pub(crate) key: &'c str,
    pub(crate) column: String,
}

enum Bad {
    Driver(rusqlite::Error),
    Reported(StoreError),
}

impl From<rusqlite::Error> for Bad {
    fn from(error: rusqlite::Error) -> Self {
        Self::Driver(error)
    }
}

impl Ids<'_> {
    /// Gives every row without an id one.
    pub(crate) fn mint_missing(&self) -> Result<u64> {
        let Self { table, column, .. } = self;
        self.run(&format!(
            "UPDATE {table} SET {column} = tiepoint_mint() WHERE {column} IS NULL OR {column} = ''"
        ))
    }

    /// Writes every id the one way.
    pub(crate) fn canonicalize(&self) -> Result<u64> {
        let Self { table, column, .. } = self;
        self.run(&format!(
            "UPDATE {table} SET {column} = tiepoint_canonical({column}) \
             WHERE tiepoint_canonical({column}) <> {column}"
        ))
    }

    /// Rows without an id.
    pub(crate) fn missing(&self) -> Result<Vec<i64>> {
        let Self { table, key, column, .. } = self;
        self.rows(&format!(
            "SELECT {key} FROM {table} WHERE {column} IS NULL OR {column} = '' ORDER BY {key}"
        ))
    }

    /// Rows whose id is one, in another spelling than ours.
    pub(crate) fn misspelt(&self) -> Result<Vec<i64>> {
        let Self { table, key, column, .. } = self;
        self.rows(&format!(
            "SELECT {key} FROM {table} WHERE tiepoint_canonical({column}) <> {column} ORDER BY {key}"
        ))
    }

    /// Rows whose id is none.
    pub(crate) fn malformed(&self) -> Result<Vec<i64>> {
        let Self { table, key, column, .. } = self;
        self.rows(&format!(
            "SELECT {key} FROM {table} WHERE {column} IS NOT NULL AND {column} <> '' \
             AND tiepoint_canonical({column}) IS NULL ORDER BY {key}"
        ))
    }

    /// Rows whose id an older row has.
    pub(crate) fn shared(&self) -> Result<Vec<i64>> {
        let Self { table, key, column, .. } = self;
        self.rows(&format!(
            "SELECT {key} FROM {table} AS younger WHERE tiepoint_canonical({column}) IS NOT NULL \
             AND EXISTS (SELECT 1 FROM {table} AS older \
               WHERE older.{column} = younger.{column} AND older.{key} < younger.{key}) \
             ORDER BY {key}"
        ))
    }

    /// Gives a row a new id, and notes which it was made of.
    pub(crate) fn replace(&self, row: i64) -> Result<()> {
        let Self { table, key, column, .. } = self;
        let sql = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {key} = ?1");
        let old: Vec<u8> =
            self.connection.prepare_cached(&sql)?.query_row([row], |it| it.get(0))?;
        let new = ObjectId::mint().to_string();
        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {key} = ?2");
        self.connection.prepare_cached(&sql)?.execute(params![new, row])?;
        side_table::put(self.connection, "origin", new.as_bytes(), &old)
    }

    fn settle_bad(
        &self,
        table: &Table,
        column: &str,
        bad_ids: BadIds,
    ) -> std::result::Result<u64, Bad> {
        let (malformed, shared) = (self.malformed()?, self.shared()?);
        let bad = malformed.len() + shared.len();
        if bad > 0 && bad_ids == BadIds::Report {
            let reason = told(&malformed, &shared);
            let layer = table.name().to_owned();
            let column = column.to_owned();
            return Err(Bad::Reported(StoreError::BadIds { layer, column, reason }));
        }
        for row in malformed.iter().chain(&shared) {
            self.replace(*row)?;
        }
        Ok(bad as u64)
    }

    pub(crate) fn count(&self) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}", self.table);
        self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    }

    fn run(&self, sql: &str) -> Result<u64> {
        self.connection.execute(sql, []).map(|rows| rows as u64)
    }

    fn rows(&self, sql: &str) -> Result<Vec<i64>> {
        self.connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    }
}

fn told(malformed: &[i64], shared: &[i64]) -> String {
    let part = |rows: &[i64], what: &str| {
        let named: Vec<_> = rows.iter().take(EXAMPLES).map(ToString::to_string).collect();
        let more = if rows.len() > EXAMPLES { ", …" } else { "" };
        (!rows.is_empty())
            .then(|| format!("{} {what} (rows {}{more})", rows.len(), named.join(", ")))
    };
    let parts = [part(malformed, "no id at all"), part(shared, "the id of an older row")];
    format!(
        "ids that cannot be used: {}",
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    )
}

/// Removes what is ours from one layer, or from the file.
pub(crate) fn untie(
    connection: &Connection,
    site: &Site,
    layer: Option<&str>,
) -> std::result::Result<UntieReport, StoreError> {
    let failed = || site.failed("untie");
    let mut report = UntieReport::default();
    // its triggers name the columns that are to go
    match layer {
        Some(layer) => drop(log::remove(connection, layer).map_err(failed())?),
        None => log::remove_all(connection).map_err(failed())?,
    }
    for tie in ties::all(connection).map_err(failed())? {
        if layer.is_none_or(|layer| layer.eq_ignore_ascii_case(&tie.table)) {
            untie_one(connection, &tie, &mut report)
                .map_err(|error| kept_by_others(site, &tie, error))?;
        }
    }
    for note in natural_keys::all(connection).map_err(failed())? {
        if layer.is_none_or(|layer| layer.eq_ignore_ascii_case(&note.table)) {
            natural_keys::forget(connection, &note.table).map_err(failed())?;
            report.layers.push(note.table);
        }
    }
    for tie in ties::stale(connection).map_err(failed())? {
        if layer.is_none_or(|layer| layer.eq_ignore_ascii_case(&tie.table)) {
            ties::forget_stale(connection, &tie.table).map_err(failed())?;
            report.layers.push(tie.table);
        }
    }
    forget(connection, layer).map_err(failed())?;
    report.layers.sort_unstable();
    report.layers.dedup();
    report.columns_dropped.sort_unstable();
    Ok(report)
}

fn untie_one(connection: &Connection, tie: &Tie, report: &mut UntieReport) -> Result<()> {
    ties::remove(connection, tie)?;
    guards::remove(connection, tie)?;
    guards::drop_index(connection, tie)?;
    if tie.added {
        let (table, column) = (quoted(&tie.table), quoted(&tie.column));
        connection.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {column}"))?;
        report.columns_dropped.push(format!("{}.{}", tie.table, tie.column));
    }
    report.layers.push(tie.table.clone());
    Ok(())
}

/// Views, triggers and indexes of others may need the column; SQLite names them.
fn kept_by_others(site: &Site, tie: &Tie, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() != Some(rusqlite::ErrorCode::Unknown) {
        return site.driver_error(error, &format!("untie layer `{}`", tie.table));
    }
    let (layer, column) = (&tie.table, &tie.column);
    let reason = format!("column `{column}` of layer `{layer}` cannot go: {}", words(&error));
    site.invalid(reason)
}

/// Removes what is recorded of a layer; the whole side table when nothing needs it any more.
fn forget(connection: &Connection, layer: Option<&str>) -> Result<()> {
    if !side_table::exists(connection)? {
        return Ok(());
    }
    let Some(layer) = layer else { return side_table::remove(connection) };
    drop_layer::forget_types(connection, layer)?;
    side_table::delete(connection, "title", layer.as_bytes())?;
    side_table::remove_unneeded(connection)
}
