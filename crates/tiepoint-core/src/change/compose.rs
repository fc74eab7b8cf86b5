//! Putting changes together: of one feature, of a layer, of all layers.
use super::positions::united;
use super::{ApplyError, Change, ChangeSet, FieldChange, Image, LayerChanges};
use crate::Target;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Why two changes cannot follow one another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The later one was not made of what the earlier one left.
    #[error("layer `{layer}`, {target}: the later change was made of another state: {reason}")]
    Gap {
        /// The layer's name.
        layer: String,
        /// Which feature, for people.
        target: String,
        /// What does not fit.
        reason: ApplyError,
    },
}

impl ChangeSet {
    /// Both as one. It has no name.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] where `later` was not made of what this one left, as far as this one tells.
    pub fn then(&self, later: &Self) -> Result<Self, ComposeError> {
        let alone =
            |side: &LayerChanges| LayerChanges::of(side.fields().clone(), side.changes().clone());
        let mut both = Self::new();
        for (name, first) in self.layers() {
            let together = match later.layer(name) {
                Some(second) => first.then(name, second)?,
                None => alone(first),
            };
            both.put(name, together);
        }
        for (name, second) in later.layers().filter(|(name, _)| self.layer(name).is_none()) {
            both.put(name, alone(second));
        }
        Ok(both)
    }
}

impl LayerChanges {
    /// Both as one, in one pass over both.
    fn then(&self, name: &str, later: &Self) -> Result<Self, ComposeError> {
        let (fields, places) = united(self.fields(), later.fields());
        let (grows, differs) = (fields != *self.fields(), fields != *later.fields());
        let width = fields.len();
        let widened = |change: &Change| change.clone().widened(width);
        let moved = |change: &Change| {
            if differs { change.clone().moved(&places, width) } else { change.clone() }
        };
        let together = |target, first: Option<&Change>, second: Option<&Change>| {
            let both = match (first, second) {
                (Some(first), Some(second)) if grows || differs => {
                    widened(first).then(&moved(second))
                }
                (Some(first), Some(second)) => first.then(second),
                (Some(first), None) => Ok(Some(widened(first))),
                (None, second) => Ok(second.map(moved)),
            };
            both.map_err(|gap| ComposeError::gap(name, target, gap))
        };
        let mut changes = Vec::with_capacity(self.len().max(later.len()));
        for (target, first, second) in side_by_side(self.changes(), later.changes()) {
            let both = together(target, first, second)?;
            changes.extend(both.map(|both| (target.clone(), both)));
        }
        Ok(Self::of(fields, changes.into_iter().collect()))
    }
}

/// What two maps have under each key of either, by ascending key.
fn side_by_side<'a, K: Ord, V>(
    first: &'a BTreeMap<K, V>,
    second: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, Option<&'a V>, Option<&'a V>)> {
    let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (first.peek(), second.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let one = first.next_if(|_| order != Ordering::Greater);
        let other = second.next_if(|_| order != Ordering::Less);
        let (key, _) = one.or(other)?;
        Some((key, one.map(|(_, value)| value), other.map(|(_, value)| value)))
    })
}

impl ComposeError {
    pub(super) fn gap(layer: &str, target: &Target, reason: ApplyError) -> Self {
        Self::Gap { layer: layer.to_owned(), target: target.to_string(), reason }
    }
}

impl Change {
    /// Both as one, `None` where they come to nothing.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] where `later` was not made of what this one left, as far as this one tells.
    pub fn then(&self, later: &Self) -> Result<Option<Self>, ApplyError> {
        match (self, later) {
            (Self::Insert(image), later) => {
                Ok(later.applied_to(Some(image.clone()))?.map(Self::Insert))
            }
            (Self::Delete(_), Self::Update(_) | Self::Delete(_)) => Err(ApplyError::Absent),
            (Self::Delete(before), Self::Insert(after)) => {
                Ok(Self::update(FieldChange::between(&before.values, &after.values)))
            }
            (Self::Update(_), Self::Insert(_)) => Err(ApplyError::Present),
            (Self::Update(first), Self::Update(second)) => {
                Ok(Self::update(FieldChange::merged(first, second)?))
            }
            (Self::Update(fields), Self::Delete(image)) => {
                let mut before = image.clone();
                fields.iter().try_for_each(|it| it.take_back(&mut before))?;
                Ok(Some(Self::Delete(before)))
            }
        }
    }
}

impl Change {
    /// Both as one where they tell differently of the state between them; `None` where they come to
    /// nothing.
    pub(super) fn overridden_by(self, later: Self) -> Option<Self> {
        match (self, later) {
            (Self::Insert(mut image), Self::Update(fields)) => {
                for it in fields {
                    image.values[it.field] = it.after;
                }
                Some(Self::Insert(image))
            }
            (Self::Insert(_), Self::Delete(_)) => None,
            (Self::Insert(_) | Self::Update(_), later @ Self::Insert(_)) => Some(later),
            (Self::Update(first), Self::Update(mut second)) => {
                for earlier in first {
                    match second.binary_search_by_key(&earlier.field, |it| it.field) {
                        Ok(at) => second[at].before = earlier.before,
                        Err(at) => second.insert(at, earlier),
                    }
                }
                second.retain(|it| it.before != it.after);
                Self::update(second)
            }
            (Self::Update(fields), Self::Delete(mut image)) => {
                for it in fields {
                    image.values[it.field] = it.before;
                }
                Some(Self::Delete(image))
            }
            (gone @ Self::Delete(_), Self::Update(_) | Self::Delete(_)) => Some(gone),
            (Self::Delete(before), Self::Insert(after)) => {
                Self::update(FieldChange::between(&before.values, &after.values))
            }
        }
    }
}

impl FieldChange {
    /// The old value in the place of the new one.
    fn take_back(&self, image: &mut Image) -> Result<(), ApplyError> {
        match image.values.get_mut(self.field) {
            Some(value) if *value == self.after => {
                value.clone_from(&self.before);
                Ok(())
            }
            _ => Err(ApplyError::Differs { field: self.field }),
        }
    }

    /// Two lists by ascending position as one; what comes back to what it was is left out.
    fn merged(first: &[Self], second: &[Self]) -> Result<Vec<Self>, ApplyError> {
        let (mut first, mut second) = (first.iter().peekable(), second.iter().peekable());
        let mut merged = Vec::with_capacity(first.len() + second.len());
        while let (Some(a), Some(b)) = (first.peek(), second.peek()) {
            match a.field.cmp(&b.field) {
                std::cmp::Ordering::Less => merged.extend(first.next().cloned()),
                std::cmp::Ordering::Greater => merged.extend(second.next().cloned()),
                std::cmp::Ordering::Equal => {
                    merged.extend(a.followed_by(b)?);
                    first.next();
                    second.next();
                }
            }
        }
        merged.extend(first.chain(second).cloned());
        Ok(merged)
    }

    fn followed_by(&self, later: &Self) -> Result<Option<Self>, ApplyError> {
        if self.after != later.before {
            return Err(ApplyError::Differs { field: self.field });
        }
        let (before, after) = (self.before.clone(), later.after.clone());
        Ok((before != after).then_some(Self { field: self.field, before, after }))
    }
}
