//! A transaction that only reads: one committed state of the file, in nobody's way.
use crate::connection::Lease;
use crate::read;
use crate::store::GpkgStore;
use std::sync::Arc;
use tiepoint_core::{Layer, LayerDefinition, Query};
use tiepoint_store::{
    Book, FeatureWriter, Features, LogOptions, Result, Savepoint, StoreError, TieOptions,
    TieReport, Transaction, UntieReport, WriteMode,
};

/// A lease for as long as the transaction lasts; none while there is no file.
#[derive(Debug)]
pub(crate) struct ReadTransaction<'s> {
    store: &'s GpkgStore,
    lease: Option<Lease>,
    /// How many marks there are. Nothing changes between them.
    savepoints: u32,
}

impl<'s> ReadTransaction<'s> {
    pub(crate) fn begin(store: &'s GpkgStore, lease: Option<Lease>) -> Self {
        Self { store, lease, savepoints: 0 }
    }

    fn lease(&self, layer: &str) -> Result<&Lease> {
        self.lease.as_ref().ok_or_else(|| self.store.site().layer_not_found(layer, []))
    }

    fn refused(&self) -> StoreError {
        self.store.site().read_only("the transaction was begun for reading only")
    }
}

impl Transaction for ReadTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let Some(lease) = &self.lease else { return Ok(Vec::new()) };
        let link = lease.link();
        link.catalogue.borrow_mut().layers(&link.connection, lease.site())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        let lease = self.lease(name)?;
        let link = lease.link();
        let table = link.catalogue.borrow_mut().table(&link.connection, lease.site(), name)?;
        Ok(Arc::clone(&table.layer))
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        let lease = self.lease(&query.layer)?;
        read::read_within(lease.link(), lease.site(), query)
    }

    fn read_for_update(&self, _: &Query) -> Result<Features<'_>> {
        Err(self.refused())
    }

    fn create_layer(&mut self, _: &LayerDefinition) -> Result<Arc<Layer>> {
        Err(self.refused())
    }

    fn drop_layer(&mut self, _: &str) -> Result<()> {
        Err(self.refused())
    }

    fn writer(&mut self, _: &str, _: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        Err(self.refused())
    }

    fn tie(&mut self, _: &str, _: &TieOptions) -> Result<TieReport> {
        Err(self.refused())
    }

    fn install_log(&mut self, _: &str, _: &LogOptions) -> Result<()> {
        Err(self.refused())
    }

    fn remove_log(&mut self, _: &str) -> Result<bool> {
        Err(self.refused())
    }

    fn untie(&mut self, _: Option<&str>) -> Result<UntieReport> {
        Err(self.refused())
    }

    fn book(&mut self, _: &str) -> Result<Box<dyn Book + '_>> {
        Err(self.refused())
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.savepoints += 1;
        Ok(Savepoint(self.savepoints - 1))
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        if savepoint.0 >= self.savepoints {
            return Err(self.store.site().invalid("the savepoint is gone"));
        }
        self.savepoints = savepoint.0 + 1;
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        Ok(())
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
