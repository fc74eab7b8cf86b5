//! A tracker, what it is told of a layer, and the rows that a reading would find.
use std::collections::BTreeMap;
use tiepoint_core::{Fid, FidRule, ObjectId};
use tiepoint_objects::{
    Duplicates, Event, Policy, Provisional, Reason, Request, Scope, State, TieRef, Tracker,
    Verdict, When,
};

pub(crate) struct Told {
    pub(crate) tracker: Tracker,
    /// What the layer holds, for whoever reads it.
    pub(crate) rows: BTreeMap<i64, Option<ObjectId>>,
    pub(crate) last: Verdict,
    reads: Vec<Scope>,
}

/// The id of the object of this number.
pub(crate) fn id(number: u8) -> ObjectId {
    let mut bytes = [0; 16];
    (bytes[0], bytes[6], bytes[8]) = (number, 0x40, 0x80);
    ObjectId::from_bytes(bytes).expect("is a UUID")
}

pub(crate) fn fid(number: i64) -> Fid {
    Fid::Int(number)
}

/// Copies are told of and left alone.
pub(crate) fn reporting() -> Policy {
    Policy { duplicates: Duplicates::Report, ..Policy::column(FidRule::Stable) }
}

/// Its row is a copy of the one that has this object.
pub(crate) fn duplicate(of: u8) -> Reason {
    Reason::Duplicate { of: id(of) }
}

impl Told {
    /// Of rows `1..=count`, which carry the ids of these numbers.
    pub(crate) fn new(rule: FidRule, count: u8) -> Self {
        Self::by(Policy::column(rule), count)
    }

    pub(crate) fn stable(count: u8) -> Self {
        Self::new(FidRule::Stable, count)
    }

    pub(crate) fn by(policy: Policy, count: u8) -> Self {
        let tracker = Tracker::new(Policy { provisional: Provisional::Negative, ..policy });
        let rows = (1..=count).map(|it| (i64::from(it), Some(id(it)))).collect();
        let mut told = Self { tracker, rows, last: Verdict::default(), reads: Vec::new() };
        told.read();
        told
    }

    /// The same, being edited.
    pub(crate) fn editing(mut self) -> Self {
        self.hear(Event::EditingStarted { passthrough: false });
        self
    }

    /// The same, in a transaction.
    pub(crate) fn in_transaction(mut self) -> Self {
        self.hear(Event::EditingStarted { passthrough: true });
        self
    }

    pub(crate) fn hear(&mut self, event: Event) {
        self.last = self.tracker.hear(event);
        let scopes = self.last.requests.iter().filter_map(|it| match it {
            Request::Read(scope) => Some(scope.clone()),
            _ => None,
        });
        self.reads.extend(scopes);
    }

    pub(crate) fn added(&mut self, number: i64, carried: Option<ObjectId>) {
        self.rows.insert(number, carried);
        self.hear(Event::Added { fid: fid(number) });
        self.hear(Event::Seen { fid: fid(number), id: carried });
    }

    pub(crate) fn deleted(&mut self, number: i64) {
        self.rows.remove(&number);
        self.hear(Event::Deleted { fid: fid(number) });
    }

    pub(crate) fn written(&mut self, number: i64, carried: Option<ObjectId>) {
        self.rows.insert(number, carried);
        self.hear(Event::IdentityWritten { fid: fid(number), id: carried });
    }

    pub(crate) fn changed(&mut self, number: i64) {
        self.hear(Event::Changed { fid: fid(number) });
    }

    pub(crate) fn step(&mut self) {
        self.hear(Event::StepEnded { clean: false });
    }

    /// Nothing is pending any more, by undo.
    pub(crate) fn undone(&mut self) {
        self.hear(Event::StepEnded { clean: true });
    }

    /// The ids that are owed are written, as a step.
    pub(crate) fn write(&mut self, when: When) {
        for debt in self.tracker.debts(when) {
            let Fid::Int(number) = debt.fid else { unreachable!("all fids here are numbers") };
            self.written(number, Some(debt.id));
        }
        self.step();
    }

    /// A commit that went well: which rows went, and what those that came are called.
    pub(crate) fn commit(&mut self, removed: &[i64], renamed: &[(i64, i64)]) {
        self.hear(Event::CommitStarted);
        self.write(When::BeforeCommit);
        self.commit_told(removed, renamed);
        self.hear(Event::CommitEnded { success: true, editing: false });
    }

    /// What is told of a commit before it ends.
    pub(crate) fn commit_told(&mut self, removed: &[i64], renamed: &[(i64, i64)]) {
        if !removed.is_empty() {
            let fids = removed.iter().map(|it| fid(*it)).collect();
            self.hear(Event::CommittedRemoved { fids });
        }
        if !renamed.is_empty() {
            let fids = renamed.iter().map(|(_, to)| fid(*to)).collect();
            self.hear(Event::CommittedAdded { fids });
        }
        for (from, to) in renamed {
            let carried = self.rows.remove(from).flatten();
            self.hear(Event::Deleted { fid: fid(*from) });
            self.rows.insert(*to, carried);
            self.hear(Event::Added { fid: fid(*to) });
        }
    }

    pub(crate) fn rolled_back(&mut self) {
        self.hear(Event::RolledBack { editing: false });
    }

    /// All that was asked for is read; what for is forgotten.
    pub(crate) fn answer(&mut self) {
        for scope in std::mem::take(&mut self.reads) {
            self.read_some(&scope);
        }
    }

    pub(crate) fn read(&mut self) {
        self.read_some(&Scope::All);
    }

    fn read_some(&mut self, scope: &Scope) {
        let mut reading = self.tracker.resync(scope);
        for (number, carried) in &self.rows {
            if !matches!(scope, Scope::Fids(fids) if !fids.contains(&fid(*number))) {
                reading.row(fid(*number), *carried);
            }
        }
        self.last = reading.finish();
    }

    /// Whether all rows were asked for, and not read yet.
    pub(crate) fn asks_for_all(&self) -> bool {
        self.reads.contains(&Scope::All)
    }

    /// The tie of a row, which shows.
    pub(crate) fn tie(&self, number: i64) -> TieRef {
        self.tracker.by_fid(&fid(number)).expect("the row has a tie")
    }

    pub(crate) fn why(&self, number: i64) -> Reason {
        self.tracker.by_fid(&fid(number)).expect_err("the row has no tie").reason
    }

    /// The tie of an object, whatever became of it.
    pub(crate) fn object(&self, number: u8) -> TieRef {
        self.tracker.known(&id(number)).expect("the object is known")
    }

    pub(crate) fn state(&self, number: u8) -> State {
        self.tracker.state(self.object(number))
    }

    /// The tie of a feature as somebody holds it.
    pub(crate) fn feature(&self, number: i64, carried: u8) -> Result<TieRef, Reason> {
        let found = self.tracker.by_feature(Some(&fid(number)), Some(&id(carried)));
        found.map_err(|why| why.reason)
    }
}
