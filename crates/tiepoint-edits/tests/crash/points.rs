//! Places where a child may die or tarry: all that a journal asks of its disk, and all that a commit
//! asks of its store.
use crate::child::say;
use crate::ops::Random;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tiepoint_core::{Aggregate, Edit, Layer, LayerDefinition, Query, Value};
use tiepoint_edits::journal::{Fault, Faults, Operation};
use tiepoint_store::{
    Book, Capabilities, FeatureWriter, Features, LayerFacts, LogOptions, Plan, ReadControl, Result,
    Savepoint, Store, TieOptions, TieReport, Transaction, TransactionOptions, UntieReport,
    WriteMode, Written,
};

/// What happens at places.
pub(crate) enum Fate {
    /// Nothing.
    Pass,
    /// This, at the place of this name, once.
    Call(&'static str, Option<Box<dyn FnOnce() + Send>>),
    /// Now and then it takes a while.
    Tarry(Random),
    /// The process ends at the place of this number.
    Die { at: u64, passed: u64 },
}

pub(crate) struct Points(Mutex<Fate>);

impl Points {
    pub(crate) fn new(fate: Fate) -> Arc<Self> {
        Arc::new(Self(Mutex::new(fate)))
    }

    /// Passes a place. Whether it dies there at once is the answer where `asked`.
    fn pass(&self, place: &str, asked: bool) -> bool {
        let mut fate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = match &mut *fate {
            Fate::Pass => None,
            Fate::Call(at, call) => {
                if *at == place
                    && let Some(call) = call.take()
                {
                    call();
                }
                None
            }
            Fate::Tarry(random) => (random.below(4) == 0).then(|| random.below(800)),
            Fate::Die { at, passed } => {
                *passed += 1;
                say(&format!("place {place}"));
                if *passed == *at + 1 {
                    say(&format!("die {place}"));
                    if asked {
                        return true;
                    }
                    std::process::abort();
                }
                None
            }
        };
        drop(fate);
        if let Some(pause) = pause {
            std::thread::sleep(Duration::from_micros(pause));
        }
        false
    }

    fn at(&self, place: &str) {
        self.pass(place, false);
    }
}

/// The journal's disk.
pub(crate) struct Disk(pub(crate) Arc<Points>);

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

impl Faults for Disk {
    fn before(&self, operation: Operation, path: &Path, bytes: usize) -> Fault {
        let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("folder");
        self.0.at(&format!("before {operation:?} {ending}"));
        // within a write it dies when half of it is done: see `after`
        if operation == Operation::Write && self.0.pass("within Write", true) {
            return Fault::Short(bytes / 2, ErrorKind::Other);
        }
        Fault::None
    }

    fn after(&self, operation: Operation, path: &Path) {
        if let Fate::Die { at, passed } = &*self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
            && *passed > *at
        {
            std::process::abort();
        }
        let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("folder");
        self.0.at(&format!("after {operation:?} {ending}"));
    }
}

/// A store whose commits pass places, and which counts them in a book of its own, in the same
/// transaction.
pub(crate) struct Passing {
    pub(crate) below: Arc<dyn Store>,
    pub(crate) points: Arc<Points>,
}

/// The book, and what stands in it.
pub(crate) const BOOK: &str = "crash";
pub(crate) const COUNT: &[u8] = b"commits";

impl Store for Passing {
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
        self.below.read_with(query, control)
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.below.explain(query)
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        self.below.aggregate(query, aggregates)
    }

    fn place(&self) -> Result<Option<String>> {
        self.below.place()
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        self.points.at("before begin");
        let below = self.below.begin(options)?;
        Ok(Box::new(PassingTransaction { below, points: Arc::clone(&self.points), wrote: false }))
    }

    fn freshness(&self) -> Result<u64> {
        self.below.freshness()
    }
}

struct PassingTransaction<'s> {
    below: Box<dyn Transaction + 's>,
    points: Arc<Points>,
    /// Whether it wrote features, as commits do and questions do not.
    wrote: bool,
}

impl Transaction for PassingTransaction<'_> {
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

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        self.below.create_layer(definition)
    }

    fn drop_layer(&mut self, name: &str) -> Result<()> {
        self.below.drop_layer(name)
    }

    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        self.wrote = true;
        let (points, layer_name) = (Arc::clone(&self.points), layer.to_owned());
        let below = self.below.writer(layer, mode)?;
        Ok(Box::new(PassingWriter { below, points, layer: layer_name }))
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
        let points = Arc::clone(&self.points);
        Ok(Box::new(PassingBook { below: self.below.book(name)?, points }))
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.below.savepoint()
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        self.below.rollback_to(savepoint)
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        if self.wrote {
            let mut book = self.below.book(BOOK)?;
            let count = counted(book.get(COUNT)?) + 1;
            book.put(COUNT, &count.to_be_bytes())?;
        }
        self.points.at("before commit");
        let Self { below, points, .. } = *self;
        below.commit()?;
        points.at("after commit");
        Ok(())
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        self.below.rollback()
    }
}

/// What the book says of how many commits there were.
pub(crate) fn counted(said: Option<Vec<u8>>) -> u64 {
    said.and_then(|it| it.try_into().ok()).map_or(0, u64::from_be_bytes)
}

struct PassingWriter<'t> {
    below: Box<dyn FeatureWriter + 't>,
    points: Arc<Points>,
    layer: String,
}

impl FeatureWriter for PassingWriter<'_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        self.below.write(edit)
    }

    fn settle(&mut self) -> Result<u64> {
        self.below.settle()
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { below, points, layer } = *self;
        below.finish()?;
        points.at(&format!("after writing {layer}"));
        Ok(())
    }
}

struct PassingBook<'t> {
    below: Box<dyn Book + 't>,
    points: Arc<Points>,
}

impl PassingBook<'_> {
    /// What is noted of a turn has one byte more.
    fn what(key: &[u8]) -> &'static str {
        if key.len() == 16 { "the note" } else { "the turn" }
    }
}

impl Book for PassingBook<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.below.get(key)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.points.at(&format!("before {}", Self::what(key)));
        self.below.put(key, value)?;
        self.points.at(&format!("after {}", Self::what(key)));
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<bool> {
        self.below.remove(key)
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.below.range(from, limit)
    }
}

/// A value as a number, 0 where it is none.
pub(crate) fn number(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}
