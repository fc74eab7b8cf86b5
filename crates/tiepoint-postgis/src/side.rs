//! What is ours in a database: tables in a schema of their own, which is made when it is first
//! needed and which everybody may read.
//!
//! `layer` (titles, and which column carries the ids or which field names the objects), `field`
//! (titles and closed sets that the server's own catalogue cannot say), `origin` (which object a
//! copy was made of), `book` (callers' books); beside them, once changes are noted, the tables of
//! `sql/log_tables.sql`. Tables are known by the server's numbers for them,
//! which follow every rename. Rows of tables that others have dropped do no harm, and go when
//! something else is written.
use crate::domain_json;
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::log;
use crate::transaction::marked;
use std::collections::HashMap;
use tiepoint_core::{Domain, Field, ObjectId, Schema, Value};
use tiepoint_store::Result;
use tokio_postgres::Row;

const TABLES: &str = "tiepoint.layer, tiepoint.field, tiepoint.book, tiepoint.origin";
/// Also in `sql/side_tables.sql`.
const MAKING: &str = "pg_try_advisory_xact_lock(8387236776539059316)";

/// What is noted of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TieNote {
    pub(crate) title: Option<String>,
    /// The column that carries the ids, as it is called now.
    pub(crate) column: Option<String>,
    /// Whether that column is ours.
    pub(crate) added: bool,
    /// The field that names the objects, as it was called, and the namespace of these names.
    pub(crate) natural_key: Option<(String, ObjectId)>,
}

/// What is noted of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldNote {
    pub(crate) field: String,
    pub(crate) title: Option<String>,
    pub(crate) domain: Option<Domain>,
}

/// Whether the database has our tables.
pub(crate) fn exists(link: &Link) -> Result<bool, Failure> {
    link.query_one("SELECT to_regclass('tiepoint.book') IS NOT NULL", &[]).map(|row| row.get(0))
}

/// Whether the database has our tables; if so, nobody takes them away before a transaction ends.
pub(crate) fn holds(link: &Link) -> Result<bool, Failure> {
    let lock = format!("LOCK TABLE {TABLES} IN ACCESS SHARE MODE");
    Ok(exists(link)?
        && (!link.is_in_transaction() || marked(link, |link| link.batch(&lock)).is_ok()))
}

/// What is noted of layers.
pub(crate) fn ties_of(link: &Link, oids: &[u32]) -> Result<HashMap<u32, Vec<TieNote>>, Failure> {
    notes(link, include_str!("sql/ties.sql"), oids, |row| TieNote {
        title: row.get(1),
        column: row.get(2),
        added: row.get(3),
        natural_key: row
            .get::<_, Option<String>>(4)
            .zip(row.get::<_, Option<&str>>(5).and_then(|it| it.parse().ok())),
    })
}

/// What is noted of their fields.
pub(crate) fn notes_of(link: &Link, oids: &[u32]) -> Result<HashMap<u32, Vec<FieldNote>>, Failure> {
    let sql = "SELECT layer::oid, field::text, title, domain::text FROM tiepoint.field \
               WHERE layer::oid = ANY ($1)";
    notes(link, sql, oids, |row| FieldNote {
        field: row.get(1),
        title: row.get(2),
        domain: row.get::<_, Option<&str>>(3).and_then(domain_json::decode),
    })
}

fn notes<T>(
    link: &Link,
    sql: &str,
    oids: &[u32],
    read: impl Fn(&Row) -> T,
) -> Result<HashMap<u32, Vec<T>>, Failure> {
    let mut notes: HashMap<u32, Vec<T>> = HashMap::new();
    for row in link.query(sql, &[&oids]).or_else(none_where_just_removed)? {
        notes.entry(row.get(0)).or_default().push(read(&row));
    }
    Ok(notes)
}

/// Somebody may have taken our tables away since we looked.
fn none_where_just_removed(failure: Failure) -> Result<Vec<Row>, Failure> {
    if is_missing(&failure) { Ok(Vec::new()) } else { Err(failure) }
}

/// Whether a table was not there.
pub(crate) fn is_missing(failure: &Failure) -> bool {
    failure.code() == Some("42P01")
}

/// Makes our schema, unless it is there, and sees to it that nobody removes it meanwhile.
pub(crate) fn ensure(link: &Link, site: &Site) -> Result<()> {
    let ensure = || if holds(link)? { Ok(()) } else { make(link) };
    ensure().map_err(site.failed("make the schema `tiepoint`"))
}

/// Waits for others who are making it, too. The server may believe even then that it is not there,
/// and only finds out when it makes it.
fn make(link: &Link) -> Result<(), Failure> {
    const TRIES: usize = 3;
    let is_there = |failure: &Failure| matches!(failure.code(), Some("23505" | "42P06" | "42P07"));
    let mut outcome = Ok(());
    for _ in 0..TRIES {
        outcome = marked(link, |link| link.batch(include_str!("sql/side_tables.sql")));
        if !matches!(&outcome, Err(failure) if is_there(failure)) {
            break;
        }
    }
    outcome
}

/// Notes what a layer is called for people.
pub(crate) fn note_layer(link: &Link, site: &Site, oid: u32, title: Option<&str>) -> Result<()> {
    let Some(title) = title else { return Ok(()) };
    ensure(link, site)?;
    let sql = "INSERT INTO tiepoint.layer (layer, title, place) VALUES ($1::oid, $2, $1::oid::regclass) \
               ON CONFLICT (layer) DO UPDATE SET title = excluded.title, place = excluded.place";
    link.execute(sql, &[&oid, &title]).map(drop).map_err(site.failed("note a title"))
}

/// Notes what the server's own catalogue cannot say of fields.
pub(crate) fn note_fields(link: &Link, site: &Site, oid: u32, schema: &Schema) -> Result<()> {
    let told = |field: &&Field| field.title.is_some() || unsaid(field).is_some();
    let fields: Vec<&Field> = schema.fields().iter().filter(told).collect();
    if fields.is_empty() {
        return Ok(());
    }
    ensure(link, site)?;
    let sql = "INSERT INTO tiepoint.field (layer, field, title, domain) \
               VALUES ($1::oid, $2::text, $3, $4::text::jsonb) ON CONFLICT (layer, field) \
               DO UPDATE SET title = excluded.title, domain = excluded.domain";
    for field in fields {
        let domain = unsaid(field).map(domain_json::encode);
        let noted = link.execute(sql, &[&oid, &field.name, &field.title, &domain]);
        noted.map_err(site.failed(&format!("describe field `{}`", field.name)))?;
    }
    Ok(())
}

/// A closed set, unless the column's constraint says all of it.
fn unsaid(field: &Field) -> Option<&Domain> {
    let is_said = |(value, label): &(Value, Option<String>)| {
        label.is_none() && matches!(value, Value::Text(text) if !text.contains('\0'))
    };
    match field.domain.as_ref()? {
        Domain::OneOf(values) if !values.is_empty() && values.iter().all(is_said) => None,
        domain => Some(domain),
    }
}

/// Notes which column of a layer carries ids.
pub(crate) fn note_tie(link: &Link, oid: u32, column: &str, added: bool) -> Result<(), Failure> {
    let sql = "INSERT INTO tiepoint.layer (layer, id_column, added, place) \
               VALUES ($1::oid, $2::text, $3, $1::oid::regclass) ON CONFLICT (layer) DO UPDATE \
               SET id_column = excluded.id_column, added = excluded.added, place = excluded.place";
    link.execute(sql, &[&oid, &column, &added]).map(drop)
}

/// Notes which field of a layer names the objects.
pub(crate) fn note_key(
    link: &Link,
    oid: u32,
    field: &str,
    namespace: &ObjectId,
) -> Result<(), Failure> {
    let sql = "INSERT INTO tiepoint.layer (layer, key_field, namespace, place) \
               VALUES ($1::oid, $2::text, $3::text::uuid, $1::oid::regclass) ON CONFLICT (layer) \
               DO UPDATE SET key_field = excluded.key_field, namespace = excluded.namespace, \
               place = excluded.place";
    link.execute(sql, &[&oid, &field, &namespace.to_string()]).map(drop)
}

/// Forgets all that is noted of a layer, and of those that others have dropped.
pub(crate) fn forget_layer(link: &Link, oid: u32) -> Result<(), Failure> {
    if !exists(link)? {
        return Ok(());
    }
    for table in ["layer", "field"] {
        let sql = format!("DELETE FROM tiepoint.{table} WHERE layer::oid = $1");
        link.execute(&sql, &[&oid])?;
    }
    link.batch(include_str!("sql/forget_dropped.sql"))
}

/// Tables that were tied and have since been made anew by others, by name and by what carried ids.
pub(crate) fn made_anew(link: &Link) -> Result<Vec<(u32, u32, String)>, Failure> {
    if !exists(link)? {
        return Ok(Vec::new());
    }
    let rows = link.query(include_str!("sql/made_anew.sql"), &[])?;
    let carrier = |row: &Row| match row.get::<_, Option<&str>>(2) {
        Some(column) => format!("column `{column}`"),
        None => format!("the natural key `{}`", row.get::<_, &str>(3)),
    };
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), carrier(row))).collect())
}

/// Removes our schema if there is nothing in it any more and nobody else is at it.
pub(crate) fn remove_if_empty(link: &Link) -> Result<(), Failure> {
    if !exists(link)? || !is_empty(link)? {
        return Ok(());
    }
    if !link.query_one(&format!("SELECT {MAKING}"), &[])?.get::<_, bool>(0) {
        return Ok(());
    }
    let alone = format!("LOCK TABLE {TABLES} IN ACCESS EXCLUSIVE MODE NOWAIT");
    let removed = marked(link, |link| {
        link.batch(&alone)?;
        if is_empty(link)? { link.batch(include_str!("sql/drop_side_tables.sql")) } else { Ok(()) }
    });
    // somebody else is at it, owns it, or has put something there: then it stays
    match removed {
        Err(Failure::Stopped(error)) => Err(Failure::Stopped(error)),
        Err(Failure::Server(error)) if error.is_closed() => Err(Failure::Server(error)),
        Ok(()) | Err(Failure::Server(_)) => Ok(()),
    }
}

fn is_empty(link: &Link) -> Result<bool, Failure> {
    if log::exists(link)?
        && link.query_one("SELECT EXISTS (SELECT FROM tiepoint.logged)", &[])?.get::<_, bool>(0)
    {
        return Ok(false);
    }
    let sql = "SELECT NOT EXISTS (SELECT FROM tiepoint.layer) \
               AND NOT EXISTS (SELECT FROM tiepoint.field) \
               AND NOT EXISTS (SELECT FROM tiepoint.book) \
               AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname LIKE 'guard\\_%' \
                 AND p.pronamespace = 'tiepoint'::regnamespace)";
    link.query_one(sql, &[]).map(|row| row.get(0))
}

/// What the server says, for a message of ours.
pub(crate) fn words(failure: &Failure) -> String {
    match failure {
        Failure::Server(error) => crate::error::words(error),
        Failure::Stopped(error) => error.to_string(),
    }
}
