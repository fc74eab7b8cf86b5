//! Giving a layer identity, and taking it away.
use crate::{Result, StoreError};
use tiepoint_core::{Identity, Layer, ObjectId};

/// How a layer is to be tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieOptions {
    /// What is to carry the ids.
    pub carrier: Carrier,
    /// What to do with ids in a column that are malformed, or that several features share.
    pub bad_ids: BadIds,
}

/// What carries the ids of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// A column: one that is there, or a new one.
    Column(String),
    /// A field that is there, whose values name the objects: [`Identity::NaturalKey`]. No row, no
    /// column and no trigger is touched, so it can be a layer that nobody may write to; all that
    /// is kept is that it was said. Keys that are null or shared cannot be replaced.
    NaturalKey {
        /// The field.
        field: String,
        /// The namespace in which its values are names.
        namespace: ObjectId,
    },
}

/// What to do with ids that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadIds {
    /// Report them with their rows and change nothing.
    Report,
    /// Give those features new ids; of several that share one, the oldest row keeps it.
    Replace,
}

impl Default for TieOptions {
    fn default() -> Self {
        Self::by_column(Identity::DEFAULT_COLUMN)
    }
}

impl TieOptions {
    /// By a column of this name; bad ids are reported.
    pub fn by_column(column: impl Into<String>) -> Self {
        Self { carrier: Carrier::Column(column.into()), bad_ids: BadIds::Report }
    }

    /// By a natural key.
    pub fn by_key(field: impl Into<String>, namespace: ObjectId) -> Self {
        let carrier = Carrier::NaturalKey { field: field.into(), namespace };
        Self { carrier, bad_ids: BadIds::Report }
    }
}

impl Carrier {
    /// What was asked for; what the layer is tied by already, or a usual column, where nothing was.
    ///
    /// A column goes before a key. A key without a namespace keeps the one that the layer has for
    /// it, or is given a new one.
    #[must_use]
    pub fn chosen(
        present: &Identity,
        column: Option<String>,
        key: Option<String>,
        namespace: Option<ObjectId>,
    ) -> Self {
        match (column, key, present) {
            (Some(column), _, _) => Self::Column(column),
            (None, Some(field), Identity::NaturalKey { field: present, namespace: its })
                if field == *present =>
            {
                Self::NaturalKey { field, namespace: namespace.unwrap_or(*its) }
            }
            (None, Some(field), _) => {
                Self::NaturalKey { field, namespace: namespace.unwrap_or_else(ObjectId::mint) }
            }
            (None, None, Identity::Column(column)) => Self::Column(column.clone()),
            (None, None, Identity::NaturalKey { field, namespace }) => {
                Self::NaturalKey { field: field.clone(), namespace: *namespace }
            }
            (None, None, Identity::None) => Self::Column(Identity::DEFAULT_COLUMN.to_owned()),
        }
    }

    /// The identity that a layer tied by it has.
    #[must_use]
    pub fn identity(&self) -> Identity {
        match self {
            Self::Column(column) => Identity::Column(column.clone()),
            Self::NaturalKey { field, namespace } => {
                Identity::NaturalKey { field: field.clone(), namespace: *namespace }
            }
        }
    }

    /// Looks whether a layer that is tied is tied by this carrier.
    ///
    /// # Errors
    ///
    /// [`StoreError::Invalid`] where it is tied otherwise.
    pub fn same_as_before(&self, store: &str, layer: &Layer) -> Result<()> {
        if self.identity() == *layer.identity() {
            return Ok(());
        }
        let (name, present, also) = match layer.identity() {
            Identity::None => return Ok(()),
            Identity::Column(column) => (layer.name(), format!("column `{column}`"), "column"),
            Identity::NaturalKey { field, namespace } => {
                (layer.name(), format!("the natural key `{field}` in {namespace}"), "key")
            }
        };
        let reason = format!(
            "layer `{name}` is tied by {present} already: untie it first, or name that {also}"
        );
        Err(StoreError::Invalid { store: store.to_owned(), reason })
    }
}

/// What tying a layer did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TieReport {
    /// Features that had a usable id; by a natural key, all.
    pub kept: u64,
    /// Features that had none and were given one.
    pub minted: u64,
    /// Features whose malformed or shared id was replaced.
    pub replaced: u64,
}

/// What untying did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UntieReport {
    /// The layers that are no longer tied.
    pub layers: Vec<String>,
    /// Columns of ids that were ours and are gone, as `layer.column`.
    pub columns_dropped: Vec<String>,
}
