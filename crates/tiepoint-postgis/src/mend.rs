//! Mending what a check found, within one transaction. Indexes of others and geometries stay as
//! they are.
use crate::carrier::Carrier;
use crate::error::Failure;
use crate::inspect::Remedy;
use crate::link::Link;
use crate::metadata::Table;
use crate::spelling::quoted;
use crate::{guards, log, side};

/// Applies a remedy; says whether it could.
pub(crate) fn apply(link: &Link, table: &Table, remedy: &Remedy) -> Result<bool, Failure> {
    match (remedy, Carrier::of_tie(table)) {
        (Remedy::ForgetTie(oid), _) => side::forget_layer(link, *oid)?,
        (Remedy::Analyze, _) => return analyze(link, table),
        (Remedy::Log, _) => log::put_right(link, table)?,
        (Remedy::Ids, Some(carrier)) => {
            guards::mending(link, || carrier.settle(link))?;
        }
        (Remedy::IdIndex, Some(carrier)) => guards::ensure_index(link, &carrier)?,
        (Remedy::Guard, Some(carrier)) => {
            guards::remove(link, carrier.oid)?;
            guards::install(link, &carrier)?;
            let added = table.tie.as_ref().is_some_and(|tie| tie.added);
            side::note_tie(link, carrier.oid, &carrier.column, added)?;
        }
        (Remedy::Ids | Remedy::IdIndex | Remedy::Guard, None) => return Ok(false),
    }
    Ok(true)
}

/// The server skips tables of others with no more than a warning.
fn analyze(link: &Link, table: &Table) -> Result<bool, Failure> {
    let sql = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = $1";
    if !link.query_one(sql, &[&table.oid])?.get::<_, bool>(0) {
        return Ok(false);
    }
    link.batch(&format!("ANALYZE {}.{}", quoted(&table.schema), quoted(&table.name)))?;
    Ok(true)
}
