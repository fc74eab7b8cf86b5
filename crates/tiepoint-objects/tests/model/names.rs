//! Whose ids are that rows come with: the oracle's rules, by secrets alone.
use crate::host::Row;
use crate::world::World;
use tiepoint_core::ObjectId;
use tiepoint_objects::Identity;

impl World {
    /// A row that came with an id whose object has no row any more is that object's; who else
    /// comes is new. What counts is what rows say when the step ends, and an id is rather that of
    /// a row that came with it than of one into which it was written.
    pub(crate) fn name_arrivals(&mut self) {
        let mut fids = std::mem::take(&mut self.host.arrivals);
        let written = self.host.written_in_step();
        // Nobody sees rows come that a transaction adds where the filter hides them.
        let hidden = fids.iter().filter(|fid| self.host.row(**fid).is_none());
        let hidden = hidden.filter_map(|fid| self.host.stored().get(fid));
        self.outsiders.extend(hidden.map(|row| row.secret));
        fids.sort_by_key(|fid| written.contains(fid));
        let rows: Vec<Row> = fids.iter().filter_map(|fid| self.host.row(*fid)).collect();
        let is_new = |secret: &u64| rows.iter().any(|row| row.secret == *secret);
        self.owners.retain(|_, owner| self.ids.contains_key(owner) || !is_new(owner));
        for Row { secret, id, .. } in rows {
            let Some(id) = id else { continue };
            if self.host.kind.identity == Identity::Derived {
                self.give_key_back(id);
            }
            let owner = *self.owners.entry(id).or_insert(secret);
            let shows = self.host.view().values().any(|row| row.secret == owner);
            if owner != secret && !shows && !self.host.hides(owner) {
                self.host.relabel(secret, owner);
            }
        }
    }

    /// A key that no object uses is that of the one whose row had it when it went, if it ever was
    /// the key of that object.
    fn give_key_back(&mut self, id: ObjectId) {
        let view = self.host.view();
        let shows = |secret: &u64| view.values().any(|row| row.secret == *secret);
        if self.owners.get(&id).is_some_and(|owner| !shows(owner) && self.gave_up(*owner, id)) {
            self.owners.remove(&id);
        }
        let is_used = self.owners.get(&id).is_some_and(shows);
        let last = self.host.epitaphs.iter().rev().find(|row| row.id == Some(id));
        let is_last = |row: &&Row| {
            let of_it = self.host.epitaphs.iter().rev().find(|it| it.secret == row.secret);
            of_it == Some(row)
        };
        let last = last.filter(|row| !is_used && !shows(&row.secret)).filter(is_last);
        if let Some(row) = last.filter(|row| self.had.contains(&(row.secret, id))) {
            self.owners.insert(id, row.secret);
        }
    }

    /// Whether an object's row died with another key than this, which was its own, too: nobody saw it
    /// be so, where a key and its row are undone in one go.
    pub(crate) fn gave_up(&self, secret: u64, id: ObjectId) -> bool {
        let last = self.host.epitaphs.iter().rev().find(|row| row.secret == secret);
        let key = last.and_then(|row| row.id).filter(|key| *key != id);
        key.is_some_and(|key| self.had.contains(&(secret, key)))
    }
}
