//! Taking logs away again.
use super::{TRIGGERS, exists};
use crate::error::Failure;
use crate::link::Link;
use crate::spelling::quoted;

/// Removes the log of a layer with all that it says; whether there was one.
pub(crate) fn remove(link: &Link, oid: u32) -> Result<bool, Failure> {
    if !exists(link)? {
        return Ok(false);
    }
    let sql = "SELECT g.tgname::text, g.tgrelid::regclass::text FROM pg_trigger g \
               WHERE g.tgname = ANY ($2::text[]) \
                 AND (g.tgrelid = $1 OR g.tgrelid IN (SELECT relid FROM pg_partition_tree($1)))";
    for row in link.query(sql, &[&oid, &&TRIGGERS[..]])? {
        let (name, table): (&str, &str) = (row.get(0), row.get(1));
        link.batch(&format!("DROP TRIGGER {} ON {table}", quoted(name)))?;
    }
    let sql = "DELETE FROM tiepoint.logged WHERE layer::oid = $1 RETURNING log";
    let number = link.query_opt(sql, &[&oid])?.map(|row| row.get(0));
    number.map_or(Ok(false), |number| forget(link, number).map(|()| true))
}

/// Removes the logs of tables that others have dropped, as far as we may.
pub(crate) fn forget_dropped(link: &Link) -> Result<(), Failure> {
    if !exists(link)? {
        return Ok(());
    }
    let sql = "DELETE FROM tiepoint.logged l \
               WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.layer::oid) \
                 AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname LIKE 'note\\_' || l.log || '\\_%' \
                   AND p.pronamespace = 'tiepoint'::regnamespace \
                   AND NOT pg_has_role(p.proowner, 'USAGE')) \
               RETURNING l.log";
    for row in link.query(sql, &[])? {
        forget(link, row.get(0))?;
    }
    Ok(())
}

/// Forgets those who come back by name to the layers of this schema.
pub(crate) fn forget_watchers(link: &Link) -> Result<(), Failure> {
    if !exists(link)? {
        return Ok(());
    }
    let sql = "DELETE FROM tiepoint.watcher WHERE home = $1::text::name";
    link.execute(sql, &[&link.server().schema]).map(drop)
}

fn forget(link: &Link, number: i32) -> Result<(), Failure> {
    link.execute("DELETE FROM tiepoint.log WHERE log = $1", &[&number])?;
    let functions =
        TRIGGERS.map(|it| it.replace("aa_tiepoint", &format!("tiepoint.note_{number}")));
    link.batch(&format!(
        "DROP FUNCTION IF EXISTS {}(); DROP TYPE IF EXISTS tiepoint.row_{number}",
        functions.join("(), ")
    ))
}
