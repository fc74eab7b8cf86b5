//! What the user of the layer edits, in a session.
use crate::host::Row;
use crate::op::{Op, What};
use crate::world::{MOST_ROWS, World};
use std::sync::atomic::Ordering;
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::Identity;

impl World {
    pub(crate) fn rows(&self) -> Vec<(i64, Row)> {
        self.host.view().into_iter().filter(|(fid, _)| *fid > -1_000_000).collect()
    }

    pub(crate) fn pick(&self, number: u8) -> Option<(i64, Row)> {
        let rows = self.rows();
        rows.get(usize::from(number).checked_rem(rows.len())?).copied()
    }

    pub(crate) fn fresh(&mut self) -> Row {
        let row = self.host.fresh_row(Some(ObjectId::mint()));
        if let Some(id) = row.id {
            self.owners.insert(id, row.secret);
        }
        row
    }

    fn add(&mut self, id: Option<ObjectId>) {
        let row = self.host.fresh_row(id);
        self.host.add_copy(row);
    }

    fn command(&mut self, what: impl FnOnce(&mut Self)) {
        self.catch_up();
        self.host.begin();
        what(self);
        self.host.end();
    }

    pub(crate) fn edit(&mut self, op: Op) -> bool {
        let is_crowded = self.rows().len() >= MOST_ROWS;
        match op.what {
            What::DeleteNothing => self.delete_nothing(op),
            What::AddNew | What::AddMany | What::AddWithoutId | What::AddTwice if is_crowded => {
                return false;
            }
            What::AddNew => {
                let row = self.fresh();
                self.host.add(row);
            }
            What::AddMany => {
                for _ in 0..=op.at % 3 {
                    let row = self.fresh();
                    self.host.add(row);
                    self.pump();
                }
            }
            What::AddWithoutId => {
                if !self.may_lack_ids() {
                    return false;
                }
                self.add(None);
            }
            What::AddTwice if !self.may_copy() => return false,
            What::AddTwice => {
                let row = self.fresh();
                self.host.add(row);
                self.pump();
                self.add(row.id);
            }
            What::Paste | What::PasteTwice => {
                return !is_crowded && self.paste(op.what == What::PasteTwice);
            }
            _ => {
                let Some((fid, row)) = self.pick(op.at) else { return false };
                return self.edit_row(op, fid, row, is_crowded);
            }
        }
        true
    }

    pub(crate) fn may_lack_ids(&self) -> bool {
        self.host.kind.identity == Identity::Written || self.host.kind.is_stable()
    }

    fn may_copy(&self) -> bool {
        self.host.kind.identity == Identity::Written || self.host.kind.is_stable()
    }

    fn delete_nothing(&mut self, op: Op) {
        let fid = if op.at.is_multiple_of(2) { i64::MIN } else { 12_345 + i64::from(op.other) };
        self.host.delete(fid);
    }

    fn paste(&mut self, twice: bool) -> bool {
        let rows = self.clipboard.clone();
        if rows.is_empty() || !self.may_copy() {
            return false;
        }
        self.command(|it| {
            for row in rows.iter().chain(rows.iter().filter(|_| twice)) {
                it.add(row.id);
            }
        });
        true
    }

    fn edit_row(&mut self, op: Op, fid: i64, row: Row, is_crowded: bool) -> bool {
        let copies = self.may_copy();
        match op.what {
            What::Touch => self.host.touch(fid),
            What::Edit => return self.edit_object(fid, row),
            What::Delete => {
                self.catch_up();
                self.host.delete(fid);
            }
            What::DeleteMany => {
                let next = self.pick(op.at.wrapping_add(1)).map_or(fid, |(fid, _)| fid);
                self.command(|it| {
                    it.host.delete(fid);
                    if next != fid {
                        it.host.delete(next);
                    }
                });
            }
            What::Copy => self.clipboard = vec![row],
            What::Cut => {
                self.clipboard = vec![row];
                self.command(|it| it.host.delete(fid));
            }
            _ if op.what.tampers() => return self.tamper(op, fid, row),
            _ if is_crowded || !copies => return false,
            What::PasteThenDelete => self.command(|it| {
                it.add(row.id);
                it.host.delete(fid);
            }),
            What::CutAndPaste => self.command(|it| {
                it.host.delete(fid);
                it.add(row.id);
            }),
            What::Duplicate => self.add(row.id),
            What::Split => {
                self.host.touch(fid);
                self.pump();
                self.add(row.id);
            }
            What::SplitInCommand => self.command(|it| {
                it.host.touch(fid);
                it.add(row.id);
            }),
            What::MultiToSingle => self.command(|it| {
                it.host.delete(fid);
                it.add(row.id);
                it.add(row.id);
            }),
            _ => return self.merge(op, fid, row),
        }
        true
    }

    fn tamper(&mut self, op: Op, fid: i64, row: Row) -> bool {
        let Some((other, others)) = self.pick(op.other) else { return false };
        let is_key = self.host.kind.identity == Identity::Derived;
        self.catch_up();
        match op.what {
            What::TamperNothing if !self.may_lack_ids() => return false,
            // Whose a key is that two rows were given is anybody's guess.
            What::TamperOthers if is_key => return false,
            What::TamperUnknown if is_key && !self.has_own_id(row) => return false,
            What::SwapIds if is_key && !self.rows().iter().all(|(_, it)| self.has_own_id(*it)) => {
                return false;
            }
            What::TamperNothing => self.host.write(fid, None),
            What::TamperOthers => self.host.write(fid, others.id),
            What::TamperUnknown => self.host.write(fid, Some(ObjectId::mint())),
            What::TamperBack => {
                let Some(id) = self.ids.get(&row.secret).copied() else { return false };
                if is_key && self.rows().iter().any(|(_, it)| it.id == Some(id)) {
                    return false;
                }
                self.host.write(fid, Some(id));
            }
            _ => self.command(|it| {
                it.host.write(fid, others.id);
                it.host.write(other, row.id);
            }),
        }
        if is_key && self.host.in_command() {
            self.note_key(fid, row.id);
            if op.what == What::SwapIds {
                self.note_key(other, others.id);
            }
        }
        true
    }

    /// A row was given another key in the open command, of its own: that it had is free.
    fn note_key(&mut self, fid: i64, former: Option<ObjectId>) {
        let Some(Row { secret, id: Some(key), .. }) = self.host.row(fid) else { return };
        if let Some(former) = former.filter(|it| self.owners.get(it) == Some(&secret)) {
            self.owners.remove(&former);
        }
        self.owners.insert(key, secret);
        self.had.insert((secret, key));
        self.keyed.insert(secret);
    }

    fn has_own_id(&self, row: Row) -> bool {
        let is_own = self.ids.get(&row.secret).copied() == row.id;
        row.id.is_some() && (is_own || self.keyed.contains(&row.secret))
    }

    fn merge(&mut self, op: Op, fid: i64, row: Row) -> bool {
        let Some((other, others)) = self.pick(op.other).filter(|it| it.0 != fid) else {
            return false;
        };
        let is_key = self.host.kind.identity == Identity::Derived;
        self.command(|it| match op.what {
            What::MergeInto | What::MergeIntoWithId => {
                it.host.delete(other);
                it.host.touch(fid);
                let id = if op.what == What::MergeInto || is_key { row.id } else { others.id };
                it.host.write(fid, id);
            }
            _ => {
                it.host.delete(fid);
                it.host.delete(other);
                it.add(others.id);
            }
        });
        true
    }

    pub(crate) fn edit_object(&mut self, fid: i64, row: Row) -> bool {
        self.host.touch(fid);
        self.pump();
        let is_known = self.is_settled() && self.ids.contains_key(&row.secret);
        let tie = self.tracker().by_fid(&Fid::Int(fid));
        if let (true, Ok(tie)) = (is_known, tie) {
            let note = self.notes.len() as u64 + 1 + u64::from(row.version);
            self.object(tie).note.store(note, Ordering::Relaxed);
            self.notes.insert(row.secret, note);
        }
        true
    }
}
