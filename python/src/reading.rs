//! Reading features: a thread of ours reads ahead by a batch or two, Python takes them one by one.
use crate::error::{raised, raised_by_store};
use crate::feature::Feature;
use crate::query::Asked;
use crate::wait::{locked, lost, receive, spawn};
use pyo3::prelude::*;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::vec;
use tiepoint::store::Features as Rows;
use tiepoint::{ReadControl, Result, Store, StoreError};

/// How many features are handed over at once, at most; the first batch is one, the next two, ...
const LARGEST_BATCH: usize = 512;

type Row = Result<tiepoint::Feature, StoreError>;
type Batch = Result<Vec<Row>>;

/// Features in the order of a query, read as they are asked for.
#[pyclass(frozen, module = "tiepoint")]
pub(crate) struct Features {
    batches: Mutex<Receiver<Batch>>,
    at_hand: Mutex<vec::IntoIter<Row>>,
    control: ReadControl,
}

#[pymethods]
impl Features {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Feature>> {
        loop {
            let row = locked(&self.at_hand).next();
            if let Some(row) = row {
                return row.map(|feature| Some(feature.into())).map_err(raised_by_store);
            }
            let batch = receive(py, &self.batches).inspect_err(|_| self.control.stop())?;
            let Some(batch) = batch else { return Ok(None) };
            *locked(&self.at_hand) = batch.map_err(|error| raised(&error))?.into_iter();
        }
    }
}

impl Drop for Features {
    /// Whoever does not want the rest need not wait until it is read.
    fn drop(&mut self) {
        self.control.stop();
    }
}

/// Begins to read; comes back when the store has understood the question.
pub(crate) fn read(
    py: Python<'_>,
    store: Arc<dyn Store>,
    layer: String,
    asked: Asked,
) -> PyResult<Features> {
    let (send, batches) = sync_channel(1);
    let control = ReadControl::default();
    let reader = control.clone();
    spawn(move || hand_over(&*store, &layer, asked, &reader, &send))?;
    let batches = Mutex::new(batches);
    let understood = receive(py, &batches).inspect_err(|_| control.stop())?;
    understood.ok_or_else(lost)?.map_err(|error| raised(&error))?;
    Ok(Features { batches, at_hand: Mutex::default(), control })
}

/// Reads until the end, or until nobody listens. The first thing sent says that the question is
/// understood, or why not.
fn hand_over(
    store: &dyn Store,
    layer: &str,
    asked: Asked,
    control: &ReadControl,
    to: &SyncSender<Batch>,
) {
    let mut rows = match begin(store, layer, asked, control) {
        Ok(rows) => rows,
        Err(error) => return drop(to.send(Err(error))),
    };
    let mut batch = Vec::new();
    let mut size = 1;
    while to.send(Ok(batch)).is_ok() {
        batch = rows.by_ref().take(size).collect();
        size = (size * 2).min(LARGEST_BATCH);
        if batch.is_empty() {
            return;
        }
    }
}

fn begin(
    store: &dyn Store,
    layer: &str,
    asked: Asked,
    control: &ReadControl,
) -> Result<Rows<'static>> {
    let query = asked.query(&*store.layer(layer)?)?;
    Ok(store.read_with(&query, control)?)
}
