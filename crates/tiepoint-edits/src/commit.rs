//! Getting what is pending into the store, once and whole, and dropping it.
use crate::buffer::EditBuffer;
use crate::error::{EditError, Result};
use crate::events::EditEvent;
use crate::provisional::is_provisional;
use crate::state::State;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};
use tiepoint_core::{Change, ChangeSet, ChangeSetId, Fid, Target};
use tiepoint_store::{
    Applied, ApplyOptions, InsertedFeature, NotApplied, Once, apply_once, was_applied,
};

/// What a commit did.
#[derive(Debug, Clone)]
pub struct Committed {
    /// By which name the store knows it; `None` where nothing was pending.
    pub id: Option<ChangeSetId>,
    /// What the store says differently.
    pub written: Arc<ChangeSet>,
    /// What others had changed meanwhile in the same features, and stands.
    pub theirs: ChangeSet,
    /// What the store calls the features that are new.
    pub inserted: Arc<[InsertedFeature]>,
}

impl EditBuffer {
    /// Writes everything that is pending into the store, in one transaction over all layers.
    ///
    /// What others have changed meanwhile stays, field by field. It happens once or not at all,
    /// whatever happens to this program, the machine or the server; with a journal, a commit that
    /// was under way is looked up after a crash.
    ///
    /// # Errors
    ///
    /// [`EditError::Conflicts`] where others have changed the same, [`EditError::Refused`] with
    /// everything that the store has against it, [`EditError::InDoubt`] where the store was lost
    /// and cannot be asked. Whatever it is: the store is as it was, and everything is still
    /// pending.
    pub fn commit(&self) -> Result<Committed> {
        self.commit_with(&ApplyOptions::default())
    }

    /// The same, in a way that can be stopped, or with fields that count changes.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub fn commit_with(&self, options: &ApplyOptions) -> Result<Committed> {
        let turn = self.settled_turn()?;
        self.refuse_within_command()?;
        let (state, conflicts, forgettable) = {
            let shared = self.lock();
            (shared.state.clone(), shared.conflicts.clone(), shared.forgettable)
        };
        if !conflicts.is_empty() {
            return Err(EditError::Conflicts(conflicts));
        }
        let changes = state.changes();
        if changes.is_empty() {
            return Ok(Committed {
                id: None,
                written: Arc::default(),
                theirs: ChangeSet::new(),
                inserted: Arc::new([]),
            });
        }
        let id = ChangeSetId::mint();
        self.log.intent(id, || self.pending())?;
        let forget: Vec<_> = forgettable.into_iter().collect();
        let gate = has_new_untied(&state)
            .then(|| self.gate.write().unwrap_or_else(PoisonError::into_inner));
        let applied = self.write(&changes.named(id), options, &forget)?;
        let committed = Committed {
            id: Some(id),
            written: Arc::new(applied.written),
            theirs: applied.theirs,
            inserted: applied.inserted.into(),
        };
        let event = EditEvent::Committed {
            id,
            written: Arc::clone(&committed.written),
            inserted: Arc::clone(&committed.inserted),
        };
        self.is_committed(id, &state, &committed.inserted, event);
        drop(gate);
        drop(turn);
        self.deliver();
        Ok(committed)
    }

    fn write(
        &self,
        changes: &ChangeSet,
        options: &ApplyOptions,
        forget: &[ChangeSetId],
    ) -> Result<Applied> {
        let id = changes.id.expect("is named");
        let reason = match apply_once(&**self.store(), changes, options, forget) {
            Ok(Once::Now(applied)) => return Ok(applied),
            Ok(Once::Before) => return Ok(applied_unseen(changes)),
            Err(NotApplied::Store(reason)) => reason,
            Err(other) => return Err(other.into()),
        };
        match was_applied(&**self.store(), id) {
            Ok(true) => Ok(applied_unseen(changes)),
            Err(_) if reason.is_lost_connection() => {
                self.lock().in_doubt = Some(id);
                Err(EditError::InDoubt { id, reason: Box::new(reason) })
            }
            Ok(false) | Err(_) => Err(reason.into()),
        }
    }

    /// Nothing is pending any more.
    fn is_committed(
        &self,
        id: ChangeSetId,
        state: &State,
        inserted: &[InsertedFeature],
        event: EditEvent,
    ) {
        // what cannot be noted here is looked up in the store after a crash
        let noted = self.log.done(id);
        let mut shared = self.lock();
        shared.state = State::default();
        shared.history.commit();
        let fids = new_fids(inserted);
        if !fids.is_empty() {
            shared.history.rename(&fids);
        }
        let aliases = Arc::make_mut(&mut shared.aliases);
        for it in inserted {
            if let Some(fid) = state.fid(&it.layer, &it.target).filter(is_provisional) {
                aliases.add(&it.layer, fid, it.fid.clone());
            }
        }
        if let EditEvent::Committed { written, .. } = &event {
            for own in shared.followers.iter().filter_map(Weak::upgrade) {
                own.lock().unwrap_or_else(PoisonError::into_inner).note(written);
            }
        }
        self.listeners.queue(event);
        shared.forgettable = noted.is_ok().then_some(id);
        shared.in_doubt = None;
        shared.version += 1;
    }

    /// Finds out what became of a commit of which that is not known yet. Only whoever has the turn
    /// may.
    ///
    /// # Errors
    ///
    /// [`EditError::InDoubt`] where the store cannot be asked.
    pub(crate) fn settle_doubt(&self) -> Result<()> {
        let Some(id) = self.lock().in_doubt else { return Ok(()) };
        match was_applied(&**self.store(), id) {
            Ok(true) => {
                self.is_committed(id, &State::default(), &[], EditEvent::Reset);
                Ok(())
            }
            Ok(false) => {
                self.lock().in_doubt = None;
                Ok(())
            }
            Err(reason) => Err(EditError::InDoubt { id, reason: Box::new(reason) }),
        }
    }

    /// Drops everything that is pending: the buffer says what the store says. Steps that are
    /// committed can still be undone.
    ///
    /// # Errors
    ///
    /// [`EditError::InDoubt`], and when the journal cannot be written.
    pub fn rollback(&self) -> Result<()> {
        let turn = self.turn()?;
        self.settle_doubt()?;
        let changes = Arc::new(self.state().changes().inverted());
        self.log.rolled_back()?;
        let mut shared = self.lock();
        shared.state = State::default();
        shared.history.rollback();
        shared.conflicts.clear();
        shared.version += 1;
        self.listeners.queue(EditEvent::RolledBack { changes });
        drop(shared);
        drop(turn);
        self.deliver();
        Ok(())
    }
}

/// Whether there are new features that only their fids tell apart.
fn has_new_untied(state: &State) -> bool {
    state.layers().any(|(_, layer)| {
        !layer.layer.is_tied()
            && layer.dirty_rows().any(|(_, row)| row.base.is_none() && row.now.is_some())
    })
}

/// What is known of changes that are in the store, although nobody has told how.
fn applied_unseen(changes: &ChangeSet) -> Applied {
    Applied { written: changes.clone(), theirs: ChangeSet::new(), inserted: Vec::new() }
}

/// What features that are known by provisional fids are known by now.
pub(crate) type Renamed = BTreeMap<(String, Target), Target>;

fn new_fids(inserted: &[InsertedFeature]) -> Renamed {
    let provisional = |it: &&InsertedFeature| match &it.target {
        Target::Fid(fid) => is_provisional(fid),
        Target::Id(_) => false,
    };
    let renamed = inserted.iter().filter(provisional).map(|it| {
        let now = it.id.map_or_else(|| Target::Fid(it.fid.clone()), Target::Id);
        ((it.layer.clone(), it.target.clone()), now)
    });
    renamed.collect()
}

/// The same changes of features by what they are known by now.
pub(crate) fn renamed(changes: &ChangeSet, renamed: &Renamed) -> ChangeSet {
    let mut all = ChangeSet::new();
    for (layer, here) in changes.layers() {
        for (target, change) in here.iter() {
            let now = renamed.get(&(layer.to_owned(), target.clone())).unwrap_or(target);
            let change = called(change, now);
            all.record(layer, here.fields(), now.clone(), change)
                .expect("each feature is here once");
        }
    }
    all
}

/// The same change, where what it says of its fid is true.
fn called(change: &Change, target: &Target) -> Change {
    let fid: Option<&Fid> = match target {
        Target::Fid(fid) => Some(fid),
        Target::Id(_) => None,
    };
    let mut change = change.clone();
    if let (Change::Insert(image) | Change::Delete(image), Some(fid)) = (&mut change, fid) {
        image.fid = Some(fid.clone());
    }
    change
}
