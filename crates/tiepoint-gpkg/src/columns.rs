//! The columns of a table as fields: type, rules and, from the schema extension (annex F.9), titles
//! and closed sets of values.
use crate::side_table;
use crate::types;
use crate::values;
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{Connection, Result};
use std::collections::HashMap;
use tiepoint_core::{Crs, Domain, Field, FieldDefault, FieldType, Value};

/// A column as SQLite describes it.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) declared: String,
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    /// Its place in the primary key, from 1; 0 when it is no part.
    pub(crate) key_part: i64,
    pub(crate) generated: bool,
}

/// All columns of a table or view, in order; hidden ones of virtual tables left out.
pub(crate) fn read(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let sql = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) \
               WHERE hidden <> 1 ORDER BY cid";
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.query_map([table], |row| {
        Ok(Column {
            name: row.get(0)?,
            declared: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            not_null: row.get(2)?,
            default: row.get(3)?,
            key_part: row.get(4)?,
            generated: row.get::<_, i64>(5)? > 1,
        })
    })?;
    columns.collect()
}

/// What `gpkg_data_columns` says of one column.
#[derive(Debug, Default)]
struct Description {
    title: Option<String>,
    text: Option<String>,
    mime_type: Option<String>,
    constraint: Option<String>,
}

/// Makes fields of the columns of one table.
#[derive(Debug)]
pub(crate) struct FieldReader<'a> {
    connection: &'a Connection,
    crs: &'a HashMap<i32, Crs>,
    descriptions: HashMap<String, Description>,
    recorded: HashMap<String, String>,
}

impl<'a> FieldReader<'a> {
    pub(crate) fn new(
        connection: &'a Connection,
        table: &str,
        crs: &'a HashMap<i32, Crs>,
    ) -> Result<Self> {
        let descriptions = descriptions(connection, table)?;
        let recorded = recorded_types(connection, table)?;
        Ok(Self { connection, crs, descriptions, recorded })
    }

    /// The field, and the `srs_id` of a geometry that only our record knows.
    pub(crate) fn field(&mut self, column: &Column) -> Result<(Field, i32)> {
        let description = self.descriptions.remove(&column.name).unwrap_or_default();
        let record = self.recorded.get(&column.name);
        let record = record.and_then(|it| types::from_record(it, |id| self.crs.get(&id).cloned()));
        let is_json = description.mime_type.as_deref() == Some("application/json");
        let (ty, srs_id) = match record {
            Some((ty, srs_id)) => (ty, srs_id.unwrap_or_default()),
            None if is_json => (FieldType::Json, 0),
            None => (types::from_declared(&column.declared), 0),
        };
        let domain = match &description.constraint {
            Some(name) => domain(self.connection, name, &ty)?,
            None => None,
        };
        let field = Field {
            nullable: !column.not_null,
            default: column.default.as_deref().and_then(|text| default(self.connection, text, &ty)),
            domain,
            generated: column.generated,
            title: description.title,
            description: description.text,
            ..Field::new(&column.name, ty)
        };
        Ok((field, srs_id))
    }
}

fn descriptions(connection: &Connection, table: &str) -> Result<HashMap<String, Description>> {
    if !side_table::table_exists(connection, "gpkg_data_columns")? {
        return Ok(HashMap::new());
    }
    let sql = "SELECT column_name, title, description, mime_type, constraint_name \
               FROM gpkg_data_columns WHERE table_name = ?1 COLLATE NOCASE";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([table], |row| {
        let said = |at| row.get::<_, Option<String>>(at).map(|it| it.filter(|it| !it.is_empty()));
        let (title, text, mime_type) = (said(1)?, said(2)?, said(3)?);
        Ok((row.get(0)?, Description { title, text, mime_type, constraint: said(4)? }))
    })?;
    rows.collect()
}

fn recorded_types(connection: &Connection, table: &str) -> Result<HashMap<String, String>> {
    let mut recorded = HashMap::new();
    for (key, value) in side_table::all(connection, "type")? {
        let Some((of, column)) = std::str::from_utf8(&key).ok().and_then(|it| it.split_once('\0'))
        else {
            continue;
        };
        if of == table {
            recorded.insert(column.to_owned(), String::from_utf8_lossy(&value).into_owned());
        }
    }
    Ok(recorded)
}

/// A literal becomes a value of the field's type; anything else stays SQLite's expression.
fn default(connection: &Connection, text: &str, ty: &FieldType) -> Option<FieldDefault> {
    if text.eq_ignore_ascii_case("NULL") {
        return None;
    }
    let expression = || Some(FieldDefault::Expression(text.to_owned()));
    let Some(stored) = literal(connection, text) else { return expression() };
    match values::decode(ValueRef::from(&stored), ty) {
        Ok(value) if ty.accept(value.clone()).is_ok() => Some(FieldDefault::Value(value)),
        _ => expression(),
    }
}

/// What a literal stands for; `None` for what is none. SQLite itself reads it, after it has been
/// made sure that it is nothing but a literal.
fn literal(connection: &Connection, text: &str) -> Option<Stored> {
    let body = text.trim();
    let is_number =
        body.parse::<f64>().is_ok() && body.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_text = |body: &str| {
        body.len() >= 2
            && body.starts_with('\'')
            && body.ends_with('\'')
            && !body[1..body.len() - 1].replace("''", "").contains('\'')
    };
    let is_bytes = body.starts_with(['x', 'X']) && is_text(&body[1..]);
    let is_truth = body.eq_ignore_ascii_case("TRUE") || body.eq_ignore_ascii_case("FALSE");
    let is_literal = is_number || is_text(body) || is_bytes || is_truth;
    if !is_literal {
        return None;
    }
    connection.query_row(&format!("SELECT {body}"), [], |row| row.get(0)).ok()
}

/// The closed set that a constraint of the schema extension names (annex F.9.4).
fn domain(connection: &Connection, name: &str, ty: &FieldType) -> Result<Option<Domain>> {
    if !side_table::table_exists(connection, "gpkg_data_column_constraints")? {
        return Ok(None);
    }
    let (min_included, max_included) = inclusive_columns(connection)?;
    let sql = format!(
        "SELECT constraint_type, value, description, min, {min_included}, max, {max_included} \
         FROM gpkg_data_column_constraints WHERE constraint_name = ?1 ORDER BY rowid"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    let mut allowed = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, text): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        match kind.as_str() {
            "enum" => {
                let label: Option<String> = row.get(2)?;
                let text = text.unwrap_or_default();
                allowed.push((enum_value(&text, ty), label.filter(|label| !label.is_empty())));
            }
            "range" => {
                let min = bound(row.get_ref(3)?, row.get_ref(4)?, ty);
                let max = bound(row.get_ref(5)?, row.get_ref(6)?, ty);
                return Ok(Some(Domain::Range { min, max }));
            }
            "glob" => return Ok(text.map(Domain::Glob)),
            _ => {}
        }
    }
    Ok((!allowed.is_empty()).then_some(Domain::OneOf(allowed)))
}

/// GeoPackage 1.0 spelled them in another way.
pub(crate) fn inclusive_columns(connection: &Connection) -> Result<(&'static str, &'static str)> {
    let sql = "SELECT 1 FROM pragma_table_info('gpkg_data_column_constraints') WHERE name = 'min_is_inclusive'";
    let newer = connection.prepare_cached(sql)?.exists([])?;
    let (new, old) =
        (("min_is_inclusive", "max_is_inclusive"), ("minIsInclusive", "maxIsInclusive"));
    Ok(if newer { new } else { old })
}

/// The file keeps allowed values as text, whatever the column's type.
fn enum_value(text: &str, ty: &FieldType) -> Value {
    let number = |text: &str| text.parse().ok().map(Value::Int);
    let parsed = match ty {
        FieldType::Int(_) => number(text),
        FieldType::Bool => number(text).map(|it| Value::Bool(it != Value::Int(0))),
        FieldType::Real(_) => text.parse().ok().map(Value::Real),
        _ => values::decode(ValueRef::Text(text.as_bytes()), ty).ok(),
    };
    parsed.unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// One end of a range; an infinite one is open.
fn bound(stored: ValueRef<'_>, included: ValueRef<'_>, ty: &FieldType) -> Option<(Value, bool)> {
    let value = values::decode(stored, ty).ok()?;
    let open = match &value {
        Value::Null => true,
        Value::Real(number) => number.is_infinite(),
        _ => false,
    };
    let included = !matches!(included, ValueRef::Integer(0));
    (!open).then_some((value, included))
}
