//! All ties of a layer in one table, found by object id and by fid.
//!
//! Two indexes of bare numbers into one vector: some 50 bytes a tie, where maps from owned keys
//! would take three times that.
use super::names::{Name, Names};
use super::tie::{Standing, Tie, TieRef};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use tiepoint_core::{Fid, ObjectId};

#[derive(Default)]
pub(crate) struct Ties {
    slots: Vec<Tie>,
    free: Vec<TieRef>,
    names: Names,
    by_id: HashTable<TieRef>,
    by_fid: HashTable<TieRef>,
    hasher: DefaultHashBuilder,
}

impl Ties {
    /// How many there are, whatever became of them.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.slots.reserve_exact(more);
        let Self { slots, names, by_id, by_fid, hasher, .. } = self;
        by_id.reserve(more, |tie| hasher.hash_one(slots[tie.0 as usize].id));
        by_fid.reserve(more, |tie| names.hash(hasher, slots[tie.0 as usize].name));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = TieRef> + '_ {
        let places = (0..self.slots.len()).map(TieRef::at);
        places.filter(|tie| self.get(*tie).standing != Standing::Vacant)
    }

    pub(crate) fn has(&self, tie: TieRef) -> bool {
        self.slots.get(tie.0 as usize).is_some_and(|it| it.standing != Standing::Vacant)
    }

    pub(crate) fn get(&self, tie: TieRef) -> &Tie {
        &self.slots[tie.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, tie: TieRef) -> &mut Tie {
        &mut self.slots[tie.0 as usize]
    }

    /// What a tie's row is called, or was when it was deleted, if that is known.
    pub(crate) fn fid(&self, tie: TieRef) -> Option<Fid> {
        self.names.fid(self.get(tie).name)
    }

    pub(crate) fn is_called(&self, tie: TieRef, fid: &Fid) -> bool {
        self.names.is(self.get(tie).name, fid)
    }

    pub(crate) fn by_id(&self, id: &ObjectId) -> Option<TieRef> {
        let hash = self.hasher.hash_one(id);
        self.by_id.find(hash, |tie| self.get(*tie).id == *id).copied()
    }

    pub(crate) fn by_fid(&self, fid: &Fid) -> Option<TieRef> {
        match Name::plain(fid) {
            Some(name) => {
                let hash = self.hasher.hash_one(name);
                self.by_fid.find(hash, |tie| self.get(*tie).name == name).copied()
            }
            None => self.by_fid_aside(fid),
        }
    }

    #[cold]
    fn by_fid_aside(&self, fid: &Fid) -> Option<TieRef> {
        let hash = self.hasher.hash_one(fid);
        self.by_fid.find(hash, |tie| self.is_called(*tie, fid)).copied()
    }

    /// A new tie, with no fid yet. The id must be free.
    pub(crate) fn add(&mut self, id: ObjectId, standing: Standing) -> TieRef {
        let tie = Tie::new(id, standing);
        let place = if let Some(place) = self.free.pop() {
            *self.get_mut(place) = tie;
            place
        } else {
            self.slots.push(tie);
            TieRef::at(self.slots.len() - 1)
        };
        self.index_id(place);
        place
    }

    fn index_id(&mut self, place: TieRef) {
        let Self { slots, by_id, hasher, .. } = self;
        let hash = hasher.hash_one(slots[place.0 as usize].id);
        by_id.insert_unique(hash, place, |tie| hasher.hash_one(slots[tie.0 as usize].id));
    }

    /// Gives a tie another fid, or none. Whoever had that fid has none then.
    pub(crate) fn set_fid(&mut self, tie: TieRef, fid: Option<Fid>) {
        let Some(fid) = fid else { return self.unname(tie) };
        if self.is_called(tie, &fid) {
            return;
        }
        self.unname(tie);
        if let Some(holder) = self.by_fid(&fid) {
            self.unname(holder);
        }
        self.get_mut(tie).name = self.names.keep(fid);
        self.index_fid(tie);
    }

    fn index_fid(&mut self, place: TieRef) {
        let Self { slots, names, by_fid, hasher, .. } = self;
        let hash_of = |tie: &TieRef| names.hash(hasher, slots[tie.0 as usize].name);
        by_fid.insert_unique(hash_of(&place), place, hash_of);
    }

    fn unname(&mut self, tie: TieRef) {
        let name = std::mem::replace(&mut self.get_mut(tie).name, Name::NONE);
        if name == Name::NONE {
            return;
        }
        let hash = self.names.hash(&self.hasher, name);
        if let Ok(entry) = self.by_fid.find_entry(hash, |other| *other == tie) {
            entry.remove();
        }
        self.names.release(name);
    }

    /// Gives a tie another id. The id must be free.
    pub(crate) fn set_id(&mut self, tie: TieRef, id: ObjectId) {
        self.unindex_id(tie);
        self.get_mut(tie).id = id;
        self.index_id(tie);
    }

    fn unindex_id(&mut self, tie: TieRef) {
        let hash = self.hasher.hash_one(self.get(tie).id);
        if let Ok(entry) = self.by_id.find_entry(hash, |other| *other == tie) {
            entry.remove();
        }
    }

    /// Forgets a tie; its place is used again.
    pub(crate) fn forget(&mut self, tie: TieRef) {
        self.unname(tie);
        self.unindex_id(tie);
        self.get_mut(tie).standing = Standing::Vacant;
        self.free.push(tie);
    }
}
