//! Mending what a check found, within one transaction.
use crate::bulk::{entries_of_table, pack_error, triggers_of};
use crate::connection::Link;
use crate::dialect::quoted;
use crate::error::Site;
use crate::inspect::{Problem, Remedy};
use crate::metadata::Table;
use crate::rtree_pack::pack;
use crate::tie::Ids;
use crate::{contents, guards, log, natural_keys, rtree, ties};
use rusqlite::Connection;
use tiepoint_store::{Finding, Result};

/// Applies every remedy; gives the findings, marked where they were mended.
pub(crate) fn mend(link: &Link, site: &Site, problems: Vec<Problem>) -> Result<Vec<Finding>> {
    let mut findings = Vec::with_capacity(problems.len());
    for Problem { mut finding, remedy } in problems {
        if let (Some(Remedy::ForgetTie), Some(layer)) = (&remedy, &finding.layer) {
            // the layer may be gone altogether
            let forgotten = ties::forget_stale(&link.connection, layer)
                .and_then(|()| natural_keys::forget_stale(&link.connection, layer));
            forgotten.map_err(site.failed(&format!("mend layer `{layer}`")))?;
            link.catalogue.borrow_mut().forget();
            finding.mended = true;
        } else if let Some(Remedy::Log(fault)) = &remedy {
            log::mend(link, site, fault)?;
            finding.mended = true;
        } else if let (Some(remedy), Some(layer)) = (remedy, &finding.layer) {
            let table = link.catalogue.borrow_mut().table(&link.connection, site, layer)?;
            if table.layer.read_only.is_none() {
                apply(&link.connection, site, &table, &remedy)?;
                finding.mended = true;
            }
        }
        findings.push(finding);
    }
    Ok(findings)
}

fn apply(connection: &Connection, site: &Site, table: &Table, remedy: &Remedy) -> Result<()> {
    let failed = site.failed(&format!("mend layer `{}`", table.name()));
    match remedy {
        Remedy::RTree => rebuild_rtree(connection, site, table),
        Remedy::Extent(extent) => {
            contents::write_extent(connection, table.name(), *extent).map_err(failed)
        }
        Remedy::Count => contents::recount(connection, table).map_err(failed),
        of_ids => mend_ids(connection, table, of_ids).map_err(failed),
    }
}

/// The guards stand aside meanwhile: they would take a new id for tampering.
fn mend_ids(connection: &Connection, table: &Table, remedy: &Remedy) -> rusqlite::Result<()> {
    let (Some(tie), Some(key)) = (&table.tie, table.key_sql()) else { return Ok(()) };
    let ids = Ids { connection, table: table.sql(), key, column: quoted(&tie.column) };
    guards::remove(connection, tie)?;
    match remedy {
        Remedy::MintIds => drop(ids.mint_missing()?),
        Remedy::SpellIds => drop(ids.canonicalize()?),
        Remedy::ReplaceIds(rows) => rows.iter().try_for_each(|row| ids.replace(*row))?,
        Remedy::IdIndex => guards::create_index(connection, tie)?,
        Remedy::Guards
        | Remedy::Log(_)
        | Remedy::ForgetTie
        | Remedy::RTree
        | Remedy::Extent(_)
        | Remedy::Count => {}
    }
    guards::install(connection, tie, key)
}

/// Makes the R-tree anew, its triggers and registration included.
fn rebuild_rtree(connection: &Connection, site: &Site, table: &Table) -> Result<()> {
    let (Some(geometry), Some(key)) = (&table.geometry, table.key_sql()) else { return Ok(()) };
    let tree = rtree::name(table.name(), &geometry.name);
    let make = || {
        let prefix = format!("{tree}_").to_lowercase();
        for (trigger, _) in triggers_of(connection, table.name())? {
            if trigger.to_lowercase().starts_with(&prefix) {
                connection.execute_batch(&format!("DROP TRIGGER {}", quoted(&trigger)))?;
            }
        }
        rtree::drop_tree(connection, table.name(), &geometry.name)?;
        rtree::create(connection, table.name(), &geometry.name, key)
    };
    make().map_err(site.failed(&format!("index layer `{}`", table.name())))?;
    entries_of_table(connection, table)
        .and_then(|entries| pack(connection, &tree, entries))
        .map_err(|error| pack_error(site, table, error))
}
