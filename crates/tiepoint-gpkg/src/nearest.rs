//! The nearest features, by the R-tree and without reading the layer.
//!
//! Nodes are opened nearest first, by a bound that nothing in them is nearer than; rows are
//! measured exactly when it is their turn. It ends when nothing unopened can be nearer than what
//! was found, so only what lies around is ever read (Hjaltason and Samet 1999).
use crate::dialect::quoted;
use crate::evaluate::Fault;
use crate::geometry::decode_blob;
use crate::metadata::Table;
use crate::reading::interrupted;
use crate::rtree::{Cell, Node};
use crate::select::{Maker, Statement};
use crate::spelling::{boxes, stored};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OptionalExtension};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashSet};
use tiepoint_core::{Bound, Direction, Function, Ids, Nulls};
use tiepoint_spatial::measure::{DistanceTo, Metric, SearchBox};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{Rest, Result, StoreError};

/// More than so many are cheaper to sort.
const MOST: usize = 10_000;
/// How many steps pass between two looks at the clock.
const STEPS_BETWEEN_CHECKS: u64 = 64;

/// The rows that are nearest.
pub(crate) struct Found {
    /// Their keys.
    pub(crate) rows: Vec<i64>,
    /// How many nodes of the R-tree were read.
    pub(crate) nodes: u32,
    /// How many rows were measured.
    pub(crate) measured: u64,
}

/// A search that fits a question.
pub(crate) struct Search<'m, 'q> {
    maker: &'m Maker<'q>,
    tree: &'q str,
    to: DistanceTo,
    enough: usize,
    /// Whether only features at a distance are asked for, so that there may be fewer.
    known_only: bool,
    /// What must be true beside.
    filter: Bound,
    boxes: Option<Vec<SearchBox>>,
}

impl<'m, 'q> Search<'m, 'q> {
    /// The search that answers a question, where there is one: sorted by the distance to a place
    /// alone, the nearest first, and limited.
    pub(crate) fn of(maker: &'m Maker<'q>, rest: &Rest) -> Option<Self> {
        let question = maker.question;
        let [by] = question.order() else { return None };
        let plain = !rest.sort
            && !rest.cut
            && *question.ids() == Ids::Any
            && question.after().is_none()
            && by.direction == Direction::Ascending;
        let enough = question.enough().filter(|it| plain && *it <= MOST)?;
        let (position, place, crs) = tiepoint_spatial::nearest(&by.key)?;
        let geometry = maker.table().geometry.as_ref().filter(|it| it.position == position)?;
        let tree = geometry.rtree.as_deref()?;
        maker.table().key_sql()?;
        let to = DistanceTo::new(place, Metric::of(&crs).ok()?);
        let is_known = |it: &&Bound| is_not_null(it, &by.key);
        let known_only = question.filter().conjuncts().iter().any(|it| is_known(&it));
        if !known_only && by.nulls == Nulls::First {
            return None;
        }
        let others = question.filter().conjuncts().iter().filter(|it| !is_known(it)).cloned();
        let filter = Bound::all(others);
        let boxes = boxes(maker.table(), &filter);
        Some(Self { maker, tree, to, enough, known_only, filter, boxes })
    }

    /// The nearest rows; `None` where there are too few and features without a distance are asked
    /// for as well.
    pub(crate) fn run(&self, faults: &mut Vec<Fault>) -> Result<Option<Found>> {
        let candidates = self.candidates()?;
        let found = self.found(&candidates, faults).map_err(|error| match error {
            Failed::Told(told) => told,
            Failed::Driver(error) => {
                let stop = interrupted(&error, self.maker.control);
                stop.unwrap_or_else(|| self.maker.site.driver_error(error, &self.maker.doing()))
            }
        })?;
        Ok(Some(found).filter(|found| self.known_only || found.rows.len() == self.enough))
    }

    fn found(
        &self,
        candidates: &Statement,
        faults: &mut Vec<Fault>,
    ) -> std::result::Result<Found, Failed> {
        let connection = &self.maker.link.connection;
        let nodes = quoted(&format!("{}_node", self.tree));
        let nodes = format!("SELECT data FROM {nodes} WHERE nodeno = ?1");
        let state = State {
            search: self,
            nodes: connection.prepare_cached(&nodes)?,
            rows: connection.prepare_cached(&candidates.sql)?,
            candidates,
            queue: BinaryHeap::new(),
            best: BinaryHeap::new(),
            opened: HashSet::new(),
            measured: 0,
            faults,
        };
        state.run()
    }

    /// The statement that reads one row's geometry, if it passes the rest of the filter.
    fn candidates(&self) -> Result<Statement> {
        let table: &Table = self.maker.table();
        let name = table.geometry.as_ref().map_or("", |it| it.name.as_str());
        let key = table.key().unwrap_or_else(|| Fragment::text("rowid"));
        // the row's key is the first bind
        let sql = Fragment::text("SELECT ").then(Fragment::name(name)).then(" FROM ");
        let sql = sql.then(Fragment::name(table.name())).then(" WHERE ").then(key);
        let sql = sql.then(" = ").then(stored(0_i64));
        let sql = match self.maker.split(&self.filter)?.condition {
            Some(condition) => sql.then(" AND ").then(condition),
            None => sql,
        };
        self.maker.ready(sql)
    }

    /// Whether something in these bounds can pass the rest of the filter.
    fn is_of_use(&self, cell: &Cell) -> bool {
        let Some(boxes) = &self.boxes else { return true };
        let Some(envelope) = cell.bounds.envelope() else { return true };
        let width = envelope.max().x - envelope.min().x;
        boxes.iter().any(|wanted| {
            wanted.envelope.intersects(&envelope)
                && wanted.wider_than.is_none_or(|least| width > least)
        })
    }
}

/// Whether a condition says that something is not null.
fn is_not_null(condition: &Bound, what: &Bound) -> bool {
    let Some((Function::Not, [inner])) = condition.as_call() else { return false };
    matches!(inner.as_call(), Some((Function::IsNull, [of])) if of == what)
}

enum Failed {
    Driver(rusqlite::Error),
    Told(StoreError),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Driver(error)
    }
}

/// A distance, and what is at it or beyond it.
#[derive(Debug, Clone, Copy)]
struct At<T>(f64, T);

impl<T: Ord> Ord for At<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then_with(|| self.1.cmp(&other.1))
    }
}

impl<T: Ord> PartialOrd for At<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T: Ord> Eq for At<T> {}

/// What the R-tree leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lead {
    /// A row, by its key.
    Row(i64),
    /// A node, by its number and its height over the leaves.
    Node(i64, u16),
}

struct State<'a, 'm, 'q> {
    search: &'a Search<'m, 'q>,
    nodes: CachedStatement<'a>,
    rows: CachedStatement<'a>,
    candidates: &'a Statement,
    /// What is still to be opened, the nearest on top.
    queue: BinaryHeap<Reverse<At<Lead>>>,
    /// The nearest rows so far, the farthest on top.
    best: BinaryHeap<At<i64>>,
    /// The nodes that were read; in a damaged tree one may lead to itself.
    opened: HashSet<i64>,
    measured: u64,
    faults: &'a mut Vec<Fault>,
}

impl State<'_, '_, '_> {
    fn run(mut self) -> std::result::Result<Found, Failed> {
        for (at, value) in self.candidates.parameters.iter().enumerate() {
            self.rows.raw_bind_parameter(at + 1, value)?;
        }
        if self.search.enough > 0 {
            self.open(1, None)?;
        }
        let mut steps = 0;
        while let Some(Reverse(At(bound, lead))) = self.queue.pop() {
            if self.is_too_far(bound) {
                break;
            }
            steps += 1;
            if steps % STEPS_BETWEEN_CHECKS == 0
                && let Some(control) = self.search.maker.control
            {
                control.check().map_err(Failed::Told)?;
            }
            match lead {
                Lead::Row(row) => self.measure(row)?,
                Lead::Node(number, height) => self.open(number, Some(height))?,
            }
        }
        let rows = self.best.into_sorted_vec().into_iter().map(|At(_, row)| row).collect();
        let nodes = u32::try_from(self.opened.len()).unwrap_or(u32::MAX);
        Ok(Found { rows, nodes, measured: self.measured })
    }

    fn is_too_far(&self, bound: f64) -> bool {
        let full = self.best.len() >= self.search.enough;
        full && self.best.peek().is_some_and(|At(farthest, _)| bound > *farthest)
    }

    /// Queues what is in a node; the root tells its height itself.
    fn open(&mut self, number: i64, height: Option<u16>) -> std::result::Result<(), Failed> {
        if !self.opened.insert(number) {
            let (site, tree) = (self.search.maker.site, self.search.tree);
            let reason = "a node leads to itself; check and repair the file";
            return Err(Failed::Told(site.corrupt(&format!("index `{tree}`"), reason)));
        }
        let data: Option<Vec<u8>> = self.nodes.query_row([number], |row| row.get(0)).optional()?;
        let Some(node) = data.as_deref().and_then(Node::read) else { return Ok(()) };
        let height = height.unwrap_or_else(|| node.height());
        for cell in node.cells().filter(|cell| self.search.is_of_use(cell)) {
            let bound = cell.bounds.envelope().map_or(0.0, |it| self.search.to.lower_bound(&it));
            if self.is_too_far(bound) {
                continue;
            }
            let lead =
                if height == 0 { Lead::Row(cell.id) } else { Lead::Node(cell.id, height - 1) };
            self.queue.push(Reverse(At(bound, lead)));
        }
        Ok(())
    }

    fn measure(&mut self, row: i64) -> std::result::Result<(), Failed> {
        self.rows.raw_bind_parameter(1, row)?;
        let mut rows = self.rows.raw_query();
        let Some(found) = rows.next()? else { return Ok(()) };
        let ValueRef::Blob(blob) = found.get_ref(0)? else { return Ok(()) };
        let maker = self.search.maker;
        if let Some(control) = maker.control.filter(|_| self.candidates.prepared.is_empty()) {
            control.examine();
        }
        self.measured += 1;
        match decode_blob(blob) {
            Ok((geometry, _)) => {
                if let Some(distance) = self.search.to.distance(&geometry) {
                    self.best.push(At(distance, row));
                    if self.best.len() > self.search.enough {
                        self.best.pop();
                    }
                }
            }
            Err(reason) => {
                let field =
                    maker.table().geometry.as_ref().map_or_else(String::new, |it| it.name.clone());
                self.faults.push(Fault { row: Some(row), field, reason });
            }
        }
        Ok(())
    }
}
