//! The layers of which changes are noted, and which log it is.
use super::place::{Snapshot, spelled};
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::log::{self, Logged, key_sql};
use crate::metadata::Table;
use crate::place;
use std::sync::Arc;
use tiepoint_core::FieldNames;
use tiepoint_store::Result;

/// What the database says of its log, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) now: Snapshot,
    /// Which log it is; `None` where there is none, or one that tells of another server.
    pub(crate) id: Option<String>,
    /// Up to which transaction entries may have been forgotten.
    pub(crate) floor: u64,
}

/// A layer with a log.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) log: Logged,
    pub(crate) table: Arc<Table>,
    pub(crate) name: Arc<str>,
    pub(crate) fields: FieldNames,
}

impl Layer {
    pub(crate) fn new(log: Logged, table: Arc<Table>) -> Self {
        let name = table.layer.name().into();
        let fields = table.layer.schema().fields();
        let fields = fields.iter().map(|field| field.name.clone()).collect();
        Self { log, table, name, fields }
    }

    /// Whether what its entries say can be read by the columns that it has now.
    pub(crate) fn is_legible(&self) -> bool {
        self.log.is_in_shape && key_sql(&self.table).as_deref() == Some(self.log.key.as_str())
    }

    /// Whether its log tells of all that happens to it, or soon will again.
    pub(crate) fn is_followed(&self) -> bool {
        self.log.is_readable && (self.log.trouble().is_none() || self.log.may_mend)
    }
}

/// The database as checkpoints name it.
pub(crate) fn database(link: &Link, site: &Site) -> Result<String> {
    place::database(link, site).map(|name| spelled(&name))
}

/// What is committed now.
pub(crate) fn now(link: &Link) -> Result<Snapshot, Failure> {
    let text = link.query_one("SELECT pg_current_snapshot()::text", &[])?;
    Ok(text.get::<_, &str>(0).parse().expect("the server spells snapshots as we do"))
}

/// What there is of a log in this database.
pub(crate) fn state(link: &Link, database: &str) -> Result<State, Failure> {
    let now = now(link)?;
    let none = State { now: now.clone(), id: None, floor: 0 };
    if !log::exists(link)? {
        return Ok(none);
    }
    let sql = "SELECT id::text, system, floor::text FROM tiepoint.noting";
    let Some(row) = link.query_opt(sql, &[])? else { return Ok(none) };
    let begun_in = spelled(row.get(1));
    // who may not ask which server it is has to believe it
    if begun_in != database && !database.starts_with("host") {
        return Ok(none);
    }
    let floor = row.get::<_, &str>(2).parse().unwrap_or_default();
    Ok(State { now, id: Some(row.get(0)), floor })
}
