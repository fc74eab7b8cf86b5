//! The oracle: what store and buffer must say after what a child had acknowledged, thought out anew
//! in the plainest way.
use crate::ops::{NOTES, Op, Put, SHARED, SHARED_KEYS, TREES};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use tiepoint_core::ObjectId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: Option<ObjectId>,
    pub(crate) number: i64,
}

type Key = (usize, i64);
pub(crate) type Rows = BTreeMap<Key, Row>;
type Step = BTreeMap<Key, (Option<Row>, Option<Row>)>;

/// What others see, and what a recovery must come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    pub(crate) commits: u64,
    pub(crate) store: Rows,
    pub(crate) buffer: Rows,
    pub(crate) conflicts: BTreeSet<i64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) seen: Seen,
    /// What pending changes of `shared` are held against.
    base: BTreeMap<i64, i64>,
    steps: Vec<Step>,
    done: usize,
    committed: usize,
    commands: Vec<usize>,
}

/// What a child says of an operation that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// There was nothing to do.
    Nothing,
    Refused,
}

/// The id of the tree that is inserted with this number.
pub(crate) fn tree_id(key: i64, number: i64) -> ObjectId {
    ObjectId::from_key(&namespace(), &format!("tree {key} {number}"))
}

/// In which keys of `shared` are names.
pub(crate) fn namespace() -> ObjectId {
    "0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10".parse().expect("a UUID")
}

impl Model {
    /// The store as it was made.
    pub(crate) fn new() -> Self {
        let mut model = Self::default();
        for key in SHARED_KEYS {
            model.seen.store.insert((SHARED, key), inserted(SHARED, key, 0));
        }
        model.seen.buffer = model.seen.store.clone();
        model
    }

    pub(crate) fn apply(&mut self, op: &Op) -> Outcome {
        match op {
            Op::Step(puts) => self.step(puts),
            Op::Undo => return self.walk(true),
            Op::Redo => return self.walk(false),
            Op::Begin => {
                self.settle();
                self.commands.push(self.done);
            }
            Op::End => self.end(),
            Op::Abandon => self.abandon(),
            Op::Commit => return self.commit(),
            Op::Rollback => self.rollback(),
            Op::Others(key, number) => self.others(*key, *number),
            Op::Merge => self.merge(),
            Op::Resolve(mine) => self.resolve(*mine),
        }
        Outcome::Done
    }

    /// The process is gone, and another has taken over what it left.
    pub(crate) fn recovered(mut self) -> Self {
        let overtaken = self.overtaken();
        self.seen.conflicts.extend(overtaken);
        let base = self.dirty_shared();
        let base = base.into_iter().map(|key| (key, self.seen.store[&(SHARED, key)].number));
        Self { base: base.collect(), seen: self.seen, ..Self::default() }
    }

    fn dirty_shared(&self) -> Vec<i64> {
        let said = |rows: &Rows, key| rows[&(SHARED, key)].number;
        let dirty = |key: &i64| said(&self.seen.store, *key) != said(&self.seen.buffer, *key);
        SHARED_KEYS.into_iter().filter(dirty).collect()
    }

    /// What others changed that edits are pending for.
    fn overtaken(&self) -> Vec<i64> {
        let changed = |key: &i64| {
            let base = self.base.get(key);
            base.is_some_and(|it| *it != self.seen.store[&(SHARED, *key)].number)
        };
        self.dirty_shared().into_iter().filter(changed).collect()
    }

    fn set(&mut self, (layer, key): Key, row: Option<Row>) {
        if layer == SHARED {
            let now = self.seen.store[&(layer, key)].number;
            let is_clean = self.seen.buffer[&(layer, key)].number == now;
            if is_clean {
                self.base.insert(key, now);
            }
        }
        match row {
            Some(row) => drop(self.seen.buffer.insert((layer, key), row)),
            None => drop(self.seen.buffer.remove(&(layer, key))),
        }
    }

    fn step(&mut self, puts: &[Put]) {
        let mut step = Step::new();
        for Put { layer, key, number } in puts {
            let before = self.seen.buffer.get(&(*layer, *key)).cloned();
            let now = number.map(|number| match &before {
                Some(before) => Row { number, ..before.clone() },
                None => inserted(*layer, *key, number),
            });
            self.set((*layer, *key), now.clone());
            step.entry((*layer, *key)).or_insert((before, None)).1 = now;
        }
        step.retain(|_, (before, after)| before != after);
        self.push(step);
    }

    fn push(&mut self, step: Step) {
        if !step.is_empty() {
            self.settle();
            self.steps.push(step);
            self.done = self.steps.len();
        }
    }

    fn settle(&mut self) {
        self.steps.truncate(self.done.max(self.committed));
        let back: Vec<Step> = self.steps[self.done..].iter().rev().map(inverted).collect();
        self.steps.extend(back);
        self.done = self.steps.len();
    }

    fn walk(&mut self, back: bool) -> Outcome {
        let at = if back { self.done.checked_sub(1) } else { Some(self.done) };
        let Some(step) = at.and_then(|at| self.steps.get(at)) else { return Outcome::Nothing };
        let step = if back { inverted(step) } else { step.clone() };
        if step.iter().any(|(key, (before, _))| self.seen.buffer.get(key) != before.as_ref()) {
            return Outcome::Refused;
        }
        for (key, (_, after)) in step {
            self.set(key, after);
        }
        self.done = if back { self.done - 1 } else { self.done + 1 };
        Outcome::Done
    }

    fn end(&mut self) {
        let Some(from) = self.commands.pop() else { return };
        let mut all = Step::new();
        for step in self.steps.drain(from..) {
            for (key, (before, after)) in step {
                all.entry(key).or_insert((before, None)).1 = after;
            }
        }
        all.retain(|_, (before, after)| before != after);
        self.done = from;
        self.push(all);
    }

    fn abandon(&mut self) {
        let Some(from) = self.commands.pop() else { return };
        for step in self.steps.split_off(from).iter().rev() {
            for (key, (before, _)) in step {
                self.set(*key, before.clone());
            }
        }
        self.done = from;
    }

    fn commit(&mut self) -> Outcome {
        if !self.commands.is_empty()
            || !self.seen.conflicts.is_empty()
            || !self.overtaken().is_empty()
        {
            return Outcome::Refused;
        }
        if self.seen.store == self.seen.buffer {
            return Outcome::Nothing;
        }
        self.seen.store = self.seen.buffer.clone();
        self.seen.commits += 1;
        self.base.clear();
        self.settle();
        self.committed = self.steps.len();
        Outcome::Done
    }

    fn rollback(&mut self) {
        self.seen.buffer = self.seen.store.clone();
        self.seen.conflicts.clear();
        self.base.clear();
        self.steps.truncate(self.committed);
        self.done = self.committed;
        self.commands.clear();
    }

    fn others(&mut self, key: i64, number: i64) {
        let is_clean = !self.dirty_shared().contains(&key);
        let rows = [Some(&mut self.seen.store), is_clean.then_some(&mut self.seen.buffer)];
        for rows in rows.into_iter().flatten() {
            rows.insert((SHARED, key), inserted(SHARED, key, number));
        }
    }

    fn merge(&mut self) {
        for key in self.overtaken() {
            self.settle();
            let now = self.seen.store[&(SHARED, key)].clone();
            let base = self.base.insert(key, now.number).expect("was overtaken");
            // wherever a step leaves what was there before, theirs is there now
            for step in &mut self.steps[self.committed..] {
                let sides = step.get_mut(&(SHARED, key)).map(|(before, after)| [before, after]);
                for side in sides.into_iter().flatten().flatten() {
                    if side.number == base {
                        *side = now.clone();
                    }
                }
            }
            self.seen.conflicts.insert(key);
        }
    }

    fn resolve(&mut self, mine: bool) {
        for key in std::mem::take(&mut self.seen.conflicts) {
            if !mine {
                let theirs = self.seen.store[&(SHARED, key)].number;
                self.step(&[Put { layer: SHARED, key, number: Some(theirs) }]);
            }
        }
    }
}

fn inverted(step: &Step) -> Step {
    let back = step.iter().map(|(key, (before, after))| (*key, (after.clone(), before.clone())));
    back.collect()
}

fn inserted(layer: usize, key: i64, number: i64) -> Row {
    let id = match layer {
        TREES => Some(tree_id(key, number)),
        NOTES => None,
        _ => Some(ObjectId::from_key(&namespace(), &key.to_string())),
    };
    Row { id, number }
}

impl Seen {
    pub(crate) fn said(&self) -> String {
        let mut said = format!("{}", self.commits);
        for rows in [&self.store, &self.buffer] {
            said.push('|');
            for ((layer, key), Row { id, number }) in rows {
                let id = id.map_or_else(|| "-".to_owned(), |it| it.to_string());
                write!(said, "{layer}:{key}:{number}:{id} ").expect("is written");
            }
        }
        said.push('|');
        for key in &self.conflicts {
            write!(said, "{key} ").expect("is written");
        }
        said
    }
}
