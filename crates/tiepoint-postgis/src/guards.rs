//! What keeps ids right when others write: an index that is not UNIQUE, and two triggers that never
//! refuse a row.
//!
//! * A row that comes without an id, or with what is none, gets one.
//! * A row that comes with the id of a live one gets its own; which object it was copied from is
//!   noted in `tiepoint.origin`.
//! * An id that is changed is changed back. A row whose id is missing or malformed may get one.
//! * `{67E5…}` becomes `67e5…`.
//!
//! Under UNIQUE, QGIS writes `<uuid>_1` on paste, and fails on copy and merge. The triggers are
//! called so that they fire after those of others, and their conditions spare whoever writes no id:
//! an edit of other columns costs nothing, a new row some 5 µs, one with an id of its own some 15.
//! The function is the tiepoint role's own (SECURITY DEFINER), so that it also works for those who
//! may only insert; nobody else may hang it on a table.
//!
//! Two things others can no longer do, as on SQLite: drop the column without CASCADE, or change its
//! type. Where others rename it, rows pass as they come until a check is told to mend.
use crate::carrier::Carrier;
use crate::error::Failure;
use crate::link::Link;
use crate::spelling::{literal, quoted};
use tiepoint_core::ObjectId;
use tokio_postgres::Row;

const BODY: &str = include_str!("sql/guard.sql");
const INSERT: &str = "zz_tiepoint_insert";
const UPDATE: &str = "zz_tiepoint_update";
/// Row by row and before an insert or an update: `pg_trigger.tgtype` (`trigger.h`).
const TYPES: [(&str, i16); 2] = [(INSERT, 1 | 2 | 4), (UPDATE, 1 | 2 | 16)];
/// Also in `sql/side_tables.sql`.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1953064814, $1::oid::int)";
/// Spares our own writer, who sees to ids itself.
const BY_OTHERS: &str = "pg_catalog.current_setting('tiepoint.writer', true) IS DISTINCT FROM 'on'";
/// Not even our own writer changes an id, unless it is mending.
const NOT_MENDING: &str =
    "pg_catalog.current_setting('tiepoint.writer', true) IS DISTINCT FROM 'mend'";

/// Whether the guard of a table does its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    InPlace,
    Missing,
    /// It is not as we made it, or it goes by a name that the column has no more.
    Altered,
    Disabled,
}

/// Makes everybody wait who brings ids of their own to a table, until this transaction ends.
pub(crate) fn lock(link: &Link, oid: u32) -> Result<(), Failure> {
    link.execute(LOCK, &[&oid]).map(drop)
}

/// Runs something that may rewrite ids.
pub(crate) fn mending<T>(
    link: &Link,
    run: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    link.batch("SET LOCAL tiepoint.writer = 'mend'")?;
    let outcome = run()?;
    link.batch("SET LOCAL tiepoint.writer = 'on'")?;
    Ok(outcome)
}

/// Makes the triggers and their function.
pub(crate) fn install(link: &Link, carrier: &Carrier) -> Result<(), Failure> {
    let (table, column) = (carrier.table_sql(), carrier.column_sql());
    let function = format!("tiepoint.guard_{}()", fresh());
    let names = format!("{}, {}", literal(&table), literal(&carrier.column));
    let call = function.replace("()", &format!("({names})"));
    link.batch(&format!(
        "CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
         SET search_path = pg_catalog, pg_temp \
         SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS {body}; \
         REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC; \
         CREATE TRIGGER {INSERT} BEFORE INSERT ON {table} FOR EACH ROW \
         WHEN ({BY_OTHERS}) EXECUTE FUNCTION {call}; \
         CREATE TRIGGER {UPDATE} BEFORE UPDATE ON {table} FOR EACH ROW \
         WHEN (OLD.{column} IS DISTINCT FROM NEW.{column} AND {NOT_MENDING}) \
         EXECUTE FUNCTION {call}",
        body = literal(&body(&table, &carrier.column, carrier.type_sql())),
    ))
}

/// A plan that is kept must not be one for a table that was empty then: hence no scan but that of
/// the index. The text is the same for the same names, so that a check can tell ours.
fn body(place: &str, column: &str, ty: &str) -> String {
    let in_format = quoted(column).replace('%', "%%").replace('\'', "''");
    let values = [
        ("COLUMN_IN_FORMAT", in_format),
        ("COLUMN", quoted(column)),
        ("PLACE", literal(place)),
        ("TABLE", place.to_owned()),
        ("TYPE", ty.to_owned()),
        ("NAME", literal(column)),
    ];
    filled(BODY, &values)
}

/// Puts values in place of `{NAME}`s, once: what is in a value is never looked at.
pub(crate) fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut sql = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        sql.push_str(before);
        let value = after.split_once('}').and_then(|(name, left)| {
            let (_, value) = values.iter().find(|(it, _)| *it == name)?;
            Some((value, left))
        });
        rest = if let Some((value, left)) = value {
            sql.push_str(value);
            left
        } else {
            sql.push('{');
            after
        };
    }
    sql + rest
}

/// Part of the names of a function or index: no number of the server's, which would be another
/// table's after a dump is restored.
fn fresh() -> String {
    let id = ObjectId::mint().to_string();
    id.rsplit('-').next().unwrap_or_default().to_owned()
}

/// Removes the triggers and their functions, those that are there.
pub(crate) fn remove(link: &Link, oid: u32) -> Result<(), Failure> {
    let sql = "SELECT g.tgname::text, g.tgrelid::regclass::text, p.oid::regprocedure::text \
               FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid \
               WHERE g.tgrelid = $1 AND g.tgname = ANY ($2::text[])";
    let found = link.query(sql, &[&oid, &&[INSERT, UPDATE][..]])?;
    for row in &found {
        let (name, table): (&str, &str) = (row.get(0), row.get(1));
        link.batch(&format!("DROP TRIGGER {} ON {table}", quoted(name)))?;
    }
    for row in &found {
        let function: &str = row.get(2);
        if function.starts_with("tiepoint.guard_") {
            link.batch(&format!("DROP FUNCTION IF EXISTS {function}"))?;
        }
    }
    Ok(())
}

/// Removes the functions of tables that are gone, as far as we may.
pub(crate) fn remove_orphans(link: &Link) -> Result<(), Failure> {
    let sql = "SELECT p.oid::regprocedure::text FROM pg_proc p \
               WHERE p.pronamespace = 'tiepoint'::regnamespace AND p.proname LIKE 'guard\\_%' \
                 AND pg_has_role(p.proowner, 'USAGE') \
                 AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid)";
    for row in link.query(sql, &[])? {
        link.batch(&format!("DROP FUNCTION IF EXISTS {}", row.get::<_, &str>(0)))?;
    }
    Ok(())
}

/// Whether the triggers are there, enabled, and say what they must: on all partitions, too.
pub(crate) fn state(link: &Link, carrier: &Carrier) -> Result<Guard, Failure> {
    let rows =
        link.query(include_str!("sql/guards.sql"), &[&carrier.oid, &&[INSERT, UPDATE][..]])?;
    let mut state = Guard::InPlace;
    for (name, ty) in TYPES {
        let Some(row) = rows.iter().find(|row| row.get::<_, &str>(0) == name) else {
            return Ok(Guard::Missing);
        };
        if row.get::<_, i16>(1) != ty || !is_ours(row, carrier) {
            return Ok(Guard::Altered);
        }
        if !row.get::<_, bool>(2) {
            state = Guard::Disabled;
        }
    }
    Ok(state)
}

/// The table may go by another name since; the trigger's arguments say by which it went.
fn is_ours(row: &Row, carrier: &Carrier) -> bool {
    let arguments: &[u8] = row.get(3);
    let arguments: Vec<&[u8]> = arguments.split(|byte| *byte == 0).collect();
    let text = |at: usize| std::str::from_utf8(arguments.get(at)?).ok();
    let (Some(place), Some(column)) = (text(0), text(1)) else { return false };
    let as_made: bool = row.get(5);
    as_made
        && column == carrier.column
        && row.get::<_, &str>(4) == body(place, column, carrier.type_sql())
}

/// Makes the index on the ids, unless one serves already.
pub(crate) fn ensure_index(link: &Link, carrier: &Carrier) -> Result<(), Failure> {
    if has_index(link, carrier)? {
        return Ok(());
    }
    let (table, column) = (carrier.table_sql(), carrier.column_sql());
    link.batch(&format!("CREATE INDEX tiepoint_{}_ids ON {table} ({column})", fresh()))
}

/// Whether some index serves to find a row by its id.
pub(crate) fn has_index(link: &Link, carrier: &Carrier) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid \
               JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree' \
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
               WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL \
                 AND a.attname = $2::text)";
    link.query_one(sql, &[&carrier.oid, &carrier.column]).map(|row| row.get(0))
}

/// Removes our index on the ids, if it is there.
pub(crate) fn drop_index(link: &Link, oid: u32) -> Result<(), Failure> {
    let sql = "SELECT x.oid::regclass::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid \
               WHERE i.indrelid = $1 AND x.relname ~ '^tiepoint_[0-9a-f]{12}_ids$'";
    for row in link.query(sql, &[&oid])? {
        link.batch(&format!("DROP INDEX {}", row.get::<_, &str>(0)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_stay_names() {
        let body = body("\"a{COLUMN}'s\".\"t\"", "50%\"'$$", "uuid");
        assert!(body.contains("to_regclass('\"a{COLUMN}''s\".\"t\"')"), "{body}");
        assert!(body.contains("NEW.\"50%\"\"'$$\"::text"), "{body}");
        assert!(body.contains("WHERE tied.\"50%%\"\"''$$\" = $1::uuid"), "{body}");
    }
}
