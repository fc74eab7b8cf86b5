//! What rebasing makes of fields in which each feature must have a value of its own.
use super::conflict::named;
use super::{Change, Clash, FieldChange, LayerChanges, NamedValues};
use crate::{Target, Value};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// A value of a field that must be unique, and the feature that has it.
type Claim<'a> = ((&'a str, Value), Target);

/// Takes out of `stands` what sets a value that another feature has on top of which it is to be
/// put, and says so: whole inserts, single fields of updates.
///
/// A feature that mine was to take the value from, and that keeps it since that change of mine
/// waits, counts as one that has it.
pub(super) fn clashes(
    stands: &mut BTreeMap<Target, Change>,
    mine: &LayerChanges,
    theirs: &LayerChanges,
    waiting: &[(Target, Clash)],
    unique: &dyn Fn(&str) -> bool,
) -> Vec<(Target, Clash)> {
    let (mine_unique, their_unique) = (positions(mine, unique), positions(theirs, unique));
    if mine_unique.is_empty() {
        return Vec::new();
    }
    let mut taken: VecDeque<Claim<'_>> = claims(theirs.iter(), theirs, &their_unique).into();
    let kept = waiting.iter().flat_map(|(target, clash)| kept_by(target, clash));
    taken.extend(kept.filter(|((field, _), _)| unique(field)));
    let claimed = claims(stands.iter(), mine, &mine_unique);
    let mut claimed: HashMap<_, _> = claimed.into_iter().collect();

    let (mut clashes, mut inserts) = (Vec::new(), BTreeMap::new());
    while let Some((claim, other)) = taken.pop_front() {
        if claimed.get(&claim).is_none_or(|target| *target == other) {
            continue;
        }
        let Some(target) = claimed.remove(&claim) else { continue };
        let (field, value) = claim;
        let Some((inserted, base)) = set_aside(stands, &mut inserts, &target, field, mine) else {
            continue;
        };
        if let Some(freed) = base.clone().filter(|value| !value.is_null()) {
            taken.push_back(((field, freed), target.clone()));
        }
        let clash = Clash::Unique { field: field.to_owned(), value, other, inserted, base };
        clashes.push((target, clash));
    }
    clashes
}

/// Takes a whole insert or a field of an update out of what stands; what was inserted, or what the
/// field said before.
fn set_aside(
    stands: &mut BTreeMap<Target, Change>,
    inserts: &mut BTreeMap<Target, NamedValues>,
    target: &Target,
    field: &str,
    mine: &LayerChanges,
) -> Option<(Option<NamedValues>, Option<Value>)> {
    if let Some(Change::Insert(image)) = stands.get(target) {
        inserts.insert(target.clone(), named(image, mine.fields()));
        stands.remove(target);
    }
    match inserts.get(target) {
        Some(inserted) => Some((Some(inserted.clone()), None)),
        None => without(stands, target, field, mine).map(|it| (None, it.before)),
    }
}

/// Takes a field out of an update.
fn without(
    stands: &mut BTreeMap<Target, Change>,
    target: &Target,
    field: &str,
    mine: &LayerChanges,
) -> Option<FieldChange> {
    let Some(Change::Update(fields)) = stands.get_mut(target) else { return None };
    let place = fields.iter().position(|it| mine.fields()[it.field] == field)?;
    let taken_out = fields.remove(place);
    if fields.is_empty() {
        stands.remove(target);
    }
    Some(taken_out)
}

/// The positions of the fields that must be unique.
fn positions(side: &LayerChanges, unique: &dyn Fn(&str) -> bool) -> Vec<bool> {
    let unique: Vec<bool> = side.fields().iter().map(|name| unique(name)).collect();
    if unique.contains(&true) { unique } else { Vec::new() }
}

/// What changes set in fields that must be unique.
fn claims<'a, 'c>(
    changes: impl Iterator<Item = (&'c Target, &'c Change)>,
    side: &'a LayerChanges,
    unique: &[bool],
) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    if unique.is_empty() {
        return claims;
    }
    for (target, change) in changes {
        let mut claim = |at: usize, value: &Option<Value>| {
            if let Some(value) = value.as_ref().filter(|value| unique[at] && !value.is_null()) {
                claims.push(((side.fields()[at].as_str(), value.clone()), target.clone()));
            }
        };
        match change {
            Change::Insert(image) => {
                image.values.iter().enumerate().for_each(|(at, value)| claim(at, value));
            }
            Change::Update(fields) => fields.iter().for_each(|it| claim(it.field, &it.after)),
            Change::Delete(_) => {}
        }
    }
    claims
}

/// The values of a feature that stays since my deletion of it waits.
fn kept_by<'a>(target: &'a Target, clash: &'a Clash) -> impl Iterator<Item = Claim<'a>> {
    let kept = if let Clash::IDeleted { theirs, .. } = clash { Some(theirs) } else { None };
    let kept = kept.into_iter().flatten().filter(|(_, value)| !value.is_null());
    kept.map(move |(field, value)| ((field.as_str(), value.clone()), target.clone()))
}
