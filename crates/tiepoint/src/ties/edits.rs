//! What an edit buffer tells, in the words of trackers.
use super::{Layer, Source, Ties};
use crate::Result;
use std::sync::Arc;
use tiepoint_core::{Change, ChangeSet, Fid, Image, LayerChanges, Target};
use tiepoint_edits::{EditEvent, Status};
use tiepoint_objects::{Event, Request, RowChange, Scope};
use tiepoint_store::InsertedFeature;

/// Begins a session, or goes on with it.
const EDITING: Event = Event::EditingStarted { passthrough: false };

impl<T: Send + Sync + 'static> Ties<T> {
    /// Takes in what happened to the buffer. Of several layers that cannot be read, the last says
    /// why.
    pub(super) fn hear_edit(&self, event: &EditEvent) -> Result<()> {
        let turn = self.turn();
        let mut taken = Ok(());
        for layer in self.layers() {
            taken = self.hear_edit_of(&layer, event).and(taken);
        }
        drop(turn);
        self.inner.listeners.deliver();
        taken
    }

    fn hear_edit_of(&self, layer: &Arc<Layer<T>>, event: &EditEvent) -> Result<()> {
        let ended = Event::StepEnded { clean: !self.is_dirty() };
        match event {
            EditEvent::Changed { changes, .. } => {
                let mut events = self.events(layer, changes, |_| true);
                events.extend(self.stored_again(layer, changes));
                self.hear_step(layer, events, ended)?;
                self.look_at_settled(layer, changes)
            }
            EditEvent::Merged { changes, .. } => {
                let mut events = self.events(layer, changes, |_| true);
                events.extend(self.called_otherwise(layer));
                self.hear_step(layer, events, ended)
            }
            EditEvent::Beneath { changes } => {
                let events = self.events(layer, changes, |_| true);
                self.take_in(layer, events.into_iter().chain([ended]))
            }
            EditEvent::Committed { written, inserted, .. } => {
                self.hear_commit(layer, written, inserted)
            }
            EditEvent::RolledBack { changes } => {
                let events = self.events(layer, changes, is_undone_for_good);
                let end = [Event::StepEnded { clean: true }, Event::RolledBack { editing: false }];
                self.take_in(layer, events.into_iter().chain(end))?;
                self.look_at_settled(layer, changes)
            }
            EditEvent::Reset => self.begin_anew(layer),
        }
    }

    fn hear_step(&self, layer: &Arc<Layer<T>>, events: Vec<Event>, ended: Event) -> Result<()> {
        if events.is_empty() && !self.is_editing(layer) {
            return Ok(());
        }
        self.take_in(layer, [EDITING].into_iter().chain(events).chain([ended]))
    }

    /// What is new may be called otherwise once what others did was taken up beneath it.
    fn called_otherwise(&self, layer: &Layer<T>) -> Vec<Event> {
        let Source::Buffer(buffer) = &self.inner.source else { return Vec::new() };
        let (name, changes) = (layer.tied.name(), buffer.changes());
        let here = changes.layer(name).into_iter().flat_map(LayerChanges::iter);
        let new = here.filter(|(_, change)| matches!(change, Change::Insert(_)));
        let renumbered = new.filter_map(|(target, _)| {
            let (from, to) = (self.fid_of(layer, target)?, buffer.fid(name, target)?);
            (from != to).then_some(Event::Renumbered { from, to })
        });
        renumbered.collect()
    }

    /// Reads rows for which nothing is pending any more: what others did to them shows from now on,
    /// and is not told of.
    fn look_at_settled(&self, layer: &Arc<Layer<T>>, changes: &ChangeSet) -> Result<()> {
        let Source::Buffer(buffer) = &self.inner.source else { return Ok(()) };
        let name = layer.tied.name();
        let here = changes.layer(name).into_iter().flat_map(LayerChanges::iter);
        let settled = here.filter(|(target, change)| {
            !matches!(change, Change::Delete(_)) && buffer.status(name, target) == Status::Clean
        });
        let fids: Vec<Fid> = settled.filter_map(|(it, _)| self.fid_of(layer, it)).collect();
        if fids.is_empty() {
            return Ok(());
        }
        self.answer(layer, vec![Request::Read(Scope::Fids(fids))])
    }

    fn hear_commit(
        &self,
        layer: &Arc<Layer<T>>,
        written: &ChangeSet,
        inserted: &[InsertedFeature],
    ) -> Result<()> {
        let mut events = vec![Event::CommitStarted];
        let removed = written.layer(layer.tied.name()).into_iter().flat_map(LayerChanges::iter);
        let removed = removed.filter_map(|(_, change)| match change {
            Change::Delete(image) => image.fid.clone(),
            Change::Insert(_) | Change::Update(_) => None,
        });
        events.push(Event::CommittedRemoved { fids: removed.collect() });
        let mut added = Vec::new();
        for it in inserted.iter().filter(|it| *it.layer == **layer.tied.name()) {
            let to = it.fid.clone();
            match self.fid_of(layer, &it.target) {
                Some(from) if from != to => events.push(Event::Renumbered { from, to }),
                _ => added.push(to),
            }
        }
        events.push(Event::CommittedAdded { fids: added });
        events.push(Event::CommitEnded { success: true, editing: false });
        self.take_in(layer, events)
    }

    /// Reads the layer, and takes what is pending in it into account.
    fn begin_anew(&self, layer: &Arc<Layer<T>>) -> Result<()> {
        let settled = [Event::CommitStarted, Event::CommitEnded { success: true, editing: false }];
        self.take_in(layer, settled)?;
        if self.is_dirty() {
            self.take_in(layer, [EDITING])?;
        }
        self.reread(layer)?;
        self.take_in_pending(layer)
    }

    /// Has objects held of features that are changed, or stored again.
    pub(super) fn take_in_pending(&self, layer: &Arc<Layer<T>>) -> Result<()> {
        let Source::Buffer(buffer) = &self.inner.source else { return Ok(()) };
        if !buffer.is_dirty() {
            return Ok(());
        }
        let is_update = |it: &Change| matches!(it, Change::Update(_));
        let changes = buffer.changes();
        let mut events = self.events(layer, &changes, is_update);
        events.extend(self.stored_again(layer, &changes));
        let ended = Event::StepEnded { clean: false };
        self.take_in(layer, [EDITING].into_iter().chain(events).chain([ended]))
    }

    /// What these changes mean to a layer, those of them that are wanted.
    fn events(
        &self,
        layer: &Layer<T>,
        changes: &ChangeSet,
        wanted: impl Fn(&Change) -> bool,
    ) -> Vec<Event> {
        let Some(here) = changes.layer(layer.tied.name()) else { return Vec::new() };
        let wanted = here.iter().filter(|(_, change)| wanted(change));
        let called: Vec<(&Target, Option<Fid>, &Change)> = wanted
            .map(|(target, change)| (target, self.name_of_new(layer, target, change), change))
            .collect();
        let rows = called.iter().map(|(target, fid, change)| {
            let fid = fid.as_ref();
            RowChange { target, fid, change }
        });
        let state = self.state();
        layer.tied.events(state.tracker(layer), rows)
    }

    /// What a feature that came is called; one that is stored already is called otherwise than when
    /// it was made. `None` where the change says it.
    fn name_of_new(&self, layer: &Layer<T>, target: &Target, change: &Change) -> Option<Fid> {
        let (Source::Buffer(buffer), Change::Insert(_)) = (&self.inner.source, change) else {
            return None;
        };
        buffer.fid(layer.tied.name(), target)
    }

    /// Rows that were stored once and are to be stored again: they are called as they were, and are
    /// as new as any.
    fn stored_again(&self, layer: &Layer<T>, changes: &ChangeSet) -> Vec<Event> {
        let Source::Buffer(buffer) = &self.inner.source else { return Vec::new() };
        let (name, provisional) = (layer.tied.name(), self.inner.source.provisional());
        let here = changes.layer(name).into_iter().flat_map(LayerChanges::iter);
        let again = here.filter_map(|(target, change)| match change {
            Change::Insert(Image { fid: Some(fid), .. }) if !provisional.holds(fid) => {
                let is_new = buffer.status(name, target) == Status::New;
                is_new.then(|| Event::Changed { fid: fid.clone() })
            }
            _ => None,
        });
        again.collect()
    }

    /// What the row of a feature is called, as far as was heard.
    fn fid_of(&self, layer: &Layer<T>, target: &Target) -> Option<Fid> {
        let Target::Id(id) = target else { return None };
        let state = self.state();
        let tracker = state.tracker(layer);
        tracker.fid(tracker.known(id)?)
    }

    fn is_editing(&self, layer: &Layer<T>) -> bool {
        self.state().tracker(layer).is_editing()
    }

    pub(super) fn is_dirty(&self) -> bool {
        match &self.inner.source {
            Source::Store(_) => false,
            Source::Buffer(buffer) => buffer.is_dirty(),
        }
    }
}

/// Whether what a rollback tells of a feature is so: what was deleted may be gone from the store by
/// now, and is looked for; what was never stored goes with the session.
fn is_undone_for_good(change: &Change) -> bool {
    match change {
        Change::Insert(_) => false,
        Change::Update(_) => true,
        Change::Delete(image) => image.fid.is_some(),
    }
}
