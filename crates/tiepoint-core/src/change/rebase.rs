//! Rebasing: what of one side's changes still stands on top of another's, field by field.
use super::conflict::named;
use super::positions::united;
use super::unique;
use super::{Change, ChangeSet, Clash, Conflict, FieldChange, FieldNames, Image, LayerChanges};
use crate::Target;
use std::collections::BTreeMap;

/// What became of one side's changes on top of the other's.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rebased {
    /// What still stands, made of what the other side left. It has no name.
    pub changes: ChangeSet,
    /// What waits for a decision, by ascending layer, feature and field; none of it is in `changes`.
    pub conflicts: Vec<Conflict>,
}

/// Why there is nothing to rebase: the two sides were not made of one state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("layer `{layer}`, {target}: the two sides were made of different states: {difference}")]
pub struct RebaseError {
    /// The layer's name.
    pub layer: String,
    /// Which feature, for people.
    pub target: String,
    /// What shows it.
    pub difference: BaseDifference,
}

/// What two sides say differently of the state that both were made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseDifference {
    /// To one of them the feature was there, to the other it was not.
    #[error("only one of them found the feature")]
    Presence,
    /// They found different values in a field.
    #[error("they found different values in field `{field}`")]
    Field {
        /// The field's name.
        field: String,
    },
}

impl ChangeSet {
    /// What of these changes still stands on top of `theirs`; both were made of one state.
    ///
    /// Fields merge one by one, a geometry as a whole. What both did alike is left out, and never a
    /// conflict. What only one of two can have is a [`Conflict`]: one field given two values, an
    /// update of what the other side deleted (either way round), two different features for one
    /// object, one value in a field of which `unique` (layer, field) says that each feature must
    /// have its own. All of mine is in the outcome or done by them already: nothing gets lost.
    ///
    /// The other way round the same conflicts come out [mirrored](Conflict::mirrored); only where
    /// a value must be unique each side reports what of its own cannot be put on top, which may
    /// lean on a conflict reported already: it took over a value that is not given up yet.
    ///
    /// A field that one side does not name is one of which it says nothing. Costs a step per
    /// change.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tiepoint_core::{Change, ChangeSet, FieldChange, FieldNames, ObjectId, Target};
    /// let fields: FieldNames = Arc::new(["name".to_owned(), "height".to_owned()]);
    /// let tree = Target::Id(ObjectId::mint());
    /// let side = |field, before, after| {
    ///     let changed = FieldChange { field, before: Some(before), after: Some(after) };
    ///     let mut set = ChangeSet::new();
    ///     set.record("trees", &fields, tree.clone(), Change::Update(vec![changed])).map(|()| set)
    /// };
    /// let mine = side(0, "oak".into(), "old oak".into())?;
    /// let theirs = side(1, 20.into(), 21.into())?;
    /// let rebased = mine.rebased_over(&theirs, &|_, _| false)?;
    /// assert_eq!((rebased.changes, rebased.conflicts), (mine, vec![]), "fields merge");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RebaseError`] where the two were not made of one state, as far as they tell.
    pub fn rebased_over(
        &self,
        theirs: &Self,
        unique: &dyn Fn(&str, &str) -> bool,
    ) -> Result<Rebased, RebaseError> {
        let mut rebased = Rebased::default();
        for (layer, mine) in self.layers() {
            let Some(theirs) = theirs.layer(layer) else {
                rebased.changes.put_layer(layer, mine.fields().clone(), mine.changes().clone());
                continue;
            };
            let mut sides = Sides::of(layer, mine, theirs);
            sides.meet()?;
            let is_unique = |field: &str| unique(layer, field);
            let clashes =
                unique::clashes(&mut sides.stands, mine, theirs, &sides.clashes, &is_unique);
            sides.clashes.extend(clashes);
            let (fields, stands) = (mine.fields().clone(), sides.stands);
            let mut clashes = sides.clashes;
            clashes.sort_by(|(a, x), (b, y)| (a, x.field()).cmp(&(b, y.field())));
            rebased.changes.put_layer(layer, fields, stands);
            rebased.conflicts.extend(clashes.into_iter().map(|(target, clash)| Conflict {
                layer: layer.to_owned(),
                target,
                clash,
            }));
        }
        Ok(rebased)
    }
}

/// What both sides did to one layer, and what is known of it so far.
struct Sides<'a> {
    layer: &'a str,
    mine: &'a LayerChanges,
    theirs: &'a LayerChanges,
    /// The names of all fields, mine first.
    fields: FieldNames,
    /// Where their fields are among those.
    places: Vec<usize>,
    stands: BTreeMap<Target, Change>,
    clashes: Vec<(Target, Clash)>,
}

impl<'a> Sides<'a> {
    fn of(layer: &'a str, mine: &'a LayerChanges, theirs: &'a LayerChanges) -> Self {
        let (fields, places) = united(mine.fields(), theirs.fields());
        let (stands, clashes) = (BTreeMap::new(), Vec::new());
        Self { layer, mine, theirs, fields, places, stands, clashes }
    }

    /// Puts every change of mine over what they did to the same feature.
    fn meet(&mut self) -> Result<(), RebaseError> {
        for (target, mine) in self.mine.iter() {
            let Some(theirs) = self.theirs.get(target) else {
                self.stands.insert(target.clone(), mine.clone());
                continue;
            };
            let theirs = theirs.clone().moved(&self.places, self.fields.len());
            let met = mine.met_by(&theirs, &self.fields).map_err(|difference| RebaseError {
                layer: self.layer.to_owned(),
                target: target.to_string(),
                difference,
            })?;
            self.stands.extend(met.stands.map(|change| (target.clone(), change)));
            self.clashes.extend(met.clashes.into_iter().map(|it| (target.clone(), it)));
        }
        Ok(())
    }
}

/// What becomes of a change of mine where they changed the same feature.
#[derive(Default)]
struct Met {
    stands: Option<Change>,
    clashes: Vec<Clash>,
}

impl From<Clash> for Met {
    fn from(clash: Clash) -> Self {
        Self { stands: None, clashes: vec![clash] }
    }
}

impl Change {
    /// This change of mine on top of theirs, to the same feature and by the same positions.
    fn met_by(&self, theirs: &Self, fields: &[String]) -> Result<Met, BaseDifference> {
        match (self, theirs) {
            (Self::Insert(mine), Self::Insert(theirs)) => {
                let (mine, theirs) = (named(mine, fields), named(theirs, fields));
                let same = mine == theirs;
                Ok(if same { Met::default() } else { Clash::BothInserted { mine, theirs }.into() })
            }
            (Self::Update(mine), Self::Update(theirs)) => FieldChange::met(mine, theirs, fields),
            (Self::Update(mine), Self::Delete(gone)) => {
                let (base, mine) = gone.updated_by(mine, fields)?;
                Ok(Clash::TheyDeleted { base: named(&base, fields), mine: named(&mine, fields) }
                    .into())
            }
            (Self::Delete(gone), Self::Update(theirs)) => {
                let (base, theirs) = gone.updated_by(theirs, fields)?;
                Ok(Clash::IDeleted { base: named(&base, fields), theirs: named(&theirs, fields) }
                    .into())
            }
            (Self::Delete(mine), Self::Delete(theirs)) => {
                mine.agrees_with(theirs, fields).map(|()| Met::default())
            }
            (Self::Insert(_), _) | (_, Self::Insert(_)) => Err(BaseDifference::Presence),
        }
    }
}

impl FieldChange {
    fn met(mine: &[Self], theirs: &[Self], fields: &[String]) -> Result<Met, BaseDifference> {
        let mut met = Met::default();
        let mut stands = Vec::new();
        for it in mine {
            let Ok(place) = theirs.binary_search_by_key(&it.field, |other| other.field) else {
                stands.push(it.clone());
                continue;
            };
            let (other, field) = (&theirs[place], fields[it.field].clone());
            if it.before != other.before {
                return Err(BaseDifference::Field { field });
            }
            if it.after != other.after {
                let (mine, theirs) = (it.after.clone(), other.after.clone());
                met.clashes.push(Clash::Field { field, base: it.before.clone(), mine, theirs });
            }
        }
        met.stands = Change::update(stands);
        Ok(met)
    }
}

impl Image {
    /// This state where one side deleted it, told in full by the other that updated it, and what
    /// the update made of it.
    fn updated_by(
        &self,
        update: &[FieldChange],
        fields: &[String],
    ) -> Result<(Self, Self), BaseDifference> {
        let (mut base, mut after) = (self.clone(), self.clone());
        base.values.resize(fields.len(), None);
        after.values.resize(fields.len(), None);
        for it in update {
            let said = &mut base.values[it.field];
            if said.is_some() && *said != it.before {
                return Err(BaseDifference::Field { field: fields[it.field].clone() });
            }
            said.clone_from(&it.before);
            after.values[it.field].clone_from(&it.after);
        }
        Ok((base, after))
    }

    /// Whether two tell of one state: of what only one of them says, the other may say nothing.
    fn agrees_with(&self, other: &Self, fields: &[String]) -> Result<(), BaseDifference> {
        let mut pairs = self.values.iter().zip(&other.values);
        let differs = pairs.position(|(a, b)| a.is_some() && b.is_some() && a != b);
        differs.map_or(Ok(()), |at| Err(BaseDifference::Field { field: fields[at].clone() }))
    }
}
