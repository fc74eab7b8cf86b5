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
/// What collects a few rows, and finds out whether they are few, the log may be written to, and no
/// key is new; now and then it says no, for the log to be trimmed.
const INSERTED: &str = "SELECT s.keys, has_table_privilege('tiepoint.log', 'INSERT') \
  AND cardinality(s.keys) <= 1000 AND random() < 0.996 INTO note.keys, note.is_plain FROM (SELECT \
  array_agg({KEY}) AS keys FROM (SELECT * FROM tiepoint_new LIMIT 1001) AS \"tiepoint rows\") AS s;";
const UPDATED: &str = "SELECT s.keys, s.before, has_table_privilege('tiepoint.log', 'INSERT') \
  AND cardinality(s.keys) <= 1000 AND cardinality(n.keys) < 65 AND n.keys <@ s.keys \
  AND random() < 0.996 INTO note.keys, note.before, note.is_plain FROM (SELECT array_agg({KEY}) AS \
  keys, array_agg({ROW}) AS before FROM (SELECT * FROM tiepoint_old LIMIT 1001) AS \
  \"tiepoint rows\") AS s, (SELECT array_agg({KEY}) AS keys FROM (SELECT * FROM tiepoint_new \
  LIMIT 65) AS \"tiepoint rows\") AS n;";
const DELETED: &str = "SELECT s.keys, s.before, has_table_privilege('tiepoint.log', 'INSERT') \
  AND cardinality(s.keys) <= 1000 AND random() < 0.996 INTO note.keys, note.before, note.is_plain \
  FROM (SELECT array_agg({KEY}) AS keys, array_agg({ROW}) AS before FROM (SELECT * FROM \
  tiepoint_old LIMIT 1001) AS \"tiepoint rows\") AS s;";
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
    let row = format!("ROW({})::text", columns.join(", "));
    for event in &EVENTS {
        let function = format!("tiepoint.note_{number}_{}()", event.name);
        link.batch(&format!(
            "CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
             SET search_path = pg_catalog, pg_temp{settings} AS {body}; \
             REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC",
            settings = settings(table),
            body = literal(&body(event, number, key, &row)),
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

fn body(event: &Event, number: i32, key: &str, row: &str) -> String {
    let (in_key, in_row) = (key.replace('%', "%%"), row.replace('%', "%%"));
    let gone = format!("SELECT {in_key}, {in_row} FROM ONLY %s LIMIT 0");
    let note_gone = format!(
        "INSERT INTO tiepoint.log (log, kind, keys, before) \
         SELECT {number}, 'd', array_agg(\"tiepoint key\"), array_agg(\"tiepoint row\") FROM ( \
           SELECT {in_key} AS \"tiepoint key\", {in_row} AS \"tiepoint row\", \
             (row_number() OVER () - 1) / 1000 AS \"tiepoint part\" FROM ONLY %s) AS \"tiepoint rows\" \
         GROUP BY \"tiepoint part\""
    );
    let columns = [("KEY", key.to_owned()), ("ROW", row.to_owned())];
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

/// What must be the same for all who write, for a text to mean the same to all who read; each costs
/// every statement a little.
fn settings(table: &Table) -> String {
    let kinds = || table.columns.iter().map(|it| innermost(&it.kind));
    let mut settings = String::new();
    let mut set = |setting: &str, matters: fn(&Kind) -> bool| {
        if kinds().any(|kind| matters(kind) || *kind == Kind::Other) {
            settings.push_str(" SET ");
            settings.push_str(setting);
        }
    };
    set("datestyle = 'ISO'", |kind| {
        matches!(kind, Kind::Date | Kind::Timestamp { .. } | Kind::TimestampTz { .. })
    });
    set("intervalstyle = 'postgres'", |kind| *kind == Kind::Interval);
    set("extra_float_digits = 3", |kind| matches!(kind, Kind::Float4 | Kind::Float8));
    settings
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
        let body = body(&EVENTS[1], 7, "(\"50%'{ROW}\")::text", "ROW(\"50%'{ROW}\")::text");
        assert!(body.contains("array_agg((\"50%'{ROW}\")::text)"), "{body}");
        assert!(body.contains("'SELECT (\"50%%''{ROW}\")::text, ROW("), "{body}");
    }
}
