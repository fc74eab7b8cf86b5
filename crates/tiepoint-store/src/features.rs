//! A stream of features, read as it is asked for.
use crate::Result;
use std::sync::Arc;
use tiepoint_core::{Feature, Schema};

/// Features in the order of a query, read as they are asked for.
///
/// Holds as little in memory as its store can: a sort that the store cannot do is the exception.
/// After an error there may be more features: one that cannot be read does not end the rest.
pub struct Features<'a> {
    schema: Arc<Schema>,
    rows: Box<dyn Iterator<Item = Result<Feature>> + 'a>,
}

impl<'a> Features<'a> {
    /// Features that all have `schema`.
    pub fn new(schema: Arc<Schema>, rows: impl Iterator<Item = Result<Feature>> + 'a) -> Self {
        Self { schema, rows: Box::new(rows) }
    }

    /// The fields that every feature here has: those that were asked for.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

impl Iterator for Features<'_> {
    type Item = Result<Feature>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl std::fmt::Debug for Features<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Features").field("schema", &self.schema).finish_non_exhaustive()
    }
}
