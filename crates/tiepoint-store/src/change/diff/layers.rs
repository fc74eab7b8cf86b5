//! Which layers and fields are compared.
use super::{DiffNote, DiffOptions, MatchBy};
use crate::{Result, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{Field, FieldType, Layer, nearest_name};

/// Layers of one name.
pub(super) type Pair = (Arc<Layer>, Arc<Layer>);

/// The layers that both have.
pub(super) fn pairs(
    before: Vec<Arc<Layer>>,
    after: Vec<Arc<Layer>>,
    options: &DiffOptions,
    notes: &mut Vec<DiffNote>,
) -> Result<Vec<Pair>> {
    let wanted = |layer: &Arc<Layer>| {
        options.layers.as_ref().is_none_or(|layers| layers.contains(layer.name()))
    };
    refuse_unknown(&before, &after, options)?;
    let named = |layer: Arc<Layer>| (layer.name().to_owned(), layer);
    let mut later: BTreeMap<String, Arc<Layer>> =
        after.into_iter().filter(wanted).map(named).collect();
    let mut pairs = Vec::new();
    for layer in before.into_iter().filter(wanted) {
        match later.remove(layer.name()) {
            Some(other) => pairs.push((layer, other)),
            None => notes.push(DiffNote::LayerGone(layer.name().to_owned())),
        }
    }
    notes.extend(later.into_keys().map(DiffNote::LayerNew));
    Ok(pairs)
}

fn refuse_unknown(
    before: &[Arc<Layer>],
    after: &[Arc<Layer>],
    options: &DiffOptions,
) -> Result<()> {
    let all = || before.iter().chain(after).map(|layer| layer.name());
    for name in options.layers.iter().flatten() {
        if !all().any(|it| it == name) {
            return Err(StoreError::LayerNotFound {
                store: "neither store".to_owned(),
                layer: name.clone(),
                nearest: nearest_name(name, all()).map(str::to_owned),
            });
        }
    }
    Ok(())
}

/// The names of the fields that are compared, in the earlier layer's order.
pub(super) fn common_fields(
    before: &Layer,
    after: &Layer,
    options: &DiffOptions,
    notes: &mut Vec<DiffNote>,
) -> Vec<String> {
    let layer = before.name().to_owned();
    let compared = |field: &&Field| !options.ignore.contains(&field.name);
    let mut common = Vec::new();
    for field in before.schema().fields().iter().filter(compared) {
        let (layer, name) = (layer.clone(), field.name.clone());
        match after.schema().field(&field.name) {
            None => notes.push(DiffNote::FieldGone { layer, field: name }),
            Some(other) if !is_comparable(&field.ty, &other.ty) => {
                notes.push(DiffNote::FieldChanged { layer, field: name });
            }
            Some(_) => common.push(name),
        }
    }
    let new = after.schema().fields().iter().filter(compared);
    let new = new.filter(|field| before.schema().field(&field.name).is_none());
    notes.extend(
        new.map(|field| DiffNote::FieldNew { layer: layer.clone(), field: field.name.clone() }),
    );
    common
}

/// Whether equal values say the same in both.
fn is_comparable(before: &FieldType, after: &FieldType) -> bool {
    match (before, after) {
        (FieldType::Geometry(before), FieldType::Geometry(after)) => before.crs == after.crs,
        _ => std::mem::discriminant(before) == std::mem::discriminant(after),
    }
}

/// Why rows cannot be matched, where they cannot.
pub(super) fn unmatched(before: &Layer, after: &Layer, by: &MatchBy) -> Option<String> {
    let both = |fits: &dyn Fn(&Layer) -> bool| fits(before) && fits(after);
    match by {
        MatchBy::Id if both(&Layer::is_tied) => None,
        MatchBy::Id => Some("it is not tied in both; compare it by a key or by fids".to_owned()),
        MatchBy::Fid => None,
        MatchBy::Key(field) if both(&|layer| layer.schema().field(field).is_some()) => None,
        MatchBy::Key(field) => Some(format!("not both have a field `{field}`")),
    }
}
