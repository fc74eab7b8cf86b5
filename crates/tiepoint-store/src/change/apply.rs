//! Writing a change set within a transaction, on top of what others changed meanwhile.
use super::held::{HeldRows, hold};
use super::outcome::{Applied, ApplyOptions, NotApplied};
use super::plan::LayerPlan;
use super::write::{Writing, write};
use crate::{Result, StoreError, Transaction};
use std::borrow::Cow;
use tiepoint_core::ChangeSet;

/// Writes changes within a transaction, merging with what others changed meanwhile.
///
/// The rows that the changes are about are read and held (see
/// [`read_for_update`](Transaction::read_for_update)), only the fields that the changes speak of,
/// and compared with what the changes say was there. A value is the same only if it is so by
/// [`Value`](tiepoint_core::Value)'s `==`, in every store. Where a row says something else, others
/// have been there: their change and ours are merged field by field, and what both changed
/// otherwise is a conflict. Then the changes are written, in the order deletes, updates, inserts of
/// each layer; what breaks a rule of the store is tried again after the others, so values that must
/// be unique may move from row to row and rows may come before those they refer to. Two rows that
/// exchange such values do not find a way.
///
/// - Deleting what is gone, changing what others changed just so, and inserting what is there by
///   the same id and says the same are no errors: nothing is left to do.
/// - What an insert leaves unset is the store's to fill in. Its fid is a wish: where the row is
///   taken, it gets another. Only where the change set knows the feature by that very fid it is
///   refused.
/// - Fields that others added since are left alone; computed ones are compared and not written.
/// - Features without an object id are known by fids, where these are
///   [`Stable`](tiepoint_core::FidRule::Stable).
///
/// Costs a search and a reading of each row that is changed, and a write for each that differs.
/// Nothing is committed here.
///
/// # Errors
///
/// [`NotApplied::Conflicts`] with every conflict, [`NotApplied::Refused`] with every refusal;
/// nothing is written then, but rows are held until the transaction ends.
/// [`NotApplied::Store`] for a layer or field that is not there, a field of another type than it
/// was, a layer whose features nothing tells apart, and when the store fails; the transaction is
/// then fit for a rollback.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_core::{
///     Change, ChangeSet, Edit, Feature, Field, FieldChange, FieldType, LayerDefinition, Query,
///     Schema, Target,
/// };
/// use tiepoint_store::{ApplyOptions, MemoryStore, Store, TransactionOptions, apply_changes};
///
/// let store = MemoryStore::new();
/// let fields = ["name", "height"].map(|name| Field::new(name, FieldType::TEXT));
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// let layer = transaction.create_layer(&LayerDefinition::new("trees", Schema::new(fields.into())?))?;
/// let oak = Feature::with_values(layer.schema().clone(), vec![Some("oak".into()), Some("21 m".into())]);
/// transaction.write("trees", Edit::Insert(oak))?;
/// transaction.commit()?;
///
/// let oak = store.read(&Query::layer("trees"))?.next().ok_or("is there")??;
/// // made when it was 20 m high, and nobody had measured it again
/// let renamed = FieldChange { field: 0, before: Some("oak".into()), after: Some("old oak".into()) };
/// let mut changes = ChangeSet::new();
/// let target = Target::of(&oak).ok_or("is known")?;
/// changes.record("trees", &Arc::from(["name".to_owned()]), target, Change::Update(vec![renamed]))?;
///
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// let applied = apply_changes(transaction.as_mut(), &changes, &ApplyOptions::default())?;
/// transaction.commit()?;
/// assert_eq!(applied.written, changes);
/// let oak = store.read(&Query::layer("trees"))?.next().ok_or("is there")??;
/// assert_eq!(oak.get("name"), Some(&"old oak".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn apply_changes(
    transaction: &mut dyn Transaction,
    changes: &ChangeSet,
    options: &ApplyOptions,
) -> Result<Applied, NotApplied> {
    let plans = plans(transaction, changes, options)?;
    let mut theirs = ChangeSet::new();
    let held = held(transaction, &plans, options, &mut theirs)?;
    let left = if theirs.is_empty() {
        Cow::Borrowed(changes)
    } else {
        let rebased =
            changes.rebased_over(&theirs, &|layer, field| is_unique(&plans, layer, field));
        // both sides speak of the rows as they are here
        let rebased = rebased.map_err(|reason| StoreError::Invalid {
            store: "the change set".to_owned(),
            reason: reason.to_string(),
        })?;
        if !rebased.conflicts.is_empty() {
            return Err(NotApplied::Conflicts { conflicts: rebased.conflicts, theirs });
        }
        Cow::Owned(rebased.changes)
    };
    let writing = Writing { plans: &plans, held: &held, left: &left, options };
    let (written, inserted) = write(transaction, &writing)?;
    Ok(Applied { written, theirs, inserted })
}

fn is_unique(plans: &[LayerPlan<'_>], layer: &str, field: &str) -> bool {
    let plan = plans.iter().find(|plan| plan.name() == layer);
    plan.and_then(|plan| plan.layer.schema().field(field)).is_some_and(|field| field.unique)
}

fn plans<'c>(
    transaction: &dyn Transaction,
    changes: &'c ChangeSet,
    options: &ApplyOptions,
) -> Result<Vec<LayerPlan<'c>>> {
    let plan = |(name, mine)| LayerPlan::of(transaction.layer(name)?, mine, options);
    changes.layers().map(plan).collect()
}

fn held<'c>(
    transaction: &dyn Transaction,
    plans: &[LayerPlan<'c>],
    options: &ApplyOptions,
    theirs: &mut ChangeSet,
) -> Result<Vec<HeldRows<'c>>> {
    plans.iter().map(|plan| hold(transaction, plan, &options.control, theirs)).collect()
}
