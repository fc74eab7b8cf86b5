//! What features said before they were edited here, as far as that is known: what tells what others
//! did to them since.
use crate::history::Step;
use crate::merge::Present;
use crate::state::{LayerState, State};
use crate::step::Touched;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use tiepoint_core::{
    Change, ChangeSet, Feature, Fid, FieldChange, FieldNames, Image, LayerChanges, Target, Value,
};

/// What features said that steps are about, before the first of them.
#[derive(Debug, Default)]
pub(crate) struct Origins(BTreeMap<String, LayerOrigins>);

#[derive(Debug, Default)]
struct LayerOrigins {
    names: Vec<String>,
    features: BTreeMap<Target, Option<Said>>,
    /// What the store called them, where that is known.
    fids: BTreeMap<Target, Fid>,
}

/// The values of a feature that was there: `None` where that is not known, `Some(None)` where it was
/// unset.
type Said = Vec<Option<Option<Value>>>;

impl Origins {
    /// Of features that are known in full.
    pub(crate) fn of_state(state: &State, steps: &[Step]) -> Self {
        let mut origins = Self::default();
        for (name, layer) in steps.iter().flat_map(|step| step.changes.layers()) {
            let Some(known) = state.layer(name) else { continue };
            let here = origins.0.entry(name.to_owned()).or_default();
            here.names = known.names().to_vec();
            layer.iter().for_each(|(target, _)| here.add_known(target, known));
        }
        origins
    }

    /// The same, of these features alone.
    pub(crate) fn of_some(state: &State, steps: &[Step], some: &Touched) -> Self {
        let mut origins = Self::default();
        for (name, targets) in some {
            let Some(known) = state.layer(name) else { continue };
            let here = origins.0.entry(name.clone()).or_default();
            here.names = known.names().to_vec();
            let is_in = |step: &Step, target| step.changes.get(name, target).is_some();
            for target in targets.iter().filter(|it| steps.iter().any(|step| is_in(step, it))) {
                here.add_known(target, known);
            }
        }
        origins
    }

    /// Of features of which no more is known than the steps tell.
    pub(crate) fn of_steps(steps: &[Step]) -> Self {
        let mut origins = Self::default();
        for (name, layer) in steps.iter().flat_map(|step| step.changes.layers()) {
            origins.0.entry(name.to_owned()).or_default().add(layer);
        }
        origins
    }

    pub(crate) fn layers(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &Target>)> {
        self.0.iter().map(|(name, layer)| (name.as_str(), layer.features.keys()))
    }

    /// What others did to the features since.
    pub(crate) fn changes_to(&self, now: &Present) -> ChangeSet {
        let mut theirs = ChangeSet::new();
        for (name, layer) in &self.0 {
            let names: FieldNames = layer.names.clone().into();
            for (target, said) in &layer.features {
                let change = since(said.as_ref(), now.get(name, target), &names);
                if let Some(mut change) = change {
                    if let Change::Delete(image) = &mut change {
                        image.fid = layer.fids.get(target).cloned();
                    }
                    let first = theirs.record(name, &names, target.clone(), change);
                    first.expect("each feature is here once");
                }
            }
        }
        theirs
    }
}

impl LayerOrigins {
    fn add_known(&mut self, target: &Target, known: &LayerState) {
        let Some(row) = known.row(target) else { return };
        let said = |base: &Feature| base.values().iter().cloned().map(Some).collect();
        self.features.insert(target.clone(), row.base.as_deref().map(said));
        let fid = row.base.as_ref().and_then(|base| base.fid.clone());
        self.fids.extend(fid.map(|fid| (target.clone(), fid)));
    }

    fn add(&mut self, layer: &LayerChanges) {
        let at: Vec<usize> = layer.fields().iter().map(|name| self.position(name)).collect();
        for (target, change) in layer.iter() {
            let befores: Vec<(usize, &Option<Value>)> = match change {
                Change::Insert(_) => Vec::new(),
                Change::Update(fields) => {
                    fields.iter().map(|it| (at[it.field], &it.before)).collect()
                }
                Change::Delete(image) => at.iter().copied().zip(&image.values).collect(),
            };
            let there = !matches!(change, Change::Insert(_));
            let said = match self.features.entry(target.clone()) {
                Entry::Vacant(entry) => entry.insert(there.then(Vec::new)),
                Entry::Occupied(entry) => entry.into_mut(),
            };
            let Some(said) = said else { continue };
            said.resize(self.names.len().max(said.len()), None);
            for (field, before) in befores {
                said[field].get_or_insert_with(|| before.clone());
            }
        }
    }

    fn position(&mut self, name: &str) -> usize {
        self.names.iter().position(|it| it == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

/// What others did to one feature. Of what is not known, and of what was the store's to fill in,
/// they did nothing.
fn since(said: Option<&Said>, now: Option<&Feature>, names: &FieldNames) -> Option<Change> {
    match (said, now) {
        (None, None) => None,
        (None, Some(now)) => {
            let values = names.iter().map(|name| now.get(name).cloned()).collect();
            Some(Change::Insert(Image { fid: now.fid.clone(), values }))
        }
        (Some(said), None) => {
            let mut values: Vec<_> = said.iter().map(|it| it.clone().flatten()).collect();
            values.resize(names.len(), None);
            Some(Change::Delete(Image { fid: None, values }))
        }
        (Some(said), Some(now)) => {
            let differs = said.iter().enumerate().filter_map(|(field, before)| {
                let (before, after) = (before.clone()??, now.get(&names[field])?.clone());
                let (before, after) = (Some(before), Some(after));
                (before != after).then_some(FieldChange { field, before, after })
            });
            let fields: Vec<_> = differs.collect();
            (!fields.is_empty()).then_some(Change::Update(fields))
        }
    }
}
