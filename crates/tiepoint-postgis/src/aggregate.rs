//! Aggregates that the server finds without handing out rows.
use crate::catalogue::Catalogue;
use crate::decode::{Bytes, Reader};
use crate::error::Site;
use crate::facts;
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Column, Sql};
use crate::natural_keys::by_fids;
use crate::select::{Maker, filtered, parameters};
use crate::spelling::Spelling;
use tiepoint_core::{
    Aggregate, Bound, Envelope, Expr, ExprType, Ids, InvalidGeometries, Query, Value,
};
use tiepoint_store::sql::{self, Dialect, Fragment, TextUse};
use tiepoint_store::{Question, Result, rows_to_aggregate};

/// The aggregates, where the server finds all of them just as we do; `None` where it does not.
pub(crate) fn aggregate(
    link: &Link,
    site: &Site,
    catalogue: &Catalogue,
    query: &Query,
    aggregates: &[Aggregate],
) -> Result<Option<Vec<Value>>> {
    let cuts = query.limit.is_some() || query.offset > 0 || query.after.is_some();
    if cuts || query.distinct || query.invalid != InvalidGeometries::Keep {
        return Ok(None);
    }
    let table = catalogue.table(link, site, &query.layer)?;
    let query = &*by_fids(link, site, &table, query, None)?;
    let question = Question::of(&table.layer, &rows_to_aggregate(query))?;
    let maker = Maker { site, spelling: Spelling { table: &table }, question: &question };
    let split = maker.split(question.filter())?;
    let asked: Option<Vec<Asked<'_>>> = aggregates.iter().map(|it| asked(&maker, it)).collect();
    let Some(asked) = asked.filter(|_| split.rest == Bound::TRUE) else { return Ok(None) };
    let columns = asked.iter().map(|it| it.sql.clone());
    let select = Fragment::text("SELECT ").then(Fragment::joined(columns, ", "));
    let select = select.then(" FROM ").then(table.sql());
    let statement = filtered(select, maker.conditions(split)).spell(&maker.spelling);
    let what = format!("count layer `{}`", table.layer.name());
    let row = link.query_one(&statement.sql, &parameters(&statement));
    let row = row.map_err(site.failed(&what))?;
    let mut values = Vec::with_capacity(asked.len());
    for (at, asked) in asked.iter().enumerate() {
        let bytes = row.try_get::<_, Option<Bytes<'_>>>(at).ok().flatten();
        let value = bytes.map_or(Ok(Value::Null), |Bytes(bytes)| asked.reader().value(bytes));
        values.push(match value {
            _ if asked.extent => {
                let extent = facts::facts(link, site, &table)?.extent;
                extent.as_ref().map(Envelope::to_geometry).into()
            }
            Ok(value) => value,
            Err(reason) => return Err(site.corrupt(&what, reason)),
        });
    }
    Ok(Some(values))
}

/// One aggregate as a column.
struct Asked<'t> {
    sql: Sql,
    /// The column that the value is one of.
    column: Option<&'t Column>,
    /// Whether it is the extent of the whole layer, which is found otherwise.
    extent: bool,
}

impl Asked<'_> {
    fn reader(&self) -> Reader<'_> {
        let kind = self.column.map_or(&Kind::Int8, |column| &column.kind);
        Reader { kind, srid: 0 }
    }
}

fn asked<'t>(maker: &Maker<'t>, aggregate: &Aggregate) -> Option<Asked<'t>> {
    let of = |sql: Sql, column: Option<&'t Column>| Some(Asked { sql, column, extent: false });
    match aggregate {
        Aggregate::Count => of("count(*)".into(), None),
        Aggregate::CountOf(value) => {
            let bound = bound(maker, value)?;
            let value = sql::value(&maker.spelling, &bound)?;
            of(Fragment::call("count", [value]), None)
        }
        Aggregate::Min(value) => {
            let (value, column) = extreme(maker, value)?;
            of(Fragment::call("min", [value]), Some(column))
        }
        Aggregate::Max(value) => {
            let (value, column) = extreme(maker, value)?;
            of(Fragment::call("max", [value]), Some(column))
        }
        Aggregate::Extent(value) => {
            let all = *maker.question.filter() == Bound::TRUE && *maker.question.ids() == Ids::Any;
            let (position, _) = maker.table().layer.schema().geometry().filter(|_| all)?;
            let is_it = bound(maker, value)?.as_field() == Some(position);
            is_it.then(|| Asked { sql: "count(*)".into(), column: None, extent: true })
        }
        Aggregate::CountDistinct(_) | Aggregate::Sum(_) | Aggregate::Average(_) => None,
    }
}

fn bound(maker: &Maker<'_>, value: &Expr) -> Option<Bound> {
    value.bind(maker.table().layer.schema()).ok().filter(|it| it.native_stores().is_empty())
}

/// A field whose values the server sorts as we do, and whose extremes it can tell.
fn extreme<'t>(maker: &Maker<'t>, value: &Expr) -> Option<(Sql, &'t Column)> {
    let bound = bound(maker, value)?;
    let column = maker.table().columns.get(bound.as_field()?)?;
    let told =
        !matches!(column.kind, Kind::Bool | Kind::Bytea | Kind::Uuid | Kind::Float4 | Kind::Float8);
    if !told || !maker.spelling.sorts(&bound) {
        // of equal zeros the server may give either
        return None;
    }
    let value = sql::value(&maker.spelling, &bound)?;
    let is_text = *bound.ty() == ExprType::Text;
    let value =
        if is_text { maker.spelling.collated(&bound, value, TextUse::Order) } else { value };
    Some((value, column))
}
