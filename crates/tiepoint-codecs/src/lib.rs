//! Features to documents and back, one folder per format, streaming: memory does not grow with
//! the number of features.
//!
//! A codec makes documents that leave the system. It knows no store, and no store knows it.
//! [`cql2`] reads and writes expressions.
pub mod cql2;
pub mod csv;
mod document;
mod error;
mod format;
pub mod geojson;
mod infer;

pub use document::{DocumentReader, DocumentWriter, Survey};
pub use error::{CodecError, Place, Result};
pub use format::Format;
