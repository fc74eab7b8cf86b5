//! Any store, for those who may not block: each call runs on a thread of tokio's that may.
//!
//! This is a bridge to the one contract, not a second one, so what holds of [`Store`] holds here.
//! Whoever drops what he waits for stops it: see each call.
mod crossing;
mod stream;
mod watch;

use crate::repeat::{once, repeating_until};
use crate::{
    ChangeLog, Finding, LayerFacts, Plan, ReadControl, Repair, Result, Store, Transaction,
    TransactionOptions, WatchOptions,
};
use crossing::cross;
use std::num::NonZero;
use std::sync::Arc;
use std::time::SystemTime;
pub use stream::FeatureStream;
use tiepoint_core::{Aggregate, Layer, Query, Value};
pub use watch::EventStream;

/// A store whose calls are awaited. Cloning shares it.
///
/// A call takes one of tokio's blocking threads until it is done, an open stream until it has been
/// read or dropped. There are 512 of them, unless the runtime was built with another number; who
/// keeps that many streams open has every other call wait.
///
/// Works in any of tokio's runtimes, also in one with a single thread.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Query, Schema};
/// use tiepoint_store::{MemoryStore, TransactionOptions, asynchronous::AsyncStore};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let store = AsyncStore::new(Arc::new(MemoryStore::new()));
/// let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)])?;
/// let written = store.transaction(TransactionOptions::default(), move |transaction, control| {
///     let layer = transaction.create_layer(&LayerDefinition::new("trees", schema))?;
///     for name in ["oak", "elm"] {
///         control.check()?;
///         let tree = Feature::with_values(layer.schema().clone(), vec![Some(name.into())]);
///         transaction.write("trees", Edit::Insert(tree))?;
///     }
///     Ok(2)
/// });
/// assert_eq!(written.await?, 2);
///
/// let mut trees = store.read(Query::layer("trees")).await?;
/// while let Some(tree) = trees.next().await {
///     assert!(tree?.get("name").is_some());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// Every call does outside a tokio runtime, and where the store itself does.
#[derive(Clone)]
pub struct AsyncStore {
    store: Arc<dyn Store>,
}

impl AsyncStore {
    /// The same store, awaited.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The store itself, for what does not wait: its name, its capabilities.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// As [`Store::layers`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.call(|store| store.layers()).await
    }

    /// As [`Store::layer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn layer(&self, name: impl Into<String>) -> Result<Arc<Layer>> {
        let name = name.into();
        self.call(move |store| store.layer(&name)).await
    }

    /// As [`Store::facts`]. Dropped, it is still counted to its end, and nobody hears of it.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn facts(&self, layer: impl Into<String>) -> Result<LayerFacts> {
        let layer = layer.into();
        self.call(move |store| store.facts(&layer)).await
    }

    /// As [`Store::read`]. Features come as they are asked for: a few hundred at most wait to be
    /// taken, and the store waits meanwhile. Dropping the future or the stream stops the reading
    /// and gives back what it took.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn read(&self, query: Query) -> Result<FeatureStream> {
        self.read_with(query, ReadControl::default()).await
    }

    /// As [`Store::read_with`]. The control is told to stop when the future or the stream is
    /// dropped.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn read_with(&self, query: Query, control: ReadControl) -> Result<FeatureStream> {
        stream::open(Arc::clone(&self.store), query, control).await
    }

    /// As [`Store::explain`]. Dropped, it still runs to its end.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn explain(&self, query: Query) -> Result<Plan> {
        self.call(move |store| store.explain(&query)).await
    }

    /// As [`Store::aggregate`]. Dropped, it still runs to its end.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn aggregate(&self, query: Query, aggregates: Vec<Aggregate>) -> Result<Vec<Value>> {
        self.call(move |store| store.aggregate(&query, &aggregates)).await
    }

    /// As [`Store::place`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn place(&self) -> Result<Option<String>> {
        self.call(|store| store.place()).await
    }

    /// As [`Store::freshness`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn freshness(&self) -> Result<u64> {
        self.call(|store| store.freshness()).await
    }

    /// As [`Store::watch`]. Dropped, the stream listens no longer than a tenth of a second on, and
    /// gives back its thread; so it does each time that it was waited for as long, for others who
    /// wait for one.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn watch(&self, options: WatchOptions) -> Result<EventStream> {
        self.call(move |store| store.watch(&options)).await.map(EventStream::new)
    }

    /// As [`Store::change_log`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn change_log(&self) -> Result<ChangeLog> {
        self.call(|store| store.change_log()).await
    }

    /// As [`Store::logged_since`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn logged_since(&self, layer: impl Into<String>) -> Result<Option<SystemTime>> {
        let layer = layer.into();
        self.call(move |store| store.logged_since(&layer)).await
    }

    /// As [`Store::check`]. Dropped, it still runs to its end, repairs included.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn check(&self, repair: Repair) -> Result<Vec<Finding>> {
        self.call(move |store| store.check(repair)).await
    }

    /// Runs `work` in a transaction, on a thread that may block, and commits what it did.
    ///
    /// Who awaits this knows: `Ok` says that it is committed, an error that nothing is (or, where the server is
    /// lost over the commit and stays away, that this could not be found out). Dropping
    /// the future undoes it all, unless the commit itself has begun by then; `work` hears of that
    /// by the control it is given, and should ask it now and then where it works for long.
    ///
    /// # Errors
    ///
    /// As [`Store::begin`] and [`Transaction::commit`], and whatever `work` says.
    pub async fn transaction<T: Send + 'static>(
        &self,
        options: TransactionOptions,
        work: impl FnOnce(&mut dyn Transaction, &ReadControl) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.controlled(move |store, control| {
            once(store, options, control, |transaction| work(transaction, control))
        })
        .await
    }

    /// The same, from its beginning again where another transaction came in between: see
    /// [`repeating`](crate::repeating). No thread of the runtime's own sleeps between two runs.
    ///
    /// # Errors
    ///
    /// As [`AsyncStore::transaction`], and the last conflict after so many attempts.
    pub async fn repeating<T: Send + 'static>(
        &self,
        options: TransactionOptions,
        attempts: NonZero<u32>,
        mut work: impl FnMut(&mut dyn Transaction, &ReadControl) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.controlled(move |store, control| {
            let work = |transaction: &mut dyn Transaction| work(transaction, control);
            repeating_until(store, options, attempts, control, work)
        })
        .await
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.controlled(|store, _| work(store)).await
    }

    async fn controlled<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store, &ReadControl) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.store);
        cross(ReadControl::default(), move |control| work(store.as_ref(), control)).await
    }
}

impl std::fmt::Debug for AsyncStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncStore").field("name", &self.store.name()).finish_non_exhaustive()
    }
}
