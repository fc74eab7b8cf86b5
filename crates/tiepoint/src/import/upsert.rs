//! Makes a layer say what a source says: adds what is new, writes what differs, leaves the rest.
use super::fit::Move;
use super::incoming::{self, Incoming};
use super::plan::Plan;
use super::run::{Ready, Run, refused_together};
use super::supply::{Spot, Supply};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tiepoint_core::{Edit, ErrorKind, Feature, Geometry, Ids, ObjectId, Query, Value};
use tiepoint_store::{StoreError, Transaction, WriteMode, Written};

/// How many features are compared at a time.
const BATCH: usize = 4_096;
/// How much geometry, in bytes, is compared at a time.
const BATCH_BYTES: usize = 4 << 20;

pub(super) fn upsert_all(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    plan: &Plan,
) -> Result<()> {
    let mut batch = Batch::default();
    let mut features = Incoming::of(supply, plan, run)?;
    while let Some(ready) =
        features.next(run, &mut |broken| repaired(transaction, plan.layer.name(), broken))?
    {
        let Some(id) = ready.feature.id else {
            refuse_without_id(run, supply, &ready)?;
            continue;
        };
        if batch.ids.contains(&id) || batch.is_full() {
            std::mem::take(&mut batch).write(run, transaction, supply, plan)?;
        }
        batch.add(id, ready);
    }
    batch.write(run, transaction, supply, plan)
}

fn repaired(
    transaction: &mut dyn Transaction,
    layer: &str,
    broken: &[Geometry],
) -> Result<Vec<Result<Geometry, String>>, StoreError> {
    let mut writer = transaction.writer(layer, WriteMode::Rows)?;
    let repaired = incoming::by(&mut *writer, broken)?;
    writer.finish()?;
    Ok(repaired)
}

fn refuse_without_id(run: &mut Run<'_>, supply: &Supply, ready: &Ready) -> Result<()> {
    let reason = "it has no object id, so there is nothing to find it by".to_owned();
    if run.stops() {
        return Err(Error::Feature {
            source_name: supply.source_name.clone(),
            place: ready.spot.to_string(),
            reason,
            kind: ErrorKind::Invalid,
            hint: Some("name the field that holds object ids, or a key field".to_owned()),
        });
    }
    run.pass_over(&ready.spot, &reason, &ready.feature)
}

/// Features that are compared and written together; no two for one object.
#[derive(Default)]
struct Batch {
    ids: HashSet<ObjectId>,
    ready: Vec<(ObjectId, Ready)>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.ready.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn add(&mut self, id: ObjectId, ready: Ready) {
        self.bytes += ready.feature.geometry().map_or(0, |geometry| geometry.as_wkb().len());
        self.ids.insert(id);
        self.ready.push((id, ready));
    }

    fn write(
        self,
        run: &mut Run<'_>,
        transaction: &mut dyn Transaction,
        supply: &Supply,
        plan: &Plan,
    ) -> Result<()> {
        let current = current(transaction, plan, self.ids)?;
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for (id, Ready { spot, feature, .. }) in self.ready {
            let kept = (!run.stops()).then(|| feature.clone());
            let (edit, into) = match current.get(&id).map(|it| difference(&feature, it)) {
                None => (Edit::Insert(feature), &mut added),
                Some(Some(difference)) => (Edit::Update(difference), &mut changed),
                Some(None) => {
                    run.unchanged();
                    continue;
                }
            };
            into.push(Step { spot, edit, kept });
        }
        let layer = plan.layer.name();
        write_changed(run, transaction, supply, layer, changed)?;
        let mode = if run.stops() { WriteMode::Changes } else { WriteMode::Rows };
        write_steps(run, transaction, supply, layer, added, mode)
    }
}

/// One edit to be made.
struct Step {
    spot: Spot,
    edit: Edit,
    /// The feature as it came, where it may have to be kept with the rejects.
    kept: Option<Feature>,
}

/// Writes features that are there already: many at once, and one by one only where one of them is
/// refused that is to be passed over.
fn write_changed(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    layer: &str,
    changed: Vec<Step>,
) -> Result<()> {
    if run.stops() {
        return write_steps(run, transaction, supply, layer, changed, WriteMode::Changes);
    }
    if changed.is_empty() {
        return Ok(());
    }
    let mut writer = transaction.writer(layer, WriteMode::Changes)?;
    let written = changed.iter().try_fold(0, |updated, step| {
        let written = writer.write(step.edit.clone())?;
        Ok::<_, StoreError>(updated + u64::from(written == Written::Updated))
    });
    let settled = writer.settle();
    writer.finish()?;
    match (written, settled) {
        (Ok(updated), Ok(missed)) => {
            run.updated_many(updated.saturating_sub(missed));
            Ok(())
        }
        _ => write_steps(run, transaction, supply, layer, changed, WriteMode::Rows),
    }
}

fn write_steps(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    layer: &str,
    steps: Vec<Step>,
    mode: WriteMode,
) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let mut writer = transaction.writer(layer, mode)?;
    let mut last = None;
    for Step { spot, edit, kept } in steps {
        match writer.write(edit) {
            Ok(Written::Inserted { id, .. }) => run.inserted(true, id.as_ref()),
            Ok(Written::Updated | Written::Deleted) => run.updated(),
            Ok(Written::Missing) => {}
            Err(error) => run.refused(supply, &spot, error, kept.as_ref())?,
        }
        last = Some(spot);
    }
    let settled = writer.settle().and_then(|missed| writer.finish().map(|()| missed));
    match (settled, last) {
        (Ok(missed), _) => run.missed(missed),
        (Err(error), Some(spot)) => return Err(refused_together(supply, &spot, error)),
        (Err(error), None) => return Err(error.into()),
    }
    Ok(())
}

/// What the layer says of these objects now, in the fields that the source speaks of.
fn current(
    transaction: &dyn Transaction,
    plan: &Plan,
    ids: HashSet<ObjectId>,
) -> Result<HashMap<ObjectId, Feature>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let fields = plan.layer.schema().fields();
    let spoken_of = plan.moves.iter().copied().filter_map(Move::target);
    let query = Query::layer(plan.layer.name())
        .fields(spoken_of.map(|at| fields[at].name.as_str()))
        .ids(Ids::Objects(ids.into_iter().collect()));
    let mut found = HashMap::new();
    for feature in transaction.read(&query)? {
        let feature = feature?;
        if let Some(id) = feature.id {
            found.insert(id, feature);
        }
    }
    Ok(found)
}

/// The feature with only those values that are not what the layer says; `None` where there are
/// none.
fn difference(feature: &Feature, current: &Feature) -> Option<Feature> {
    let schema = feature.schema();
    let values = schema.fields().iter().zip(feature.values()).map(|(field, value)| {
        let says = current.get(&field.name).unwrap_or(&Value::Null);
        value.as_ref().filter(|value| *value != says).cloned()
    });
    let values: Vec<_> = values.collect();
    let differs = values.iter().any(Option::is_some);
    differs.then(|| Feature::with_values(Arc::clone(schema), values).with_id(feature.id))
}
