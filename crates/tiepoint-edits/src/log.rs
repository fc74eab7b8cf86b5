//! What goes into the journal, where there is one: the changes of each step as they happened, and
//! how far commits got.
use crate::history::Step;
use crate::journal::{Journal, JournalError, LeftBehind, Record};
use crate::sides::sides;
use std::sync::Arc;
use tiepoint_core::{ChangeSet, ChangeSetId, Conflict};

/// The journal of a buffer, or none.
#[derive(Debug)]
pub(crate) struct Log(Option<Journal>);

/// All that must be in a journal: what is pending, and the conflicts that wait.
pub(crate) struct Pending<'a> {
    pub(crate) changes: &'a ChangeSet,
    pub(crate) conflicts: &'a [Conflict],
}

impl Log {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn of(journal: Journal) -> Self {
        Self(Some(journal))
    }

    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.0.as_ref()
    }

    /// A step that was made, undone or redone. Returns when it is on disk.
    ///
    /// Where what the disk holds is not known since it failed before, `pending` is written afresh
    /// with it.
    pub(crate) fn step(
        &self,
        name: &str,
        changes: &Arc<ChangeSet>,
        pending: impl FnOnce() -> (ChangeSet, Vec<Conflict>),
    ) -> Result<(), JournalError> {
        let Some(journal) = &self.0 else { return Ok(()) };
        let step = Record::Step { name: name.to_owned(), changes: Arc::clone(changes) };
        write(journal, step, pending)
    }

    /// A commit is about to begin; `pending` as for a step.
    pub(crate) fn intent(
        &self,
        id: ChangeSetId,
        pending: impl FnOnce() -> (ChangeSet, Vec<Conflict>),
    ) -> Result<(), JournalError> {
        let Some(journal) = &self.0 else { return Ok(()) };
        write(journal, Record::Intent { id }, pending)
    }

    /// A commit has happened: nothing before it is pending any more. The store must remember the
    /// commit until this has succeeded.
    pub(crate) fn done(&self, id: ChangeSetId) -> Result<(), JournalError> {
        let Some(journal) = &self.0 else { return Ok(()) };
        let written = journal.write(&[Record::Done { id }]);
        journal.clear().and(written)
    }

    /// What was pending is given up.
    pub(crate) fn rolled_back(&self) -> Result<(), JournalError> {
        let Some(journal) = &self.0 else { return Ok(()) };
        let written = journal.write(&[Record::RolledBack]);
        let cleared = journal.clear();
        // it is given up where either says so: an error means that it is still pending
        written.or(cleared)
    }

    /// Nothing is pending any more, whatever was done and undone: nothing is to be offered again.
    pub(crate) fn rest(&self) -> Result<(), JournalError> {
        self.0.as_ref().map_or(Ok(()), Journal::clear)
    }

    /// What is pending is made of something else now.
    pub(crate) fn restart(&self, pending: &Pending<'_>) -> Result<(), JournalError> {
        self.0.as_ref().map_or(Ok(()), |journal| journal.restart(&pending.records()))
    }

    /// Takes over what a dead session left, which comes to these steps and conflicts; `pending` as
    /// for a step.
    pub(crate) fn adopt(
        &self,
        left: LeftBehind,
        steps: &[Step],
        conflicts: &[Conflict],
        pending: impl FnOnce() -> (ChangeSet, Vec<Conflict>),
    ) -> Result<(), JournalError> {
        let Some(journal) = &self.0 else { return left.discard() };
        if let Err(JournalError::Distrusted { .. }) = journal.append(&[]) {
            let (changes, conflicts) = pending();
            journal.restart(&Pending { changes: &changes, conflicts: &conflicts }.records())?;
        }
        let steps = steps.iter().map(|Step { name, changes }| Record::Step {
            name: name.to_string(),
            changes: Arc::clone(changes),
        });
        let records: Vec<Record> = steps.chain(conflicts.iter().map(waiting)).collect();
        journal.adopt(left, &records)
    }
}

fn write(
    journal: &Journal,
    record: Record,
    pending: impl FnOnce() -> (ChangeSet, Vec<Conflict>),
) -> Result<(), JournalError> {
    match journal.write(std::slice::from_ref(&record)) {
        Err(JournalError::Distrusted { .. }) => {
            let (changes, conflicts) = pending();
            let mut records = Pending { changes: &changes, conflicts: &conflicts }.records();
            records.push(record);
            journal.restart(&records)
        }
        written => written,
    }
}

impl Pending<'_> {
    fn records(&self) -> Vec<Record> {
        let (name, changes) = ("Pending edits".to_owned(), Arc::new(self.changes.clone()));
        let step = (!changes.is_empty()).then_some(Record::Step { name, changes });
        step.into_iter().chain(self.conflicts.iter().map(waiting)).collect()
    }
}

fn waiting(conflict: &Conflict) -> Record {
    let (mine, theirs) = sides(conflict);
    Record::Conflict { mine: Arc::new(mine), theirs: Arc::new(theirs) }
}
