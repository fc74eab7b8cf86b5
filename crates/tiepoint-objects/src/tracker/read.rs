//! What a reading of rows makes of ties: those that are seen, and those that are missed.
use super::session::{Session, Word};
use super::{Presence, Standing, TieRef, Tracker};
use crate::verdict::{Verdict, What};
use std::collections::{HashMap, HashSet};
use tiepoint_core::{Fid, FidRule, ObjectId};

impl Tracker {
    /// All rows are about to be read: those that had no tie, and what they carried.
    pub(super) fn begin_again(&mut self, elsewhere: bool) -> HashMap<Fid, Option<ObjectId>> {
        if elsewhere {
            self.detach_all();
        }
        self.presence = Presence::Here;
        if self.session.is_none() {
            self.step = super::Step::default();
        }
        let Self { step, strays, .. } = self;
        let is_known = |fid: &Fid| !step.of(fid).is_some_and(|net| net.is_of_identity());
        strays.extract_if(|fid, _| is_known(fid)).collect()
    }

    /// Whether the row of who has this id is known to be among these.
    pub(super) fn has_row_among(&self, id: Option<ObjectId>, fids: &HashSet<Fid>) -> bool {
        let tie = id.and_then(|id| self.holder(&id)).filter(|tie| self.is_trusted(*tie));
        tie.and_then(|tie| self.ties.fid(tie)).is_some_and(|fid| fids.contains(&fid))
    }

    /// Whether a row that was read was there before this session, as far as is known.
    pub(super) fn is_stored(&self, fid: &Fid) -> bool {
        let came =
            |it: &Session| self.policy.provisional.holds(fid) || it.came_untied.contains(fid);
        !self.session.as_ref().is_some_and(came)
    }

    /// Whoever the open step has to do with is not missed.
    pub(super) fn see_step(&mut self) {
        let rows = self.step.rows().filter(|(_, net)| net.is_of_identity());
        let ties: Vec<TieRef> = rows.filter_map(|(fid, _)| self.ties.by_fid(fid)).collect();
        for tie in ties {
            self.see(tie);
        }
    }

    /// A filter may hide rows that the open step has to do with: they are read again when it ends.
    pub(super) fn doubt_step(&mut self) {
        let is_open = self.filtered && self.step.rows().any(|(_, net)| net.is_of_identity());
        if let Some(session) = self.session.as_mut().filter(|it| is_open && it.word == Word::Good) {
            session.word = Word::Doubtful;
        }
    }

    /// Whether it is for the open step to say who a row is.
    pub(super) fn is_in_question(&self, fid: &Fid) -> bool {
        self.step.of(fid).is_some_and(|net| net.is_of_identity())
    }

    /// Such a row was read.
    pub(super) fn read_in_step(&mut self, fid: Fid, carried: Option<ObjectId>) {
        let shows = self.step.of(&fid).is_some_and(|net| net.shows != Some(false));
        if shows && self.identified {
            self.step.seen(fid, carried);
        }
    }

    fn detach_all(&mut self) {
        let is_here = |tie: &TieRef| self.ties.get(*tie).standing != Standing::Removed;
        let ties: Vec<TieRef> = self.ties.iter().filter(is_here).collect();
        for tie in ties {
            let it = self.ties.get_mut(tie);
            (it.standing, it.changed, it.stored) = (Standing::Detached, false, true);
            self.ties.set_fid(tie, None);
        }
        self.owed.clear();
    }

    pub(super) fn is_seen(&self, tie: TieRef) -> bool {
        self.ties.get(tie).epoch == self.epoch
    }

    pub(super) fn see(&mut self, tie: TieRef) {
        self.ties.get_mut(tie).epoch = self.epoch;
    }

    /// Whether a stored row is called what only rows that are not stored are called: it is known
    /// by its id alone.
    pub(super) fn is_unnameable(&self, fid: &Fid) -> bool {
        self.session.is_none() && self.policy.provisional.holds(fid)
    }

    /// Whether a row that goes by a tie's fid is the tie's row whatever it carries.
    pub(super) fn is_trusted(&self, tie: TieRef) -> bool {
        let it = self.ties.get(tie);
        let has_row = it.is_alive() || matches!(it.standing, Standing::Deleted | Standing::Hidden);
        self.policy.fids == FidRule::Stable && has_row
    }

    /// The store gave an object's row another id than we had thought of.
    pub(super) fn rekey(&mut self, tie: TieRef, id: ObjectId, verdict: &mut Verdict) {
        let from = self.ties.get(tie).id();
        self.ties.set_id(tie, id);
        self.owed.remove(&tie);
        self.aliases.insert(from, tie);
        self.tell(verdict, tie, What::Rekeyed { from });
    }

    /// Whether a tie's new row is not there, since the row that the last commit said it removed is.
    pub(super) fn was_not_committed(&self, tie: TieRef, removed: &Fid) -> bool {
        let is_new = self.fresh.contains(&tie) || self.ties.get(tie).standing == Standing::Deleted;
        is_new && self.buried.contains(removed)
    }

    /// What the store made of rows that were committed is known, but of those behind a filter.
    pub(super) fn forget_fresh(&mut self) {
        self.buried.clear();
        let is_stable = self.policy.fids == FidRule::Stable;
        let Self { fresh, ties, .. } = self;
        fresh.retain(|tie| is_stable && ties.get(*tie).standing == Standing::Hidden);
    }

    /// A tie's row is not there.
    pub(super) fn miss(&mut self, tie: TieRef, verdict: &mut Verdict) {
        let it = self.ties.get_mut(tie);
        match it.standing {
            Standing::Removed | Standing::Vacant | Standing::Detached => {}
            Standing::Hidden if self.filtered => {}
            Standing::Pending | Standing::Live if self.filtered => {
                it.standing = Standing::Hidden;
                it.changed &= self.session.is_some();
                self.tell(verdict, tie, What::Hidden);
            }
            Standing::Deleted if self.session.is_some() => {}
            // A rollback brought it back, where the filter hides it.
            Standing::Deleted if self.filtered && it.stored => {
                it.standing = Standing::Hidden;
                self.tell(verdict, tie, What::Hidden);
            }
            Standing::Pending | Standing::Live if self.session.is_some() => {
                it.standing = Standing::Deleted;
                self.touch(tie);
                self.tell(verdict, tie, What::Deleted);
            }
            _ => self.remove(tie, verdict),
        }
    }
}
