//! Rows becoming features.
use crate::cursor::RowSource;
use crate::error::Site;
use crate::evaluate::{Fault, Prepared};
use crate::geometry::BlobError;
use crate::metadata::Table;
use crate::select::{FIELDS_AT, Select, Shape};
use crate::values;
use rusqlite::types::ValueRef;
use rusqlite::{ErrorCode, Row};
use std::collections::VecDeque;
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, ObjectId, Value};
use tiepoint_store::{Features, ReadControl, Result, StoreError};

/// How many rows pass between two looks at the clock.
const ROWS_BETWEEN_CHECKS: u64 = 64;

impl Select {
    /// The features of the rows that the statement gives, finished.
    pub(crate) fn features<'a>(
        self,
        site: Site,
        source: impl RowSource + 'a,
        control: Option<ReadControl>,
    ) -> Result<Features<'a>> {
        let mut reading = Reading {
            counts: control.is_some() && self.statement.prepared.is_empty(),
            control,
            site,
            table: self.table,
            shape: self.shape,
            prepared: self.statement.prepared,
            pending: VecDeque::new(),
            passed: 0,
            source,
            ended: false,
        };
        for fault in self.faults {
            let broken = reading.broken(fault.row, &fault.field, &fault.reason);
            reading.pending.push_back(Err(broken));
        }
        self.question.finish(&self.rest, reading)
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
    passed: u64,
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
        self.passed += 1;
        if self.passed % ROWS_BETWEEN_CHECKS != 1 {
            return None;
        }
        let stop = control.check().err()?;
        self.ended = true;
        Some(stop)
    }

    fn read(&mut self) -> Option<Result<Feature>> {
        let (site, table, shape) = (&self.site, &self.table, &self.shape);
        let read = |row: &Row<'_>| {
            feature(shape, row).map_err(|(fid, at, reason)| {
                broken(site, table, fid, &shape.schema.fields()[at].name, &reason)
            })
        };
        match self.source.next_row(read) {
            Ok(Some(row)) => {
                if let Some(control) = self.control.as_ref().filter(|_| self.counts) {
                    control.examine();
                }
                Some(row)
            }
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
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

/// The feature in a row; else the row's key, which field is broken, and why.
#[inline]
fn feature(
    shape: &Shape,
    row: &Row<'_>,
) -> std::result::Result<Feature, (Option<i64>, usize, BlobError)> {
    let fid = match column(row, 0) {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    };
    let fields = shape.schema.fields();
    let decoded: Vec<Option<Value>> = if let Some(positions) = &shape.positions {
        let mut decoded = vec![None; fields.len()];
        for (column_at, at) in positions.iter().enumerate() {
            let value = values::decode(column(row, FIELDS_AT + column_at), &fields[*at].ty);
            decoded[*at] = Some(value.map_err(|reason| (fid, *at, reason))?);
        }
        decoded
    } else {
        let mut decoded = Vec::with_capacity(fields.len());
        for (at, field) in fields.iter().enumerate() {
            let value = values::decode(column(row, FIELDS_AT + at), &field.ty);
            decoded.push(Some(value.map_err(|reason| (fid, at, reason))?));
        }
        decoded
    };
    let mut feature = Feature::with_values(Arc::clone(&shape.schema), decoded);
    feature.fid = fid.map(Fid::Int);
    feature.id = object_id(column(row, 1));
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
