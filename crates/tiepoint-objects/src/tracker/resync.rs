//! Telling a tracker what rows there really are: always allowed, always right.
use super::{Presence, Standing, TieRef, Tracker};
use crate::Scope;
use crate::verdict::{Owing, Request, Verdict, What};
use std::collections::{HashMap, HashSet};
use tiepoint_core::{Fid, FidRule, ObjectId};

/// A reading of a layer's rows: tell each by [`Resync::row`], then [`Resync::finish`].
///
/// Dropped before that, it has told nothing of rows that are not there. Of rows that came
/// or were written in the open step it tells what they say now; who they are is judged when that ends. Costs some 0.2 µs a row
/// where all is as it was.
#[must_use = "what is missing is judged by `finish`"]
pub struct Resync<'a> {
    tracker: &'a mut Tracker,
    reading: Reading,
}

/// The same, without the tracker that it is told to.
pub(crate) struct Reading {
    /// The rows that were asked for; `None` means all.
    asked: Option<HashSet<Fid>>,
    /// Rows that are not as they were, to be judged when all have been told.
    rest: Vec<(Fid, Option<ObjectId>)>,
    /// Rows that had no tie before, since they were copies, with the ids that they carried.
    copies: HashMap<Fid, Option<ObjectId>>,
    /// Which rows they are, where a filter hides others.
    told: HashSet<Fid>,
    /// Ties that were not there before.
    new: HashSet<TieRef>,
    /// Whether other rows are behind the layer than at the last reading.
    elsewhere: bool,
    verdict: Verdict,
}

impl Tracker {
    /// Begins to tell what rows there are, of all or of some.
    pub fn resync(&mut self, scope: &Scope) -> Resync<'_> {
        let reading = Reading::begin(self, scope);
        Resync { tracker: self, reading }
    }

    /// Makes room for this many more ties.
    pub fn reserve(&mut self, more: usize) {
        self.ties.reserve(more);
    }
}

impl Resync<'_> {
    /// A row that shows, and what its identity field says.
    pub fn row(&mut self, fid: Fid, carried: Option<ObjectId>) {
        self.reading.row(self.tracker, fid, carried);
    }

    /// All rows have been told: judges those that are not as they were, and those that are missing.
    ///
    /// Of rows that carry one id the one that had it keeps it, else the one that came first: the
    /// one with the lowest fid. Where a store renumbered rows and wrote one twice, that is whichever
    /// is called as the row was: they say the same.
    pub fn finish(self) -> Verdict {
        self.reading.finish(self.tracker)
    }
}

impl Reading {
    pub(crate) fn begin(tracker: &mut Tracker, scope: &Scope) -> Self {
        tracker.epoch = tracker.epoch.wrapping_add(1);
        let asked = match scope {
            Scope::All => None,
            Scope::Fids(fids) => Some(fids.iter().cloned().collect()),
        };
        let elsewhere = asked.is_none() && tracker.presence == Presence::Elsewhere;
        let copies = match asked {
            None => tracker.begin_again(elsewhere),
            Some(_) => HashMap::new(),
        };
        tracker.see_step();
        let (rest, told, new) = (Vec::new(), HashSet::new(), HashSet::new());
        Self { asked, rest, copies, told, new, elsewhere, verdict: Verdict::default() }
    }

    pub(crate) fn row(&mut self, tracker: &mut Tracker, fid: Fid, carried: Option<ObjectId>) {
        if tracker.is_unnameable(&fid) {
            return self.unnamed(tracker, fid, carried);
        }
        if tracker.is_in_question(&fid) {
            return tracker.read_in_step(fid, carried);
        }
        if let Some(tie) = tracker.ties.by_fid(&fid) {
            let says_its_id = carried == Some(tracker.ties.get(tie).id());
            let is_as_it_was = says_its_id || tracker.carried(tie) == carried;
            if !tracker.is_seen(tie)
                && (!tracker.identified || is_as_it_was)
                && tracker.ties.get(tie).standing != Standing::Detached
            {
                self.confirm(tracker, tie, fid);
                if says_its_id && tracker.owed.contains_key(&tie) {
                    tracker.carries(tie, carried, Owing::Rewritten, &mut self.verdict);
                }
                return;
            }
        } else if let Some(id) = carried
            && tracker.holder(&id).is_none()
            && !tracker.is_given_up(&id)
        {
            return self.newcomer(tracker, &fid, id);
        }
        self.rest.push((fid, carried));
    }

    /// It is where it was.
    fn confirm(&mut self, tracker: &mut Tracker, tie: TieRef, fid: Fid) {
        tracker.see(tie);
        let standing = tracker.ties.get(tie).standing;
        if standing != Standing::Live {
            tracker.place(tie, fid);
            if !standing.is_alive() {
                tracker.tell(&mut self.verdict, tie, What::Returned);
            }
        }
    }

    fn newcomer(&mut self, tracker: &mut Tracker, fid: &Fid, id: ObjectId) {
        let stored = tracker.is_stored(fid);
        let tie = tracker.begin_tie(id, fid, stored);
        tracker.see(tie);
        if tracker.attached {
            self.new.insert(tie);
            tracker.tell(&mut self.verdict, tie, What::Added);
        }
    }

    fn unnamed(&mut self, tracker: &mut Tracker, fid: Fid, carried: Option<ObjectId>) {
        let Some(id) = carried else { return };
        match tracker.holder(&id) {
            None => {
                let tie = tracker.ties.add(id, Standing::Live);
                tracker.see(tie);
            }
            Some(tie) if !tracker.is_seen(tie) => {
                tracker.see(tie);
                tracker.ties.set_fid(tie, None);
                let was =
                    std::mem::replace(&mut tracker.ties.get_mut(tie).standing, Standing::Live);
                if !was.is_alive() {
                    tracker.tell(&mut self.verdict, tie, What::Returned);
                }
            }
            Some(_) => self.verdict.duplicates.push((fid, id)),
        }
    }

    pub(crate) fn finish(mut self, tracker: &mut Tracker) -> Verdict {
        let mut rest = std::mem::take(&mut self.rest);
        rest.sort_by(|(one, _), (other, _)| tracker.policy.provisional.order(one, other));
        if tracker.filtered {
            self.told = rest.iter().map(|(fid, _)| fid.clone()).collect();
        }
        let was_copy =
            |(fid, carried): &(Fid, Option<ObjectId>)| self.copies.get(fid) == Some(carried);
        let (copies, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(was_copy);
        let mut unplaced = Vec::new();
        for (fid, carried) in self.renamed(tracker, rest) {
            if !self.by_id(tracker, &fid, carried) {
                unplaced.push((fid, carried));
            }
        }
        // A copy stays one while the row whose copy it is is there, whatever that says.
        let there: HashSet<Fid> = unplaced.iter().map(|(fid, _)| fid.clone()).collect();
        for (fid, of) in copies {
            if tracker.has_row_among(of, &there) || !self.by_id(tracker, &fid, of) {
                unplaced.push((fid, of));
            }
        }
        for (fid, carried) in unplaced {
            self.by_fid(tracker, fid, carried);
        }
        self.missing(tracker);
        tracker.attached |= self.asked.is_none();
        tracker.doubt_step();
        self.verdict
    }

    /// Where a commit is read back, or what a rollback left of it, a row that goes by its stable fid
    /// is who it was, by whatever natural key; the others are returned.
    fn renamed(
        &mut self,
        tracker: &mut Tracker,
        rest: Vec<(Fid, Option<ObjectId>)>,
    ) -> Vec<(Fid, Option<ObjectId>)> {
        if self.asked.is_none() || !tracker.renames() {
            return rest;
        }
        let (mut wanted, mut others) = (Vec::new(), Vec::new());
        for (fid, carried) in rest {
            let holder = tracker.ties.by_fid(&fid).filter(|tie| !tracker.is_seen(*tie));
            match holder.filter(|tie| tracker.is_trusted(*tie) && tracker.ties.get(*tie).is_alive())
            {
                Some(tie) => {
                    tracker.see(tie);
                    wanted.push((tie, carried));
                }
                None => others.push((fid, carried)),
            }
        }
        tracker.rename(&wanted, &mut self.verdict);
        others
    }

    /// Finds a row's tie by its id; false where that does not decide.
    fn by_id(&mut self, tracker: &mut Tracker, fid: &Fid, carried: Option<ObjectId>) -> bool {
        let Some(id) = carried else { return false };
        let Some(tie) = tracker.holder(&id) else {
            return self.given_by_store(tracker, fid, id);
        };
        if self.is_available(tracker, tie, fid) {
            tracker.see(tie);
            self.arrive(tracker, tie, fid.clone());
            if tracker.owed.contains_key(&tie) {
                tracker.carries(tie, carried, Owing::Rewritten, &mut self.verdict);
            }
            return true;
        }
        let same = tracker.ties.is_called(tie, fid);
        if !same && self.gives_way(tracker, tie, fid) {
            return true;
        }
        same
    }

    fn arrive(&mut self, tracker: &mut Tracker, tie: TieRef, fid: Fid) {
        let it = tracker.ties.get_mut(tie);
        if !it.has_fid()
            && tracker.policy.provisional.holds(&fid)
            && matches!(it.standing, Standing::Live | Standing::Hidden)
        {
            // A stored row that is called what only rows are called that wait.
            if std::mem::replace(&mut it.standing, Standing::Live) == Standing::Hidden {
                tracker.tell(&mut self.verdict, tie, What::Returned);
            }
            return;
        }
        if tracker.ties.get(tie).standing == Standing::Removed {
            // It was not in this session that its row went.
            tracker.ties.get_mut(tie).stored = tracker.is_stored(&fid);
        }
        if self.elsewhere && tracker.ties.get(tie).standing == Standing::Detached {
            tracker.place(tie, fid);
            tracker.tell(&mut self.verdict, tie, What::Moved);
        } else {
            tracker.arrive(tie, fid, &mut self.verdict);
        }
    }

    /// A row whose id nobody has: it is new, unless it is one of ours to which the store gave an id.
    fn given_by_store(&mut self, tracker: &mut Tracker, fid: &Fid, id: ObjectId) -> bool {
        let holder = tracker.ties.by_fid(fid).filter(|tie| !tracker.is_seen(*tie));
        if holder.is_none() && tracker.is_given_up(&id) {
            return false;
        }
        let Some(tie) = holder.filter(|tie| tracker.fresh.contains(tie)) else {
            self.newcomer(tracker, fid, id);
            return true;
        };
        tracker.see(tie);
        tracker.arrive(tie, fid.clone(), &mut self.verdict);
        tracker.rekey(tie, id, &mut self.verdict);
        true
    }

    /// Whether an id may go to a row: its own was not found where it was, or never showed, and is not
    /// just hidden. An undo brings back a row that is deleted; till then its id is kept.
    fn is_available(&self, tracker: &Tracker, tie: TieRef, fid: &Fid) -> bool {
        let it = tracker.ties.get(tie);
        let may_return = it.standing == Standing::Deleted && tracker.brings_back_by_fid();
        let is_elsewhere = may_return || self.may_be_hidden(tracker, tie);
        if tracker.is_seen(tie) || is_elsewhere && !tracker.was_not_committed(tie, fid) {
            return false;
        }
        match (&self.asked, tracker.ties.fid(tie)) {
            (Some(asked), Some(fid)) => !it.standing.is_alive() || asked.contains(&fid),
            (Some(_), None) => !it.standing.is_alive(),
            (None, _) => true,
        }
    }

    /// Whether a tie's row may be where it was, behind the filter.
    fn may_be_hidden(&self, tracker: &Tracker, tie: TieRef) -> bool {
        let it = tracker.ties.get(tie);
        let has_row = it.standing.is_alive() || it.standing == Standing::Hidden;
        let is_missed = tracker.ties.fid(tie).is_some_and(|fid| !self.told.contains(&fid));
        tracker.filtered && tracker.policy.fids == FidRule::Stable && has_row && is_missed
    }

    /// Among rows of a first reading the one that came first has the id.
    fn gives_way(&mut self, tracker: &mut Tracker, tie: TieRef, fid: &Fid) -> bool {
        let first = tracker.identified && (!tracker.attached || self.new.contains(&tie));
        let came_later = |it: &Fid| tracker.policy.provisional.order(fid, it).is_lt();
        let holder = tracker.ties.fid(tie);
        let Some(other) = holder.filter(|it| first && came_later(it)) else { return false };
        let id = tracker.ties.get(tie).id();
        // It never had the other row.
        tracker.ties.set_fid(tie, None);
        tracker.place(tie, fid.clone());
        tracker.strays.insert(other.clone(), Some(id));
        self.verdict.duplicates.push((other, id));
        true
    }

    /// A row that carries no id, or one that another row has.
    fn by_fid(&mut self, tracker: &mut Tracker, fid: Fid, carried: Option<ObjectId>) {
        let holder = tracker.ties.by_fid(&fid).filter(|tie| !tracker.is_seen(*tie));
        if let Some(tie) = holder.filter(|tie| tracker.is_trusted(*tie)) {
            tracker.see(tie);
            self.verdict_of_rewriting(tracker, tie, fid, carried);
            return;
        }
        tracker.strays.insert(fid.clone(), carried);
        self.verdict.duplicates.extend(carried.map(|of| (fid, of)));
    }

    /// Somebody wrote into a row that is still the tie's.
    fn verdict_of_rewriting(
        &mut self,
        tracker: &mut Tracker,
        tie: TieRef,
        fid: Fid,
        carried: Option<ObjectId>,
    ) {
        let was_alive = tracker.ties.get(tie).standing.is_alive();
        tracker.place(tie, fid);
        if !was_alive {
            tracker.tell(&mut self.verdict, tie, What::Returned);
        }
        tracker.carries(tie, carried, Owing::Rewritten, &mut self.verdict);
    }

    /// Ties whose rows were asked for and are not there.
    fn missing(&mut self, tracker: &mut Tracker) {
        let mut missing: Vec<TieRef> = match &self.asked {
            None => tracker.ties.iter().filter(|tie| !tracker.is_seen(*tie)).collect(),
            Some(asked) => {
                let ties = asked.iter().filter_map(|fid| tracker.ties.by_fid(fid));
                ties.filter(|tie| !tracker.is_seen(*tie)).collect()
            }
        };
        missing.sort_unstable();
        if self.asked.is_some() && missing.iter().any(|tie| tracker.fresh.contains(tie)) {
            // A commit that did not do what it said: nothing of it is to be believed.
            self.verdict.ask(Request::Read(Scope::All));
            if !tracker.filtered {
                return;
            }
        }
        for tie in missing {
            if self.elsewhere && tracker.ties.get(tie).standing == Standing::Detached {
                tracker.tell(&mut self.verdict, tie, What::Detached);
            } else {
                tracker.miss(tie, &mut self.verdict);
            }
        }
        tracker.forget_fresh();
    }
}
