//! Stores: opened, asked and tied from Python.
use crate::argument::{AnyUuid, text};
use crate::error::{exception, raised, raised_by_store};
use crate::layer::Layer;
use crate::query::{self, Asked, Order};
use crate::reading::{self, Features};
use crate::wait::{locked, wait, wait_to_stop};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tiepoint::{
    Aggregate, BadIds, Carrier, ErrorKind, ImportOptions, Progress, ReadControl, Result, Source,
    TieOptions, TransactionOptions, Value,
};

/// A place that keeps features in named layers. One serves many threads.
#[pyclass(frozen, module = "tiepoint")]
pub(crate) struct Store {
    name: String,
    open: Mutex<Option<Arc<dyn tiepoint::Store>>>,
}

/// What tying a layer did.
#[pyclass(frozen, get_all, module = "tiepoint")]
pub(crate) struct TieReport {
    /// Features that had a usable id; by a natural key, all.
    kept: u64,
    /// Features that had none and were given one.
    minted: u64,
    /// Features whose malformed or shared id was replaced.
    replaced: u64,
}

/// Opens a store that is there: a path ending in ``.gpkg``, a URL such as
/// ``postgres://user@host/database`` or ``gpkg:data.db``, or ``memory:``.
#[pyfunction]
pub(crate) fn open(py: Python<'_>, url: PathBuf) -> PyResult<Store> {
    let url = text(url)?;
    opened(wait(py, move || tiepoint::open(&url))?)
}

/// Creates an empty store. A database is made by its server, not from here.
#[pyfunction]
pub(crate) fn create(py: Python<'_>, url: PathBuf) -> PyResult<Store> {
    let url = text(url)?;
    opened(wait(py, move || tiepoint::create(&url))?)
}

/// The SQLite that is linked, named by the commit it was made from.
#[pyfunction]
pub(crate) fn sqlite_source_id() -> String {
    tiepoint::sqlite_source_id()
}

fn opened(store: Result<Box<dyn tiepoint::Store>>) -> PyResult<Store> {
    let store: Arc<dyn tiepoint::Store> = store.map_err(|error| raised(&error))?.into();
    Ok(Store { name: store.name().to_owned(), open: Mutex::new(Some(store)) })
}

#[pymethods]
impl Store {
    /// A name fit for messages; never contains a password.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        locked(&self.open).is_none()
    }

    /// All layers, sorted by name.
    fn layers(&self, py: Python<'_>) -> PyResult<Vec<Layer>> {
        let store = self.store()?;
        let layers = wait(py, move || store.layers())?.map_err(raised_by_store)?;
        Ok(layers.into_iter().map(Layer::from).collect())
    }

    /// One layer by its exact name.
    fn layer(&self, py: Python<'_>, name: String) -> PyResult<Layer> {
        let store = self.store()?;
        wait(py, move || store.layer(&name))?.map(Layer::from).map_err(raised_by_store)
    }

    /// The features of a layer that a filter is true of, all from one committed state.
    ///
    /// ``filter`` is CQL2, text or JSON; ``bbox`` is ``(min_x, min_y, max_x, max_y)`` in the
    /// layer's CRS, x being easting or longitude, and may cross 180 degrees. ``fields`` are the
    /// ones to fetch, the geometry too only if it is among them; ``compute`` maps new names to
    /// CQL2. A sort key is a field or CQL2, with a minus before it for large to small. ``crs`` is
    /// what geometries are fetched in.
    #[pyo3(signature = (
        layer, filter=None, *, bbox=None, fields=None, compute=None, order=None, limit=None,
        offset=0, crs=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "in Python they are named")]
    fn read(
        &self,
        py: Python<'_>,
        layer: String,
        filter: Option<String>,
        bbox: Option<[f64; 4]>,
        fields: Option<Vec<String>>,
        compute: Option<BTreeMap<String, String>>,
        order: Option<Order>,
        limit: Option<u64>,
        offset: u64,
        crs: Option<&str>,
    ) -> PyResult<Features> {
        let compute = compute.unwrap_or_default().into_iter().collect();
        let crs = query::crs(crs)?;
        let asked = Asked { filter, bbox, fields, compute, order, limit, offset, crs };
        reading::read(py, self.store()?, layer, asked)
    }

    /// How many features of a layer a filter is true of.
    #[pyo3(signature = (layer, filter=None, *, bbox=None))]
    fn count(
        &self,
        py: Python<'_>,
        layer: String,
        filter: Option<String>,
        bbox: Option<[f64; 4]>,
    ) -> PyResult<u64> {
        let store = self.store()?;
        let asked = Asked { filter, bbox, ..Asked::default() };
        let counted = wait(py, move || -> Result<_> {
            let query = asked.query(&*store.layer(&layer)?)?;
            Ok(store.aggregate(&query, &[Aggregate::Count])?)
        })?;
        match counted.map_err(|error| raised(&error))?.as_slice() {
            [Value::Int(count)] => Ok(count.unsigned_abs()),
            other => unreachable!("a count is one whole number, not {other:?}"),
        }
    }

    /// Imports a document or store in one transaction; says how many features were written.
    ///
    /// The layer is named for the file where no name is given.
    #[pyo3(signature = (document, layer=None, *, mode="create"))]
    fn load(
        &self,
        py: Python<'_>,
        document: PathBuf,
        layer: Option<String>,
        mode: &str,
    ) -> PyResult<u64> {
        let store = self.store()?;
        let source = Source::parse(&text(document)?).map_err(|error| raised(&error))?;
        let options = ImportOptions { layer, mode: query::mode(mode)?, ..ImportOptions::default() };
        let control = ReadControl::default();
        let progress = Stoppable(control.clone());
        let report = wait_to_stop(py, &control, move || {
            tiepoint::import(&source, &*store, &options, &progress)
        })?;
        let layers = report.map_err(|error| raised(&error))?.layers;
        Ok(layers.iter().map(|layer| layer.inserted + layer.updated).sum())
    }

    /// Gives a layer's features object ids: in a column, or by a natural key.
    ///
    /// Without either, as it is tied already, or in a column ``object_id``. A key's namespace is a
    /// UUID, a new one where none is given.
    #[pyo3(signature = (layer, *, column=None, key=None, namespace=None, replace_bad_ids=false))]
    fn tie(
        &self,
        py: Python<'_>,
        layer: &str,
        column: Option<String>,
        key: Option<String>,
        namespace: Option<AnyUuid>,
        replace_bad_ids: bool,
    ) -> PyResult<TieReport> {
        let store = self.store()?;
        let namespace = namespace.map(|it| it.object_id("namespace")).transpose()?;
        let bad_ids = if replace_bad_ids { BadIds::Replace } else { BadIds::Report };
        let tied = py.detach(|| {
            let mut transaction = store.begin(TransactionOptions::default())?;
            let layer_now = transaction.layer(layer)?;
            let carrier = Carrier::chosen(layer_now.identity(), column, key, namespace);
            let report = transaction.tie(layer, &TieOptions { carrier, bad_ids })?;
            transaction.commit()?;
            Ok(report)
        });
        let tiepoint::TieReport { kept, minted, replaced } = tied.map_err(raised_by_store)?;
        Ok(TieReport { kept, minted, replaced })
    }

    /// Takes away what tying added, from one layer or all; returns their names.
    #[pyo3(signature = (layer=None))]
    fn untie(&self, py: Python<'_>, layer: Option<&str>) -> PyResult<Vec<String>> {
        let store = self.store()?;
        let untied = py.detach(|| {
            let mut transaction = store.begin(TransactionOptions::default())?;
            let report = transaction.untie(layer)?;
            transaction.commit()?;
            Ok(report.layers)
        });
        untied.map_err(raised_by_store)
    }

    /// Closes it; what is being read is read to its end.
    fn close(&self, py: Python<'_>) {
        let store = locked(&self.open).take();
        py.detach(|| drop(store));
    }

    fn __enter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: &Bound<'_, PyAny>,
        exc_value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) {
        let _ = (exc_type, exc_value, traceback);
        self.close(py);
    }

    fn __repr__(&self) -> String {
        let closed = if self.closed() { " (closed)" } else { "" };
        format!("<tiepoint.Store {:?}{closed}>", self.name)
    }
}

impl Store {
    fn store(&self) -> PyResult<Arc<dyn tiepoint::Store>> {
        let open = locked(&self.open).clone();
        open.ok_or_else(|| {
            let message = format!("{} is closed", self.name);
            exception(ErrorKind::Invalid, message, Some("open it again".to_owned()))
        })
    }
}

#[pymethods]
impl TieReport {
    fn __repr__(&self) -> String {
        let Self { kept, minted, replaced } = self;
        format!("<tiepoint.TieReport kept={kept} minted={minted} replaced={replaced}>")
    }
}

/// Long work that a signal stops.
struct Stoppable(ReadControl);

impl Progress for Stoppable {
    fn should_stop(&self) -> bool {
        self.0.check().is_err()
    }

    fn control(&self) -> ReadControl {
        self.0.clone()
    }
}
