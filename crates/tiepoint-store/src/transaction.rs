//! Changing a store: transactions, savepoints and writers.
use crate::{Book, Features, Isolation, LogOptions, Result, TieOptions, TieReport, UntieReport};
use std::sync::Arc;
use tiepoint_core::{
    Edit, Fid, FieldType, Geometry, Layer, LayerDefinition, ObjectId, Query, Value,
};

/// What a transaction is asked to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionOptions {
    /// The least isolation that will do; `None` takes the store's own.
    pub isolation: Option<Isolation>,
    /// Whether it only reads; a write is then refused as read-only.
    pub read_only: bool,
    /// Whether it may wait at its beginning until it can never be in another's way; means
    /// something only beside [`Isolation::Serializable`] and `read_only`, on a server.
    pub deferrable: bool,
}

/// A point within a transaction to which one can go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Savepoint(pub u32);

/// Changes that become visible to others all at once, or never.
///
/// It reads what it wrote. Dropping it without [`commit`](Transaction::commit) undoes everything.
pub trait Transaction {
    /// All layers as this transaction sees them, sorted by name.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn layers(&self) -> Result<Vec<Arc<Layer>>>;

    /// One layer as this transaction sees it.
    ///
    /// # Errors
    ///
    /// [`LayerNotFound`](crate::StoreError::LayerNotFound).
    fn layer(&self, name: &str) -> Result<Arc<Layer>>;

    /// The features that `query` asks for, with what this transaction has changed.
    ///
    /// # Errors
    ///
    /// As [`Store::read`](crate::Store::read).
    fn read(&self, query: &Query) -> Result<Features<'_>>;

    /// The same, and nobody else changes or deletes these features until the transaction ends.
    ///
    /// Waits for a transaction that is changing one of them. At
    /// [`ReadCommitted`](crate::Isolation::ReadCommitted) it then comes as that one left it, so a
    /// number that is read, raised and written back loses nothing; above, the store says no. What
    /// has not been taken from the features may still be free for others: all are held once the
    /// features are exhausted. A store with one writer at a time holds everything anyway, and
    /// reads as ever.
    ///
    /// # Errors
    ///
    /// As [`read`](Transaction::read); [`ReadOnly`](crate::StoreError::ReadOnly) in a transaction
    /// that only reads; [`Unsupported`](crate::StoreError::Unsupported) for what cannot be held:
    /// distinct values, views of several rows in one; [`Locked`](crate::StoreError::Locked) where
    /// another took too long; [`TransactionConflict`](crate::StoreError::TransactionConflict).
    fn read_for_update(&self, query: &Query) -> Result<Features<'_>>;

    /// The type of this store's that comes nearest to `ty` and loses nothing that a value of it
    /// says; itself where it is kept exactly. Whoever copies layers asks it.
    fn nearest_type(&self, ty: &FieldType) -> FieldType {
        ty.clone()
    }

    /// Creates an empty layer.
    ///
    /// # Errors
    ///
    /// [`LayerExists`](crate::StoreError::LayerExists), and
    /// [`Unsupported`](crate::StoreError::Unsupported) for a type that the store can neither keep
    /// exactly nor spell in another type of its own.
    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>>;

    /// Removes a layer with all its features.
    ///
    /// # Errors
    ///
    /// [`LayerNotFound`](crate::StoreError::LayerNotFound).
    fn drop_layer(&mut self, name: &str) -> Result<()>;

    /// Opens a layer for writing. Until the writer is finished, nothing else can be done here.
    ///
    /// # Errors
    ///
    /// [`LayerNotFound`](crate::StoreError::LayerNotFound), and
    /// [`ReadOnly`](crate::StoreError::ReadOnly) for a layer that cannot be written.
    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>>;

    /// Writes one change.
    ///
    /// # Errors
    ///
    /// As [`FeatureWriter::write`].
    fn write(&mut self, layer: &str, edit: Edit) -> Result<Written> {
        let mut writer = self.writer(layer, WriteMode::Rows)?;
        let written = writer.write(edit)?;
        writer.finish()?;
        Ok(written)
    }

    /// Gives every feature of a layer its object id, in place; by a natural key it has one already,
    /// and only the key is noted. The latter costs one reading of the key, and so does every search
    /// for an id afterwards: no index knows ids that are made of keys.
    ///
    /// # Errors
    ///
    /// [`BadIds`](crate::StoreError::BadIds) where ids are malformed or shared and the options do
    /// not allow repair, where a natural key is null or shared, and for a field that can be none;
    /// nothing is changed then. [`Invalid`](crate::StoreError::Invalid) for a layer that is tied
    /// otherwise already.
    fn tie(&mut self, layer: &str, options: &TieOptions) -> Result<TieReport>;

    /// Has the store note what anybody does to a layer from now on: see
    /// [`Store::watch`](crate::Store::watch). Where it does already, `options` hold from now on;
    /// what they say of the log holds for all layers.
    ///
    /// Other programs write as before, and what they write is noted in the same transaction. An
    /// update or a deletion notes what the row said before, so it costs about the writing of that;
    /// an insertion notes the row's key. They may add fields, rename them and give them other types:
    /// where entries cannot be read as before, a [`Reset`](crate::Reset) says so, and the log goes on
    /// with the fields there are. One thing they can no longer do in some stores: drop a column, as
    /// long as there is a log. The attempt fails and changes nothing.
    ///
    /// # Errors
    ///
    /// [`LayerNotFound`](crate::StoreError::LayerNotFound);
    /// [`Unsupported`](crate::StoreError::Unsupported) unless
    /// [`Capabilities::watch`](crate::Capabilities::watch) is set, and for a layer whose rows are
    /// not its own or have no key; [`ReadOnly`](crate::StoreError::ReadOnly).
    fn install_log(&mut self, layer: &str, options: &LogOptions) -> Result<()>;

    /// Has the store note no longer what happens to a layer, and forget what it noted. Says whether
    /// it did. `untie` does this, too.
    ///
    /// # Errors
    ///
    /// [`LayerNotFound`](crate::StoreError::LayerNotFound).
    fn remove_log(&mut self, layer: &str) -> Result<bool>;

    /// Removes all that is ours from a layer, or from the whole store.
    ///
    /// # Errors
    ///
    /// [`LayerNotFound`](crate::StoreError::LayerNotFound).
    fn untie(&mut self, layer: Option<&str>) -> Result<UntieReport>;

    /// A side table of ours, made when it is first written to.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::StoreError::Unsupported) where the store keeps no books.
    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>>;

    /// Marks the present state.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::StoreError::Unsupported) where there are no savepoints.
    fn savepoint(&mut self) -> Result<Savepoint>;

    /// Goes back to a mark, which stays; later marks are gone.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::StoreError::Invalid) for a mark that is gone.
    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()>;

    /// Makes everything stay. On an error nothing has.
    ///
    /// # Errors
    ///
    /// [`Locked`](crate::StoreError::Locked), [`Full`](crate::StoreError::Full), and whatever the
    /// store finds out only now.
    fn commit(self: Box<Self>) -> Result<()>;

    /// Undoes everything.
    ///
    /// # Errors
    ///
    /// When the store cannot be reached; it will undo everything by itself.
    fn rollback(self: Box<Self>) -> Result<()>;
}

/// How a writer is going to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// A few rows, or a mixture of changes.
    Rows,
    /// Many inserts: indexes may be built when the writer is finished, so an insert that breaks
    /// the uniqueness of ids may be refused only then.
    Bulk,
    /// Many changes of features that are there. Updates and deletes may be put off until
    /// [`FeatureWriter::settle`]: what is said of them before is what they will be if their rows
    /// are there.
    Changes,
}

/// A layer opened for writing.
pub trait FeatureWriter {
    /// Writes one change.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::StoreError::Value) for what the schema does not allow,
    /// [`DuplicateId`](crate::StoreError::DuplicateId),
    /// [`DuplicateFid`](crate::StoreError::DuplicateFid) and
    /// [`Constraint`](crate::StoreError::Constraint). The change is then not made; earlier ones
    /// stand.
    fn write(&mut self, edit: Edit) -> Result<Written>;

    /// Makes the changes that were put off, and says of how many the rows turned out not to be
    /// there.
    ///
    /// # Errors
    ///
    /// As [`write`](FeatureWriter::write), for one of them. None of them is then made; earlier
    /// ones stand.
    fn settle(&mut self) -> Result<u64> {
        Ok(0)
    }

    /// Valid geometries with the positions of these, one for each, or why there is none. Writes
    /// nothing. What comes back may be of another kind.
    ///
    /// `None` where the store cannot: see [`Capabilities::make_valid`](crate::Capabilities).
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    fn make_valid(
        &mut self,
        _geometries: &[Geometry],
    ) -> Result<Option<Vec<Result<Geometry, String>>>> {
        Ok(None)
    }

    /// Completes indexes and statistics, after [settling](FeatureWriter::settle). Dropping an unfinished writer leaves the transaction fit
    /// for nothing but a rollback.
    ///
    /// # Errors
    ///
    /// What [`WriteMode::Bulk`] found out only now.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is a new row.
    Inserted {
        /// What the store calls it.
        fid: Fid,
        /// The object it stands for, where the layer is tied.
        id: Option<ObjectId>,
        /// What the store itself put into fields that were left to it, by their positions; nothing
        /// is said of rows that are loaded in bulk.
        filled: Vec<(usize, Value)>,
    },
    /// The row was there and says now what was asked.
    Updated,
    /// The row was there and is gone.
    Deleted,
    /// There was no such row; nothing happened.
    Missing,
}
