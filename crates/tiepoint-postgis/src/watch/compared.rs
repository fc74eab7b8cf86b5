//! Layers without a log, or without one that this role may read: what they say now is compared with
//! what they said before.
use super::PgWatch;
use super::layers::{self, Layer};
use super::place::Snapshot;
use crate::link::Link;
use crate::store::PostgisStore;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;
use tiepoint_store::{
    Author, Changed, Checkpoint, Comparison, Found, Reset, ResetReason, Result, WatchEvent,
};

/// Of the time, so much at most goes by with comparing: a fifth.
const REST: u32 = 4;
/// How often a moment is looked for at which nothing is committed.
const TRIES: u32 = 20;

/// What is known of layers that are compared.
#[derive(Default)]
pub(super) struct Compared {
    comparison: Comparison,
    /// The layers that it knows.
    names: HashSet<String>,
    /// What was committed when they were last read.
    at: Option<Snapshot>,
    /// Not before then again.
    not_before: Option<Instant>,
    /// Layers whose logs tell of them no more, and why.
    fallen: HashMap<String, ResetReason>,
    /// Layers that have got logs: as soon as nothing is committed while they are compared, the log
    /// tells of them from there.
    arriving: HashMap<u32, Layer>,
    /// Whether the comparison knows layers that it need not know any more.
    has_handed_over: bool,
    tries: u32,
}

impl Compared {
    /// Whether a layer is one of them.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// A layer is not told of by its log any more.
    pub(super) fn falls(&mut self, name: &str, reason: ResetReason) {
        self.fallen.insert(name.to_owned(), reason);
    }

    /// A layer is to be told of by its log as soon as that can be.
    pub(super) fn arrives(&mut self, layer: Layer) {
        self.arriving.insert(layer.log.layer, layer);
    }

    /// The names of those that are there.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.names.iter().map(|it| it.as_str().into()).collect();
        names.sort_unstable();
        names
    }

    /// Whether it must look, whatever is to be compared.
    fn is_owed(&self) -> bool {
        self.has_handed_over || !self.fallen.is_empty() || !self.arriving.is_empty()
    }

    fn is_due(&self, now: &Snapshot) -> bool {
        let is_owed = self.is_owed();
        let is_rested = self.not_before.is_none_or(|at| at <= Instant::now());
        is_owed || is_rested && self.at.as_ref() != Some(now)
    }

    fn compare(
        &mut self,
        store: &PostgisStore,
        now: Snapshot,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Found>> {
        let began = Instant::now();
        let names = RefCell::new(HashSet::new());
        let found = self.comparison.compare(store, &|name| {
            let is_wanted = wanted(name);
            if is_wanted {
                names.borrow_mut().insert(name.to_owned());
            }
            is_wanted
        })?;
        self.names = names.into_inner();
        self.at = Some(now);
        self.has_handed_over = false;
        self.not_before = Some(Instant::now() + began.elapsed() * REST);
        Ok(found)
    }

    fn forget(&mut self, name: &str) {
        self.names.remove(name);
    }
}

impl PgWatch {
    /// Compares what is to be compared, where anything may have changed since and it is not too
    /// soon.
    pub(super) fn compare_by(&mut self, link: &Link) -> Result<()> {
        let is_any = self.has_unfollowed() || self.compared.is_owed();
        if self.has_more() || !is_any || !self.compared.is_due(&self.now) {
            return Ok(());
        }
        let failed = || self.store.site.failed("look what was committed");
        let before = layers::now(link).map_err(failed())?;
        let followed: HashSet<Arc<str>> =
            self.layers.values().map(|it| Arc::clone(&it.name)).collect();
        let options = &self.options;
        let wanted = |name: &str| options.wants(name) && !followed.contains(name);
        let found = self.compared.compare(&self.store, before.clone(), &wanted)?;
        let after = layers::now(link).map_err(failed())?;
        self.tell_found(found);
        if !self.compared.arriving.is_empty() {
            self.hand_over(before == after && before == self.place.since);
        }
        Ok(())
    }

    /// Whether there may be layers that matter and that no log tells of.
    pub(super) fn has_unfollowed(&self) -> bool {
        let is_followed = |name: &String| self.layers.values().any(|it| *it.name == **name);
        self.options.layers.is_empty() || !self.options.layers.iter().all(is_followed)
    }

    fn tell_found(&mut self, found: Vec<Found>) {
        let checkpoint = Checkpoint::new(self.place.to_string());
        let mut fallen = std::mem::take(&mut self.compared.fallen);
        let ready = self.ready.len();
        for it in found {
            let checkpoint = checkpoint.clone();
            self.ready.push_back(match it {
                Found::Reset { layer, reason } => {
                    let reason = fallen.remove(&*layer).unwrap_or(reason);
                    WatchEvent::Reset(Reset { layer: Some(layer), reason, checkpoint })
                }
                Found::Changed { layer, fields, target, fid, change } => {
                    let (author, who, at, settled) = (Author::Unknown, None, None, false);
                    WatchEvent::Changed(Changed {
                        layer,
                        fields,
                        target,
                        fid,
                        change,
                        author,
                        who,
                        at,
                        settled,
                        checkpoint,
                    })
                }
            });
        }
        if self.ready.len() > ready {
            self.settle_last();
        }
        for (name, reason) in fallen {
            self.tell_reset(Some(name.into()), reason);
        }
    }

    /// Has logs tell from here on, where they are known to begin where the comparison ended.
    fn hand_over(&mut self, is_exact: bool) {
        self.compared.tries += 1;
        if !is_exact && self.compared.tries < TRIES {
            return;
        }
        self.compared.tries = 0;
        self.compared.has_handed_over = true;
        for (number, layer) in std::mem::take(&mut self.compared.arriving) {
            self.compared.forget(&layer.name);
            if !is_exact {
                self.tell_reset(Some(Arc::clone(&layer.name)), ResetReason::NoLog);
            }
            self.layers.insert(number, layer);
        }
    }
}
