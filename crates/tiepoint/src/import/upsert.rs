//! Makes a layer say what a source says: adds what is new, writes what differs, leaves the rest.
use super::fit::Move;
use super::plan::Plan;
use super::run::{Ready, Run};
use super::supply::Supply;
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tiepoint_core::{Change, ErrorKind, Feature, Ids, ObjectId, Query, Value};
use tiepoint_store::{Transaction, WriteMode, Written};

/// How many features are compared at a time.
const BATCH: usize = 512;
/// How much geometry, in bytes, is compared at a time.
const BATCH_BYTES: usize = 4 << 20;

pub(super) fn upsert_all(
    run: &mut Run<'_>,
    transaction: &mut dyn Transaction,
    supply: &Supply,
    plan: &Plan,
) -> Result<()> {
    let mut batch = Batch::default();
    for arrival in supply.arrivals(&plan.as_text)? {
        let Some(ready) = run.ready(arrival?, supply, plan)? else { continue };
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
        let mut writer = transaction.writer(plan.layer.name(), WriteMode::Rows)?;
        for (id, Ready { spot, feature }) in self.ready {
            let kept = (!run.stops()).then(|| feature.clone());
            let change = match current.get(&id).map(|current| difference(feature.clone(), current))
            {
                None => Change::Insert(feature),
                Some(Some(changed)) => Change::Update(changed),
                Some(None) => {
                    run.unchanged();
                    continue;
                }
            };
            match writer.write(change) {
                Ok(Written::Inserted { id, .. }) => run.inserted(true, id.as_ref()),
                Ok(Written::Updated | Written::Deleted | Written::Missing) => run.updated(),
                Err(error) => run.refused(supply, &spot, error, kept.as_ref())?,
            }
        }
        Ok(writer.finish()?)
    }
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
fn difference(feature: Feature, current: &Feature) -> Option<Feature> {
    let (id, schema) = (feature.id, Arc::clone(feature.schema()));
    let mut values = feature.into_values();
    for (field, value) in schema.fields().iter().zip(&mut values) {
        let says = current.get(&field.name).unwrap_or(&Value::Null);
        if value.as_ref() == Some(says) {
            *value = None;
        }
    }
    let differs = values.iter().any(Option::is_some);
    let mut changed = Feature::with_values(schema, values);
    changed.id = id;
    differs.then_some(changed)
}
