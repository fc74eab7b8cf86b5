//! A store that keeps everything in memory: for tests, for work in progress, and as the plainest
//! reading of the contract.
mod layer;
mod state;
mod tie;
mod transaction;
mod writer;

use crate::{
    Capabilities, Features, Isolation, LayerFacts, Plan, ReadControl, Result, Store, StoreError,
    Transaction, TransactionOptions, Turns,
};
use state::State;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tiepoint_core::{Layer, Query};
use transaction::MemoryTransaction;

/// An in-memory store.
///
/// Readers take a snapshot and never wait. Writers take turns; one that has waited for
/// [`MemoryStore::PATIENCE`] gives up. A transaction's first write to a layer copies the layer's
/// list of rows, not the rows.
///
/// ```
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Query, Schema};
/// use tiepoint_store::{MemoryStore, Store, TransactionOptions};
/// let store = MemoryStore::new();
/// let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)])?;
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// let layer = transaction.create_layer(&LayerDefinition::new("trees", schema))?;
/// let mut oak = Feature::new(layer.schema().clone());
/// oak.set("name", "oak".into())?;
/// transaction.write("trees", Edit::Insert(oak))?;
/// transaction.commit()?;
/// assert_eq!(store.read(&Query::layer("trees"))?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    committed: Mutex<Arc<State>>,
    turns: Turns,
}

const NAME: &str = "the memory store";

impl MemoryStore {
    /// How long a writer waits for its turn.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// A store without layers.
    #[must_use]
    pub fn new() -> Self {
        Self { committed: Mutex::default(), turns: Turns::default() }
    }

    fn snapshot(&self) -> Arc<State> {
        Arc::clone(&self.committed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, state: Arc<State>) {
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            write: true,
            define_layers: true,
            tie: true,
            savepoints: true,
            books: true,
            watch: false,
            isolation: &[
                Isolation::ReadCommitted,
                Isolation::RepeatableRead,
                Isolation::Serializable,
            ],
            curves: true,
            enforces_schema: true,
            check: false,
            minus_zero: true,
            make_valid: false,
            longest_name: None,
        }
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        Ok(self.snapshot().layers())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.snapshot().rows(name).map(|rows| Arc::clone(&rows.layer))
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.snapshot().rows(layer).map(|rows| rows.facts())
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        self.snapshot().read(query, control)
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.snapshot().explain(query)
    }

    fn place(&self) -> Result<Option<String>> {
        Ok(None)
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        if options.read_only {
            return Ok(Box::new(MemoryTransaction::reading(self)));
        }
        let turn = self.turns.take(Self::PATIENCE).ok_or_else(|| StoreError::Locked {
            store: NAME.to_owned(),
            waited_ms: u64::try_from(Self::PATIENCE.as_millis()).unwrap_or(u64::MAX),
        })?;
        Ok(Box::new(MemoryTransaction::writing(self, turn)))
    }

    fn freshness(&self) -> Result<u64> {
        Ok(self.snapshot().version)
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    #[test]
    fn keeps_the_store_contract() {
        crate::conformance::check(|| (Box::new(super::MemoryStore::new()), ()));
    }
}
