//! How the host commits and rolls back, with the signals that QGIS sends and those it does not.
use crate::host::{Buffer, Host, Row, Signal};
use crate::kind::Fids;
use tiepoint_core::ObjectId;

impl Host {
    /// Commits. With `fails`, what is added is refused when all else has been written.
    pub(crate) fn commit(&mut self, stop: bool, fails: bool) {
        if self.kind.passthrough.is_some() {
            self.counter = self.counter.max(self.store.last_key_value().map_or(0, |it| *it.0));
            self.write_field();
            return self.end_commit(stop);
        }
        let mut buffer = self.buffer.take().expect("commits are made while editing");
        self.write_field();
        let moved = self.write_changes(&mut buffer);
        self.write_deletions(&mut buffer);
        if fails && !buffer.added.is_empty() {
            buffer.renumbered |= self.shifts;
            self.buffer = Some(buffer);
            self.signals.push(Signal::CommitEnded { success: false, editing: true });
            return;
        }
        self.write_additions(&mut buffer);
        if self.kind.fids == Fids::Places {
            for fid in moved {
                self.move_row(fid);
            }
        }
        self.buffer = Some(buffer);
        self.end_commit(stop);
    }

    fn end_commit(&mut self, stop: bool) {
        self.signals.push(Signal::Step);
        self.signals.push(Signal::CommitEnded { success: true, editing: !stop });
        self.buffer = None;
        if !stop {
            let (before, counter_before) = (self.store.clone(), self.counter);
            self.buffer = Some(Buffer { before, counter_before, ..Buffer::default() });
        }
    }

    fn write_field(&mut self) {
        self.stored_field = self.field;
        if !self.field {
            self.store.values_mut().for_each(|row| row.id = None);
        }
    }

    fn write_changes(&mut self, buffer: &mut Buffer) -> Vec<i64> {
        let mut changed = Vec::new();
        for (fid, id) in std::mem::take(&mut buffer.ids) {
            if let Some(row) = self.store.get_mut(&fid) {
                row.id = id.filter(|_| self.field);
                changed.push(fid);
            }
        }
        for (fid, version) in std::mem::take(&mut buffer.versions) {
            if let Some(row) = self.store.get_mut(&fid) {
                row.version = version;
                changed.push(fid);
            }
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    fn write_deletions(&mut self, buffer: &mut Buffer) {
        let deleted: Vec<i64> = std::mem::take(&mut buffer.deleted).into_iter().collect();
        if deleted.is_empty() {
            return;
        }
        for fid in &deleted {
            self.shifts |= self.store.remove(fid).is_some();
        }
        self.signals.push(Signal::CommittedRemoved(deleted));
    }

    fn write_additions(&mut self, buffer: &mut Buffer) {
        let foreseen = Fids::Positions { told: true, foreseen: true };
        let untold = Fids::Positions { told: false, foreseen: true };
        if self.kind.fids == foreseen || self.kind.fids == untold {
            self.shift();
        }
        let added: Vec<(i64, Row)> = std::mem::take(&mut buffer.added).into_iter().rev().collect();
        if added.is_empty() {
            return;
        }
        let mut names = Vec::new();
        for (temporary, mut row) in added {
            row.id = row.id.filter(|_| self.field);
            if self.kind.gives_ids && self.field {
                row.id = Some(ObjectId::mint());
            }
            names.push((temporary, self.insert(row)));
        }
        if self.kind.fids == Fids::Places {
            let told = names.iter().map(|(temporary, _)| *temporary).collect();
            return self.signals.push(Signal::CommittedAdded(told));
        }
        let told = names.iter().map(|(_, real)| *real).collect();
        self.signals.push(Signal::CommittedAdded(told));
        for (temporary, real) in names {
            self.signals.push(Signal::Deleted(temporary));
            self.signals.push(Signal::Added(real));
        }
    }

    /// Rows get the numbers of their places, if any went; true where that is told of.
    pub(crate) fn shift(&mut self) -> bool {
        let Fids::Positions { told, .. } = self.kind.fids else { return false };
        if !std::mem::take(&mut self.shifts) {
            return false;
        }
        let rows = std::mem::take(&mut self.store);
        self.store = (0..).zip(rows.into_values()).collect();
        told
    }

    /// A row lies elsewhere from now on.
    pub(crate) fn move_row(&mut self, fid: i64) {
        if let Some(row) = self.store.remove(&fid) {
            self.counter += 1;
            self.store.insert(self.counter, row);
        }
    }

    pub(crate) fn roll_back(&mut self, stop: bool) {
        if self.kind.passthrough.is_some() {
            return self.roll_back_transaction();
        }
        let in_command = self.in_command();
        let buffer = self.buffer.as_mut().expect("rollbacks are made while editing");
        if !in_command {
            let edits: Vec<_> = buffer.stack[..buffer.index].iter().flatten().cloned().collect();
            buffer.index = 0;
            for edit in edits.iter().rev() {
                self.apply(edit, false);
            }
            self.signals.push(Signal::Step);
        }
        self.signals.push(Signal::RolledBack { editing: !stop && !in_command });
        if stop || in_command {
            self.buffer = None;
        } else if let Some(buffer) = &mut self.buffer {
            // What was written by a commit that failed is not pending, whatever undo says.
            buffer.ids.clear();
            buffer.versions.clear();
            buffer.deleted.clear();
        }
        if in_command {
            self.restore_field();
            self.signals.push(Signal::Step);
        }
    }

    fn restore_field(&mut self) {
        if self.field != self.stored_field {
            self.field = self.stored_field;
            self.signals.push(Signal::Field(self.field));
        }
    }

    /// Nothing is told of single rows; the next that comes may be called as one that was dropped.
    fn roll_back_transaction(&mut self) {
        let buffer = self.buffer.take().expect("rollbacks are made while editing");
        self.store = buffer.before;
        self.counter = buffer.counter_before;
        let editing = false;
        self.restore_field();
        self.signals.extend([Signal::DataChanged, Signal::RolledBack { editing }, Signal::Step]);
    }

    /// The layer goes, and what was pending with it; nothing is told.
    pub(crate) fn abandon(&mut self) {
        if let Some(buffer) = self.buffer.take()
            && self.kind.passthrough.is_some()
        {
            self.store = buffer.before;
            self.counter = buffer.counter_before;
        }
        self.field = self.stored_field;
        self.arrivals.clear();
    }
}
