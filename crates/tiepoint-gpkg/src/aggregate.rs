//! Aggregates that SQLite finds without handing out rows.
use crate::connection::Link;
use crate::contents;
use crate::error::Site;
use crate::select::{Maker, filtered};
use crate::spelling::Sql;
use crate::values;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Stored;
use std::sync::Arc;
use tiepoint_core::{Aggregate, Bound, Envelope, Expr, Ids, InvalidGeometries, Query, Value};
use tiepoint_store::sql::{self, Dialect, Fragment, TextUse};
use tiepoint_store::{Question, Result, rows_to_aggregate};

/// The aggregates, where SQLite finds all of them just as we do; `None` where it does not, or where
/// a reading would find something to report.
pub(crate) fn aggregate(
    link: &Link,
    site: &Site,
    query: &Query,
    aggregates: &[Aggregate],
) -> Result<Option<Vec<Value>>> {
    let cuts = query.limit.is_some() || query.offset > 0 || query.after.is_some();
    if cuts || query.distinct || query.invalid != InvalidGeometries::Keep {
        return Ok(None);
    }
    let table = link.catalogue.borrow_mut().table(&link.connection, site, &query.layer)?;
    let question = Question::of(&table.layer, &rows_to_aggregate(query))?;
    let maker = Maker::new(link, site, &table, &question, None)?;
    let split = maker.split(question.filter())?;
    let asked: Option<Vec<Asked>> = aggregates.iter().map(|it| asked(&maker, it)).collect();
    let Some(asked) = asked.filter(|_| split.rest == Bound::TRUE) else { return Ok(None) };
    let columns = asked.iter().map(|it| it.sql.clone());
    let select = Fragment::text("SELECT ").then(Fragment::joined(columns, ", "));
    let select = select.then(" FROM ").then(Fragment::name(table.name()));
    let statement = maker.ready(filtered(select, maker.conditions(split, None)))?;
    let what = format!("count layer `{}`", table.name());
    let failed = || site.failed(&what);
    let run = || -> rusqlite::Result<Vec<Value>> {
        let mut prepared = link.connection.prepare_cached(&statement.sql)?;
        prepared.query_row(params_from_iter(&statement.parameters), |row| {
            let values = asked.iter().enumerate();
            values.map(|(at, it)| Ok(it.value(&maker, row.get(at)?))).collect()
        })
    };
    let mut values = run().map_err(failed())?;
    if statement.prepared.iter().any(|it| !it.take_faults().is_empty()) {
        return Ok(None);
    }
    for (value, asked) in values.iter_mut().zip(&asked) {
        if asked.extent {
            let extent = contents::extent(&link.connection, &table).map_err(failed())?;
            *value = extent.as_ref().map(Envelope::to_geometry).into();
        }
    }
    Ok(Some(values))
}

/// One aggregate as a column.
struct Asked {
    sql: Sql,
    /// The field that the value is one of.
    field: Option<usize>,
    /// Whether it is the extent of the whole layer, which is found otherwise.
    extent: bool,
}

fn asked(maker: &Maker<'_>, aggregate: &Aggregate) -> Option<Asked> {
    let of = |sql: Sql, field: Option<usize>| Some(Asked { sql, field, extent: false });
    match aggregate {
        Aggregate::Count => of("count(*)".into(), None),
        Aggregate::CountOf(value) => {
            let value = sql::value(&maker.spelling, &bound(maker, value)?)?;
            of(Fragment::call("count", [value]), None)
        }
        Aggregate::Min(value) => {
            let (value, field) = extreme(maker, value)?;
            of(Fragment::call("min", [value]), Some(field))
        }
        Aggregate::Max(value) => {
            let (value, field) = extreme(maker, value)?;
            of(Fragment::call("max", [value]), Some(field))
        }
        Aggregate::Extent(value) => {
            let all = *maker.question.filter() == Bound::TRUE && *maker.question.ids() == Ids::Any;
            let geometry = maker.table().geometry.as_ref().filter(|_| all)?;
            let is_it = bound(maker, value)?.as_field() == Some(geometry.position);
            is_it.then(|| Asked { sql: "NULL".into(), field: None, extent: true })
        }
        Aggregate::CountDistinct(_) | Aggregate::Sum(_) | Aggregate::Average(_) => None,
    }
}

fn bound(maker: &Maker<'_>, value: &Expr) -> Option<Bound> {
    value.bind(maker.table().layer.schema()).ok().filter(|it| it.native_stores().is_empty())
}

/// A field whose values SQLite sorts as we do.
fn extreme(maker: &Maker<'_>, value: &Expr) -> Option<(Sql, usize)> {
    let bound = bound(maker, value)?;
    let field = bound.as_field().filter(|_| maker.spelling.sorts(&bound))?;
    let value = sql::value(&maker.spelling, &bound)?;
    let is_text = *bound.ty() == tiepoint_core::ExprType::Text;
    Some((
        if is_text { maker.spelling.collated(&bound, value, TextUse::Order) } else { value },
        field,
    ))
}

impl Asked {
    fn value(&self, maker: &Maker<'_>, stored: Stored) -> Value {
        let schema = Arc::clone(maker.table().layer.schema());
        match (self.field, stored) {
            (Some(field), stored) => {
                let value = values::decode((&stored).into(), &schema.fields()[field].ty);
                value.unwrap_or(Value::Null)
            }
            (None, Stored::Integer(number)) => Value::Int(number),
            (None, _) => Value::Null,
        }
    }
}
