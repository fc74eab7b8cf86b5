//! A store that several own is a store.
use crate::{
    Capabilities, ChangeLog, Features, Finding, LayerFacts, Plan, ReadControl, Repair, Result,
    Store, StoreError, Transaction, TransactionOptions, Watch, WatchOptions,
};
use std::sync::Arc;
use std::time::SystemTime;
use tiepoint_core::{Aggregate, Layer, Query, Value};

impl<S: Store + ?Sized> Store for Arc<S> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        (**self).layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        (**self).layer(name)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        (**self).facts(layer)
    }

    fn read(&self, query: &Query) -> Result<Features<'static>> {
        (**self).read(query)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        (**self).read_with(query, control)
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        (**self).explain(query)
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        (**self).aggregate(query, aggregates)
    }

    fn place(&self) -> Result<Option<String>> {
        (**self).place()
    }

    fn place_of(&self, layer: &str) -> Result<Option<String>> {
        (**self).place_of(layer)
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        (**self).begin(options)
    }

    fn freshness(&self) -> Result<u64> {
        (**self).freshness()
    }

    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        (**self).watch(options)
    }

    fn change_log(&self) -> Result<ChangeLog> {
        (**self).change_log()
    }

    fn logged_since(&self, layer: &str) -> Result<Option<SystemTime>> {
        (**self).logged_since(layer)
    }

    fn check(&self, repair: Repair) -> Result<Vec<Finding>> {
        (**self).check(repair)
    }

    fn unsupported(&self, what: &str) -> StoreError {
        (**self).unsupported(what)
    }
}
