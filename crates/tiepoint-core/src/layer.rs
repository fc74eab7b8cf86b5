//! A layer: a named set of features with one schema and one way of carrying identity.
use crate::{GeometryType, ObjectId, Schema};
use std::sync::Arc;

/// What somebody who creates a layer decides.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerDefinition {
    /// Its name within the store.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// A sentence for people.
    pub description: Option<String>,
    /// Its fields. A column that carries identity is not among them; a natural key is.
    pub schema: Arc<Schema>,
    /// How its features carry their object ids.
    pub identity: Identity,
    /// Its indexes on fields, the spatial ones and that of the object id excepted: those a store
    /// that knows them always makes.
    pub indexes: Vec<Index>,
    /// Conditions on each feature, in the store's own language.
    pub checks: Vec<Check>,
}

/// What a store knows of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What its creator decided, or what we read of it.
    pub definition: LayerDefinition,
    /// How long a fid means the same row.
    pub fids: FidRule,
    /// The store's name for the fid, where it is a column.
    pub fid_name: Option<String>,
    /// Why it cannot be written, or `None` when it can.
    pub read_only: Option<String>,
}

/// How the features of a layer carry their object ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Not at all: the layer is not tied.
    None,
    /// In a column of their own, as text or as the store's UUID type; unique among live features.
    Column(String),
    /// By the name that a unique field gives them: a name-based UUID (version 5) of its value, in a
    /// namespace that belongs to the layer and is never a path. For layers that nobody may alter:
    /// views, foreign tables, tables of others.
    ///
    /// An id is as immutable as its key. A key that others edit makes another object of the row:
    /// what we then see is a delete and an insert. A row whose key is null has no id; rows that
    /// share a key share an id, and a check reports them. No index knows these ids: whoever looks
    /// for some reads the key of every row, once for all that are asked for together.
    NaturalKey {
        /// The field.
        field: String,
        /// The namespace in which its values are names.
        namespace: ObjectId,
    },
}

impl Identity {
    /// The column's name where none is chosen.
    pub const DEFAULT_COLUMN: &'static str = "object_id";

    /// A column of the usual name.
    #[must_use]
    pub fn column() -> Self {
        Self::Column(Self::DEFAULT_COLUMN.to_owned())
    }
}

/// How long a fid means the same row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FidRule {
    /// Until the row is deleted, and not for another one afterwards.
    Stable,
    /// Until the next commit or repack, when rows may be renumbered.
    Renumbering,
    /// Within one reading only.
    Ephemeral,
}

/// An index on fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Index {
    /// Its name in the store; `None` lets the store choose.
    pub name: Option<String>,
    /// The fields, in order.
    pub fields: Vec<String>,
    /// Whether it also forbids duplicates.
    pub unique: bool,
    /// How it finds things.
    pub method: IndexMethod,
    /// What only some stores can do.
    pub extras: IndexExtras,
}

/// What an index may say beyond its fields, in the store's own language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct IndexExtras {
    /// The condition that rows must fulfil to be in it: a *partial* index.
    pub condition: Option<String>,
    /// What is indexed in place of the fields themselves: a *functional* index. The fields then
    /// say which ones it is made of.
    pub expression: Option<String>,
    /// Fields that are kept in it only to be read: a *covering* index.
    pub including: Vec<String>,
}

/// How an index finds things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexMethod {
    /// In sorted order: equality and ranges.
    BTree,
    /// By bounding box.
    Spatial,
    /// By bounding box, in a way that only some stores know.
    SpatialAs(SpatialIndexKind),
}

/// Spatial indexes beside the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpatialIndexKind {
    /// A space-partitioned tree (SP-GiST): many points, few overlaps.
    SpGist,
    /// A box for each range of pages (BRIN): tiny, for rows stored in the order of their places.
    Brin,
    /// A tree of boxes with all ordinates: for searches in height or measure, too.
    AllDimensions,
}

impl Index {
    /// An index in sorted order on these fields, with nothing else stated.
    pub fn on<S: Into<String>>(fields: impl IntoIterator<Item = S>) -> Self {
        Self {
            name: None,
            fields: fields.into_iter().map(Into::into).collect(),
            unique: false,
            method: IndexMethod::BTree,
            extras: IndexExtras::default(),
        }
    }
}

/// A condition on each feature, in the store's own language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Check {
    /// Its name in the store, if it has one.
    pub name: Option<String>,
    /// The condition as the store spells it.
    pub expression: String,
}

impl LayerDefinition {
    /// A layer that carries object ids in the usual column, with nothing else stated.
    pub fn new(name: impl Into<String>, schema: impl Into<Arc<Schema>>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            schema: schema.into(),
            identity: Identity::column(),
            indexes: Vec::new(),
            checks: Vec::new(),
        }
    }
}

impl Layer {
    /// Its name within the store.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// Its fields.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.definition.schema
    }

    /// How its features carry their object ids.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.definition.identity
    }

    /// The natural key: where its field is, and the namespace in which its values are names.
    #[must_use]
    pub fn natural_key(&self) -> Option<(usize, &ObjectId)> {
        match &self.definition.identity {
            Identity::NaturalKey { field, namespace } => {
                Some((self.definition.schema.position(field)?, namespace))
            }
            Identity::None | Identity::Column(_) => None,
        }
    }

    /// Whether its features carry object ids.
    #[must_use]
    pub fn is_tied(&self) -> bool {
        self.definition.identity != Identity::None
    }

    /// The type of the geometry field that boxes and maps mean, if there is one.
    #[must_use]
    pub fn geometry(&self) -> Option<&GeometryType> {
        self.definition.schema.geometry().map(|(_, ty)| ty)
    }
}
