//! Rewriting a history of changes so that it runs on top of what somebody else did meanwhile.
use super::positions::united;
use super::{BaseDifference, Change, ChangeSet, FieldChange, FieldNames, Image, LayerChanges};
use crate::{RebaseError, Target, Value};
use std::collections::BTreeMap;

/// A history of mine, step by step on top of `theirs`, which was made of what the first step was
/// made of.
///
/// Every state of the history becomes the same state *with theirs beneath it*: a field that says
/// what it said before theirs says what theirs made of it, every other says what mine says; a
/// feature that theirs deleted is gone as long as mine has nothing to say of it, and one that they
/// inserted is there unless mine has its own. A step becomes the difference between two of these
/// states. So
///
/// - the steps fit together and on top of theirs, and taking all of them back leaves theirs;
/// - mine wins wherever it says something else than before, which is why conflicts are found by
///   [`ChangeSet::rebased_over`] and decided first, or the outcome recorded as one more step;
/// - what of mine comes to nothing takes nothing from theirs, however many steps it took;
/// - steps that were taken back follow the same rule in the other direction: the inverse of a step
///   before the present state is a step like any other.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_core::{Change, ChangeSet, FieldChange, FieldNames, HistoryRebase, ObjectId, Target};
/// let fields: FieldNames = Arc::new(["name".to_owned()]);
/// let tree = Target::Id(ObjectId::mint());
/// let step = |before: &str, after: &str| {
///     let change = FieldChange { field: 0, before: Some(before.into()), after: Some(after.into()) };
///     let mut set = ChangeSet::new();
///     set.record("trees", &fields, tree.clone(), Change::Update(vec![change])).map(|()| set)
/// };
/// let mut history = HistoryRebase::over(step("oak", "beech")?);
/// assert_eq!(history.step(&step("oak", "ash")?)?, step("beech", "ash")?);
/// assert_eq!(history.step(&step("ash", "oak")?)?, step("ash", "beech")?, "back to what is beneath");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HistoryRebase {
    theirs: ChangeSet,
    kept: Kept,
}

impl HistoryRebase {
    /// The start of a history whose first step was made of what `theirs` was made of.
    #[must_use]
    pub fn over(theirs: ChangeSet) -> Self {
        Self { theirs, kept: BTreeMap::new() }
    }

    /// The next step, as it is on top of theirs and of the steps so far. It keeps its name.
    ///
    /// # Errors
    ///
    /// [`RebaseError`] where it was not made of what the steps so far left, as far as that is known;
    /// the history cannot go on then.
    pub fn step(&mut self, mine: &ChangeSet) -> Result<ChangeSet, RebaseError> {
        let mut on_top = ChangeSet::new();
        on_top.id = mine.id;
        for (layer, mine) in mine.layers() {
            let Some(theirs) = self.theirs.layer(layer) else {
                on_top.put_layer(layer, mine.fields().clone(), mine.changes().clone());
                continue;
            };
            let (fields, changes) = layer_on_top(layer, mine, theirs, &mut self.kept)?;
            on_top.put_layer(layer, fields, changes);
        }
        Ok(on_top)
    }
}

/// What mine says in full of features that theirs deleted, by the names of the fields.
type Kept = BTreeMap<(String, Target), (FieldNames, Option<Image>)>;

fn layer_on_top(
    layer: &str,
    mine: &LayerChanges,
    theirs: &LayerChanges,
    kept: &mut Kept,
) -> Result<(FieldNames, BTreeMap<Target, Change>), RebaseError> {
    let (fields, places) = united(mine.fields(), theirs.fields());
    let mut changes = BTreeMap::new();
    for (target, change) in mine.iter() {
        let change = change.clone().widened(fields.len());
        let beneath = theirs.get(target).map(|it| it.clone().moved(&places, fields.len()));
        let on_top = match beneath {
            None => Some(change),
            Some(Change::Insert(beneath)) => change.over_insert(&beneath),
            Some(Change::Update(beneath)) => change.over_update(&beneath),
            Some(Change::Delete(beneath)) => {
                let key = (layer.to_owned(), target.clone());
                let before = match kept.remove(&key) {
                    None => Some(beneath.clone()),
                    Some((names, image)) => image.map(|image| image.renamed(&names, &fields)),
                };
                let after = change.overwriting(before.clone()).map_err(|difference| {
                    let (layer, target) = (layer.to_owned(), target.to_string());
                    RebaseError { layer, target, difference }
                })?;
                let on_top = Change::over_delete(before, after.clone(), &beneath);
                kept.insert(key, (fields.clone(), after));
                on_top
            }
        };
        changes.extend(on_top.map(|change| (target.clone(), change)));
    }
    Ok((fields, changes))
}

impl Change {
    /// A step of mine over a feature that theirs inserted.
    fn over_insert(self, beneath: &Image) -> Option<Self> {
        match self {
            Self::Insert(image) => Self::between(Some(beneath), Some(&image)),
            Self::Delete(image) => Self::between(Some(&image), Some(beneath)),
            update @ Self::Update(_) => Some(update),
        }
    }

    /// A step of mine over fields that theirs updated.
    fn over_update(self, beneath: &[FieldChange]) -> Option<Self> {
        match self {
            Self::Insert(image) => Some(Self::Insert(image.with_beneath(beneath))),
            Self::Delete(image) => Some(Self::Delete(image.with_beneath(beneath))),
            Self::Update(mut fields) => {
                for it in &mut fields {
                    if let Ok(at) = beneath.binary_search_by_key(&it.field, |other| other.field) {
                        beneath[at].put_beneath(&mut it.before);
                        beneath[at].put_beneath(&mut it.after);
                    }
                }
                fields.retain(|it| it.before != it.after);
                Self::update(fields)
            }
        }
    }

    /// A step of mine from one state to another over the deletion of what both were made of.
    fn over_delete(before: Option<Image>, after: Option<Image>, beneath: &Image) -> Option<Self> {
        let left = |state: Option<Image>| state.filter(|it| it.values != beneath.values);
        Self::between(left(before).as_ref(), left(after).as_ref())
    }

    /// The state after it, whatever the fields said before.
    fn overwriting(self, state: Option<Image>) -> Result<Option<Image>, BaseDifference> {
        match (self, state) {
            (Self::Insert(image), None) => Ok(Some(image)),
            (Self::Update(fields), Some(mut state)) => {
                for it in fields {
                    state.values[it.field] = it.after;
                }
                Ok(Some(state))
            }
            (Self::Delete(_), Some(_)) => Ok(None),
            _ => Err(BaseDifference::Presence),
        }
    }
}

impl FieldChange {
    /// What theirs made of it, where it is what theirs was made of.
    fn put_beneath(&self, value: &mut Option<Value>) {
        if *value == self.before {
            value.clone_from(&self.after);
        }
    }
}

impl Image {
    fn with_beneath(mut self, beneath: &[FieldChange]) -> Self {
        for it in beneath {
            it.put_beneath(&mut self.values[it.field]);
        }
        self
    }

    /// The same image by other positions.
    fn renamed(self, names: &[String], fields: &[String]) -> Self {
        let values = fields.iter().map(|field| {
            let place = names.iter().position(|name| name == field)?;
            self.values.get(place).cloned().flatten()
        });
        Self { values: values.collect(), fid: self.fid }
    }
}
