//! Writing what is left to do: many changes at once, and one by one where that is refused.
use super::held::{Held, HeldRows};
use super::insert::{as_written, feature, is_complete, is_demanded, taken_fids};
use super::outcome::{ApplyOptions, InsertedFeature, NotApplied, Refusal};
use super::plan::LayerPlan;
use crate::{FeatureWriter, Result, StoreError, Transaction, WriteMode, Written};
use std::collections::HashSet;
use std::sync::Arc;
use tiepoint_core::{
    Change, ChangeSet, Edit, ErrorKind, Feature, Fid, FieldChange, FieldNames, Image, LayerChanges,
    Target, Value,
};

/// How many changes, or rows, pass between two looks at whether to go on.
pub(super) const BETWEEN_LOOKS: usize = 256;
/// So many inserts are worth loading at once.
const MANY_INSERTS: usize = 64;
/// How many refusals are told.
const MOST_REFUSALS: usize = 1_000;

/// What is to be written.
pub(super) struct Writing<'w, 'c> {
    pub(super) plans: &'w [LayerPlan<'c>],
    pub(super) held: &'w [HeldRows<'c>],
    pub(super) left: &'w ChangeSet,
    pub(super) options: &'w ApplyOptions,
}

/// One change that is to be written.
#[derive(Clone, Copy)]
struct Item<'w> {
    /// Which plan.
    plan: usize,
    target: &'w Target,
    change: &'w Change,
    held: Option<&'w Held>,
}

/// What has been written so far.
#[derive(Default)]
struct Done {
    written: ChangeSet,
    inserted: Vec<InsertedFeature>,
}

/// Why one change, or everything, was not written.
type Refused<'w> = Vec<(Item<'w>, StoreError)>;

/// Writes all of it, or undoes what it wrote.
pub(super) fn write(
    transaction: &mut dyn Transaction,
    writing: &Writing<'_, '_>,
) -> Result<(ChangeSet, Vec<InsertedFeature>), NotApplied> {
    let items = writing.items();
    if items.is_empty() {
        return Ok((ChangeSet::new(), Vec::new()));
    }
    let mark = match transaction.savepoint() {
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        mark => Some(mark?),
    };
    if let Some(mark) = mark {
        match writing.at_once(transaction, &items) {
            Ok(done) => return Ok((done.written, done.inserted)),
            Err(error) if is_refusal(&error) => transaction.rollback_to(mark)?,
            Err(error) => return Err(error.into()),
        }
    }
    let outcome = writing.one_by_one(transaction, items);
    if let (Err(NotApplied::Refused(_)), Some(mark)) = (&outcome, mark) {
        transaction.rollback_to(mark)?;
    }
    outcome.map(|done| (done.written, done.inserted))
}

/// Whether the store said no to what it was asked, and goes on.
fn is_refusal(error: &StoreError) -> bool {
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::Invalid | ErrorKind::Unsupported => true,
        ErrorKind::Conflict => !error.is_worth_repeating(),
        ErrorKind::Denied | ErrorKind::Internal => !matches!(error, StoreError::ReadOnly { .. }),
        ErrorKind::NotFound | ErrorKind::Unavailable | ErrorKind::Corrupt => false,
    }
}

impl<'w> Writing<'w, '_> {
    /// Layer by layer, deletes before updates before inserts.
    fn items(&self) -> Vec<Item<'w>> {
        let mut items = Vec::with_capacity(self.left.len());
        for (number, plan) in self.plans.iter().enumerate() {
            let Some(left) = self.left.layer(plan.name()) else { continue };
            let from = items.len();
            items.extend(joined(number, left, &self.held[number]));
            items[from..].sort_by_key(|item: &Item<'_>| rank(item.change));
        }
        items
    }

    fn plan(&self, item: &Item<'_>) -> &'w LayerPlan<'_> {
        &self.plans[item.plan]
    }

    /// Many at once; the first refusal ends it.
    fn at_once(&self, transaction: &mut dyn Transaction, items: &[Item<'w>]) -> Result<Done> {
        let mut done = Done::default();
        for run in items.chunk_by(|a, b| a.plan == b.plan && rank(a.change) == rank(b.change)) {
            let run = Run::of(self, transaction, run)?;
            let mut writer = transaction.writer(run.plan.name(), run.mode)?;
            for (number, item) in run.items.iter().enumerate() {
                if number % BETWEEN_LOOKS == 0 {
                    self.options.control.check()?;
                }
                run.write(writer.as_mut(), item, &mut done, false)?;
            }
            let missed = writer.settle()?;
            writer.finish()?;
            if missed > 0 && run.items.iter().any(|it| matches!(it.change, Change::Update(_))) {
                return Err(missing(run.plan.name(), run.items[0].target));
            }
        }
        Ok(done)
    }

    /// One after another, what is refused again after the others, as long as that helps.
    fn one_by_one(
        &self,
        transaction: &mut dyn Transaction,
        mut items: Vec<Item<'w>>,
    ) -> Result<Done, NotApplied> {
        let mut done = Done::default();
        loop {
            let before = items.len();
            let refused = self.pass(transaction, &items, &mut done)?;
            if refused.is_empty() {
                return Ok(done);
            }
            if refused.len() == before {
                return Err(NotApplied::Refused(self.told(refused)));
            }
            // what waits for one another mostly waits in this order
            items = refused.into_iter().rev().map(|(item, _)| item).collect();
        }
    }

    fn pass(
        &self,
        transaction: &mut dyn Transaction,
        items: &[Item<'w>],
        done: &mut Done,
    ) -> Result<Refused<'w>> {
        let mut refused = Vec::new();
        for run in items.chunk_by(|a, b| a.plan == b.plan && rank(a.change) == rank(b.change)) {
            let run = Run { mode: WriteMode::Rows, ..Run::of(self, transaction, run)? };
            let mut writer = transaction.writer(run.plan.name(), run.mode)?;
            for item in run.items {
                self.options.control.check()?;
                let mut outcome = run.write(writer.as_mut(), item, done, false);
                if matches!(&outcome, Err(error) if may_do_without_fid(item, error)) {
                    outcome = run.write(writer.as_mut(), item, done, true);
                }
                match outcome {
                    Err(error) if is_refusal(&error) => refused.push((*item, error)),
                    outcome => outcome?,
                }
            }
            writer.finish()?;
        }
        Ok(refused)
    }

    /// What people are told, in the order of the layers.
    fn told(&self, mut refused: Refused<'w>) -> Vec<Refusal> {
        refused.sort_by_key(|(item, _)| (item.plan, item.target));
        let more = refused.len().saturating_sub(MOST_REFUSALS);
        let told = refused.into_iter().take(MOST_REFUSALS).map(|(item, reason)| {
            let (layer, target) = (self.plan(&item).name().to_owned(), item.target.clone());
            Refusal { layer, target, reason }
        });
        let mut told: Vec<Refusal> = told.collect();
        if let Some(last) = told.last_mut().filter(|_| more > 0) {
            last.reason = StoreError::Constraint {
                layer: last.layer.clone(),
                feature: last.target.to_string(),
                reason: format!("{}; and {more} further changes were refused", last.reason),
            };
        }
        told
    }
}

/// The changes of a layer beside the rows that are held; both are in the order of targets.
fn joined<'w>(
    plan: usize,
    left: &'w LayerChanges,
    held: &'w [(&Target, Held)],
) -> impl Iterator<Item = Item<'w>> {
    let mut held = held.iter().peekable();
    left.iter().map(move |(target, change)| {
        while held.next_if(|(other, _)| *other < target).is_some() {}
        let held = held.next_if(|(other, _)| *other == target).map(|(_, held)| held);
        Item { plan, target, change, held }
    })
}

fn rank(change: &Change) -> u8 {
    match change {
        Change::Delete(_) => 0,
        Change::Update(_) => 1,
        Change::Insert(_) => 2,
    }
}

fn missing(layer: &str, target: &Target) -> StoreError {
    StoreError::Constraint {
        layer: layer.to_owned(),
        feature: target.to_string(),
        reason: "it went while the others were written".to_owned(),
    }
}

/// Changes of one sort in one layer.
struct Run<'r, 'w, 'c> {
    plan: &'r LayerPlan<'c>,
    items: &'r [Item<'w>],
    mode: WriteMode,
    names: FieldNames,
    /// Fids that new features would like to have, and that are taken.
    taken: HashSet<Fid>,
}

impl<'r, 'w, 'c> Run<'r, 'w, 'c> {
    fn of(
        writing: &Writing<'r, 'c>,
        transaction: &dyn Transaction,
        items: &'r [Item<'w>],
    ) -> Result<Self> {
        let plan = &writing.plans[items[0].plan];
        let images = || {
            items.iter().filter_map(|item| match item.change {
                Change::Insert(image) => Some((item.target, image)),
                Change::Update(_) | Change::Delete(_) => None,
            })
        };
        let taken = taken_fids(transaction, plan, images())?;
        let is_load = images().all(|(_, image)| is_complete(plan, image));
        let few = items.len() < MANY_INSERTS && images().next().is_some();
        let mode = if few || !is_load { WriteMode::Rows } else { WriteMode::Changes };
        let is_bare = images().next().is_none() && plan.version.is_none();
        let names = if is_bare { Arc::clone(plan.mine.fields()) } else { plan.all_names() };
        Ok(Self { plan, items, mode, names, taken })
    }

    /// Writes one, and notes what came of it.
    fn write(
        &self,
        writer: &mut dyn FeatureWriter,
        item: &Item<'_>,
        done: &mut Done,
        without_fid: bool,
    ) -> Result<()> {
        let (target, change) = match item.change {
            Change::Insert(image) => {
                self.insert(writer, item.target, image, &mut done.inserted, without_fid)?
            }
            Change::Update(fields) => {
                let Some(change) = self.update(writer, item, fields)? else { return Ok(()) };
                (item.target.clone(), change)
            }
            Change::Delete(image) => {
                let Some(held) = item.held else { return Ok(()) };
                writer.write(Edit::Delete(self.row(item.target, held)))?;
                (item.target.clone(), Change::Delete(self.widened(image)))
            }
        };
        let recorded = done.written.record(self.plan.name(), &self.names, target, change);
        debug_assert!(recorded.is_ok(), "each feature is written once");
        Ok(())
    }

    fn insert(
        &self,
        writer: &mut dyn FeatureWriter,
        target: &Target,
        image: &Image,
        inserted: &mut Vec<InsertedFeature>,
        without_fid: bool,
    ) -> Result<(Target, Change)> {
        let take = |fid: &Fid| !without_fid && !self.taken.contains(fid);
        let feature = feature(self.plan, target, image, take);
        let written = writer.write(Edit::Insert(feature.clone()))?;
        let Written::Inserted { fid, id, filled } = written else {
            return Err(missing(self.plan.name(), target));
        };
        let layer = self.plan.name().to_owned();
        let new = InsertedFeature { layer, target: target.clone(), fid, id, filled };
        let as_written = as_written(self.plan, &self.names, feature, &new);
        inserted.push(new);
        Ok(as_written)
    }

    /// What was changed, `None` where nothing of it can be written.
    fn update(
        &self,
        writer: &mut dyn FeatureWriter,
        item: &Item<'_>,
        fields: &[FieldChange],
    ) -> Result<Option<Change>> {
        let mut values = vec![None; self.plan.layer.schema().fields().len()];
        let mut changed = Vec::with_capacity(fields.len() + 1);
        for it in fields {
            let Some(at) = self.plan.written_at(it.field) else { continue };
            let Some(after) = &it.after else { continue };
            values[at] = Some(after.clone());
            changed.push(it.clone());
        }
        if changed.is_empty() {
            return Ok(None);
        }
        let Some(held) = item.held else { return Err(missing(self.plan.name(), item.target)) };
        if let Some(counted) = self.counted(held) {
            values[self.plan.version.unwrap_or_default()].clone_from(&counted.after);
            changed.push(counted);
            changed.sort_by_key(|it| it.field);
        }
        let feature = Feature::with_values(Arc::clone(self.plan.layer.schema()), values);
        let feature = match self.row(item.target, held) {
            Target::Id(id) => feature.with_id(id),
            Target::Fid(fid) => feature.with_fid(fid),
        };
        match writer.write(Edit::Update(feature))? {
            Written::Missing => Err(missing(self.plan.name(), item.target)),
            _ => Ok(Some(Change::Update(changed))),
        }
    }

    /// The change of the field that counts changes.
    fn counted(&self, held: &Held) -> Option<FieldChange> {
        let name = &self.plan.layer.schema().fields()[self.plan.version?].name;
        let field = self.names.iter().position(|it| it == name)?;
        let before = held.version.clone();
        let count = match &before {
            Some(Value::Int(count)) => count.saturating_add(1),
            _ => 1,
        };
        Some(FieldChange { field, before, after: Some(Value::Int(count)) })
    }

    /// The row by the name that is found soonest.
    fn row(&self, target: &Target, held: &Held) -> Target {
        let fid = held.fid.as_ref().filter(|_| self.plan.has_fids());
        fid.map_or_else(|| target.clone(), |fid| Target::Fid(fid.clone()))
    }

    fn widened(&self, image: &Image) -> Image {
        let mut image = image.clone();
        image.values.resize(self.names.len(), None);
        image
    }
}

/// Whether a new feature was refused for the sake of a fid that it only would like to have.
fn may_do_without_fid(item: &Item<'_>, error: &StoreError) -> bool {
    let Change::Insert(image) = item.change else { return false };
    let wished = image.fid.is_some() && !is_demanded(item.target, image);
    wished && matches!(error, StoreError::DuplicateFid { .. } | StoreError::Invalid { .. })
}
