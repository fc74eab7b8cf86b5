//! Rows becoming features.
use crate::cursor::RowSource;
use crate::error::Site;
use crate::evaluate::{Fault, Prepared};
use crate::geometry::BlobError;
use crate::metadata::Table;
use crate::select::{Select, Shape};
use crate::values;
use rusqlite::types::ValueRef;
use rusqlite::{ErrorCode, Row};
use std::collections::VecDeque;
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, ObjectId, Value};
use tiepoint_store::{Features, ReadControl, Result, StoreError};

/// How many rows pass between two looks at the clock, where nothing more is done with them.
const ROWS_BETWEEN_CHECKS: u64 = 64;

impl Select {
    /// The features of the rows that the statement gives, finished.
    pub(crate) fn features<'a>(
        self,
        site: Site,
        source: impl RowSource + 'a,
        control: Option<ReadControl>,
    ) -> Result<Features<'a>> {
        let is_plain = self.question.comes_as_output(&self.rest);
        let stopped_later = control.clone().filter(|_| self.rest.sort);
        let mut reading = Reading {
            rows_between_checks: if is_plain { ROWS_BETWEEN_CHECKS } else { 1 },
            counts: control.is_some() && self.statement.prepared.is_empty(),
            control,
            site,
            table: self.table,
            shape: self.shape,
            prepared: self.statement.prepared,
            pending: VecDeque::new(),
            passed: 0,
            checked: false,
            source,
            ended: false,
        };
        for fault in self.faults {
            let broken = reading.broken(fault.row, &fault.field, &fault.reason);
            reading.pending.push_back(Err(broken));
        }
        let features = self.question.finish(&self.rest, reading)?;
        Ok(match stopped_later {
            Some(control) => control.stopping(features),
            None => features,
        })
    }
}

struct Reading<S> {
    site: Site,
    table: Arc<Table>,
    shape: Shape,
    source: S,
    /// The expressions that the statement evaluates.
    prepared: Vec<Arc<Prepared>>,
    /// What comes before the next row.
    pending: VecDeque<Result<Feature>>,
    control: Option<ReadControl>,
    /// Whether rows are counted here, not while expressions are evaluated.
    counts: bool,
    /// One where rows are finished here, which may take long.
    rows_between_checks: u64,
    /// How many rows have passed since the last look at the clock.
    passed: u64,
    /// Whether there has been one.
    checked: bool,
    ended: bool,
}

impl<S: RowSource> Iterator for Reading<S> {
    type Item = Result<Feature>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(pending) = self.pending.pop_front() {
            return Some(pending);
        }
        if self.ended {
            return None;
        }
        if let Some(stop) = self.stop() {
            return Some(Err(stop));
        }
        let next = self.read();
        if self.prepared.is_empty() {
            return next;
        }
        let faults: Vec<Fault> = self.prepared.iter().flat_map(|it| it.take_faults()).collect();
        for fault in faults {
            let broken = self.broken(fault.row, &fault.field, &fault.reason);
            self.pending.push_back(Err(broken));
        }
        self.pending.extend(next);
        self.pending.pop_front()
    }
}

impl<S: RowSource> Reading<S> {
    /// The error that ends the reading, when it is time to stop.
    fn stop(&mut self) -> Option<StoreError> {
        let control = self.control.as_ref()?;
        if self.passed < self.rows_between_checks && self.checked {
            return None;
        }
        self.checked = true;
        let stop = control.check().err();
        self.count();
        self.ended = stop.is_some();
        stop
    }

    /// Says how many rows have passed; not one by one, which would cost a hundredth of reading them.
    fn count(&mut self) {
        let passed = std::mem::take(&mut self.passed);
        if let Some(control) = self.control.as_ref().filter(|_| self.counts) {
            control.examine_many(passed);
        }
    }

    fn read(&mut self) -> Option<Result<Feature>> {
        let (site, table, shape) = (&self.site, &self.table, &self.shape);
        let read = |row: &Row<'_>| read_feature(site, table, shape, row);
        match self.source.next_row(read) {
            Ok(Some(row)) => {
                self.passed += 1;
                Some(row)
            }
            Ok(None) => {
                self.ended = true;
                self.count();
                None
            }
            Err(error) => {
                self.ended = true;
                self.count();
                let what = format!("layer `{}`", self.table.name());
                Some(Err(interrupted(&error, self.control.as_ref())
                    .unwrap_or_else(|| self.site.driver_error(error, &what))))
            }
        }
    }

    fn broken(&self, fid: Option<i64>, field: &str, reason: &BlobError) -> StoreError {
        broken(&self.site, &self.table, fid, field, reason)
    }
}

/// Why a control had SQLite break off, if it had.
pub(crate) fn interrupted(
    error: &rusqlite::Error,
    control: Option<&ReadControl>,
) -> Option<StoreError> {
    let broken_off = error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted);
    control.filter(|_| broken_off)?.check().err()
}

fn broken(
    site: &Site,
    table: &Table,
    fid: Option<i64>,
    field: &str,
    reason: &BlobError,
) -> StoreError {
    let row = fid.map_or_else(|| "a row".to_owned(), |fid| format!("row {fid}"));
    let place = format!("layer `{}`, {row}, field `{field}`", table.name());
    site.corrupt(&place, reason.to_string())
}

/// The feature in a row, or what is broken there.
#[inline]
pub(crate) fn read_feature(
    site: &Site,
    table: &Table,
    shape: &Shape,
    row: &Row<'_>,
) -> Result<Feature> {
    feature(table, shape, row).map_err(|(fid, at, reason)| {
        broken(site, table, fid, &shape.schema.fields()[at].name, &reason)
    })
}

/// A row's key, which field is broken, and why.
type Broken = (Option<i64>, usize, BlobError);

/// The feature in a row.
#[inline]
fn feature(table: &Table, shape: &Shape, row: &Row<'_>) -> std::result::Result<Feature, Broken> {
    let fid = match column(row, 0) {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    };
    let fields = shape.schema.fields();
    let mut decoded: Vec<Option<Value>> = Vec::with_capacity(fields.len());
    for (at, (field, read_from)) in fields.iter().zip(&shape.columns).enumerate() {
        let value = match read_from {
            Some(from) => values::decode(column(row, *from), &field.ty).map(Some),
            None => Ok(None),
        };
        decoded.push(value.map_err(|reason| (fid, at, reason))?);
    }
    let mut feature = Feature::with_values(Arc::clone(&shape.schema), decoded);
    feature.fid = fid.map(Fid::Int);
    feature.id = table.object_id(column(row, 1));
    Ok(feature)
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
