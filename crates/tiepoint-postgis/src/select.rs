//! Questions as SQL: what the server is asked, and what it leaves to be finished in memory.
use crate::encode::Bind;
use crate::error::Site;
use crate::kind::Kind;
use crate::metadata::{Key, Sql, Table, bound};
use crate::spelling::Spelling;
use std::sync::Arc;
use tiepoint_core::{Bound, Fid, Ids, Json, Schema, Value};
use tiepoint_store::sql::{self, Fragment, NativeError, Split, Statement};
use tiepoint_store::{Question, Rest, Result, SortKey, StoreError};
use tokio_postgres::types::ToSql;

/// A question as SQL, and what is left to do with its rows.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) question: Question,
    pub(crate) table: Arc<Table>,
    pub(crate) rest: Rest,
    pub(crate) shape: Shape,
    pub(crate) statement: Statement<Bind>,
}

/// Which fields rows come with.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) schema: Arc<Schema>,
    /// For each field of the schema the column of the result that it is read from, if it is read,
    /// and the table's column that it is.
    pub(crate) columns: Vec<Option<(usize, usize)>>,
}

/// Columns before those of the fields: the row's key and its object id.
pub(crate) const FIELDS_AT: usize = 2;

/// Puts a question to the server.
pub(crate) fn select(site: &Site, table: Arc<Table>, question: Question) -> Result<Select> {
    let maker = Maker { site, spelling: Spelling { table: &table }, question: &question };
    let split = maker.split(question.filter())?;
    let order = maker.order()?;
    let mut rest = Rest {
        filter: split.rest.clone(),
        sort: order.is_none(),
        after: question.after().is_some() && maker.after().is_none(),
        cut: true,
    };
    rest.cut = !question.may_cut(&rest);
    let shape = Shape::of(&question, &rest);
    let conditions = maker.conditions(split);
    let sql = maker.statement(&shape, conditions, order.unwrap_or_default(), !rest.cut);
    let statement = sql.spell(&maker.spelling);
    Ok(Select { question, table, rest, shape, statement })
}

/// What statements about one question are made with.
#[derive(Debug, Clone)]
pub(crate) struct Maker<'q> {
    pub(crate) site: &'q Site,
    pub(crate) spelling: Spelling<'q>,
    pub(crate) question: &'q Question,
}

impl<'q> Maker<'q> {
    pub(crate) fn table(&self) -> &'q Table {
        self.spelling.table
    }

    pub(crate) fn split(&self, filter: &Bound) -> Result<Split<Bind>> {
        sql::split(&self.spelling, filter).map_err(|reason| self.refused(&reason))
    }

    fn refused(&self, reason: &NativeError) -> StoreError {
        let hint = "ask it of a store that has the function, on its own or beside fields";
        self.site.unsupported(format!("answer: {reason}"), Some(hint))
    }

    /// The sort keys as SQL, none where there are none; `None` when the server would sort
    /// otherwise.
    pub(crate) fn order(&self) -> Result<Option<Vec<Sql>>> {
        let keys = self.question.order().iter().filter(|it| it.key.as_constant().is_none());
        let keys: Vec<SortKey> = keys.cloned().collect();
        for by in &keys {
            sql::check_native(&self.spelling, &by.key).map_err(|reason| self.refused(&reason))?;
        }
        if keys.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if self.table().key == Key::None {
            // nothing would decide among equals
            return Ok(None);
        }
        Ok(sql::order_by(&self.spelling, &keys).map(|order| vec![order]))
    }

    /// Going on after a page's mark, where the rows' keys alone decide.
    pub(crate) fn after(&self) -> Option<Sql> {
        let (mark, key) = (self.question.after()?, self.table().key_sql()?);
        if !self.question.order().is_empty() {
            return None;
        }
        let whole = self.table().fid_kind() != Kind::Text;
        let last = match &mark.fid {
            Fid::Int(fid) if whole => bound(Kind::Int8, "::int8", *fid),
            Fid::Text(fid) if !whole && !fid.contains('\0') => {
                bound(Kind::Text, "::text", fid.as_str())
            }
            Fid::Int(_) | Fid::Text(_) => return None,
        };
        Some(key.then(" > ").then(last))
    }

    /// What rows must fulfil.
    pub(crate) fn conditions(&self, split: Split<Bind>) -> Vec<Sql> {
        let mut conditions = Vec::new();
        conditions.extend(self.chosen());
        conditions.extend(split.prefilter);
        conditions.extend(split.condition);
        conditions.extend(self.after());
        conditions
    }

    /// Only what has certain ids.
    fn chosen(&self) -> Option<Sql> {
        let nothing = || Some(Fragment::text("FALSE"));
        match self.question.ids() {
            Ids::Any => None,
            // ids that keys name have become fids before
            Ids::Objects(ids) => {
                let Some(tie) = &self.table().tie else { return nothing() };
                let texts = ids.iter().map(ToString::to_string);
                Some(among(Fragment::name(&tie.column), &tie.kind, texts))
            }
            Ids::Fids(fids) => match &self.table().key {
                Key::None => nothing(),
                Key::Column(column) if column.is_whole() => {
                    let numbers = fids.iter().filter_map(|fid| match fid {
                        Fid::Int(number) => Some(number.to_string()),
                        Fid::Text(_) => None,
                    });
                    Some(among(Fragment::name(&column.name), &Kind::Int8, numbers))
                }
                Key::Column(column) if column.kind == Kind::Uuid => {
                    let canonical =
                        |it: &&str| it.parse::<uuid::Uuid>().is_ok_and(|id| id.to_string() == **it);
                    let ids = texts(fids).filter(canonical).map(str::to_owned);
                    Some(among(Fragment::name(&column.name), &Kind::Uuid, ids))
                }
                Key::Column(_) | Key::Several(_) => {
                    let texts = texts(fids).filter(|it| !it.contains('\0')).map(str::to_owned);
                    Some(among(self.table().key_sql()?, &Kind::Text, texts))
                }
            },
        }
    }

    pub(crate) fn statement(
        &self,
        shape: &Shape,
        conditions: Vec<Sql>,
        order: Vec<Sql>,
        cut: bool,
    ) -> Sql {
        let mut sql = filtered(self.columns(shape), conditions);
        let order: Vec<Sql> = order.into_iter().chain(self.table().order_sql()).collect();
        if !order.is_empty() {
            sql = sql.then(" ORDER BY ").then(Fragment::joined(order, ", "));
        }
        let number = |it: u64| bound(Kind::Int8, "::int8", i64::try_from(it).unwrap_or(i64::MAX));
        if let Some(limit) = self.question.limit().filter(|_| cut) {
            sql = sql.then(" LIMIT ").then(number(limit));
        }
        if cut && self.question.offset() > 0 {
            sql = sql.then(" OFFSET ").then(number(self.question.offset()));
        }
        sql
    }

    pub(crate) fn columns(&self, shape: &Shape) -> Sql {
        let null = || Fragment::text("NULL");
        // named, so that an order by a field of the key is not taken for an order by its text
        let mut sql = Fragment::text("SELECT ").then(self.table().key_sql().unwrap_or_else(null));
        sql = sql.then(" AS \"tiepoint fid\", ");
        sql = sql.then(self.table().id_sql().unwrap_or_else(null)).then(" AS \"tiepoint id\"");
        for (_, at) in shape.columns.iter().flatten() {
            let column = &self.table().columns[*at];
            sql = sql.then(", ").then(column.read_sql());
        }
        sql.then(" FROM ").then(self.table().sql())
    }
}

fn texts(fids: &[Fid]) -> impl Iterator<Item = &str> {
    fids.iter().filter_map(|fid| match fid {
        Fid::Text(text) => Some(text.as_str()),
        Fid::Int(_) => None,
    })
}

/// One array, so that any number of ids is one bind of one statement.
fn among(column: Sql, kind: &Kind, values: impl Iterator<Item = String>) -> Sql {
    let (kind, cast) = match kind {
        Kind::Uuid => (Kind::Uuid, "::uuid[])"),
        Kind::Int8 => (Kind::Int8, "::int8[])"),
        _ => (Kind::Text, "::text[])"),
    };
    let values = values.map(|text| match kind {
        Kind::Int8 => text,
        _ => serde_json::Value::from(text).to_string(),
    });
    let list = format!("[{}]", values.collect::<Vec<_>>().join(","));
    let list: Json = list.parse().expect("numbers and quoted texts make JSON");
    let array = Bind::new(Kind::Array(Box::new(kind)), Value::Json(list));
    column.then(" = ANY (").then(Fragment::bind(array)).then(cast)
}

/// A statement on the rows that fulfil all of these.
pub(crate) fn filtered(select: Sql, conditions: Vec<Sql>) -> Sql {
    if conditions.is_empty() {
        return select;
    }
    select.then(" WHERE ").then(Fragment::joined(conditions, " AND "))
}

/// The binds of a statement as the driver takes them.
pub(crate) fn parameters(statement: &Statement<Bind>) -> Vec<&(dyn ToSql + Sync)> {
    statement.binds.iter().map(|bind| bind as &(dyn ToSql + Sync)).collect()
}

impl Select {
    pub(crate) fn doing(&self) -> String {
        format!("read layer `{}`", self.table.layer.name())
    }
}

impl Shape {
    pub(crate) fn of(question: &Question, rest: &Rest) -> Self {
        let output = question.output();
        if question.comes_as_output(rest) {
            let fields = question.layer().schema();
            let of_layer = |name: &str| fields.position(name);
            let named = output.schema().fields().iter().map(|field| of_layer(&field.name));
            let columns = (FIELDS_AT..).zip(named).map(|(at, of)| Some((at, of?))).collect();
            return Self { schema: Arc::clone(output.schema()), columns };
        }
        Self::of_fields(question.layer().schema(), question.needs(rest))
    }

    /// Only these fields of the layer's; the others are unset.
    pub(crate) fn of_fields(schema: &Arc<Schema>, fields: impl IntoIterator<Item = usize>) -> Self {
        let mut columns = vec![None; schema.fields().len()];
        for (at, position) in (FIELDS_AT..).zip(fields) {
            columns[position] = Some((at, position));
        }
        Self { schema: Arc::clone(schema), columns }
    }
}
