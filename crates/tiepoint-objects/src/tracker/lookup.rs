//! Finding ties, and saying why there is none.
use super::{Presence, Standing, Tie, TieRef, Tracker};
use crate::{NotTied, Reason};
use tiepoint_core::{Fid, FidRule, ObjectId};

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Its row is new and waits for a commit.
    Pending,
    /// Its row is in the store.
    Live,
    /// Its row died in the step that is open; its id may come again before the step ends.
    Limbo,
    /// Its row is deleted; an undo brings it back.
    Deleted,
    /// Its row is gone from the store.
    Removed,
    /// The layer's filter hides its row.
    Hidden,
    /// Its layer is gone or shows another source.
    Detached,
}

impl Tracker {
    /// The tie of this object, by any id that it has or had, if its row shows.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why.
    pub fn by_id(&self, id: &ObjectId) -> Result<TieRef, NotTied> {
        let tie = self.known(id).ok_or_else(|| NotTied::id(id, Reason::Unknown))?;
        self.showing(tie).map_err(|reason| NotTied::id(id, reason))
    }

    /// The tie of this object, whatever became of its row.
    #[must_use]
    pub fn known(&self, id: &ObjectId) -> Option<TieRef> {
        self.ties.by_id(id).or_else(|| self.aliases.get(id).copied())
    }

    /// The tie that rows with this id stand for. A natural key that was given up is free.
    pub(super) fn holder(&self, id: &ObjectId) -> Option<TieRef> {
        if self.renames() { self.ties.by_id(id) } else { self.known(id) }
    }

    /// The tie of the row of this name. Where fids are not [stable](FidRule::Stable), it may be
    /// another row by now: ask by [`Tracker::by_feature`].
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why.
    pub fn by_fid(&self, fid: &Fid) -> Result<TieRef, NotTied> {
        let tie = self.ties.by_fid(fid).ok_or_else(|| self.stray_reason(fid));
        tie.and_then(|tie| self.showing(tie)).map_err(|reason| NotTied::fid(fid, reason))
    }

    /// The tie of a feature, by what it is called and what its identity field says. Both must
    /// agree: a feature of another layer is not taken for one of this.
    ///
    /// A feature that was read before its row was committed, or before its id was written, is
    /// still found in the same session; one that was never stored (`fid` is `None`) by its id.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why.
    pub fn by_feature(
        &self,
        fid: Option<&Fid>,
        carried: Option<&ObjectId>,
    ) -> Result<TieRef, NotTied> {
        let not_tied = |reason| match (fid, carried) {
            (Some(fid), None) if self.by_fid(fid).is_ok() => {
                NotTied { what: format!("feature {fid} as it was read, without its id"), reason }
            }
            (Some(fid), _) => NotTied::fid(fid, reason),
            (None, Some(id)) => NotTied::id(id, reason),
            (None, None) => NotTied { what: "a feature without ids".to_owned(), reason },
        };
        if let Some(fid) = fid {
            if let Some(tie) = self.ties.by_fid(fid)
                && self.may_carry(tie, carried)
            {
                return self.showing(tie).map_err(not_tied);
            }
            if let Some(tie) = self.former.get(fid) {
                return self.showing(*tie).map_err(not_tied);
            }
            if self.strays.contains_key(fid) {
                return Err(not_tied(self.stray_reason(fid)));
            }
        }
        let tie = carried.and_then(|id| self.known(id));
        let tie = tie.ok_or_else(|| not_tied(Reason::Unknown))?;
        if self.ties.get(tie).standing.is_alive() && !self.may_be_called(tie, fid) {
            return Err(not_tied(Reason::Unknown));
        }
        self.showing(tie).map_err(not_tied)
    }

    /// Whether a feature of this row may say this: what it says now, what it says when all is
    /// written, what it said before.
    fn may_carry(&self, tie: TieRef, carried: Option<&ObjectId>) -> bool {
        if !self.identified {
            return true;
        }
        carried == Some(&self.ties.get(tie).id())
            || self.owed.get(&tie).is_some_and(|owed| owed.carried.as_ref() == carried)
            || carried.is_some_and(|id| self.aliases.get(id) == Some(&tie))
    }

    /// Whether a row that is found by its id may go by this name, though it is not its present one.
    fn may_be_called(&self, tie: TieRef, fid: Option<&Fid>) -> bool {
        let Some(fid) = fid else { return true };
        let is_loose = self.policy.fids != FidRule::Stable && !self.policy.provisional.holds(fid);
        is_loose || !self.ties.get(tie).has_fid()
    }

    #[cold]
    fn stray_reason(&self, fid: &Fid) -> Reason {
        match self.strays.get(fid) {
            Some(Some(of)) => Reason::Duplicate { of: *of },
            _ => Reason::Unknown,
        }
    }

    fn showing(&self, tie: TieRef) -> Result<TieRef, Reason> {
        match self.state(tie) {
            State::Pending | State::Live | State::Limbo => Ok(tie),
            State::Deleted => Err(Reason::Deleted),
            State::Removed => Err(Reason::Removed),
            State::Hidden => Err(Reason::Hidden),
            State::Detached => Err(Reason::Detached),
        }
    }

    /// Where a tie stands.
    #[must_use]
    pub fn state(&self, tie: TieRef) -> State {
        let Tie { standing, .. } = self.ties.get(tie);
        match standing {
            Standing::Removed | Standing::Vacant => State::Removed,
            _ if self.presence != Presence::Here => State::Detached,
            Standing::Pending | Standing::Live if self.is_in_limbo(tie) => State::Limbo,
            Standing::Pending => State::Pending,
            Standing::Live => State::Live,
            Standing::Deleted => State::Deleted,
            Standing::Hidden => State::Hidden,
            Standing::Detached => State::Detached,
        }
    }

    /// Whether something was told that is judged when its step ends.
    pub(crate) fn is_in_step(&self) -> bool {
        !self.step.is_empty()
    }

    #[inline]
    fn is_in_limbo(&self, tie: TieRef) -> bool {
        if self.step.is_empty() {
            return false;
        }
        let net = self.ties.fid(tie).and_then(|fid| self.step.of(&fid));
        net.is_some_and(|net| net.shows == Some(false))
    }

    /// Whether there is a tie of this number.
    #[must_use]
    pub fn has(&self, tie: TieRef) -> bool {
        self.ties.has(tie)
    }

    /// The object's id.
    #[must_use]
    pub fn id(&self, tie: TieRef) -> ObjectId {
        self.ties.get(tie).id()
    }

    /// What its row is called, while it shows and that is known.
    #[must_use]
    pub fn fid(&self, tie: TieRef) -> Option<Fid> {
        let shows = matches!(self.state(tie), State::Pending | State::Live);
        self.ties.fid(tie).filter(|_| shows)
    }

    /// Whether its row says something that is not committed.
    #[must_use]
    pub fn is_changed(&self, tie: TieRef) -> bool {
        self.ties.get(tie).changed
    }

    /// Whether something would be lost if its object went: it is new, changed, or deleted and may
    /// yet return.
    #[must_use]
    pub fn is_at_risk(&self, tie: TieRef) -> bool {
        let it = self.ties.get(tie);
        let is_new = it.standing == Standing::Hidden && !it.stored;
        it.changed || is_new || matches!(it.standing, Standing::Pending | Standing::Deleted)
    }

    /// Every tie whose row shows, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = TieRef> + '_ {
        self.ties.iter().filter(|tie| self.showing(*tie).is_ok())
    }

    /// How many ties there are, whatever became of them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ties.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that have no tie, with the id of another that they carry, if any.
    pub fn strays(&self) -> impl Iterator<Item = (&Fid, Option<ObjectId>)> {
        self.strays.iter().map(|(fid, carried)| (fid, *carried))
    }
}
