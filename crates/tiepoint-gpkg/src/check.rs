//! Looking for what is wrong in a file, and mending what can be mended without losing anything.
use crate::connection::Link;
use crate::error::Site;
use crate::inspect::{self, Problem, Remedy};
use crate::log::Fault;
use crate::natural_keys::{self, Note};
use crate::store::GpkgStore;
use crate::ties::{self, Tie};
use crate::{log, mend, store_id};
use rusqlite::Connection;
use std::path::Path;
use tiepoint_store::{Finding, FindingKind, Repair, Result};

/// How many complaints of SQLite itself are passed on.
const MOST_COMPLAINTS: i64 = 20;

pub(crate) fn check(store: &GpkgStore, repair: Repair) -> Result<Vec<Finding>> {
    let lease = store.pool.read()?;
    let problems = problems(lease.link(), store.site(), &store.pool.path)?;
    drop(lease);
    if repair == Repair::No || problems.iter().all(|problem| problem.remedy.is_none()) {
        return Ok(problems.into_iter().map(|problem| problem.finding).collect());
    }
    store.write()?.run(|link| {
        let problems = self::problems(link, store.site(), &store.pool.path)?;
        mend::mend(link, store.site(), problems)
    })
}

/// All that is wrong, as one state of the file shows it.
fn problems(link: &Link, site: &Site, path: &Path) -> Result<Vec<Problem>> {
    let connection = &link.connection;
    let mut problems = Vec::new();
    let failed = || site.failed("check itself");
    for complaint in complaints(connection).map_err(failed())? {
        problems.push(of_file(FindingKind::Catalogue, format!("SQLite finds: {complaint}")));
    }
    if store_id::is_copy(connection, path).map_err(failed())? {
        let message = "this file is a copy of another store; it becomes a store of its own with the first write";
        problems.push(of_file(FindingKind::Copy, message.to_owned()));
    }
    for message in contradictions(connection).map_err(failed())? {
        problems.push(of_file(FindingKind::Catalogue, message));
    }
    problems.extend(stale_ties(connection).map_err(failed())?);
    problems.extend(log::faults(link, site)?.into_iter().map(broken_log));
    let names = link.catalogue.borrow_mut().names(connection, site)?;
    for name in names.iter() {
        let table = link.catalogue.borrow_mut().table(connection, site, name)?;
        problems.extend(inspect::layer(connection, site, &table)?);
    }
    Ok(problems)
}

fn of_file(kind: FindingKind, message: String) -> Problem {
    let finding =
        Finding { layer: None, kind, message, rows: 0, examples: Vec::new(), mended: false };
    Problem { finding, remedy: None }
}

/// Layers that others dropped, or made anew, since they were tied.
fn stale_ties(connection: &Connection) -> rusqlite::Result<Vec<Problem>> {
    let problem = |layer: String, carrier: String| {
        let message = format!(
            "it was tied by {carrier}; another program has made it anew or dropped it since: tie it again if it is there"
        );
        let mut problem = of_file(FindingKind::Identity, message);
        problem.finding.layer = Some(layer);
        Problem { remedy: Some(Remedy::ForgetTie), ..problem }
    };
    let by_column = |it: Tie| problem(it.table, format!("column `{}`", it.column));
    let by_key = |it: Note| problem(it.table, format!("the natural key `{}`", it.field));
    let keys = natural_keys::stale(connection)?.into_iter().map(by_key);
    Ok(ties::stale(connection)?.into_iter().map(by_column).chain(keys).collect())
}

/// A log that does not note what it must.
fn broken_log(fault: Fault) -> Problem {
    let message = "its changes are not noted as they must: the triggers are missing or altered, or another program has dropped it or given it other columns or another name";
    let mut problem = of_file(FindingKind::Guard, message.to_owned());
    problem.finding.layer = Some(fault.logged.name().to_owned());
    Problem { remedy: Some(Remedy::Log(fault)), ..problem }
}

/// What SQLite's own check of the file says; nothing when it is sound.
fn complaints(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = format!("PRAGMA quick_check({MOST_COMPLAINTS})");
    let mut statement = connection.prepare(&sql)?;
    let lines = statement.query_map([], |row| row.get(0))?;
    let lines = lines.collect::<rusqlite::Result<Vec<String>>>()?;
    // newer versions look into R-trees too; we do so layer by layer
    let elsewhere = |line: &String| line == "ok" || line.starts_with("In RTree ");
    Ok(lines.into_iter().filter(|line| !elsewhere(line)).collect())
}

/// Where the file's own tables contradict each other.
fn contradictions(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let has = |name: &str| crate::side_table::table_exists(connection, name);
    let missing = "NOT EXISTS (SELECT 1 FROM sqlite_master AS s WHERE s.type IN ('table', 'view') \
                   AND s.name = t.table_name COLLATE NOCASE)";
    let mut found = texts(
        connection,
        &format!("SELECT table_name FROM gpkg_contents AS t WHERE {missing}"),
        |name| format!("`gpkg_contents` lists `{name}`, which is not there"),
    )?;
    if has("gpkg_geometry_columns")? {
        let unlisted = "NOT EXISTS (SELECT 1 FROM gpkg_contents AS c \
                        WHERE c.table_name = t.table_name COLLATE NOCASE)";
        found.extend(texts(
            connection,
            &format!("SELECT table_name FROM gpkg_geometry_columns AS t WHERE {unlisted}"),
            |name| {
                format!("`gpkg_geometry_columns` lists `{name}`, which `gpkg_contents` does not")
            },
        )?);
    }
    Ok(found)
}

fn texts(
    connection: &Connection,
    sql: &str,
    message: impl Fn(String) -> String,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    statement.query_map([], |row| row.get(0).map(&message))?.collect()
}
