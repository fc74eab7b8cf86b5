//! Arguments that Python says in more than one way.
use crate::error::{exception, wrong};
use pyo3::prelude::*;
use std::path::PathBuf;
use tiepoint::{ErrorKind, ObjectId};
use uuid::Uuid;

/// A UUID: as text, or as Python's own.
#[derive(FromPyObject)]
pub(crate) enum AnyUuid {
    Text(String),
    Uuid(Uuid),
}

impl AnyUuid {
    /// The object id that it is; `argument` is its name, for the error.
    pub(crate) fn object_id(&self, argument: &str) -> PyResult<ObjectId> {
        let id = match self {
            Self::Text(text) => text.parse(),
            Self::Uuid(uuid) => ObjectId::from_uuid(*uuid),
        };
        id.map_err(|error| wrong(argument, &error))
    }
}

/// Text, or a path, which is taken for text.
pub(crate) fn text(path: PathBuf) -> PyResult<String> {
    path.into_os_string().into_string().map_err(|path| {
        let message = format!("the path `{}` is not Unicode", path.to_string_lossy());
        exception(ErrorKind::Invalid, message, None)
    })
}
