//! Looking for what is wrong in a database, and mending what can be mended without losing anything.
use crate::error::Site;
use crate::inspect::{self, Problem, Remedy};
use crate::link::Link;
use crate::metadata::Table;
use crate::{mend, side};
use std::sync::Arc;
use tiepoint_store::{Finding, FindingKind, Repair, Result};

/// Looks at all of these layers; to mend, it must be within a transaction.
pub(crate) fn check(
    link: &Link,
    site: &Site,
    tables: &[Arc<Table>],
    repair: Repair,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (table, problem) in made_anew(link, site, tables)? {
        findings.push(settled(link, site, table, problem, repair)?);
    }
    for table in tables {
        for problem in inspect::layer(link, site, table)? {
            findings.push(settled(link, site, table, problem, repair)?);
        }
    }
    Ok(findings)
}

fn settled(
    link: &Link,
    site: &Site,
    table: &Table,
    problem: Problem,
    repair: Repair,
) -> Result<Finding> {
    let Problem { mut finding, remedy } = problem;
    if let (Some(remedy), Repair::Yes) = (remedy, repair) {
        let what = format!("mend layer `{}`", table.layer.name());
        finding.mended = mend::apply(link, table, &remedy).map_err(site.failed(&what))?;
    }
    Ok(finding)
}

/// Layers that others made anew since they were tied: whoever overwrites a layer drops it first.
fn made_anew<'t>(
    link: &Link,
    site: &Site,
    tables: &'t [Arc<Table>],
) -> Result<Vec<(&'t Table, Problem)>> {
    let mut problems = Vec::new();
    for (old, new, carrier) in side::made_anew(link).map_err(site.failed("check itself"))? {
        let Some(table) = tables.iter().find(|it| it.oid == new) else { continue };
        let message = format!(
            "it was tied by {carrier}; another program has made it anew since: tie it again"
        );
        let remedy = Some(Remedy::ForgetTie(old));
        problems
            .push((table.as_ref(), Problem::new(table, FindingKind::Identity, message, remedy)));
    }
    Ok(problems)
}
