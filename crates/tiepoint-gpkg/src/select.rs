//! Questions as SQL: what SQLite is asked, and what it leaves to be finished in memory.
use crate::connection::Link;
use crate::error::Site;
use crate::evaluate::{Fault, Prepared};
use crate::metadata::Table;
use crate::nearest::{self, Found};
use crate::spelling::{Bind, Spelling, Sql, stored};
use rusqlite::params_from_iter;
use rusqlite::types::Value as Stored;
use std::sync::Arc;
use tiepoint_core::{Bound, Expr, Fid, Ids, ObjectId, Schema, Value};
use tiepoint_store::sql::{self, Dialect, Fragment, NativeError, Split};
use tiepoint_store::{Question, ReadControl, Rest, Result, SortKey, StoreError};

/// A question as SQL, and what is left to do with its rows.
pub(crate) struct Select {
    pub(crate) question: Question,
    pub(crate) table: Arc<Table>,
    pub(crate) rest: Rest,
    pub(crate) shape: Shape,
    pub(crate) statement: Statement,
    /// What was found before the statement runs.
    pub(crate) found: Option<Found>,
    /// Geometries that could not be read on the way.
    pub(crate) faults: Vec<Fault>,
}

/// A statement ready to run.
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Stored>,
    /// The expressions that it evaluates.
    pub(crate) prepared: Vec<Arc<Prepared>>,
}

/// Which fields rows come with.
pub(crate) struct Shape {
    pub(crate) schema: Arc<Schema>,
    /// For each field of the schema the column that it is read from, if it is read.
    pub(crate) columns: Vec<Option<usize>>,
}

/// Columns before those of the fields: the row's key and its object id.
const FIELDS_AT: usize = 2;

/// Puts a question to SQLite.
pub(crate) fn select(
    link: &Link,
    site: &Site,
    table: Arc<Table>,
    question: Question,
    control: Option<&ReadControl>,
) -> Result<Select> {
    let maker = Maker::new(link, site, &table, &question, control)?;
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
    let mut faults = Vec::new();
    let found = match nearest::Search::of(&maker, &rest) {
        Some(search) => search.run(&mut faults)?,
        None => None,
    };
    let conditions = maker.conditions(split, found.as_ref());
    let whole = maker.statement(&shape, conditions, order.unwrap_or_default(), !rest.cut);
    let statement = maker.ready(whole)?;
    Ok(Select { question, table, rest, shape, statement, found, faults })
}

/// What statements about one question are made with.
pub(crate) struct Maker<'q> {
    pub(crate) link: &'q Link,
    pub(crate) site: &'q Site,
    pub(crate) spelling: Spelling<'q>,
    pub(crate) question: &'q Question,
    pub(crate) control: Option<&'q ReadControl>,
}

impl<'q> Maker<'q> {
    pub(crate) fn new(
        link: &'q Link,
        site: &'q Site,
        table: &'q Arc<Table>,
        question: &'q Question,
        control: Option<&'q ReadControl>,
    ) -> Result<Self> {
        let utf8 = link.catalogue.borrow_mut().is_utf8(&link.connection);
        let utf8 = utf8.map_err(site.failed("read its encoding"))?;
        let spelling = Spelling { table, utf8, pure: Vec::new() };
        let mut maker = Self { link, site, spelling, question, control };
        maker.note_purity()?;
        Ok(maker)
    }

    /// Looks whether the first sort key's index can serve: not if misfit values stand in it, which
    /// count as null and would sort elsewhere.
    fn note_purity(&mut self) -> Result<()> {
        let first = self.question.order().first();
        let Some((key, sql)) =
            first.and_then(|by| Some((&by.key, self.spelling.impurity(&by.key)?)))
        else {
            return Ok(());
        };
        let statement = self.ready(sql)?;
        let ask = || {
            let mut prepared = self.link.connection.prepare_cached(&statement.sql)?;
            prepared.query_row(params_from_iter(&statement.parameters), |row| row.get(0))
        };
        let impure: bool = ask().map_err(self.site.failed(&self.doing()))?;
        self.spelling.pure.extend(key.as_field().filter(|_| !impure));
        Ok(())
    }

    pub(crate) fn table(&self) -> &'q Arc<Table> {
        self.spelling.table
    }

    pub(crate) fn split(&self, filter: &Bound) -> Result<Split<Bind>> {
        sql::split(&self.spelling, filter).map_err(|reason| self.refused(&reason))
    }

    fn refused(&self, reason: &NativeError) -> StoreError {
        let hint = "ask it of a store that has the function, on its own or beside fields";
        self.site.unsupported(format!("answer: {reason}"), Some(hint))
    }

    /// The sort keys as SQL, none where there are none; `None` when SQLite would sort otherwise.
    fn order(&self) -> Result<Option<Vec<Sql>>> {
        let keys = self.question.order().iter().filter(|it| it.key.as_constant().is_none());
        let keys: Vec<SortKey> = keys.cloned().collect();
        for by in &keys {
            sql::check_native(&self.spelling, &by.key).map_err(|reason| self.refused(&reason))?;
        }
        if keys.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if self.table().key_sql().is_none() {
            // nothing would decide among equals
            return Ok(None);
        }
        Ok(sql::order_by(&self.spelling, &keys).map(|order| vec![order]))
    }

    /// Going on after a page's mark, where the rows' keys alone decide.
    fn after(&self) -> Option<Sql> {
        let (mark, key) = (self.question.after()?, self.table().key()?);
        match &mark.fid {
            Fid::Int(fid) if self.question.order().is_empty() => {
                Some(key.then(" > ").then(stored(*fid)))
            }
            _ => None,
        }
    }

    /// What rows must fulfil: what an index answers first.
    pub(crate) fn conditions(&self, split: Split<Bind>, found: Option<&Found>) -> Vec<Sql> {
        let mut conditions = Vec::new();
        if let (Some(found), Some(key)) = (found, self.table().key()) {
            let fids: Vec<Fid> = found.rows.iter().copied().map(Fid::Int).collect();
            conditions.push(listed(key, fid_list(&fids)));
            return conditions;
        }
        conditions.extend(self.chosen());
        conditions.extend(split.prefilter);
        conditions.extend(split.condition);
        conditions.extend(self.after());
        conditions
    }

    /// Only what has certain ids.
    fn chosen(&self) -> Option<Sql> {
        let (column, list) = match self.question.ids() {
            Ids::Any => return None,
            Ids::Objects(ids) if self.table().natural_key.is_some() => {
                return Some(self.named(ids));
            }
            Ids::Objects(ids) => (self.spelling.id_column(), id_list(ids)),
            Ids::Fids(fids) => (self.table().key(), fid_list(fids)),
        };
        Some(column.map_or_else(|| "0".into(), |column| listed(column, list)))
    }

    /// Only what keys name so: each key is looked at, since no index knows the ids made of them.
    fn named(&self, ids: &[ObjectId]) -> Sql {
        let ids = ids.iter().map(|id| Value::Uuid(*id.as_uuid()));
        let is_one = Expr::Id.is_in(ids).bind_filter(self.table().layer.schema());
        let is_one = is_one.ok().filter(|_| *self.question.ids() != Ids::Objects(Vec::new()));
        is_one.and_then(|it| self.spelling.computed(&it)).unwrap_or_else(|| "0".into())
    }

    fn statement(&self, shape: &Shape, conditions: Vec<Sql>, order: Vec<Sql>, cut: bool) -> Sql {
        let mut sql = filtered(self.columns(shape), conditions);
        let order: Vec<Sql> = order.into_iter().chain(self.table().key()).collect();
        if !order.is_empty() {
            sql = sql.then(" ORDER BY ").then(Fragment::joined(order, ", "));
        }
        let question = self.question;
        if cut && (question.limit().is_some() || question.offset() > 0) {
            let number = |it: u64| stored(i64::try_from(it).unwrap_or(i64::MAX));
            sql = sql.then(" LIMIT ").then(number(question.limit().unwrap_or(u64::MAX)));
            sql = sql.then(" OFFSET ").then(number(question.offset()));
        }
        sql
    }

    fn columns(&self, shape: &Shape) -> Sql {
        let null = || Fragment::text("NULL");
        let mut sql = Fragment::text("SELECT ").then(self.table().key().unwrap_or_else(null));
        sql = sql.then(", ").then(self.spelling.id_column().unwrap_or_else(null));
        for (field, column) in shape.schema.fields().iter().zip(&shape.columns) {
            if column.is_some() {
                sql = sql.then(", ").then_name(&field.name);
            }
        }
        sql.then(" FROM ").then_name(self.table().name())
    }

    /// Spells a statement and makes its expressions ready; the first of them counts rows.
    pub(crate) fn ready(&self, sql: Sql) -> Result<Statement> {
        let spelt = sql.spell(&self.spelling);
        let (mut parameters, mut prepared) = (Vec::with_capacity(spelt.binds.len()), Vec::new());
        for bind in spelt.binds {
            parameters.push(match bind {
                Bind::Stored(value) => value,
                Bind::Evaluate(evaluation) => {
                    let (table, control) = (Arc::clone(self.table()), self.control.cloned());
                    let ready = Prepared::new(*evaluation, table, control, prepared.is_empty());
                    let ready = Arc::new(ready.map_err(|reason| StoreError::Evaluate {
                        layer: self.table().name().to_owned(),
                        reason: Box::new(reason),
                    })?);
                    let handle = self.link.evaluated.add(&ready);
                    prepared.push(ready);
                    Stored::Integer(handle)
                }
            });
        }
        Ok(Statement { sql: spelt.sql, parameters, prepared })
    }

    /// What a failing statement was to do.
    pub(crate) fn doing(&self) -> String {
        doing(self.table())
    }
}

/// A statement on the rows that fulfil all of these.
pub(crate) fn filtered(select: Sql, conditions: Vec<Sql>) -> Sql {
    if conditions.is_empty() {
        return select;
    }
    select.then(" WHERE ").then(Fragment::joined(conditions, " AND "))
}

impl Select {
    pub(crate) fn doing(&self) -> String {
        doing(&self.table)
    }
}

fn doing(table: &Table) -> String {
    format!("read layer `{}`", table.name())
}

impl Shape {
    fn of(question: &Question, rest: &Rest) -> Self {
        let output = question.output();
        if question.comes_as_output(rest) {
            let schema = Arc::clone(output.schema());
            let columns = (FIELDS_AT..).take(schema.fields().len()).map(Some).collect();
            return Self { schema, columns };
        }
        let schema = Arc::clone(question.layer().schema());
        let mut columns = vec![None; schema.fields().len()];
        for (column, position) in (FIELDS_AT..).zip(question.needs(rest)) {
            columns[position] = Some(column);
        }
        Self { schema, columns }
    }
}

/// A JSON array, so that any number of ids is one bind of one statement.
fn listed(column: Sql, list: String) -> Sql {
    column.then(" IN (SELECT value FROM json_each(").then(stored(list)).then("))")
}

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
