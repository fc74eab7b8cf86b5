//! Errors as exceptions of `tiepoint.errors`: one table over the kinds.
use pyo3::prelude::*;
use tiepoint::{ErrorKind, StoreError};

/// The exceptions, which are written in Python: there a class has two bases.
mod python {
    use pyo3::import_exception;
    import_exception!(tiepoint.errors, NotFound);
    import_exception!(tiepoint.errors, NotTied);
    import_exception!(tiepoint.errors, AlreadyExists);
    import_exception!(tiepoint.errors, Invalid);
    import_exception!(tiepoint.errors, Conflict);
    import_exception!(tiepoint.errors, Unsupported);
    import_exception!(tiepoint.errors, Denied);
    import_exception!(tiepoint.errors, Unavailable);
    import_exception!(tiepoint.errors, Corrupt);
    import_exception!(tiepoint.errors, Internal);
}

/// The exception of a kind, with its message and what to do next.
pub(crate) fn exception(kind: ErrorKind, message: String, hint: Option<String>) -> PyErr {
    let told = (message, hint);
    match kind {
        ErrorKind::NotFound => python::NotFound::new_err(told),
        ErrorKind::AlreadyExists => python::AlreadyExists::new_err(told),
        ErrorKind::Invalid => python::Invalid::new_err(told),
        ErrorKind::Conflict => python::Conflict::new_err(told),
        ErrorKind::Unsupported => python::Unsupported::new_err(told),
        ErrorKind::Denied => python::Denied::new_err(told),
        ErrorKind::Unavailable => python::Unavailable::new_err(told),
        ErrorKind::Corrupt => python::Corrupt::new_err(told),
        ErrorKind::Internal => python::Internal::new_err(told),
    }
}

/// An error of the facade as an exception: its message, then its causes, a line each.
pub(crate) fn raised(error: &tiepoint::Error) -> PyErr {
    exception(error.kind(), error.chain().join("\ncause: "), error.hint())
}

/// An error of a store as an exception.
pub(crate) fn raised_by_store(error: StoreError) -> PyErr {
    raised(&error.into())
}

/// Why there is no object, as an exception.
pub(crate) fn not_tied(why: &tiepoint::objects::NotTied) -> PyErr {
    python::NotTied::new_err((why.to_string(), why.reason.word()))
}

/// An argument that makes no sense.
pub(crate) fn wrong(argument: &str, reason: &dyn std::fmt::Display) -> PyErr {
    exception(ErrorKind::Invalid, format!("{argument}: {reason}"), None)
}
