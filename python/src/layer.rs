//! What is known of a layer and its fields.
use pyo3::prelude::*;
use std::sync::Arc;
use tiepoint::Identity;
use tiepoint::core::FidRule;

/// A layer: a named set of features with one schema, as it was when asked for.
#[pyclass(frozen, module = "tiepoint")]
pub(crate) struct Layer(Arc<tiepoint::Layer>);

/// A field of a layer.
#[pyclass(frozen, module = "tiepoint")]
pub(crate) struct Field {
    layer: Arc<tiepoint::Layer>,
    position: usize,
}

impl From<Arc<tiepoint::Layer>> for Layer {
    fn from(layer: Arc<tiepoint::Layer>) -> Self {
        Self(layer)
    }
}

#[pymethods]
impl Layer {
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    #[getter]
    fn title(&self) -> Option<&str> {
        self.0.definition.title.as_deref()
    }

    #[getter]
    fn description(&self) -> Option<&str> {
        self.0.definition.description.as_deref()
    }

    #[getter]
    fn fields(&self) -> Vec<Field> {
        let positions = 0..self.0.schema().fields().len();
        positions.map(|position| Field { layer: Arc::clone(&self.0), position }).collect()
    }

    #[getter]
    fn geometry_kind(&self) -> Option<String> {
        self.0.geometry().map(|ty| ty.kind.to_string())
    }

    #[getter]
    fn crs(&self) -> Option<String> {
        self.0.geometry().map(|ty| ty.crs.to_string())
    }

    #[getter]
    fn identity(&self) -> Option<&'static str> {
        match self.0.identity() {
            Identity::Column(_) => Some("column"),
            Identity::NaturalKey { .. } => Some("key"),
            Identity::None => None,
        }
    }

    #[getter]
    fn identity_field(&self) -> Option<&str> {
        match self.0.identity() {
            Identity::Column(field) | Identity::NaturalKey { field, .. } => Some(field),
            Identity::None => None,
        }
    }

    #[getter]
    fn namespace(&self) -> Option<String> {
        match self.0.identity() {
            Identity::NaturalKey { namespace, .. } => Some(namespace.to_string()),
            Identity::Column(_) | Identity::None => None,
        }
    }

    #[getter]
    fn fid_rule(&self) -> &'static str {
        match self.0.fids {
            FidRule::Stable => "stable",
            FidRule::Renumbering => "renumbering",
            FidRule::Ephemeral => "ephemeral",
        }
    }

    #[getter]
    fn fid_name(&self) -> Option<&str> {
        self.0.fid_name.as_deref()
    }

    #[getter]
    fn read_only(&self) -> Option<&str> {
        self.0.read_only.as_deref()
    }

    fn __repr__(&self) -> String {
        format!("<tiepoint.Layer {:?}>", self.0.name())
    }
}

impl Field {
    fn field(&self) -> &tiepoint::Field {
        &self.layer.schema().fields()[self.position]
    }
}

#[pymethods]
impl Field {
    #[getter]
    fn name(&self) -> &str {
        &self.field().name
    }

    #[getter]
    fn r#type(&self) -> String {
        self.field().ty.to_string()
    }

    #[getter]
    fn nullable(&self) -> bool {
        self.field().nullable
    }

    #[getter]
    fn unique(&self) -> bool {
        self.field().unique
    }

    #[getter]
    fn generated(&self) -> bool {
        self.field().generated
    }

    #[getter]
    fn title(&self) -> Option<&str> {
        self.field().title.as_deref()
    }

    #[getter]
    fn description(&self) -> Option<&str> {
        self.field().description.as_deref()
    }

    fn __repr__(&self) -> String {
        format!("<tiepoint.Field {:?}: {}>", self.field().name, self.field().ty)
    }
}
