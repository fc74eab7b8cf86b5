//! Conflicts as a journal keeps them: what both sides did, as two change sets.
use std::sync::Arc;
use tiepoint_core::{
    Change, ChangeSet, Clash, Conflict, FieldChange, FieldNames, Image, NamedValues, Target, Value,
};

/// What both sides did, as change sets that say nothing else.
pub(crate) fn sides(conflict: &Conflict) -> (ChangeSet, ChangeSet) {
    let layer = &conflict.layer;
    let one = |target: &Target, change: Option<Change>, names: &FieldNames| {
        let mut set = ChangeSet::new();
        if let Some(change) = change {
            set.record(layer, names, target.clone(), change).expect("is the only one");
        }
        set
    };
    let mine = |change, names: &FieldNames| one(&conflict.target, change, names);
    let field = |before: &Option<Value>, after: &Option<Value>| {
        Some(Change::Update(vec![FieldChange {
            field: 0,
            before: before.clone(),
            after: after.clone(),
        }]))
    };
    match &conflict.clash {
        Clash::Field { field: name, base, mine: ours, theirs } => {
            let names: FieldNames = Arc::new([name.clone()]);
            (mine(field(base, ours), &names), mine(field(base, theirs), &names))
        }
        Clash::TheyDeleted { base, mine: ours } => {
            let (names, [base, ours]) = images([base, ours]);
            let update = Change::between(Some(&base), Some(&ours));
            (mine(update, &names), mine(Some(Change::Delete(base)), &names))
        }
        Clash::IDeleted { base, theirs } => {
            let (names, [base, theirs]) = images([base, theirs]);
            let update = Change::between(Some(&base), Some(&theirs));
            (mine(Some(Change::Delete(base)), &names), mine(update, &names))
        }
        Clash::BothInserted { mine: ours, theirs } => {
            let (names, [ours, theirs]) = images([ours, theirs]);
            (mine(Some(Change::Insert(ours)), &names), mine(Some(Change::Insert(theirs)), &names))
        }
        Clash::Unique { field: name, value, other, inserted, base } => {
            let names: FieldNames = Arc::new([name.clone()]);
            let theirs = one(other, field(&None, &Some(value.clone())), &names);
            let ours = match inserted {
                None => mine(field(base, &Some(value.clone())), &names),
                Some(inserted) => {
                    let (names, [image]) = images([inserted]);
                    mine(Some(Change::Insert(image)), &names)
                }
            };
            (ours, theirs)
        }
    }
}

/// Images of named values, by the positions of all their names.
fn images<const N: usize>(named: [&NamedValues; N]) -> (FieldNames, [Image; N]) {
    let mut fields: Vec<String> = named.iter().flat_map(|it| it.keys().cloned()).collect();
    fields.sort();
    fields.dedup();
    let values = |it: &NamedValues| fields.iter().map(|name| it.get(name).cloned()).collect();
    let images = named.map(|it| Image { fid: None, values: values(it) });
    (fields.into(), images)
}
