//! One tie: 32 bytes, so that whatever is asked of it is in one line of the processor's cache.
use super::names::Name;
use tiepoint_core::ObjectId;

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

    pub(super) fn at(place: usize) -> Self {
        Self(u32::try_from(place).expect("memory ends long before four billion ties"))
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

/// What is known of one tie; what its row is called is asked of all [`Ties`](super::ties::Ties).
#[derive(Debug, Clone)]
#[repr(align(32))]
pub(crate) struct Tie {
    pub(super) id: ObjectId,
    pub(super) name: Name,
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
    pub(super) fn new(id: ObjectId, standing: Standing) -> Self {
        let (name, stored, changed, touched) = (Name::NONE, true, false, false);
        Self { id, name, standing, stored, changed, touched, epoch: 0 }
    }

    pub(crate) fn id(&self) -> ObjectId {
        self.id
    }

    /// Whether it is known what its row is called.
    pub(crate) fn has_fid(&self) -> bool {
        self.name != Name::NONE
    }

    /// Whether it has a row that shows.
    pub(crate) fn is_alive(&self) -> bool {
        self.standing.is_alive()
    }
}

#[cfg(test)]
mod tests {
    use super::Tie;

    #[test]
    fn two_ties_fill_a_line_of_the_cache_and_none_is_across_two() {
        assert_eq!((size_of::<Tie>(), align_of::<Tie>()), (32, 32));
    }
}
