//! The changes between two stores.
mod layers;
mod rows;

use crate::{Isolation, ReadControl, Result, Store, Transaction, TransactionOptions};
pub use rows::LayerDiff;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use tiepoint_core::{ChangeSet, Layer};

/// What is compared, and how.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// Only these layers; `None` compares all that both stores have.
    pub layers: Option<BTreeSet<String>>,
    /// Fields that are left out, whatever the layer.
    pub ignore: BTreeSet<String>,
    /// What tells that two rows are of one feature.
    pub match_by: MatchBy,
    /// Stops it.
    pub control: ReadControl,
}

/// What tells that two rows are of one feature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MatchBy {
    /// Their object ids; layers that are not tied on both sides are not compared.
    #[default]
    Id,
    /// Their fids: right only where one store was copied from the other and no row was ever
    /// numbered anew. The changes are by fid.
    Fid,
    /// The values of this field. The changes are by the fids of the store before; those of new
    /// features are no fids that anything has.
    Key(String),
}

/// What differs between two stores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// What makes the later of the earlier.
    pub changes: ChangeSet,
    /// What was not compared.
    pub notes: Vec<DiffNote>,
}

/// Something that was not compared, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffNote {
    /// Only the earlier store has this layer.
    LayerGone(String),
    /// Only the later store has this layer.
    LayerNew(String),
    /// Nothing tells which rows of this layer are of one feature.
    NotMatched {
        /// The layer's name.
        layer: String,
        /// Why.
        reason: String,
    },
    /// Only the earlier layer has this field.
    FieldGone {
        /// The layer's name.
        layer: String,
        /// The field's name.
        field: String,
    },
    /// Only the later layer has this field.
    FieldNew {
        /// The layer's name.
        layer: String,
        /// The field's name.
        field: String,
    },
    /// The field is of another type, or its geometries are in another CRS.
    FieldChanged {
        /// The layer's name.
        layer: String,
        /// The field's name.
        field: String,
    },
    /// Rows that are known by nothing, or by what another row of their layer is known by.
    RowsWithoutKey {
        /// The layer's name.
        layer: String,
        /// How many, on both sides together.
        rows: u64,
    },
}

impl fmt::Display for DiffNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LayerGone(layer) => write!(f, "layer `{layer}` is only in the first"),
            Self::LayerNew(layer) => write!(f, "layer `{layer}` is only in the second"),
            Self::NotMatched { layer, reason } => {
                write!(f, "layer `{layer}` was not compared: {reason}")
            }
            Self::FieldGone { layer, field } => {
                write!(f, "layer `{layer}`: field `{field}` is only in the first")
            }
            Self::FieldNew { layer, field } => {
                write!(f, "layer `{layer}`: field `{field}` is only in the second")
            }
            Self::FieldChanged { layer, field } => {
                write!(f, "layer `{layer}`: field `{field}` is of another type in the second")
            }
            Self::RowsWithoutKey { layer, rows } => {
                write!(f, "layer `{layer}`: {rows} rows were passed over, nothing tells them apart")
            }
        }
    }
}

/// The changes that make the later store of the earlier.
///
/// Both are read once, each from one committed state, in the order of their fids. Where features
/// come in one order in both, or by the same fids, memory holds no more than what differs;
/// otherwise up to all rows that have not met their like yet. Fields that both have and that are
/// of one type are compared, by [`Value`](tiepoint_core::Value)'s `==`; what was not compared is
/// told in the notes. Computed fields are compared, and left out when changes are written.
///
/// ```
/// use tiepoint_store::{DiffOptions, MemoryStore, diff};
/// let difference = diff(&MemoryStore::new(), &MemoryStore::new(), &DiffOptions::default())?;
/// assert!(difference.changes.is_empty() && difference.notes.is_empty());
/// # Ok::<(), tiepoint_store::StoreError>(())
/// ```
///
/// # Errors
///
/// When a store cannot be read; [`LayerNotFound`](crate::StoreError::LayerNotFound) for a layer
/// that was asked for and is in neither.
pub fn diff(before: &dyn Store, after: &dyn Store, options: &DiffOptions) -> Result<Difference> {
    let (before, after) = (reading(before)?, reading(after)?);
    diff_by(before.layers()?, after.layers()?, options, |layer| {
        // both sides are asked for the same fields, in the same order
        let query = layer.query();
        let (before, after) = (before.read(&query)?, after.read(&query)?);
        layer.read_both(before, after, &options.control)
    })
}

/// The same for stores that find rows that differ in a way of their own: `feed` is told each layer
/// that is compared, and gives it at least the rows that are not the same on both sides.
///
/// # Errors
///
/// As [`diff`], and what `feed` says.
pub fn diff_by(
    before: Vec<Arc<Layer>>,
    after: Vec<Arc<Layer>>,
    options: &DiffOptions,
    mut feed: impl FnMut(&mut LayerDiff) -> Result<()>,
) -> Result<Difference> {
    let mut difference = Difference::default();
    for (earlier, later) in layers::pairs(before, after, options, &mut difference.notes)? {
        let Some(mut layer) = LayerDiff::of(&earlier, &later, options, &mut difference.notes)
        else {
            continue;
        };
        options.control.check()?;
        feed(&mut layer)?;
        layer.finish(&mut difference);
    }
    Ok(difference)
}

/// One committed state, where the store can keep to one.
fn reading(store: &dyn Store) -> Result<Box<dyn Transaction + '_>> {
    let level = Isolation::RepeatableRead;
    let isolation = store.capabilities().isolation.contains(&level).then_some(level);
    store.begin(TransactionOptions { isolation, read_only: true, deferrable: false })
}
