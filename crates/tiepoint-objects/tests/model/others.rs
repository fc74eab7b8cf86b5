//! What happens around the layer: others write, it shows other rows, it goes, the program restarts.
use crate::host::Row;
use crate::kind::Fids;
use crate::op::{Op, What};
use crate::world::{MOST_ROWS, World};
use std::sync::atomic::Ordering;
use tiepoint_core::ObjectId;
use tiepoint_objects::{Event, Identity, Registry};

impl World {
    pub(crate) fn is_consistent(&self) -> bool {
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

    pub(crate) fn replace(&mut self, op: Op) -> bool {
        if self.stale || self.host.is_editing() && op.what != What::Filter {
            return false;
        }
        let kind = self.host.kind;
        match op.what {
            // Of rows that carry one id, the one that shows is taken for the one that the filter hides.
            What::Filter if kind.miswrites => return false,
            // Nor is it known in a session: where rows are called otherwise at each commit, which the
            // filter hides; what id a store gave to a row that it hides since; what a transaction
            // brings back behind it, or with a key that others may have. Without ids nobody looks at
            // rows, and learns that the filter hides them. Which of several rows that came in the open
            // command has an id, they tell when it ends. Rows that others removed cannot be told from
            // those that the filter hides after a rollback.
            What::Filter
                if self.host.is_editing()
                    && (self.host.field_changed()
                        || kind.passthrough.is_some()
                        || kind.identity == Identity::Derived
                        || kind.gives_ids
                        || !self.host.arrivals.is_empty()
                        || self.host.rows_went()
                        || !kind.is_stable()) =>
            {
                return false;
            }
            What::Filter => {
                self.catch_up();
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

    fn change_source(&mut self, op: Op) {
        self.was_elsewhere = true;
        if let Some(mut rows) = self.stash.take() {
            for row in rows.values_mut() {
                self.go_by_key(row);
            }
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

    /// A row elsewhere with a key that its object has no more is that of who has it, or new.
    fn go_by_key(&mut self, row: &mut Row) {
        let is_key = self.host.kind.identity == Identity::Derived;
        let now = self.ids.get(&row.secret).copied();
        if let Some(key) = row.id.filter(|key| is_key && now.is_some_and(|it| it != *key)) {
            let owner = self.owners.get(&key).copied();
            row.secret = owner.unwrap_or_else(|| self.host.fresh_secret());
        }
    }

    fn restart(&mut self) {
        self.held.clear();
        self.notes.clear();
        self.twin = None;
        self.ties = Registry::default();
        self.layer = self.ties.add_layer(self.host.kind.policy());
        assert_eq!(self.alive.load(Ordering::Relaxed), 0, "objects outlive their registry");
        let rows = self.host.view();
        self.ids.retain(|secret, _| rows.values().any(|row| row.secret == *secret));
        (self.was_elsewhere, self.stash) = (false, None);
        self.attach();
        self.add_twin();
    }

    pub(crate) fn go(&mut self) -> bool {
        if self.gone || self.stale || !self.is_consistent() {
            return false;
        }
        self.host.abandon();
        self.notes.clear();
        self.gone = true;
        self.hear(Event::LayerGone);
        true
    }

    pub(crate) fn come_back(&mut self) -> bool {
        self.gone = false;
        self.hear(Event::FieldsChanged { identity: self.host.field });
        self.hear(Event::LayerReturned);
        true
    }

    pub(crate) fn others(&mut self, op: Op) -> bool {
        let is_theirs = self.host.kind.passthrough.is_none() || !self.host.is_editing();
        if self.host.in_command() || self.host.filter.is_some() || !is_theirs {
            return false;
        }
        let Some((fid, row)) = self.pick_stored(op) else { return false };
        if !self.write_as_others(op, fid, row) {
            return false;
        }
        self.host.shifts = false;
        self.stale = true;
        if self.coin() {
            self.hear(Event::DataChanged);
        }
        true
    }

    /// A row of the store that others may write.
    fn pick_stored(&self, op: Op) -> Option<(i64, Row)> {
        let is_wanted =
            |fid: i64, row: &Row| fid >= 0 && (op.what != What::OthersGiveId || row.id.is_none());
        let stored = self.host.stored().iter().map(|(fid, row)| (*fid, *row));
        let rows: Vec<(i64, Row)> = stored.filter(|(fid, row)| is_wanted(*fid, row)).collect();
        usize::from(op.at).checked_rem(rows.len()).map(|it| rows[it])
    }

    fn write_as_others(&mut self, op: Op, fid: i64, row: Row) -> bool {
        let kind = self.host.kind;
        let is_editing = self.host.is_editing();
        let moves = !kind.is_stable() || kind.fids == Fids::Highest;
        let numbered = self.host.stored().keys().copied().filter(|fid| *fid >= 0);
        let is_crowded = numbered.clone().count() >= MOST_ROWS;
        let view = self.host.view();
        let shows = view.contains_key(&fid);
        let says_it = |it: &&Row| it.id == row.id;
        let stored = self.host.stored().values().filter(says_it).count();
        let carriers = view.values().filter(says_it).count().max(stored);
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
                // Which of two that say the same went is not known where the others move up.
                if !(moves && is_editing || kind.miswrites)
                    && shows
                    && !self.host.may_return(row.secret) =>
            {
                let gone = self.host.whole_row(fid);
                self.host.epitaphs.extend(gone);
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
                if kind.fids == Fids::Counted
                    && !kind.others_copy
                    && self.host.field
                    && shows
                    && carriers == 1 =>
            {
                self.host.stored_mut().get_mut(&fid).expect("it was there").id = None;
            }
            // A row that has an object of its own keeps it; who gives it another id makes another row
            // of it.
            What::OthersGiveId
                if row.id.is_none() && !is_editing && !self.ids.contains_key(&row.secret) =>
            {
                let id = ObjectId::mint();
                self.owners.insert(id, row.secret);
                self.host.stored_mut().get_mut(&fid).expect("it was there").id = Some(id);
            }
            What::Repack if kind.fids == Fids::Places && !is_editing => {
                let fids: Vec<i64> = numbered.collect();
                fids.into_iter().rev().for_each(|fid| self.host.move_row(fid));
            }
            _ => return false,
        }
        true
    }
}
