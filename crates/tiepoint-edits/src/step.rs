//! Steps as change sets: made of two states, and applied to one.
use crate::load::{Loaded, Wanted};
use crate::state::{LayerState, Row, State};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiepoint_core::{
    Change, ChangeSet, Feature, Field, FieldDefault, Image, Layer, LayerChanges, Target, Value,
};
use tiepoint_store::{Features, Result, Store};

/// What became of these features between two states.
pub(crate) fn between(
    before: &State,
    after: &State,
    touched: &BTreeSet<(String, Target)>,
) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for (layer, target) in touched {
        let Some(now) = after.layer(layer) else { continue };
        let Some(row) = now.row(target) else { continue };
        let said = before.layer(layer).and_then(|it| it.dirty_row(target));
        let said = said.map_or(&row.base, |it| &it.now);
        let image = |it: &Option<Arc<Feature>>| it.as_deref().map(Image::of);
        let change = Change::between(image(said).as_ref(), image(&row.now).as_ref());
        if let Some(change) = change {
            let first = changes.record(layer, now.names(), target.clone(), change);
            first.expect("each feature was touched once");
        }
    }
    changes
}

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
    let (mut state, mut overtaken) = (state.clone(), Vec::new());
    for (name, layer_changes) in changes.layers() {
        let layer = store.layer(name)?;
        state.layer(name).map_or(Ok(()), |it| it.still_fits(&layer))?;
        let here = state.layer_mut(&layer);
        let loaded = load(here, layer_changes, |query| store.read(query))?;
        let places = Places::of(layer_changes, &layer);
        for (target, change) in layer_changes.iter() {
            let applied = |now: Option<&Feature>| places.applied(change, now, target);
            let known = here.change(target, applied);
            let done = known.unwrap_or_else(|| {
                let base = loaded.get(target).cloned();
                let now = applied(base.as_deref())?.map(Arc::new);
                here.put(target.clone(), Row::new(base, now));
                Ok(())
            });
            if let Err(reason) = done {
                let (layer, target) = (name.to_owned(), target.clone());
                overtaken.push(Overtaken { layer, target, reason });
            }
        }
    }
    Ok(if overtaken.is_empty() { Ok(state) } else { Err(overtaken) })
}

fn load<'a>(
    here: &LayerState,
    changes: &LayerChanges,
    read: impl Fn(&tiepoint_core::Query) -> Result<Features<'a>>,
) -> Result<Loaded> {
    let mut wanted = Wanted::default();
    for (target, _) in changes.iter() {
        if here.row(target).is_none() {
            wanted.want(target, None);
        }
    }
    wanted.load(here.layer.name(), read)
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

    /// What the feature says after the change.
    fn applied(
        &self,
        change: &Change,
        now: Option<&Feature>,
        target: &Target,
    ) -> std::result::Result<Option<Feature>, String> {
        match (change, now) {
            (Change::Insert(image), None) => Ok(Some(self.feature(image, target))),
            (Change::Insert(_), Some(_)) => Err("it is there again".to_owned()),
            (Change::Update(_) | Change::Delete(_), None) => Err("it is gone".to_owned()),
            (Change::Delete(image), Some(now)) => {
                self.same(image, now)?;
                Ok(None)
            }
            (Change::Update(fields), Some(now)) => {
                let mut values = now.values().to_vec();
                for it in fields {
                    let at = self.at[it.field].ok_or_else(|| self.lost(it.field))?;
                    if !is_left(it.before.as_ref(), values[at].as_ref()) {
                        return Err(self.differs(it.field));
                    }
                    values[at].clone_from(&it.after);
                }
                let feature = Feature::with_values(Arc::clone(self.layer.schema()), values);
                Ok(Some(feature.with_id(now.id).with_fid(now.fid.clone())))
            }
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
