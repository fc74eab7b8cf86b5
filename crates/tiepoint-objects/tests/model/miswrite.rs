//! Stores that do otherwise than they say: a commit deletes another row than it was told, or writes
//! one twice.
use crate::host::Row;
use crate::world::World;

impl World {
    /// The stored rows that the commit is to delete.
    pub(crate) fn doomed(&self) -> Vec<Row> {
        let buffer = self.host.buffer.iter().filter(|_| self.host.kind.miswrites);
        let fids = buffer.flat_map(|it| &it.deleted);
        fids.filter_map(|fid| self.host.stored().get(fid)).copied().collect()
    }

    /// What the commit did otherwise: in place of this row another went, or one is there twice.
    pub(crate) fn miswrite(&mut self, doomed: &[Row]) {
        if !self.host.kind.miswrites || self.host.filter.is_some() || !self.coin() {
            return;
        }
        let said: Vec<Option<_>> = self.host.stored().values().map(|row| row.id).collect();
        let says_its_id =
            |row: &&Row| row.id.is_some() && self.ids.get(&row.secret) == row.id.as_ref();
        let is_spared = |row: &&Row| !said.contains(&row.id) && says_its_id(row);
        let Some((&fid, &other)) = self.host.stored().first_key_value() else { return };
        if let Some(row) = doomed.iter().copied().find(|row| is_spared(&row)) {
            self.host.epitaphs.push(other);
            self.host.stored_mut().insert(fid, row);
        } else if doomed.is_empty() {
            // Where rows were renumbered, the second may be called as the first was: both say the same.
            let copy = self.host.fresh_row(other.id);
            self.outsiders.insert(copy.secret);
            self.host.insert(copy);
        }
        self.host.signals.push(crate::host::Signal::DataChanged);
    }
}
