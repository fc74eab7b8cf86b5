//! A store that fails when a test tells it to, and lies at a place of its own.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tiepoint_core::{Aggregate, Edit, FieldType, Layer, LayerDefinition, Query, Value};
use tiepoint_store::{
    Book, Capabilities, ChangeLog, FeatureWriter, Features, LayerFacts, LogOptions, Plan,
    ReadControl, Result, Savepoint, Store, StoreError, TieOptions, TieReport, Transaction,
    TransactionOptions, UntieReport, Watch, WatchOptions, WriteMode, Written,
};

/// What can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Read,
    Begin,
    Write,
    Settle,
    Finish,
    Note,
    Commit,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It says so, and nothing has happened.
    Refused,
    /// The connection is gone, and with it everything that is not committed.
    LostBefore,
    /// It is done, and then the connection is gone.
    LostAfter,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) call: Call,
    pub(crate) how: How,
    /// How many such calls pass before.
    pub(crate) after: u32,
}

#[derive(Debug, Default)]
struct Faults {
    fault: Mutex<Option<Fault>>,
    /// Whether the connection stays away once it is gone.
    stays_away: Mutex<bool>,
    gone: Mutex<bool>,
}

pub(crate) struct Frail {
    below: Arc<dyn Store>,
    place: String,
    faults: Arc<Faults>,
    asked: Mutex<Vec<Query>>,
}

impl Frail {
    pub(crate) fn over(below: Arc<dyn Store>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = format!("frail:{}:{number}", std::process::id());
        Self { below, place, faults: Arc::default(), asked: Mutex::default() }
    }

    /// What was read since this was last asked, beside what transactions read.
    pub(crate) fn asked(&self) -> Vec<Query> {
        std::mem::take(&mut *self.asked.lock().expect("nobody panics"))
    }

    pub(crate) fn fail(&self, fault: Fault) {
        *self.faults.fault.lock().expect("nobody panics") = Some(fault);
    }

    /// Once the connection is gone, it stays away until it [comes back](Self::come_back).
    pub(crate) fn stay_away(&self) {
        *self.faults.stays_away.lock().expect("nobody panics") = true;
    }

    pub(crate) fn come_back(&self) {
        *self.faults.fault.lock().expect("nobody panics") = None;
        *self.faults.stays_away.lock().expect("nobody panics") = false;
        *self.faults.gone.lock().expect("nobody panics") = false;
    }

    /// Whether what it was told to fail has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.faults.fault.lock().expect("nobody panics").is_none()
    }
}

impl Faults {
    fn lost() -> StoreError {
        StoreError::ConnectionLost { store: "frail".to_owned(), reason: "it is away".to_owned() }
    }

    fn before(&self, call: Call) -> Result<Option<How>> {
        if *self.gone.lock().expect("nobody panics") {
            return Err(Self::lost());
        }
        let mut fault = self.fault.lock().expect("nobody panics");
        let Some(it) = fault.as_mut().filter(|it| it.call == call) else { return Ok(None) };
        if it.after > 0 {
            it.after -= 1;
            return Ok(None);
        }
        let how = it.how;
        *fault = None;
        if how != How::Refused {
            *self.gone.lock().expect("nobody panics") =
                *self.stays_away.lock().expect("nobody panics");
        }
        match how {
            How::Refused => Err(StoreError::Invalid {
                store: "frail".to_owned(),
                reason: format!("{call:?} fails"),
            }),
            How::LostBefore => Err(Self::lost()),
            How::LostAfter => Ok(Some(how)),
        }
    }

    fn call<T>(&self, call: Call, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let how = self.before(call)?;
        let done = work()?;
        how.map_or(Ok(done), |_| Err(Self::lost()))
    }
}

impl Store for Frail {
    fn name(&self) -> &str {
        self.below.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.below.capabilities()
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.below.layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.below.layer(name)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.below.facts(layer)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        self.asked.lock().expect("nobody panics").push(query.clone());
        self.faults.call(Call::Read, || self.below.read_with(query, control))
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.below.explain(query)
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        self.below.aggregate(query, aggregates)
    }

    fn place(&self) -> Result<Option<String>> {
        Ok(Some(self.place.clone()))
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        let begun = self.faults.call(Call::Begin, || self.below.begin(options))?;
        Ok(Box::new(FrailTransaction { below: begun, faults: Arc::clone(&self.faults) }))
    }

    fn freshness(&self) -> Result<u64> {
        self.below.freshness()
    }

    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        self.below.watch(options)
    }

    fn change_log(&self) -> Result<ChangeLog> {
        self.below.change_log()
    }
}

struct FrailTransaction<'s> {
    below: Box<dyn Transaction + 's>,
    faults: Arc<Faults>,
}

impl Transaction for FrailTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.below.layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.below.layer(name)
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        self.below.read(query)
    }

    fn read_for_update(&self, query: &Query) -> Result<Features<'_>> {
        self.below.read_for_update(query)
    }

    fn nearest_type(&self, ty: &FieldType) -> FieldType {
        self.below.nearest_type(ty)
    }

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        self.below.create_layer(definition)
    }

    fn drop_layer(&mut self, name: &str) -> Result<()> {
        self.below.drop_layer(name)
    }

    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        let faults = Arc::clone(&self.faults);
        Ok(Box::new(FrailWriter { below: self.below.writer(layer, mode)?, faults }))
    }

    fn tie(&mut self, layer: &str, options: &TieOptions) -> Result<TieReport> {
        self.below.tie(layer, options)
    }

    fn install_log(&mut self, layer: &str, options: &LogOptions) -> Result<()> {
        self.below.install_log(layer, options)
    }

    fn remove_log(&mut self, layer: &str) -> Result<bool> {
        self.below.remove_log(layer)
    }

    fn untie(&mut self, layer: Option<&str>) -> Result<UntieReport> {
        self.below.untie(layer)
    }

    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>> {
        let faults = Arc::clone(&self.faults);
        Ok(Box::new(FrailBook { below: self.below.book(name)?, faults }))
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.below.savepoint()
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        self.below.rollback_to(savepoint)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        let Self { below, faults } = *self;
        faults.call(Call::Commit, || below.commit())
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        self.below.rollback()
    }
}

struct FrailWriter<'t> {
    below: Box<dyn FeatureWriter + 't>,
    faults: Arc<Faults>,
}

impl FeatureWriter for FrailWriter<'_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        let below = &mut self.below;
        self.faults.call(Call::Write, || below.write(edit))
    }

    fn settle(&mut self) -> Result<u64> {
        let below = &mut self.below;
        self.faults.call(Call::Settle, || below.settle())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { below, faults } = *self;
        faults.call(Call::Finish, || below.finish())
    }
}

struct FrailBook<'t> {
    below: Box<dyn Book + 't>,
    faults: Arc<Faults>,
}

impl Book for FrailBook<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.below.get(key)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let below = &mut self.below;
        self.faults.call(Call::Note, || below.put(key, value))
    }

    fn remove(&mut self, key: &[u8]) -> Result<bool> {
        self.below.remove(key)
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.below.range(from, limit)
    }
}
