//! What is pending: for every feature that was touched, what it said when it was touched and what it
//! is to say now.
use crate::provisional;
use rpds::HashTrieMapSync;
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{Change, ChangeSet, Feature, Fid, FieldNames, Layer, Target, Value};
use tiepoint_store::StoreError;

/// All that is pending. Cloning shares it; a change costs the logarithm of what is pending.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    layers: BTreeMap<String, LayerState>,
}

/// What is pending in one layer.
#[derive(Debug, Clone)]
pub(crate) struct LayerState {
    pub(crate) layer: Arc<Layer>,
    names: FieldNames,
    rows: HashTrieMapSync<Target, Row>,
    by_fid: HashTrieMapSync<Fid, Target>,
    /// Who has a value now, in the fields where each must have its own.
    unique: HashTrieMapSync<(usize, Value), Target>,
    dirty: usize,
}

/// One feature that was touched.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What the store said when it was touched; `None` where it had no such feature.
    pub(crate) base: Option<Arc<Feature>>,
    /// What it is to say; `None` where it is not to be.
    pub(crate) now: Option<Arc<Feature>>,
    /// Whether they differ.
    pub(crate) dirty: bool,
    /// What it is called, or was when it was last there.
    pub(crate) fid: Option<Fid>,
}

impl Row {
    /// A feature as it is.
    pub(crate) fn clean(feature: Arc<Feature>) -> Self {
        let fid = feature.fid.clone();
        Self { base: Some(Arc::clone(&feature)), now: Some(feature), dirty: false, fid }
    }

    /// What is stored is called as its store calls it, also where it was deleted and came again.
    pub(crate) fn new(base: Option<Arc<Feature>>, mut now: Option<Arc<Feature>>) -> Self {
        if let (Some(base), Some(now)) = (&base, &mut now)
            && base.fid != now.fid
        {
            Arc::make_mut(now).fid.clone_from(&base.fid);
        }
        let dirty = match (&base, &now) {
            (Some(base), Some(now)) => base.values() != now.values(),
            (None, None) => false,
            _ => true,
        };
        let fid = now.as_ref().or(base.as_ref()).and_then(|it| it.fid.clone());
        Self { base, now, dirty, fid }
    }
}

impl Row {
    /// What the feature is called, and was.
    fn fids(&self) -> [Option<&Fid>; 2] {
        [&self.now, &self.base].map(|it| it.as_ref().and_then(|feature| feature.fid.as_ref()))
    }
}

impl State {
    pub(crate) fn layer(&self, name: &str) -> Option<&LayerState> {
        self.layers.get(name)
    }

    pub(crate) fn layer_mut(&mut self, layer: &Arc<Layer>) -> &mut LayerState {
        let known = self.layers.entry(layer.name().to_owned());
        let state = known.or_insert_with(|| LayerState::new(Arc::clone(layer)));
        state.refit(layer);
        state
    }

    /// Follows layers whose fields are others now.
    pub(crate) fn follow(&mut self, layers: &[Arc<Layer>]) -> Result<(), StoreError> {
        for layer in layers {
            self.layer(layer.name()).map_or(Ok(()), |it| it.still_fits(layer))?;
        }
        for layer in layers {
            self.layer_mut(layer);
        }
        Ok(())
    }

    pub(crate) fn layers(&self) -> impl Iterator<Item = (&str, &LayerState)> {
        self.layers.iter().map(|(name, layer)| (name.as_str(), layer))
    }

    /// What the feature is called here.
    pub(crate) fn fid(&self, layer: &str, target: &Target) -> Option<Fid> {
        self.layer(layer)?.row(target)?.now.as_ref()?.fid.clone()
    }

    pub(crate) fn forget_layer(&mut self, name: &str) {
        self.layers.remove(name);
    }

    /// Whether the state differs from what the store said.
    pub(crate) fn is_dirty(&self) -> bool {
        self.layers.values().any(LayerState::is_dirty)
    }

    /// What is pending, each feature against what its store said when it was touched.
    pub(crate) fn changes(&self) -> ChangeSet {
        let mut changes = ChangeSet::new();
        for (name, layer) in self.layers() {
            let here = layer.dirty_rows().filter_map(|(target, row)| {
                let change = Change::between_features(row.base.as_deref(), row.now.as_deref())?;
                Some((target.clone(), provisional::stripped(change)))
            });
            changes.put_layer(name, Arc::clone(layer.names()), here.collect());
        }
        changes
    }
}

impl LayerState {
    pub(crate) fn new(layer: Arc<Layer>) -> Self {
        Self {
            names: names_of(&layer),
            layer,
            rows: HashTrieMapSync::new_sync(),
            by_fid: HashTrieMapSync::new_sync(),
            unique: HashTrieMapSync::new_sync(),
            dirty: 0,
        }
    }

    /// The names of its fields, by position.
    pub(crate) fn names(&self) -> &FieldNames {
        &self.names
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty > 0
    }

    pub(crate) fn row(&self, target: &Target) -> Option<&Row> {
        self.rows.get(target)
    }

    /// The row of that target, if it is not as its store has it.
    pub(crate) fn dirty_row(&self, target: &Target) -> Option<&Row> {
        self.rows.get(target).filter(|row| row.dirty)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Target, &Row)> {
        self.rows.iter()
    }

    pub(crate) fn dirty_rows(&self) -> impl Iterator<Item = (&Target, &Row)> {
        self.rows.iter().filter(|(_, row)| row.dirty)
    }

    /// How many features differ from what their store said.
    pub(crate) fn dirty_count(&self) -> usize {
        self.dirty
    }

    /// By what the feature of that fid is known here, if it was touched.
    pub(crate) fn target_of_fid(&self, fid: &Fid) -> Option<&Target> {
        self.by_fid.get(fid)
    }

    /// Who has this value in that field now, among those that were touched.
    pub(crate) fn holder_of(&self, field: usize, value: &Value) -> Option<&Target> {
        self.unique.get(&(field, value.clone()))
    }

    /// Makes something else of what a row that is here is to say; false where it is not here. What
    /// nobody else looks at is changed in place.
    pub(crate) fn change(
        &mut self,
        target: &Target,
        now: impl FnOnce(Option<Arc<Feature>>) -> Option<Arc<Feature>>,
    ) -> bool {
        if self.layer.schema().fields().iter().any(|field| field.unique) {
            let Some(row) = self.rows.get(target).cloned() else { return false };
            self.put(target.clone(), Row::new(row.base, now(row.now)));
            return true;
        }
        let Some(row) = self.rows.get_mut(target) else { return false };
        let now = now(row.now.take());
        let fid = now.as_ref().and_then(|now| now.fid.as_ref());
        if let Some(fid) = fid.filter(|fid| row.fid.as_ref() != Some(fid)) {
            self.by_fid.insert_mut(fid.clone(), target.clone());
        }
        let (was_dirty, fid) = (row.dirty, row.fid.take());
        *row = Row::new(row.base.take(), now);
        row.fid = row.fid.take().or(fid);
        self.dirty = self.dirty + usize::from(row.dirty) - usize::from(was_dirty);
        true
    }

    /// Puts a row in the place of the one before.
    pub(crate) fn put(&mut self, target: Target, mut row: Row) {
        let before = self.rows.get(&target);
        let known = before.map_or([None; 2], Row::fids);
        let new = row.fids().into_iter().flatten().filter(|fid| !known.contains(&Some(fid)));
        for fid in new {
            self.by_fid.insert_mut(fid.clone(), target.clone());
        }
        let given_up = before.map_or_else(Vec::new, |before| unique_values(&self.layer, before));
        self.dirty -= usize::from(before.is_some_and(|before| before.dirty));
        self.dirty += usize::from(row.dirty);
        row.fid = row.fid.or_else(|| before.and_then(|before| before.fid.clone()));
        for key in given_up {
            // another may have taken it over already: within a step, they move in any order
            if self.unique.get(&key) == Some(&target) {
                self.unique.remove_mut(&key);
            }
        }
        for key in unique_values(&self.layer, &row) {
            self.unique.insert_mut(key, target.clone());
        }
        self.rows.insert_mut(target, row);
    }

    /// What is pending for a row of the store, whatever it is known by now.
    pub(crate) fn dirty_row_of(&self, feature: &Feature, is_tied: bool) -> Option<&Row> {
        if self.layer.is_tied() == is_tied {
            return self.dirty_row(&Target::of(feature)?);
        }
        self.dirty_row(self.by_fid.get(feature.fid.as_ref()?)?)
    }
}

fn names_of(layer: &Layer) -> FieldNames {
    layer.schema().fields().iter().map(|field| field.name.clone()).collect()
}

fn unique_values(layer: &Layer, row: &Row) -> Vec<(usize, Value)> {
    let Some(now) = &row.now else { return Vec::new() };
    let fields = layer.schema().fields().iter().enumerate().filter(|(_, field)| field.unique);
    let values = fields.filter_map(|(at, _)| Some((at, now.values()[at].clone()?)));
    values.filter(|(_, value)| !value.is_null()).collect()
}
