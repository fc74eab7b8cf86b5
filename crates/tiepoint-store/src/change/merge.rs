//! Putting changes on top of what others changed meanwhile.
use super::plan::LayerPlan;
use crate::Result;
use std::collections::{BTreeMap, BTreeSet};
use tiepoint_core::{
    Change, ChangeSet, Clash, Conflict, FieldChange, Image, LayerChanges, NamedValues, Target,
};

/// The fields of each layer in which every feature has a value of its own.
pub(super) type UniqueFields = BTreeMap<String, BTreeSet<String>>;

pub(super) fn unique_fields(plans: &[LayerPlan<'_>]) -> UniqueFields {
    let unique = |plan: &LayerPlan<'_>| {
        let fields = plan.layer.schema().fields().iter().filter(|it| it.unique);
        (plan.name().to_owned(), fields.map(|it| it.name.clone()).collect())
    };
    plans.iter().map(unique).collect()
}

/// What is left to do of mine after theirs, and what cannot be done after it.
pub(super) fn rebased(
    mine: &ChangeSet,
    theirs: &ChangeSet,
    _unique: &UniqueFields,
) -> Result<(ChangeSet, Vec<Conflict>)> {
    let (mut changes, mut conflicts) = (ChangeSet::new(), Vec::new());
    for (name, layer) in mine.layers() {
        for (target, change) in layer.iter() {
            let left = match theirs.get(name, target) {
                None => Some(change.clone()),
                Some(other) => after(
                    change,
                    other,
                    &mut |clash| {
                        let (layer, target) = (name.to_owned(), target.clone());
                        conflicts.push(Conflict { layer, target, clash });
                    },
                    layer,
                    target,
                ),
            };
            if let Some(left) = left {
                let recorded = changes.record(name, layer.fields(), target.clone(), left);
                debug_assert!(recorded.is_ok(), "each feature is recorded once");
            }
        }
    }
    Ok((changes, conflicts))
}

fn after(
    mine: &Change,
    theirs: &Change,
    clash: &mut dyn FnMut(Clash),
    layer: &LayerChanges,
    _target: &Target,
) -> Option<Change> {
    match (mine, theirs) {
        (Change::Update(mine), Change::Update(theirs)) => {
            let left: Vec<FieldChange> =
                mine.iter().filter_map(|it| field_after(it, theirs, clash, layer)).collect();
            (!left.is_empty()).then_some(Change::Update(left))
        }
        (Change::Delete(_), Change::Delete(_)) => None,
        (Change::Update(mine), Change::Delete(image)) => {
            let base = named(layer, image);
            let mut changed = image.clone();
            for it in mine {
                changed.values[it.field].clone_from(&it.after);
            }
            clash(Clash::TheyDeleted { base, mine: named(layer, &changed) });
            None
        }
        (Change::Delete(image), Change::Update(theirs)) => {
            let mut changed = image.clone();
            for it in theirs {
                changed.values[it.field].clone_from(&it.after);
            }
            clash(Clash::IDeleted { base: named(layer, image), theirs: named(layer, &changed) });
            None
        }
        (Change::Insert(mine), Change::Insert(theirs)) => {
            if mine.values != theirs.values {
                clash(Clash::BothInserted {
                    mine: named(layer, mine),
                    theirs: named(layer, theirs),
                });
            }
            None
        }
        _ => Some(mine.clone()),
    }
}

fn field_after(
    mine: &FieldChange,
    theirs: &[FieldChange],
    clash: &mut dyn FnMut(Clash),
    layer: &LayerChanges,
) -> Option<FieldChange> {
    let Some(other) = theirs.iter().find(|it| it.field == mine.field) else {
        return Some(mine.clone());
    };
    if other.after != mine.after {
        clash(Clash::Field {
            field: layer.fields()[mine.field].clone(),
            base: mine.before.clone(),
            mine: mine.after.clone(),
            theirs: other.after.clone(),
        });
    }
    None
}

fn named(layer: &LayerChanges, image: &Image) -> NamedValues {
    let values = layer.fields().iter().zip(&image.values);
    values.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}
