//! What every store promises.
use crate::{
    Capabilities, ChangeLog, Features, Finding, Plan, ReadControl, Repair, Result, StoreError,
    Transaction, TransactionOptions, Watch, WatchOptions, aggregate,
};
use std::sync::Arc;
use std::time::SystemTime;
use tiepoint_core::{Aggregate, Envelope, Layer, Query, Value};

/// A place that keeps features in named layers.
///
/// One handle serves many threads. Everything blocks; nothing waits for ever. A store does not
/// cache, reproject or format: it is read, written, and asked how fresh it is.
pub trait Store: Send + Sync {
    /// A name fit for messages; never contains a password.
    fn name(&self) -> &str;

    /// What this store does beyond reading.
    fn capabilities(&self) -> Capabilities;

    /// All layers, sorted by name. Tables that are not layers are left out, ours among them.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn layers(&self) -> Result<Vec<Arc<Layer>>>;

    /// One layer by its exact name.
    ///
    /// # Errors
    ///
    /// [`StoreError::LayerNotFound`], with the closest name there is.
    fn layer(&self, name: &str) -> Result<Arc<Layer>>;

    /// How many features a layer holds and where they are.
    ///
    /// Costs up to one reading of the layer.
    ///
    /// # Errors
    ///
    /// [`StoreError::LayerNotFound`], and when the store cannot be read.
    fn facts(&self, layer: &str) -> Result<LayerFacts>;

    /// The features that `query` asks for, all from one committed state, whatever others commit
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// At once: an unknown layer or field, a box that is none. Later, feature by feature: what
    /// cannot be read.
    fn read(&self, query: &Query) -> Result<Features<'static>> {
        self.read_with(query, &ReadControl::default())
    }

    /// The same, in a way that can be stopped and followed.
    ///
    /// # Errors
    ///
    /// As [`Store::read`]; later also [`StoreError::Stopped`] and [`StoreError::TimedOut`], after
    /// which there are no more features.
    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>>;

    /// Answers a query and says how: which part ran where, which index found the rows, how many
    /// were looked at. Costs as much as reading all of it.
    ///
    /// # Errors
    ///
    /// As [`Store::read`].
    fn explain(&self, query: &Query) -> Result<Plan>;

    /// Values made of all features that `query` asks for, one for each aggregate; offset and limit
    /// count, other CRSs and less detail do not.
    ///
    /// Costs a reading of what the aggregates look at, where the store knows no shorter way.
    ///
    /// # Errors
    ///
    /// As [`Store::read`], and an aggregate of what has no such value.
    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        let layer = self.layer(&query.layer)?;
        aggregate::in_memory(&layer, query, aggregates, |query| self.read(query))
    }

    /// What tells this store from every other, stable over restarts of programs and servers,
    /// whoever opens it and by whatever path or alias; `None` where nothing does, or not yet.
    ///
    /// What is kept elsewhere about a store, such as a journal of edits, is found again by it. It
    /// is for machines: print the name.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn place(&self) -> Result<Option<String>>;

    /// What tells a layer from every other layer of every store, whatever the store is called by
    /// and whoever opens it; `None` where nothing does.
    ///
    /// # Errors
    ///
    /// [`StoreError::LayerNotFound`], and when the store cannot be read.
    fn place_of(&self, layer: &str) -> Result<Option<String>> {
        self.layer(layer).map(|_| None)
    }

    /// Opens a transaction. Dropping it undoes it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] for an isolation level that is not among the capabilities,
    /// [`StoreError::ReadOnly`], and [`StoreError::Locked`] when somebody else is writing.
    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>>;

    /// A token that differs from the last one whenever anybody may have changed the store since.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn freshness(&self) -> Result<u64>;

    /// What anybody commits, as it happens.
    ///
    /// Watching installs nothing. A layer with a [change log](Transaction::install_log) is watched
    /// by it: none is missed while nobody watches, and it costs as much as what happened. Any
    /// other is read again whenever the store may have changed, and compared with what it said
    /// before: all of it is kept for that, who wrote is not known, what came and went between two
    /// looks is not seen, and after a break there is a [`Reset`](crate::Reset).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] unless [`Capabilities::watch`] is set;
    /// [`StoreError::LayerNotFound`] for a layer that is asked for by name and not there;
    /// [`StoreError::Invalid`] for a checkpoint that is none of this kind of store.
    fn watch(&self, _options: &WatchOptions) -> Result<Box<dyn Watch>> {
        Err(self.unsupported("tell what others commit"))
    }

    /// What has been noted of changes here, and who is watching by name. Nothing where there is no
    /// log.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn change_log(&self) -> Result<ChangeLog> {
        Ok(ChangeLog::default())
    }

    /// Since when all that happened to a layer is noted, and still kept; `None` where it has no log,
    /// and where that is not known.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn logged_since(&self, _layer: &str) -> Result<Option<SystemTime>> {
        Ok(None)
    }

    /// Looks for what is wrong in the store's content, and mends what `repair` allows.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] unless [`Capabilities::check`] is set. What is found is no
    /// error, but a finding.
    fn check(&self, _repair: Repair) -> Result<Vec<Finding>> {
        Err(self.unsupported("check itself"))
    }

    /// The error for something this store does not do.
    fn unsupported(&self, what: &str) -> StoreError {
        StoreError::Unsupported { store: self.name().to_owned(), what: what.to_owned(), hint: None }
    }
}

/// How many features a layer holds and where they are, when it was asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerFacts {
    /// The number of features.
    pub count: u64,
    /// The box around all geometries, `None` where there are none; exact, never an estimate.
    pub extent: Option<Envelope>,
}
