//! Taking in what happened: events to the trackers, readings for what they ask, news to handlers.
use super::{Layer, State, Ties, Told};
use crate::Result;
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_core::{Fid, ObjectId};
use tiepoint_edits::Listeners;
use tiepoint_objects::{Event, Request, Scope, Tracker, Verdict};

impl<T: Send + Sync + 'static> Ties<T> {
    /// Reads the ids of all layers again: ties are right then, whatever was not heard.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn resync(&self) -> Result<()> {
        let turn = self.turn();
        let read = self.layers().iter().try_for_each(|it| self.reread(it));
        drop(turn);
        self.inner.listeners.deliver();
        read
    }

    /// Reads the ids of a layer again. Only whoever has the turn may.
    pub(super) fn reread(&self, layer: &Arc<Layer<T>>) -> Result<()> {
        self.answer(layer, vec![Request::Read(Scope::All)])
    }

    /// Reads which rows a layer has. Only whoever has the turn may.
    pub(super) fn attach(&self, layer: &Arc<Layer<T>>) -> Result<()> {
        let count = layer.tied.count(self.store())?;
        let rows = layer.tied.rows(self.store(), layer.tied.query(&Scope::All))?;
        if self.is_dirty() {
            self.take_in(layer, [Event::EditingStarted { passthrough: false }])?;
        }
        let mut state = self.state();
        state.registry.reserve(layer.key, count);
        let mut reading = state.registry.resync(layer.key, &Scope::All);
        for row in rows {
            let (fid, id) = row?;
            reading.row(fid, id);
        }
        let verdict = reading.finish_with_objects();
        let requests = state.follow(layer, verdict, &self.inner.listeners);
        drop(state);
        self.answer(layer, requests)?;
        self.take_in_pending(layer)
    }

    /// Takes in events of one layer, and reads what they make necessary. Only whoever has the turn
    /// may.
    pub(super) fn take_in(
        &self,
        layer: &Arc<Layer<T>>,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<()> {
        let mut state = self.state();
        let mut requests = Vec::new();
        if let Some(at) = state.unread.iter().position(|key| *key == layer.key) {
            state.unread.swap_remove(at);
            requests.push(Request::Read(Scope::All));
        }
        for event in events {
            let verdict = state.registry.hear_with_objects(layer.key, event);
            requests.extend(state.follow(layer, verdict, &self.inner.listeners));
        }
        drop(state);
        self.answer(layer, requests)
    }

    /// Reads what is asked for, and what that makes necessary. Only whoever has the turn may.
    pub(super) fn answer(&self, layer: &Arc<Layer<T>>, mut requests: Vec<Request>) -> Result<()> {
        while !requests.is_empty() {
            if requests.contains(&Request::Read(Scope::All)) {
                requests.retain(|it| !matches!(it, Request::Read(Scope::Fids(_))));
            }
            let mut more = Vec::new();
            for request in requests {
                let answered = match request {
                    Request::Look(fids) => self.look(layer, fids),
                    Request::Read(scope) => self.read(layer, &scope),
                    // the store itself gives ids and puts them right
                    Request::Write => Ok(Vec::new()),
                };
                more.extend(answered.inspect_err(|_| self.state().unread.push(layer.key))?);
            }
            requests = more;
        }
        Ok(())
    }

    fn read(&self, layer: &Arc<Layer<T>>, scope: &Scope) -> Result<Vec<Request>> {
        let rows = layer.tied.rows(self.store(), layer.tied.query(scope))?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        Ok(self.state().tell_rows(layer, scope, rows, &self.inner.listeners))
    }

    /// Takes in rows that were looked for. Only whoever has the turn may.
    pub(super) fn take_in_rows(
        &self,
        layer: &Arc<Layer<T>>,
        rows: Vec<(Fid, Option<ObjectId>)>,
    ) -> Result<()> {
        let scope = Scope::Fids(rows.iter().map(|(fid, _)| fid.clone()).collect());
        let requests = self.state().tell_rows(layer, &scope, rows, &self.inner.listeners);
        self.answer(layer, requests)
    }

    fn look(&self, layer: &Arc<Layer<T>>, fids: Vec<Fid>) -> Result<Vec<Request>> {
        let scope = Scope::Fids(fids);
        let rows = layer.tied.rows(self.store(), layer.tied.query(&scope))?;
        let mut found = rows.collect::<Result<HashMap<_, _>, _>>()?;
        let Scope::Fids(fids) = scope else { return Ok(Vec::new()) };
        let told = fids.into_iter().map(|fid| match found.remove(&fid) {
            Some(id) => Event::Seen { fid, id },
            None => Event::Absent { fid },
        });
        let mut state = self.state();
        let mut requests = Vec::new();
        for event in told.chain([Event::StepEnded { clean: false }]) {
            let verdict = state.registry.hear_with_objects(layer.key, event);
            requests.extend(state.follow(layer, verdict, &self.inner.listeners));
        }
        Ok(requests)
    }
}

impl<T: Send + Sync + 'static> State<T> {
    pub(super) fn tracker(&self, layer: &Layer<T>) -> &Tracker {
        self.registry.tracker(layer.key)
    }

    fn tell_rows(
        &mut self,
        layer: &Layer<T>,
        scope: &Scope,
        rows: Vec<(Fid, Option<ObjectId>)>,
        listeners: &Listeners<Told<T>>,
    ) -> Vec<Request> {
        let mut reading = self.registry.resync(layer.key, scope);
        for (fid, id) in rows {
            reading.row(fid, id);
        }
        let verdict = reading.finish_with_objects();
        self.follow(layer, verdict, listeners)
    }

    /// Queues what is to be told; what is asked for is left.
    fn follow(
        &self,
        layer: &Layer<T>,
        (verdict, objects): (Verdict, Vec<Option<Arc<T>>>),
        listeners: &Listeners<Told<T>>,
    ) -> Vec<Request> {
        let name = layer.tied.name();
        for (it, object) in verdict.transitions.into_iter().zip(objects) {
            listeners.queue(Told::Became {
                layer: Arc::clone(name),
                id: it.id,
                fid: self.tracker(layer).fid(it.tie),
                what: it.what,
                object,
            });
        }
        for (fid, of) in verdict.duplicates {
            listeners.queue(Told::Duplicate { layer: Arc::clone(name), fid, of });
        }
        verdict.requests
    }
}
