//! How a query is answered: what SQLite says of its plan, and what we know of ours.
use crate::connection::Lease;
use crate::error::Site;
use crate::read::asked;
use crate::select::Select;
use crate::spelling::boxes;
use rusqlite::{Connection, StatementStatus, params_from_iter};
use tiepoint_core::{Bound, Ids, Query};
use tiepoint_store::{Access, Place, Plan, ReadControl, Result};

/// Answers a query and says how.
pub(crate) fn explain(lease: &Lease, query: &Query) -> Result<Plan> {
    let (site, control) = (lease.site().clone(), ReadControl::default());
    let (link, connection) = (lease.link(), lease.connection());
    let select = asked(link, &site, query, Some(&control))?;
    let steps = steps(connection, &select);
    let steps = steps.map_err(site.failed(&select.doing()))?;
    let mut plan = Plan {
        access: access(&select, &steps),
        in_store: select.question.decided_in_store(&select.rest),
        in_memory: select.rest.conditions(),
        sorted: Place::of(!select.question.order().is_empty(), select.rest.sort),
        cut: Place::of(select.question.cuts(), select.rest.cut),
        statement: Some(select.statement.sql.clone()),
        steps: steps.clone(),
        buffers: None,
        examined: 0,
        returned: 0,
    };
    let measured = select.found.as_ref().map_or(0, |found| found.measured);
    let counts = count(connection, &site, select, &control)?;
    plan.returned = counts.returned;
    plan.examined = measured.max(control.examined()).max(counts.scanned);
    Ok(plan)
}

/// What running a statement tells.
struct Counts {
    returned: u64,
    /// How many rows SQLite has gone through one by one.
    scanned: u64,
}

fn count(
    connection: &Connection,
    site: &Site,
    select: Select,
    control: &ReadControl,
) -> Result<Counts> {
    let doing = select.doing();
    let failed = || site.failed(&doing);
    let mut statement = connection.prepare(&select.statement.sql).map_err(failed())?;
    let rows = statement.query(params_from_iter(&select.statement.parameters));
    let rows = rows.map_err(failed())?;
    let mut returned = 0;
    for feature in select.features(site.clone(), rows, Some(control.clone()))? {
        feature?;
        returned += 1;
    }
    // it counts the steps from one row to the next
    let steps = statement.get_status(StatementStatus::FullscanStep);
    let scanned = u64::try_from(steps).ok().filter(|it| *it > 0).map_or(0, |it| it + 1);
    Ok(Counts { returned, scanned })
}

/// The steps of SQLite's plan, in its words.
fn steps(connection: &Connection, select: &Select) -> rusqlite::Result<Vec<String>> {
    let sql = format!("EXPLAIN QUERY PLAN {}", select.statement.sql);
    let mut statement = connection.prepare(&sql)?;
    let parameters = params_from_iter(&select.statement.parameters);
    statement.query_map(parameters, |row| row.get("detail"))?.collect()
}

/// What found the rows: the first step on the layer's own table says it.
fn access(select: &Select, steps: &[String]) -> Access {
    let geometry = select.table.geometry.as_ref();
    let tree = geometry.and_then(|it| it.rtree.clone()).unwrap_or_default();
    if let Some(found) = &select.found {
        return Access::Nearest { index: tree, nodes: found.nodes };
    }
    let boxes = boxes(&select.table, select.question.filter());
    if *select.question.filter() == Bound::FALSE || boxes.as_ref().is_some_and(Vec::is_empty) {
        return Access::Nothing;
    }
    let first = steps.iter().find(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"));
    let first = first.map_or("", String::as_str);
    if let Some(index) = named_index(first) {
        return Access::Index { index };
    }
    if !first.starts_with("SEARCH") {
        return Access::Scan;
    }
    match boxes {
        Some(boxes) => Access::SpatialIndex {
            index: tree,
            boxes: boxes.iter().map(|it| it.envelope).collect(),
        },
        None if *select.question.ids() == Ids::Any => Access::Index { index: "rowid".to_owned() },
        None => Access::Ids,
    }
}

/// The index in `SEARCH trees USING COVERING INDEX by_name (name=?)`.
fn named_index(step: &str) -> Option<String> {
    let (_, rest) = step.split_once(" INDEX ")?;
    let end = rest.rfind(" (").unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}
