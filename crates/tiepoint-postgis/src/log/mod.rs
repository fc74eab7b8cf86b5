//! The change log: what anybody does to a layer, noted in the same transaction.
//!
//! Triggers after each statement write one entry for up to 1,000 rows into `tiepoint.log`: which rows,
//! and what they said before. What they said after is not noted, as it is what the next entry of a row
//! says of before, or the row itself. An entry bears the number of its layer's log, and that number
//! stands for the layer's columns of one time: when they change, the log is made anew under another
//! number, and a mark in it tells whoever reads it.
mod remove;
mod report;
mod trigger;

pub(crate) use remove::{forget_dropped, forget_watchers, remove};
pub(crate) use report::{moment, report, since, waiting};
pub(crate) use trigger::TRIGGERS;

use crate::catalogue::Catalogue;
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::{Key, KeyColumn, Relation, Table};
use crate::spelling::{Spelling, quoted};
use crate::{place, side};
use tiepoint_store::{LogOptions, Result};
use tokio_postgres::Row;

#[expect(clippy::cast_possible_wrap, reason = "a million")]
const DEFAULT_KEEP: i64 = LogOptions::DEFAULT_KEEP as i64;
/// How long making a log anew may hold others up.
const HOLDING_UP: &str = "SET LOCAL lock_timeout = '200ms'";

/// Why a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// There was none.
    New,
    /// The layer has other columns now.
    Shape,
    /// What notes changes had been taken away.
    Lost,
}

/// The log of one layer, as `sql/logged.sql` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four answers of the server")]
pub(crate) struct Logged {
    pub(crate) number: i32,
    pub(crate) layer: u32,
    /// What the table was called.
    pub(crate) place: String,
    /// What it is called now.
    pub(crate) name: Option<String>,
    /// Whether the table is there.
    pub(crate) is_there: bool,
    /// Whether the role may read all of the layer, and so its entries.
    pub(crate) is_readable: bool,
    /// Whether the columns are as they are noted.
    pub(crate) is_in_shape: bool,
    /// Whether all triggers are there and fire.
    pub(crate) is_guarded: bool,
    /// Whether the role may make it anew.
    pub(crate) may_mend: bool,
    /// What rows are known by.
    pub(crate) key: String,
    /// How many entries it wants to stay.
    pub(crate) keep: i64,
}

impl Mark {
    /// The kind of the entry that tells of it.
    fn kind(self) -> &'static str {
        match self {
            Self::New => "n",
            Self::Shape => "s",
            Self::Lost => "l",
        }
    }
}

impl Logged {
    fn of(row: &Row) -> Self {
        Self {
            number: row.get(0),
            layer: row.get(1),
            place: row.get(2),
            is_there: row.get(3),
            is_readable: row.get(4),
            is_in_shape: row.get(5),
            is_guarded: row.get(6),
            may_mend: row.get(7),
            key: row.get(8),
            keep: row.get(9),
            name: row.get(10),
        }
    }

    /// Why it must be made anew, if it must.
    pub(crate) fn trouble(&self) -> Option<Mark> {
        match (self.is_there && self.is_in_shape, self.is_guarded) {
            (true, true) => None,
            (true, false) => Some(Mark::Lost),
            (false, _) => Some(Mark::Shape),
        }
    }
}

/// Whether changes are noted in this database.
pub(crate) fn exists(link: &Link) -> Result<bool, Failure> {
    let sql = "SELECT to_regclass('tiepoint.changes') IS NOT NULL";
    link.query_one(sql, &[]).map(|row| row.get(0))
}

/// The logs of all layers. There must be tables for them.
pub(crate) fn logs(link: &Link) -> Result<Vec<Logged>, Failure> {
    let rows = link.query(include_str!("../sql/logged.sql"), &[&&TRIGGERS[..]])?;
    Ok(rows.iter().map(Logged::of).collect())
}

/// The log of one layer, where it has one.
pub(crate) fn log_of(link: &Link, oid: u32) -> Result<Option<Logged>, Failure> {
    if !exists(link)? {
        return Ok(None);
    }
    Ok(logs(link)?.into_iter().find(|it| it.layer == oid))
}

/// Has changes of a layer noted from now on, once nobody is writing to it. So many entries stay, for
/// all of `layers` that have logs.
pub(crate) fn install(
    link: &Link,
    site: &Site,
    table: &Table,
    keep: u64,
    layers: &[u32],
) -> Result<()> {
    refuse(link, site, table)?;
    let what = format!("note changes of layer `{}`", table.layer.name());
    prepare(link, site)?;
    let keep = i64::try_from(keep).unwrap_or(i64::MAX / 16);
    let install = || {
        lock(link, table)?;
        match log_of(link, table.oid)? {
            None => make(link, table, Mark::New, keep)?,
            Some(log) => repair(link, table, &log)?,
        }
        let sql = "UPDATE tiepoint.logged SET keep = $1 WHERE layer::oid = ANY ($2)";
        link.execute(sql, &[&keep, &layers]).map(drop)
    };
    install().map_err(site.failed(&what))
}

/// Makes the log of a layer anew where something is wrong with it; waits for others, but not long.
pub(crate) fn mend(link: &Link, site: &Site, table: &Table) -> Result<()> {
    let mend = || {
        forget_dropped(link)?;
        link.batch(HOLDING_UP)?;
        lock(link, table)?;
        match log_of(link, table.oid)? {
            // it was forgotten with the table that had been there
            None => make(link, table, Mark::Shape, DEFAULT_KEEP),
            Some(log) => repair(link, table, &log),
        }
    };
    mend().map_err(site.failed(&format!("note changes of layer `{}`", table.layer.name())))
}

/// Makes the log of a layer anew where something is wrong with it, however long others write.
pub(crate) fn put_right(link: &Link, table: &Table) -> Result<(), Failure> {
    lock(link, table)?;
    log_of(link, table.oid)?.map_or(Ok(()), |log| repair(link, table, &log))
}

/// Follows a change of ours to what rows of a layer are known by.
pub(crate) fn follow(link: &Link, site: &Site, catalogue: &Catalogue, layer: &str) -> Result<()> {
    let table = catalogue.anew().table(link, site, layer)?;
    let follow = || match log_of(link, table.oid)? {
        Some(log) => repair(link, &table, &log),
        None => Ok(()),
    };
    follow().map_err(site.failed(&format!("note changes of layer `{layer}`")))
}

fn repair(link: &Link, table: &Table, log: &Logged) -> Result<(), Failure> {
    let moved = key_sql(table).as_deref() != Some(log.key.as_str());
    let Some(mark) = log.trouble().or(moved.then_some(Mark::Shape)) else { return Ok(()) };
    remove(link, table.oid)?;
    make(link, table, mark, log.keep)
}

fn refuse(link: &Link, site: &Site, table: &Table) -> Result<()> {
    let what = format!("note changes of layer `{}`", table.layer.name());
    if !table.has_rows_of_its_own() {
        return Err(site.unsupported(
            what + ": its rows are not its own",
            Some("have the changes of the tables noted that it is made of"),
        ));
    }
    if key_sql(table).is_none() {
        let hint = "give it a primary key, or tie it";
        return Err(site.unsupported(what + ": nothing tells its rows apart", Some(hint)));
    }
    let sql = "SELECT min(relation::regclass::text) FROM ( \
                 SELECT CASE inhparent WHEN $1 THEN inhrelid ELSE inhparent END FROM pg_inherits \
                 WHERE $1 IN (inhparent, inhrelid) AND NOT $2 \
                 UNION SELECT c.oid FROM pg_partition_tree($1) p JOIN pg_class c ON c.oid = p.relid \
                 WHERE c.relkind = 'f') AS r(relation)";
    let partitioned = table.relation == Relation::Partitioned;
    let row = link.query_one(sql, &[&table.oid, &partitioned]).map_err(site.failed(&what))?;
    let Some(other) = row.get::<_, Option<String>>(0) else { return Ok(()) };
    let what =
        format!("{what}: it shares rows with table `{other}`, whose triggers do not see them");
    Err(site.unsupported(what, Some("make it a table of its own, or one with partitions here")))
}

/// Makes the tables of the log. One that was brought here from another server begins anew: its
/// entries tell of transactions that this one never had.
pub(crate) fn prepare(link: &Link, site: &Site) -> Result<()> {
    side::ensure(link, site)?;
    let database = place::database(link, site)?;
    let prepare = || {
        if !exists(link)? {
            link.batch(include_str!("../sql/log_tables.sql"))?;
        }
        let sql = "INSERT INTO tiepoint.noting (id, system) \
                   SELECT gen_random_uuid(), $1 WHERE NOT EXISTS (SELECT FROM tiepoint.noting)";
        link.execute(sql, &[&database])?;
        let sql = "UPDATE tiepoint.noting SET id = gen_random_uuid(), system = $1, floor = '0', \
                   horizon = '0', ahead = '0', looked = '-infinity' WHERE system <> $1";
        if link.execute(sql, &[&database])? > 0 {
            link.batch("DELETE FROM tiepoint.log; DELETE FROM tiepoint.watcher")?;
        }
        Ok(())
    };
    prepare().map_err(site.failed("make the tables that changes are noted in"))
}

fn lock(link: &Link, table: &Table) -> Result<(), Failure> {
    link.batch(&format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", name(table)))
}

fn make(link: &Link, table: &Table, mark: Mark, keep: i64) -> Result<(), Failure> {
    let Some(key) = key_sql(table) else { return Ok(()) };
    let sql = "INSERT INTO tiepoint.logged (layer, place, shape, key, keep) \
               VALUES ($1::oid, $2, tiepoint.shape($1::oid), $3, $4) RETURNING log";
    let number: i32 = link.query_one(sql, &[&table.oid, &name(table), &key, &keep])?.get(0);
    trigger::make(link, table, number, &key)?;
    let sql = "INSERT INTO tiepoint.log (log, kind) VALUES ($1, $2::text::\"char\")";
    link.execute(sql, &[&number, &mark.kind()]).map(drop)
}

/// What entries name rows by: the object id in a column of its own, else the fid.
///
/// It is worked out with the rights of whoever had changes noted, and whoever owns a table may give
/// its columns other types: casts of types that somebody made, which may be any code, are never used. And it is looked up by
/// the path of whoever writes, so everything in it is named with its schema.
pub(crate) fn key_sql(table: &Table) -> Option<String> {
    match (&table.tie, &table.key) {
        (Some(tie), _) => Some(column_sql(&quoted(&tie.column), &quoted(&tie.column))),
        (None, Key::None) => None,
        (None, Key::Column(column)) => {
            let fid = table.key_sql()?.in_parentheses().spell(&Spelling { table }).sql;
            Some(column_sql(&quoted(&column.name), &fid))
        }
        (None, Key::Several(columns)) => {
            let parts: Vec<String> = columns.iter().map(part_sql).collect();
            Some(format!(
                "(pg_catalog.json_build_array({})::pg_catalog.text COLLATE pg_catalog.\"C\")",
                parts.join(", ")
            ))
        }
    }
}

/// The number of the first type that does not come with the server.
const FIRST_MADE: u32 = 16_384;

/// `key`, which reads a column, as text.
fn column_sql(column: &str, key: &str) -> String {
    format!(
        "(CASE WHEN pg_catalog.pg_typeof({column})::pg_catalog.oid OPERATOR(pg_catalog.<) {FIRST_MADE} \
           THEN {key}::pg_catalog.text \
         WHEN {column} IS NOT NULL THEN pg_catalog.concat({column}) END)"
    )
}

/// A column of several as it is in the array that they are told by.
fn part_sql(column: &KeyColumn) -> String {
    let name = quoted(&column.name);
    let whole = if column.is_whole() { "::pg_catalog.int8" } else { "" };
    format!(
        "CASE WHEN pg_catalog.pg_typeof({name})::pg_catalog.oid OPERATOR(pg_catalog.<) {FIRST_MADE} \
           THEN pg_catalog.to_json({name}) \
         ELSE pg_catalog.to_json(pg_catalog.concat({name}){whole}) END"
    )
}

/// The table's name, quoted, with its schema.
fn name(table: &Table) -> String {
    format!("{}.{}", quoted(&table.schema), quoted(&table.name))
}
