//! Changes its mind: edits that wait, undone and redone, and one commit.
use super::{CITIES, COUNTRIES, STORE, Tour, namespace, object};
use crate::terminal::count;
use std::sync::Arc;
use tiepoint::{ChangeTarget, Edit, EditBuffer, Feature, ObjectId, Query, Result, Store, Value};

/// The city that goes and comes back.
const NAIROBI: &str = "Nairobi";
/// How many people are to live in Kenya.
const PEOPLE: i64 = 53_771_296;

pub(super) fn run(_: &Tour) -> Result<String> {
    let edits = EditBuffer::over(Arc::from(tiepoint::open(STORE)?));
    let before = people(&edits)?;
    set_people(&edits, COUNTRIES, object::NAME, PEOPLE)?;
    edits.undo()?;
    let undone = people(&edits)?;
    edits.redo()?;
    let redone = people(&edits)?;

    let nairobi = id(CITIES, NAIROBI);
    let delete = Edit::Delete(ChangeTarget::Id(nairobi));
    edits.edit("Delete Nairobi", |it| it.write(CITIES, delete))?;
    let without = edits.facts(CITIES)?.count;
    edits.undo()?;
    let back = edits.read(&Query::object(CITIES, nairobi))?.count() == 1;
    let committed = edits.commit()?;
    Ok(format!(
        "Edited with everything pending: Kenya's pop_est {before}, set to {redone}; undone, it was {undone},\n   \
         redone, {redone}. Deleted {NAIROBI}, which left {without} cities; undo brought {}.\n   \
         Committed what was left of it, {} in one transaction.",
        if back { "the same object back" } else { "nothing back" },
        count(committed.written.len() as u64, "changed feature"),
    ))
}

/// Sets how many people live in a country.
pub(super) fn set_people(edits: &EditBuffer, layer: &str, name: &str, people: i64) -> Result<()> {
    let mut country = Feature::new(edits.layer(layer)?.schema().clone()).with_id(id(layer, name));
    let set = country.set("pop_est", people.into());
    set.expect("the tour's countries have this field");
    edits.edit(&format!("Set pop_est of {name}"), |it| it.write(layer, Edit::Update(country)))?;
    Ok(())
}

/// The object id of what has this name.
pub(super) fn id(layer: &str, name: &str) -> ObjectId {
    ObjectId::from_key(&namespace(layer), name)
}

fn people(store: &dyn Store) -> Result<String> {
    let mut found = store.read(&Query::object(COUNTRIES, id(COUNTRIES, object::NAME)))?;
    let country = found.next().transpose()?;
    let people = country.as_ref().and_then(|it| it.get("pop_est"));
    Ok(crate::terminal::summary(people.filter(|it| !matches!(it, Value::Null))))
}
