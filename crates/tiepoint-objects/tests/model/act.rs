//! What each operation does to the host, and what its user does.
use crate::host::Row;
use crate::kind::Fids;
use crate::op::{Op, What};
use crate::world::World;
use std::sync::atomic::Ordering;
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::{Event, Identity, Registry, Rewritten, Scope, When};

/// What came of an operation.
pub(crate) type Outcome = &'static str;
pub(crate) const DONE: Outcome = "done";
/// There was nothing to do it to, or the host does not allow it then.
pub(crate) const REFUSED: Outcome = "refused";

const MOST_ROWS: usize = 14;

impl World {
    /// Does it; no row is looked at by the oracle meanwhile.
    pub(crate) fn act(&mut self, op: Op) -> Outcome {
        self.toss(op.coins);
        let done = match op.what {
            What::Gone if op.other.is_multiple_of(4) => self.go(),
            What::Gone => false,
            _ if self.gone => self.come_back(),
            What::Returned => false,
            What::Take | What::Drop | What::DropAll => self.handle(op),
            What::EventLoop => self.event_loop(),
            What::Resync | What::ResyncSome | What::Reload => self.resync(op),
            What::Filter | What::Source | What::Restart => self.replace(op),
            What::OthersAdd
            | What::OthersAddWithoutId
            | What::OthersCopy
            | What::OthersDelete
            | What::OthersTouch
            | What::OthersTamper
            | What::Repack => self.others(op),
            What::Start => self.start(),
            _ => self.session(op),
        };
        self.settle();
        if self.host.is_clean() && !self.host.in_command() {
            self.notes.clear();
        }
        if done { DONE } else { REFUSED }
    }

    /// In a session, which is started where there is none.
    fn session(&mut self, op: Op) -> bool {
        if !self.host.is_editing() && !self.start() {
            return false;
        }
        self.refresh();
        match op.what {
            What::Begin => {
                self.catch_up();
                self.host.begin();
                true
            }
            What::End => self.host.end(),
            What::Destroy => self.destroy(),
            What::Undo => self.undo(),
            What::UndoMany => self.repeat(op, Self::undo),
            What::Redo => self.redo(),
            What::RedoMany => self.repeat(op, Self::redo),
            What::Commit => self.commit(true, false),
            What::CommitAndGoOn => self.commit(false, false),
            What::CommitFails => {
                !matches!(self.host.kind.fids, Fids::Positions { .. }) && self.commit(false, true)
            }
            What::RollBack | What::RollBackAndGoOn => self.roll_back(op),
            What::DropField | What::AddField => self.change_field(op),
            _ => self.edit(op),
        }
    }

    fn start(&mut self) -> bool {
        if self.host.kind.passthrough.is_some() && self.host.filter.is_some() {
            return false;
        }
        self.refresh();
        self.host.start();
        self.pump();
        true
    }

    /// Rows are read before anything is edited, where others did something.
    fn refresh(&mut self) {
        if self.stale {
            self.read(&Scope::All);
            self.adopt();
        }
    }

    fn undo(&mut self) -> bool {
        self.catch_up();
        self.host.undo()
    }

    fn redo(&mut self) -> bool {
        self.catch_up();
        self.host.redo()
    }

    fn repeat(&mut self, op: Op, what: fn(&mut Self) -> bool) -> bool {
        let mut done = false;
        for _ in 0..op.at % 6 {
            done |= what(self);
            self.pump();
        }
        done
    }

    /// Abandons the command that is open; of nested ones only the outer one can be.
    fn destroy(&mut self) -> bool {
        let was_step = self.host.end();
        self.pump();
        self.catch_up();
        was_step && self.host.undo()
    }

    fn event_loop(&mut self) -> bool {
        if !self.writes_due || !self.host.is_editing() || self.host.in_command() || self.stale {
            return false;
        }
        self.write(When::Later);
        true
    }

    fn commit(&mut self, stop: bool, fails: bool) -> bool {
        let is_left_to_store = self.host.kind.gives_ids && self.coin();
        let is_left = is_left_to_store || self.host.kind.rewritten == Rewritten::Report;
        if fails && is_left && self.is_tampered() {
            return false;
        }
        if !self.host.field && (self.host.in_command() || !self.host.kind.is_stable()) {
            return false;
        }
        self.pump();
        self.name_arrivals();
        self.hear(Event::CommitStarted);
        self.catch_up();
        if !is_left_to_store {
            self.write(When::BeforeCommit);
        }
        self.host.commit(stop, fails);
        self.notes.clear();
        true
    }

    /// Whether some row says another id than its object's, or than in the store.
    fn is_tampered(&self) -> bool {
        let is_own = |row: &Row| self.ids.get(&row.secret).is_none_or(|id| row.id == Some(*id));
        let stored = self.host.stored();
        let rows = self.host.view();
        let is_stored = |fid: &i64, row: &Row| stored.get(fid).is_none_or(|it| it.id == row.id);
        !rows.iter().all(|(fid, row)| is_own(row) && is_stored(fid, row))
    }

    fn roll_back(&mut self, op: Op) -> bool {
        if self.host.in_command() && !self.is_consistent() {
            return false;
        }
        self.catch_up();
        self.host.roll_back(op.what == What::RollBack);
        self.host.arrivals.clear();
        self.notes.clear();
        true
    }

    fn change_field(&mut self, op: Op) -> bool {
        let is = op.what == What::AddField;
        if self.host.field == is
            || self.host.kind.passthrough.is_some()
            || self.host.kind.negative
            || self.host.in_command()
            || self.host.kind.identity == Identity::Derived
            || is && !(self.host.kind.is_stable() && self.host.has_no_ids())
        {
            return false;
        }
        self.catch_up();
        self.host.set_field(is);
        true
    }

    /// Rows that may be edited, by fid.
    fn rows(&self) -> Vec<(i64, Row)> {
        self.host.view().into_iter().filter(|(fid, _)| *fid > -1_000_000).collect()
    }

    fn pick(&self, number: u8) -> Option<(i64, Row)> {
        let rows = self.rows();
        rows.get(usize::from(number).checked_rem(rows.len())?).copied()
    }

    fn fresh(&mut self) -> Row {
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

    fn edit(&mut self, op: Op) -> bool {
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

    /// Whether a row without id is known for what it is until it gets one.
    fn may_lack_ids(&self) -> bool {
        self.host.kind.identity == Identity::Written || self.host.kind.is_stable()
    }

    /// Whether rows with one id can be told apart for good.
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
            _ if is_key && self.host.in_command() => return false,
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
                self.host.write(fid, Some(id));
            }
            _ => self.command(|it| {
                it.host.write(fid, others.id);
                it.host.write(other, row.id);
            }),
        }
        true
    }

    fn has_own_id(&self, row: Row) -> bool {
        row.id.is_some() && self.ids.get(&row.secret).copied() == row.id
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

    /// Its user writes something into the object of a row, which shows in the row.
    fn edit_object(&mut self, fid: i64, row: Row) -> bool {
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

    fn handle(&mut self, op: Op) -> bool {
        if op.what == What::DropAll {
            self.held.clear();
            return true;
        }
        let Some((fid, row)) = self.pick(op.at) else { return false };
        if op.what == What::Drop {
            return self.held.remove(&row.secret).is_some();
        }
        if !self.is_settled() || self.stale || !self.ids.contains_key(&row.secret) {
            return false;
        }
        let Ok(tie) = self.tracker().by_fid(&Fid::Int(fid)) else { return false };
        let thing = self.object(tie);
        self.held.insert(row.secret, thing);
        true
    }

    fn resync(&mut self, op: Op) -> bool {
        if self.host.in_command() {
            return false;
        }
        match op.what {
            What::Reload => self.hear(Event::DataChanged),
            What::Resync => self.read(&Scope::All),
            _ if self.stale => return false,
            _ => {
                let rows = self.rows();
                let some = rows.iter().step_by(usize::from(op.at % 3) + 1);
                let fids = some.map(|(fid, _)| Fid::Int(*fid)).collect();
                self.read(&Scope::Fids(fids));
            }
        }
        true
    }

    /// Whether every row of the store says which object it stands for.
    fn is_consistent(&self) -> bool {
        let rows: Vec<&Row> = self.host.stored().values().collect();
        let says = |row: &&Row| {
            row.id.is_some_and(|id| self.owners.get(&id) == Some(&row.secret))
                && self.ids.get(&row.secret).is_none_or(|id| Some(*id) == row.id)
        };
        let mut ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        rows.iter().all(says) && ids.len() == rows.len() && self.host.field && !self.stale
    }

    fn replace(&mut self, op: Op) -> bool {
        if self.host.is_editing() || self.stale {
            return false;
        }
        match op.what {
            What::Filter => {
                let filter = (2..).nth(usize::from(op.at % 3));
                self.host.filter = filter.filter(|_| self.host.filter.is_none());
                let filtered = self.host.filter.is_some();
                self.hear(Event::FilterChanged { filtered });
            }
            _ if self.host.filter.is_some() || !self.is_consistent() => return false,
            What::Source => self.change_source(op),
            _ => self.restart(),
        }
        true
    }

    /// Another source: a copy with other fids, without some rows; or back to the first.
    fn change_source(&mut self, op: Op) {
        self.was_elsewhere = true;
        if let Some(rows) = self.stash.take() {
            *self.host.stored_mut() = rows;
        } else {
            let rows = std::mem::take(self.host.stored_mut());
            let is_kept = |row: &&Row| !(row.secret + u64::from(op.at)).is_multiple_of(4);
            for row in rows.values().rev().filter(is_kept) {
                self.host.insert(*row);
            }
            self.stash = Some(rows);
        }
        self.hear(Event::SourceChanged);
    }

    /// Another session of the program: nothing but the store is left.
    fn restart(&mut self) {
        self.held.clear();
        self.notes.clear();
        self.ties = Registry::default();
        self.layer = self.ties.add_layer(self.host.kind.policy());
        assert_eq!(self.alive.load(Ordering::Relaxed), 0, "objects outlive their registry");
        let rows = self.host.view();
        self.ids.retain(|secret, _| rows.values().any(|row| row.secret == *secret));
        (self.was_elsewhere, self.stash) = (false, None);
        self.attach();
    }

    fn go(&mut self) -> bool {
        if self.gone || self.stale || !self.is_consistent() {
            return false;
        }
        self.host.abandon();
        self.notes.clear();
        self.gone = true;
        self.hear(Event::LayerGone);
        true
    }

    fn come_back(&mut self) -> bool {
        self.gone = false;
        self.hear(Event::FieldsChanged { identity: self.host.field });
        self.hear(Event::LayerReturned);
        true
    }

    fn others(&mut self, op: Op) -> bool {
        let kind = self.host.kind;
        let is_editing = self.host.is_editing();
        let moves = !kind.is_stable() || kind.fids == Fids::Highest;
        if self.host.in_command() || self.host.filter.is_some() {
            return false;
        }
        if kind.passthrough.is_some() && is_editing {
            return false;
        }
        let rows: Vec<(i64, Row)> =
            self.host.stored().iter().map(|(fid, row)| (*fid, *row)).collect();
        let rows: Vec<_> = rows.into_iter().filter(|(fid, _)| *fid >= 0).collect();
        let Some((fid, row)) = usize::from(op.at).checked_rem(rows.len()).map(|it| rows[it]) else {
            return false;
        };
        let is_crowded = rows.len() >= MOST_ROWS;
        let view = self.host.view();
        let shows = view.contains_key(&fid);
        let carriers = view.values().filter(|it| it.id == row.id).count();
        match op.what {
            What::OthersAdd if !is_crowded && self.host.field => {
                let row = self.fresh();
                self.outsiders.insert(row.secret);
                self.host.insert(row);
            }
            What::OthersCopy | What::OthersAddWithoutId if kind.others_copy && !is_crowded => {
                let id = row.id.filter(|_| op.what == What::OthersCopy);
                let row = self.host.fresh_row(id);
                self.outsiders.insert(row.secret);
                self.host.insert(row);
            }
            What::OthersDelete
                if !(moves && is_editing) && shows && !self.host.may_return(row.secret) =>
            {
                self.host.stored_mut().remove(&fid);
                self.host.shifts = true;
                self.host.shift();
            }
            What::OthersTouch => {
                self.host.stored_mut().get_mut(&fid).expect("it was there").version += 1;
                if kind.fids == Fids::Places && !is_editing {
                    self.host.move_row(fid);
                }
            }
            What::OthersTamper
                if kind.fids == Fids::Counted && !kind.others_copy && shows && carriers == 1 =>
            {
                self.host.stored_mut().get_mut(&fid).expect("it was there").id = None;
            }
            What::Repack if kind.fids == Fids::Places && !is_editing => {
                rows.iter().rev().for_each(|(fid, _)| self.host.move_row(*fid));
            }
            _ => return false,
        }
        self.host.shifts = false;
        self.stale = true;
        if self.coin() {
            self.hear(Event::DataChanged);
        }
        true
    }
}
