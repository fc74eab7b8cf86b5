//! Ids that rows should carry and do not.
use super::{Identity, Rewritten, TieRef, Tracker};
use crate::verdict::{Debt, Owing, Request, Verdict, What, When};
use tiepoint_core::{Fid, ObjectId};

/// What a tie's row carries in place of the tie's id, or carried before that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) carried: Option<ObjectId>,
    pub(super) owing: Owing,
    /// Whether the row says its id now; an undo may take that back.
    pub(super) paid: bool,
    /// Whether it said it before, and somebody undid that.
    pub(super) declined: bool,
}

impl Tracker {
    /// The ids that are to be written, in order of their rows' fids. Empty while rows may not be
    /// written; rows that a filter hides are left out, so an id that was overwritten in one is known
    /// again only where fids are stable.
    #[must_use]
    pub fn debts(&self, when: When) -> Vec<Debt> {
        if !self.may_write() {
            return Vec::new();
        }
        let due = self.owed.iter().filter(|(tie, owed)| self.is_due(**tie, owed, when));
        let debt = |(tie, owed): (&TieRef, &Owed)| {
            let (fid, id) = (self.ties.fid(*tie)?, self.ties.get(*tie).id());
            // Another row may go by the fid of one that died in the open step.
            let is_its = self.step.of(&fid).is_none_or(|net| !net.died);
            is_its.then_some(Debt { fid, carried: owed.carried, id, owing: owed.owing })
        };
        let mut debts: Vec<Debt> = due.filter_map(debt).collect();
        // The longest there first: provisional fids descend.
        debts.sort_unstable_by(|a, b| b.fid.cmp(&a.fid));
        debts
    }

    fn is_due(&self, tie: TieRef, owed: &Owed, when: When) -> bool {
        let restored = self.policy.rewritten == Rewritten::Restore;
        !owed.paid
            && self.ties.get(tie).standing.is_alive()
            && (owed.owing != Owing::Rewritten || restored)
            && (when == When::BeforeCommit || !owed.declined)
    }

    /// Its row carries this now; asks for its id to be written where it should be.
    pub(super) fn carries(
        &mut self,
        tie: TieRef,
        carried: Option<ObjectId>,
        owing: Owing,
        verdict: &mut Verdict,
    ) {
        let id = self.ties.get(tie).id();
        let before = self.owed.get(&tie).copied();
        if carried == Some(id) {
            if let Some(owed) = self.owed.get_mut(&tie)
                && !std::mem::replace(&mut owed.paid, true)
            {
                self.tell(verdict, tie, What::Written);
            }
            if self.session.is_none() {
                self.owed.remove(&tie);
            }
            return;
        }
        let undone = before.filter(|it| it.carried == carried);
        let owed = if let Some(it) = undone {
            Owed { paid: false, declined: it.declined || it.paid, ..it }
        } else {
            // What came without an id of its own and gets a wrong one owes it for the same reason.
            let owing = before.filter(|it| !it.paid).map_or(owing, |it| it.owing);
            Owed { carried, owing, paid: false, declined: false }
        };
        self.owe(tie, owed);
        if owed.owing == Owing::Rewritten
            && before.is_none_or(|it| it.paid || it.carried != carried)
        {
            self.tell(verdict, tie, What::Rewritten { carried });
        }
        if self.may_write() && self.is_due(tie, &owed, When::Later) {
            verdict.ask(Request::Write);
        }
    }

    pub(super) fn owe(&mut self, tie: TieRef, owed: Owed) {
        self.owed.insert(tie, owed);
        if let Some(session) = &mut self.session {
            session.said.insert((tie, owed.carried));
        }
    }

    /// Somebody wrote a row's identity field.
    pub(super) fn note_written(&mut self, fid: &Fid) {
        if let Some(session) = &mut self.session {
            session.written.insert(fid.clone());
        }
    }

    /// Whether an edited identity renames its object rather than being put back.
    pub(super) fn renames(&self) -> bool {
        self.policy.identity == Identity::Derived
    }
}
