//! Rows that are asked for before the step that brings them has ended.
use super::{TieRef, Tracker};
use crate::Verdict;
use tiepoint_core::{Fid, ObjectId};

impl Tracker {
    /// The tie of a row that came in the step that is open, made now where there is no doubt: where
    /// it carries an id that nobody has, or none. What follows is told when the step ends.
    ///
    /// A row that carries the id of another may be a copy of it or stand in its place, which only the
    /// whole step tells.
    pub fn meet(&mut self, fid: &Fid, carried: Option<ObjectId>) -> Option<TieRef> {
        let came = self.step.of(fid).is_some_and(|net| net.shows == Some(true));
        let is_free = carried.is_none_or(|id| self.known(&id).is_none());
        if !came || !is_free || self.session.is_none() || self.ties.by_fid(fid).is_some() {
            return None;
        }
        let mut verdict = std::mem::take(&mut self.early);
        match carried {
            Some(id) => self.newcomer(fid, id, &mut verdict),
            None => self.without_id(fid, &mut verdict),
        }
        self.early = verdict;
        self.step.seen(fid.clone(), carried);
        self.ties.by_fid(fid)
    }

    /// What followed from rows that were asked for early.
    pub(super) fn tell_early(&mut self, verdict: &mut Verdict) {
        let early = std::mem::take(&mut self.early);
        verdict.transitions.extend(early.transitions);
        for request in early.requests {
            verdict.ask(request);
        }
    }
}
