//! Whether the triggers of every log still note what they must, and what is done where they do not:
//! others drop tables, make them anew, rename them and add columns without knowing of us.
use super::columns::NotedColumns;
use super::install::{begin, end};
use super::records::{self, Logged};
use super::table;
use super::triggers::{self, Standing};
use crate::connection::Link;
use crate::error::Site;
use crate::metadata::Table;
use std::sync::Arc;
use tiepoint_store::{ResetReason, Result};

/// A log that does not note what it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) logged: Logged,
    pub(crate) kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The layer is there, and its triggers are not.
    Missing,
    /// The layer has other columns than its triggers name.
    Outdated,
    /// The layer is called otherwise now.
    Renamed,
    /// The layer is gone.
    Gone,
}

impl Fault {
    /// What a watcher is told.
    pub(crate) fn reason(&self) -> ResetReason {
        match self.kind {
            FaultKind::Missing => ResetReason::NotNoted,
            FaultKind::Outdated | FaultKind::Renamed | FaultKind::Gone => {
                ResetReason::SchemaChanged
            }
        }
    }
}

/// The logs that do not note what they must.
pub(crate) fn faults(link: &Link, site: &Site) -> Result<Vec<Fault>> {
    let failed = || site.failed("look after the change log");
    let mut faults = Vec::new();
    for logged in records::all(&link.connection).map_err(failed())? {
        let kind = fault(link, site, &logged)?;
        faults.extend(kind.map(|kind| Fault { logged, kind }));
    }
    Ok(faults)
}

fn fault(link: &Link, site: &Site, logged: &Logged) -> Result<Option<FaultKind>> {
    let failed = || site.failed("look after the change log");
    let Some(layer) = layer(link, site, logged.name())? else {
        return Ok((!logged.gone).then_some(FaultKind::Gone));
    };
    let columns = NotedColumns::of(&link.connection, &layer).map_err(failed())?;
    let Some(columns) = columns else { return Ok((!logged.gone).then_some(FaultKind::Gone)) };
    let standing = triggers::standing(&link.connection, logged.number, layer.name(), &columns);
    Ok(match standing.map_err(failed())? {
        Standing::Missing => Some(FaultKind::Missing),
        Standing::Outdated => Some(FaultKind::Outdated),
        Standing::InPlace if logged.gone => Some(FaultKind::Missing),
        Standing::InPlace if logged.recorded != layer.name() => Some(FaultKind::Renamed),
        Standing::InPlace => None,
    })
}

/// Makes good what is wrong with a log, within a transaction, and notes what is not known for it.
pub(crate) fn mend(link: &Link, site: &Site, fault: &Fault) -> Result<()> {
    let (connection, logged) = (&link.connection, &fault.logged);
    let layer = layer(link, site, logged.name())?;
    let mend = || match (fault.kind, layer) {
        (FaultKind::Missing | FaultKind::Outdated, Some(layer)) => {
            end(connection, logged)?;
            match NotedColumns::of(connection, &layer)? {
                Some(columns) => begin(connection, &layer, &columns, fault.reason()),
                None => Ok(()),
            }
        }
        (FaultKind::Renamed, Some(layer)) => {
            records::put(connection, logged.number, layer.name(), false)?;
            for name in [logged.recorded.as_str(), layer.name()] {
                table::note_reset(connection, logged.number, name, fault.reason())?;
            }
            Ok(())
        }
        _ => {
            records::put(connection, logged.number, logged.name(), true)?;
            table::note_reset(connection, logged.number, &logged.recorded, fault.reason())
        }
    };
    mend().map_err(site.failed(&format!("mend the change log of layer `{}`", logged.name())))
}

/// A layer by its name in any case of letters, if there is one.
pub(crate) fn layer(link: &Link, site: &Site, name: &str) -> Result<Option<Arc<Table>>> {
    let mut catalogue = link.catalogue.borrow_mut();
    let names = catalogue.names(&link.connection, site)?;
    let Some(name) = names.iter().find(|it| it.eq_ignore_ascii_case(name)) else { return Ok(None) };
    catalogue.table(&link.connection, site, name).map(Some)
}
