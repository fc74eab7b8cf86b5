//! Reading what changes are about, and holding it: the rows as they are now, beside what the
//! changes say they were.
use super::plan::{LayerPlan, spoken_of};
use super::write::BETWEEN_LOOKS;
use crate::{ReadControl, Result, Transaction};
use std::collections::BTreeSet;
use tiepoint_core::{
    Change, ChangeSet, Feature, Fid, FieldChange, FieldNames, Ids, Image, ObjectId, Query, Target,
    Value,
};

/// How many rows are asked for at once: many, since a server mostly goes through all of a table for
/// them, each time. They still come one after another.
const ROWS_AT_ONCE: usize = 131_072;

/// A row that is held.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) fid: Option<Fid>,
    /// How often it has been changed, where that is counted.
    pub(super) version: Option<Value>,
}

/// The rows of a layer that are held, by ascending target.
pub(super) type HeldRows<'c> = Vec<(&'c Target, Held)>;

/// A change and what it is about.
type Item<'c> = (&'c Target, &'c Change);

/// Reads the rows that the changes are about; what differs from what they say goes into `theirs`.
pub(super) fn hold<'c>(
    transaction: &dyn Transaction,
    plan: &LayerPlan<'c>,
    control: &ReadControl,
    theirs: &mut ChangeSet,
) -> Result<HeldRows<'c>> {
    let mut rows = Vec::with_capacity(plan.mine.len());
    for group in groups(plan) {
        let reader = Reader::of(plan, &group);
        for batch in group.chunks(plan.rows_at_once()) {
            reader.read(transaction, batch, control, &mut rows, theirs)?;
        }
    }
    rows.sort_unstable_by_key(|(target, _)| *target);
    Ok(rows)
}

impl LayerPlan<'_> {
    /// Ids that keys name are searched for by reading every key: once, then.
    fn rows_at_once(&self) -> usize {
        match self.layer.definition.identity {
            tiepoint_core::Identity::NaturalKey { .. } => usize::MAX,
            _ => ROWS_AT_ONCE,
        }
    }
}

/// Changes that are asked for together: nobody's geometry is read for the sake of others.
fn groups<'c>(plan: &LayerPlan<'c>) -> Vec<Vec<Item<'c>>> {
    let mut groups: [Vec<Item<'c>>; 6] = Default::default();
    for (target, change) in plan.mine.iter() {
        let by_id = match (target, change) {
            (Target::Id(_), _) => 0,
            (Target::Fid(_), Change::Insert(_)) => continue,
            (Target::Fid(_), _) => 3,
        };
        let weight = match change {
            Change::Update(fields) => {
                usize::from(fields.iter().any(|it| plan.is_geometry(it.field)))
            }
            Change::Insert(_) | Change::Delete(_) => 2,
        };
        groups[by_id + weight].push((target, change));
    }
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

impl LayerPlan<'_> {
    fn is_geometry(&self, field: usize) -> bool {
        let fields = self.layer.schema().fields();
        let ty = self.places[field].map(|at| &fields[at].ty);
        matches!(ty, Some(tiepoint_core::FieldType::Geometry(_)))
    }
}

/// How the rows of a group are read.
struct Reader<'p, 'c> {
    plan: &'p LayerPlan<'c>,
    names: Vec<String>,
    /// For each field of the changes, where it comes in what is read.
    slots: Vec<Option<usize>>,
    version: Option<usize>,
}

impl<'p, 'c> Reader<'p, 'c> {
    fn of(plan: &'p LayerPlan<'c>, group: &[Item<'c>]) -> Self {
        let fields: BTreeSet<usize> = spoken_of(group.iter().map(|(_, change)| *change));
        let mut slots = vec![None; plan.mine.fields().len()];
        let mut names = Vec::with_capacity(fields.len() + 1);
        for field in fields.into_iter().filter(|field| plan.is_ours(*field)) {
            slots[field] = Some(names.len());
            names.push(plan.mine.fields()[field].clone());
        }
        let version = plan.version.map(|at| {
            names.push(plan.layer.schema().fields()[at].name.clone());
            names.len() - 1
        });
        Self { plan, names, slots, version }
    }

    fn read(
        &self,
        transaction: &dyn Transaction,
        batch: &[Item<'c>],
        control: &ReadControl,
        rows: &mut HeldRows<'c>,
        theirs: &mut ChangeSet,
    ) -> Result<()> {
        let query = Query::layer(self.plan.name()).ids(ids(batch)).fields(self.names.clone());
        let mut found = vec![false; batch.len()];
        control.check()?;
        for (number, row) in transaction.read_for_update(&query)?.enumerate() {
            if number % BETWEEN_LOOKS == 0 {
                control.check()?;
            }
            let row = row?;
            let Some(at) = index_of(batch, &row).filter(|at| !found[*at]) else { continue };
            found[at] = true;
            let (target, change) = batch[at];
            self.record(theirs, target, self.since(change, &row));
            let version = self.version.and_then(|at| row.values()[at].clone());
            rows.push((target, Held { fid: row.fid, version }));
        }
        for ((target, change), _) in batch.iter().zip(found).filter(|(_, found)| !found) {
            self.record(theirs, target, self.gone(change));
        }
        Ok(())
    }

    fn record(&self, theirs: &mut ChangeSet, target: &Target, change: Option<Change>) {
        let Some(change) = change else { return };
        let fields: &FieldNames = self.plan.mine.fields();
        let recorded = theirs.record(self.plan.name(), fields, target.clone(), change);
        debug_assert!(recorded.is_ok(), "each feature is recorded once");
    }

    /// What the row says of a field of the changes.
    fn now<'r>(&self, row: &'r Feature, field: usize) -> Option<&'r Value> {
        row.values()[self.slots[field]?].as_ref()
    }

    /// What others did to a row that is there.
    fn since(&self, change: &Change, row: &Feature) -> Option<Change> {
        let differs = |field: usize, before: &Value| {
            let now = self.now(row, field)?;
            (now != before).then(|| FieldChange {
                field,
                before: Some(before.clone()),
                after: Some(now.clone()),
            })
        };
        let said = |values: &[Option<Value>]| -> Vec<FieldChange> {
            let said = values.iter().enumerate();
            said.filter_map(|(field, it)| differs(field, it.as_ref()?)).collect()
        };
        let changed: Vec<FieldChange> = match change {
            Change::Update(fields) => {
                fields.iter().filter_map(|it| differs(it.field, it.before.as_ref()?)).collect()
            }
            Change::Delete(image) => said(&image.values),
            Change::Insert(image) if said(&image.values).is_empty() => return Some(change.clone()),
            Change::Insert(_) => return Some(Change::Insert(self.image(row))),
        };
        (!changed.is_empty()).then_some(Change::Update(changed))
    }

    /// What others did to a row that is not there.
    fn gone(&self, change: &Change) -> Option<Change> {
        match change {
            Change::Insert(_) => None,
            Change::Delete(_) => Some(change.clone()),
            Change::Update(fields) => {
                let mut values = vec![None; self.slots.len()];
                for it in fields {
                    values[it.field].clone_from(&it.before);
                }
                Some(Change::Delete(Image { fid: None, values }))
            }
        }
    }

    fn image(&self, row: &Feature) -> Image {
        let values = (0..self.slots.len()).map(|field| self.now(row, field).cloned());
        Image { fid: row.fid.clone(), values: values.collect() }
    }
}

fn ids(batch: &[Item<'_>]) -> Ids {
    let id = |target: &Target| match target {
        Target::Id(id) => Some(*id),
        Target::Fid(_) => None,
    };
    let objects: Vec<ObjectId> = batch.iter().filter_map(|(target, _)| id(target)).collect();
    if !objects.is_empty() {
        return Ids::Objects(objects);
    }
    let fid = |target: &Target| match target {
        Target::Fid(fid) => Some(fid.clone()),
        Target::Id(_) => None,
    };
    Ids::Fids(batch.iter().filter_map(|(target, _)| fid(target)).collect())
}

/// The change that a row is meant by; a batch is in the order of targets, all of one sort.
fn index_of(batch: &[Item<'_>], row: &Feature) -> Option<usize> {
    let found = match batch.first()?.0 {
        Target::Id(_) => {
            let id = Target::Id(row.id?);
            batch.binary_search_by(|(target, _)| (*target).cmp(&id))
        }
        Target::Fid(_) => {
            let fid = Target::Fid(row.fid.clone()?);
            batch.binary_search_by(|(target, _)| (*target).cmp(&fid))
        }
    };
    found.ok()
}
