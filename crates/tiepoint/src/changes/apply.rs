//! Change sets on top of what others did, with what was decided about conflicts.
use super::Decisions;
use crate::{Error, Result};
use std::collections::BTreeSet;
use tiepoint_core::{ChangeSet, Conflict, Layer, RebaseError, Rebased};
use tiepoint_store::{
    ApplyOptions, NotApplied, Once, Store, TransactionOptions, apply_changes, apply_once,
    was_applied,
};

/// How often conflicts are decided anew where others come in between.
const ATTEMPTS: u32 = 8;

/// Writes a change set into a store exactly once, as [`apply_once`], with what was decided about
/// conflicts with what others changed since it was made.
///
/// # Errors
///
/// As [`apply_once`]; [`NotApplied::Conflicts`] with every conflict that nothing is decided about.
/// Nothing is written then.
pub fn apply_deciding(
    store: &dyn Store,
    changes: &ChangeSet,
    decisions: &Decisions,
    options: &ApplyOptions,
) -> Result<Once> {
    deciding(store, changes, decisions, |changes| apply_once(store, changes, options, &[]))
}

/// What [`apply_deciding`] would do; the store is as it was afterwards.
///
/// # Errors
///
/// As [`apply_deciding`].
pub fn preview_deciding(
    store: &dyn Store,
    changes: &ChangeSet,
    decisions: &Decisions,
    options: &ApplyOptions,
) -> Result<Once> {
    if let Some(id) = changes.id
        && was_applied(store, id)?
    {
        return Ok(Once::Before);
    }
    deciding(store, changes, decisions, |changes| {
        let mut transaction = store.begin(TransactionOptions::default())?;
        let applied = apply_changes(transaction.as_mut(), changes, options)?;
        transaction.rollback()?;
        Ok(Once::Now(applied))
    })
}

/// Writes, and where that meets conflicts that are decided, writes what comes of them.
fn deciding(
    store: &dyn Store,
    changes: &ChangeSet,
    decisions: &Decisions,
    mut write: impl FnMut(&ChangeSet) -> Result<Once, NotApplied>,
) -> Result<Once> {
    let mut changes = changes.clone();
    for _ in 0..ATTEMPTS {
        let theirs = match write(&changes) {
            Err(NotApplied::Conflicts { theirs, .. }) => theirs,
            outcome => return Ok(outcome?),
        };
        let mut resolved = merge_deciding(&changes, &theirs, &store.layers()?, decisions)?;
        resolved.id = changes.id;
        changes = resolved;
    }
    Ok(write(&changes)?)
}

/// What is to be done to the state that `theirs` left so that it has `mine`, too: both were made
/// of one state, whose layers tell which fields must be unique.
///
/// # Errors
///
/// [`NotApplied::Conflicts`] with every conflict that nothing is decided about, and
/// [`Error::Options`] for sides that were not made of one state, and for a value that does not
/// settle its conflict.
pub fn merge_deciding<L: AsRef<Layer>>(
    mine: &ChangeSet,
    theirs: &ChangeSet,
    layers: &[L],
    decisions: &Decisions,
) -> Result<ChangeSet> {
    let unique: BTreeSet<(&str, &str)> = layers.iter().flat_map(|it| unique(it.as_ref())).collect();
    let rebased = mine.rebased_over(theirs, &|layer, field| unique.contains(&(layer, field)));
    let rebased = rebased.map_err(|error| different(&error))?;
    let undecided = decisions.undecided(&rebased.conflicts);
    if !undecided.is_empty() {
        let theirs = theirs.clone();
        return Err(NotApplied::Conflicts { conflicts: undecided, theirs }.into());
    }
    resolved(&rebased, decisions)
}

fn unique(layer: &Layer) -> impl Iterator<Item = (&str, &str)> {
    let fields = layer.schema().fields().iter().filter(|it| it.unique);
    fields.map(|it| (layer.name(), it.name.as_str()))
}

fn resolved(rebased: &Rebased, decisions: &Decisions) -> Result<ChangeSet> {
    let decide =
        |conflict: &Conflict| decisions.of(conflict).unwrap_or(tiepoint_core::Resolution::Theirs);
    rebased.resolved(decide).map_err(|error| Error::Options {
        reason: error.to_string(),
        hint: Some("decide it another way".to_owned()),
    })
}

fn different(error: &RebaseError) -> Error {
    Error::Options {
        reason: error.to_string(),
        hint: Some("both sides must have been made of the same base".to_owned()),
    }
}

impl From<NotApplied> for Error {
    fn from(reason: NotApplied) -> Self {
        match reason {
            NotApplied::Store(error) => Self::Store(error),
            other => Self::NotApplied(Box::new(other)),
        }
    }
}

impl From<tiepoint_edits::EditError> for Error {
    fn from(reason: tiepoint_edits::EditError) -> Self {
        use tiepoint_edits::EditError;
        match reason {
            EditError::Store(error) => Self::Store(error),
            EditError::Refused(refusals) => NotApplied::Refused(refusals).into(),
            other => Self::Edit(Box::new(other)),
        }
    }
}
