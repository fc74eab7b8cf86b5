//! Hearing what anybody commits to a store, where no edit buffer tells of it.
use super::{Layer, Ties};
use crate::Result;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiepoint_objects::{Event, RowChange};
use tiepoint_store::{Changed, Watch, WatchEvent, WatchOptions};

/// One who hears what anybody commits to a store, and has its ties take it in.
pub struct Watching<T> {
    ties: Ties<T>,
    watch: Box<dyn Watch>,
    /// What was heard of a commit that is not complete.
    heard: Vec<Changed>,
}

impl<T: Send + Sync + 'static> Ties<T> {
    /// Hears what anybody commits to the store from now on, this program among them; what happened
    /// before is read. Layers that are added later are heard of, too.
    ///
    /// Ties over an edit buffer hear of what others commit where the buffer
    /// [follows](tiepoint_edits::EditBuffer::follow) its store.
    ///
    /// # Errors
    ///
    /// When the store cannot be watched or read.
    pub fn watching(&self) -> Result<Watching<T>> {
        let watch = self.store().watch(&WatchOptions::from_now())?;
        self.resync()?;
        Ok(Watching { ties: self.clone(), watch, heard: Vec::new() })
    }

    fn hear_commit_of_others(&self, changes: &[Changed]) -> Result<()> {
        let mut by_layer: BTreeMap<&str, Vec<&Changed>> = BTreeMap::new();
        for it in changes {
            by_layer.entry(&it.layer).or_default().push(it);
        }
        let turn = self.turn();
        let mut taken = Ok(());
        for layer in self.layers() {
            if let Some(here) = by_layer.get(&**layer.tied.name()) {
                taken = self.hear_changes(&layer, here).and(taken);
            }
        }
        drop(turn);
        self.inner.listeners.deliver();
        taken
    }

    fn hear_changes(&self, layer: &Arc<Layer<T>>, changes: &[&Changed]) -> Result<()> {
        let rows = changes.iter().map(|it| RowChange {
            target: &it.target,
            fid: it.fid.as_ref(),
            change: &it.change,
        });
        let events = layer.tied.events(self.state().tracker(layer), rows);
        let ended = Event::StepEnded { clean: true };
        self.take_in(layer, events.into_iter().chain([ended]))
    }

    fn hear_reset(&self, of: Option<&str>) -> Result<()> {
        let turn = self.turn();
        let layers = self.layers();
        let mut concerned = layers.iter().filter(|it| of.is_none_or(|of| **it.tied.name() == *of));
        let read = concerned.try_for_each(|it| self.reread(it));
        drop(turn);
        self.inner.listeners.deliver();
        read
    }
}

impl<T: Send + Sync + 'static> Watching<T> {
    /// Listens for up to `patience` and has the ties take in one commit, or what cannot be told
    /// from one; whether there was any. With no patience it takes what can be heard at once.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn pump(&mut self, patience: Duration) -> Result<bool> {
        let deadline = Instant::now().checked_add(patience);
        loop {
            let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            match self.watch.next(left.unwrap_or(patience))? {
                None => return Ok(false),
                Some(WatchEvent::Changed(changed)) => {
                    let settled = changed.settled;
                    self.heard.push(changed);
                    if settled {
                        let heard = std::mem::take(&mut self.heard);
                        return self.ties.hear_commit_of_others(&heard).map(|()| true);
                    }
                }
                Some(WatchEvent::Reset(reset)) => {
                    self.heard.clear();
                    return self.ties.hear_reset(reset.layer.as_deref()).map(|()| true);
                }
            }
        }
    }

    /// Has the ties take in everything that can be heard at once.
    ///
    /// # Errors
    ///
    /// As [`pump`](Self::pump).
    pub fn catch_up(&mut self) -> Result<()> {
        while self.pump(Duration::ZERO)? {}
        Ok(())
    }
}

impl<T> std::fmt::Debug for Watching<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watching").field("heard", &self.heard).finish_non_exhaustive()
    }
}
