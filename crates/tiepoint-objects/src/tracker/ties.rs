//! All ties of a layer in one table, found by object id and by fid.
//!
//! Two indexes of bare numbers into one vector: some 70 bytes a tie, where maps from owned keys
//! would take twice that.
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use tiepoint_core::{Fid, ObjectId};

/// One tie of a [`Tracker`](super::Tracker), by its place; good until the next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TieRef(pub(crate) u32);

impl TieRef {
    /// Its number, for bindings that cannot carry the type.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// The tie of this number, which a [`TieRef`] had.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        Self(number)
    }
}

/// Where a tie stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    /// Its row waits for a commit.
    Pending,
    /// Its row is in the store.
    Live,
    /// Its row is deleted, not committed.
    Deleted,
    /// Its row is gone.
    Removed,
    /// Its row does not show.
    Hidden,
    /// Its row was behind another source.
    Detached,
    /// There is no tie here: the place is to be used again.
    Vacant,
}

impl Standing {
    /// Whether it has a row that shows.
    pub(crate) fn is_alive(self) -> bool {
        matches!(self, Self::Pending | Self::Live)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Tie {
    id: ObjectId,
    fid: Option<Fid>,
    pub(crate) standing: Standing,
    /// Whether its row is in the store, as far as is known.
    pub(crate) stored: bool,
    /// Whether its row says something that is not committed.
    pub(crate) changed: bool,
    /// Whether it is among those that the session has to do with.
    pub(crate) touched: bool,
    /// Which resync saw it last.
    pub(crate) epoch: u32,
}

impl Tie {
    pub(crate) fn id(&self) -> ObjectId {
        self.id
    }

    pub(crate) fn fid(&self) -> Option<&Fid> {
        self.fid.as_ref()
    }

    /// Whether it has a row that shows.
    pub(crate) fn is_alive(&self) -> bool {
        self.standing.is_alive()
    }
}

#[derive(Default)]
pub(crate) struct Ties {
    slots: Vec<Tie>,
    free: Vec<TieRef>,
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
        let Self { slots, by_id, by_fid, hasher, .. } = self;
        by_id.reserve(more, |tie| hasher.hash_one(slots[tie.0 as usize].id));
        by_fid.reserve(more, |tie| hash_of_fid(hasher, slots, *tie));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = TieRef> + '_ {
        let places = (0..self.slots.len()).map(tie_ref);
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

    pub(crate) fn by_id(&self, id: &ObjectId) -> Option<TieRef> {
        let hash = self.hasher.hash_one(id);
        self.by_id.find(hash, |tie| self.slots[tie.0 as usize].id == *id).copied()
    }

    pub(crate) fn by_fid(&self, fid: &Fid) -> Option<TieRef> {
        let hash = self.hasher.hash_one(fid);
        let is_it = |tie: &TieRef| self.slots[tie.0 as usize].fid.as_ref() == Some(fid);
        self.by_fid.find(hash, is_it).copied()
    }

    /// A new tie, with no fid yet. The id must be free.
    pub(crate) fn add(&mut self, id: ObjectId, standing: Standing) -> TieRef {
        let tie =
            Tie { id, fid: None, standing, stored: true, changed: false, touched: false, epoch: 0 };
        let place = if let Some(place) = self.free.pop() {
            self.slots[place.0 as usize] = tie;
            place
        } else {
            self.slots.push(tie);
            tie_ref(self.slots.len() - 1)
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
        if self.get(tie).fid == fid {
            return;
        }
        self.unindex_fid(tie);
        if let Some(holder) = fid.as_ref().and_then(|fid| self.by_fid(fid)) {
            self.unindex_fid(holder);
        }
        self.slots[tie.0 as usize].fid = fid;
        if self.slots[tie.0 as usize].fid.is_some() {
            let Self { slots, by_fid, hasher, .. } = self;
            let hash = hash_of_fid(hasher, slots, tie);
            by_fid.insert_unique(hash, tie, |tie| hash_of_fid(hasher, slots, *tie));
        }
    }

    fn unindex_fid(&mut self, tie: TieRef) {
        if let Some(fid) = self.slots[tie.0 as usize].fid.take() {
            let hash = self.hasher.hash_one(&fid);
            if let Ok(entry) = self.by_fid.find_entry(hash, |other| *other == tie) {
                entry.remove();
            }
        }
    }

    /// Gives a tie another id. The id must be free.
    pub(crate) fn set_id(&mut self, tie: TieRef, id: ObjectId) {
        self.unindex_id(tie);
        self.slots[tie.0 as usize].id = id;
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
        self.unindex_fid(tie);
        self.unindex_id(tie);
        self.get_mut(tie).standing = Standing::Vacant;
        self.free.push(tie);
    }
}

fn tie_ref(place: usize) -> TieRef {
    TieRef(u32::try_from(place).expect("memory ends long before four billion ties"))
}

fn hash_of_fid(hasher: &DefaultHashBuilder, slots: &[Tie], tie: TieRef) -> u64 {
    let fid = slots[tie.0 as usize].fid.as_ref().expect("what is indexed by fid has one");
    hasher.hash_one(fid)
}
