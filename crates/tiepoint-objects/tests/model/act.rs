//! What each operation does to the host, and what its user does.
use crate::host::Row;
use crate::op::{Op, What};
use crate::world::World;
use tiepoint_core::Fid;
use tiepoint_objects::{Event, Rewritten, Scope, When};

/// What came of an operation.
pub(crate) type Outcome = &'static str;
pub(crate) const DONE: Outcome = "done";
/// There was nothing to do it to, or the host does not allow it then.
pub(crate) const REFUSED: Outcome = "refused";

impl World {
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
            | What::OthersGiveId
            | What::Repack => self.others(op),
            What::Start => self.start(),
            What::Twin => self.turn_twin(op.at),
            _ => self.session(op),
        };
        self.settle();
        if !self.host.in_command() {
            self.keyed.clear();
        }
        if self.host.is_clean() && !self.host.in_command() {
            self.notes.clear();
        }
        if done { DONE } else { REFUSED }
    }

    fn session(&mut self, op: Op) -> bool {
        if !self.host.is_editing() && !self.start() {
            return false;
        }
        self.refresh();
        self.answer();
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
            What::CommitFails => self.commit(false, true),
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

    pub(crate) fn refresh(&mut self) {
        if self.stale {
            self.read(&Scope::All);
            if let Err(why) = self.check() {
                panic!("when read again, {why}");
            }
        }
    }

    fn undo(&mut self) -> bool {
        self.catch_up();
        self.host.undo()
    }

    fn redo(&mut self) -> bool {
        self.catch_up();
        !self.host.buffer.as_ref().is_some_and(|it| it.renumbered) && self.host.redo()
    }

    fn repeat(&mut self, op: Op, what: fn(&mut Self) -> bool) -> bool {
        let mut done = false;
        for _ in 0..op.at % 6 {
            done |= what(self);
            self.pump();
        }
        done
    }

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
        // What half a commit wrote behind a filter is not looked at: ids, or rows that are called as
        // others were.
        let is_known = self.host.kind.is_stable() && !self.host.ids_written();
        let is_blind = self.host.filter.is_some() && !is_known;
        if fails && (is_blind || is_left && self.is_tampered()) {
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
        let doomed = self.doomed();
        self.host.commit(stop, fails);
        if !fails {
            self.miswrite(&doomed);
        }
        self.notes.clear();
        true
    }

    pub(crate) fn is_tampered(&self) -> bool {
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
            || self.host.kind.negative
            // What they carried may have been told before the field went, or not.
            || !is && !self.host.arrivals.is_empty()
            || self.host.kind.gives_fids_again()
            || self.host.filter.is_some()
            || is && !(self.host.kind.is_stable() && self.host.has_no_ids())
        {
            return false;
        }
        self.catch_up();
        self.host.set_field(is);
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
}
