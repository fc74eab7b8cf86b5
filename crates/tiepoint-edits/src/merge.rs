//! Taking up what others committed beneath what is pending, and deciding conflicts.
use crate::buffer::EditBuffer;
use crate::error::{EditError, Result};
use crate::events::EditEvent;
use crate::history::Step;
use crate::load::{Loaded, Wanted};
use crate::log::Pending;
use crate::origins::Origins;
use crate::state::{Row, State};
use crate::step::{self, Touched};
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{
    ChangeSet, Clash, Conflict, Feature, HistoryRebase, Resolution, Target, Value,
};
use tiepoint_store::Store;

impl EditBuffer {
    /// Takes up what others have committed since features were touched: it becomes what pending
    /// edits are held against. Fields that only one side changed have both changes then; where both
    /// changed the same, mine stays pending and the conflict waits in
    /// [`conflicts`](Self::conflicts) until it is decided.
    ///
    /// Costs a reading of the features that edits are pending for.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or the journal not be written; nothing is merged then.
    pub fn merge(&self) -> Result<Vec<Conflict>> {
        let turn = self.settled_turn()?;
        self.refuse_within_command()?;
        self.merge_beneath(None)?;
        let conflicts = self.conflicts();
        drop(turn);
        self.deliver();
        Ok(conflicts)
    }

    /// The same, of these features where not all are meant. Only whoever has the turn may, and not
    /// within a command.
    pub(crate) fn merge_beneath(&self, heard: Option<&Touched>) -> Result<()> {
        let (state, steps) = {
            let shared = self.lock();
            (shared.state.clone(), shared.history.pending())
        };
        let origins = match heard {
            None => Origins::of_state(&state, &steps),
            Some(heard) => Origins::of_some(&state, &steps, heard),
        };
        let mut now = Present::read(&origins, &**self.store())?;
        let theirs = origins.changes_to(&now);
        if theirs.is_empty() {
            return Ok(());
        }
        if let Some(heard) = heard {
            now.add_others(&Origins::of_state(&state, &steps), heard, &state);
        }
        let taken = self.take_up(&state, theirs.clone(), &steps, &now);
        if taken.as_ref().is_err_and(EditError::is_a_gap) {
            let whole = [Step::new("Pending edits", state.changes())];
            return self.take_up(&state, theirs, &whole, &now);
        }
        taken
    }

    /// The conflicts that are not decided yet.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.lock().conflicts.clone()
    }

    fn take_up(
        &self,
        before: &State,
        theirs: ChangeSet,
        steps: &[Step],
        now: &Present,
    ) -> Result<()> {
        let merged = Merged::of(&before.changes(), &theirs, steps, &**self.store())?;
        let state = now.state_under(&merged.steps, &**self.store())?;
        let mut conflicts = self.conflicts();
        conflicts.retain(|it| !merged.conflicts.iter().any(|new| same_matter(new, it)));
        conflicts.extend(merged.conflicts);
        let touched = touched_by(&theirs);
        let changes = Arc::new(step::between(before, &state, &touched));
        self.log.restart(&Pending { changes: &state.changes(), conflicts: &conflicts })?;
        let mut shared = self.lock();
        shared.state = state;
        shared.history.replace_pending(merged.steps);
        shared.conflicts = conflicts;
        shared.version += 1;
        self.listeners.queue(EditEvent::Merged { theirs: Arc::new(theirs), changes });
        Ok(())
    }

    /// Decides a conflict. Deciding for theirs, or for another value, is a step that can be undone;
    /// deciding for mine leaves what is pending.
    ///
    /// # Errors
    ///
    /// [`EditError::Unsettled`] for a conflict that does not wait, and for a decision that does not
    /// settle it: a value where a whole feature is in question, or mine where two features cannot
    /// both have a value.
    pub fn resolve(&self, conflict: &Conflict, resolution: &Resolution) -> Result<()> {
        let turn = self.settled_turn()?;
        if !self.lock().conflicts.contains(conflict) {
            let reason = "it does not wait to be decided".to_owned();
            return Err(EditError::Unsettled { reason });
        }
        let before = self.state();
        let state = decided(&before, conflict, resolution)?;
        let touched = [(conflict.layer.clone(), [conflict.target.clone()].into())].into();
        let changes = step::between(&before, &state, &touched);
        let mut conflicts = self.conflicts();
        conflicts.retain(|it| it != conflict);
        self.log.restart(&Pending { changes: &state.changes(), conflicts: &conflicts })?;
        let step = Step::new("Decide a conflict", changes);
        let event = step.done();
        let mut shared = self.lock();
        shared.conflicts = conflicts;
        shared.state = state;
        shared.version += 1;
        if !step.changes.is_empty() {
            shared.history.push(step);
            self.listeners.queue(event);
        }
        drop(shared);
        drop(turn);
        self.deliver();
        Ok(())
    }
}

/// Whether two conflicts are about one field, or one feature.
fn same_matter(a: &Conflict, b: &Conflict) -> bool {
    let (field, other) = (a.clash.field(), b.clash.field());
    a.layer == b.layer && a.target == b.target && (field == other || field.is_none())
}

/// Steps that stand on what others did, and what both did.
pub(crate) struct Merged {
    pub(crate) steps: Vec<Step>,
    pub(crate) conflicts: Vec<Conflict>,
}

impl Merged {
    /// `steps` are what `mine` is made of.
    pub(crate) fn of(
        mine: &ChangeSet,
        theirs: &ChangeSet,
        steps: &[Step],
        store: &dyn Store,
    ) -> Result<Self> {
        let unique = UniqueFields::of(mine, store)?;
        let conflicts = mine.rebased_over(theirs, &|layer, field| unique.has(layer, field));
        let conflicts = conflicts.map_err(EditError::contradiction)?.conflicts;
        let mut rewritten = Vec::with_capacity(steps.len());
        let mut history = HistoryRebase::over(theirs.clone());
        for step in steps {
            let changes = history.step(&step.changes).map_err(EditError::contradiction)?;
            rewritten.push(Step { name: Arc::clone(&step.name), changes: Arc::new(changes) });
        }
        Ok(Self { steps: rewritten, conflicts })
    }
}

/// Which fields of some layers must differ from feature to feature.
struct UniqueFields(BTreeMap<String, Vec<String>>);

impl UniqueFields {
    fn of(changes: &ChangeSet, store: &dyn Store) -> Result<Self> {
        let mut fields = BTreeMap::new();
        for (name, _) in changes.layers() {
            let layer = store.layer(name)?;
            let unique = layer.schema().fields().iter().filter(|field| field.unique);
            fields.insert(name.to_owned(), unique.map(|field| field.name.clone()).collect());
        }
        Ok(Self(fields))
    }

    fn has(&self, layer: &str, field: &str) -> bool {
        self.0.get(layer).is_some_and(|fields| fields.iter().any(|it| it == field))
    }
}

/// All features that a change set is about.
fn touched_by(changes: &ChangeSet) -> Touched {
    let layers = changes.layers().map(|(name, layer)| {
        (name.to_owned(), layer.iter().map(|(target, _)| target.clone()).collect())
    });
    layers.collect()
}

/// What a store says now of the features that steps are about.
pub(crate) struct Present {
    layers: BTreeMap<String, Loaded>,
    /// Features that are known not to be there.
    absent: BTreeMap<String, Vec<Target>>,
}

impl Present {
    pub(crate) fn read(origins: &Origins, store: &dyn Store) -> Result<Self> {
        let mut layers = BTreeMap::new();
        for (name, targets) in origins.layers() {
            let mut wanted = Wanted::default();
            targets.for_each(|target| wanted.want(target, None));
            layers.insert(name.to_owned(), wanted.load(name, |query| store.read(query))?);
        }
        Ok(Self { layers, absent: BTreeMap::new() })
    }

    /// Of the features that nobody heard of it knows what pending edits were made of.
    fn add_others(&mut self, origins: &Origins, heard: &Touched, state: &State) {
        for (name, targets) in origins.layers() {
            let known = self.layers.entry(name.to_owned()).or_default();
            let absent = self.absent.entry(name.to_owned()).or_default();
            let is_heard_of = |it: &&Target| heard.get(name).is_some_and(|here| here.contains(*it));
            for target in targets.filter(|it| !is_heard_of(it)) {
                let row = state.layer(name).and_then(|layer| layer.row(target));
                match row.and_then(|row| row.base.clone()) {
                    Some(base) => known.add(base),
                    None => absent.push(target.clone()),
                }
            }
        }
    }

    pub(crate) fn get(&self, layer: &str, target: &Target) -> Option<&Feature> {
        self.layers.get(layer)?.get(target).map(|it| &**it)
    }

    /// What is pending when these steps stand on what the store says now.
    fn state_under(&self, steps: &[Step], store: &dyn Store) -> Result<State> {
        let mut state = State::default();
        for (name, loaded) in &self.layers {
            let layer = store.layer(name)?;
            loaded.rows().for_each(|(target, row)| state.layer_mut(&layer).put(target, row));
            for target in self.absent.get(name).into_iter().flatten() {
                state.layer_mut(&layer).put(target.clone(), Row::new(None, None));
            }
        }
        for step in steps {
            state = step::apply(&state, &step.changes, store)?.map_err(|features| {
                EditError::Overtaken { step: step.name.to_string(), features }
            })?;
        }
        Ok(state)
    }
}

/// What is pending once a conflict is decided.
fn decided(state: &State, conflict: &Conflict, resolution: &Resolution) -> Result<State> {
    let unsettled = |reason: &str| EditError::Unsettled { reason: reason.to_owned() };
    let mut state = state.clone();
    let here = state.layer(&conflict.layer);
    let known = here.and_then(|it| Some((it.layer.clone(), it.row(&conflict.target)?.clone())));
    // where nothing is pending any more, there is nothing to decide
    let Some((layer, row)) = known else { return Ok(state) };
    let set = |field: &str, value: &Option<Value>| -> Result<Option<Arc<Feature>>> {
        // nor where the feature is deleted by now
        let Some(now) = row.now.as_deref() else { return Ok(None) };
        let mut feature = now.clone();
        match value {
            Some(value) => feature
                .set(field, value.clone())
                .map_err(|reason| unsettled(&reason.to_string()))?,
            None => feature.unset(field),
        }
        Ok(Some(Arc::new(feature)))
    };
    let now = match (&conflict.clash, resolution) {
        (Clash::Unique { field, value, .. }, Resolution::Mine)
            if row.now.as_deref().is_some_and(|now| now.get(field) == Some(value)) =>
        {
            return Err(unsettled("both cannot have the value: give mine another, or take theirs"));
        }
        (_, Resolution::Mine) => row.now.clone(),
        (Clash::Field { field, theirs, .. }, Resolution::Theirs) => set(field, theirs)?,
        (Clash::Field { field, .. } | Clash::Unique { field, .. }, Resolution::Value(value)) => {
            set(field, &Some(value.clone()))?
        }
        (
            Clash::Unique { inserted: Some(_), .. } | Clash::TheyDeleted { .. },
            Resolution::Theirs,
        ) => None,
        (Clash::Unique { field, base, .. }, Resolution::Theirs) => set(field, base)?,
        (Clash::IDeleted { .. } | Clash::BothInserted { .. }, Resolution::Theirs) => {
            row.base.clone()
        }
        (_, Resolution::Value(_)) => {
            return Err(unsettled("a whole feature is in question: take mine or theirs"));
        }
    };
    let row = Row::new(row.base, now);
    state.layer_mut(&layer).put(conflict.target.clone(), row);
    Ok(state)
}
