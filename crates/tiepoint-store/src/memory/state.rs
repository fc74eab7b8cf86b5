//! One state of the whole store; committing replaces it by the next.
use super::layer::Rows;
use super::log::Logs;
use crate::{Access, Features, Place, Plan, Question, ReadControl, Rest, Result, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{Bound, Ids, Layer, Query, nearest_name};

pub(super) type BookPages = BTreeMap<Vec<u8>, Vec<u8>>;

/// Layers and books. Cloning copies pointers only.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) layers: BTreeMap<String, Arc<Rows>>,
    pub(super) books: BTreeMap<String, Arc<BookPages>>,
    pub(super) logs: Arc<Logs>,
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

    pub(super) fn read(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        let rows = self.rows(&query.layer)?;
        let question = Question::of(&rows.layer, query)?;
        let filter = question.evaluator(question.filter())?;
        let seen = control.follow(rows.chosen(question.ids()).map(Ok));
        // decided before it is copied
        let passing = seen.filter(move |row| row.as_ref().map_or(true, |it| filter.is_true(&**it)));
        let features = passing.map(|row| row.map(Arc::unwrap_or_clone));
        question.finish_whole(&Rest { filter: Bound::TRUE, ..question.all_of_it() }, features)
    }

    pub(super) fn explain(&self, query: &Query) -> Result<Plan> {
        let question = Question::of(&self.rows(&query.layer)?.layer, query)?;
        let control = ReadControl::default();
        let returned = count(self.read(query, &control)?)?;
        let cuts = question.limit().is_some() || question.offset() > 0;
        let asked = |asked: bool| if asked { Place::Memory } else { Place::Nowhere };
        Ok(Plan {
            access: if *question.ids() == Ids::Any { Access::Scan } else { Access::Ids },
            in_store: Vec::new(),
            in_memory: question.conditions(),
            sorted: asked(!question.order().is_empty()),
            cut: asked(cuts),
            statement: None,
            steps: Vec::new(),
            buffers: None,
            examined: control.examined(),
            returned,
        })
    }

    fn not_found(&self, name: &str) -> StoreError {
        StoreError::LayerNotFound {
            store: super::NAME.to_owned(),
            layer: name.to_owned(),
            nearest: nearest_name(name, self.layers.keys().map(String::as_str)).map(str::to_owned),
        }
    }
}

fn count(features: Features<'_>) -> Result<u64> {
    let mut count = 0;
    for feature in features {
        feature?;
        count += 1;
    }
    Ok(count)
}
