//! The oracle: what is true of every row and every object after an operation.
use crate::host::Row;
use crate::world::World;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::{Identity, NotTied, Reason, State, TieRef};

type Checked = Result<(), String>;

impl World {
    /// Nothing is lost and nothing is crossed; or what is.
    pub(crate) fn check(&mut self) -> Checked {
        if !self.is_settled() {
            return Ok(());
        }
        if self.gone {
            return self.check_detached();
        }
        if self.stale {
            let rows = self.host.view();
            return rows.iter().try_for_each(|(fid, row)| self.check_verified(*fid, *row));
        }
        self.adopt();
        let mut seen = HashSet::new();
        for (fid, row) in self.host.view() {
            if let Some(tie) = self.check_row(fid, row)?
                && !seen.insert(tie)
            {
                return Err(format!("row {fid} has the object of another row"));
            }
        }
        self.check_twin()?;
        self.check_gone()?;
        self.check_held()
    }

    /// While nothing is known of what others did, a feature may be unknown but is never another's.
    fn check_verified(&mut self, fid: i64, row: Row) -> Checked {
        let Some(id) = row.id.filter(|id| self.owners.get(id) == Some(&row.secret)) else {
            return Ok(());
        };
        let Ok(tie) = self.tracker().by_feature(Some(&Fid::Int(fid)), Some(&id)) else {
            return Ok(());
        };
        let own = self.ids.get(&row.secret);
        let is_own = own.is_none_or(|own| self.tracker().id(tie) == *own);
        let derived = self.host.kind.identity == Identity::Derived;
        if is_own || derived { Ok(()) } else { Err(format!("row {fid} is taken for another")) }
    }

    fn check_row(&mut self, fid: i64, row: Row) -> Result<Option<TieRef>, String> {
        if fid < -1_000_000 && !self.host.field {
            return Ok(None);
        }
        let name = Fid::Int(fid);
        let tie = match self.tracker().by_feature(Some(&name), row.id.as_ref()) {
            Ok(tie) => tie,
            Err(why) => return self.check_untied(fid, row, &why).map(|()| None),
        };
        let thing = self.object(tie);
        if thing.secret != row.secret {
            return Err(format!("row {fid} of {} has the object of {}", row.secret, thing.secret));
        }
        if self.held.get(&row.secret).is_some_and(|held| !Arc::ptr_eq(held, &thing)) {
            return Err(format!("row {fid} of {} has another object than before", row.secret));
        }
        if self.ties.tie_of(&thing) != Some((self.layer, tie)) {
            return Err(format!("the object of row {fid} leads to another tie"));
        }
        let note = thing.note.load(Ordering::Relaxed);
        if self.notes.get(&row.secret).is_some_and(|it| *it != note) {
            return Err(format!("an edit of the object of row {fid} is lost"));
        }
        self.check_names(fid, row, tie)?;
        Ok(Some(tie))
    }

    /// Rows stand for whom they have come to stand for.
    pub(crate) fn adopt(&mut self) {
        for (fid, row) in self.host.view() {
            let tie = self.tracker().by_feature(Some(&Fid::Int(fid)), row.id.as_ref());
            if let Some(owner) = tie.ok().and_then(|tie| self.adopts(tie, row)) {
                self.host.relabel(row.secret, owner);
            }
        }
    }

    /// A row that never had an object and carries the id of one whose row is gone for good is that
    /// object's; so is one that carries a key that the object has again.
    fn adopts(&self, tie: TieRef, row: Row) -> Option<u64> {
        if self.ids.contains_key(&row.secret) {
            return None;
        }
        let is_it = |id: &ObjectId| self.tracker().known(id) == Some(tie);
        let is_its = |(owner, id): &(&u64, &ObjectId)| is_it(id) && !self.gave_up(**owner, **id);
        let owner = self.ids.iter().find(is_its).map(|(owner, _)| *owner);
        // Keys that are undone in one go with their rows were never seen to be given back.
        let is_key = self.host.kind.identity == Identity::Derived;
        let object = self.ties.object(self.layer, tie).filter(|_| is_key);
        let owner = object.map(|it| it.secret).or(owner)?;
        let is_shown = self.host.view().values().any(|it| it.secret == owner);
        let may_return = self.host.may_return(owner) && !is_key;
        (!is_shown && !self.host.hides(owner) && !may_return).then_some(owner)
    }

    fn check_names(&mut self, fid: i64, row: Row, tie: TieRef) -> Checked {
        let tracker = self.ties.tracker(self.layer);
        let id = tracker.id(tie);
        if fid > -1_000_000 {
            if tracker.by_fid(&Fid::Int(fid)) != Ok(tie) {
                return Err(format!("row {fid} is not found by its fid"));
            }
            if tracker.fid(tie) != Some(Fid::Int(fid)) {
                return Err(format!("the object of row {fid} leads to {:?}", tracker.fid(tie)));
            }
        }
        if tracker.by_id(&id) != Ok(tie) || self.ties.by_id(&id) != Ok((self.layer, tie)) {
            return Err(format!("row {fid} is not found by its object's id"));
        }
        let state = if self.is_new(fid, row) { State::Pending } else { State::Live };
        if tracker.state(tie) != state {
            return Err(format!("row {fid} is {:?}, not {state:?}", tracker.state(tie)));
        }
        self.learn(fid, row, id)
    }

    fn is_new(&self, fid: i64, row: Row) -> bool {
        let Some(buffer) = &self.host.buffer else { return false };
        match self.host.kind.passthrough {
            Some(_) => !buffer.before.values().any(|it| it.secret == row.secret),
            None => buffer.added.contains_key(&fid),
        }
    }

    /// An object's id is learned once; then it may be another only where its key was edited, or
    /// where the store gave its row one.
    fn learn(&mut self, fid: i64, row: Row, id: ObjectId) -> Checked {
        let kind = self.host.kind;
        let may_rename = kind.gives_ids || kind.identity == Identity::Derived;
        if let Some(known) = self.ids.get(&row.secret)
            && *known != id
        {
            if !may_rename || kind.gives_ids && row.id != Some(id) {
                return Err(format!("the id of row {fid} was {known}, and is {id}"));
            }
            let is_given_up = kind.identity == Identity::Derived;
            if is_given_up && self.owners.get(known) == Some(&row.secret) {
                self.owners.remove(known);
            }
        }
        self.ids.insert(row.secret, id);
        self.had.insert((row.secret, id));
        let owner = *self.owners.entry(id).or_insert(row.secret);
        if owner != row.secret {
            if !may_rename && self.ids.contains_key(&owner) {
                return Err(format!("row {fid} has the id {id} of another object"));
            }
            self.owners.insert(id, row.secret);
        }
        Ok(())
    }

    /// Only rows that came from outside, or copies that are to be left alone, have no object.
    fn check_untied(&self, fid: i64, row: Row, why: &NotTied) -> Checked {
        let was_tied = self.ids.contains_key(&row.secret);
        let may_be = self.outsiders.contains(&row.secret) || !self.host.kind.forks();
        let owner = row.id.and_then(|id| self.owners.get(&id));
        let is_right = match why.reason {
            Reason::Unknown => row.id.is_none(),
            Reason::Duplicate { .. } if !self.host.field => true,
            Reason::Duplicate { of } => row.id == Some(of) && owner != Some(&row.secret),
            _ => false,
        };
        if was_tied || !may_be || !is_right {
            return Err(format!("row {fid} of {} is lost: {why}", row.secret));
        }
        Ok(())
    }

    /// Objects whose rows do not show say why.
    fn check_gone(&self) -> Checked {
        let shown: HashSet<u64> = self.host.view().values().map(|row| row.secret).collect();
        for (secret, id) in self.ids.iter().filter(|(secret, _)| !shown.contains(secret)) {
            if !self.is_owned(*secret, id) {
                continue;
            }
            let reason = match self.tracker().by_id(id) {
                Ok(tie) if self.tracker().id(tie) != *id => continue,
                Ok(_) => return Err(format!("object {secret} has no row, and is found")),
                Err(why) => why.reason,
            };
            let is_right = match reason {
                // A row that others removed behind the filter cannot be told from one that it hides.
                Reason::Hidden => self.host.hides(*secret) || self.host.filter.is_some(),
                // Whose row an undo brings back where the filter hides it is not always known.
                Reason::Deleted => {
                    let is_filtered = self.host.filter.is_some();
                    self.host.is_editing() && (is_filtered || !self.host.hides(*secret))
                }
                Reason::Removed => !(self.host.hides(*secret) || self.host.is_deleted(*secret)),
                Reason::Detached => self.was_elsewhere,
                Reason::Unknown | Reason::Duplicate { .. } => false,
            };
            if !is_right && self.host.kind.identity == Identity::Written {
                return Err(format!("object {secret}, which has no row, is {reason:?}"));
            }
        }
        Ok(())
    }

    /// A natural key that an object had may be another's.
    fn is_owned(&self, secret: u64, id: &ObjectId) -> bool {
        self.owners.get(id) == Some(&secret)
    }

    fn check_detached(&self) -> Checked {
        for (secret, id) in &self.ids {
            match self.tracker().by_id(id).map_err(|why| why.reason) {
                Err(Reason::Detached | Reason::Removed) => {}
                other => return Err(format!("{secret} is {other:?} while its layer is gone")),
            }
        }
        Ok(())
    }

    /// Clean objects that nobody else holds are freed, and none that may be lost.
    fn check_held(&self) -> Checked {
        for (secret, id) in self.ids.iter().filter(|(secret, id)| self.is_owned(**secret, id)) {
            let Some(tie) = self.tracker().known(id) else { continue };
            let object = self.ties.object(self.layer, tie).filter(|it| it.secret == *secret);
            let is_held = self.held.contains_key(secret);
            // Rows that others deleted meanwhile might yet be said to be back.
            let is_deleted = self.tracker().state(tie) == State::Deleted;
            let is_clean = self.host.has_no_history() && !is_deleted;
            if object.is_some() && !is_held && is_clean {
                return Err(format!("the clean object {secret} is kept alive"));
            }
            if self.host.is_deleted(*secret) && self.notes.contains_key(secret) && object.is_none()
            {
                return Err(format!("the object {secret}, deleted with edits, is lost"));
            }
        }
        Ok(())
    }
}
