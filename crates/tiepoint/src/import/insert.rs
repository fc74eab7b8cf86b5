//! Adds every feature of a source to its layer.
use super::plan::Plan;
use super::run::{Ready, Run};
use super::supply::{Spot, Supply};
use crate::{Error, Result};
use tiepoint_core::{Change, ErrorKind, ObjectId};
use tiepoint_store::{StoreError, Transaction, WriteMode, Written};

/// How many places of a repeated id an error names.
const PLACES: usize = 3;

pub(super) fn insert_all(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    plan: &Plan,
) -> Result<()> {
    // Where features may be passed over, each must be refused at once rather than at the end.
    let mode = if run.stops() { WriteMode::Bulk } else { WriteMode::Rows };
    let mut writer = transaction.writer(plan.layer.name(), mode)?;
    for arrival in supply.arrivals(&plan.as_text)? {
        let Some(Ready { spot, feature }) = run.ready(arrival?, supply, plan)? else { continue };
        let id_was_known = feature.id.is_some();
        let kept = (!run.stops()).then(|| feature.clone());
        match writer.write(Change::Insert(feature)) {
            Ok(Written::Inserted { id, .. }) => run.inserted(id_was_known, id.as_ref()),
            Ok(Written::Updated | Written::Deleted | Written::Missing) => {}
            Err(error) => run.refused(supply, &spot, error, kept.as_ref())?,
        }
    }
    run.finishing();
    writer.finish().map_err(|error| match error {
        StoreError::DuplicateId { id, .. } => repeated(supply, plan, id, error),
        other => other.into(),
    })
}

/// An id that turned out to be taken only when the index was built: looks in the source for the
/// features that carry it.
fn repeated(supply: &Supply, plan: &Plan, id: ObjectId, error: StoreError) -> Error {
    let Ok(places) = places_of(supply, plan, id) else { return error.into() };
    let Some(last) = places.last() else { return error.into() };
    let reason = match &places[..] {
        [_] => error.to_string(),
        [first, ..] => format!("object {id} is there already, in {first}"),
        [] => return error.into(),
    };
    Error::Feature {
        source_name: supply.source_name.clone(),
        place: last.to_string(),
        reason,
        kind: ErrorKind::AlreadyExists,
        hint: Some("every feature needs an object id of its own; choose another field, or mode upsert".to_owned()),
    }
}

fn places_of(supply: &Supply, plan: &Plan, id: ObjectId) -> Result<Vec<Spot>> {
    let mut places = Vec::new();
    for arrival in supply.arrivals(&plan.as_text)? {
        let arrival = arrival?;
        let Ok(feature) = &arrival.feature else { continue };
        if plan.ids.id_of(feature) == Ok(Some(id)) {
            places.push(arrival.spot);
        }
        if places.len() == PLACES {
            break;
        }
    }
    Ok(places)
}
