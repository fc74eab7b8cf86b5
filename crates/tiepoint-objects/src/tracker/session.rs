//! An edit session: what it has to do with, and how it ends.
use super::{Standing, TieRef, Tracker};
use crate::verdict::{Verdict, What};
use std::collections::HashSet;
use tiepoint_core::Fid;

/// What one edit session has to do with.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Whether its edits go to the store at once.
    pub(super) passthrough: bool,
    /// Every tie that it did something to.
    pub(super) touched: Vec<TieRef>,
    /// Rows whose identity field was written: what the store made of it is read after the commit.
    pub(super) written: HashSet<Fid>,
    /// Whether a commit of it removed rows, upon which others may be renumbered.
    pub(super) removed_rows: bool,
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
            if it.standing == Standing::Live && std::mem::take(&mut it.changed) {
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

    /// The layer went away under the session.
    pub(super) fn drop_session(&mut self) {
        self.take_touched();
        (self.session, self.commit) = (None, None);
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
