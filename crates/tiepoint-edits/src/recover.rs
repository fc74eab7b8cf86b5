//! Taking over what a session left behind that died with edits pending.
use crate::buffer::{EditBuffer, Shared};
use crate::error::{EditError, Result};
use crate::events::EditEvent;
use crate::history::Step;
use crate::journal::{Damage, JournalFolder, LeftBehind, Record, StoreLabel};
use crate::log::Log;
use crate::merge::{Merged, Present};
use crate::origins::Origins;
use crate::provisional::{Provisional, Refreshed};
use crate::step;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tiepoint_core::{ChangeSet, ChangeSetId, Conflict};
use tiepoint_store::{Store, StoreError, was_applied};

/// What was taken over from a session that died.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// When its session wrote its first record, where that can be told.
    pub began: Option<SystemTime>,
    /// When it was written to last.
    pub last_written: SystemTime,
    /// The names of the steps that are pending again, each of which can be undone.
    pub steps: Vec<Arc<str>>,
    /// How many features differ by them, by layer.
    pub features: Vec<(String, usize)>,
    /// A commit that was under way and did happen; what it wrote is not pending.
    pub committed: Option<ChangeSetId>,
    /// What others have changed meanwhile so that somebody must decide.
    pub conflicts: Vec<Conflict>,
    /// What is wrong with the journal, if anything; what stands before it was taken over.
    pub damage: Option<Damage>,
}

impl EditBuffer {
    /// Pending edits over a store, each on disk before it is acknowledged.
    ///
    /// What sessions that died have left is not taken over by itself: see
    /// [`left_behind`](Self::left_behind).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] for a store that cannot be told from others, or that cannot note
    /// which change sets are in it; and when the store cannot be read.
    pub fn journalled(store: Arc<dyn Store>, folder: &JournalFolder) -> Result<Self> {
        let label = label_of(&*store)?;
        if !store.capabilities().books {
            return Err(no_journal(&*store, "note which change sets are in it"));
        }
        let journal = folder.open(&label)?;
        Ok(Self::with_log(store, Log::of(journal)).with_folder(folder.clone()))
    }

    /// What sessions on this store that died have left, the oldest first; none without a journal.
    ///
    /// Each is locked, so that nobody else takes it over, as long as it is held. Dropping it leaves
    /// it for another time.
    ///
    /// # Errors
    ///
    /// When the journals cannot be read.
    pub fn left_behind(&self) -> Result<Vec<LeftBehind>> {
        let (Some(folder), Some(journal)) = (self.journals(), self.log.journal()) else {
            return Ok(Vec::new());
        };
        Ok(folder.left_behind(Some(journal.store()))?)
    }

    /// Takes over what a session left: its edits are pending here, on top of what others have
    /// committed meanwhile and of what is pending already, and in this session's journal. A commit
    /// that was under way is looked up in the store: it happened, or its edits are pending.
    ///
    /// # Errors
    ///
    /// When the journal or the store cannot be read; nothing is taken over then, and nothing is
    /// lost.
    pub fn recover(&self, left: LeftBehind) -> Result<Recovered> {
        let turn = self.settled_turn()?;
        self.refuse_within_command()?;
        let replay = Replay::of(&left, &**self.store())?.refreshed(&self.provisional);
        let mine = replay.changes()?;
        let pending = match self.with_recovered(&mine, &replay, &replay.steps) {
            Err(gap) if gap.is_a_gap() => {
                let whole = [Step::new("Pending edits", mine.clone())];
                self.with_recovered(&mine, &replay, &whole)?
            }
            pending => pending?,
        };
        let steps = pending.1.iter().map(|it| Arc::clone(&it.name)).collect();
        let recovered = Recovered {
            began: left.began(),
            last_written: left.last_written(),
            steps,
            features: mine.layers().map(|(name, it)| (name.to_owned(), it.len())).collect(),
            committed: replay.committed,
            conflicts: pending.0.conflicts.clone(),
            damage: left.damage().cloned(),
        };
        let (taken, steps) = pending;
        // what was pending before is in the journal already
        let new = &taken.conflicts[self.conflicts().len()..];
        self.log.adopt(left, &steps, new, || self.pending())?;
        let mut shared = self.lock();
        for step in steps {
            shared.history.push(step);
        }
        shared.state = taken.state;
        shared.conflicts = taken.conflicts;
        shared.version += 1;
        self.listeners.queue(EditEvent::Reset);
        drop(shared);
        drop(turn);
        self.deliver();
        Ok(recovered)
    }

    /// What is pending with what was left on top of it, and the steps that were added.
    fn with_recovered(
        &self,
        mine: &ChangeSet,
        replay: &Replay,
        steps: &[Step],
    ) -> Result<(Shared, Vec<Step>)> {
        let (state, mut conflicts) = {
            let shared = self.lock();
            (shared.state.clone(), shared.conflicts.clone())
        };
        let origins = Origins::of_steps(steps);
        let theirs = origins.changes_to(&Present::read(&origins, self)?);
        let merged = Merged::of(mine, &theirs, steps, &**self.store())?;
        conflicts.extend(replay.conflicts.iter().cloned());
        conflicts.extend(merged.conflicts);
        let mut state = state;
        // of what others deleted, a journal may not tell what it was called
        let complete = |step: Step| Step {
            changes: Arc::new(self.provisional.complete(&step.changes)),
            ..step
        };
        let steps: Vec<Step> = merged.steps.into_iter().map(complete).collect();
        for step in &steps {
            state = step::apply(&state, &step.changes, &**self.store())?.map_err(|features| {
                EditError::Overtaken { step: step.name.to_string(), features }
            })?;
        }
        Ok((Shared { state, conflicts, ..Shared::default() }, steps))
    }
}

/// What a journal's records come to.
struct Replay {
    steps: Vec<Step>,
    conflicts: Vec<Conflict>,
    committed: Option<ChangeSetId>,
}

impl Replay {
    fn of(left: &LeftBehind, store: &dyn Store) -> Result<Self> {
        let mut replay = Self { steps: Vec::new(), conflicts: Vec::new(), committed: None };
        let mut intent = None;
        for record in left.read()? {
            match record? {
                Record::Step { name, changes } => {
                    replay.steps.push(Step { name: name.into(), changes });
                }
                Record::Conflict { mine, theirs } => {
                    let found = mine.rebased_over(&theirs, &|_, _| true);
                    replay.conflicts.extend(found.map_err(EditError::contradiction)?.conflicts);
                }
                Record::Intent { id } => {
                    replay.look_up(intent.take(), store)?;
                    intent = Some((id, replay.steps.len()));
                }
                Record::Done { .. } | Record::RolledBack | Record::Cleared => {
                    (replay.steps, replay.conflicts, intent) = (Vec::new(), Vec::new(), None);
                }
                Record::Adopted { .. } => {}
            }
        }
        replay.look_up(intent, store)?;
        Ok(replay)
    }

    /// Drops what a commit of so many steps wrote, if that did happen.
    fn look_up(&mut self, intent: Option<(ChangeSetId, usize)>, store: &dyn Store) -> Result<()> {
        if let Some((id, steps)) = intent
            && was_applied(store, id)?
        {
            self.committed = Some(id);
            self.steps.drain(..steps);
        }
        Ok(())
    }

    /// The same with provisional fids that are nobody's here.
    fn refreshed(mut self, provisional: &Provisional) -> Self {
        let mut fresh = Refreshed::by(provisional);
        for step in &mut self.steps {
            step.changes = Arc::new(fresh.changes(&step.changes));
        }
        for conflict in &mut self.conflicts {
            conflict.target = fresh.target(&conflict.layer, &conflict.target);
        }
        self
    }

    /// All of its steps as one.
    fn changes(&self) -> Result<ChangeSet> {
        let mut all = ChangeSet::new();
        for step in &self.steps {
            all = all.then(&step.changes).map_err(|reason| {
                let store = "the journal".to_owned();
                let place = format!("step `{}`", step.name);
                StoreError::Corrupt { store, place, reason: reason.to_string() }
            })?;
        }
        Ok(all)
    }
}

fn label_of(store: &dyn Store) -> Result<StoreLabel> {
    let place = store.place()?;
    let place = place.ok_or_else(|| no_journal(store, "be told from other stores"))?;
    Ok(StoreLabel { place, address: address_of(store) })
}

/// What the store is opened by from any folder: a file by its whole path.
fn address_of(store: &dyn Store) -> String {
    let whole = Path::new(store.name()).canonicalize().ok();
    let whole = whole.and_then(|it| it.into_os_string().into_string().ok());
    whole.unwrap_or_else(|| store.name().to_owned())
}

fn no_journal(store: &dyn Store, what: &str) -> EditError {
    let (store, what) = (store.name().to_owned(), format!("{what}, which a journal needs"));
    let hint = Some("edit it without a journal".to_owned());
    StoreError::Unsupported { store, what, hint }.into()
}
