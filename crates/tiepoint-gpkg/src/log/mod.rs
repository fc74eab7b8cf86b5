//! The change log: what anybody does to a layer, noted by triggers in the same statement.
//!
//! One table, `gpkg_tiepoint_log`, that no layer list shows. It says only what rows said *before*:
//! what they said afterwards is told by later entries or by the row that is there, so an insertion
//! notes its row's key and nothing else. Whoever reads goes backwards from the present:
//!
//! * [`Kind::Insert`]: the row was not there before.
//! * [`Kind::Update`]: its fields said this before. Where the row is not there any more afterwards,
//!   an insertion has been noted later, by a trigger that fired earlier: it means nothing.
//! * [`Kind::Gone`]: the row said this before, and went if it is not there afterwards. It is noted
//!   before a deletion, and before whatever may replace a row: `INSERT OR REPLACE` fires no trigger
//!   for the rows that it deletes, so all are noted that it may meet.
//! * [`Kind::Moved`]: the row had another key before.
//! * [`Kind::Commit`]: the end of a transaction of ours, and which store handle wrote it.
//! * [`Kind::Reset`]: what happened to a layer up to here cannot be known.
//!
//! A row of the log belongs to a *lineage* of a layer: a number of ours that stands for one set of
//! columns and their types, and is part of the names of its triggers. Where these become others, there
//! is a new number, and what was noted under the old one tells nothing any more.
//!
//! Where a program has `recursive_triggers` on, an `UPDATE OR REPLACE` that gives a row the natural key
//! of another is heard the wrong way round: the object comes before it goes.
//!
//! The triggers are built-in SQL only, so that every program can still write. One thing others can no
//! longer do: drop a column, as long as triggers name it. SQLite refuses that, and says which trigger
//! is in its way.
mod columns;
mod health;
mod install;
mod own;
mod ranges;
mod records;
mod report;
mod table;
mod triggers;

pub(crate) use columns::NotedColumns;
pub(crate) use health::{Fault, faults, layer, mend};
pub(crate) use install::{forget, install, remove, remove_all, renew};
pub(crate) use own::note_commit;
pub(crate) use ranges::Ranges;
pub(crate) use records::{all, of_table};
pub(crate) use report::{keep_position, moment, position_of, report, since, waiting};
pub(crate) use table::{
    NAME, first, hash, id, last, lineage, lineages_after, number, stamp, stamp_of, width,
};
pub(crate) use triggers::insert_triggers;

use tiepoint_store::ResetReason;

/// What sort of thing an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Insert,
    Update,
    Gone,
    Moved,
    Commit,
    Reset,
}

impl Kind {
    /// As it is stored.
    pub(crate) fn code(self) -> i64 {
        self as i64 + 1
    }

    /// What a stored code means; `None` for what is void, or of a newer version.
    pub(crate) fn of(code: i64) -> Option<Self> {
        let kinds =
            [Self::Insert, Self::Update, Self::Gone, Self::Moved, Self::Commit, Self::Reset];
        kinds.into_iter().find(|kind| kind.code() == code)
    }
}

/// As a reason is stored.
pub(crate) fn reason_code(reason: ResetReason) -> i64 {
    match reason {
        ResetReason::NotNoted => 1,
        ResetReason::SchemaChanged => 2,
        ResetReason::NoLog => 3,
        ResetReason::Replaced => 4,
        ResetReason::Trimmed => 5,
    }
}

/// What a stored reason means.
pub(crate) fn reason_of(code: Option<i64>) -> ResetReason {
    match code {
        Some(2) => ResetReason::SchemaChanged,
        Some(3) => ResetReason::NoLog,
        Some(4) => ResetReason::Replaced,
        Some(5) => ResetReason::Trimmed,
        _ => ResetReason::NotNoted,
    }
}
