//! One SQL function for every expression that SQLite cannot decide just as we do.
//!
//! `tiepoint_evaluate(handle, row, column, …)` evaluates what was made ready under the handle. It
//! decodes only the columns that are looked at, and of a geometry only the header where its
//! envelope decides. A geometry that cannot be read counts as null, and is reported to whoever
//! reads the rows.
use crate::geometry::{BlobError, told_envelope};
use crate::metadata::Table;
use crate::values;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as Stored, ValueRef};
use rusqlite::{Connection, Result, ffi};
use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tiepoint_core::{Bound, Envelope, FieldType, ObjectId, Value};
use tiepoint_spatial::{EvaluateError, Evaluator, Row};
use tiepoint_store::ReadControl;

/// The function that evaluates.
pub(crate) const EVALUATE: &str = "tiepoint_evaluate";
/// `tiepoint_is_text(value)`: whether a value is text that is well-formed.
pub(crate) const IS_TEXT: &str = "tiepoint_is_text";
/// Arguments before the columns: the handle and the row's key.
const COLUMNS_AT: usize = 2;

/// An expression, and what the columns are that it is given.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub(crate) expr: Bound,
    /// The positions of the fields, in the order of the columns.
    pub(crate) fields: Vec<usize>,
    /// Whether the last column is the object id.
    pub(crate) has_id: bool,
}

/// An expression made ready for one statement.
#[derive(Debug)]
pub(crate) struct Prepared {
    evaluator: Evaluator,
    evaluation: Evaluation,
    table: Arc<Table>,
    /// Who stops it.
    control: Option<ReadControl>,
    /// Whether it tells that how many rows are looked at.
    counts: bool,
    has_faults: AtomicBool,
    faults: Mutex<Vec<Fault>>,
}

/// A geometry that could not be read.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The row's key.
    pub(crate) row: Option<i64>,
    /// The name of the field.
    pub(crate) field: String,
    /// What is wrong.
    pub(crate) reason: BlobError,
}

/// What is ready on a connection, by handle. A statement keeps what it needs alive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    last: i64,
    ready: Vec<(i64, Weak<Prepared>)>,
}

impl Registry {
    /// Registers the functions of this file. For our own statements only: nothing that stays in a
    /// file calls them.
    pub(crate) fn register(connection: &Connection) -> Result<Self> {
        let registry = Self::default();
        let flags = FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DIRECTONLY
            | FunctionFlags::SQLITE_DETERMINISTIC;
        let of_function = registry.clone();
        connection.create_scalar_function(EVALUATE, -1, flags, move |context| {
            let prepared = context.get_or_create_aux(0, |handle| of_function.find(handle))?;
            prepared.0.evaluate(context)
        })?;
        connection.create_scalar_function(IS_TEXT, 1, flags, |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Text(text) => std::str::from_utf8(text).is_ok(),
                _ => false,
            })
        })?;
        Ok(registry)
    }

    /// A handle for what was made ready; it is good while somebody keeps that.
    pub(crate) fn add(&self, prepared: &Arc<Prepared>) -> i64 {
        let mut entries = lock(&self.0);
        entries.ready.retain(|(_, entry)| entry.strong_count() > 0);
        entries.last += 1;
        let handle = entries.last;
        entries.ready.push((handle, Arc::downgrade(prepared)));
        handle
    }

    fn find(&self, handle: ValueRef<'_>) -> std::result::Result<Ready, NoSuchHandle> {
        let ValueRef::Integer(handle) = handle else { return Err(NoSuchHandle) };
        let entries = lock(&self.0);
        let entry = entries.ready.iter().rev().find(|(it, _)| *it == handle);
        entry.and_then(|(_, entry)| entry.upgrade()).map(Ready).ok_or(NoSuchHandle)
    }
}

/// What a running statement keeps.
struct Ready(Arc<Prepared>);

/// Somebody else called the function.
#[derive(Debug, thiserror::Error)]
#[error("nothing is ready under this handle")]
struct NoSuchHandle;

impl Prepared {
    pub(crate) fn new(
        evaluation: Evaluation,
        table: Arc<Table>,
        control: Option<ReadControl>,
        counts: bool,
    ) -> std::result::Result<Self, EvaluateError> {
        let evaluator = Evaluator::new(&evaluation.expr)?;
        let (has_faults, faults) = (AtomicBool::default(), Mutex::default());
        Ok(Self { evaluator, evaluation, table, control, counts, has_faults, faults })
    }

    /// The geometries that could not be read since this was asked last.
    pub(crate) fn take_faults(&self) -> Vec<Fault> {
        if self.has_faults.swap(false, Ordering::Relaxed) {
            std::mem::take(&mut *lock(&self.faults))
        } else {
            Vec::new()
        }
    }

    /// Each call looks whether to go on: SQLite itself counts its own steps, and one of them may
    /// take milliseconds here.
    fn evaluate(&self, context: &Context<'_>) -> Result<Stored> {
        if let Some(control) = &self.control {
            if control.check().is_err() {
                return Err(interruption());
            }
            if self.counts {
                control.examine();
            }
        }
        let row =
            Arguments { context, prepared: self, cells: Cells::new(self.evaluation.fields.len()) };
        Ok(as_stored(self.evaluator.value(&row)))
    }

    fn note(&self, row: ValueRef<'_>, field: &str, reason: BlobError) {
        let row = match row {
            ValueRef::Integer(number) => Some(number),
            _ => None,
        };
        lock(&self.faults).push(Fault { row, field: field.to_owned(), reason });
        self.has_faults.store(true, Ordering::Relaxed);
    }
}

/// What ends a statement as if SQLite had been interrupted; the control knows why.
fn interruption() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)
}

/// What SQLite is given: the same that it would be given to store.
fn as_stored(value: Value) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::Bool(truth) => Stored::Integer(i64::from(truth)),
        Value::Int(number) => Stored::Integer(number),
        Value::Real(number) => Stored::Real(number),
        Value::Text(text) => Stored::Text(text),
        Value::Bytes(bytes) => Stored::Blob(bytes),
        Value::Geometry(geometry) => {
            let mut blob = Vec::new();
            crate::geometry::append_blob(&geometry, 0, &mut blob);
            Stored::Blob(blob)
        }
        other => values::text_of(&other).map_or(Stored::Null, Stored::Text),
    }
}

/// The arguments of one call as a row, decoded when they are asked for.
struct Arguments<'a> {
    context: &'a Context<'a>,
    prepared: &'a Prepared,
    cells: Cells,
}

/// Decoded columns; most expressions look at few.
enum Cells {
    Few([OnceCell<Option<Value>>; 3]),
    Many(Box<[OnceCell<Option<Value>>]>),
}

impl Cells {
    fn new(count: usize) -> Self {
        if count <= 3 {
            Self::Few(Default::default())
        } else {
            Self::Many(std::iter::repeat_with(OnceCell::new).take(count).collect())
        }
    }

    fn get(&self, at: usize) -> &OnceCell<Option<Value>> {
        match self {
            Self::Few(cells) => &cells[at],
            Self::Many(cells) => &cells[at],
        }
    }
}

impl Arguments<'_> {
    /// Which of the columns is a field's.
    fn column(&self, position: usize) -> Option<usize> {
        self.prepared.evaluation.fields.iter().position(|it| *it == position)
    }

    fn decoded(&self, column: usize, position: usize) -> Option<Value> {
        let field = &self.prepared.table.layer.schema().fields()[position];
        let stored = self.context.get_raw(COLUMNS_AT + column);
        match values::decode(stored, &field.ty) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.prepared.note(self.context.get_raw(1), &field.name, reason);
                None
            }
        }
    }
}

impl Row for Arguments<'_> {
    fn value(&self, position: usize) -> Option<&Value> {
        let column = self.column(position)?;
        self.cells.get(column).get_or_init(|| self.decoded(column, position)).as_ref()
    }

    fn envelope(&self, position: usize) -> Option<Envelope> {
        let column = self.column(position)?;
        let ty = &self.prepared.table.layer.schema().fields()[position].ty;
        if let (FieldType::Geometry(_), ValueRef::Blob(blob)) =
            (ty, self.context.get_raw(COLUMNS_AT + column))
            && let Some(told) = told_envelope(blob)
        {
            return Some(told);
        }
        self.value(position)?.as_geometry()?.envelope()
    }

    fn id(&self) -> Option<ObjectId> {
        let evaluation = &self.prepared.evaluation;
        let id =
            evaluation.has_id.then(|| self.context.get_raw(COLUMNS_AT + evaluation.fields.len()));
        id.and_then(|stored| self.prepared.table.object_id(stored))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
