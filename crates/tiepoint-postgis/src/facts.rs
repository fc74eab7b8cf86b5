//! How many features a layer holds, and where they are.
use crate::error::Site;
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::Table;
use crate::spelling::Spelling;
use tiepoint_core::{Envelope, Xy};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{LayerFacts, Result};

/// Counts and bounds. The extent is that of the bits of all geometries, so all are looked at.
pub(crate) fn facts(link: &Link, site: &Site, table: &Table) -> Result<LayerFacts> {
    let geometry = table.layer.schema().geometry().map(|(position, _)| &table.columns[position]);
    let mut sql = Fragment::text("SELECT count(*)");
    if let Some(column) = geometry {
        let place = || {
            let name = Fragment::name(&column.name);
            if column.kind == Kind::Geography { name.then("::geometry") } else { name }
        };
        for function in ["min(ST_XMin", "min(ST_YMin", "max(ST_XMax", "max(ST_YMax"] {
            sql = sql.then(", ").then(Fragment::call(function, [place()])).then(")");
        }
    }
    let statement = sql.then(" FROM ").then(table.sql()).spell(&Spelling { table });
    let what = format!("count layer `{}`", table.layer.name());
    let row = link.query_one(&statement.sql, &[]).map_err(site.failed(&what))?;
    let number = |at| geometry.and_then(|_| row.get::<_, Option<f64>>(at));
    let corners = number(1).zip(number(2)).zip(number(3).zip(number(4)));
    let extent = corners.and_then(|((min_x, min_y), (max_x, max_y))| {
        Envelope::of([Xy { x: min_x, y: min_y }, Xy { x: max_x, y: max_y }]).ok().flatten()
    });
    Ok(LayerFacts { count: row.get::<_, i64>(0).unsigned_abs(), extent })
}
