//! The host's undo stack: what an edit does, how it is taken back and done again.
use crate::host::{Edit, Host, Row, Signal};
use crate::kind::Redo;
use std::collections::{BTreeMap, BTreeSet};

impl Host {
    pub(crate) fn push(&mut self, edit: Edit) {
        self.apply(&edit, true);
        let buffer = self.buffer.as_mut().expect("edits are made while editing");
        buffer.open.push(edit);
        if buffer.depth == 0 {
            self.close_step();
        }
    }

    fn close_step(&mut self) {
        let buffer = self.buffer.as_mut().expect("steps are made while editing");
        let edits = std::mem::take(&mut buffer.open);
        if edits.is_empty() {
            return;
        }
        buffer.stack.truncate(buffer.index);
        buffer.stack.push(edits);
        buffer.index += 1;
        self.signals.extend([Signal::Anew, Signal::Step]);
    }

    pub(crate) fn begin(&mut self) {
        if let Some(buffer) = &mut self.buffer {
            buffer.depth += 1;
        }
    }

    pub(crate) fn end(&mut self) -> bool {
        let Some(buffer) = self.buffer.as_mut().filter(|it| it.depth > 0) else { return false };
        buffer.depth -= 1;
        if buffer.depth > 0 || buffer.open.is_empty() {
            return false;
        }
        self.close_step();
        true
    }

    pub(crate) fn undo(&mut self) -> bool {
        let Some(buffer) = self.buffer.as_mut().filter(|it| it.depth == 0 && it.index > 0) else {
            return false;
        };
        buffer.index -= 1;
        let edits = buffer.stack[buffer.index].clone();
        for edit in edits.iter().rev() {
            self.apply(edit, false);
        }
        self.signals.push(Signal::Step);
        true
    }

    pub(crate) fn redo(&mut self) -> bool {
        let Some(buffer) = self.buffer.as_mut().filter(|it| it.depth == 0) else { return false };
        let Some(edits) = buffer.stack.get(buffer.index).cloned() else { return false };
        let at = buffer.index;
        buffer.index += 1;
        for (number, edit) in edits.into_iter().enumerate() {
            let edit = self.as_redone(edit);
            self.apply(&edit, true);
            self.buffer.as_mut().expect("is there").stack[at][number] = edit;
        }
        self.signals.push(Signal::Step);
        true
    }

    fn as_redone(&mut self, edit: Edit) -> Edit {
        match edit {
            Edit::Add { mut row, .. } if self.kind.passthrough == Some(Redo::NewFid) => {
                row.secret = self.fresh_secret();
                let fid = self.insert(row);
                self.store.remove(&fid);
                self.arrivals.push(fid);
                Edit::Add { fid, row }
            }
            // What undo brings back is what a savepoint kept: nothing, where the row is called
            // otherwise since it was added once more.
            Edit::Delete { fid, .. } if self.kind.passthrough.is_some() => {
                Edit::Delete { fid, row: self.whole_row(fid) }
            }
            edit => edit,
        }
    }

    pub(crate) fn apply(&mut self, edit: &Edit, forward: bool) {
        let is_direct = self.kind.passthrough.is_some();
        if let (Edit::Add { fid, .. }, false) | (Edit::Delete { fid, .. }, true) = (edit, forward) {
            self.epitaphs.extend(self.whole_row(*fid));
        }
        let buffer = self.buffer.as_mut().expect("edits are made while editing");
        match *edit {
            Edit::Add { fid, row } if forward => {
                let rows = if is_direct { &mut self.store } else { &mut buffer.added };
                rows.insert(fid, row);
                self.signals.push(Signal::Added(fid));
            }
            Edit::Add { fid, .. } => {
                let rows = if is_direct { &mut self.store } else { &mut buffer.added };
                rows.remove(&fid);
                self.signals.push(Signal::Deleted(fid));
            }
            Edit::Delete { fid, .. } if forward => {
                if is_direct {
                    self.store.remove(&fid);
                } else if buffer.added.remove(&fid).is_none() {
                    buffer.deleted.insert(fid);
                }
                self.signals.push(Signal::Deleted(fid));
            }
            Edit::Delete { fid, row } => {
                let rows = if is_direct { &mut self.store } else { &mut buffer.added };
                match row {
                    Some(row) if is_direct || fid < 0 => drop(rows.insert(fid, row)),
                    _ => drop(buffer.deleted.remove(&fid)),
                }
                self.signals.push(Signal::Added(fid));
            }
            Edit::Id { fid, from, to } => {
                let id = if forward { to } else { from };
                if let Some(row) = rows_with(fid, is_direct, &mut self.store, &mut buffer.added) {
                    row.id = id;
                } else if !is_direct {
                    buffer.ids.insert(fid, id);
                }
                self.signals.push(Signal::Identity(fid, id));
            }
            Edit::Touch { fid, from, to } => {
                let version = if forward { to } else { from };
                if let Some(row) = rows_with(fid, is_direct, &mut self.store, &mut buffer.added) {
                    row.version = version;
                } else if !is_direct {
                    buffer.versions.insert(fid, version);
                }
                self.signals.push(Signal::Changed(fid));
            }
            Edit::Field { is } => {
                self.field = is == forward;
                self.signals.push(Signal::Field(self.field));
            }
        }
    }

    pub(crate) fn relabel(&mut self, from: u64, to: u64) {
        let relabel = |row: &mut Row| {
            if row.secret == from {
                row.secret = to;
            }
        };
        self.store.values_mut().for_each(relabel);
        let Some(buffer) = &mut self.buffer else { return };
        buffer.added.values_mut().for_each(relabel);
        buffer.before.values_mut().for_each(relabel);
        let edits = buffer.stack.iter_mut().flatten().chain(&mut buffer.open);
        for edit in edits {
            match edit {
                Edit::Add { row, .. } | Edit::Delete { row: Some(row), .. } => relabel(row),
                _ => {}
            }
        }
    }

    pub(crate) fn may_return(&self, secret: u64) -> bool {
        let Some(buffer) = &self.buffer else { return false };
        let edits = buffer.stack.iter().flatten().chain(&buffer.open);
        // A row that a commit removed which failed afterwards is gone, whatever undo says.
        let is_there =
            |fid: i64| fid < 0 || self.kind.passthrough.is_some() || self.store.contains_key(&fid);
        let mut rows = edits.filter_map(|edit| match edit {
            Edit::Add { row, .. } => Some(*row),
            Edit::Delete { fid, row } => row.filter(|_| is_there(*fid)),
            _ => None,
        });
        rows.any(|row| row.secret == secret)
    }

    pub(crate) fn written_in_step(&self) -> BTreeSet<i64> {
        let Some(buffer) = &self.buffer else { return BTreeSet::new() };
        let ended = buffer.index.checked_sub(1).map(|at| &buffer.stack[at]);
        let edits = if buffer.open.is_empty() { ended } else { Some(&buffer.open) };
        let written = |edit: &Edit| match edit {
            Edit::Id { fid, .. } => Some(*fid),
            _ => None,
        };
        edits.into_iter().flatten().filter_map(written).collect()
    }
}

fn rows_with<'a>(
    fid: i64,
    is_direct: bool,
    store: &'a mut BTreeMap<i64, Row>,
    added: &'a mut BTreeMap<i64, Row>,
) -> Option<&'a mut Row> {
    if is_direct { store.get_mut(&fid) } else { added.get_mut(&fid) }
}
