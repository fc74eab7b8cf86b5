//! Reading: a query becomes a question, the question SQL, and rows features.
use crate::connection::{Lease, Link};
use crate::cursor::{Cursor, open_rows};
use crate::error::Site;
use crate::reading::interrupted;
use crate::select::{Select, select};
use std::path::Path;
use std::sync::Arc;
use tiepoint_core::Query;
use tiepoint_store::{Features, Question, ReadControl, Result};

/// Reads with a connection of its own.
pub(crate) fn read_owned(
    lease: Lease,
    path: &Arc<Path>,
    query: &Query,
    control: &ReadControl,
) -> Result<Features<'static>> {
    let site = lease.site().clone();
    lease.obey(control);
    let select = asked(lease.link(), &site, query, Some(control))?;
    let statement = &select.statement;
    let rows = Cursor::open(lease, path, &statement.sql, &statement.parameters);
    let rows = rows.map_err(|error| {
        let stop = interrupted(&error, Some(control));
        stop.unwrap_or_else(|| site.driver_error(error, &select.doing()))
    })?;
    select.features(site, rows, Some(control.clone()))
}

/// Reads within a transaction.
pub(crate) fn read_within<'c>(link: &'c Link, site: &Site, query: &Query) -> Result<Features<'c>> {
    let select = asked(link, site, query, None)?;
    let rows = open_rows(&link.connection, &select.statement.sql, &select.statement.parameters);
    let rows = rows.map_err(site.failed(&select.doing()))?;
    select.features(site.clone(), rows, None)
}

/// A query as SQL.
pub(crate) fn asked(
    link: &Link,
    site: &Site,
    query: &Query,
    control: Option<&ReadControl>,
) -> Result<Select> {
    let table = link.catalogue.borrow_mut().table(&link.connection, site, &query.layer)?;
    let question = Question::of(&table.layer, query)?;
    select(link, site, table, question, control)
}
