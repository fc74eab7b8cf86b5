//! Adds every feature of a source to its layer.
use super::incoming::{self, Incoming};
use super::plan::Plan;
use super::run::{Ready, Run, feature_error};
use super::supply::{Spot, Supply};
use crate::{Error, Result};
use tiepoint_core::{Edit, ErrorKind, ObjectId};
use tiepoint_store::{ReadControl, StoreError, Transaction, WriteMode, Written};

/// What to do about an id that is taken.
const HINT: &str = "every feature needs an object id of its own: choose another field for them, or \
                    update features that are there already with mode upsert";

/// How many places of a repeated id are looked for.
const PLACES: usize = 2;

/// How a load ended.
enum Loaded {
    Completely,
    /// With an id that turned out to be taken when the index was built.
    WithRepeated(ObjectId),
    /// Not at all: the store refused a feature when others had followed it.
    TooLate,
}

pub(super) fn insert_all(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    plan: &Plan,
) -> Result<()> {
    if run.stops() {
        return match load(run, transaction, supply, plan, WriteMode::Bulk)? {
            Loaded::Completely | Loaded::TooLate => Ok(()),
            Loaded::WithRepeated(id) => Err(repeated(supply, plan, id)),
        };
    }
    // Which feature to pass over shows only row by row, so that is the second try.
    let before = transaction.savepoint().ok().map(|mark| (mark, run.mark()));
    let Some((savepoint, mark)) = before else {
        return load(run, transaction, supply, plan, WriteMode::Rows).map(drop);
    };
    let loaded = load(run, transaction, supply, plan, WriteMode::Bulk)?;
    if !matches!(loaded, Loaded::Completely) {
        transaction.rollback_to(savepoint)?;
        run.back_to(mark?)?;
        load(run, transaction, supply, plan, WriteMode::Rows)?;
    }
    Ok(())
}

fn load(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    plan: &Plan,
    mode: WriteMode,
) -> Result<Loaded> {
    let mut writer = transaction.writer(plan.layer.name(), mode)?;
    let mut features = Incoming::of(supply, plan, run)?;
    while let Some(Ready { spot, feature, .. }) =
        features.next(run, &mut |broken| incoming::by(&mut *writer, broken))?
    {
        let id_was_known = feature.id.is_some();
        let kept = (!run.stops()).then(|| feature.clone());
        match writer.write(Edit::Insert(feature)) {
            Ok(Written::Inserted { id, .. }) => run.inserted(id_was_known, id.as_ref()),
            Ok(Written::Updated | Written::Deleted | Written::Missing) => {}
            Err(StoreError::DuplicateId { id, .. }) if run.stops() => {
                return Err(repeated(supply, plan, id));
            }
            Err(error) if is_late(&error) => return too_late(run, supply, error),
            Err(error) => run.refused(supply, &spot, error, kept.as_ref())?,
        }
    }
    run.finishing();
    match writer.finish() {
        Ok(()) => Ok(Loaded::Completely),
        Err(StoreError::DuplicateId { id, .. }) => Ok(Loaded::WithRepeated(id)),
        Err(error) if is_late(&error) => too_late(run, supply, error),
        Err(error) => Err(error.into()),
    }
}

/// Whether the error is about a feature that was written earlier, and tells which of the load.
fn is_late(error: &StoreError) -> bool {
    matches!(error, StoreError::Constraint { feature, .. } if feature.ends_with("of the load"))
}

/// The error for a feature that was refused late, or the wish to try again, row by row.
fn too_late(run: &Run<'_>, supply: &Supply, error: StoreError) -> Result<Loaded> {
    let kind = error.kind();
    match error {
        StoreError::Constraint { feature, reason, .. } if run.stops() => {
            Err(feature_error(&supply.source_name, feature, reason, kind, None))
        }
        _ => Ok(Loaded::TooLate),
    }
}

/// The error for an id that is taken: looks in the source for the features that carry it.
fn repeated(supply: &Supply, plan: &Plan, id: ObjectId) -> Error {
    let layer = plan.layer.name().to_owned();
    let places = places_of(supply, plan, id).unwrap_or_default();
    let (place, reason) = match &places[..] {
        [] => return StoreError::DuplicateId { layer, id }.into(),
        [only] => (only, format!("layer `{layer}` already has a feature for object {id}")),
        [first, .., last] => (last, format!("object {id} is there already, in {first}")),
    };
    Error::Feature {
        source_name: supply.source_name.clone(),
        place: place.to_string(),
        reason,
        kind: ErrorKind::AlreadyExists,
        hint: Some(HINT.to_owned()),
    }
}

/// The first places of the source that give a feature this id.
fn places_of(supply: &Supply, plan: &Plan, id: ObjectId) -> Result<Vec<Spot>> {
    let mut places = Vec::new();
    for arrival in supply.arrivals(&plan.as_text, &ReadControl::default())? {
        let arrival = arrival?;
        let carries = |feature| plan.ids.id_of(feature) == Ok(Some(id));
        if arrival.feature.as_ref().is_ok_and(carries) {
            places.push(arrival.spot);
        }
        if places.len() == PLACES {
            break;
        }
    }
    Ok(places)
}
