//! Rows that come back: whose they were before they were deleted in this session.
use super::judge::Limbo;
use super::session::{Origin, Session};
use super::step::{Net, Says};
use super::{Standing, TieRef, Tracker};
use crate::verdict::{Verdict, What};
use tiepoint_core::{Fid, FidRule};

impl Tracker {
    /// Whether a row that came is remembered from before in this session, and surely shows: what a
    /// filter hides is said to come as well. In a transaction the
    /// store may give the fid of a deleted row to another; and while a row is deleted, another may
    /// take its natural key.
    pub(super) fn is_recalled(&self, fid: &Fid, net: Net) -> bool {
        if self.renames() || self.filtered || self.session.as_ref().is_some_and(|it| it.passthrough)
        {
            return false;
        }
        let Some(tie) = self.ties.by_fid(fid) else { return false };
        match self.ties.get(tie).standing {
            Standing::Deleted => true,
            standing => standing.is_alive() && net.died,
        }
    }

    /// Whether a row that goes by a tie's fid, and carries this, is the tie's row. While edits wait
    /// for a commit it is, whatever it carries: no fid is given twice.
    pub(super) fn is_same_row(&self, tie: TieRef, carried: Option<Says>) -> bool {
        let waits = self.session.as_ref().is_some_and(|it| !it.passthrough);
        let Some(Says(carried)) = carried.filter(|_| !waits) else {
            return true;
        };
        let has_said = |it: &Session| it.said.contains(&(tie, carried));
        carried == Some(self.ties.get(tie).id())
            || self.owed.get(&tie).is_some_and(|it| it.carried == carried)
            || self.session.as_ref().is_some_and(has_said)
    }

    /// The tie that a row had when it was deleted in this session.
    pub(super) fn recalled(&self, fid: &Fid, net: Net, limbo: &Limbo) -> Option<TieRef> {
        if self.is_anew(net) {
            return None;
        }
        let carried = net.first_said();
        let is_it = |tie: &TieRef| {
            self.ties.get(*tie).standing == Standing::Deleted
                && self.is_same_row(*tie, carried)
                && !self.stands_for_another(*tie, carried, limbo)
        };
        self.ties.by_fid(fid).into_iter().chain(self.origins(fid)).find(is_it)
    }

    /// Whether a row is known not to have been there before, though a transaction may give it the fid of
    /// one that was.
    fn is_anew(&self, net: Net) -> bool {
        net.anew && self.session.as_ref().is_some_and(|it| it.passthrough)
    }

    /// Whether a row that goes by a tie's fid is another, to which a transaction gave the fid: it
    /// carries an id whose own row, there since before the transaction, went in this very step.
    fn stands_for_another(&self, tie: TieRef, carried: Option<Says>, limbo: &Limbo) -> bool {
        let (Some(session), FidRule::Stable) = (&self.session, self.policy.fids) else {
            return false;
        };
        let holder = carried.and_then(|Says(id)| self.holder(&id?));
        let was_at_home = |it: &TieRef| {
            limbo.contains(it) && self.ties.get(*it).stored && !session.homes.contains_key(it)
        };
        session.passthrough && holder.is_some_and(|it| it != tie && was_at_home(&it))
    }

    /// Whether an object may go to another row: its own does not show, and is not just hidden. In a
    /// session it goes to rows that come, not to those that were there beside its own.
    pub(super) fn is_free(&self, tie: TieRef, came: bool) -> bool {
        match self.ties.get(tie).standing {
            Standing::Pending | Standing::Live | Standing::Hidden => false,
            _ => came || self.session.is_none(),
        }
    }

    pub(super) fn revive(
        &mut self,
        tie: TieRef,
        fid: &Fid,
        limbo: &mut Limbo,
        verdict: &mut Verdict,
    ) {
        let was_in_limbo = limbo.remove(&tie);
        let from = self.ties.fid(tie).filter(|it| it != fid);
        let moved = !self.ties.is_called(tie, fid);
        if let Some(from) = from {
            self.remember_origin(&from, Origin::Of(tie));
        }
        if self.ties.get(tie).standing == Standing::Detached {
            self.ties.get_mut(tie).stored = false;
        }
        self.place(tie, fid.clone());
        match (was_in_limbo, moved) {
            (true, false) => {}
            (true, true) => self.tell(verdict, tie, What::Moved),
            (false, _) => self.tell(verdict, tie, What::Returned),
        }
    }

    /// Stored rows that an undo brought back where the filter hides them. One that waits for a commit
    /// is behind no filter: it is gone again.
    pub(super) fn hide_absent(
        &mut self,
        rows: &[(Fid, Net)],
        limbo: &mut Limbo,
        verdict: &mut Verdict,
    ) {
        if !self.filtered {
            return;
        }
        let is_hidden =
            |(fid, net): &&(Fid, Net)| net.absent && !self.policy.provisional.holds(fid);
        let hidden: Vec<&(Fid, Net)> = rows.iter().filter(is_hidden).collect();
        for (fid, net) in hidden {
            if let Some(tie) = self.recalled(fid, *net, limbo) {
                limbo.remove(&tie);
                self.place(tie, fid.clone());
                self.ties.get_mut(tie).standing = Standing::Hidden;
                self.tell(verdict, tie, What::Hidden);
            }
        }
    }

    /// The ties of rows of this name that were deleted in this session, the last one first.
    pub(super) fn origins(&self, fid: &Fid) -> impl Iterator<Item = TieRef> {
        let origins = self.session.as_ref().and_then(|it| it.origins.get(fid));
        origins.into_iter().flatten().rev().filter_map(|it| match it {
            Origin::Of(tie) => Some(*tie),
            Origin::Stray(_) => None,
        })
    }

    /// Whether a row was deleted in this session, and had no tie. In a transaction another may be
    /// called as it was: it is known by the id that it carries.
    pub(super) fn was_stray(&self, fid: &Fid, net: Net) -> bool {
        let Some(session) = &self.session else { return false };
        match session.origins.get(fid).and_then(|it| it.last()) {
            Some(Origin::Stray(id)) if session.passthrough => {
                id.is_some() && net.first_said() == Some(Says(*id)) && !self.is_anew(net)
            }
            last => matches!(last, Some(Origin::Stray(_))),
        }
    }

    pub(super) fn remember_origin(&mut self, fid: &Fid, origin: Origin) {
        if let Some(session) = &mut self.session {
            let origins = session.origins.entry(fid.clone()).or_default();
            origins.retain(|it| *it != origin);
            origins.push(origin);
        }
    }
}
