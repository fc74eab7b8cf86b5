//! Watching the memory store.
use super::changes::{Step, changes, is_like};
use super::log::{Commit, Entry, Noted, Position};
use super::state::State;
use super::{NAME, Shared};
use crate::{
    Author, Changed, Checkpoint, Lag, Reset, ResetReason, Result, StoreError, Watch, WatchEvent,
    WatchFrom, WatchOptions,
};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tiepoint_core::{FieldNames, ObjectId};

/// A watcher. Layers that have a log are watched by it; of the others two states are compared,
/// which share the rows that did not change.
pub(super) struct MemoryWatch {
    shared: Arc<Shared>,
    options: WatchOptions,
    /// The state up to which layers without a log have been compared.
    seen: Arc<State>,
    /// Everything before it is in the queue or was given.
    next: Position,
    /// After what was given.
    given: Position,
    queue: VecDeque<Queued>,
    /// Up to this commit, beginnings of logs are no news.
    begun: u64,
}

/// Something that is to be given, and where a watcher stands afterwards.
struct Queued {
    what: What,
    settled: bool,
    position: Position,
}

enum What {
    Noted(Arc<Commit>, Entry),
    Compared(Arc<str>, FieldNames, Step),
    Reset(Option<Arc<str>>, ResetReason),
}

impl MemoryWatch {
    pub(super) fn new(shared: &Arc<Shared>, options: &WatchOptions) -> Result<Self> {
        let committed = shared.lock();
        let seen = Arc::clone(&committed.state);
        options.layers.iter().try_for_each(|name| seen.rows(name).map(drop))?;
        let head = Position::after(seen.version);
        let name = options.name.as_deref();
        let kept = name.and_then(|name| committed.log.watcher(name));
        let from = match (kept, &options.from) {
            (Some(kept), _) => From::After(kept),
            (None, WatchFrom::Now) => From::Start(head),
            (None, WatchFrom::Oldest) => From::Start(committed.log.oldest()),
            (None, WatchFrom::After(checkpoint)) => match shared.position(checkpoint)? {
                Some(position) if position <= head => From::After(position),
                _ => From::Elsewhere,
            },
        };
        let next = match from {
            From::Start(next) | From::After(next) => next,
            From::Elsewhere => head,
        };
        let is_trimmed = committed.log.is_trimmed(next);
        drop(committed);
        let (options, begun) = (options.clone(), seen.version);
        let begun = if matches!(from, From::Start(_)) { begun } else { 0 };
        let shared = Arc::clone(shared);
        let queue = VecDeque::new();
        let mut watch = Self { shared, options, seen, next, given: next, queue, begun };
        match from {
            From::Elsewhere => watch.reset(None, ResetReason::Replaced),
            From::After(_) if !is_trimmed => watch.reset_what_has_no_log(),
            From::After(_) | From::Start(_) => {}
        }
        Ok(watch)
    }

    /// What happened to these since the watcher was there last is not known.
    fn reset_what_has_no_log(&mut self) {
        let names = self.seen.layers.keys().filter(|name| self.options.wants(name));
        let unlogged = names.filter(|name| self.seen.logs.number(name).is_none());
        for name in unlogged.map(|name| Arc::from(name.as_str())).collect::<Vec<_>>() {
            self.reset(Some(name), ResetReason::NoLog);
        }
    }

    fn reset(&mut self, layer: Option<Arc<str>>, reason: ResetReason) {
        let (what, position) = (What::Reset(layer, reason), self.next);
        self.queue.push_back(Queued { what, settled: true, position });
    }

    /// Queues what was committed since it looked last.
    fn look(&mut self) {
        let committed = self.shared.lock();
        let head = Position::after(committed.state.version);
        if self.next == head {
            return;
        }
        let is_trimmed = committed.log.is_trimmed(self.next);
        let state = Arc::clone(&committed.state);
        let commits: Vec<_> = committed.log.after(self.next).cloned().collect();
        drop(committed);
        if is_trimmed {
            self.next = head;
            self.reset(None, ResetReason::Trimmed);
        } else {
            let compared = self.compared(&state);
            for name in &compared {
                self.compare(name, &state);
            }
            let together = !self.queue.is_empty();
            for commit in &commits {
                self.take(commit, &compared, together);
            }
            self.next = head;
            if let Some(last) = self.queue.back_mut() {
                (last.settled, last.position) = (true, head);
            } else {
                self.given = head;
            }
        }
        self.seen = state;
    }

    /// The layers of which no log tells all that happened since the watcher looked last.
    fn compared(&self, state: &State) -> BTreeSet<String> {
        let names = self.seen.layers.keys().chain(state.layers.keys());
        let number = |state: &State, name: &str| state.logs.number(name);
        let is_logged = |name: &str| {
            let number = number(state, name);
            number.is_some() && self.seen.logs.number(name) == number
        };
        names.filter(|name| self.options.wants(name) && !is_logged(name)).cloned().collect()
    }

    /// Comes before what the logs say, and does not move the checkpoint: where the watcher breaks
    /// off there, it finds on its return that something of these layers is missing.
    fn compare(&mut self, name: &str, state: &State) {
        let layer: Arc<str> = name.into();
        match (self.seen.layers.get(name), state.layers.get(name)) {
            (Some(before), Some(after)) if is_like(before, after) => {
                let fields = after.field_names();
                let position = self.next;
                self.queue.extend(changes(before, after).map(|step| Queued {
                    what: What::Compared(Arc::clone(&layer), Arc::clone(&fields), step),
                    settled: false,
                    position,
                }));
            }
            _ => self.reset(Some(layer), ResetReason::SchemaChanged),
        }
    }

    /// Queues what a commit did; where it is one `together` with others, it is not settled.
    fn take(&mut self, commit: &Arc<Commit>, compared: &BTreeSet<String>, together: bool) {
        let begins = |noted: &Noted| matches!(noted, Noted::Begins(_));
        let entries = commit.from(self.next).filter(|entry| {
            self.options.wants(&entry.layer)
                && !compared.contains(&*entry.layer)
                && !(begins(&entry.noted) && commit.number <= self.begun)
        });
        let mut queued: Vec<_> = entries
            .map(|entry| Queued {
                what: What::Noted(Arc::clone(commit), entry.clone()),
                settled: false,
                position: Position { commit: commit.number, entry: entry.place + 1 },
            })
            .collect();
        if let Some(last) = queued.last_mut() {
            (last.settled, last.position) = (!together, Position::after(commit.number));
        }
        self.queue.extend(queued);
    }

    fn give(&mut self, queued: Queued) -> WatchEvent {
        self.given = queued.position;
        let checkpoint = self.checkpoint();
        let reset =
            |layer, reason, checkpoint| WatchEvent::Reset(Reset { layer, reason, checkpoint });
        let (layer, fields, step, author, at) = match queued.what {
            What::Reset(layer, reason) => return reset(layer, reason, checkpoint),
            What::Compared(layer, fields, step) => (layer, fields, step, Author::Unknown, None),
            What::Noted(commit, entry) => match entry.noted {
                Noted::Reset(reason) | Noted::Begins(reason) => {
                    return reset(Some(entry.layer), reason, checkpoint);
                }
                Noted::Changed { fields, step } => {
                    (entry.layer, fields, step, Author::This, Some(commit.at))
                }
            },
        };
        let (target, fid, change) = step.told();
        WatchEvent::Changed(Changed {
            layer,
            fields,
            target,
            fid,
            change,
            author,
            who: None,
            at,
            settled: queued.settled,
            checkpoint,
        })
    }

    /// Waits until something is committed that was not looked at; `false` when that took too long.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut committed = self.shared.lock();
        while Position::after(committed.state.version) == self.next {
            let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            let left = left.unwrap_or(Duration::from_secs(3600));
            if left.is_zero() {
                return false;
            }
            let woken = self.shared.changed.wait_timeout(committed, left);
            committed = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Where a watcher begins.
enum From {
    /// It was never here before.
    Start(Position),
    /// It comes back.
    After(Position),
    /// It comes from another store.
    Elsewhere,
}

impl Watch for MemoryWatch {
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>> {
        let deadline = Instant::now().checked_add(patience);
        loop {
            if self.queue.is_empty() {
                self.look();
            }
            if let Some(queued) = self.queue.pop_front() {
                return Ok(Some(self.give(queued)));
            }
            if !self.wait(deadline) {
                return Ok(None);
            }
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        self.shared.checkpoint(self.given)
    }

    fn lag(&mut self) -> Result<Lag> {
        let queued = self.queue.iter().filter_map(|queued| match &queued.what {
            What::Noted(commit, _) => Some(commit.at),
            What::Compared(..) | What::Reset(..) => None,
        });
        let mut waiting: Vec<SystemTime> = queued.collect();
        let committed = self.shared.lock();
        for commit in committed.log.after(self.next) {
            let wanted = commit.from(self.next).filter(|it| self.options.wants(&it.layer));
            waiting.extend(wanted.map(|_| commit.at));
        }
        let oldest = waiting.first().map(|at| at.elapsed().unwrap_or_default());
        Ok(Lag { waiting: waiting.len() as u64, oldest })
    }

    fn acknowledge(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let Some(name) = &self.options.name else { return Ok(()) };
        let position = self.shared.position(checkpoint)?;
        let mut committed = self.shared.lock();
        let head = Position::after(committed.state.version);
        let position = position.filter(|it| *it <= head).ok_or_else(|| StoreError::Invalid {
            store: NAME.to_owned(),
            reason: format!("the checkpoint `{checkpoint}` is of another store"),
        })?;
        committed.log.acknowledge(name, position);
        Ok(())
    }
}

impl Shared {
    fn checkpoint(&self, position: Position) -> Checkpoint {
        let Position { commit, entry } = position;
        Checkpoint::new(format!("memory:{}:{commit}.{entry}", self.id))
    }

    /// What a checkpoint says; `None` where it is one of another memory store.
    fn position(&self, checkpoint: &Checkpoint) -> Result<Option<Position>> {
        let parsed = parsed(checkpoint.as_str()).ok_or_else(|| StoreError::Invalid {
            store: NAME.to_owned(),
            reason: format!("`{checkpoint}` is no checkpoint of a memory store"),
        })?;
        Ok((parsed.0 == self.id).then_some(parsed.1))
    }
}

fn parsed(checkpoint: &str) -> Option<(ObjectId, Position)> {
    let (id, position) = checkpoint.strip_prefix("memory:")?.split_once(':')?;
    let (commit, entry) = position.split_once('.')?;
    let position = Position { commit: commit.parse().ok()?, entry: entry.parse().ok()? };
    Some((id.parse().ok()?, position))
}

#[cfg(test)]
mod tests;
