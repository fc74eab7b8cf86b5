//! Questions as queries.
use crate::case::{Case, Question};
use crate::split::split;
use crate::table::Table;
use tiepoint_codecs::cql2;
use tiepoint_core::{Aggregate, BBox, Crs, Direction, Expr, Geometry, Nulls, Query};

/// The name of the computed field that a value is read from.
pub(crate) const VALUE: &str = "the value";

/// The query that a case asks, or why its expression cannot be read.
pub(crate) fn query(case: &Case, table: &Table) -> Result<Query, String> {
    let query = Query::layer(case.layer);
    let crs = table.crs();
    match case.question {
        Question::Filter(text) => Ok(query.filter(expression(text, &crs)?)),
        Question::Value(text) => Ok(query.fields(["pk"]).compute(VALUE, expression(text, &crs)?)),
        Question::Order(text) => ordered(query, text, &crs),
        Question::Box(text) => boxed(query, text, &crs),
        Question::Nearest(text) => Ok(nearest(query, text, &crs)),
        Question::Total(text) => match text.split_once(" where ") {
            Some((_, filter)) => Ok(query.filter(expression(filter, &crs)?)),
            None => Ok(query),
        },
    }
}

/// An aggregate of what it is made of.
type Of = fn(Expr) -> Aggregate;

/// The aggregate of a total: `count`, `sum i`, `count distinct i where filter`.
pub(crate) fn aggregate(text: &str, table: &Table) -> Result<Aggregate, String> {
    let text = text.split_once(" where ").map_or(text, |(aggregate, _)| aggregate);
    let of = |name: &str| {
        let argument = text.strip_prefix(name)?.strip_prefix(' ')?;
        Some(expression(argument, &table.crs()))
    };
    let named: [(&str, Of); 7] = [
        ("count distinct", Aggregate::CountDistinct),
        ("count of", Aggregate::CountOf),
        ("sum", Aggregate::Sum),
        ("average", Aggregate::Average),
        ("min", Aggregate::Min),
        ("max", Aggregate::Max),
        ("extent", Aggregate::Extent),
    ];
    let found = named.into_iter().find_map(|(name, make)| Some(of(name)?.map(make)));
    found.unwrap_or_else(|| {
        assert_eq!(text, "count", "no aggregate is named so");
        Ok(Aggregate::Count)
    })
}

/// An expression in CQL2 text.
pub(crate) fn expression(text: &str, crs: &Crs) -> Result<Expr, String> {
    cql2::parse(text, crs).map_err(|error| {
        format!(
            "{error} {} {}",
            error.hint().unwrap_or_default(),
            error.caret().unwrap_or_default()
        )
    })
}

/// `key desc nulls last, key limit 2 offset 1 where filter`.
fn ordered(mut query: Query, text: &str, crs: &Crs) -> Result<Query, String> {
    let (text, filter) = text.split_once(" where ").map_or((text, None), |(a, b)| (a, Some(b)));
    let (text, offset) = text.split_once(" offset ").map_or((text, "0"), |it| it);
    let (text, limit) = text.split_once(" limit ").map_or((text, None), |(a, b)| (a, Some(b)));
    for key in split(text, ",") {
        let (key, nulls) =
            without(key, [(" nulls first", Nulls::First), (" nulls last", Nulls::Last)]);
        let ways = [(" asc", Direction::Ascending), (" desc", Direction::Descending)];
        let (key, direction) = without(key, ways);
        let (key, direction) = (expression(key, crs)?, direction.unwrap_or(Direction::Ascending));
        query = match nulls {
            Some(nulls) => query.order_by_with(key, direction, nulls),
            None => query.order_by(key, direction),
        };
    }
    if let Some(filter) = filter {
        query = query.filter(expression(filter, crs)?);
    }
    if let Some(limit) = limit {
        query = query.limit(limit.parse().expect("a limit"));
    }
    Ok(query.offset(offset.parse().expect("an offset")))
}

/// The text without the ending that it has, and what that means.
fn without<'a, T>(text: &'a str, endings: [(&str, T); 2]) -> (&'a str, Option<T>) {
    let found = endings.into_iter().find_map(|(ending, it)| Some((text.strip_suffix(ending)?, it)));
    found.map_or((text, None), |(text, it)| (text, Some(it)))
}

/// `west south east north EPSG:3857 and filter`.
fn boxed(query: Query, text: &str, crs: &Crs) -> Result<Query, String> {
    let (text, filter) = text.split_once(" and ").map_or((text, None), |(a, b)| (a, Some(b)));
    let words: Vec<_> = text.split(' ').collect();
    let number = |at: usize| words[at].parse().expect("a number");
    let bbox = BBox { min_x: number(0), min_y: number(1), max_x: number(2), max_y: number(3) };
    let query = match words.get(4) {
        Some(other) => query.within_in(bbox, other.parse().expect("a CRS")),
        None => query.within(bbox),
    };
    match filter {
        Some(filter) => Ok(query.filter(expression(filter, crs)?)),
        None => Ok(query),
    }
}

/// `3 POINT(35 5)`.
fn nearest(query: Query, text: &str, crs: &Crs) -> Query {
    let (count, wkt) = text.split_once(' ').expect("a count and a geometry");
    let geometry = Geometry::from_wkt(wkt).expect("a geometry");
    query.nearest(geometry, crs.clone(), count.parse().expect("a count"))
}
