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
    /// Its name within the store.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// A name for people.
    #[getter]
    fn title(&self) -> Option<&str> {
        self.0.definition.title.as_deref()
    }

    /// A sentence for people.
    #[getter]
    fn description(&self) -> Option<&str> {
        self.0.definition.description.as_deref()
    }

    /// Its fields in the store's order; a column that carries object ids is not among them.
    #[getter]
    fn fields(&self) -> Vec<Field> {
        let positions = 0..self.0.schema().fields().len();
        positions.map(|position| Field { layer: Arc::clone(&self.0), position }).collect()
    }

    /// What may stand in its geometry field: ``Point``, ``Curve``, ``Geometry`` for any, ...
    #[getter]
    fn geometry_kind(&self) -> Option<String> {
        self.0.geometry().map(|ty| ty.kind.to_string())
    }

    /// What its coordinates mean.
    #[getter]
    fn crs(&self) -> Option<String> {
        self.0.geometry().map(|ty| ty.crs.to_string())
    }

    /// How its features carry object ids; None for a layer that is not tied.
    #[getter]
    fn identity(&self) -> Option<&'static str> {
        match self.0.identity() {
            Identity::Column(_) => Some("column"),
            Identity::NaturalKey { .. } => Some("key"),
            Identity::None => None,
        }
    }

    /// The column that holds the ids, or the field whose values name the objects.
    #[getter]
    fn identity_field(&self) -> Option<&str> {
        match self.0.identity() {
            Identity::Column(field) | Identity::NaturalKey { field, .. } => Some(field),
            Identity::None => None,
        }
    }

    /// The UUID in which a natural key's values are names.
    #[getter]
    fn namespace(&self) -> Option<String> {
        match self.0.identity() {
            Identity::NaturalKey { namespace, .. } => Some(namespace.to_string()),
            Identity::Column(_) | Identity::None => None,
        }
    }

    /// How long a fid means the same row: until it is deleted, until the next commit or repack, or
    /// within one reading.
    #[getter]
    fn fid_rule(&self) -> &'static str {
        match self.0.fids {
            FidRule::Stable => "stable",
            FidRule::Renumbering => "renumbering",
            FidRule::Ephemeral => "ephemeral",
        }
    }

    /// The store's name for the fid, where it is a column.
    #[getter]
    fn fid_name(&self) -> Option<&str> {
        self.0.fid_name.as_deref()
    }

    /// Why it cannot be written; None when it can.
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
    /// Its name, exactly as the store spells it.
    #[getter]
    fn name(&self) -> &str {
        &self.field().name
    }

    /// What it holds: ``integer``, ``text(20)``, ``date``, ``Point XY, EPSG:4326``, ...
    #[getter]
    fn r#type(&self) -> String {
        self.field().ty.to_string()
    }

    /// Whether it may hold null.
    #[getter]
    fn nullable(&self) -> bool {
        self.field().nullable
    }

    /// Whether no two features may share a value in it.
    #[getter]
    fn unique(&self) -> bool {
        self.field().unique
    }

    /// Whether the store computes it.
    #[getter]
    fn generated(&self) -> bool {
        self.field().generated
    }

    /// A name for people.
    #[getter]
    fn title(&self) -> Option<&str> {
        self.field().title.as_deref()
    }

    /// A sentence for people.
    #[getter]
    fn description(&self) -> Option<&str> {
        self.field().description.as_deref()
    }

    fn __repr__(&self) -> String {
        format!("<tiepoint.Field {:?}: {}>", self.field().name, self.field().ty)
    }
}
