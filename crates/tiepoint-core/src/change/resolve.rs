//! Resolving conflicts: from a decision to the changes that carry it out.
use super::{
    Change, ChangeSet, Clash, Conflict, FieldChange, FieldNames, Image, NamedValues, Rebased,
    Resolution,
};
use crate::{Target, Value};
use std::collections::BTreeMap;

/// Why a conflict cannot be resolved so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A value was given where a whole feature is in question.
    #[error("layer `{layer}`, {target}: a whole feature is in question: it can be mine or theirs")]
    NotAField {
        /// The layer's name.
        layer: String,
        /// Which feature, for people.
        target: String,
    },
    /// The value given is the one that the other feature has.
    #[error("layer `{layer}`, {target}: field `{field}` cannot have that value: {other} has it")]
    StillTaken {
        /// The layer's name.
        layer: String,
        /// Which feature, for people.
        target: String,
        /// The field's name.
        field: String,
        /// The feature that has the value, for people.
        other: String,
    },
}

impl Conflict {
    /// The same conflict as the other side sees it.
    ///
    /// Of a value that must be unique the other side's conflict is about its own feature, of which
    /// more than the value is not known here: not what was inserted, nor what was there before.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut target = self.target.clone();
        let clash = match self.clash.clone() {
            Clash::Field { field, base, mine, theirs } => {
                Clash::Field { field, base, mine: theirs, theirs: mine }
            }
            Clash::TheyDeleted { base, mine } => Clash::IDeleted { base, theirs: mine },
            Clash::IDeleted { base, theirs } => Clash::TheyDeleted { base, mine: theirs },
            Clash::BothInserted { mine, theirs } => {
                Clash::BothInserted { mine: theirs, theirs: mine }
            }
            Clash::Unique { field, value, other, .. } => {
                let other = std::mem::replace(&mut target, other);
                Clash::Unique { field, value, other, inserted: None, base: None }
            }
        };
        Self { layer: self.layer.clone(), target, clash }
    }

    /// What a decision comes to, to be done on top of theirs and of what of mine still stands.
    ///
    /// Where it is for *theirs* that is nothing: they did it already, and mine is given up. *Mine*
    /// of two features for one object is what mine says; where it says nothing, theirs stays.
    /// *Mine* of a value that must be unique takes it from the other feature, whose field becomes
    /// null. Several conflicts are resolved together by [`Rebased::resolved`].
    ///
    /// # Errors
    ///
    /// [`ResolveError`] where a value is given that the conflict has no use for.
    pub fn resolved(&self, resolution: &Resolution) -> Result<ChangeSet, ResolveError> {
        let mut together = Decisions::default();
        together.take(self, resolution)?;
        Ok(together.onto(ChangeSet::new()))
    }

    fn still_taken(&self) -> ResolveError {
        let (field, other) = match &self.clash {
            Clash::Unique { field, other, .. } => (field.clone(), other.to_string()),
            _ => Default::default(),
        };
        let (layer, target) = (self.layer.clone(), self.target.to_string());
        ResolveError::StillTaken { layer, target, field, other }
    }

    fn no_field(&self) -> ResolveError {
        ResolveError::NotAField { layer: self.layer.clone(), target: self.target.to_string() }
    }
}

impl Rebased {
    /// What still stands and what decisions come to, as one: to be done on top of theirs.
    ///
    /// `decide` is asked about every conflict in turn.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] where a value is given that a conflict has no use for.
    pub fn resolved(
        &self,
        mut decide: impl FnMut(&Conflict) -> Resolution,
    ) -> Result<ChangeSet, ResolveError> {
        let mut together = Decisions::default();
        for conflict in &self.conflicts {
            together.take(conflict, &decide(conflict))?;
        }
        Ok(together.onto(self.changes.clone()))
    }
}

/// What decisions come to.
#[derive(Default)]
struct Decisions<'a> {
    done: Vec<(&'a Conflict, NamedChange)>,
    /// Inserts that wait, with what was decided about them so far; `None` is given up.
    waiting: BTreeMap<(&'a str, &'a Target), Option<NamedValues>>,
    /// Where mine is to have the value of another feature.
    taken_over: Vec<&'a Conflict>,
}

/// A change by the names of its fields.
enum NamedChange {
    Insert(NamedValues),
    Update(Vec<NamedFieldChange>),
    Delete(NamedValues),
}

/// A field, what it said before and what it is to say.
type NamedFieldChange = (String, Option<Value>, Option<Value>);

impl<'a> Decisions<'a> {
    fn take(&mut self, conflict: &'a Conflict, decision: &Resolution) -> Result<(), ResolveError> {
        use NamedChange::{Delete, Insert, Update};
        let change = match (&conflict.clash, decision) {
            (Clash::Unique { value, .. }, Resolution::Value(given)) if value == given => {
                return Err(conflict.still_taken());
            }
            (Clash::Unique { .. }, _) => {
                self.take_unique(conflict, decision);
                return Ok(());
            }
            (Clash::Field { field, theirs, .. }, Resolution::Value(value)) => {
                Update(vec![(field.clone(), theirs.clone(), Some(value.clone()))])
            }
            (_, Resolution::Value(_)) => return Err(conflict.no_field()),
            (_, Resolution::Theirs) => return Ok(()),
            (Clash::Field { field, mine, theirs, .. }, _) => {
                Update(vec![(field.clone(), theirs.clone(), mine.clone())])
            }
            (Clash::TheyDeleted { mine, .. }, _) => Insert(mine.clone()),
            (Clash::IDeleted { theirs, .. }, _) => Delete(theirs.clone()),
            (Clash::BothInserted { mine, theirs }, _) => {
                let said = mine.iter().filter(|(field, mine)| theirs.get(*field) != Some(mine));
                let said = said.map(|(field, mine)| {
                    (field.clone(), theirs.get(field).cloned(), Some(mine.clone()))
                });
                Update(said.collect())
            }
        };
        self.done.push((conflict, change));
        Ok(())
    }

    fn take_unique(&mut self, conflict: &'a Conflict, decision: &Resolution) {
        let Clash::Unique { field, value, inserted, base, .. } = &conflict.clash else { return };
        let decided = match decision {
            Resolution::Theirs => None,
            Resolution::Mine => Some(value),
            Resolution::Value(value) => Some(value),
        };
        if *decision == Resolution::Mine {
            self.taken_over.push(conflict);
        }
        if let Some(inserted) = inserted {
            let waiting = self.waiting.entry((&conflict.layer, &conflict.target));
            let waiting = waiting.or_insert_with(|| Some(inserted.clone()));
            match (decided, waiting.as_mut()) {
                (None, _) => *waiting = None,
                (Some(value), Some(says)) => drop(says.insert(field.clone(), value.clone())),
                (Some(_), None) => {}
            }
        } else if let Some(value) = decided {
            let update = vec![(field.clone(), base.clone(), Some(value.clone()))];
            self.done.push((conflict, NamedChange::Update(update)));
        }
    }

    /// All of them, on top of what stands.
    fn onto(self, mut changes: ChangeSet) -> ChangeSet {
        for (conflict, change) in self.done {
            change.override_in(&mut changes, &conflict.layer, &conflict.target);
        }
        for conflict in self.taken_over {
            let given_up = self.waiting.get(&(conflict.layer.as_str(), &conflict.target));
            if given_up != Some(&None) {
                conflict.free_the_value_in(&mut changes);
            }
        }
        for ((layer, target), says) in self.waiting {
            if let Some(says) = says {
                NamedChange::Insert(says).override_in(&mut changes, layer, target);
            }
        }
        changes
    }
}

impl Conflict {
    /// Takes the value from the other feature, unless that one has another already.
    fn free_the_value_in(&self, changes: &mut ChangeSet) {
        let Clash::Unique { field, value, other, .. } = &self.clash else { return };
        let place = changes.layer(&self.layer);
        let place = place.and_then(|layer| layer.fields().iter().position(|name| name == field));
        let settled = match (place, changes.get(&self.layer, other)) {
            (_, Some(Change::Delete(_))) => true,
            (Some(place), Some(Change::Update(fields))) => {
                fields.iter().any(|it| it.field == place && it.after.as_ref() != Some(value))
            }
            _ => false,
        };
        if !settled {
            let freed = vec![(field.clone(), Some(value.clone()), Some(Value::Null))];
            NamedChange::Update(freed).override_in(changes, &self.layer, other);
        }
    }
}

impl NamedChange {
    /// Puts it on top of what is there, whatever that says.
    fn override_in(self, changes: &mut ChangeSet, layer: &str, target: &Target) {
        let image = |says: NamedValues| {
            let (names, values): (Vec<_>, Vec<_>) = says.into_iter().unzip();
            (names, Image { fid: None, values: values.into_iter().map(Some).collect() })
        };
        let (names, change) = match self {
            Self::Insert(says) => {
                let (names, image) = image(says);
                (names, Change::Insert(image))
            }
            Self::Delete(says) => {
                let (names, image) = image(says);
                (names, Change::Delete(image))
            }
            Self::Update(fields) => {
                let names = fields.iter().map(|(name, ..)| name.clone()).collect();
                let fields = fields.into_iter().enumerate();
                let fields = fields.filter(|(_, (_, before, after))| before != after);
                let fields =
                    fields.map(|(field, (_, before, after))| FieldChange { field, before, after });
                (names, Change::Update(fields.collect()))
            }
        };
        if change != Change::Update(Vec::new()) {
            changes.override_with(layer, &FieldNames::from(names), target, change);
        }
    }
}
