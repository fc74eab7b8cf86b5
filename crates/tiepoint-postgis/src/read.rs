//! Reading: a query becomes a question, the question SQL, and rows features.
use crate::catalogue::Catalogue;
use crate::error::Failure;
use crate::error::Site;
use crate::lease::Lease;
use crate::link::Link;
use crate::natural_keys::by_fids;
use crate::nearest;
use crate::reading::RowSource;
use crate::select::{Select, parameters, select};
use crate::streams::Rows;
use crate::transaction::marked;
use std::collections::VecDeque;
use tiepoint_core::Query;
use tiepoint_store::{Features, Question, ReadControl, Result};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// Reads with a connection of its own.
pub(crate) fn read_owned(
    lease: Lease,
    site: &Site,
    catalogue: &Catalogue,
    query: &Query,
    control: &ReadControl,
) -> Result<Features<'static>> {
    let select = asked(&lease, site, catalogue, query, Some(control))?;
    let rows = lease.rows_with(&select.statement.sql, &parameters(&select.statement), control);
    let rows = rows.map_err(site.failed(&select.doing()))?;
    let source = LeasedRows(Some((lease, rows)));
    select.features(site.clone(), source, Some(control.clone()))
}

/// Reads within a transaction, through a cursor, so that other things can be asked meanwhile.
pub(crate) fn read_within<'t>(
    link: &'t Link,
    site: &Site,
    catalogue: &Catalogue,
    query: &Query,
    cursor: u64,
) -> Result<Features<'t>> {
    let select = asked(link, site, catalogue, query, None)?;
    let rows = Cursor::open(link, cursor, &select);
    let rows = rows.map_err(site.failed(&select.doing()))?;
    select.features(site.clone(), rows, None)
}

/// The same, and the rows are held until the transaction ends.
pub(crate) fn read_held<'t>(
    link: &'t Link,
    site: &Site,
    catalogue: &Catalogue,
    query: &Query,
    cursor: u64,
) -> Result<Features<'t>> {
    let mut select = asked(link, site, catalogue, query, None)?;
    let layer = select.table.layer.name().to_owned();
    let refused = |why: &str| {
        let hint = "read without, and compare before writing";
        site.unsupported(format!("hold rows of layer `{layer}`: {why}"), Some(hint))
    };
    if query.distinct {
        return Err(refused("equal ones come as one"));
    }
    select.statement.sql.push_str(" FOR UPDATE");
    let rows = marked(link, |link| Cursor::open(link, cursor, &select));
    let rows = rows.map_err(|failure| match failure.code() {
        // views that make one row of several, materialized views, some foreign tables
        Some("0A000" | "42809") => refused("the server cannot"),
        _ => site.driver_error(failure, &select.doing()),
    })?;
    select.features(site.clone(), rows, None)
}

/// A query as SQL.
pub(crate) fn asked(
    link: &Link,
    site: &Site,
    catalogue: &Catalogue,
    query: &Query,
    control: Option<&ReadControl>,
) -> Result<Select> {
    let table = catalogue.table(link, site, &query.layer)?;
    let query = by_fids(link, site, &table, query, control)?;
    let question = Question::of(&table.layer, &query)?;
    let select = select(site, table, question)?;
    nearest::narrowed(link, site, select, control)
}

/// Rows that hold the connection they come from.
struct LeasedRows(Option<(Lease, Rows)>);

impl RowSource for LeasedRows {
    fn next_row(&mut self, control: Option<&ReadControl>) -> Result<Option<Row>, Failure> {
        let Some((_, rows)) = &mut self.0 else { return Ok(None) };
        let next = rows.next(control);
        if !matches!(next, Ok(Some(_))) {
            // free for others although the features are still held
            self.give_back();
        }
        next
    }

    fn take_back(&mut self, row: Row) {
        if let Some((_, rows)) = &mut self.0 {
            rows.take_back(row);
        }
    }
}

impl LeasedRows {
    fn give_back(&mut self) {
        if let Some((lease, rows)) = self.0.take() {
            lease.abandon(rows);
        }
    }
}

impl Drop for LeasedRows {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// How many rows a cursor is asked for at once.
const ROWS_AT_ONCE: usize = 1_024;

/// Rows that are asked for piece by piece.
struct Cursor<'t> {
    link: &'t Link,
    name: String,
    ready: VecDeque<Row>,
    done: bool,
}

impl<'t> Cursor<'t> {
    fn open(link: &'t Link, number: u64, select: &Select) -> Result<Self, Failure> {
        // the driver looks types up by asking the server; while rows come that would wait for ever
        link.prepare(&select.statement.sql)?;
        let name = format!("tiepoint_{number}");
        let sql = format!("DECLARE {name} NO SCROLL CURSOR FOR {}", select.statement.sql);
        let binds = select.statement.binds.iter();
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            binds.map(|bind| (bind as &(dyn ToSql + Sync), Type::UNKNOWN)).collect();
        link.query_once(&sql, &typed)?;
        let mut cursor = Self { link, name, ready: VecDeque::new(), done: false };
        cursor.fetch()?;
        Ok(cursor)
    }

    fn fetch(&mut self) -> Result<(), Failure> {
        let sql = format!("FETCH FORWARD {ROWS_AT_ONCE} FROM {}", self.name);
        let rows = self.link.query_once(&sql, &[])?;
        self.done = rows.len() < ROWS_AT_ONCE;
        self.ready.extend(rows);
        Ok(())
    }
}

impl RowSource for Cursor<'_> {
    fn next_row(&mut self, _: Option<&ReadControl>) -> Result<Option<Row>, Failure> {
        if self.ready.is_empty() && !self.done {
            self.fetch()?;
        }
        Ok(self.ready.pop_front())
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        // whatever is wrong with the transaction shows in what is asked next
        let _ = self.link.batch(&format!("CLOSE {}", self.name));
    }
}
