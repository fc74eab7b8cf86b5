//! Queries: what SQLite is asked, and what is finished here.
//!
//! A box asks the R-tree first, whose numbers are rounded outwards to single precision, and then
//! every row's own envelope. Whatever SQLite does not sort by our order is sorted in memory.
use crate::connection::{Lease, Link};
use crate::cursor::{Cursor, RowSource, open_rows};
use crate::dialect::quoted;
use crate::error::Site;
use crate::geometry::blob_envelope;
use crate::metadata::Table;
use crate::values;
use rusqlite::Row;
use rusqlite::types::{Value as Stored, ValueRef};
use std::path::Path;
use std::sync::Arc;
use tiepoint_core::{
    Direction, Envelope, Feature, Fid, FieldType, Filter, ObjectId, Query, Schema, SchemaError,
};
use tiepoint_store::{Features, Result, StoreError, finish_query, project};

/// Columns before those of the fields: the row's key and its object id.
const FIELDS_AT: usize = 2;

/// Reads with a connection of its own.
pub(crate) fn read_owned(
    lease: Lease,
    path: &Arc<Path>,
    query: &Query,
) -> Result<Features<'static>> {
    let site = lease.site().clone();
    let plan = plan(lease.link(), &site, query)?;
    let what = plan.doing();
    let rows =
        Cursor::open(lease, path, &plan.sql, &plan.parameters).map_err(site.failed(&what))?;
    plan.features(site, query, rows)
}

/// Reads within a transaction.
pub(crate) fn read_within<'c>(link: &'c Link, site: &Site, query: &Query) -> Result<Features<'c>> {
    let plan = plan(link, site, query)?;
    let rows = open_rows(&link.connection, &plan.sql, &plan.parameters);
    let rows = rows.map_err(site.failed(&plan.doing()))?;
    plan.features(site.clone(), query, rows)
}

/// A query as SQL, and what is left to do with its rows.
struct Plan {
    table: Arc<Table>,
    sql: String,
    parameters: Vec<Stored>,
    /// The fields that rows come with.
    schema: Arc<Schema>,
    /// The boxes to meet, and the column that holds the geometry.
    boxes: Option<(Vec<Envelope>, usize)>,
    /// Whether rows come in the order that was asked for.
    sorted: bool,
    /// Whether SQLite has cut off what offset and limit cut off.
    cut: bool,
}

fn plan(link: &Link, site: &Site, query: &Query) -> Result<Plan> {
    let table = link.catalogue.borrow_mut().table(&link.connection, site, &query.layer)?;
    let order = order_by(&table, query)?;
    let (projected, _) = project(&table.layer, query)?;
    let schema = if order.is_some() { projected } else { Arc::clone(table.layer.schema()) };
    let boxes = boxes(&table, query)?;
    let mut select = Select::new(&table, &schema);
    let boxes = boxes.map(|boxes| {
        let column = select.geometry_column(&table, &schema);
        select.meet(&table, &boxes);
        (boxes, column)
    });
    select.filter(&table, &query.filter);
    let cut = boxes.is_none() && order.is_some();
    let sorted = order.is_some();
    let sql = select.finish(&table, order.as_deref(), query, cut);
    Ok(Plan { parameters: select.parameters, table, sql, schema, boxes, sorted, cut })
}

/// A `SELECT` being put together.
struct Select {
    columns: Vec<String>,
    conditions: Vec<String>,
    parameters: Vec<Stored>,
}

impl Select {
    fn new(table: &Table, schema: &Schema) -> Self {
        let null = || "NULL".to_owned();
        let id = table.tie.as_ref().map_or_else(null, |tie| quoted(&tie.column));
        let mut columns = vec![table.key_sql().map_or_else(null, str::to_owned), id];
        columns.extend(schema.fields().iter().map(|field| quoted(&field.name)));
        Self { columns, conditions: Vec::new(), parameters: Vec::new() }
    }

    /// Where the geometry that boxes mean is read; adds it when it was not asked for.
    fn geometry_column(&mut self, table: &Table, schema: &Schema) -> usize {
        let Some(geometry) = &table.geometry else { return 0 };
        if let Some(position) = schema.position(&geometry.name) {
            return FIELDS_AT + position;
        }
        self.columns.push(quoted(&geometry.name));
        self.columns.len() - 1
    }

    /// Leaves to the R-tree, where there is one, to find what may meet a box.
    fn meet(&mut self, table: &Table, boxes: &[Envelope]) {
        let rtree = table.geometry.as_ref().and_then(|geometry| geometry.rtree.as_ref());
        let (Some(rtree), Some(key)) = (rtree, table.key_sql()) else { return };
        let mut parts = Vec::new();
        for envelope in boxes {
            let (min, max) = (envelope.min(), envelope.max());
            let [x1, x2, y1, y2] =
                [max.x, min.x, max.y, min.y].map(|bound| self.parameter(Stored::Real(bound)));
            parts.push(format!(
                "SELECT id FROM {} WHERE minx <= {x1} AND maxx >= {x2} AND miny <= {y1} AND maxy >= {y2}",
                quoted(rtree)
            ));
        }
        self.conditions.push(format!("{key} IN ({})", parts.join(" UNION ALL ")));
    }

    fn filter(&mut self, table: &Table, filter: &Filter) {
        let (column, list) = match filter {
            Filter::All => return,
            Filter::Ids(ids) => (table.tie.as_ref().map(|tie| quoted(&tie.column)), id_list(ids)),
            Filter::Fids(fids) => (table.key_sql().map(str::to_owned), fid_list(fids)),
        };
        match column {
            Some(column) => {
                let list = self.parameter(Stored::Text(list));
                self.conditions.push(format!("{column} IN (SELECT value FROM json_each({list}))"));
            }
            None => self.conditions.push("0".to_owned()),
        }
    }

    fn parameter(&mut self, value: Stored) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len())
    }

    fn finish(&mut self, table: &Table, order: Option<&str>, query: &Query, cut: bool) -> String {
        let mut parts = vec![format!("SELECT {} FROM {}", self.columns.join(", "), table.sql())];
        if !self.conditions.is_empty() {
            parts.push(format!("WHERE {}", self.conditions.join(" AND ")));
        }
        let keys = order.into_iter().filter(|it| !it.is_empty()).chain(table.key_sql());
        let keys = keys.collect::<Vec<_>>().join(", ");
        if !keys.is_empty() {
            parts.push(format!("ORDER BY {keys}"));
        }
        if cut && (query.limit.is_some() || query.offset > 0) {
            let number = |it: u64| Stored::Integer(i64::try_from(it).unwrap_or(i64::MAX));
            let limit = self.parameter(number(query.limit.unwrap_or(u64::MAX)));
            let offset = self.parameter(number(query.offset));
            parts.push(format!("LIMIT {limit} OFFSET {offset}"));
        }
        parts.join(" ")
    }
}

/// A JSON array, so that any number of ids is one parameter of one statement.
fn id_list(ids: &[ObjectId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", ids.join(","))
}

fn fid_list(fids: &[Fid]) -> String {
    let number = |fid: &Fid| match fid {
        Fid::Int(number) => Some(number.to_string()),
        Fid::Text(_) => None,
    };
    format!("[{}]", fids.iter().filter_map(number).collect::<Vec<_>>().join(","))
}

/// The sort keys as SQL, or `None` when SQLite would sort in another order than ours.
fn order_by(table: &Table, query: &Query) -> Result<Option<String>> {
    let schema = table.layer.schema();
    let mut keys = Vec::new();
    let mut same_order = true;
    for by in &query.order {
        let position = schema.require(&by.field).map_err(|reason| in_layer(table, reason))?;
        same_order &= sorts_alike(&schema.fields()[position].ty);
        let direction = match by.direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        keys.push(format!("{} COLLATE BINARY {direction}", quoted(&by.field)));
    }
    Ok(same_order.then(|| keys.join(", ")))
}

fn in_layer(table: &Table, reason: SchemaError) -> StoreError {
    StoreError::Schema { layer: table.name().to_owned(), reason }
}

/// Whether SQLite's order of the stored values is our order of the values.
fn sorts_alike(ty: &FieldType) -> bool {
    match ty {
        FieldType::Bool
        | FieldType::Int(_)
        | FieldType::Real(_)
        | FieldType::Text { .. }
        | FieldType::Bytes { .. } => true,
        FieldType::Decimal { .. }
        | FieldType::Date
        | FieldType::Time(_)
        | FieldType::DateTime(_)
        | FieldType::Json
        | FieldType::Uuid
        | FieldType::Geometry(_) => false,
    }
}

fn boxes(table: &Table, query: &Query) -> Result<Option<Vec<Envelope>>> {
    let Some(bbox) = query.bbox else { return Ok(None) };
    let layer = || table.name().to_owned();
    let Some(geometry) = table.layer.geometry() else {
        return Err(StoreError::NoGeometry { layer: layer() });
    };
    let split = bbox.split(geometry.crs.is_lonlat());
    split.map(Some).map_err(|reason| StoreError::Box { layer: layer(), reason })
}

impl Plan {
    fn doing(&self) -> String {
        format!("read layer `{}`", self.table.name())
    }

    fn features<'a>(
        self,
        site: Site,
        query: &Query,
        source: impl RowSource + 'a,
    ) -> Result<Features<'a>> {
        let (sorted, cut, schema) = (self.sorted, self.cut, Arc::clone(&self.schema));
        let layer = Arc::clone(&self.table.layer);
        let rows = Reading {
            site,
            table: self.table,
            schema: self.schema,
            boxes: self.boxes,
            source,
            ended: false,
        };
        if !sorted {
            return finish_query(&layer, query, rows);
        }
        if cut {
            return Ok(Features::new(schema, rows));
        }
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let rows = rows.skip(whole(query.offset)).take(query.limit.map_or(usize::MAX, whole));
        Ok(Features::new(schema, rows))
    }
}

/// Rows becoming features.
struct Reading<S> {
    site: Site,
    table: Arc<Table>,
    schema: Arc<Schema>,
    boxes: Option<(Vec<Envelope>, usize)>,
    source: S,
    ended: bool,
}

impl<S: RowSource> Iterator for Reading<S> {
    type Item = Result<Feature>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let (site, table, schema, boxes) = (&self.site, &self.table, &self.schema, &self.boxes);
            let read = |row: &Row<'_>| feature(site, table, schema, boxes.as_ref(), row);
            match self.source.next_row(read) {
                Ok(Some(Ok(None))) => {}
                Ok(Some(Ok(Some(feature)))) => return Some(Ok(feature)),
                Ok(Some(Err(error))) => return Some(Err(error)),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    let what = format!("layer `{}`", self.table.name());
                    return Some(Err(self.site.driver_error(error, &what)));
                }
            }
        }
        None
    }
}

/// The feature in a row, or `None` when it meets none of the boxes.
fn feature(
    site: &Site,
    table: &Table,
    schema: &Arc<Schema>,
    boxes: Option<&(Vec<Envelope>, usize)>,
    row: &Row<'_>,
) -> Result<Option<Feature>> {
    let fid = match column(row, 0) {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    };
    let broken = |field: &str, reason: crate::BlobError| {
        let row = fid.map_or_else(|| "a row".to_owned(), |fid| format!("row {fid}"));
        let place = format!("layer `{}`, {row}, field `{field}`", table.name());
        site.corrupt(&place, reason.to_string())
    };
    if let Some((boxes, at)) = boxes {
        let ValueRef::Blob(blob) = column(row, *at) else { return Ok(None) };
        let name = table.geometry.as_ref().map_or("", |geometry| geometry.name.as_str());
        let envelope = blob_envelope(blob).map_err(|reason| broken(name, reason))?;
        if !envelope.is_some_and(|it| boxes.iter().any(|wanted| wanted.intersects(&it))) {
            return Ok(None);
        }
    }
    let mut decoded = Vec::with_capacity(schema.fields().len());
    for (at, field) in schema.fields().iter().enumerate() {
        let value = values::decode(column(row, FIELDS_AT + at), &field.ty);
        decoded.push(Some(value.map_err(|reason| broken(&field.name, reason))?));
    }
    let mut feature = Feature::with_values(Arc::clone(schema), decoded);
    feature.fid = fid.map(Fid::Int);
    feature.id = object_id(column(row, 1));
    Ok(Some(feature))
}

/// The object id in a column; `None` for what is no id, which a check reports.
pub(crate) fn object_id(stored: ValueRef<'_>) -> Option<ObjectId> {
    match stored {
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

#[inline]
fn column<'r>(row: &'r Row<'_>, at: usize) -> ValueRef<'r> {
    row.get_ref(at).unwrap_or(ValueRef::Null)
}
