//! The process that is killed: it takes over what the one before it left, and works on a journalled
//! buffer, saying what it is about to do and what was acknowledged.
use crate::model::{Outcome, namespace, tree_id};
use crate::ops::{LAYERS, NOTES, Op, Put, Random, SHARED, SHARED_KEYS, TREES};
use crate::points::{BOOK, COUNT, Disk, Fate, Passing, Points, counted, number};
use crate::world::{Place, STORE, journals, opened};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use tiepoint_core::{
    Crs, Edit, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType, Identity, KindRule,
    LayerDefinition, Query, Resolution, Schema, Target, Value,
};
use tiepoint_edits::journal::JournalFolder;
use tiepoint_edits::{EditBuffer, EditCommand, EditError};
use tiepoint_store::{Result as StoreResult, Store, StoreError, Transaction, TransactionOptions};

/// What it is to do: `random SEED`, `die AT SCRIPT`, or `look NEVER`.
pub(crate) const TASK: &str = "TIEPOINT_CRASH_TASK";

/// Says a line in one write, so that a kill leaves no half of it; it starts anew after what the
/// test harness prints.
pub(crate) fn say(line: &str) {
    let line = format!("\n@ {line}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).expect("is told");
}

/// Not a test of its own: what other processes do.
#[test]
fn child() {
    let (Ok(task), Ok(place)) = (std::env::var(TASK), std::env::var(STORE)) else { return };
    let place: Place = place.parse().expect("a place");
    let (kind, task) = task.split_once(' ').expect("has a task");
    let random = kind == "random";
    let (at, script) = task.split_once(' ').unwrap_or((task, ""));
    let at: u64 = at.parse().expect("a number");
    let fate = if random { Fate::Tarry(Random::new(at)) } else { Fate::Die { at, passed: 0 } };
    let points = Points::new(fate);
    let below = opened(&place);
    let store = Arc::new(Passing { below: Arc::clone(&below), points: Arc::clone(&points) });
    let folder = JournalFolder::at(journals()).with_faults(Arc::new(Disk(points)));
    let buffer = EditBuffer::journalled(store, &folder).expect("opens");
    recover_all(&buffer);
    let mut child = Child { below: &*below, buffer: &buffer, commands: Vec::new(), floor: 0 };
    child.floor = buffer.history().1;
    say(&format!("ready {}", child.seen()));
    if random {
        child.work_for_ever(Random::new(at), i64::try_from(at).expect("is small") << 16);
    }
    for op in script.split(", ").filter(|it| !it.is_empty()) {
        child.acknowledged(&op.parse().expect("an operation"));
        say(&format!("seen {}", child.seen()));
    }
    if kind == "look" {
        child.all_can_be_undone();
    }
    say("over");
    // as a crash would: nothing is closed
    std::process::abort();
}

pub(crate) fn recover_all(buffer: &EditBuffer) {
    for left in buffer.left_behind().expect("reads what was left") {
        let session = left.session();
        say(&format!("recovering {session}"));
        let recovered = buffer.recover(left).expect("is recovered");
        assert!(recovered.damage.is_none(), "{recovered:?}");
        say(&format!("recovered {session}"));
    }
}

pub(crate) struct Child<'b> {
    /// The store without anything between.
    pub(crate) below: &'b dyn Store,
    pub(crate) buffer: &'b EditBuffer,
    pub(crate) commands: Vec<EditCommand<'b>>,
    /// How many steps were done before, which the oracle does not know singly.
    pub(crate) floor: usize,
}

impl Child<'_> {
    /// Takes back all that was recovered, step by step, and makes it again.
    fn all_can_be_undone(&self) {
        let (before, mut steps) = (self.seen(), 0);
        while self.buffer.undo().expect("is undone").is_some() {
            steps += 1;
        }
        assert_eq!(self.floor, steps);
        assert!(!self.buffer.is_dirty(), "{}", self.seen());
        let said = |store| rows(store).expect("reads");
        assert_eq!(said(self.buffer), said(self.below));
        while self.buffer.redo().expect("is redone").is_some() {}
        assert_eq!(self.seen(), before);
    }

    fn work_for_ever(&mut self, mut random: Random, first: i64) {
        let mut next = first;
        loop {
            for op in self.chosen(&mut random, &mut next) {
                self.acknowledged(&op);
            }
            if random.below(6) == 0 {
                say(&format!("seen {}", self.seen()));
            }
        }
    }

    /// What to do next. A clash with others is not left unsettled.
    fn chosen(&self, random: &mut Random, next: &mut i64) -> Vec<Op> {
        if !self.buffer.conflicts().is_empty() {
            return vec![Op::Resolve(random.below(2) == 0)];
        }
        let (done, within) = (self.buffer.history().1, !self.commands.is_empty());
        let op = match random.below(20) {
            0..=2 if !within && done > self.floor => Op::Undo,
            3..=4 if !within => Op::Redo,
            5 => Op::Begin,
            6..=7 if within => Op::End,
            8 if within => Op::Abandon,
            9 if random.below(3) == 0 => Op::Rollback,
            10..=12 if !within => Op::Commit,
            13 if !within => return Self::clash(random, next),
            _ => Op::Step((0..=random.below(3)).map(|_| put(random, next)).collect()),
        };
        vec![op]
    }

    fn clash(random: &mut Random, next: &mut i64) -> Vec<Op> {
        let key = random.pick(&SHARED_KEYS);
        *next += 2;
        let mine = Op::Step(vec![Put { layer: SHARED, key, number: Some(*next) }]);
        let mut ops = vec![mine, Op::Others(key, *next + 1)];
        ops.extend((random.below(3) == 0).then_some(Op::Commit));
        ops.push(Op::Merge);
        *next += 2;
        ops
    }

    pub(crate) fn acknowledged(&mut self, op: &Op) {
        say(&format!("do {op}"));
        let outcome = self.done(op).unwrap_or_else(|error| panic!("{op}: {error}"));
        say(&format!("done {outcome:?}"));
    }

    pub(crate) fn done(&mut self, op: &Op) -> Result<Outcome, EditError> {
        let name = |it: Option<String>| if it.is_some() { Outcome::Done } else { Outcome::Nothing };
        match op {
            Op::Step(puts) => self.buffer.edit("step", |it| made(it, puts))?,
            Op::Undo => return or_refused(self.buffer.undo().map(name)),
            Op::Redo => return or_refused(self.buffer.redo().map(name)),
            Op::Begin => self.commands.push(self.buffer.command("command")?),
            Op::End => self.commands.pop().expect("is open").end()?,
            Op::Abandon => self.commands.pop().expect("is open").abandon()?,
            Op::Commit => {
                let committed = self.buffer.commit();
                let outcome = committed.map(|it| name(it.id.map(|id| id.0.to_string())));
                return or_refused(outcome);
            }
            Op::Rollback => {
                self.buffer.rollback()?;
                self.commands.clear();
                self.floor = self.floor.min(self.buffer.history().1);
            }
            Op::Others(key, number) => {
                let mut others = self.below.begin(TransactionOptions::default())?;
                made(&mut *others, &[Put { layer: SHARED, key: *key, number: Some(*number) }])?;
                others.commit()?;
            }
            Op::Merge => drop(self.buffer.merge()?),
            Op::Resolve(mine) => {
                let side = if *mine { Resolution::Mine } else { Resolution::Theirs };
                for conflict in self.buffer.conflicts() {
                    self.buffer.resolve(&conflict, &side)?;
                }
            }
        }
        Ok(Outcome::Done)
    }

    /// All that can be seen, as the oracle says it.
    pub(crate) fn seen(&self) -> String {
        let mut reading = self.below.begin(TransactionOptions::default()).expect("begins");
        let commits = counted(reading.book(BOOK).and_then(|it| it.get(COUNT)).expect("reads"));
        reading.rollback().expect("ends");
        let mut said = format!("{commits}|{}|", rows(self.below).expect("reads"));
        write!(said, "{}|", rows(self.buffer).expect("reads")).expect("is written");
        let mut keys: Vec<i64> =
            self.buffer.conflicts().iter().map(|it| shared_key(&it.target)).collect();
        keys.sort_unstable();
        for key in keys {
            write!(said, "{key} ").expect("is written");
        }
        said
    }
}

fn or_refused(outcome: Result<Outcome, EditError>) -> Result<Outcome, EditError> {
    match outcome {
        Err(EditError::Overtaken { .. } | EditError::Conflicts(_)) => Ok(Outcome::Refused),
        other => other,
    }
}

fn shared_key(target: &Target) -> i64 {
    let ids =
        SHARED_KEYS.map(|it| tiepoint_core::ObjectId::from_key(&namespace(), &it.to_string()));
    let at = ids.iter().position(|id| *target == Target::Id(*id)).expect("is one of them");
    SHARED_KEYS[at]
}

fn put(random: &mut Random, next: &mut i64) -> Put {
    *next += 1;
    match random.below(9) {
        0 => Put { layer: SHARED, key: random.pick(&SHARED_KEYS), number: Some(*next) },
        kind => {
            let layer = random.pick(&[TREES, NOTES]);
            let number = (kind > 2).then_some(*next);
            Put { layer, key: random.small(12), number }
        }
    }
}

pub(crate) fn made(it: &mut dyn Transaction, puts: &[Put]) -> StoreResult<()> {
    for Put { layer, key, number } in puts {
        let there = it.read(&Query::layer(LAYERS[*layer]))?.collect::<StoreResult<Vec<_>>>()?;
        let there = there.into_iter().find(|it| crate::points::number(it.get("key")) == *key);
        let edit = match (there, number) {
            (None, None) => continue,
            (Some(there), None) => Edit::Delete(Target::of(&there).expect("is known")),
            (Some(mut there), Some(number)) => {
                filled(&mut there, *layer, *number);
                Edit::Update(there)
            }
            (None, Some(number)) => Edit::Insert(new(*layer, *key, *number)),
        };
        it.write(LAYERS[*layer], edit)?;
    }
    Ok(())
}

fn new(layer: usize, key: i64, number: i64) -> Feature {
    let mut feature = Feature::new(definitions().swap_remove(layer).schema);
    feature.set("key", key.into()).expect("fits");
    filled(&mut feature, layer, number);
    feature.with_id((layer == TREES).then(|| tree_id(key, number)))
}

/// All that a number says.
fn filled(feature: &mut Feature, layer: usize, number: i64) {
    feature.set("number", number.into()).expect("fits");
    if layer == TREES {
        feature.set("name", number.to_string().into()).expect("fits");
        feature.set("geom", point(number)).expect("fits");
    }
}

fn point(number: i64) -> Value {
    let (x, y) = (number % 180, number / 180 % 90);
    Geometry::from_wkt(&format!("POINT({x} {y})")).expect("a point").into()
}

/// The rows of all layers; one that is not what its number says is told.
fn rows(store: &dyn Store) -> Result<String, StoreError> {
    let mut all = Vec::new();
    for (layer, name) in LAYERS.iter().enumerate() {
        for feature in store.read(&Query::layer(*name))? {
            let feature = feature?;
            let (key, said) = (number(feature.get("key")), number(feature.get("number")));
            let mut whole = feature.clone();
            filled(&mut whole, layer, said);
            let id = feature.id.map_or_else(|| "-".to_owned(), |it| it.to_string());
            let torn = if whole.values() == feature.values() { "" } else { "torn!" };
            all.push((layer, key, format!("{layer}:{key}:{said}:{id}{torn} ")));
        }
    }
    all.sort();
    Ok(all.into_iter().map(|it| it.2).collect())
}

pub(crate) fn definitions() -> Vec<LayerDefinition> {
    let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let numbers = || vec![Field::new("key", FieldType::INT), Field::new("number", FieldType::INT)];
    let mut trees = numbers();
    trees.insert(0, Field::new("geom", FieldType::Geometry(points)));
    trees.push(Field::new("name", FieldType::TEXT));
    let by_key = Identity::NaturalKey { field: "key".to_owned(), namespace: namespace() };
    let layer = |name: &str, fields| {
        LayerDefinition::new(name, Schema::new(fields).expect("distinct names"))
    };
    vec![
        layer(LAYERS[TREES], trees),
        LayerDefinition { identity: Identity::None, ..layer(LAYERS[NOTES], numbers()) },
        LayerDefinition { identity: by_key, ..layer(LAYERS[SHARED], numbers()) },
    ]
}

/// Makes the layers, as the oracle takes them to be at first.
pub(crate) fn create(store: &dyn Store) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for definition in definitions() {
        transaction.create_layer(&definition).expect("is created");
    }
    let shared = |key| Put { layer: SHARED, key, number: Some(0) };
    made(&mut *transaction, &SHARED_KEYS.map(shared)).expect("are written");
    transaction.commit().expect("commits");
}
