//! The buffer as a store.
use crate::buffer::EditBuffer;
use crate::error::EditError;
use crate::read::{self, Base, Merge};
use crate::state::{LayerState, State};
use crate::transaction::EditTransaction;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError};
use tiepoint_core::{Aggregate, Envelope, Layer, Query, Value};
use tiepoint_store::{
    Capabilities, Features, Finding, Isolation, LayerFacts, Place, Plan, Question, ReadControl,
    Repair, Result, Store, StoreError, Transaction, TransactionOptions, Watch, WatchOptions,
    aggregate_in_memory,
};

/// What a transaction is called of which nobody said what it does.
const UNNAMED: &str = "Edit";

impl EditBuffer {
    /// What is pending, and what the store says beside it.
    fn read_both(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let (state, aliases) = self.state_and_aliases();
        let query = &*aliases.query(query);
        let Some(pending) = state.layer(&query.layer).filter(|it| it.is_dirty()) else {
            return self.store().read_with(query, control);
        };
        read::read(Some(pending), query, control, &Below { buffer: self, control })
    }

    fn is_clean(&self, layer: &str) -> bool {
        !is_dirty(&self.lock().state, layer)
    }
}

/// The store below, for a reading that can be stopped.
struct Below<'b> {
    buffer: &'b EditBuffer,
    control: &'b ReadControl,
}

impl Base<'static> for Below<'_> {
    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.buffer.layer(name)
    }

    fn read(&self, query: &Query) -> Result<Features<'static>> {
        self.buffer.store().read_with(query, self.control)
    }
}

fn is_dirty(state: &State, layer: &str) -> bool {
    state.layer(layer).is_some_and(LayerState::is_dirty)
}

impl Store for EditBuffer {
    fn name(&self) -> &str {
        self.printable_name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            tie: false,
            watch: false,
            isolation: &[Isolation::ReadCommitted],
            make_valid: false,
            savepoints: true,
            ..self.store().capabilities()
        }
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let layers = self.store().layers()?;
        Ok(layers.into_iter().map(Self::pending_layer).collect())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.store().layer(name).map(Self::pending_layer)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        if self.is_clean(layer) {
            return self.store().facts(layer);
        }
        let geometry = self.layer(layer)?.schema().geometry().map(|(at, _)| at);
        let query = Query::layer(layer);
        let query = if geometry.is_some() { query } else { query.without_geometry() };
        let mut facts = LayerFacts { count: 0, extent: None };
        for feature in self.read(&query)? {
            let envelope = feature?.geometry().and_then(tiepoint_core::Geometry::envelope);
            facts.count += 1;
            facts.extent = facts.extent.into_iter().chain(envelope).reduce(Envelope::merged);
        }
        Ok(facts)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        self.read_both(query, control)
    }

    /// Of a layer in which edits are pending, the plan is that of what the store is asked.
    fn explain(&self, query: &Query) -> Result<Plan> {
        let (state, aliases) = self.state_and_aliases();
        let query = &*aliases.query(query);
        let Some(pending) = state.layer(&query.layer).filter(|it| it.is_dirty()) else {
            return self.store().explain(query);
        };
        let layer = self.layer(&query.layer)?;
        let question = Question::of(&layer, query)?;
        let merge = Merge::of(&question, query, pending);
        let ids = query.ids.clone();
        let below = self.store().explain(&Query { ids, ..merge.query.clone() })?;
        let control = ReadControl::default();
        let mut returned = 0;
        for feature in self.read_both(query, &control)? {
            feature?;
            returned += 1;
        }
        Ok(Plan {
            in_memory: question.conditions(),
            in_store: Vec::new(),
            sorted: Place::of(merge.rest.sort, true),
            cut: Place::of(question.cuts(), true),
            examined: control.examined().max(returned),
            returned,
            ..below
        })
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        let (state, aliases) = self.state_and_aliases();
        if !is_dirty(&state, &query.layer) {
            return self.store().aggregate(&aliases.query(query), aggregates);
        }
        let layer = self.layer(&query.layer)?;
        aggregate_in_memory(&layer, query, aggregates, |query| self.read(query))
    }

    fn place(&self) -> Result<Option<String>> {
        self.store().place()
    }

    fn place_of(&self, layer: &str) -> Result<Option<String>> {
        self.store().place_of(layer)
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        if options.isolation.is_some_and(|level| level > Isolation::ReadCommitted) {
            return Err(self.unsupported("keep others from committing to the store meanwhile"));
        }
        if options.read_only {
            return Ok(Box::new(EditTransaction::reading(self)));
        }
        if !self.capabilities().write {
            let reason = "the store below can only be read".to_owned();
            return Err(StoreError::ReadOnly { store: self.name().to_owned(), reason });
        }
        let turn = self.settled_turn().map_err(EditError::into_store_error)?;
        Ok(Box::new(EditTransaction::writing(self, turn, UNNAMED)))
    }

    fn freshness(&self) -> Result<u64> {
        let mut hasher = DefaultHasher::new();
        self.store().freshness()?.hash(&mut hasher);
        self.lock().version.hash(&mut hasher);
        Ok(hasher.finish())
    }

    /// What is pending is no commit: who wants both hears the store and [the buffer](Self::follow).
    fn watch(&self, _options: &WatchOptions) -> Result<Box<dyn Watch>> {
        Err(StoreError::Unsupported {
            store: self.name().to_owned(),
            what: "be watched while edits may be pending".to_owned(),
            hint: Some("watch the store below it, or have it follow that".to_owned()),
        })
    }

    /// Looks at the store below; nothing is mended while edits are pending.
    fn check(&self, repair: Repair) -> Result<Vec<Finding>> {
        let repair = if self.is_dirty() { Repair::No } else { repair };
        self.store().check(repair)
    }

    fn unsupported(&self, what: &str) -> StoreError {
        StoreError::Unsupported {
            store: self.name().to_owned(),
            what: format!("{what} while edits may be pending"),
            hint: Some("commit, and do it in the store itself".to_owned()),
        }
    }
}
