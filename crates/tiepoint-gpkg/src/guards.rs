//! What keeps ids right when others write: an index that is not UNIQUE, and triggers in built-in SQL
//! only, so that every program can still write.
//!
//! * A row that comes without an id gets one.
//! * A row that comes with the id of a live one gets its own; which object it was copied from is
//!   noted in our side table (book `origin`).
//! * An id that is changed is changed back. A row whose id is missing or malformed may get one.
//! * `{67E5…}` becomes `67e5…`. What is no UUID at all is left as it is, for a check to report.
//!
//! One thing others can no longer do: drop the column, as long as index and triggers are on it.
//!
//! Under UNIQUE, QGIS writes `<uuid>_1` on paste, and fails on copy and merge.
use crate::dialect::{literal, quoted};
use crate::template::fill;
use crate::ties::Tie;
use rusqlite::{Connection, Result};

const TRIGGERS: &str = include_str!("sql/guard_triggers.sql");
const PARTS: [&str; 3] = ["insert", "undo", "adopt"];
/// A UUID of version 7 (RFC 9562, section 5.7), made with what every SQLite has.
const MINT: &str = "lower(substr({NOW}, 1, 8) || '-' || substr({NOW}, 9, 4) \
    || '-7' || substr(hex(randomblob(2)), 2) \
    || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) \
    || '-' || hex(randomblob(6)))";
const NOW: &str =
    "printf('%012x', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER))";

/// The pattern that ids in their one spelling match.
pub(crate) fn form() -> String {
    let hex = |digits: usize| "[0-9a-f]".repeat(digits);
    [8, 4, 4, 4, 12].map(hex).join("-")
}

/// Makes the index on the ids.
pub(crate) fn create_index(connection: &Connection, tie: &Tie) -> Result<()> {
    let (index, table, column) =
        (quoted(&tie.index_name()), quoted(&tie.table), quoted(&tie.column));
    connection.execute_batch(&format!("CREATE INDEX {index} ON {table} ({column})"))
}

/// Whether the index on the ids is there.
pub(crate) fn index_exists(connection: &Connection, tie: &Tie) -> Result<bool> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?1";
    connection.prepare_cached(sql)?.exists([tie.index_name()])
}

/// Removes the index on the ids, if it is there.
pub(crate) fn drop_index(connection: &Connection, tie: &Tie) -> Result<()> {
    connection.execute_batch(&format!("DROP INDEX IF EXISTS {}", quoted(&tie.index_name())))
}

/// Makes the triggers. `key` is the row's key as SQL.
pub(crate) fn install(connection: &Connection, tie: &Tie, key: &str) -> Result<()> {
    connection.execute_batch(&triggers(tie, key))
}

/// Removes the triggers, those that are there.
pub(crate) fn remove(connection: &Connection, tie: &Tie) -> Result<()> {
    for part in PARTS {
        let name = quoted(&tie.trigger_name(part));
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {name}"))?;
    }
    Ok(())
}

/// Whether all triggers are there and say what they must.
pub(crate) fn are_in_place(connection: &Connection, tie: &Tie, key: &str) -> Result<bool> {
    let sql = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let wanted = squeezed(&triggers(tie, key));
    for part in PARTS {
        let mut found = statement.query([tie.trigger_name(part)])?;
        let Some(row) = found.next()? else { return Ok(false) };
        if !wanted.contains(&squeezed(&row.get::<_, String>(0)?)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Without white space: SQLite respaces and requotes what it renames.
pub(crate) fn squeezed(sql: &str) -> String {
    sql.chars().filter(|c| !c.is_whitespace()).collect()
}

fn triggers(tie: &Tie, key: &str) -> String {
    let column = quoted(&tie.column);
    let plain = format!("lower(trim(trim(NEW.{column}), '{{}}'))");
    let [insert, undo, adopt] = PARTS.map(|part| quoted(&tie.trigger_name(part)));
    fill(
        TRIGGERS,
        &[
            ("K_insert", &insert),
            ("K_undo", &undo),
            ("K_adopt", &adopt),
            ("T", &quoted(&tie.table)),
            ("C", &column),
            ("F", key),
            ("FORM", &literal(&form())),
            ("PLAIN", &plain),
            ("MINT", &fill(MINT, &[("NOW", NOW)])),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use tiepoint_core::ObjectId;

    #[test]
    fn triggers_mint_ids_like_ours() {
        let connection = Connection::open_in_memory().expect("opens");
        let mut statement =
            connection.prepare(&format!("SELECT {}", fill(MINT, &[("NOW", NOW)]))).expect("is SQL");
        let mut mint = || statement.query_row([], |row| row.get::<_, String>(0)).expect("mints");
        let texts: Vec<_> = (0..1_000).map(|_| mint()).collect();
        let ids: HashSet<ObjectId> = texts.iter().map(|text| text.parse().expect(text)).collect();
        assert_eq!(ids.len(), texts.len());
        assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
        let ours = ObjectId::mint().to_string();
        assert!(texts.iter().all(|text| text[..8].cmp(&ours[..8]).is_le()), "of the same time");
    }
}
