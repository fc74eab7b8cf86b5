//! One state of the whole store; committing replaces it by the next.
use super::layer::Rows;
use crate::{Features, Result, StoreError, finish_query};
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{Layer, Query, nearest_name};

pub(super) type BookPages = BTreeMap<Vec<u8>, Vec<u8>>;

/// Layers and books. Cloning copies pointers only.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) layers: BTreeMap<String, Arc<Rows>>,
    pub(super) books: BTreeMap<String, Arc<BookPages>>,
    pub(super) version: u64,
}

impl State {
    pub(super) fn layers(&self) -> Vec<Arc<Layer>> {
        self.layers.values().map(|rows| Arc::clone(&rows.layer)).collect()
    }

    pub(super) fn rows(&self, name: &str) -> Result<&Arc<Rows>> {
        self.layers.get(name).ok_or_else(|| self.not_found(name))
    }

    pub(super) fn rows_mut(&mut self, name: &str) -> Result<&mut Rows> {
        if !self.layers.contains_key(name) {
            return Err(self.not_found(name));
        }
        let rows = self.layers.get_mut(name).expect("was there a moment ago");
        Ok(Arc::make_mut(rows))
    }

    pub(super) fn read(&self, query: &Query) -> Result<Features<'static>> {
        let rows = self.rows(&query.layer)?;
        finish_query(&rows.layer, query, rows.matching(&query.filter))
    }

    fn not_found(&self, name: &str) -> StoreError {
        StoreError::LayerNotFound {
            store: super::NAME.to_owned(),
            layer: name.to_owned(),
            nearest: nearest_name(name, self.layers.keys().map(String::as_str)).map(str::to_owned),
        }
    }
}
