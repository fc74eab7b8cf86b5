//! When the server's planner is told of new rows: at once, and again when as many have come.
use crate::error::Failure;
use crate::link::Link;
use crate::metadata::Table;
use crate::spelling::Spelling;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The layers that one transaction has changed in bulk.
#[derive(Debug, Default)]
pub(crate) struct Changed(RefCell<HashMap<u32, Tally>>);

#[derive(Debug)]
struct Tally {
    table: Arc<Table>,
    all: u64,
    unknown: u64,
}

impl Changed {
    /// Takes note of rows that were written.
    pub(crate) fn note(&self, link: &Link, table: &Arc<Table>, rows: u64) -> Result<(), Failure> {
        if rows == 0 {
            return Ok(());
        }
        let mut tallies = self.0.borrow_mut();
        let new = || Tally { table: Arc::clone(table), all: 0, unknown: 0 };
        let tally = tallies.entry(table.oid).or_insert_with(new);
        (tally.all, tally.unknown) = (tally.all + rows, tally.unknown + rows);
        if tally.unknown * 2 < tally.all {
            return Ok(());
        }
        tally.unknown = 0;
        analyze(link, table)
    }

    /// Tells what has not been told, as before a commit.
    pub(crate) fn tell(&self, link: &Link) -> Result<(), Failure> {
        let tallies = self.0.take();
        let mut untold = tallies.values().filter(|tally| tally.unknown > 0);
        untold.try_for_each(|tally| analyze(link, &tally.table))
    }

    /// Forgets all, as tables may be gone.
    pub(crate) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Only whoever owns a table may; others are told a warning, and that is all.
fn analyze(link: &Link, table: &Table) -> Result<(), Failure> {
    link.batch(&format!("ANALYZE {}", table.sql().spell(&Spelling { table }).sql))
}
