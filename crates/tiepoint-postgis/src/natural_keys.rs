//! Layers whose ids are the names that a field gives. The server cannot make these names, so whoever
//! looks for one reads the key of every row.
use crate::encode::Bind;
use crate::error::Site;
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Collation, Sql, Table};
use crate::reading::FeatureReader;
use crate::select::{Shape, filtered, parameters};
use crate::spelling::Spelling;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tiepoint_core::{Expr, Feature, Fid, Ids, ObjectId, Query, Value};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{KeySurvey, NaturalKey, ReadControl, Result};

/// The same question, asked by fids where it was asked by ids that keys name. Rows may change
/// between the two, so that the ids are looked at again.
pub(crate) fn by_fids<'q>(
    link: &Link,
    site: &Site,
    table: &Arc<Table>,
    query: &'q Query,
    control: Option<&ReadControl>,
) -> Result<Cow<'q, Query>> {
    let (Ids::Objects(ids), Some(_)) = (&query.ids, &table.natural_key) else {
        return Ok(Cow::Borrowed(query));
    };
    let asked: HashSet<ObjectId> = ids.iter().copied().collect();
    let mut fids: Vec<Fid> = Vec::new();
    if !asked.is_empty() {
        each(link, site, table, Rows { control, ..Rows::ALL }, |row| {
            fids.extend(row.fid.filter(|_| row.id.is_some_and(|id| asked.contains(&id))));
        })?;
    }
    let query = query.clone().ids(Ids::Fids(fids));
    if asked.is_empty() {
        return Ok(Cow::Owned(query));
    }
    let is_one = Expr::Id.is_in(asked.iter().map(|id| Value::Uuid(*id.as_uuid())));
    Ok(Cow::Owned(query.filter(is_one)))
}

/// Reads the key of every row, the oldest first.
pub(crate) fn survey(link: &Link, site: &Site, table: &Arc<Table>) -> Result<KeySurvey> {
    let mut survey = KeySurvey::default();
    each(link, site, table, Rows { sorted: true, ..Rows::ALL }, |row| survey.add(row.fid, row.id))?;
    Ok(survey)
}

/// The object that a row stands for.
pub(crate) fn id_of(
    link: &Link,
    site: &Site,
    table: &Arc<Table>,
    row: Sql,
) -> Result<Option<ObjectId>> {
    let mut id = None;
    each(link, site, table, Rows { condition: Some(row), ..Rows::ALL }, |it| id = it.id)?;
    Ok(id)
}

/// The keys of all rows by the ids that they name.
pub(crate) fn keys_by_id(
    link: &Link,
    site: &Site,
    table: &Arc<Table>,
    key: &NaturalKey,
) -> Result<HashMap<ObjectId, Value>> {
    let mut keys = HashMap::new();
    each(link, site, table, Rows { with_key: true, ..Rows::ALL }, |row| {
        let id = row.id;
        let value = row.into_values().into_iter().nth(key.position()).flatten();
        keys.extend(id.zip(value));
    })?;
    Ok(keys)
}

/// What is true of the rows that have a key; text is compared byte for byte.
pub(crate) fn is_key(table: &Table, key: &NaturalKey, value: &Value) -> Sql {
    let column = &table.columns[key.position()];
    let bind = Bind { kind: column.kind.clone(), srid: 0, value: value.clone() };
    let is_it = Fragment::name(&column.name).then(" = ").then_bind(bind);
    let is_text = matches!(column.kind, Kind::Text | Kind::Padded { .. });
    let is_loose = is_text && column.collation == Collation::Loose;
    if is_loose { is_it.then(" COLLATE \"C\"") } else { is_it }
}

/// Which rows are read, and how.
struct Rows<'c> {
    condition: Option<Sql>,
    sorted: bool,
    with_key: bool,
    control: Option<&'c ReadControl>,
}

impl Rows<'_> {
    const ALL: Self = Self { condition: None, sorted: false, with_key: false, control: None };
}

/// Reads the fids and ids of rows, one after another.
fn each(
    link: &Link,
    site: &Site,
    table: &Arc<Table>,
    which: Rows<'_>,
    mut found: impl FnMut(Feature),
) -> Result<()> {
    let null = || Fragment::text("NULL");
    let (fid, id) = (table.key_sql().unwrap_or_else(null), table.id_sql().unwrap_or_else(null));
    let mut sql = Fragment::text("SELECT ").then(fid).then(" AS \"tiepoint fid\", ").then(id);
    let key = table.natural_key.as_ref().filter(|_| which.with_key).map(NaturalKey::position);
    if let Some(id) = table.id_sql().filter(|_| key.is_some()) {
        sql = sql.then(", ").then(id);
    }
    sql = filtered(sql.then(" FROM ").then(table.sql()), which.condition.into_iter().collect());
    if let Some(order) = table.order_sql().filter(|_| which.sorted) {
        sql = sql.then(" ORDER BY ").then(order);
    }
    let shape = Shape::of_fields(table.layer.schema(), key);
    let reader = FeatureReader::new(site.clone(), Arc::clone(table), shape);
    let statement = sql.spell(&Spelling { table });
    let what = format!("read the keys of layer `{}`", table.layer.name());
    let parameters = parameters(&statement);
    let rows = match which.control {
        Some(control) => link.rows_with(&statement.sql, &parameters, control),
        None => link.rows(&statement.sql, &parameters),
    };
    let mut rows = rows.map_err(site.failed(&what))?;
    while let Some(row) = rows.next(which.control).map_err(site.failed(&what))? {
        found(reader.feature(&row)?);
    }
    Ok(())
}
