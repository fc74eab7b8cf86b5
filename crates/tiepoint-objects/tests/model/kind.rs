//! The kinds of layer that are modelled: how each gives fids, and what it keeps silent about.
use tiepoint_core::FidRule;
use tiepoint_objects::{Duplicates, Identity, Policy, Provisional, Rewritten};

/// How a store gives fids to new rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fids {
    /// The next of a counter, never one twice.
    Counted,
    /// One more than the highest there is.
    Highest,
    /// Rows are numbered from 0 in order; a commit that removed some shifts those behind them.
    Positions {
        /// Whether the layer tells of the shift.
        told: bool,
        /// Whether what a commit says of new rows is true after the shift.
        foreseen: bool,
    },
    /// Where the row lies: another place at each update, and commits do not tell where.
    Places,
}

/// What a transaction does with rows that are added once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redo {
    SameFid,
    NewFid,
}

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) fids: Fids,
    /// Edits go to the store at once, in a transaction.
    pub(crate) passthrough: Option<Redo>,
    pub(crate) identity: Identity,
    pub(crate) duplicates: Duplicates,
    pub(crate) rewritten: Rewritten,
    /// The store gives every new row an id of its own choice.
    pub(crate) gives_ids: bool,
    /// Whether there is a row with a negative fid in the store.
    pub(crate) negative: bool,
    /// Whether commits at times delete another row than they say, or write one twice.
    pub(crate) miswrites: bool,
    /// Whether others copy rows, so that there are duplicates outside of sessions.
    pub(crate) others_copy: bool,
}

const PLAIN: Kind = Kind {
    name: "counted",
    fids: Fids::Counted,
    passthrough: None,
    identity: Identity::Written,
    duplicates: Duplicates::Fork,
    rewritten: Rewritten::Restore,
    gives_ids: false,
    negative: false,
    miswrites: false,
    others_copy: false,
};
const KEYED: Kind = Kind {
    name: "natural key",
    identity: Identity::Derived,
    duplicates: Duplicates::Report,
    rewritten: Rewritten::Report,
    ..PLAIN
};
const SHAPEFILE: Fids = Fids::Positions { told: true, foreseen: false };
const GEOJSON: Fids = Fids::Positions { told: true, foreseen: true };
const CSV: Fids = Fids::Positions { told: false, foreseen: true };

pub(crate) const KINDS: [Kind; 20] = [
    PLAIN,
    Kind { name: "reused", fids: Fids::Highest, ..PLAIN },
    Kind { name: "shapefile", fids: SHAPEFILE, ..PLAIN },
    Kind { name: "geojson", fids: GEOJSON, ..PLAIN },
    Kind { name: "csv", fids: CSV, ..PLAIN },
    Kind { name: "geojson, miswritten", fids: GEOJSON, miswrites: true, ..PLAIN },
    Kind { name: "csv, miswritten", fids: CSV, miswrites: true, ..PLAIN },
    Kind { name: "places", fids: Fids::Places, ..PLAIN },
    Kind { name: "transaction, same fid", passthrough: Some(Redo::SameFid), ..PLAIN },
    Kind { name: "transaction, new fid", passthrough: Some(Redo::NewFid), ..PLAIN },
    Kind {
        name: "transaction, reused",
        fids: Fids::Highest,
        passthrough: Some(Redo::SameFid),
        ..PLAIN
    },
    Kind { name: "store gives ids", gives_ids: true, ..PLAIN },
    Kind { name: "negative fid", negative: true, ..PLAIN },
    Kind { name: "others copy", others_copy: true, ..PLAIN },
    Kind {
        name: "reported",
        duplicates: Duplicates::Report,
        rewritten: Rewritten::Report,
        others_copy: true,
        ..PLAIN
    },
    KEYED,
    Kind { name: "natural key, shapefile", fids: SHAPEFILE, ..KEYED },
    Kind { name: "natural key, csv", fids: CSV, ..KEYED },
    Kind { name: "natural key, geojson", fids: GEOJSON, ..KEYED },
    Kind { name: "natural key, transaction", passthrough: Some(Redo::SameFid), ..KEYED },
];

impl Kind {
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            identity: self.identity,
            fids: self.rule(),
            provisional: Provisional::Negative,
            duplicates: self.duplicates,
            rewritten: self.rewritten,
        }
    }

    pub(crate) fn rule(&self) -> FidRule {
        match self.fids {
            Fids::Counted | Fids::Highest => FidRule::Stable,
            Fids::Positions { .. } => FidRule::Renumbering,
            Fids::Places => FidRule::Ephemeral,
        }
    }

    /// Whether a row is known by its fid though its id is lost.
    pub(crate) fn is_stable(&self) -> bool {
        self.rule() == FidRule::Stable
    }

    /// Whether a transaction gives the fid of a row that was undone to another: without their ids
    /// nothing tells them apart when one of them is back.
    pub(crate) fn gives_fids_again(&self) -> bool {
        self.passthrough.is_some() && self.fids == Fids::Highest
    }

    /// Whether copies get ids of their own.
    pub(crate) fn forks(&self) -> bool {
        self.identity == Identity::Written && self.duplicates == Duplicates::Fork
    }
}
