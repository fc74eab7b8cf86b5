//! Taking all that is ours away again.
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::{Table, Tie};
use crate::spelling::quoted;
use crate::{guards, log, side};
use std::sync::Arc;
use tiepoint_store::{Result, UntieReport};

/// Removes what is ours from one layer, or from all: then also the books of this schema, and ours
/// itself where nothing is left in it and nobody else is at it.
pub(crate) fn untie(
    link: &Link,
    site: &Site,
    tables: &[Arc<Table>],
    layer: Option<&str>,
) -> Result<UntieReport> {
    let mut report = UntieReport::default();
    let chosen = tables.iter().filter(|it| layer.is_none_or(|layer| layer == it.layer.name()));
    for table in chosen {
        let what = format!("untie layer `{}`", table.layer.name());
        let was_noted = log::remove(link, table.oid).map_err(site.failed(&what))?;
        if let Some(tie) = &table.tie {
            untie_one(link, site, table, tie, &mut report)?;
        }
        if table.natural_key.is_some() || table.lost_key.is_some() {
            report.layers.push(table.layer.name().to_owned());
        }
        let is_told = report.layers.last().is_some_and(|it| it == table.layer.name());
        if was_noted && !is_told {
            report.layers.push(table.layer.name().to_owned());
        }
        side::forget_layer(link, table.oid).map_err(site.failed(&what))?;
    }
    clear(link, layer.is_none()).map_err(site.failed("untie"))?;
    report.layers.sort_unstable();
    report.columns_dropped.sort_unstable();
    Ok(report)
}

fn clear(link: &Link, all: bool) -> Result<(), Failure> {
    if !side::exists(link)? {
        return Ok(());
    }
    if all {
        let home = &link.server().schema;
        link.execute("DELETE FROM tiepoint.book WHERE home = $1::text::name", &[home])?;
        log::forget_watchers(link)?;
        let gone = "DELETE FROM tiepoint.layer l \
                    WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.layer::oid)";
        link.batch(gone)?;
    }
    guards::remove_orphans(link)?;
    log::forget_dropped(link)?;
    side::remove_if_empty(link)
}

fn untie_one(
    link: &Link,
    site: &Site,
    table: &Table,
    tie: &Tie,
    report: &mut UntieReport,
) -> Result<()> {
    let layer = table.layer.name();
    let failed = || site.failed(&format!("untie layer `{layer}`"));
    guards::remove(link, table.oid).map_err(failed())?;
    guards::drop_index(link, table.oid).map_err(failed())?;
    if tie.added {
        drop_column(link, table, &tie.column).map_err(|failure| match failure.code() {
            // views, triggers and indexes of others may need it; the server names them
            Some("2BP01") => site.invalid(format!(
                "column `{}` of layer `{layer}` cannot go: {}",
                tie.column,
                side::words(&failure)
            )),
            _ => failed()(failure),
        })?;
        report.columns_dropped.push(format!("{layer}.{}", tie.column));
    }
    report.layers.push(layer.to_owned());
    Ok(())
}

fn drop_column(link: &Link, table: &Table, column: &str) -> Result<(), Failure> {
    let (schema, name, column) = (quoted(&table.schema), quoted(&table.name), quoted(column));
    link.batch(&format!("ALTER TABLE {schema}.{name} DROP COLUMN {column}"))
}
