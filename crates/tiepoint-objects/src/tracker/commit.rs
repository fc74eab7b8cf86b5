//! Commits and rollbacks: what was pending is in the store under other names, or is no more.
use super::{Standing, TieRef, Tracker};
use crate::Scope;
use crate::verdict::{Request, Verdict, What, When};
use tiepoint_core::{Fid, FidRule};

/// What was told of a commit so far.
#[derive(Debug, Default)]
pub(super) struct Commit {
    told: bool,
    removed: Vec<Fid>,
    added: Vec<Fid>,
    /// What rows were called, in order of being called otherwise.
    gone: Vec<Fid>,
    came: Vec<Fid>,
}

impl Commit {
    /// Whether rows were written: what goes and comes from then on is called otherwise only.
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    pub(super) fn added(&mut self, fid: Fid) {
        self.came.push(fid);
    }

    pub(super) fn deleted(&mut self, fid: Fid) {
        self.gone.push(fid);
    }
}

impl Tracker {
    /// The last chance for ids that are owed, among them those of copies that were there before.
    pub(super) fn start_commit(&mut self, verdict: &mut Verdict) {
        self.commit = Some(Commit::default());
        self.judge(verdict);
        if self.may_write() && self.policy.forks() {
            let copies = self.strays.iter().filter_map(|(fid, of)| Some((fid.clone(), (*of)?)));
            let mut copies: Vec<_> = copies.collect();
            copies.sort_unstable();
            for (fid, of) in copies {
                self.duplicate(&fid, of, verdict);
            }
        }
        if !self.debts(When::BeforeCommit).is_empty() {
            verdict.ask(Request::Write);
        }
    }

    pub(super) fn committed_removed(&mut self, fids: Vec<Fid>) {
        let commit = self.commit.get_or_insert_default();
        commit.told = true;
        commit.removed.extend(fids);
    }

    pub(super) fn committed_added(&mut self, fids: Vec<Fid>) {
        let commit = self.commit.get_or_insert_default();
        commit.told = true;
        commit.added.extend(fids);
    }

    pub(super) fn renumbered(&mut self, from: Fid, to: Fid, verdict: &mut Verdict) {
        if let Some(commit) = &mut self.commit {
            commit.told = true;
            commit.gone.push(from);
            commit.came.push(to);
        } else if let Some(tie) = self.ties.by_fid(&from) {
            self.ties.set_fid(tie, Some(to));
            self.tell(verdict, tie, What::Moved);
        }
    }

    pub(super) fn end_commit(&mut self, success: bool, editing: bool, verdict: &mut Verdict) {
        let commit = self.commit.take().unwrap_or_default();
        self.judge(verdict);
        self.bury_removed(&commit.removed, verdict);
        let mut look = self.rename_rows(&commit, verdict);
        let mut all = !success && self.policy.fids != FidRule::Stable;
        look.extend(commit.removed.iter().cloned());
        self.buried = commit.removed.iter().cloned().collect();
        if success {
            all = self.settle_committed(&mut look, verdict);
            self.close_session(editing);
        } else if let Some(session) = &mut self.session {
            session.ghosts.extend(commit.removed);
        }
        self.ask_to_read(look, all, verdict);
    }

    /// Behind a filter all rows are read: some hosts find rows by their fids that it hides.
    pub(super) fn ask_to_read(&self, mut look: Vec<Fid>, all: bool, verdict: &mut Verdict) {
        if all || self.filtered && !look.is_empty() {
            verdict.ask(Request::Read(Scope::All));
        } else if !look.is_empty() {
            look.sort_unstable();
            look.dedup();
            verdict.ask(Request::Read(Scope::Fids(look)));
        }
    }

    fn bury_removed(&mut self, removed: &[Fid], verdict: &mut Verdict) {
        for fid in removed {
            if let Some(tie) = self.ties.by_fid(fid) {
                self.remove(tie, verdict);
            }
            let origin = self.origins(fid).next();
            if let Some(tie) = origin {
                self.ties.get_mut(tie).stored = false;
            }
            self.strays.remove(fid);
            if let Some(session) = &mut self.session {
                session.removed_rows = true;
            }
        }
    }

    /// Gives the ties of added rows the fids that these have now; all that must be read again.
    fn rename_rows(&mut self, commit: &Commit, verdict: &mut Verdict) -> Vec<Fid> {
        let mut look: Vec<Fid> = commit.added.clone();
        for (from, to) in commit.gone.iter().zip(&commit.came) {
            if self.is_taken(to, commit) {
                continue;
            }
            look.push(to.clone());
            if let Some(tie) = self.ties.by_fid(from) {
                self.ties.set_fid(tie, Some(to.clone()));
                self.former.insert(from.clone(), tie);
                self.tell(verdict, tie, What::Moved);
            } else if let Some(carried) = self.strays.remove(from) {
                self.strays.insert(to.clone(), carried);
            }
        }
        look.retain(|fid| !self.policy.provisional.holds(fid));
        look
    }

    /// Whether a row of the store has this stable fid: then no row that was added is called so, nor
    /// was anything committed.
    fn is_taken(&self, fid: &Fid, commit: &Commit) -> bool {
        let holder = self.ties.by_fid(fid).filter(|tie| self.ties.get(*tie).stored);
        self.policy.fids == FidRule::Stable && holder.is_some() && !commit.gone.contains(fid)
    }

    /// Nothing is pending any more. True where all rows must be read, since fids are not what they
    /// were; else what must be read is added to the list.
    fn settle_committed(&mut self, look: &mut Vec<Fid>, verdict: &mut Verdict) -> bool {
        let touched = self.take_touched();
        let mut all = self.policy.fids == FidRule::Ephemeral && !touched.is_empty();
        for tie in touched {
            let it = self.ties.get_mut(tie);
            match it.standing {
                Standing::Deleted => {
                    if it.stored {
                        look.extend(self.ties.fid(tie));
                    }
                    self.remove(tie, verdict);
                }
                Standing::Pending => {
                    let fid = self.ties.fid(tie);
                    let fid = fid.filter(|fid| !self.policy.provisional.holds(fid));
                    all |= fid.is_none();
                    look.extend(fid);
                    self.fresh.insert(tie);
                    self.settle(tie, verdict);
                }
                Standing::Live if it.changed => self.settle(tie, verdict),
                Standing::Hidden if it.changed || !it.stored => {
                    self.settle(tie, verdict);
                    self.ties.get_mut(tie).standing = Standing::Hidden;
                }
                _ => {}
            }
        }
        if let Some(session) = &mut self.session {
            let written = std::mem::take(&mut session.written);
            all |= session.removed_rows && self.policy.fids == FidRule::Renumbering;
            let now = written.into_iter().filter_map(|fid| match self.former.get(&fid) {
                Some(tie) => self.ties.fid(*tie),
                None => Some(fid),
            });
            look.extend(now);
        }
        look.retain(|fid| !self.policy.provisional.holds(fid));
        all
    }

    fn settle(&mut self, tie: TieRef, verdict: &mut Verdict) {
        let it = self.ties.get_mut(tie);
        (it.standing, it.stored, it.changed) = (Standing::Live, true, false);
        self.tell(verdict, tie, What::Settled);
    }

    pub(super) fn roll_back(&mut self, editing: bool, verdict: &mut Verdict) {
        self.commit = None;
        let mut all = !self.judge(verdict);
        self.step = super::Step::default();
        let passthrough = self.session.as_ref().is_some_and(|it| it.passthrough);
        all |= passthrough;
        // Some stores move rows up when editing ends, for what was committed before.
        all |= !editing && self.policy.fids == FidRule::Renumbering;
        let mut look = Vec::new();
        if let Some(session) = &mut self.session {
            look.extend(session.written.drain());
            look.extend(session.origins.keys().cloned());
            look.retain(|it| !self.policy.provisional.holds(it));
        }
        for tie in self.take_touched() {
            all |= self.is_astray(tie);
            if self.unpend(tie, editing, verdict) {
                look.extend(self.ties.fid(tie));
            }
        }
        self.take_back_names(verdict);
        if !editing {
            self.restore_origins(verdict);
            self.close_session(false);
        }
        if all {
            verdict.requests.clear();
        }
        self.ask_to_read(look, all, verdict);
    }

    /// Whether it is not known where a tie's stored row is: it came from elsewhere in this session,
    /// and nobody told that it went back, or others have its fid.
    fn is_astray(&self, tie: TieRef) -> bool {
        let it = self.ties.get(tie);
        let is_deleted = it.standing == Standing::Deleted;
        let fid = self.ties.fid(tie);
        it.stored && fid.map_or(is_deleted, |fid| self.policy.provisional.holds(&fid))
    }

    /// A tie after a rollback; true where its row must be looked at. Where editing goes on, what is
    /// gone may be redone.
    fn unpend(&mut self, tie: TieRef, editing: bool, verdict: &mut Verdict) -> bool {
        let it = self.ties.get_mut(tie);
        let was_changed = std::mem::take(&mut it.changed);
        match it.standing {
            Standing::Pending | Standing::Deleted | Standing::Hidden if !it.stored => {
                if editing {
                    it.standing = Standing::Deleted;
                    self.touch(tie);
                } else {
                    self.remove(tie, verdict);
                }
                false
            }
            Standing::Deleted => {
                self.touch(tie);
                true
            }
            Standing::Live | Standing::Hidden => {
                if was_changed {
                    self.tell(verdict, tie, What::Settled);
                }
                self.owed.get(&tie).is_some_and(|owed| !owed.paid)
            }
            _ => false,
        }
    }
}
