//! What an edit buffer comes to, in plain maps: what is stored, what is pending, and the steps.
use std::collections::{BTreeMap, BTreeSet};
use tiepoint_core::Value;

/// A feature, whatever it is called.
pub(crate) type Handle = u32;
/// All that a feature says; `None` where it is not there.
pub(crate) type Said = Option<Vec<Value>>;
/// What some features said before and after.
pub(crate) type Delta = BTreeMap<Handle, (Said, Said)>;
/// What features said when they were touched, and say now.
pub(crate) type Rows = BTreeMap<Handle, (Said, Said)>;

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) delta: Delta,
}

/// A field that both sides changed, or `None` for a whole feature.
pub(crate) type Clashes = BTreeSet<(Handle, Option<usize>)>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) store: BTreeMap<Handle, Vec<Value>>,
    pub(crate) rows: Rows,
    pub(crate) steps: Vec<Step>,
    pub(crate) done: usize,
    pub(crate) committed: usize,
    pub(crate) commands: Vec<(String, usize)>,
    /// What a crash leaves.
    pub(crate) journal: Vec<Step>,
}

/// The fields that a change gives another value.
fn changed(before: &[Value], after: &[Value]) -> Vec<usize> {
    (0..before.len()).filter(|at| before[*at] != after[*at]).collect()
}

/// What a feature says after a change, where it said what the change was made of.
fn after(said: &Said, (old, new): &(Said, Said)) -> Option<Said> {
    match (said, old, new) {
        (None, None, Some(new)) => Some(Some(new.clone())),
        (Some(said), Some(old), Some(new)) => {
            let fields = changed(old, new);
            if fields.iter().any(|at| said[*at] != old[*at]) {
                return None;
            }
            let mut said = said.clone();
            for at in fields {
                said[at] = new[at].clone();
            }
            Some(Some(said))
        }
        (Some(said), Some(old), None) if said == old => Some(None),
        _ => None,
    }
}

fn inverted(delta: &Delta) -> Delta {
    delta.iter().map(|(handle, (old, new))| (*handle, (new.clone(), old.clone()))).collect()
}

/// Several as one.
fn composed<'a>(deltas: impl Iterator<Item = &'a Delta>) -> Delta {
    let mut all = Delta::new();
    for delta in deltas {
        for (handle, (old, new)) in delta {
            all.entry(*handle).or_insert_with(|| (old.clone(), None)).1.clone_from(new);
        }
    }
    all.retain(|_, (old, new)| old != new);
    all
}

/// The same state with what others made of its base beneath it.
fn on_top(said: &Said, base: &Said, theirs: &Said) -> Said {
    match (said, base, theirs) {
        (Some(said), Some(base), None) if said == base => None,
        (Some(said), Some(base), Some(theirs)) => {
            let value = |at: usize| if said[at] == base[at] { &theirs[at] } else { &said[at] };
            Some((0..said.len()).map(|at| value(at).clone()).collect())
        }
        _ => said.clone(),
    }
}

/// What of mine and theirs does not go together.
fn clashes(handle: Handle, base: &Said, mine: &Said, theirs: &Said) -> Clashes {
    match (base, mine, theirs) {
        (Some(base), Some(mine), Some(theirs)) => {
            let both = changed(base, mine).into_iter();
            let both = both.filter(|at| base[*at] != theirs[*at] && mine[*at] != theirs[*at]);
            both.map(|at| (handle, Some(at))).collect()
        }
        (Some(base), Some(mine), None) if base != mine => [(handle, None)].into(),
        (Some(base), None, Some(theirs)) if base != theirs => [(handle, None)].into(),
        _ => Clashes::new(),
    }
}

impl Model {
    fn stored(&self, handle: Handle) -> Said {
        self.store.get(&handle).cloned()
    }

    pub(crate) fn view_in(&self, rows: &Rows, handle: Handle) -> Said {
        match rows.get(&handle) {
            Some((base, now)) if base != now => now.clone(),
            _ => self.stored(handle),
        }
    }

    pub(crate) fn view(&self) -> BTreeMap<Handle, Vec<Value>> {
        let handles: BTreeSet<_> = self.store.keys().chain(self.rows.keys()).copied().collect();
        handles.into_iter().filter_map(|it| Some((it, self.view_in(&self.rows, it)?))).collect()
    }

    /// What is pending.
    pub(crate) fn changes(&self) -> Delta {
        let dirty = self.rows.iter().filter(|(_, (base, now))| base != now);
        dirty.map(|(handle, row)| (*handle, row.clone())).collect()
    }

    /// One edit of what a transaction has made so far.
    pub(crate) fn touch(&self, rows: &mut Rows, handle: Handle, now: Said) {
        let base = match rows.get(&handle) {
            Some((base, now)) if base != now => base.clone(),
            _ => self.stored(handle),
        };
        rows.insert(handle, (base, now));
    }

    /// A transaction of this name commits; whether it is a step.
    pub(crate) fn transact(&mut self, name: &str, rows: Rows, touched: &BTreeSet<Handle>) -> bool {
        let mut delta = Delta::new();
        for handle in touched {
            let Some((base, now)) = rows.get(handle) else { continue };
            let before = match self.rows.get(handle) {
                Some((base, now)) if base != now => now,
                _ => base,
            };
            if before != now {
                delta.insert(*handle, (before.clone(), now.clone()));
            }
        }
        let is_step = !delta.is_empty();
        if is_step {
            self.rows = rows;
            self.push(Step { name: name.to_owned(), delta });
        }
        is_step
    }

    fn push(&mut self, step: Step) {
        self.settle();
        self.journal.push(step.clone());
        self.steps.push(step);
        self.done = self.steps.len();
    }

    fn settle(&mut self) {
        self.steps.truncate(self.done.max(self.committed));
        let taken_back = self.steps[self.done..]
            .iter()
            .rev()
            .map(|step| Step { name: format!("Undo {}", step.name), delta: inverted(&step.delta) });
        let taken_back = taken_back.collect::<Vec<_>>();
        self.steps.extend(taken_back);
        self.done = self.steps.len();
    }

    /// What is pending after a change, `None` where others were there.
    fn applied(&self, delta: &Delta) -> Option<Rows> {
        let mut rows = self.rows.clone();
        for (handle, change) in delta {
            let stored = || (self.stored(*handle), self.stored(*handle));
            let (base, now) = rows.get(handle).cloned().unwrap_or_else(stored);
            rows.insert(*handle, (base, after(&now, change)?));
        }
        Some(rows)
    }

    /// Undoes or redoes; the step's name, or that others were there.
    pub(crate) fn walk(&mut self, back: bool) -> Result<Option<String>, ()> {
        let at = if back { self.done.checked_sub(1) } else { Some(self.done) };
        let Some(step) = at.and_then(|at| self.steps.get(at)).cloned() else { return Ok(None) };
        let delta = if back { inverted(&step.delta) } else { step.delta.clone() };
        self.rows = self.applied(&delta).ok_or(())?;
        self.done = if back { self.done - 1 } else { self.done + 1 };
        self.journal.push(Step { name: step.name.clone(), delta });
        Ok(Some(step.name))
    }

    pub(crate) fn begin_command(&mut self, name: &str) {
        self.settle();
        self.commands.push((name.to_owned(), self.done));
    }

    pub(crate) fn end_command(&mut self) {
        let Some((name, from)) = self.commands.pop() else { return };
        let delta = composed(self.steps[from..].iter().map(|it| &it.delta));
        self.steps.truncate(from);
        if !delta.is_empty() {
            self.steps.push(Step { name, delta });
        }
        self.done = self.steps.len();
    }

    pub(crate) fn abandon_command(&mut self) {
        let Some((name, from)) = self.commands.pop() else { return };
        let steps = self.steps.split_off(from);
        self.done = from;
        for step in steps.iter().rev() {
            self.rows = self.applied(&inverted(&step.delta)).expect("nobody was there");
        }
        let delta = inverted(&composed(steps.iter().map(|it| &it.delta)));
        if !delta.is_empty() {
            self.journal.push(Step { name, delta });
        }
    }

    pub(crate) fn clashes(&self) -> Clashes {
        let rows = self.changes();
        let all = rows
            .iter()
            .map(|(handle, (base, now))| clashes(*handle, base, now, &self.stored(*handle)));
        all.flatten().collect()
    }

    /// Everything is in the store; where nothing is pending, nothing happens.
    pub(crate) fn commit(&mut self) {
        if self.changes().is_empty() {
            return;
        }
        for (handle, (base, now)) in self.changes() {
            match on_top(&now, &base, &self.stored(handle)) {
                Some(now) => drop(self.store.insert(handle, now)),
                None => drop(self.store.remove(&handle)),
            }
        }
        self.rows.clear();
        self.settle();
        self.committed = self.steps.len();
        self.journal.clear();
    }

    pub(crate) fn rollback(&mut self) {
        self.rows.clear();
        self.steps.truncate(self.committed);
        self.done = self.committed;
        self.commands.clear();
        self.journal.clear();
    }

    /// Takes up what others did; what must be decided.
    pub(crate) fn merge(&mut self) -> Clashes {
        let mut settled = self.clone();
        settled.settle();
        let steps = settled.steps.split_off(settled.committed);
        let handles: BTreeSet<_> = steps.iter().flat_map(|it| it.delta.keys().copied()).collect();
        let base = |handle: &Handle| self.rows.get(handle).map(|(base, _)| base.clone());
        let bases: BTreeMap<_, _> =
            handles.iter().filter_map(|handle| Some((*handle, base(handle)?))).collect();
        if bases.iter().all(|(handle, base)| *base == self.stored(*handle)) {
            return Clashes::new();
        }
        let found = self.clashes();
        self.steps = settled.steps;
        self.rewrite(steps, &bases);
        found
    }

    /// Puts steps on top of what others made of their base.
    fn rewrite(&mut self, steps: Vec<Step>, bases: &BTreeMap<Handle, Said>) {
        let mut states = bases.clone();
        self.rows = bases.keys().map(|it| (*it, (self.stored(*it), self.stored(*it)))).collect();
        for mut step in steps {
            for (handle, change) in &mut step.delta {
                let (base, theirs) = (&bases[handle], self.store.get(handle).cloned());
                let before = states[handle].clone();
                let now = after(&before, change).expect("the steps fit together");
                *change = (on_top(&before, base, &theirs), on_top(&now, base, &theirs));
                states.insert(*handle, now);
            }
            step.delta.retain(|_, (old, new)| old != new);
            self.rows = self.applied(&step.delta).expect("they fit together on top, too");
            self.steps.push(step);
        }
        self.done = self.steps.len();
        self.restart();
    }

    /// The journal says what is pending, and nothing else.
    pub(crate) fn restart(&mut self) {
        let (name, delta) = ("Pending edits".to_owned(), self.changes());
        self.journal = if delta.is_empty() { Vec::new() } else { vec![Step { name, delta }] };
    }

    /// Decides for theirs.
    pub(crate) fn take_theirs(&mut self, (handle, field): (Handle, Option<usize>)) {
        let Some((base, now)) = self.rows.get(&handle).cloned() else { return };
        let new = match (field, now.clone(), base) {
            (Some(at), Some(mut now), Some(base)) => {
                now[at] = base[at].clone();
                Some(now)
            }
            (_, _, base) => base,
        };
        self.decide(handle, now, new);
    }

    fn decide(&mut self, handle: Handle, now: Said, new: Said) {
        let Some(row) = self.rows.get_mut(&handle) else { return };
        row.1.clone_from(&new);
        if now != new {
            let delta = [(handle, (now, new))].into();
            self.push(Step { name: "Decide a conflict".to_owned(), delta });
        }
        self.restart();
    }

    /// Whether others came in between two steps about one feature, while nothing was pending for
    /// it: such steps go on as one, which is not modelled.
    pub(crate) fn has_gap(&self) -> bool {
        let mut states: BTreeMap<Handle, Said> = BTreeMap::new();
        let steps = self.journal.iter().chain(&self.steps[self.committed.min(self.done)..]);
        let mut deltas = steps.flat_map(|it| &it.delta);
        let mut in_journal: usize = self.journal.iter().map(|it| it.delta.len()).sum();
        deltas.any(|(handle, (old, new))| {
            if in_journal == 0 {
                states.clear();
            }
            in_journal = in_journal.wrapping_sub(1);
            let before = states.insert(*handle, new.clone());
            before.is_some_and(|before| before != *old)
        })
    }

    /// The program died; another takes over what it left. What must be decided.
    pub(crate) fn recover(&mut self) -> Clashes {
        let journal = std::mem::take(&mut self.journal);
        *self = Self { store: std::mem::take(&mut self.store), ..Self::default() };
        let mut bases: BTreeMap<Handle, Said> = BTreeMap::new();
        let mut known: BTreeMap<Handle, BTreeSet<usize>> = BTreeMap::new();
        for (handle, (old, new)) in journal.iter().flat_map(|it| &it.delta) {
            bases.entry(*handle).or_insert_with(|| old.clone());
            let fields = match (old, new) {
                (Some(old), Some(new)) => changed(old, new),
                (Some(old), None) => (0..old.len()).collect(),
                (None, _) => Vec::new(),
            };
            known.entry(*handle).or_default().extend(fields);
        }
        for (handle, base) in &mut bases {
            let (Some(base), Some(stored)) = (base, self.store.get(handle)) else { continue };
            let unknown = (0..base.len()).filter(|at| !known[handle].contains(at));
            unknown.for_each(|at| base[at] = stored[at].clone());
        }
        let mut mine = bases.clone();
        for (handle, change) in journal.iter().flat_map(|it| &it.delta) {
            let now = after(&mine[handle], change).expect("the journal fits together");
            mine.insert(*handle, now);
        }
        let found = bases.iter().flat_map(|(handle, base)| {
            clashes(*handle, base, &mine[handle], &self.stored(*handle))
        });
        let found = found.collect();
        self.rewrite(journal, &bases);
        // what was taken over is in the new journal, step by step
        self.journal.clone_from(&self.steps);
        found
    }
}
