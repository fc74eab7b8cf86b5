//! When the server's planner is told of new rows: when they are more than a few beside those that it
//! knows of, and again when as many have come.
use crate::error::Failure;
use crate::link::Link;
use crate::metadata::Table;
use crate::spelling::Spelling;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// One in so many rows is a few: what the server, too, leaves for later (its
/// `autovacuum_analyze_scale_factor`).
const ONE_IN: u64 = 10;

/// The layers that one transaction has changed in bulk.
#[derive(Debug, Default)]
pub(crate) struct Changed(RefCell<HashMap<u32, Tally>>);

#[derive(Debug)]
struct Tally {
    table: Arc<Table>,
    all: u64,
    unknown: u64,
    /// How many rows the planner takes the table to have, once asked.
    planned_for: Option<u64>,
}

impl Changed {
    /// Takes note of rows that were written.
    pub(crate) fn note(&self, link: &Link, table: &Arc<Table>, rows: u64) -> Result<(), Failure> {
        if rows == 0 {
            return Ok(());
        }
        let mut tallies = self.0.borrow_mut();
        let new = || Tally { table: Arc::clone(table), all: 0, unknown: 0, planned_for: None };
        let tally = tallies.entry(table.oid).or_insert_with(new);
        (tally.all, tally.unknown) = (tally.all + rows, tally.unknown + rows);
        if tally.unknown * 2 < tally.all { Ok(()) } else { tally.tell(link) }
    }

    /// Tells what has not been told, as before a commit.
    pub(crate) fn tell(&self, link: &Link) -> Result<(), Failure> {
        let mut tallies = self.0.take();
        let mut untold = tallies.values_mut().filter(|tally| tally.unknown > 0);
        untold.try_for_each(|tally| tally.tell(link))
    }

    /// Forgets all, as tables may be gone.
    pub(crate) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

impl Tally {
    /// Has the server look at the table's values, unless what it does not know of is little.
    fn tell(&mut self, link: &Link) -> Result<(), Failure> {
        let known = match self.planned_for {
            Some(rows) => rows,
            None => planned_for(link, &self.table)?,
        };
        self.planned_for = Some(known);
        if self.unknown.saturating_mul(ONE_IN) < known {
            return Ok(());
        }
        (self.unknown, self.planned_for) = (0, None);
        analyze(link, &self.table)
    }
}

/// None where it has never looked, and where it has no statistics of the table as a whole.
fn planned_for(link: &Link, table: &Table) -> Result<u64, Failure> {
    let sql = "SELECT greatest(reltuples, 0)::int8 FROM pg_class WHERE oid = $1";
    let row = link.query_opt(sql, &[&table.oid])?;
    Ok(row.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
}

/// Only whoever owns a table may; others are told a warning, and that is all.
fn analyze(link: &Link, table: &Table) -> Result<(), Failure> {
    link.batch(&format!("ANALYZE {}", table.sql().spell(&Spelling { table }).sql))
}
