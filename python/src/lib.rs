//! tiepoint for Python: translates calls, values and errors, and has no ideas of its own.
//!
//! What Python sees is told in `python/tiepoint/_tiepoint.pyi`, which a test compares with this.
mod argument;
mod error;
mod feature;
mod layer;
mod query;
mod reading;
mod store;
mod ties;
mod value;
mod wait;

/// The native half of the package `tiepoint`.
#[pyo3::pymodule]
mod _tiepoint {
    #[pymodule_export]
    use crate::feature::Feature;
    #[pymodule_export]
    use crate::layer::{Field, Layer};
    #[pymodule_export]
    use crate::reading::Features;
    #[pymodule_export]
    use crate::store::{Store, TieReport, create, open, sqlite_source_id};
    #[pymodule_export]
    use crate::ties::{LayerTies, Transition, Verdict, is_object_id, mint};
}
