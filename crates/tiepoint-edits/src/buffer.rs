//! The edit buffer: edits over a store that wait until they are committed or rolled back.
use crate::command::EditCommand;
use crate::error::{EditError, Result};
use crate::events::{EditEvent, Handled, HandlerFault, Listeners, Subscription};
use crate::history::{History, Step};
use crate::journal::JournalFolder;
use crate::log::{Log, Pending};
use crate::own::OwnCommits;
use crate::provisional::{self, Aliases, Provisional};
use crate::state::State;
use crate::status::Status;
use crate::transaction::{EditTransaction, Made};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;
use tiepoint_core::{ChangeSet, ChangeSetId, Conflict, Fid, FidRule, Layer, Target};
use tiepoint_store::{Result as StoreResult, Store, StoreError, Transaction, Turn, Turns};

/// A store that you may change your mind about.
///
/// Anything that takes a store takes it. Its readings have what is pending merged in; each of its
/// transactions becomes a step that is pending when it commits, is undone and redone as a whole,
/// and gets into the store below when the *buffer* is committed. Undo and redo have no limit. What
/// is pending is computed against the store: edit and revert, and nothing is.
///
/// Features that are new have provisional fids, from 2^52 on, until they are committed, and are
/// found by them as long as the buffer lives; their object ids stay. What the store itself would compute of a pending feature is unset.
///
/// One handle serves many threads; those who write take turns.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Query, Schema};
/// use tiepoint_edits::EditBuffer;
/// use tiepoint_store::{MemoryStore, Store, TransactionOptions};
/// let store = Arc::new(MemoryStore::new());
/// # let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)])?;
/// # let mut transaction = store.begin(TransactionOptions::default())?;
/// # let layer = transaction.create_layer(&LayerDefinition::new("trees", schema))?;
/// # transaction.commit()?;
/// let edits = EditBuffer::over(store.clone());
/// let mut oak = Feature::new(layer.schema().clone());
/// oak.set("name", "oak".into())?;
/// edits.edit("Plant an oak", |it| it.write("trees", Edit::Insert(oak)))?;
/// let count = |store: &dyn Store| store.read(&Query::layer("trees")).map(Iterator::count);
/// assert_eq!((count(&edits)?, count(&*store)?), (1, 0), "it is pending");
/// edits.undo()?;
/// assert_eq!(count(&edits)?, 0);
/// edits.redo()?;
/// edits.commit()?;
/// assert_eq!(count(&*store)?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EditBuffer {
    store: Arc<dyn Store>,
    name: String,
    turns: Turns,
    pub(crate) shared: Mutex<Shared>,
    pub(crate) provisional: Arc<Provisional>,
    pub(crate) listeners: Arc<Listeners<EditEvent>>,
    pub(crate) log: Log,
    journals: Option<JournalFolder>,
    /// Held for writing while new features without object ids get into the store, when readings
    /// could not tell whether they see them there or here.
    pub(crate) gate: RwLock<()>,
}

impl Drop for EditBuffer {
    fn drop(&mut self) {
        let shared = self.shared.get_mut().unwrap_or_else(PoisonError::into_inner);
        let waits = !shared.conflicts.is_empty() || shared.in_doubt.is_some();
        if !waits && !shared.state.is_dirty() {
            // Nobody is left to be told; what stays is offered again, and comes to nothing.
            let _ = self.log.rest();
        }
    }
}

/// What only the holder of the turn changes, and everybody reads.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) state: State,
    pub(crate) history: History,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) aliases: Arc<Aliases>,
    pub(crate) version: u64,
    /// A commit of which is not known whether it happened.
    pub(crate) in_doubt: Option<ChangeSetId>,
    /// The last commit that the store remembers and nobody needs to ask about any more.
    pub(crate) forgettable: Option<ChangeSetId>,
    /// Those who follow the store, and are told of what is committed from here.
    pub(crate) followers: Vec<Weak<Mutex<OwnCommits>>>,
}

impl EditBuffer {
    /// How long a writer waits for its turn.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// Fids from here on are provisional: those of features that are new, until they are committed.
    pub const FIRST_PROVISIONAL: i64 = provisional::FIRST;

    /// Pending edits over a store, lost with the program: no journal is kept.
    #[must_use]
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::with_log(store, Log::none())
    }

    pub(crate) fn with_log(store: Arc<dyn Store>, log: Log) -> Self {
        Self {
            name: store.name().to_owned(),
            store,
            turns: Turns::default(),
            shared: Mutex::default(),
            provisional: Arc::default(),
            listeners: Arc::default(),
            log,
            journals: None,
            gate: RwLock::default(),
        }
    }

    pub(crate) fn with_folder(mut self, folder: JournalFolder) -> Self {
        self.journals = Some(folder);
        self
    }

    /// Where journals are kept.
    pub(crate) fn journals(&self) -> Option<&JournalFolder> {
        self.journals.as_ref()
    }

    /// What a journal must hold that is written afresh.
    pub(crate) fn pending(&self) -> (ChangeSet, Vec<Conflict>) {
        let shared = self.lock();
        let (state, conflicts) = (shared.state.clone(), shared.conflicts.clone());
        drop(shared);
        (state.changes(), conflicts)
    }

    /// The store below.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn printable_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state.clone()
    }

    /// Both of one moment: a commit gives features other names, and has them no longer pending.
    pub(crate) fn state_and_aliases(&self) -> (State, Arc<Aliases>) {
        let shared = self.lock();
        (shared.state.clone(), Arc::clone(&shared.aliases))
    }

    /// The turn to write, after what others left unsettled is settled.
    pub(crate) fn settled_turn(&self) -> Result<Turn<'_>> {
        let turn = self.turn()?;
        self.settle_doubt()?;
        self.abandon_orphans()?;
        Ok(turn)
    }

    pub(crate) fn turn(&self) -> StoreResult<Turn<'_>> {
        self.turns.take(Self::PATIENCE).ok_or_else(|| StoreError::Locked {
            store: self.name.clone(),
            waited_ms: u64::try_from(Self::PATIENCE.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// A layer as it is while edits are pending: fids change when they are committed.
    pub(crate) fn pending_layer(layer: Arc<Layer>) -> Arc<Layer> {
        match layer.fids {
            FidRule::Stable => {
                Arc::new(Layer { fids: FidRule::Renumbering, ..Arc::unwrap_or_clone(layer) })
            }
            FidRule::Renumbering | FidRule::Ephemeral => layer,
        }
    }

    /// Makes one step of this name of what `work` does; nothing where it fails.
    ///
    /// # Errors
    ///
    /// Those of `work`, and what [`Transaction::commit`] of the buffer can say.
    pub fn edit<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut dyn Transaction) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let turn = self.settled_turn().map_err(EditError::into_store_error)?;
        let mut transaction = Box::new(EditTransaction::writing(self, turn, name));
        let done = work(&mut *transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Opens an edit command: all steps that are made before it ends become one, by this name.
    /// Dropping it abandons it. Commands nest: one that is ended or abandoned ends or abandons those
    /// that were opened after it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when the turn to write does not come.
    pub fn command(&self, name: &str) -> Result<EditCommand<'_>> {
        let _turn = self.settled_turn()?;
        let number = self.lock().history.begin_command(name);
        Ok(EditCommand::new(self, number))
    }

    /// Adds what a transaction did. Only whoever has the turn may.
    ///
    /// It is in the journal before what cannot wait is committed below, and taken back there where
    /// that fails.
    pub(crate) fn push(&self, made: Made<'_>) -> StoreResult<()> {
        let Made { name, changes, state, below, dropped, layers_differ } = made;
        let step = (!changes.is_empty()).then(|| Step::new(name, changes));
        if let Some(step) = &step {
            let logged = self.log.step(name, &step.changes, || self.pending());
            logged.map_err(|error| EditError::from(error).into_store_error())?;
        }
        if let Err(reason) = below.map_or(Ok(()), Transaction::commit) {
            if let Some(step) = &step {
                // where that fails, the journal is written afresh before anything else is
                let back = Arc::new(step.changes.inverted());
                let _ = self.log.step(name, &back, || self.pending());
            }
            return Err(reason);
        }
        self.stands(step, state, &dropped, layers_differ);
        if !dropped.is_empty() {
            let (changes, conflicts) = self.pending();
            // what it says of layers that are gone is refused when it is recovered
            let _ = self.log.restart(&Pending { changes: &changes, conflicts: &conflicts });
        }
        Ok(())
    }

    fn stands(&self, step: Option<Step>, state: State, dropped: &[String], layers_differ: bool) {
        let mut shared = self.lock();
        for layer in dropped {
            shared.history.forget_layer(layer);
            shared.conflicts.retain(|it| it.layer != *layer);
        }
        if step.is_some() || !dropped.is_empty() {
            shared.state = state;
        }
        shared.version += 1;
        if let Some(step) = step {
            self.listeners.queue(step.done());
            shared.history.push(step);
        }
        if layers_differ {
            self.listeners.queue(EditEvent::Reset);
        }
    }

    /// The names of all steps, and how many of them are done; the others are undone.
    #[must_use]
    pub fn history(&self) -> (Vec<Arc<str>>, usize) {
        self.lock().history.names()
    }

    /// Whether anything is pending: whether the buffer says something else than the store did.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.lock().state.is_dirty()
    }

    /// What is pending, each feature against what its store said when it was first touched.
    ///
    /// Costs a look at everything that is pending.
    #[must_use]
    pub fn changes(&self) -> ChangeSet {
        self.state().changes()
    }

    /// What is pending for one feature.
    #[must_use]
    pub fn status(&self, layer: &str, target: &Target) -> Status {
        let (state, aliases) = self.state_and_aliases();
        Status::of(&state, layer, &aliases.target(layer, target))
    }

    /// What a feature is called here that edits are pending for; `None` where there are none, and
    /// where it is deleted.
    #[must_use]
    pub fn fid(&self, layer: &str, target: &Target) -> Option<Fid> {
        self.lock().state.fid(layer, target)
    }

    /// Hears what happens to the buffer, until the subscription is dropped.
    ///
    /// A handler is called after the fact, without any lock held and never within another: it may
    /// read, edit, undo and commit; what it does is told after what it was told of. What it returns
    /// as an error, or panics with, is kept in [`faults`](Self::faults) and changes nothing.
    pub fn subscribe(
        &self,
        handler: impl FnMut(&EditEvent) -> Handled + Send + 'static,
    ) -> Subscription {
        // nobody changes anything meanwhile: what is read from now on is what events go on from
        let _shared = self.lock();
        self.listeners.subscribe(handler)
    }

    /// The handlers that failed or panicked since this was last asked.
    #[must_use]
    pub fn faults(&self) -> Vec<HandlerFault> {
        self.listeners.take_faults()
    }

    pub(crate) fn deliver(&self) {
        self.listeners.deliver();
    }
}

impl std::fmt::Debug for EditBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EditBuffer").field("store", &self.name).finish_non_exhaustive()
    }
}
