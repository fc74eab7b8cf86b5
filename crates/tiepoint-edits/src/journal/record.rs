//! What a journal tells: records, and the protobuf messages they are kept as.
use super::SessionId;
use std::sync::Arc;
use tiepoint_core::protobuf::{Field, Reader, WireError, Writer};
use tiepoint_core::{ChangeSet, ChangeSetId, ErrorKind, ObjectId};

/// One thing that happened in a session, in the order in which it did.
///
/// A journal keeps records and gives no meaning to them, [`Adopted`](Self::Adopted) excepted: it is
/// the edit buffer that replays them. `proto/tiepoint/journal.proto` publishes how they are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// One step of editing, or one that was taken back or made again: what it did.
    Step {
        /// What a person calls it.
        name: String,
        /// What it did.
        changes: Arc<ChangeSet>,
    },
    /// A commit of this change set may begin: whether it happened is the store's to tell.
    Intent {
        /// Its name, under which the store's book has it if it happened.
        id: ChangeSetId,
    },
    /// The commit happened.
    Done {
        /// The change set's name.
        id: ChangeSetId,
    },
    /// All that was pending was given up.
    RolledBack,
    /// What a dead session left has been taken over into this journal, by records of the same
    /// [`append`](super::Journal::append).
    Adopted {
        /// The dead one.
        session: SessionId,
    },
    /// A conflict that waits to be decided: what both sides did.
    Conflict {
        /// What I did.
        mine: Arc<ChangeSet>,
        /// What they did.
        theirs: Arc<ChangeSet>,
    },
    /// Everything before is of no use any more. Written by [`Journal::clear`](super::Journal::clear)
    /// and never handed out.
    Cleared,
}

/// Why the bytes of a record are none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordFault {
    /// Not what the schema says.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// An id that is not 16 bytes, or nil.
    #[error("an id is missing or wrong")]
    Id,
    /// A change set that makes no sense.
    #[error("a change set makes no sense: {0}")]
    Changes(String),
    /// A kind of record that this build does not know.
    #[error("a record of an unknown kind")]
    Unknown,
}

/// Field numbers of `JournalRecord`, one for each kind.
mod kind {
    pub(super) const STEP: u32 = 1;
    pub(super) const CONFLICT: u32 = 2;
    pub(super) const INTENT: u32 = 3;
    pub(super) const DONE: u32 = 4;
    pub(super) const ROLLED_BACK: u32 = 5;
    pub(super) const ADOPTED: u32 = 6;
    pub(super) const CLEARED: u32 = 7;
}

/// The field of `JournalUnit` that records are in.
const RECORDS: u32 = 1;

/// The message that keeps these records together: all of them or none.
pub(crate) fn unit<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<u8> {
    let mut unit = Writer::new();
    for record in records {
        unit.message(RECORDS, |it| record.write(it));
    }
    unit.into_bytes()
}

/// The records that a unit keeps together.
pub(crate) fn records_of(unit: &[u8]) -> Result<Vec<Record>, RecordFault> {
    let (mut reader, mut records) = (Reader::new(unit), Vec::new());
    while let Some(field) = reader.next()? {
        if field.number() != RECORDS {
            return Err(RecordFault::Unknown);
        }
        records.push(Record::read(&field)?);
    }
    Ok(records)
}

impl Record {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Step { name, changes } => to.message(kind::STEP, |it| {
                it.text(1, name);
                it.bytes(2, &changes.to_protobuf());
            }),
            Self::Intent { id } => to.message(kind::INTENT, |it| write_id(it, id.0)),
            Self::Done { id } => to.message(kind::DONE, |it| write_id(it, id.0)),
            Self::RolledBack => to.bytes(kind::ROLLED_BACK, &[]),
            Self::Adopted { session } => to.message(kind::ADOPTED, |it| write_id(it, session.0)),
            Self::Conflict { mine, theirs } => to.message(kind::CONFLICT, |it| {
                it.bytes(1, &mine.to_protobuf());
                it.bytes(2, &theirs.to_protobuf());
            }),
            Self::Cleared => to.bytes(kind::CLEARED, &[]),
        }
    }

    fn read(field: &Field<'_>) -> Result<Self, RecordFault> {
        let what = field.message()?.next()?.ok_or(RecordFault::Unknown)?;
        let parts = Parts::read(&what)?;
        Ok(match what.number() {
            kind::STEP => Self::Step { name: parts.name()?, changes: parts.changes(2)? },
            kind::INTENT => Self::Intent { id: ChangeSetId(parts.id()?) },
            kind::DONE => Self::Done { id: ChangeSetId(parts.id()?) },
            kind::ROLLED_BACK => Self::RolledBack,
            kind::ADOPTED => Self::Adopted { session: SessionId(parts.id()?) },
            kind::CONFLICT => Self::Conflict { mine: parts.changes(1)?, theirs: parts.changes(2)? },
            kind::CLEARED => Self::Cleared,
            _ => return Err(RecordFault::Unknown),
        })
    }
}

/// The fields of a record, of which none has more than two that are known. Others are passed over:
/// a later version may add what this one can do without.
#[derive(Default)]
struct Parts<'a> {
    first: Option<Field<'a>>,
    second: Option<Field<'a>>,
}

impl<'a> Parts<'a> {
    fn read(record: &Field<'a>) -> Result<Self, RecordFault> {
        let (mut reader, mut parts) = (record.message()?, Self::default());
        while let Some(field) = reader.next()? {
            match field.number() {
                1 => parts.first = Some(field),
                2 => parts.second = Some(field),
                _ => {}
            }
        }
        Ok(parts)
    }

    fn name(&self) -> Result<String, RecordFault> {
        Ok(self.first.map(|it| it.text()).transpose()?.unwrap_or_default().to_owned())
    }

    fn id(&self) -> Result<ObjectId, RecordFault> {
        let bytes = self.first.map(|it| it.bytes()).transpose()?;
        id_of(bytes.unwrap_or_default()).ok_or(RecordFault::Id)
    }

    fn changes(&self, number: u32) -> Result<Arc<ChangeSet>, RecordFault> {
        let field = if number == 1 { self.first } else { self.second };
        let bytes = field.map(|it| it.bytes()).transpose()?.unwrap_or_default();
        changes_of(bytes).map(Arc::new)
    }
}

fn write_id(to: &mut Writer, id: ObjectId) {
    to.bytes(1, id.as_bytes());
}

/// The id with these bytes, where they are one.
pub(crate) fn id_of(bytes: &[u8]) -> Option<ObjectId> {
    ObjectId::from_bytes(bytes.try_into().ok()?).ok()
}

fn changes_of(bytes: &[u8]) -> Result<ChangeSet, RecordFault> {
    ChangeSet::from_protobuf(bytes).map_err(|error| match error.kind() {
        ErrorKind::Unsupported => RecordFault::Unknown,
        _ => RecordFault::Changes(error.to_string()),
    })
}

#[cfg(test)]
mod tests;
