//! What is noted of commits, and how long it stays.
use super::changes::{Step, changes, is_like};
use super::state::State;
use crate::{ChangeLog, NamedWatcher, ResetReason};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tiepoint_core::FieldNames;

/// Which layers have a log. It belongs to the state, so that a rollback takes it back.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs {
    keep: u64,
    /// The number of its log, by the layer's name; no number is given twice.
    numbers: BTreeMap<String, u64>,
    last_number: u64,
}

impl Logs {
    pub(super) fn install(&mut self, layer: &str, keep: u64) {
        self.keep = keep;
        if !self.numbers.contains_key(layer) {
            self.last_number += 1;
            self.numbers.insert(layer.to_owned(), self.last_number);
        }
    }

    pub(super) fn remove(&mut self, layer: &str) -> bool {
        self.numbers.remove(layer).is_some()
    }

    pub(super) fn number(&self, layer: &str) -> Option<u64> {
        self.numbers.get(layer).copied()
    }
}

/// The commits that have been noted, and where those who come back by name have got to.
#[derive(Debug, Default)]
pub(super) struct Log {
    commits: VecDeque<Arc<Commit>>,
    entries: u64,
    /// The number of the newest commit that has been trimmed; zero where none has.
    trimmed: u64,
    watchers: BTreeMap<String, Position>,
}

/// What one commit did to layers that have a log.
#[derive(Debug)]
pub(super) struct Commit {
    /// The version of the state that it made.
    pub(super) number: u64,
    pub(super) at: SystemTime,
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its place in its commit, counted from zero, whatever is forgotten of that.
    pub(super) place: u64,
    pub(super) layer: Arc<str>,
    pub(super) noted: Noted,
}

#[derive(Debug, Clone)]
pub(super) enum Noted {
    Changed {
        fields: FieldNames,
        step: Step,
    },
    Reset(ResetReason),
    /// The log begins here; what was before is not known, and why.
    Begins(ResetReason),
}

/// Before which entry of which commit a watcher stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) commit: u64,
    pub(super) entry: u64,
}

impl Position {
    /// After all that this commit did.
    pub(super) fn after(commit: u64) -> Self {
        Self { commit: commit + 1, entry: 0 }
    }
}

impl Commit {
    /// What turns one state into the next, as far as it is to be noted; `None` where nothing is.
    pub(super) fn between(before: &State, after: &State) -> Option<Self> {
        let noted = noted_layers(before, after);
        let noted = noted.into_iter().flat_map(|name| noted_of(name, before, after));
        let entry = |(place, (layer, noted))| Entry { place, layer, noted };
        let entries: Vec<Entry> = (0..).zip(noted).map(entry).collect();
        let commit = Self { number: after.version, at: now(), entries };
        (!commit.entries.is_empty()).then_some(commit)
    }
}

fn noted_layers<'a>(before: &'a State, after: &'a State) -> BTreeSet<&'a str> {
    let both = before.logs.numbers.keys().chain(after.logs.numbers.keys());
    both.map(String::as_str).collect()
}

/// What happened to one layer that has a log, or had one.
fn noted_of(name: &str, before: &State, after: &State) -> Vec<(Arc<str>, Noted)> {
    let layer: Arc<str> = name.into();
    let one = |noted| vec![(Arc::clone(&layer), noted)];
    let (was, is) = (before.logs.number(name), after.logs.number(name));
    match (before.layers.get(name), after.layers.get(name)) {
        (Some(_), None) => one(Noted::Reset(ResetReason::SchemaChanged)),
        (None, Some(_)) => one(Noted::Begins(ResetReason::SchemaChanged)),
        (Some(_), Some(_)) if was != is && is.is_some() => one(Noted::Begins(ResetReason::NoLog)),
        (Some(then), Some(now)) if was == is => {
            if !is_like(then, now) {
                return one(Noted::Reset(ResetReason::SchemaChanged));
            }
            let fields = now.field_names();
            let noted = |step| Noted::Changed { fields: Arc::clone(&fields), step };
            changes(then, now).map(|step| (Arc::clone(&layer), noted(step))).collect()
        }
        _ => Vec::new(),
    }
}

/// To the millisecond.
fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    UNIX_EPOCH + Duration::from_millis(millis)
}

impl Log {
    /// Notes a commit that made the state `after`, and lets go of what need not stay.
    pub(super) fn note(&mut self, commit: Option<Commit>, before: &State, after: &State) {
        for (name, number) in &before.logs.numbers {
            if after.logs.number(name) != Some(*number) {
                self.forget(name);
            }
        }
        if let Some(commit) = commit {
            self.entries += commit.size();
            self.commits.push_back(Arc::new(commit));
        }
        self.trim(after.logs.keep);
    }

    /// Whole commits go, so that what stays begins at one.
    fn trim(&mut self, keep: u64) {
        while let Some(first) = self.commits.front() {
            let left = self.entries - first.size();
            let needed = self.watchers.values().any(|it| it.commit <= first.number);
            if left < keep || (needed && left < keep.saturating_mul(10)) {
                break;
            }
            (self.entries, self.trimmed) = (left, first.number);
            self.commits.pop_front();
        }
    }

    fn forget(&mut self, layer: &str) {
        for commit in &mut self.commits {
            if commit.entries.iter().any(|it| *it.layer == *layer) {
                let stays = commit.entries.iter().filter(|it| *it.layer != *layer);
                let entries = stays.cloned().collect();
                *commit = Arc::new(Commit { entries, ..**commit });
            }
        }
        self.commits.retain(|it| !it.entries.is_empty());
        self.entries = self.commits.iter().map(|it| it.size()).sum();
    }

    /// The commits of which something comes after a position.
    pub(super) fn after(&self, position: Position) -> impl Iterator<Item = &Arc<Commit>> {
        let from = self.commits.partition_point(|it| it.number < position.commit);
        self.commits.range(from..)
    }

    /// Whether something after a position has been trimmed.
    pub(super) fn is_trimmed(&self, position: Position) -> bool {
        position.commit <= self.trimmed
    }

    /// Before the oldest entry that there can be.
    pub(super) fn oldest(&self) -> Position {
        Position::after(self.trimmed)
    }

    /// Since when all that happened to a layer with a log is noted and kept.
    pub(super) fn since(&self, layer: &str) -> Option<SystemTime> {
        let begins = |commit: &Arc<Commit>| {
            let mut here = commit.entries.iter().filter(|it| *it.layer == *layer);
            here.any(|it| !matches!(it.noted, Noted::Changed { .. }))
        };
        let first = self.commits.iter().rev().find(|it| begins(it)).or(self.commits.front());
        first.map(|it| it.at)
    }

    pub(super) fn watcher(&self, name: &str) -> Option<Position> {
        self.watchers.get(name).copied()
    }

    pub(super) fn acknowledge(&mut self, name: &str, position: Position) {
        self.watchers.insert(name.to_owned(), position);
    }

    pub(super) fn described(&self, logs: &Logs) -> ChangeLog {
        if logs.numbers.is_empty() {
            return ChangeLog::default();
        }
        let watcher = |(name, position): (&String, &Position)| NamedWatcher {
            name: name.clone(),
            waiting: self.after(*position).map(|it| it.from(*position).count() as u64).sum(),
        };
        ChangeLog {
            layers: logs.numbers.keys().cloned().collect(),
            entries: self.entries,
            oldest: self.commits.iter().find(|it| it.size() > 0).map(|it| it.at),
            keep: logs.keep,
            watchers: self.watchers.iter().map(watcher).collect(),
        }
    }
}

impl Commit {
    /// How many entries it counts for: that a log begins is none.
    fn size(&self) -> u64 {
        self.entries.iter().filter(|it| !matches!(it.noted, Noted::Begins(_))).count() as u64
    }

    /// Its entries after a position.
    pub(super) fn from(&self, position: Position) -> impl Iterator<Item = &Entry> {
        let at = |entry: &Entry| Position { commit: self.number, entry: entry.place };
        self.entries.iter().filter(move |entry| at(entry) >= position)
    }
}
