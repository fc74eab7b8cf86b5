//! What every format offers: a survey of a document, a reader and a writer.
use crate::Result;
use std::sync::Arc;
use tiepoint_core::{Feature, GeometryKind, Schema};

/// What a first pass over a document found, so that a second can read it in one go.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The fields that all its features together need, and the types that hold all their values.
    pub schema: Arc<Schema>,
    /// How many features there are, readable or not.
    pub features: u64,
    /// The name the document gives itself.
    pub name: Option<String>,
    /// The geometry kinds that occur, in the order of their codes: more than the schema's rule
    /// tells where it allows any.
    pub kinds: Vec<GeometryKind>,
    /// The field that holds the ids which the document itself gives its features, where these are
    /// not object ids and stand beside the other values, as in GeoJSON.
    pub id_field: Option<usize>,
    /// What a reader should know: columns that became text because their values are mixed, ...
    pub notes: Vec<String>,
}

/// A document's features, one after another.
///
/// An error either ends the document or concerns one feature, which is then passed over:
/// [`CodecError::is_recoverable`](crate::CodecError::is_recoverable) tells.
pub trait DocumentReader: Iterator<Item = Result<Feature>> {
    /// The fields that every feature here has.
    fn schema(&self) -> &Arc<Schema>;

    /// How many bytes of the document have been read, for progress.
    fn bytes_read(&self) -> u64;
}

/// A document being written. Nothing is complete before [`finish`](DocumentWriter::finish).
pub trait DocumentWriter {
    /// Writes one feature.
    ///
    /// # Errors
    ///
    /// When the format cannot hold it, and when the document cannot be written to.
    fn write(&mut self, feature: &Feature) -> Result<()>;

    /// Writes what ends the document and flushes it.
    ///
    /// # Errors
    ///
    /// When the document cannot be written to.
    fn finish(self: Box<Self>) -> Result<()>;
}
