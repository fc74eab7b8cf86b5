//! Change sets: what happened to the features of some layers, one change per feature.
use super::encoding::{LayerUnknown, Unknown};
use super::positions::united;
use super::{Change, ComposeError, FieldNames, Image};
use crate::{ObjectId, Target};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

/// The name of one change set, for those who must know whether it has been applied (UUID).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeSetId(pub ObjectId);

/// What happened to the features of some layers: at most one change per feature, and none that
/// comes to nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChangeSet {
    /// Its name, where it has one. What is made of change sets has none.
    pub id: Option<ChangeSetId>,
    layers: BTreeMap<String, LayerChanges>,
    /// What it said when it was read that is not known here.
    unknown: Option<Box<Unknown>>,
}

/// What happened to the features of one layer.
///
/// Two are equal where they say the same, whatever the order of their fields; a field that one
/// does not name is one of which it says nothing.
#[derive(Debug, Clone)]
pub struct LayerChanges {
    fields: FieldNames,
    changes: BTreeMap<Target, Change>,
    /// What was said of them when they were read that is not known here; hardly ever anything.
    unknown: Option<Box<LayerUnknown>>,
}

impl PartialEq for LayerChanges {
    fn eq(&self, other: &Self) -> bool {
        if self.unknown != other.unknown {
            return false;
        }
        if self.fields == other.fields {
            return self.changes == other.changes;
        }
        let (fields, places) = united(&self.fields, &other.fields);
        let mine =
            self.changes.iter().map(|(target, it)| (target, it.clone().widened(fields.len())));
        let theirs = other.changes.iter();
        mine.eq(theirs.map(|(target, it)| (target, it.clone().moved(&places, fields.len()))))
    }
}

impl ChangeSetId {
    /// A new one, unlike any other.
    #[must_use]
    pub fn mint() -> Self {
        Self(ObjectId::mint())
    }
}

impl fmt::Display for ChangeSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ChangeSet {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, by this name.
    #[must_use]
    pub fn named(self, id: ChangeSetId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.values().all(LayerChanges::is_empty)
    }

    /// How many features changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layers.values().map(LayerChanges::len).sum()
    }

    /// The layers in which something happened, by name.
    #[must_use]
    pub fn layers(&self) -> impl ExactSizeIterator<Item = (&str, &LayerChanges)> {
        self.layers.iter().map(|(name, changes)| (name.as_str(), changes))
    }

    /// What happened in one layer, `None` where nothing did.
    #[must_use]
    pub fn layer(&self, name: &str) -> Option<&LayerChanges> {
        self.layers.get(name)
    }

    /// What happened to one feature.
    #[must_use]
    pub fn get(&self, layer: &str, target: &Target) -> Option<&Change> {
        self.layers.get(layer)?.get(target)
    }

    /// Takes one more change into account, made of what was left by those that are here.
    ///
    /// `fields` are the names behind the positions of `change`.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] where it was made of another state; nothing is taken then.
    pub fn record(
        &mut self,
        layer: &str,
        fields: &FieldNames,
        target: Target,
        change: Change,
    ) -> Result<(), ComposeError> {
        let here = self.layer_mut(layer, fields);
        let change = here.adopted(fields, change);
        let recorded = here.record(layer, target, change);
        if here.changes.is_empty() {
            self.layers.remove(layer);
        }
        recorded
    }

    /// A layer to record in, new with these fields where nothing happened in it yet.
    fn layer_mut(&mut self, layer: &str, fields: &FieldNames) -> &mut LayerChanges {
        if !self.layers.contains_key(layer) {
            self.layers.insert(layer.to_owned(), LayerChanges::new(Arc::clone(fields)));
        }
        let here = self.layers.get_mut(layer);
        here.expect("put there a moment ago")
    }

    /// What happened to one layer between two whole states of it, told feature by feature.
    ///
    /// `fields` are the names behind the positions of all images. Of two features for one target
    /// in one state the later one counts. Costs a step per feature, and the memory of `before`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tiepoint_core::{ChangeSet, FieldNames, Fid, Image, Target};
    /// let fields: FieldNames = Arc::new(["name".to_owned()]);
    /// let row = |fid, name: &str| {
    ///     (Target::Fid(Fid::Int(fid)), Image { fid: None, values: vec![Some(name.into())] })
    /// };
    /// let (before, after) = ([row(1, "oak"), row(2, "ash")], [row(2, "ash"), row(3, "elm")]);
    /// let changes = ChangeSet::between("trees", &fields, before, after);
    /// assert_eq!(changes.len(), 2, "one went, one came");
    /// ```
    #[must_use]
    pub fn between(
        layer: &str,
        fields: &FieldNames,
        before: impl IntoIterator<Item = (Target, Image)>,
        after: impl IntoIterator<Item = (Target, Image)>,
    ) -> Self {
        let mut before: BTreeMap<Target, Image> = before.into_iter().collect();
        let after: BTreeMap<Target, Image> = after.into_iter().collect();
        let mut changes = BTreeMap::new();
        for (target, now) in after {
            let change = match before.remove(&target) {
                Some(then) => Change::between(Some(&then), Some(&now)),
                None => Some(Change::Insert(now)),
            };
            changes.extend(change.map(|change| (target, change)));
        }
        changes.extend(before.into_iter().map(|(target, gone)| (target, Change::Delete(gone))));
        let mut between = Self::new();
        between.put_layer(layer, Arc::clone(fields), changes);
        between
    }

    /// Puts changes in the place of what happened in a layer, if there are any; `fields` are the
    /// names behind their positions. Cheaper than recording them one by one.
    pub fn put_layer(
        &mut self,
        layer: &str,
        fields: FieldNames,
        changes: BTreeMap<Target, Change>,
    ) {
        if !changes.is_empty() {
            self.layers.insert(layer.to_owned(), LayerChanges::of(fields, changes));
        }
    }

    /// Puts a change on top of what is here, which may say something else of the state between
    /// them: the later one is right about what is to be, the earlier one about what there was.
    pub(super) fn override_with(
        &mut self,
        layer: &str,
        fields: &FieldNames,
        target: &Target,
        change: Change,
    ) {
        let here = self.layer_mut(layer, fields);
        let change = here.adopted(fields, change);
        let both = match here.changes.remove(target) {
            Some(earlier) => earlier.overridden_by(change),
            None => Some(change),
        };
        here.changes.extend(both.map(|both| (target.clone(), both)));
        if here.changes.is_empty() {
            self.layers.remove(layer);
        }
    }

    /// Puts a whole layer in its place, unless it says nothing at all.
    pub(super) fn put(&mut self, name: &str, layer: LayerChanges) {
        if !layer.is_empty() || layer.unknown.is_some() {
            self.layers.insert(name.to_owned(), layer);
        }
    }

    pub(super) fn keep_unknown(&mut self, unknown: Unknown) {
        self.unknown = (!unknown.is_empty()).then(|| Box::new(unknown));
    }

    pub(super) fn unknown(&self) -> Option<&Unknown> {
        self.unknown.as_deref()
    }

    /// What takes it back.
    #[must_use]
    pub fn inverted(&self) -> Self {
        let layers = self.layers.iter().filter(|(_, changes)| !changes.is_empty());
        let layers = layers.map(|(name, changes)| (name.clone(), changes.inverted()));
        Self { id: None, layers: layers.collect(), unknown: None }
    }
}

impl LayerChanges {
    fn new(fields: FieldNames) -> Self {
        Self::of(fields, BTreeMap::new())
    }

    /// The names of the fields, by position.
    #[must_use]
    pub fn fields(&self) -> &FieldNames {
        &self.fields
    }

    /// How many features changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes, by ascending target.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Target, &Change)> {
        self.changes.iter()
    }

    /// What happened to one feature.
    #[must_use]
    pub fn get(&self, target: &Target) -> Option<&Change> {
        self.changes.get(target)
    }

    pub(super) fn of(fields: FieldNames, changes: BTreeMap<Target, Change>) -> Self {
        Self { fields, changes, unknown: None }
    }

    /// As it was read.
    pub(super) fn decoded(
        fields: FieldNames,
        changes: BTreeMap<Target, Change>,
        unknown: LayerUnknown,
    ) -> Self {
        let unknown = (!unknown.is_empty()).then(|| Box::new(unknown));
        Self { fields, changes, unknown }
    }

    pub(super) fn unknown(&self) -> Option<&LayerUnknown> {
        self.unknown.as_deref()
    }

    pub(super) fn changes(&self) -> &BTreeMap<Target, Change> {
        &self.changes
    }

    fn inverted(&self) -> Self {
        let changes = self.changes.iter().map(|(target, it)| (target.clone(), it.inverted()));
        Self { fields: Arc::clone(&self.fields), changes: changes.collect(), unknown: None }
    }

    fn record(&mut self, layer: &str, target: Target, change: Change) -> Result<(), ComposeError> {
        match self.changes.entry(target) {
            Entry::Vacant(place) => {
                place.insert(change);
            }
            Entry::Occupied(mut earlier) => {
                let both = earlier.get().then(&change);
                let both = both.map_err(|gap| ComposeError::gap(layer, earlier.key(), gap))?;
                if let Some(unknown) = &mut self.unknown {
                    unknown.forget(earlier.key());
                }
                match both {
                    Some(both) => earlier.insert(both),
                    None => earlier.remove(),
                };
            }
        }
        Ok(())
    }

    /// A change by the positions of these fields, to which those that are new are added.
    fn adopted(&mut self, fields: &FieldNames, change: Change) -> Change {
        if Arc::ptr_eq(fields, &self.fields) || *fields == self.fields {
            return change;
        }
        let mut names = self.fields.to_vec();
        let position = |name: &String| {
            names.iter().position(|it| it == name).unwrap_or_else(|| {
                names.push(name.clone());
                names.len() - 1
            })
        };
        let places: Vec<usize> = fields.iter().map(position).collect();
        if names.len() > self.fields.len() {
            self.widen(names.into());
        }
        change.moved(&places, self.fields.len())
    }

    /// The same with more fields at the end, of which images say nothing.
    fn widen(&mut self, fields: FieldNames) {
        for change in self.changes.values_mut() {
            if let Change::Insert(image) | Change::Delete(image) = change {
                image.values.resize(fields.len(), None);
            }
        }
        self.fields = fields;
    }
}
