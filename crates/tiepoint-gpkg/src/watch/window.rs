//! A stretch of the log, as what was done in it: memory is bounded by the stretch, however far behind
//! the watcher is.
use super::entries::{Entry, Lineages, Note, Reader, rows_of};
use super::position::InLog;
use super::rewind::{Done, Rewind};
use crate::log;
use rusqlite::{Connection, Result};
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_store::{Author, ResetReason};

/// What was done in a stretch of the log.
#[derive(Debug)]
pub(super) struct Window {
    /// What is to be told, in order.
    pub(super) items: Vec<Item>,
    /// Its last entry, all of which is told.
    pub(super) end: InLog,
    /// Whether there are entries after it.
    pub(super) more: bool,
}

#[derive(Debug)]
pub(super) enum Item {
    Done { done: Done, author: Author, settled: bool, position: InLog },
    Reset { number: u32, layer: String, reason: ResetReason, position: InLog },
}

/// Reads on from a position, entries that stand for up to `most` rows; `None` at the end of the log.
pub(super) fn read(
    connection: &Connection,
    lineages: &Lineages,
    from: &InLog,
    most: u64,
    token: &str,
) -> Result<Option<Window>> {
    let reader = Reader::new(connection, lineages)?;
    // what is left of an entry of which only a part was given comes first
    let first = if from.given > 0 { from.seq } else { from.seq.saturating_add(1) };
    let entries = reader.window(first, most)?;
    let Some(last) = entries.last() else { return Ok(None) };
    let end = InLog { seq: last.seq, given: 0, stamp: last.stamp, ..from.clone() };
    let more = log::last(connection)? > end.seq;
    let mut commits = Commits::default();
    let mut rewind = Rewind::new(lineages);
    follow(&mut rewind, &entries);
    let present = rewind.followed();
    for (layer, fids) in &present {
        let Some(lineage) = lineages.get(layer) else { continue };
        lineage.rows(connection, fids, |fid, said| rewind.is_now(*layer, fid, said))?;
    }
    if more {
        let mut later = Vec::new();
        let is_followed: HashMap<u32, Vec<i64>> = present;
        let matters = |layer: u32, fid: i64| {
            is_followed.get(&layer).is_some_and(|fids| fids.binary_search(&fid).is_ok())
        };
        reader.later(end.seq, matters, |entry| {
            commits.take(&entry);
            rewind.undo(entry, &mut later);
            later.clear();
        })?;
    }
    let resets = resets(&entries, from);
    for entry in &entries {
        commits.take(entry);
    }
    let mut done = Vec::new();
    for entry in entries.into_iter().rev() {
        rewind.undo(entry, &mut done);
    }
    done.reverse();
    let groups = Groups { commits: commits.sorted(), end: end.seq, more, token };
    let mut items = assembled(done, resets, from, &groups);
    if let Some(Item::Done { position, .. } | Item::Reset { position, .. }) = items.last_mut() {
        // nothing that follows tells anything
        position.clone_from(&end);
    }
    Ok(Some(Window { items, end, more }))
}

fn follow(rewind: &mut Rewind<'_>, entries: &[Entry]) {
    for entry in entries {
        for fid in rows_of(&entry.note) {
            rewind.follow(entry.layer, fid);
        }
    }
}

/// The resets among entries, with their numbers.
fn resets(entries: &[Entry], from: &InLog) -> Vec<(i64, Item)> {
    let reset = |entry: &Entry| match &entry.note {
        Note::Reset(layer, reason) => {
            let position =
                InLog { log: Arc::clone(&from.log), seq: entry.seq, given: 0, stamp: entry.stamp };
            Some((
                entry.seq,
                Item::Reset {
                    number: entry.layer,
                    layer: layer.clone(),
                    reason: *reason,
                    position,
                },
            ))
        }
        _ => None,
    };
    entries.iter().filter_map(reset).collect()
}

/// Puts all in order, and says of each change whose it is and where to resume after it.
fn assembled(
    done: Vec<Done>,
    resets: Vec<(i64, Item)>,
    from: &InLog,
    groups: &Groups<'_>,
) -> Vec<Item> {
    let mut items = Vec::with_capacity(done.len() + resets.len());
    let mut resets = resets.into_iter().peekable();
    let (mut at, mut nth) = (0, 0);
    let mut done = done.into_iter().peekable();
    while let Some(it) = done.next() {
        while let Some((_, reset)) = resets.next_if(|(seq, _)| *seq < it.seq) {
            items.push(reset);
        }
        nth = if it.seq == at { nth + 1 } else { 1 };
        at = it.seq;
        if at == from.seq && nth <= from.given {
            continue;
        }
        let next = done.peek().map(|it| it.seq);
        let given = if next == Some(at) { nth } else { 0 };
        let position = InLog { log: Arc::clone(&from.log), seq: at, given, stamp: it.stamp };
        let (author, settled) = (groups.author(at), groups.ends_before(at, next));
        items.push(Item::Done { done: it, author, settled, position });
    }
    items.extend(resets.map(|(_, reset)| reset));
    items
}

/// The transactions of ours, as far as they are known.
#[derive(Debug, Default)]
struct Commits(Vec<Commit>);

#[derive(Debug)]
struct Commit {
    first: i64,
    last: i64,
    token: String,
}

impl Commits {
    fn take(&mut self, entry: &Entry) {
        if let Note::Commit(first, token) = &entry.note {
            self.0.push(Commit { first: *first, last: entry.seq, token: token.clone() });
        }
    }

    fn sorted(mut self) -> Vec<Commit> {
        self.0.sort_unstable_by_key(|it| it.last);
        self.0
    }
}

/// Which entries belong together.
struct Groups<'t> {
    /// Transactions of ours, in order; all but what nobody covers is in between.
    commits: Vec<Commit>,
    /// The last entry of the window.
    end: i64,
    /// Whether there are entries after it.
    more: bool,
    /// What the log calls the handle that watches.
    token: &'t str,
}

impl Groups<'_> {
    /// The transaction that an entry is in, or else the next one.
    fn next(&self, seq: i64) -> Option<&Commit> {
        self.commits.get(self.commits.partition_point(|it| it.last < seq))
    }

    fn author(&self, seq: i64) -> Author {
        match self.next(seq) {
            Some(commit) if commit.first <= seq && commit.token == self.token => Author::This,
            Some(commit) if commit.first <= seq => Author::Tiepoint,
            _ => Author::Other,
        }
    }

    /// Whether what an entry belongs to has ended before the next entry that tells something.
    fn ends_before(&self, seq: i64, next: Option<i64>) -> bool {
        let last = match self.next(seq) {
            Some(commit) if commit.first <= seq => commit.last,
            Some(commit) => commit.first.saturating_sub(1),
            None if self.more => i64::MAX,
            None => self.end,
        };
        match next {
            Some(next) => last < next,
            // nothing but the end of a transaction may follow
            None => last <= self.end.saturating_add(1),
        }
    }
}
