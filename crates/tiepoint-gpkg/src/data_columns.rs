//! Writing the schema extension (OGC 12-128r19, annex F.9): titles, media types, closed sets.
use crate::error::Site;
use crate::{side_table, values};
use rusqlite::types::Value as Stored;
use rusqlite::{Connection, Result, params};
use tiepoint_core::{Domain, Field, FieldType, Value};
use tiepoint_store::StoreError;

const DEFINITION: &str = "http://www.geopackage.org/spec121/#extension_schema";
const TABLES: [&str; 2] = ["gpkg_data_columns", "gpkg_data_column_constraints"];

/// Writes what a field says beyond its type, if it says anything.
///
/// # Errors
///
/// `Unsupported` for a closed set that the extension cannot say.
pub(crate) fn write(
    connection: &Connection,
    site: &Site,
    table: &str,
    field: &Field,
) -> std::result::Result<(), StoreError> {
    let mime_type = (field.ty == FieldType::Json).then_some("application/json");
    let says = field.title.is_some() || field.description.is_some() || field.domain.is_some();
    if !says && mime_type.is_none() {
        return Ok(());
    }
    let rows = match &field.domain {
        Some(domain) => Some(constraint_rows(domain).ok_or_else(|| {
            let what = format!("keep the values that field `{}` allows", field.name);
            site.unsupported(what, None)
        })?),
        None => None,
    };
    let failed = site.failed(&format!("describe field `{}`", field.name));
    let insert = || {
        ensure_tables(connection)?;
        let constraint = match rows {
            Some(rows) => Some(insert_constraint(connection, table, &field.name, rows)?),
            None => None,
        };
        connection.execute(
            "INSERT INTO gpkg_data_columns VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)",
            params![table, field.name, field.title, field.description, mime_type, constraint],
        )
    };
    insert().map(drop).map_err(failed)
}

/// Removes what is said of a layer's fields, and the constraints that only they used.
pub(crate) fn forget(connection: &Connection, table: &str) -> Result<()> {
    if !side_table::table_exists(connection, TABLES[0])? {
        return Ok(());
    }
    let sql = "SELECT constraint_name FROM gpkg_data_columns \
               WHERE table_name = ?1 COLLATE NOCASE AND constraint_name IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>>>()?;
    let sql = "DELETE FROM gpkg_data_columns WHERE table_name = ?1 COLLATE NOCASE";
    connection.execute(sql, [table])?;
    if side_table::table_exists(connection, TABLES[1])? {
        let sql = "DELETE FROM gpkg_data_column_constraints WHERE constraint_name = ?1 AND NOT EXISTS \
                   (SELECT 1 FROM gpkg_data_columns WHERE constraint_name = ?1)";
        for name in names {
            connection.execute(sql, [name])?;
        }
    }
    Ok(())
}

fn ensure_tables(connection: &Connection) -> Result<()> {
    if side_table::table_exists(connection, TABLES[0])?
        && side_table::table_exists(connection, TABLES[1])?
    {
        return Ok(());
    }
    connection.execute_batch(include_str!("sql/data_columns.sql"))?;
    side_table::ensure_extensions(connection)?;
    for table in TABLES {
        let sql = "INSERT INTO gpkg_extensions SELECT ?1, NULL, 'gpkg_schema', ?2, 'read-write' \
                   WHERE NOT EXISTS (SELECT 1 FROM gpkg_extensions \
                   WHERE table_name = ?1 AND extension_name = 'gpkg_schema')";
        connection.execute(sql, [table, DEFINITION])?;
    }
    Ok(())
}

/// A row of `gpkg_data_column_constraints`, without its name.
struct Row {
    kind: &'static str,
    value: Option<String>,
    min: Option<(Stored, bool)>,
    max: Option<(Stored, bool)>,
    label: Option<String>,
}

/// The rows that say what a domain says; `None` when none do.
fn constraint_rows(domain: &Domain) -> Option<Vec<Row>> {
    let row = |kind, value| Row { kind, value, min: None, max: None, label: None };
    match domain {
        Domain::OneOf(values) if values.is_empty() => None,
        Domain::OneOf(values) => values
            .iter()
            .map(|(value, label)| {
                Some(Row { label: label.clone(), ..row("enum", Some(enum_text(value)?)) })
            })
            .collect(),
        Domain::Glob(pattern) => Some(vec![row("glob", Some(pattern.clone()))]),
        Domain::Range { min, max } => {
            let min = bound(min.as_ref(), f64::NEG_INFINITY)?;
            let max = bound(max.as_ref(), f64::INFINITY)?;
            Some(vec![Row { min: Some(min), max: Some(max), ..row("range", None) }])
        }
    }
}

fn enum_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(truth) => Some(u8::from(*truth).to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        other => values::text_of(other),
    }
}

/// One end of a range as a number; an open end lies at infinity, since none may be null.
fn bound(end: Option<&(Value, bool)>, open: f64) -> Option<(Stored, bool)> {
    match end {
        None => Some((Stored::Real(open), true)),
        Some((Value::Int(number), included)) => Some((Stored::Integer(*number), *included)),
        Some((Value::Real(number), included)) => Some((Stored::Real(*number), *included)),
        Some(_) => None,
    }
}

/// Inserts a constraint under a free name, in lower case (requirement 107), and gives the name.
fn insert_constraint(
    connection: &Connection,
    table: &str,
    column: &str,
    rows: Vec<Row>,
) -> Result<String> {
    let stem = format!("{table}_{column}").to_lowercase();
    let taken = "SELECT 1 FROM gpkg_data_column_constraints WHERE constraint_name = ?1";
    let mut name = stem.clone();
    let mut number = 1;
    while connection.prepare_cached(taken)?.exists([&name])? {
        number += 1;
        name = format!("{stem}_{number}");
    }
    let (min_is_inclusive, max_is_inclusive) = crate::columns::inclusive_columns(connection)?;
    let sql = format!(
        "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, min, \
         {min_is_inclusive}, max, {max_is_inclusive}, description) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    );
    for row in rows {
        let (min, min_included) = row.min.unzip();
        let (max, max_included) = row.max.unzip();
        connection.execute(
            &sql,
            params![name, row.kind, row.value, min, min_included, max, max_included, row.label],
        )?;
    }
    Ok(name)
}
