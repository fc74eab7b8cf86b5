//! New features as a store is asked for them, and as it made them.
use super::outcome::InsertedFeature;
use super::plan::LayerPlan;
use crate::{Result, Transaction};
use std::collections::HashSet;
use std::sync::Arc;
use tiepoint_core::{
    Change, Feature, Fid, FidRule, FieldNames, Ids, Image, ObjectId, Query, Target, Value,
};

/// How many fids are asked about at once.
const FIDS_AT_ONCE: usize = 8_192;

/// The fids that new features of a layer would like to have and that are taken.
pub(super) fn taken_fids<'c>(
    transaction: &dyn Transaction,
    plan: &LayerPlan<'_>,
    inserts: impl Iterator<Item = (&'c Target, &'c Image)>,
) -> Result<HashSet<Fid>> {
    let wishes = inserts.filter(|(target, image)| !is_demanded(target, image));
    let wishes: Vec<Fid> = wishes.filter_map(|(_, image)| wish(plan, image)).collect();
    let mut taken = HashSet::new();
    for batch in wishes.chunks(FIDS_AT_ONCE) {
        let ids = Ids::Fids(batch.to_vec());
        let query = Query::layer(plan.name()).ids(ids).fields::<String>([]);
        for row in transaction.read(&query)? {
            taken.extend(row?.fid);
        }
    }
    Ok(taken)
}

/// Whether the feature is known by the very fid that it is to have.
pub(super) fn is_demanded(target: &Target, image: &Image) -> bool {
    matches!(target, Target::Fid(fid) if image.fid.as_ref() == Some(fid))
}

fn wish(plan: &LayerPlan<'_>, image: &Image) -> Option<Fid> {
    image.fid.clone().filter(|_| plan.layer.fids == FidRule::Stable)
}

/// The feature that is asked for. `take` says of a wished fid whether it may be had.
pub(super) fn feature(
    plan: &LayerPlan<'_>,
    target: &Target,
    image: &Image,
    take: impl FnOnce(&Fid) -> bool,
) -> Feature {
    let mut values = vec![None; plan.layer.schema().fields().len()];
    for (field, value) in image.values.iter().enumerate().filter(|(_, it)| it.is_some()) {
        if let Some(at) = plan.written_at(field) {
            values[at].clone_from(value);
        }
    }
    if let Some(at) = plan.version {
        let said = plan.places.iter().position(|it| *it == Some(at));
        let said = said.and_then(|field| image.values[field].clone());
        values[at] = said.filter(|it| !it.is_null()).or(Some(Value::Int(1)));
    }
    let fid =
        if is_demanded(target, image) { image.fid.clone() } else { wish(plan, image).filter(take) };
    let id: Option<ObjectId> = match target {
        Target::Id(id) => Some(*id),
        Target::Fid(_) => None,
    };
    Feature::with_values(Arc::clone(plan.layer.schema()), values).with_id(id).with_fid(fid)
}

/// Whether nothing is left to the store, of whom nobody hears then what it put there.
pub(super) fn is_complete(plan: &LayerPlan<'_>, image: &Image) -> bool {
    let fields = plan.layer.schema().fields().iter().enumerate();
    fields.filter(|(at, _)| Some(*at) != plan.version).all(|(at, field)| {
        let said = plan.places.iter().position(|it| *it == Some(at));
        !field.generated && said.is_some_and(|it| image.values[it].is_some())
    })
}

/// What a new feature is known by from now on, and all that it says.
pub(super) fn as_written(
    plan: &LayerPlan<'_>,
    names: &FieldNames,
    feature: Feature,
    inserted: &InsertedFeature,
) -> (Target, Change) {
    let id = inserted.id.map(Target::Id);
    let target = id.unwrap_or_else(|| Target::Fid(inserted.fid.clone()));
    let mut by_position = feature.into_values();
    for (at, value) in &inserted.filled {
        by_position[*at] = Some(value.clone());
    }
    let value = |name: &String| by_position[plan.layer.schema().position(name)?].take();
    let values = names.iter().map(value).collect();
    (target, Change::Insert(Image { fid: Some(inserted.fid.clone()), values }))
}
