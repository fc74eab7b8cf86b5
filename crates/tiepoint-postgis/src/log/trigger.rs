//! The triggers that note changes, and their functions: one for each event, as what they have in
//! common costs less to say twice than to decide each time.
use crate::error::Failure;
use crate::guards::filled;
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::Table;
use crate::spelling::literal;

/// Their names, which have them fire before those of others.
pub(crate) const TRIGGERS: [&str; 4] =
    ["aa_tiepoint_insert", "aa_tiepoint_update", "aa_tiepoint_delete", "aa_tiepoint_truncate"];
const EVENTS: [Event; 4] = [
    Event {
        name: "insert",
        when: "AFTER INSERT ON {} REFERENCING NEW TABLE AS tiepoint_new",
        kind: "'i'",
        fast: INSERTED,
    },
    Event {
        name: "update",
        when: "AFTER UPDATE ON {} REFERENCING OLD TABLE AS tiepoint_old NEW TABLE AS tiepoint_new",
        kind: "'u'",
        fast: UPDATED,
    },
    Event {
        name: "delete",
        when: "AFTER DELETE ON {} REFERENCING OLD TABLE AS tiepoint_old",
        kind: "'d'",
        fast: DELETED,
    },
    Event { name: "truncate", when: "BEFORE TRUNCATE ON {}", kind: "'d'", fast: "NULL;" },
];
/// What collects a few rows, and finds out whether they are few, and no key is new.
const INSERTED: &str = "SELECT s.keys, {PLAIN} INTO note.keys, note.is_plain FROM (SELECT \
  pg_catalog.array_agg({KEY}) AS keys FROM (SELECT * FROM tiepoint_new LIMIT 1001) AS \
  \"tiepoint rows\") AS s;";
const UPDATED: &str = "SELECT s.keys, s.before, {PLAIN} \
  AND pg_catalog.cardinality(n.keys) OPERATOR(pg_catalog.<) 65 \
  AND n.keys OPERATOR(pg_catalog.<@) s.keys INTO note.keys, note.before, note.is_plain FROM (SELECT \
  pg_catalog.array_agg({KEY}) AS keys, pg_catalog.array_agg({ROW}) AS before FROM (SELECT * FROM \
  tiepoint_old LIMIT 1001) AS \"tiepoint rows\") AS s, (SELECT pg_catalog.array_agg({KEY}) AS keys \
  FROM (SELECT * FROM tiepoint_new LIMIT 65) AS \"tiepoint rows\") AS n;";
const DELETED: &str = "SELECT s.keys, s.before, {PLAIN} INTO note.keys, note.before, note.is_plain \
  FROM (SELECT pg_catalog.array_agg({KEY}) AS keys, pg_catalog.array_agg({ROW}) AS before FROM \
  (SELECT * FROM tiepoint_old LIMIT 1001) AS \"tiepoint rows\") AS s;";
/// Whether there are few rows, and the log may be written to; now and then it says no, for the log to
/// be trimmed.
const PLAIN: &str = "pg_catalog.cardinality(s.keys) OPERATOR(pg_catalog.<=) 1000 AND \
  pg_catalog.has_table_privilege('tiepoint.log'::pg_catalog.regclass, 'INSERT') \
  AND pg_catalog.random() OPERATOR(pg_catalog.<) 0.996";
const ISO_DATES: &str = "pg_catalog.starts_with(pg_catalog.current_setting('datestyle'), 'ISO')";
const PLAIN_INTERVALS: &str =
    "pg_catalog.current_setting('intervalstyle') OPERATOR(pg_catalog.=) 'postgres'";
/// Every positive number means the shortest text that is exact.
const EXACT_FLOATS: &str = "pg_catalog.current_setting('extra_float_digits')::pg_catalog.int4 \
  OPERATOR(pg_catalog.>) 0";
const BODY: &str = include_str!("../sql/note.sql");

/// A statement that is noted.
struct Event {
    /// How its trigger and its function end.
    name: &'static str,
    /// When it fires, `{}` being the table.
    when: &'static str,
    /// The kind of its entries, as SQL.
    kind: &'static str,
    fast: &'static str,
}

/// Makes them for a table and its partitions, and the type that its rows have had until they change.
pub(super) fn make(link: &Link, table: &Table, number: i32, key: &str) -> Result<(), Failure> {
    // of domains their base: whoever reads entries is not to run the checks of others
    let sql = "WITH RECURSIVE typed (attnum, name, type, modifier) AS ( \
                 SELECT attnum, quote_ident(attname), atttypid, atttypmod FROM pg_attribute \
                 WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped \
                 UNION ALL SELECT c.attnum, c.name, t.typbasetype, t.typtypmod \
                 FROM typed c JOIN pg_type t ON t.oid = c.type WHERE t.typtype = 'd') \
               SELECT c.name, format_type(c.type, c.modifier) \
               FROM typed c JOIN pg_type t ON t.oid = c.type WHERE t.typtype <> 'd' \
               ORDER BY c.attnum";
    let rows = link.query(sql, &[&table.oid])?;
    let columns: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    let typed: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {}", row.get::<_, &str>(0), row.get::<_, &str>(1)))
        .collect();
    link.batch(&format!("CREATE TYPE tiepoint.row_{number} AS ({})", typed.join(", ")))?;
    let row = format!("ROW({})::pg_catalog.text", columns.join(", "));
    let plain = [PLAIN].into_iter().chain(settings(table)).collect::<Vec<_>>().join(" AND ");
    for event in &EVENTS {
        let function = format!("tiepoint.note_{number}_{}()", event.name);
        link.batch(&format!(
            "CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
             AS {body}; \
             REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC",
            body = literal(&body(event, number, key, &row, &plain)),
        ))?;
    }
    let parts = "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind <> 'p' \
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.oid = $1 OR c.oid IN (SELECT relid FROM pg_partition_tree($1))";
    for row in link.query(parts, &[&table.oid])? {
        hang(link, row.get(0), row.get(1), number)?;
    }
    Ok(())
}

/// A statement on a partitioned table fires its own triggers, one on a partition that one's; to
/// truncate the former truncates all of the latter.
fn hang(link: &Link, part: &str, is_leaf: bool, number: i32) -> Result<(), Failure> {
    let count = if is_leaf { TRIGGERS.len() } else { TRIGGERS.len() - 1 };
    for (trigger, event) in TRIGGERS.iter().zip(&EVENTS).take(count) {
        let (when, name) = (event.when.replace("{}", part), event.name);
        link.batch(&format!(
            "CREATE TRIGGER {trigger} {when} FOR EACH STATEMENT \
             EXECUTE FUNCTION tiepoint.note_{number}_{name}(); \
             ALTER TABLE ONLY {part} ENABLE ALWAYS TRIGGER {trigger}"
        ))?;
    }
    Ok(())
}

fn body(event: &Event, number: i32, key: &str, row: &str, plain: &str) -> String {
    let (in_key, in_row) = (key.replace('%', "%%"), row.replace('%', "%%"));
    let gone = format!("SELECT {in_key}, {in_row} FROM ONLY %I.%I LIMIT 0");
    let note_gone = format!(
        "INSERT INTO tiepoint.log (log, kind, keys, before) \
         SELECT {number}, 'd', pg_catalog.array_agg(\"tiepoint key\"), \
           pg_catalog.array_agg(\"tiepoint row\") FROM ( \
           SELECT {in_key} AS \"tiepoint key\", {in_row} AS \"tiepoint row\", \
             (pg_catalog.row_number() OVER () OPERATOR(pg_catalog.-) 1) \
             OPERATOR(pg_catalog./) 1000 AS \"tiepoint part\" \
           FROM ONLY %I.%I) AS \"tiepoint rows\" \
         GROUP BY \"tiepoint part\""
    );
    let columns = [("KEY", key.to_owned()), ("ROW", row.to_owned()), ("PLAIN", plain.to_owned())];
    let values = [
        ("FAST", filled(event.fast, &columns)),
        ("KIND", event.kind.to_owned()),
        ("LOG", number.to_string()),
        ("KEY", key.to_owned()),
        ("ROW", row.to_owned()),
        ("GONE", literal(&gone)),
        ("NOTE_GONE", literal(&note_gone)),
    ];
    filled(BODY, &values)
}

/// Whether the settings are those by which a text of this table means the same to all who read it. By
/// others, `sql/note.sql` goes the long way.
fn settings(table: &Table) -> impl Iterator<Item = &'static str> {
    let matters = |matters: fn(&Kind) -> bool| {
        let mut kinds = table.columns.iter().map(|it| innermost(&it.kind));
        kinds.any(|kind| matters(kind) || *kind == Kind::Other)
    };
    let dates = matters(|kind| {
        matches!(kind, Kind::Date | Kind::Timestamp { .. } | Kind::TimestampTz { .. })
    });
    let intervals = matters(|kind| *kind == Kind::Interval);
    let floats = matters(|kind| matches!(kind, Kind::Float4 | Kind::Float8));
    let settings = [(dates, ISO_DATES), (intervals, PLAIN_INTERVALS), (floats, EXACT_FLOATS)];
    settings.into_iter().filter_map(|(matters, holds)| matters.then_some(holds))
}

fn innermost(kind: &Kind) -> &Kind {
    match kind {
        Kind::Array(element) => innermost(element),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_stay_names() {
        let body = body(&EVENTS[1], 7, "(\"50%'{ROW}\")::text", "ROW(\"50%'{ROW}\")::text", PLAIN);
        assert!(body.contains("array_agg((\"50%'{ROW}\")::text)"), "{body}");
        assert!(body.contains("'SELECT (\"50%%''{ROW}\")::text, ROW("), "{body}");
    }
}
