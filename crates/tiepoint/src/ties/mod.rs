//! Objects behind the features of a store: asked for by feature, row or id, the same whatever
//! happened in between.
mod edits;
mod hear;
mod key;
mod lookup;
mod told;
mod watching;

pub use key::Key;
pub use told::Told;
pub use watching::Watching;

use crate::{Error, Result};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tiepoint_core::{Feature, Layer as StoreLayer, Schema};
use tiepoint_edits::{EditBuffer, Handled, HandlerFault, Listeners, Subscription};
use tiepoint_objects::{LayerKey, Provisional, Registry, TiedLayer};
use tiepoint_store::{Result as StoreResult, Store};

/// Keeps the objects that stand behind the features of tied layers.
///
/// Give it a feature, a row or an object id, and it gives you the object, which the layer's own
/// constructor makes when it is asked for the first time; give it the object, and it gives you the
/// feature as it is now. Whatever is edited, undone, deleted and returned, committed or renumbered:
/// the same feature has the same object, and no other feature has it.
///
/// An object whose feature is clean is held weakly: it is freed with your last handle, and made anew
/// when it is asked for. One whose feature is new, changed, or deleted and may yet return, is held
/// until that is settled.
///
/// [Over an edit buffer](Self::over_buffer) it hears of every step, and of what others commit if
/// somebody has the buffer [follow](EditBuffer::follow) its store. [Over a store](Self::over) it
/// hears of nothing until it [watches](Self::watching); rows that are new it finds when they are
/// asked for, and [`resync`](Self::resync) is always right. One handle serves many threads, and
/// clones of it are the same ties.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint::{Edit, EditBuffer, Feature, Field, FieldType, LayerDefinition, Query, Schema};
/// use tiepoint::{MemoryStore, Store, Ties, TransactionOptions};
///
/// struct Tree(String);
///
/// let store = Arc::new(MemoryStore::new());
/// # let schema = Arc::new(Schema::new(vec![Field::new("name", FieldType::TEXT)])?);
/// # let mut transaction = store.begin(TransactionOptions::default())?;
/// # transaction.create_layer(&LayerDefinition::new("trees", schema.clone()))?;
/// # let mut oak = Feature::new(schema.clone());
/// # oak.set("name", "oak".into())?;
/// # transaction.write("trees", Edit::Insert(oak))?;
/// # transaction.commit()?;
/// let edits = Arc::new(EditBuffer::over(store));
/// let ties = Ties::over_buffer(&edits);
/// ties.add_layer("trees", |feature| Tree(format!("{:?}", feature.get("name"))))?;
///
/// let feature = edits.read(&Query::layer("trees"))?.next().expect("is there")?;
/// let tree = ties.object_of(&feature)?;
/// let id = feature.id.expect("the layer is tied");
/// edits.edit("Fell it", |it| it.write("trees", Edit::Delete(tiepoint::ChangeTarget::Id(id))))?;
/// let said = ties.object_of(id).err().map(|reason| reason.to_string());
/// assert!(said.is_some_and(|it| it.ends_with("it is deleted, and an undo would bring it back")));
/// edits.undo()?;
/// assert!(Arc::ptr_eq(&tree, &ties.object_of(id)?), "the same object is back");
/// assert_eq!(ties.feature_of(&tree)?, feature);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Ties<T> {
    inner: Arc<Inner<T>>,
}

impl<T> Clone for Ties<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

struct Inner<T> {
    source: Source,
    /// Held for a moment, and never while anybody's code runs or a store is read.
    state: Mutex<State<T>>,
    /// Held while events are taken in and while rows are read: what is read is then no older than
    /// what was heard.
    turn: Mutex<()>,
    listeners: Arc<Listeners<Told<T>>>,
    subscription: OnceLock<Subscription>,
}

/// Where features are.
enum Source {
    Store(Arc<dyn Store>),
    Buffer(Arc<EditBuffer>),
}

struct State<T> {
    registry: Registry<Arc<T>>,
    layers: Vec<Arc<Layer<T>>>,
    /// Layers that could not be read when they had to be.
    unread: Vec<LayerKey>,
}

struct Layer<T> {
    key: LayerKey,
    tied: TiedLayer,
    schema: Arc<Schema>,
    make: Box<Make<T>>,
}

type Make<T> = dyn Fn(&Feature) -> T + Send + Sync;

impl<T: Send + Sync + 'static> Ties<T> {
    /// Ties over a store, of no layer yet.
    #[must_use]
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::of(Source::Store(store))
    }

    /// Ties over what an edit buffer says, of no layer yet. They hear of its steps from now on.
    ///
    /// What happens while an event is told is heard after it. What cannot be read when it has to
    /// be, is read at the next event; why is among the buffer's [faults](EditBuffer::faults).
    #[must_use]
    pub fn over_buffer(buffer: &Arc<EditBuffer>) -> Self {
        let ties = Self::of(Source::Buffer(Arc::clone(buffer)));
        let inner = Arc::downgrade(&ties.inner);
        let subscription = buffer.subscribe(move |event| match inner.upgrade() {
            Some(inner) => Self { inner }.hear_edit(event).map_err(Into::into),
            None => Ok(()),
        });
        let first = ties.inner.subscription.set(subscription);
        first.unwrap_or_else(|_| unreachable!("it was made a moment ago"));
        ties
    }

    fn of(source: Source) -> Self {
        let state = State { registry: Registry::default(), layers: Vec::new(), unread: Vec::new() };
        let (state, turn) = (Mutex::new(state), Mutex::default());
        let (listeners, subscription) = (Arc::default(), OnceLock::new());
        Self { inner: Arc::new(Inner { source, state, turn, listeners, subscription }) }
    }

    /// Ties the features of one more layer to objects, which `make` makes of features that are
    /// whole, when they are asked for. It may ask these ties for other objects.
    ///
    /// Reads the ids of all features.
    ///
    /// # Errors
    ///
    /// For a layer that is not there, that is not tied, or whose features are tied here already;
    /// and when the store cannot be read.
    pub fn add_layer(
        &self,
        name: &str,
        make: impl Fn(&Feature) -> T + Send + Sync + 'static,
    ) -> Result<()> {
        let _turn = self.turn();
        let found = self.inner.source.layer(name)?;
        let tied = TiedLayer::of(&found).ok_or_else(|| not_tied(self.store(), name))?;
        if self.layer(name).is_ok() {
            let reason = format!("layer `{name}` has objects here already");
            return Err(Error::options(reason, "take other ties for other objects"));
        }
        let policy = tied.policy(self.inner.source.provisional());
        let (schema, make) = (Arc::clone(found.schema()), Box::new(make));
        let mut state = self.state();
        let key = state.registry.add_layer(policy);
        let layer = Arc::new(Layer { key, tied, schema, make });
        drop(state);
        self.attach(&layer)?;
        self.state().layers.push(layer);
        Ok(())
    }

    /// Hears what becomes of ties, until the subscription is dropped.
    ///
    /// A handler is called after the fact, without any lock held and never within another: it may
    /// ask for objects, edit, undo and commit. What it returns as an error, or panics with, is kept
    /// in [`faults`](Self::faults) and changes nothing.
    pub fn subscribe(
        &self,
        handler: impl FnMut(&Told<T>) -> Handled + Send + 'static,
    ) -> Subscription {
        self.inner.listeners.subscribe(handler)
    }

    /// The handlers that failed or panicked since this was last asked.
    #[must_use]
    pub fn faults(&self) -> Vec<HandlerFault> {
        self.inner.listeners.take_faults()
    }

    fn store(&self) -> &dyn Store {
        match &self.inner.source {
            Source::Store(store) => &**store,
            Source::Buffer(buffer) => &**buffer,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.inner.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn layers(&self) -> Vec<Arc<Layer<T>>> {
        self.state().layers.clone()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer<T>>> {
        let state = self.state();
        let layer = state.layers.iter().find(|it| **it.tied.name() == *name).cloned();
        layer.ok_or_else(|| {
            let reason = format!("layer `{name}` has no objects here");
            Error::options(reason, "add the layer to the ties first")
        })
    }
}

impl Source {
    /// A layer as its store has it: what a buffer gives other fids to, it tells.
    fn layer(&self, name: &str) -> StoreResult<Arc<StoreLayer>> {
        match self {
            Self::Store(store) => store.layer(name),
            Self::Buffer(buffer) => buffer.store().layer(name),
        }
    }

    fn provisional(&self) -> Provisional {
        match self {
            Self::Store(_) => Provisional::Never,
            Self::Buffer(_) => Provisional::From(EditBuffer::FIRST_PROVISIONAL),
        }
    }
}

impl<T> std::fmt::Debug for Ties<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ties").finish_non_exhaustive()
    }
}

fn not_tied(store: &dyn Store, layer: &str) -> Error {
    let reason = format!("layer `{layer}` of {} is not tied, so its rows say no ids", store.name());
    Error::options(reason, "tie it first: `tiepoint tie STORE LAYER`, or `Transaction::tie`")
}
