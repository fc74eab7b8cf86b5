//! What a host tells of a layer: one vocabulary for edit buffers, watched stores and QGIS.
use tiepoint_core::{Fid, ObjectId};

/// Something that happened to a layer.
///
/// What an identity field says is told as the [`ObjectId`] that it spells, in whatever way: `None`
/// where it is null, empty, or spells none. On a layer with a natural key it is the id made of the
/// key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Edits are pending from now on until they are committed or rolled back. Told twice, it is
    /// told once.
    EditingStarted {
        /// Whether every edit goes to the store at once, in a transaction of the session.
        passthrough: bool,
    },
    /// A row shows that did not: added, pasted, or back by an undo.
    Added {
        /// What it is called.
        fid: Fid,
    },
    /// What the identity field of a row that was added says; told before the step ends, or when it
    /// was [asked for](crate::Request::Read).
    Seen {
        /// The row.
        fid: Fid,
        /// What its identity field says.
        id: Option<ObjectId>,
    },
    /// A row that was said to be added was looked for, and is not there.
    Absent {
        /// The row.
        fid: Fid,
    },
    /// A row does not show any more.
    Deleted {
        /// What it was called.
        fid: Fid,
    },
    /// Somebody wrote the identity field of a row.
    IdentityWritten {
        /// The row.
        fid: Fid,
        /// What it says now.
        id: Option<ObjectId>,
    },
    /// Other fields of a row, or its geometry, say something else now.
    Changed {
        /// The row.
        fid: Fid,
    },
    /// What the open step does is done for the first time, neither undone nor redone: no row that came
    /// was there before. Told before the step ends, by hosts that know; without it a row to which a
    /// transaction gives the fid of one that was undone may be taken for that one.
    DoneAnew,
    /// An undo step, or a commit of others, is complete: what it did is judged now.
    StepEnded {
        /// Whether nothing is pending any more, by undo.
        clean: bool,
    },
    /// The host is about to commit: last chance for ids that are owed.
    CommitStarted,
    /// The commit took these rows out of the store.
    CommittedRemoved {
        /// What they were called.
        fids: Vec<Fid>,
    },
    /// The commit put rows into the store; which is which is told by pairs of `Deleted` and `Added`
    /// that follow, or by `Renumbered`.
    CommittedAdded {
        /// What they are called now, in order of adding.
        fids: Vec<Fid>,
    },
    /// A row is called something else from now on.
    Renumbered {
        /// What it was called.
        from: Fid,
        /// What it is called.
        to: Fid,
    },
    /// The commit is over.
    CommitEnded {
        /// Whether all of it was done.
        success: bool,
        /// Whether editing goes on.
        editing: bool,
    },
    /// All that was pending is dropped.
    RolledBack {
        /// Whether editing goes on.
        editing: bool,
    },
    /// Anything may have happened.
    DataChanged,
    /// Another part of the layer shows. While edits are pending, which most hosts refuse, what is behind
    /// a filter is followed where fids are stable.
    FilterChanged {
        /// Whether there is a part that does not show.
        filtered: bool,
    },
    /// The layer has other fields now. A row that comes in the very step in which the identity field
    /// goes is who its id says only where that was told before; and while it is missing, rows to which
    /// a transaction gave one fid, one after another, are not told apart when one of them is back.
    FieldsChanged {
        /// Whether the identity field is among them.
        identity: bool,
    },
    /// There are other rows behind the layer now.
    SourceChanged,
    /// The layer is gone, and with it what was pending.
    LayerGone,
    /// It is here again.
    LayerReturned,
}

/// Which rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All that show.
    All,
    /// These, those of them that are there.
    Fids(Vec<Fid>),
}
