//! What differs between two states of a layer: rows that did not change are shared.
use super::layer::Rows;
use crate::watch::order::turn_of;
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{Change, Feature, Fid, Target};

/// A feature before and after; at least one of the two, and they differ.
#[derive(Debug, Clone)]
pub(super) struct Step {
    before: Option<Arc<Feature>>,
    after: Option<Arc<Feature>>,
}

impl Step {
    /// Which feature, what the store calls it, and what happened to it.
    pub(super) fn told(&self) -> (Target, Option<Fid>, Change) {
        let (before, after) = (self.before.as_deref(), self.after.as_deref());
        let known = after.or(before).expect("there is one before or after");
        let target = Target::of(known).expect("every stored row has a fid");
        let change = Change::between_features(before, after).expect("they differ");
        (target, known.fid.clone(), change)
    }

    fn turn(&self) -> u8 {
        turn_of(self.before.is_some(), self.after.is_some())
    }

    /// The same in two where the row of an object has another fid.
    fn apart(self) -> impl Iterator<Item = Self> {
        let fid = |row: &Arc<Feature>| row.fid.clone();
        let steps = match (self.before, self.after) {
            (Some(before), Some(after)) if fid(&before) != fid(&after) => [
                Some(Self { before: Some(before), after: None }),
                Some(Self { before: None, after: Some(after) }),
            ],
            (before, after) => [Some(Self { before, after }), None],
        };
        steps.into_iter().flatten()
    }
}

/// Whether two states of a layer can be compared.
pub(super) fn is_like(before: &Rows, after: &Rows) -> bool {
    let (before, after) = (&before.layer, &after.layer);
    Arc::ptr_eq(before, after)
        || (before.schema() == after.schema() && before.identity() == after.identity())
}

/// What happened between two states of a layer, in the order in which it is to be told.
pub(super) fn changes(before: &Arc<Rows>, after: &Arc<Rows>) -> impl Iterator<Item = Step> {
    let mut steps: Vec<Step> = Vec::new();
    if !Arc::ptr_eq(before, after) {
        steps.extend(differing(before, after).into_values().filter(|it| it.before != it.after));
        steps.sort_by_key(Step::turn);
    }
    steps.into_iter().flat_map(Step::apart)
}

/// The rows that are not the very same, by what they are known by.
fn differing(before: &Rows, after: &Rows) -> BTreeMap<Target, Step> {
    let (mut was, mut is) = (before.by_fid.iter().peekable(), after.by_fid.iter().peekable());
    let mut steps = BTreeMap::new();
    let mut put = |row: &Arc<Feature>, side: fn(&mut Step) -> &mut Option<Arc<Feature>>| {
        let target = Target::of(row).expect("every stored row has a fid");
        let step = steps.entry(target).or_insert(Step { before: None, after: None });
        *side(step) = Some(Arc::clone(row));
    };
    loop {
        let (old, new) = match (was.peek(), is.peek()) {
            (None, None) => break,
            (Some((a, _)), Some((b, _))) => (a <= b, b <= a),
            (old, new) => (old.is_some(), new.is_some()),
        };
        let old = if old { was.next() } else { None };
        let new = if new { is.next() } else { None };
        match (old, new) {
            (Some((_, old)), Some((_, new))) if Arc::ptr_eq(old, new) => {}
            (old, new) => {
                if let Some((_, row)) = old {
                    put(row, |step| &mut step.before);
                }
                if let Some((_, row)) = new {
                    put(row, |step| &mut step.after);
                }
            }
        }
    }
    steps
}
