//! An edit session: what it has to do with, and how it ends.
use super::debts::Owed;
use super::{Standing, TieRef, Tracker};
use crate::verdict::{Owing, Verdict, What};
use std::collections::{HashMap, HashSet};
use tiepoint_core::{Fid, FidRule, ObjectId};

/// What a row stood for that was deleted in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// This tie, which went to another row.
    Of(TieRef),
    /// Nothing: it had no tie, and carried this.
    Stray(Option<ObjectId>),
}

/// What one edit session has to do with.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Whether its edits go to the store at once.
    pub(super) passthrough: bool,
    /// Every tie that it did something to.
    pub(super) touched: Vec<TieRef>,
    /// Rows whose identity field was written: what the store made of it is read after the commit.
    pub(super) written: HashSet<Fid>,
    /// What rows stood for before they were deleted, where ties do not say: their objects went to
    /// others that carry their ids, or they had none, or others have their fids. The last one last.
    pub(super) origins: HashMap<Fid, Vec<Origin>>,
    /// What rows of the store were called when a transaction began, of ties that have other rows
    /// since.
    pub(super) homes: HashMap<TieRef, Fid>,
    /// What rows carried at some time that were not their objects' ids, or are not any more.
    pub(super) said: HashSet<(TieRef, Option<ObjectId>)>,
    /// Whether what is told of rows that are back is to be believed.
    pub(super) word: Word,
    /// Whether its host tells steps that are done anew, so that the others are undone or redone.
    pub(super) tells_undos: bool,
    /// Natural keys that rows said as copies, before they had objects of their own.
    pub(super) copied: HashSet<(TieRef, ObjectId)>,
    /// What objects were called before natural keys were edited.
    pub(super) renamed: HashMap<TieRef, ObjectId>,
    /// Rows that a commit removed that failed afterwards. An undo says that they are back.
    pub(super) ghosts: HashSet<Fid>,
    /// Rows that came in a transaction and got no tie.
    pub(super) came_untied: HashSet<Fid>,
    /// Whether a commit of it removed rows, upon which others may be renumbered.
    pub(super) removed_rows: bool,
}

impl Session {
    /// Whether the last row of this name that was deleted had no tie.
    pub(super) fn was_stray(&self, fid: &Fid) -> bool {
        self.origins.get(fid).is_some_and(|it| matches!(it.last(), Some(Origin::Stray(_))))
    }

    /// A row came that has no tie.
    pub(super) fn note_untied(&mut self, fid: &Fid) {
        if self.passthrough && !self.was_stray(fid) {
            self.came_untied.insert(fid.clone());
        }
    }
}

/// Whether what a session tells is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Word {
    /// It is.
    #[default]
    Good,
    /// A row was said to be back by a fid that it may not have any more, or may be hidden since: rows
    /// are read once.
    Doubtful,
    /// Rows came back otherwise than was told: no step is believed any more.
    Broken,
}

impl Tracker {
    pub(super) fn start_session(&mut self, passthrough: bool) {
        if self.session.is_none() {
            self.former.clear();
        }
        self.session.get_or_insert_default().passthrough = passthrough;
    }

    /// Whether edits are pending, or may be.
    #[must_use]
    pub fn is_editing(&self) -> bool {
        self.session.is_some()
    }

    /// Objects that went to rows which never got into the store are those of their former rows
    /// again, and copies that went are copies.
    pub(super) fn restore_origins(&mut self, verdict: &mut Verdict) {
        self.restore_homes();
        let Some(session) = &mut self.session else { return };
        let mut origins: Vec<_> = std::mem::take(&mut session.origins).into_iter().collect();
        origins.retain(|(fid, _)| {
            !self.policy.provisional.holds(fid) && !session.came_untied.contains(fid)
        });
        origins.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (fid, origins) in origins {
            let tie = match origins.last().copied() {
                Some(Origin::Of(tie)) => tie,
                Some(Origin::Stray(carried)) if self.ties.by_fid(&fid).is_none() => {
                    self.strays.insert(fid, carried);
                    continue;
                }
                _ => continue,
            };
            let it = self.ties.get(tie);
            let has_gone = |it: Fid| self.policy.provisional.holds(&it);
            if it.stored && self.ties.fid(tie).is_some_and(has_gone) {
                let was_pending = it.standing == Standing::Pending;
                self.ties.set_fid(tie, Some(fid));
                if was_pending {
                    self.ties.get_mut(tie).standing = Standing::Live;
                    self.tell(verdict, tie, What::Settled);
                }
            }
        }
    }

    /// A tie is about to have another row than it had when a transaction began.
    pub(super) fn remember_home(&mut self, tie: TieRef) {
        let is_stored = self.ties.get(tie).stored && self.policy.fids == FidRule::Stable;
        if let (true, Some(session)) = (is_stored, &mut self.session)
            && session.passthrough
            && let Some(fid) = self.ties.fid(tie)
        {
            session.homes.entry(tie).or_insert(fid);
        }
    }

    /// A transaction is undone, and with it what rows are called.
    fn restore_homes(&mut self) {
        let homes = self.session.as_mut().map(|it| std::mem::take(&mut it.homes));
        let mut homes: Vec<(TieRef, Fid)> = homes.into_iter().flatten().collect();
        homes.sort_unstable();
        for (tie, fid) in homes {
            if self.ties.get(tie).stored {
                self.ties.set_fid(tie, Some(fid));
            }
        }
    }

    /// Whether an undo brings a row back that is called as it was.
    pub(super) fn brings_back_by_fid(&self) -> bool {
        let is_stable = self.policy.fids == FidRule::Stable;
        self.session.as_ref().is_some_and(|it| is_stable || !it.passthrough)
    }

    /// In a transaction a row that is back may be called otherwise, whatever is said, where fids are
    /// not stable.
    pub(super) fn note_doubtful(&mut self, fid: &Fid) {
        let is_loose = self.policy.fids != FidRule::Stable;
        let tie = self.ties.by_fid(fid);
        let was_there = tie.is_some_and(|it| self.ties.get(it).standing == Standing::Deleted);
        if let Some(session) = &mut self.session {
            let in_doubt = session.passthrough && is_loose && was_there;
            if in_doubt && session.word == Word::Good {
                session.word = Word::Doubtful;
            }
        }
    }

    pub(super) fn note_renamed(&mut self, tie: TieRef, from: ObjectId) {
        if let Some(session) = &mut self.session {
            session.renamed.entry(tie).or_insert(from);
            session.said.insert((tie, Some(from)));
        }
    }

    /// A row that had no tie, since it was a copy of who has this key, gets one.
    pub(super) fn note_copied(&mut self, fid: &Fid, key: ObjectId) {
        let tie = self.ties.by_fid(fid).filter(|_| self.renames());
        if let (Some(tie), Some(session)) = (tie, &mut self.session) {
            session.copied.insert((tie, key));
        }
    }

    /// Whether a row said this key as a copy only: an undo that has it say so again makes it no more.
    pub(super) fn is_copied(&self, tie: TieRef, key: ObjectId) -> bool {
        self.session.as_ref().is_some_and(|it| it.copied.contains(&(tie, key)))
    }

    /// Whether an object gave up this key in this session: an undo may give it back, so that no row has
    /// it that was there before.
    pub(super) fn is_given_up(&self, key: &ObjectId) -> bool {
        let had_it = self.aliases.get(key).filter(|_| self.renames());
        let renamed = self.session.as_ref().map(|it| &it.renamed);
        had_it.zip(renamed).is_some_and(|(tie, renamed)| renamed.contains_key(tie))
    }

    /// Natural keys that were edited are what they were, whether that was told or not; rows that were
    /// never stored have none to keep from them.
    pub(super) fn take_back_names(&mut self, verdict: &mut Verdict) {
        let renamed = self.session.as_mut().map(|it| std::mem::take(&mut it.renamed));
        let mut wanted: Vec<(TieRef, Option<ObjectId>)> =
            renamed.into_iter().flatten().map(|(tie, id)| (tie, Some(id))).collect();
        wanted.sort_unstable_by_key(|(tie, _)| *tie);
        let owed: Vec<_> =
            wanted.iter().filter_map(|(tie, _)| Some((*tie, *self.owed.get(tie)?))).collect();
        self.rename(&wanted, verdict);
        self.owed.extend(owed);
        self.take_back_copies();
    }

    /// Rows that a transaction made more than copies say again what they said as such; nobody tells.
    fn take_back_copies(&mut self) {
        let Some(session) = self.session.as_mut().filter(|it| it.passthrough) else { return };
        let mut copied: Vec<_> = std::mem::take(&mut session.copied).into_iter().collect();
        copied.sort_unstable();
        for (tie, key) in copied {
            if self.ties.get(tie).stored {
                let (carried, owing) = (Some(key), Owing::Rewritten);
                self.owed.insert(tie, Owed { carried, owing, paid: false, declined: false });
            }
        }
    }

    pub(super) fn is_ghost(&self, fid: &Fid) -> bool {
        self.session.as_ref().is_some_and(|it| it.ghosts.contains(fid))
    }

    pub(super) fn touch(&mut self, tie: TieRef) {
        if let Some(session) = &mut self.session
            && !std::mem::replace(&mut self.ties.get_mut(tie).touched, true)
        {
            session.touched.push(tie);
        }
    }

    /// The ties that the session touched, each once, which are then touched no more.
    pub(super) fn take_touched(&mut self) -> Vec<TieRef> {
        let touched = self.session.as_mut().map(|it| std::mem::take(&mut it.touched));
        let touched = touched.unwrap_or_default();
        for tie in &touched {
            self.ties.get_mut(*tie).touched = false;
        }
        touched
    }

    /// Nothing is pending any more, by undo; what was undone may be redone.
    pub(super) fn settle_session(&mut self, verdict: &mut Verdict) {
        let touched = self.session.as_ref().map(|it| it.touched.clone()).unwrap_or_default();
        for tie in touched {
            let it = self.ties.get_mut(tie);
            let has_row = matches!(it.standing, Standing::Live | Standing::Hidden);
            if has_row && std::mem::take(&mut it.changed) {
                self.tell(verdict, tie, What::Settled);
            }
        }
    }

    /// The session is over, or its undo history is: what it remembers of rows means nothing any
    /// more.
    pub(super) fn close_session(&mut self, editing: bool) {
        self.take_touched();
        let old = self.session.take();
        self.owed.retain(|_, owed| !owed.paid);
        for owed in self.owed.values_mut() {
            owed.declined = false;
        }
        if let (Some(old), true) = (old, editing) {
            let Session { passthrough, removed_rows, .. } = old;
            self.session = Some(Session { passthrough, removed_rows, ..Session::default() });
        }
    }

    /// The layer went away under the session, and with it all that was pending: rows that were
    /// deleted are still in the store, and what was never there is not.
    pub(super) fn drop_session(&mut self, verdict: &mut Verdict) {
        self.restore_origins(verdict);
        for tie in self.take_touched() {
            let it = self.ties.get_mut(tie);
            let was_changed = std::mem::take(&mut it.changed);
            match it.standing {
                Standing::Pending | Standing::Deleted | Standing::Hidden if !it.stored => {
                    self.remove(tie, verdict);
                }
                Standing::Pending | Standing::Deleted => {
                    it.standing = Standing::Live;
                    self.tell(verdict, tie, What::Settled);
                }
                Standing::Live | Standing::Hidden if was_changed => {
                    self.tell(verdict, tie, What::Settled);
                }
                _ => {}
            }
        }
        self.take_back_names(verdict);
        self.close_session(false);
        self.commit = None;
        self.step = super::Step::default();
    }

    /// The row that is gone the longest, where more are remembered than this.
    pub(crate) fn longest_removed(&mut self, limit: usize) -> Option<TieRef> {
        while self.removed.len() > limit {
            let tie = self.removed.pop_front()?;
            if self.ties.get(tie).standing == Standing::Removed {
                return Some(tie);
            }
        }
        None
    }

    /// It is to be remembered as if it had gone just now.
    pub(crate) fn remember(&mut self, tie: TieRef) {
        self.removed.push_back(tie);
    }

    /// Forgets a row that is gone.
    pub(crate) fn forget(&mut self, tie: TieRef) {
        self.aliases.retain(|_, it| *it != tie);
        self.former.retain(|_, it| *it != tie);
        self.ties.forget(tie);
    }
}
