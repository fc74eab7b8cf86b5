//! The tracker: follows one layer through edits, undo, commits and other people's doings, and knows
//! at any time which object stands behind which row.
//!
//! Within an edit session a tie keeps to its row's fid, whatever is written into the identity field;
//! what a row *carries* may then differ from the id that it is *owed*. Across commits and readings a
//! tie keeps to its id. Events are collected, and judged by their net effect when a step ends: a
//! cut and a paste, a swap, an undo that restores things in the reverse order are then no puzzles.
mod commit;
mod debts;
mod early;
mod judge;
mod lookup;
mod names;
mod policy;
mod read;
mod resync;
mod returns;
mod session;
mod step;
mod tie;
mod ties;

pub use lookup::State;
pub use policy::{Duplicates, Identity, Policy, Provisional, Rewritten};
pub(crate) use resync::Reading;
pub use resync::Resync;
pub use tie::TieRef;
pub(crate) use tie::{Standing, Tie};

use crate::verdict::{Request, Transition, Verdict, What};
use crate::{Event, Scope};
use commit::Commit;
use debts::Owed;
use session::{Origin, Session, Word};
use std::collections::{HashMap, HashSet, VecDeque};
use step::Step;
use tiepoint_core::{Fid, FidRule, ObjectId};
use ties::Ties;

/// Follows one layer, and knows at any time which object stands behind which row.
pub struct Tracker {
    policy: Policy,
    ties: Ties,
    /// Rows that have no tie, and what they carry.
    strays: HashMap<Fid, Option<ObjectId>>,
    /// What rows carry that is not their tie's id, now or before we wrote it.
    owed: HashMap<TieRef, Owed>,
    /// Ids that objects had before they were rekeyed.
    aliases: HashMap<ObjectId, TieRef>,
    /// What rows were called before the last commit.
    former: HashMap<Fid, TieRef>,
    /// Ties whose rows were just committed: the store may have given them other ids.
    fresh: HashSet<TieRef>,
    /// What rows were called that the last commit removed, as it said.
    buried: HashSet<Fid>,
    /// Rows that are gone, the longest gone first.
    removed: VecDeque<TieRef>,
    step: Step,
    /// What followed from rows that were asked for before their step ended.
    early: Verdict,
    session: Option<Session>,
    commit: Option<Commit>,
    presence: Presence,
    /// Whether the layer has its identity field.
    identified: bool,
    /// Whether a filter hides rows.
    filtered: bool,
    /// Whether all rows were ever read.
    attached: bool,
    /// The number of the last resync.
    epoch: u32,
}

/// Whether the layer is what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Here,
    /// Other rows are behind it, which have not been read.
    Elsewhere,
    Gone,
}

impl Tracker {
    /// Knows of no row yet: [`Tracker::resync`] tells it.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            ties: Ties::default(),
            strays: HashMap::new(),
            owed: HashMap::new(),
            aliases: HashMap::new(),
            former: HashMap::new(),
            fresh: HashSet::new(),
            buried: HashSet::new(),
            removed: VecDeque::new(),
            step: Step::default(),
            early: Verdict::default(),
            session: None,
            commit: None,
            presence: Presence::Here,
            identified: true,
            filtered: false,
            attached: false,
            epoch: 0,
        }
    }

    /// What it was made with.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Fids are good for longer or shorter from now on: the layer has another source.
    pub fn set_fid_rule(&mut self, rule: FidRule) {
        self.policy.fids = rule;
    }

    /// Takes note of what happened. Costs the same however many ties there are, but for
    /// [`Event::LayerGone`] and the like, which touch all.
    pub fn hear(&mut self, event: Event) -> Verdict {
        let mut verdict = Verdict::default();
        match event {
            Event::EditingStarted { passthrough } => self.start_session(passthrough),
            Event::Added { fid } => self.row_added(fid, &mut verdict),
            Event::Seen { fid, id } => self.row_seen(fid, id),
            Event::Absent { fid } => self.row_absent(fid, &mut verdict),
            Event::Deleted { fid } => self.row_deleted(fid),
            Event::IdentityWritten { fid, id } => self.step.written(fid, id),
            Event::Changed { fid } => self.step.changed(fid),
            Event::DoneAnew => self.step.done_anew(),
            Event::StepEnded { clean } => self.end_step(clean, &mut verdict),
            Event::CommitStarted => self.start_commit(&mut verdict),
            Event::CommittedRemoved { fids } => self.committed_removed(fids),
            Event::CommittedAdded { fids } => self.committed_added(fids),
            Event::Renumbered { from, to } => self.renumbered(from, to, &mut verdict),
            Event::CommitEnded { success, editing } => {
                self.end_commit(success, editing, &mut verdict);
            }
            Event::RolledBack { editing } => self.roll_back(editing, &mut verdict),
            Event::DataChanged => verdict.ask(Request::Read(Scope::All)),
            Event::FilterChanged { filtered } => {
                self.filtered = filtered;
                verdict.ask(Request::Read(Scope::All));
            }
            Event::FieldsChanged { identity } => self.fields_changed(identity, &mut verdict),
            Event::SourceChanged => self.source_changed(&mut verdict),
            Event::LayerGone => self.layer_gone(&mut verdict),
            Event::LayerReturned => {
                self.presence = Presence::Here;
                verdict.ask(Request::Read(Scope::All));
            }
        }
        verdict
    }

    fn row_added(&mut self, fid: Fid, verdict: &mut Verdict) {
        if self.is_unnameable(&fid) {
            // It is known by its id alone.
            verdict.ask(Request::Read(Scope::All));
            return;
        }
        let is_ghost = self.is_ghost(&fid);
        self.note_doubtful(&fid);
        match &mut self.commit {
            Some(commit) if commit.is_told() => commit.added(fid),
            _ if is_ghost => {}
            _ => self.step.added(fid),
        }
    }

    /// A row that is back may be where the filter hides it. In a transaction it may be back by a name
    /// that nobody told, and others not at all.
    fn row_absent(&mut self, fid: Fid, verdict: &mut Verdict) {
        if let Some(session) = self.session.as_mut().filter(|it| it.passthrough) {
            session.word = Word::Broken;
            session.note_untied(&fid);
            verdict.ask(Request::Read(Scope::All));
        }
        self.step.absent(fid);
    }

    fn row_deleted(&mut self, fid: Fid) {
        match &mut self.commit {
            Some(commit) if commit.is_told() => commit.deleted(fid),
            _ => self.step.deleted(fid),
        }
    }

    /// What a row carries that was just committed is read when the commit is over.
    fn row_seen(&mut self, fid: Fid, id: Option<ObjectId>) {
        if !self.commit.as_ref().is_some_and(Commit::is_told) {
            self.step.seen(fid, id);
        }
    }

    fn end_step(&mut self, clean: bool, verdict: &mut Verdict) {
        if self.commit.as_ref().is_some_and(Commit::is_told) {
            return;
        }
        if self.session.as_ref().is_some_and(|it| it.word == Word::Broken) {
            verdict.ask(Request::Read(Scope::All));
        }
        if !self.judge(verdict) {
            self.step.ended();
        } else if clean {
            self.settle_session(verdict);
        }
    }

    /// Without its identity field a layer tells of no ids: ties keep to fids until it is back.
    fn fields_changed(&mut self, identity: bool, verdict: &mut Verdict) {
        let returned = identity && !self.identified;
        self.identified = identity;
        if returned {
            verdict.ask(Request::Read(Scope::All));
        }
    }

    fn source_changed(&mut self, verdict: &mut Verdict) {
        self.drop_session(verdict);
        self.presence = Presence::Elsewhere;
        verdict.ask(Request::Read(Scope::All));
    }

    fn layer_gone(&mut self, verdict: &mut Verdict) {
        self.drop_session(verdict);
        self.presence = Presence::Gone;
    }

    /// Whether ids may be written into rows.
    fn may_write(&self) -> bool {
        self.policy.identity == Identity::Written && self.session.is_some() && self.identified
    }

    /// What a tie's row says.
    fn carried(&self, tie: TieRef) -> Option<ObjectId> {
        match self.owed.get(&tie) {
            Some(owed) if !owed.paid => owed.carried,
            _ => Some(self.ties.get(tie).id()),
        }
    }

    fn tell(&self, verdict: &mut Verdict, tie: TieRef, what: What) {
        let id = self.ties.get(tie).id();
        verdict.transitions.push(Transition { tie, id, what });
    }

    /// A row is gone for good, as far as this layer goes.
    fn remove(&mut self, tie: TieRef, verdict: &mut Verdict) {
        if self.ties.get(tie).standing != Standing::Removed {
            let it = self.ties.get_mut(tie);
            (it.standing, it.stored, it.changed) = (Standing::Removed, false, false);
            self.ties.set_fid(tie, None);
            self.owed.remove(&tie);
            self.removed.push_back(tie);
            self.tell(verdict, tie, What::Removed);
        }
    }

    /// The tie's row is this one now, and shows.
    fn place(&mut self, tie: TieRef, fid: Fid) {
        let waits = match &self.session {
            Some(session) if session.passthrough => !self.ties.get(tie).stored,
            Some(_) => self.policy.provisional.holds(&fid),
            None => false,
        };
        self.strays.remove(&fid);
        let holder = self.ties.by_fid(&fid).filter(|it| *it != tie);
        if !self.ties.is_called(tie, &fid) {
            holder.into_iter().chain([tie]).for_each(|it| self.remember_home(it));
        }
        if let Some(session) = &mut self.session {
            session.ghosts.remove(&fid);
        }
        if let Some(holder) = holder {
            self.remember_origin(&fid, Origin::Of(holder));
        }
        self.ties.set_fid(tie, Some(fid));
        let it = self.ties.get_mut(tie);
        it.standing = if waits { Standing::Pending } else { Standing::Live };
        it.stored |= !waits;
        if waits {
            self.touch(tie);
        }
    }

    /// The same, and tells of it.
    fn arrive(&mut self, tie: TieRef, fid: Fid, verdict: &mut Verdict) {
        let was_alive = self.ties.get(tie).standing.is_alive();
        let moved = !self.ties.is_called(tie, &fid);
        self.place(tie, fid);
        if !was_alive {
            self.tell(verdict, tie, What::Returned);
        } else if moved {
            self.tell(verdict, tie, What::Moved);
        }
    }

    /// A tie of a row that was never heard of, with an id that nobody has.
    fn begin_tie(&mut self, id: ObjectId, fid: &Fid, stored: bool) -> TieRef {
        let tie = self.ties.add(id, Standing::Live);
        self.aliases.remove(&id);
        self.ties.get_mut(tie).stored = stored;
        self.place(tie, fid.clone());
        tie
    }

    /// Whether a row that gets a tie in this session is in the store already: somebody else's, or one
    /// that was there without a tie.
    fn comes_stored(&self, fid: &Fid) -> bool {
        match &self.session {
            Some(session) if session.passthrough => {
                let was_untied = session.was_stray(fid) || self.strays.contains_key(fid);
                was_untied && !session.came_untied.contains(fid)
            }
            Some(_) => !self.policy.provisional.holds(fid),
            None => true,
        }
    }
}
