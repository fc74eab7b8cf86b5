//! How a layer carries identity, and what is done about copies.
use std::cmp::Ordering;
use tiepoint_core::{Fid, FidRule};

/// What a tracker knows of its layer beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How the layer carries ids.
    pub identity: Identity,
    /// How long its fids are good.
    pub fids: FidRule,
    /// Which fids are made up until a commit.
    pub provisional: Provisional,
    /// What becomes of rows that carry the id of another.
    pub duplicates: Duplicates,
    /// What becomes of ids that somebody overwrote.
    pub rewritten: Rewritten,
}

/// How a layer carries ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// In a field that we may write.
    Written,
    /// By a natural key that is not ours to write: whoever edits it renames the object.
    Derived,
}

/// Which fids are made up for rows that are not in the store yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provisional {
    /// None.
    Never,
    /// Negative numbers, but not the lowest, as QGIS does.
    Negative,
    /// Numbers from here on.
    From(i64),
}

/// What becomes of rows that carry the id of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duplicates {
    /// They get an id and an object of their own.
    Fork,
    /// They are told of and left untied.
    Report,
}

/// What becomes of ids that somebody overwrote. The tie is kept either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rewritten {
    /// They are written again.
    Restore,
    /// They are told of.
    Report,
}

impl Policy {
    /// A layer with a field for ids that we may write; copies are forked and ids restored.
    #[must_use]
    pub fn column(fids: FidRule) -> Self {
        Self {
            identity: Identity::Written,
            fids,
            provisional: Provisional::Never,
            duplicates: Duplicates::Fork,
            rewritten: Rewritten::Restore,
        }
    }

    /// A layer with a natural key; nothing of ours is ever written.
    #[must_use]
    pub fn natural_key(fids: FidRule) -> Self {
        Self {
            identity: Identity::Derived,
            duplicates: Duplicates::Report,
            rewritten: Rewritten::Report,
            ..Self::column(fids)
        }
    }

    /// Whether copies get ids of their own.
    pub(super) fn forks(&self) -> bool {
        self.identity == Identity::Written && self.duplicates == Duplicates::Fork
    }
}

impl Provisional {
    /// Whether a row of this name is not in the store yet.
    #[must_use]
    pub fn holds(self, fid: &Fid) -> bool {
        let Fid::Int(number) = *fid else { return false };
        match self {
            Self::Never => false,
            Self::Negative => number < 0 && number > i64::MIN,
            Self::From(first) => number >= first,
        }
    }

    /// In which order rows of these names came: those that are stored first; negative numbers
    /// descend.
    pub(super) fn order(self, one: &Fid, other: &Fid) -> Ordering {
        let order = self.holds(one).cmp(&self.holds(other));
        order.then_with(|| match self {
            Self::Negative if self.holds(one) => other.cmp(one),
            _ => one.cmp(other),
        })
    }
}
