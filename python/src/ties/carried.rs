//! What an identity field says, as an object id.
use crate::error::wrong;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};
use tiepoint::{ObjectId, Value};

/// A new object id: a UUID, version 7.
#[pyfunction]
pub(crate) fn mint() -> String {
    ObjectId::mint().to_string()
}

/// Whether a text spells an object id, in any common form of a UUID.
#[pyfunction]
pub(crate) fn is_object_id(text: &str) -> bool {
    text.parse::<ObjectId>().is_ok()
}

/// How a layer's values spell ids.
pub(super) enum Spelling {
    /// They are UUIDs, in any common form.
    Uuid,
    /// They are natural keys in this namespace.
    Key(ObjectId),
}

impl Spelling {
    pub(super) fn new(namespace: Option<&str>) -> PyResult<Self> {
        let namespace = namespace.map(str::parse).transpose();
        let namespace = namespace.map_err(|error| wrong("namespace", &error))?;
        Ok(namespace.map_or(Self::Uuid, Self::Key))
    }

    /// The id that a value spells; `None` for null, and for what spells none.
    pub(super) fn id(&self, value: &Bound<'_, PyAny>) -> Option<ObjectId> {
        match self {
            Self::Uuid => uuid(value),
            Self::Key(namespace) => ObjectId::from_key_value(namespace, &key(value)?),
        }
    }
}

fn uuid(value: &Bound<'_, PyAny>) -> Option<ObjectId> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_cow().ok()?.parse().ok();
    }
    ObjectId::from_uuid(value.extract().ok()?).ok()
}

fn key(value: &Bound<'_, PyAny>) -> Option<Value> {
    if let Ok(text) = value.cast::<PyString>() {
        return Some(Value::Text(text.to_cow().ok()?.as_ref().into()));
    }
    let is_number = value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
    if is_number {
        return Some(Value::Int(value.extract().ok()?));
    }
    Some(Value::Uuid(value.extract().ok()?))
}

/// An object id that somebody asks for: a UUID or its text.
pub(super) fn asked_id(value: &Bound<'_, PyAny>) -> PyResult<ObjectId> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_cow()?.parse().map_err(|error| wrong("object id", &error));
    }
    ObjectId::from_uuid(value.extract()?).map_err(|error| wrong("object id", &error))
}
