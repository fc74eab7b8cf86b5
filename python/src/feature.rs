//! A feature as Python sees it: a mapping from field names to values, with ids beside them.
use crate::error::exception;
use crate::value;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use tiepoint::{ErrorKind, Fid, Geometry};

/// One feature: a mapping from the names of its fields to their values.
///
/// Null is None, a decimal number a ``Decimal``, JSON what ``json.loads`` makes of it, a geometry
/// its WKB.
#[pyclass(frozen, mapping, module = "tiepoint")]
pub(crate) struct Feature(tiepoint::Feature);

impl From<tiepoint::Feature> for Feature {
    fn from(feature: tiepoint::Feature) -> Self {
        Self(feature)
    }
}

impl Feature {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.schema().fields().iter().map(|field| field.name.as_str())
    }

    fn at<'py>(&self, py: Python<'py>, position: usize) -> PyResult<Bound<'py, PyAny>> {
        let name = &self.0.schema().fields()[position].name;
        value::to_python(py, name, self.0.values()[position].as_ref())
    }

    fn all<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        (0..self.0.values().len()).map(|position| self.at(py, position)).collect()
    }
}

#[pymethods]
impl Feature {
    /// The UUID of the object it stands for; None in a layer that is not tied.
    #[getter]
    fn id(&self) -> Option<String> {
        self.0.id.map(|id| id.to_string())
    }

    /// What its store calls it today.
    #[getter]
    fn fid<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(match &self.0.fid {
            Some(Fid::Int(number)) => Some(number.into_pyobject(py)?.into_any()),
            Some(Fid::Text(text)) => Some(text.into_pyobject(py)?.into_any()),
            None => None,
        })
    }

    /// Its geometry as WKB (ISO), x being easting or longitude.
    #[getter]
    fn geometry<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.geometry().map(|geometry| PyBytes::new(py, geometry.as_wkb()))
    }

    /// Its geometry as WKT.
    #[getter]
    fn wkt(&self) -> Option<String> {
        self.0.geometry().map(Geometry::to_wkt)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, field: &str) -> PyResult<Bound<'py, PyAny>> {
        let position = self.0.schema().require(field);
        let unknown = |error: tiepoint::core::SchemaError| {
            exception(ErrorKind::NotFound, error.to_string(), None)
        };
        self.at(py, position.map_err(unknown)?)
    }

    fn __len__(&self) -> usize {
        self.0.values().len()
    }

    fn __contains__(&self, field: &Bound<'_, PyAny>) -> bool {
        let name = field.extract::<String>();
        name.is_ok_and(|name| self.0.schema().position(&name).is_some())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyList::new(py, self.names().collect::<Vec<_>>())?.try_iter()?.into_any())
    }

    /// The names of its fields.
    fn keys(&self) -> Vec<&str> {
        self.names().collect()
    }

    /// Its values, in the order of its fields.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.all(py)
    }

    /// Its fields' names, each with its value.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&str, Bound<'py, PyAny>)>> {
        Ok(self.names().zip(self.all(py)?).collect())
    }

    /// The value of a field, or ``default`` where there is no such field.
    #[pyo3(signature = (field, default=None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        field: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.0.schema().position(field) {
            Some(position) => self.at(py, position).map(Some),
            None => Ok(default),
        }
    }

    fn __repr__(&self) -> String {
        let fid = self.0.fid.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let id = self.0.id.map_or_else(|| "none".to_owned(), |id| id.to_string());
        format!("<tiepoint.Feature fid={fid} id={id}>")
    }
}
