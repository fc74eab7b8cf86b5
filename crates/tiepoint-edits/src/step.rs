//! Steps as change sets: made of two states, and applied to one.
use crate::load::{Loaded, Wanted};
use crate::state::{LayerState, Row, State};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tiepoint_core::{
    Change, ChangeSet, Feature, Field, FieldDefault, Image, Layer, LayerChanges, Target, Value,
};
use tiepoint_store::{Features, Result, Store};

/// What became of these features between two states.
pub(crate) fn between(before: &State, after: &State, touched: &Touched) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for (layer, targets) in touched {
        let Some(now) = after.layer(layer) else { continue };
        let before = before.layer(layer);
        let here = targets.iter().filter_map(|target| {
            let row = now.row(target)?;
            let said = before.and_then(|it| it.dirty_row(target));
            let said = said.map_or(&row.base, |it| &it.now);
            let change = Change::between_features(said.as_deref(), row.now.as_deref())?;
            Some((target.clone(), change))
        });
        changes.put_layer(layer, Arc::clone(now.names()), here.collect());
    }
    changes
}

/// The features that may say something else than before, by layer.
pub(crate) type Touched = BTreeMap<String, HashSet<Target>>;

/// Whether the store computes what the field says.
pub(crate) fn is_left_to_the_store(field: &Field) -> bool {
    field.generated || matches!(field.default, Some(FieldDefault::Expression(_)))
}

/// Applies a step to what is pending; features that are not known here are fetched.
///
/// # Errors
///
/// [`Overtaken`] where features say something else than the step was made of, since others have
/// changed them; nothing is applied then.
pub(crate) fn apply(
    state: &State,
    changes: &ChangeSet,
    store: &dyn Store,
) -> Result<std::result::Result<State, Vec<Overtaken>>> {
    let layers = layers_of(changes, store)?;
    let mut state = state.clone();
    state.follow(&layers)?;
    let fitting = Fitting::of(&state, changes, layers, store)?;
    Ok(fitting.map(|fitting| {
        fitting.apply(&mut state);
        state
    }))
}

/// The layers that changes are about, as they are now.
pub(crate) fn layers_of(changes: &ChangeSet, store: &dyn Store) -> Result<Vec<Arc<Layer>>> {
    changes.layers().map(|(name, _)| store.layer(name)).collect()
}

/// Changes that were found to fit what is pending, with the features that they touch first.
pub(crate) struct Fitting<'c> {
    changes: &'c ChangeSet,
    layers: Vec<(Arc<Layer>, Loaded)>,
}

impl<'c> Fitting<'c> {
    /// Looks whether changes fit, in layers that the state follows.
    pub(crate) fn of(
        state: &State,
        changes: &'c ChangeSet,
        layers: Vec<Arc<Layer>>,
        store: &dyn Store,
    ) -> Result<std::result::Result<Self, Vec<Overtaken>>> {
        let (mut fitting, mut overtaken) = (Self { changes, layers: Vec::new() }, Vec::new());
        for ((name, layer_changes), layer) in changes.layers().zip(layers) {
            let here = state.layer(name);
            let places = Places::of(layer_changes, &layer);
            let loaded = load(here, name, layer_changes, |query| store.read(query))?;
            for (target, change) in layer_changes.iter() {
                let row = here.and_then(|it| it.row(target)).map(|row| row.now.as_deref());
                let now = row.unwrap_or_else(|| loaded.get(target).map(|it| &**it));
                if let Err(reason) = places.fits(change, now) {
                    let (layer, target) = (name.to_owned(), target.clone());
                    overtaken.push(Overtaken { layer, target, reason });
                }
            }
            fitting.layers.push((layer, loaded));
        }
        Ok(if overtaken.is_empty() { Ok(fitting) } else { Err(overtaken) })
    }

    /// Applies them to the state that they fit.
    pub(crate) fn apply(self, state: &mut State) {
        for ((_, changes), (layer, loaded)) in self.changes.layers().zip(&self.layers) {
            let places = Places::of(changes, layer);
            let here = state.layer_mut(layer);
            for (target, change) in changes.iter() {
                if !here.change(target, |now| places.applied(change, now, target)) {
                    let base = loaded.get(target).cloned();
                    let now = places.applied(change, base.clone(), target);
                    here.put(target.clone(), Row::new(base, now));
                }
            }
        }
    }
}

fn load<'a>(
    here: Option<&LayerState>,
    layer: &str,
    changes: &LayerChanges,
    read: impl Fn(&tiepoint_core::Query) -> Result<Features<'a>>,
) -> Result<Loaded> {
    let mut wanted = Wanted::default();
    for (target, _) in changes.iter() {
        if here.is_none_or(|it| it.row(target).is_none()) {
            wanted.want(target, None);
        }
    }
    wanted.load(layer, read)
}

/// A feature that others have changed since a step was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Overtaken {
    /// The layer's name.
    pub layer: String,
    /// The feature.
    pub target: Target,
    /// What is in the way, in words.
    pub reason: String,
}

/// Where the fields of a change set stand in a layer.
struct Places<'a> {
    layer: &'a Arc<Layer>,
    names: &'a [String],
    at: Vec<Option<usize>>,
}

impl<'a> Places<'a> {
    fn of(changes: &'a LayerChanges, layer: &'a Arc<Layer>) -> Self {
        let at = changes.fields().iter().map(|name| layer.schema().position(name)).collect();
        Self { layer, names: changes.fields(), at }
    }

    /// Whether the change was made of what the feature says.
    fn fits(&self, change: &Change, now: Option<&Feature>) -> std::result::Result<(), String> {
        match (change, now) {
            (Change::Insert(_), None) => Ok(()),
            (Change::Insert(_), Some(_)) => Err("it is there again".to_owned()),
            (Change::Update(_) | Change::Delete(_), None) => Err("it is gone".to_owned()),
            (Change::Delete(image), Some(now)) => self.same(image, now),
            (Change::Update(fields), Some(now)) => fields.iter().try_for_each(|it| {
                let at = self.at[it.field].ok_or_else(|| self.lost(it.field))?;
                let is_left = is_left(it.before.as_ref(), now.values()[at].as_ref());
                if is_left { Ok(()) } else { Err(self.differs(it.field)) }
            }),
        }
    }

    /// What the feature says after a change that fits.
    fn applied(
        &self,
        change: &Change,
        now: Option<Arc<Feature>>,
        target: &Target,
    ) -> Option<Arc<Feature>> {
        match change {
            Change::Insert(image) => Some(Arc::new(self.feature(image, target))),
            Change::Delete(_) => None,
            Change::Update(fields) => now.map(|mut now| {
                let feature = Arc::make_mut(&mut now);
                for it in fields {
                    if let Some(at) = self.at[it.field] {
                        feature.put(at, it.after.clone());
                    }
                }
                now
            }),
        }
    }

    fn feature(&self, image: &Image, target: &Target) -> Feature {
        let mut values = vec![None; self.layer.schema().fields().len()];
        for (value, at) in image.values.iter().zip(&self.at) {
            if let Some(at) = at {
                values[*at].clone_from(value);
            }
        }
        let id = match target {
            Target::Id(id) => Some(*id),
            Target::Fid(_) => None,
        };
        let feature = Feature::with_values(Arc::clone(self.layer.schema()), values);
        feature.with_id(id).with_fid(image.fid.clone())
    }

    fn same(&self, image: &Image, now: &Feature) -> std::result::Result<(), String> {
        for (field, value) in image.values.iter().enumerate() {
            let Some(at) = self.at[field] else { continue };
            if !is_left(value.as_ref(), now.values()[at].as_ref()) {
                return Err(self.differs(field));
            }
        }
        Ok(())
    }

    fn differs(&self, field: usize) -> String {
        format!("`{}` says something else now", self.names[field])
    }

    fn lost(&self, field: usize) -> String {
        format!("there is no field `{}` any more", self.names[field])
    }
}

/// Whether a value is what a step left; what it left unset was the store's to fill in.
fn is_left(left: Option<&Value>, now: Option<&Value>) -> bool {
    left.is_none() || left == now
}

/// The same without what happened in one layer.
pub(crate) fn without_layer(changes: &ChangeSet, layer: &str) -> ChangeSet {
    let mut rest = ChangeSet::new();
    for (name, others) in changes.layers().filter(|(name, _)| *name != layer) {
        for (target, change) in others.iter() {
            let first = rest.record(name, others.fields(), target.clone(), change.clone());
            first.expect("each feature is here once");
        }
    }
    rest
}
