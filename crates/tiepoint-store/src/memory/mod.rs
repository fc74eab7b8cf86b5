//! A store that keeps everything in memory: for tests, for work in progress, and as the plainest
//! reading of the contract.
mod changes;
mod layer;
mod log;
mod state;
mod tie;
mod transaction;
mod watch;
mod writer;

use crate::{
    Capabilities, ChangeLog, Features, Isolation, LayerFacts, Plan, ReadControl, Result, Store,
    StoreError, Transaction, TransactionOptions, Turns, Watch, WatchOptions,
};
use log::{Commit, Log};
use state::State;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tiepoint_core::{Layer, ObjectId, Query};
use transaction::MemoryTransaction;
use watch::MemoryWatch;

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
    shared: Arc<Shared>,
    turns: Turns,
}

/// What a store shares with those who watch it.
#[derive(Debug)]
struct Shared {
    /// Tells it from every other memory store.
    id: ObjectId,
    committed: Mutex<Committed>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Committed {
    state: Arc<State>,
    log: Log,
}

const NAME: &str = "the memory store";

impl MemoryStore {
    /// How long a writer waits for its turn.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// A store without layers.
    #[must_use]
    pub fn new() -> Self {
        let (id, committed) = (ObjectId::mint(), Mutex::default());
        Self {
            shared: Arc::new(Shared { id, committed, changed: Condvar::new() }),
            turns: Turns::default(),
        }
    }

    fn snapshot(&self) -> Arc<State> {
        Arc::clone(&self.shared.lock().state)
    }

    /// Puts the next state in the place of this one; whoever does has the turn.
    fn replace(&self, state: Arc<State>) {
        let before = self.snapshot();
        let commit = Commit::between(&before, &state);
        let mut committed = self.shared.lock();
        committed.log.note(commit, &before, &state);
        committed.state = state;
        drop(committed);
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Committed> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
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
            watch: true,
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

    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        Ok(Box::new(MemoryWatch::new(&self.shared, options)?))
    }

    fn change_log(&self) -> Result<ChangeLog> {
        let committed = self.shared.lock();
        Ok(committed.log.described(&committed.state.logs))
    }

    fn logged_since(&self, layer: &str) -> Result<Option<SystemTime>> {
        let committed = self.shared.lock();
        let is_logged = committed.state.logs.number(layer).is_some();
        Ok(is_logged.then(|| committed.log.since(layer)).flatten())
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    #[test]
    fn keeps_the_store_contract() {
        crate::conformance::check(|| (Box::new(super::MemoryStore::new()), ()));
    }
}
