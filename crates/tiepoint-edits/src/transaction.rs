//! A transaction on the buffer: what it does is seen by others all at once, as one step that can be
//! undone, and is pending from then on.
use crate::buffer::EditBuffer;
use crate::prepare::Preparer;
use crate::provisional::Aliases;
use crate::read::{self, Base};
use crate::state::State;
use crate::step::{self, Touched};
use crate::writer::Writer;
use std::sync::Arc;
use tiepoint_core::{ChangeSet, FieldType, Layer, LayerDefinition, Query};
use tiepoint_store::{
    Book, FeatureWriter, Features, LogOptions, ReadControl, Result, Savepoint, Store, StoreError,
    TieOptions, TieReport, Transaction, TransactionOptions, Turn, UntieReport, WriteMode,
};

/// One step in the making.
pub(crate) struct EditTransaction<'b> {
    buffer: &'b EditBuffer,
    step_name: String,
    pub(crate) aliases: Arc<Aliases>,
    /// The turn of one that writes.
    turn: Option<Turn<'b>>,
    before: State,
    pub(crate) state: State,
    /// The features that may say something else than before.
    pub(crate) touched: Touched,
    /// The layers that it drops.
    dropped: Vec<String>,
    /// Whether it makes layers.
    creates: bool,
    /// What cannot wait is done in a transaction of the store.
    below: Option<Box<dyn Transaction + 'b>>,
    savepoints: Vec<Mark>,
    next_savepoint: u32,
    pub(crate) broken: bool,
}

/// What a transaction did, for the buffer to keep.
pub(crate) struct Made<'t> {
    pub(crate) name: &'t str,
    pub(crate) changes: ChangeSet,
    pub(crate) state: State,
    /// What cannot wait, to be committed with it.
    pub(crate) below: Option<Box<dyn Transaction + 't>>,
    pub(crate) dropped: Vec<String>,
    /// Whether layers came or went.
    pub(crate) layers_differ: bool,
}

/// A point to go back to.
struct Mark {
    number: u32,
    state: State,
    dropped: usize,
    /// The same point in the store's transaction, where that was open.
    below: Option<Savepoint>,
}

impl<'b> EditTransaction<'b> {
    pub(crate) fn writing(buffer: &'b EditBuffer, turn: Turn<'b>, step_name: &str) -> Self {
        Self { turn: Some(turn), step_name: step_name.to_owned(), ..Self::reading(buffer) }
    }

    pub(crate) fn reading(buffer: &'b EditBuffer) -> Self {
        let (state, aliases) = buffer.state_and_aliases();
        Self {
            buffer,
            step_name: String::new(),
            aliases,
            turn: None,
            before: state.clone(),
            state,
            touched: Touched::new(),
            dropped: Vec::new(),
            creates: false,
            below: None,
            savepoints: Vec::new(),
            next_savepoint: 0,
            broken: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.buffer.printable_name()
    }

    /// Asks the store, with what was done in it meanwhile.
    pub(crate) fn read_store(&self, query: &Query) -> Result<Features<'_>> {
        match &self.below {
            Some(below) => below.read(query),
            None => self.buffer.store().read(query),
        }
    }

    /// The layer as its store has it.
    fn store_layer(&self, name: &str) -> Result<Arc<Layer>> {
        match &self.below {
            Some(below) => below.layer(name),
            None => self.buffer.store().layer(name),
        }
    }

    fn usable(&self) -> Result<()> {
        if self.broken {
            return Err(self.invalid("the transaction was broken off and can only be rolled back"));
        }
        Ok(())
    }

    fn writable(&self) -> Result<()> {
        self.usable()?;
        let reason = || "the transaction was begun for reading only".to_owned();
        let refused = || StoreError::ReadOnly { store: self.name().to_owned(), reason: reason() };
        self.turn.as_ref().map(drop).ok_or_else(refused)
    }

    fn invalid(&self, reason: &str) -> StoreError {
        StoreError::Invalid { store: self.name().to_owned(), reason: reason.to_owned() }
    }

    /// The store's transaction, for what cannot be pending.
    fn below(&mut self) -> Result<&mut Box<dyn Transaction + 'b>> {
        self.writable()?;
        if self.below.is_none() {
            self.below = Some(self.buffer.store().begin(TransactionOptions::default())?);
        }
        Ok(self.below.as_mut().expect("is there now"))
    }

    /// What the step comes to.
    fn changes(&self) -> ChangeSet {
        let mut before = self.before.clone();
        self.dropped.iter().for_each(|layer| before.forget_layer(layer));
        step::between(&before, &self.state, &self.touched)
    }
}

impl<'t> Base<'t> for &'t EditTransaction<'_> {
    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        Transaction::layer(*self, name)
    }

    fn read(&self, query: &Query) -> Result<Features<'t>> {
        self.read_store(query)
    }
}

impl Transaction for EditTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let layers = match &self.below {
            Some(below) => below.layers()?,
            None => self.buffer.store().layers()?,
        };
        Ok(layers.into_iter().map(EditBuffer::pending_layer).collect())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.store_layer(name).map(EditBuffer::pending_layer)
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        self.usable()?;
        if self.turn.is_none() {
            // others commit meanwhile: what is pending and what is stored must be of one moment
            return self.buffer.read(query);
        }
        let pending = self.state.layer(&query.layer);
        let control = ReadControl::default();
        let query = self.aliases.query(query);
        read::read(pending, &query, &control, &self)
    }

    /// Others do not edit here before it ends; what they commit to the store meanwhile is merged
    /// when this is committed there.
    fn read_for_update(&self, query: &Query) -> Result<Features<'_>> {
        self.writable()?;
        self.read(query)
    }

    fn nearest_type(&self, ty: &FieldType) -> FieldType {
        let of_store = || {
            let options = TransactionOptions { read_only: true, ..TransactionOptions::default() };
            Some(self.buffer.store().begin(options).ok()?.nearest_type(ty))
        };
        match &self.below {
            Some(below) => below.nearest_type(ty),
            None => of_store().unwrap_or_else(|| ty.clone()),
        }
    }

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        let computes = definition.schema.fields().iter().any(step::is_left_to_the_store);
        if computes {
            return Err(StoreError::Unsupported {
                store: self.name().to_owned(),
                what: format!(
                    "create layer `{}`, of which the store computes values that are unknown while \
                     features are pending",
                    definition.name
                ),
                hint: Some("create it in the store itself".to_owned()),
            });
        }
        let layer = self.below()?.create_layer(definition)?;
        self.creates = true;
        Ok(EditBuffer::pending_layer(layer))
    }

    /// What is pending in the layer goes with it.
    fn drop_layer(&mut self, name: &str) -> Result<()> {
        self.below()?.drop_layer(name)?;
        self.state.forget_layer(name);
        self.dropped.push(name.to_owned());
        Ok(())
    }

    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        self.writable()?;
        let store_layer = self.store_layer(layer)?;
        if let Some(reason) = &store_layer.read_only {
            let reason = format!("layer `{layer}`: {reason}");
            return Err(StoreError::ReadOnly { store: self.name().to_owned(), reason });
        }
        self.state.layer(layer).map_or(Ok(()), |it| it.still_fits(&store_layer))?;
        let fids = store_layer.fids;
        let pending = EditBuffer::pending_layer(store_layer);
        let provisional = Arc::clone(&self.buffer.provisional);
        let preparer = Preparer::new(self.buffer.printable_name(), pending, fids, provisional);
        Ok(Box::new(Writer::open(self, preparer, mode)))
    }

    fn tie(&mut self, _layer: &str, _options: &TieOptions) -> Result<TieReport> {
        Err(self.buffer.unsupported("tie layers"))
    }

    fn install_log(&mut self, _layer: &str, _options: &LogOptions) -> Result<()> {
        Err(self.buffer.unsupported("install a log"))
    }

    fn remove_log(&mut self, _layer: &str) -> Result<bool> {
        Err(self.buffer.unsupported("remove a log"))
    }

    fn untie(&mut self, _layer: Option<&str>) -> Result<UntieReport> {
        Err(self.buffer.unsupported("untie layers"))
    }

    /// Books are not pending: they are written with the transaction itself.
    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>> {
        self.below()?.book(name)
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.writable()?;
        let below = self.below.as_mut().map(|below| below.savepoint()).transpose()?;
        let number = self.next_savepoint;
        self.next_savepoint += 1;
        let (state, dropped) = (self.state.clone(), self.dropped.len());
        self.savepoints.push(Mark { number, state, dropped, below });
        Ok(Savepoint(number))
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let at = self.savepoints.iter().position(|mark| mark.number == savepoint.0);
        let at = at.ok_or_else(|| self.invalid("the savepoint is gone"))?;
        self.savepoints.truncate(at + 1);
        let mark = &self.savepoints[at];
        match (&mut self.below, mark.below) {
            (Some(below), Some(mark)) => below.rollback_to(mark)?,
            (below, _) => *below = None,
        }
        self.state = mark.state.clone();
        self.dropped.truncate(mark.dropped);
        self.broken = false;
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        self.usable()?;
        let Some(turn) = self.turn.take() else { return Ok(()) };
        let (changes, buffer) = (self.changes(), self.buffer);
        if self.below.is_none() && changes.is_empty() {
            return Ok(());
        }
        let Self { step_name, state, below, dropped, creates, .. } = *self;
        let layers_differ = creates || !dropped.is_empty();
        let name = &step_name;
        buffer.push(Made { name, changes, state, below, dropped, layers_differ })?;
        drop(turn);
        buffer.deliver();
        Ok(())
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        match self.below {
            Some(below) => below.rollback(),
            None => Ok(()),
        }
    }
}
