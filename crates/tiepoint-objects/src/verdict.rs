//! What follows from events: what became of ties, and what the tracker has to ask of its host.
use crate::Scope;
use crate::tracker::TieRef;
use tiepoint_core::{Fid, ObjectId};

/// What follows from an event.
#[must_use = "what the tracker asks for must be answered"]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// What became of ties, in order.
    pub transitions: Vec<Transition>,
    /// Rows that carry the id of another row and were left untied, with that id.
    pub duplicates: Vec<(Fid, ObjectId)>,
    /// What the host is asked for.
    pub requests: Vec<Request>,
}

/// What became of a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The tie; good for use until the next event.
    pub tie: TieRef,
    /// The object's id.
    pub id: ObjectId,
    /// What became of it.
    pub what: What,
}

/// What may become of a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// It is new.
    Added,
    /// It is new: its row came as a copy of another's, and gets an id of its own.
    Forked {
        /// Whose id the row carried.
        from: ObjectId,
    },
    /// Its row says something else.
    Changed,
    /// Its row is deleted, and may yet return.
    Deleted,
    /// Its row is back, or its id came again in another row.
    Returned,
    /// Its row is gone from the store, or never got there.
    Removed,
    /// Nothing is pending for it any more.
    Settled,
    /// Its row is called something else.
    Moved,
    /// Somebody wrote another id into its row; the tie stays.
    Rewritten {
        /// What the row says now.
        carried: Option<ObjectId>,
    },
    /// Its row says its id again, or for the first time.
    Written,
    /// The object has another id from now on: the store gave it, or its natural key was edited.
    Rekeyed {
        /// What it was.
        from: ObjectId,
    },
    /// Its row is there and does not show.
    Hidden,
    /// Its layer is gone, or shows other rows.
    Detached,
}

/// What a tracker needs of its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Read what the identity fields of these rows say. For rows that were added in this step, tell
    /// [`Event::Seen`](crate::Event::Seen) or [`Event::Absent`](crate::Event::Absent), then
    /// [`Event::StepEnded`](crate::Event::StepEnded) once more.
    Look(Vec<Fid>),
    /// Read rows again, and tell by a [`Resync`](crate::Resync), before rows are edited: what is told
    /// of them then goes by what they are called now.
    Read(Scope),
    /// Ids are owed to rows: when rows may be edited, write [`Tracker::debts`](crate::Tracker::debts).
    Write,
}

/// An id that a row should carry and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// The row.
    pub fid: Fid,
    /// What it carries.
    pub carried: Option<ObjectId>,
    /// What it should.
    pub id: ObjectId,
    /// Why it does not.
    pub owing: Owing,
}

/// Why a row does not carry the id of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owing {
    /// It came without one.
    New,
    /// It came as a copy of the row whose id it carries.
    Fork,
    /// Somebody wrote another one.
    Rewritten,
}

/// When ids are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// In a step of their own. What the user undid is not done again.
    Later,
    /// In the last moment before a commit: all of them.
    BeforeCommit,
}

impl Verdict {
    pub(crate) fn ask(&mut self, request: Request) {
        if !self.requests.contains(&request) {
            self.requests.push(request);
        }
    }
}
