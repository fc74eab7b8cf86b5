//! A transaction on the memory store: a state of its own until it commits.
use super::layer::Rows;
use super::state::{BookPages, State};
use super::writer::MemoryWriter;
use super::{MemoryStore, NAME, tie};
use crate::{
    Book, FeatureWriter, Features, LogOptions, NaturalKey, ReadControl, Result, Savepoint,
    StoreError, TieOptions, TieReport, Transaction, Turn, UntieReport, WriteMode,
};
use std::sync::Arc;
use tiepoint_core::{FieldDefault, Layer, LayerDefinition, Query};

#[derive(Debug)]
pub(super) struct MemoryTransaction<'a> {
    store: &'a MemoryStore,
    state: State,
    savepoints: Vec<(Savepoint, State)>,
    next_savepoint: u32,
    /// The turn of one that writes.
    turn: Option<Turn<'a>>,
}

impl<'a> MemoryTransaction<'a> {
    pub(super) fn writing(store: &'a MemoryStore, turn: Turn<'a>) -> Self {
        Self { turn: Some(turn), ..Self::reading(store) }
    }

    /// One that waits for nobody and changes nothing.
    pub(super) fn reading(store: &'a MemoryStore) -> Self {
        let state = State::clone(&store.snapshot());
        Self { store, state, savepoints: Vec::new(), next_savepoint: 0, turn: None }
    }

    fn writable(&self) -> Result<()> {
        let reason = || "the transaction was begun for reading only".to_owned();
        let refused = || StoreError::ReadOnly { store: NAME.to_owned(), reason: reason() };
        self.turn.as_ref().map(drop).ok_or_else(refused)
    }
}

impl Transaction for MemoryTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        Ok(self.state.layers())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.state.rows(name).map(|rows| Arc::clone(&rows.layer))
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        self.state.read(query, &ReadControl::default())
    }

    fn read_for_update(&self, query: &Query) -> Result<Features<'_>> {
        self.writable()?;
        self.read(query)
    }

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        self.writable()?;
        let name = &definition.name;
        if self.state.layers.contains_key(name) {
            return Err(StoreError::LayerExists { store: NAME.to_owned(), layer: name.clone() });
        }
        refuse_what_needs_a_database(definition)?;
        NaturalKey::check_definition(definition)?;
        let rows = Arc::new(Rows::new(definition.clone()));
        let layer = Arc::clone(&rows.layer);
        self.state.layers.insert(name.clone(), rows);
        Ok(layer)
    }

    fn drop_layer(&mut self, name: &str) -> Result<()> {
        self.writable()?;
        self.state.rows(name)?;
        self.state.layers.remove(name);
        Arc::make_mut(&mut self.state.logs).remove(name);
        Ok(())
    }

    fn writer(&mut self, layer: &str, _mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        self.writable()?;
        Ok(Box::new(MemoryWriter(self.state.rows_mut(layer)?)))
    }

    fn tie(&mut self, layer: &str, options: &TieOptions) -> Result<TieReport> {
        self.writable()?;
        tie::tie(self.state.rows_mut(layer)?, options)
    }

    fn install_log(&mut self, layer: &str, options: &LogOptions) -> Result<()> {
        self.writable()?;
        self.state.rows(layer)?;
        Arc::make_mut(&mut self.state.logs).install(layer, options.keep);
        Ok(())
    }

    fn remove_log(&mut self, layer: &str) -> Result<bool> {
        self.writable()?;
        self.state.rows(layer)?;
        Ok(Arc::make_mut(&mut self.state.logs).remove(layer))
    }

    fn untie(&mut self, layer: Option<&str>) -> Result<UntieReport> {
        self.writable()?;
        let names = match layer {
            Some(name) => vec![self.state.rows(name)?.layer.name().to_owned()],
            None => self.state.layers.keys().cloned().collect(),
        };
        let mut report = UntieReport::default();
        for name in names {
            Arc::make_mut(&mut self.state.logs).remove(&name);
            if !self.state.rows(&name)?.layer.is_tied() {
                continue;
            }
            let dropped = tie::untie(self.state.rows_mut(&name)?);
            report.columns_dropped.extend(dropped.map(|column| format!("{name}.{column}")));
            report.layers.push(name);
        }
        Ok(report)
    }

    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>> {
        self.writable()?;
        let pages = self.state.books.entry(name.to_owned()).or_default();
        Ok(Box::new(MemoryBook(Arc::make_mut(pages))))
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        let savepoint = Savepoint(self.next_savepoint);
        self.next_savepoint += 1;
        self.savepoints.push((savepoint, self.state.clone()));
        Ok(savepoint)
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let mark = self.savepoints.iter().position(|(mark, _)| *mark == savepoint);
        let mark = mark.ok_or_else(|| StoreError::Invalid {
            store: NAME.to_owned(),
            reason: "the savepoint is gone".to_owned(),
        })?;
        self.savepoints.truncate(mark + 1);
        self.state = self.savepoints[mark].1.clone();
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        if self.turn.is_none() {
            return Ok(());
        }
        self.state.version += 1;
        self.store.replace(Arc::new(std::mem::take(&mut self.state)));
        Ok(())
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Nothing here evaluates a database's expressions, so promising them would be a lie.
fn refuse_what_needs_a_database(definition: &LayerDefinition) -> Result<()> {
    let fields = definition.schema.fields();
    let computed = fields
        .iter()
        .any(|field| field.generated || matches!(field.default, Some(FieldDefault::Expression(_))));
    if computed || !definition.checks.is_empty() {
        return Err(StoreError::Unsupported {
            store: NAME.to_owned(),
            what: "evaluate a database's expressions (checks, computed fields or defaults)"
                .to_owned(),
            hint: None,
        });
    }
    Ok(())
}

struct MemoryBook<'a>(&'a mut BookPages);

impl Book for MemoryBook<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.0.get(key).cloned())
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.0.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<bool> {
        Ok(self.0.remove(key).is_some())
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let entries = self.0.range(from.to_owned()..).take(limit);
        Ok(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}
