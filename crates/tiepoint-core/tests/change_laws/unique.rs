//! Fields in which each feature must have a value of its own.
use crate::for_many_histories;
use crate::model::{Dice, State, applied, target};
use std::collections::BTreeSet;
use tiepoint_core::{Change, ChangeSet, Clash, FieldNames, Image, Resolution, Value};

const LAYER: &str = "poles";

fn fields() -> FieldNames {
    ["code", "note"].map(str::to_owned).into()
}

fn is_unique(layer: &str, field: &str) -> bool {
    (layer, field) == (LAYER, "code")
}

fn codes(state: &State) -> Vec<&Value> {
    let codes = state.values().filter_map(|says| says.get("code"));
    codes.filter(|code| !code.is_null()).collect()
}

fn is_valid(state: &State) -> bool {
    let codes = codes(state);
    codes.iter().map(|code| format!("{code:?}")).collect::<BTreeSet<_>>().len() == codes.len()
}

/// Edits that keep codes unique, which they swap, free and take over.
fn edit(dice: &mut Dice, state: &mut State, edits: usize) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for _ in 0..edits {
        let key = (LAYER.to_owned(), target(1 + dice.roll(4)));
        let mut next = state.clone();
        if dice.roll(4) == 0 {
            next.remove(&key);
        } else {
            let says = next.entry(key.clone()).or_default();
            let (field, value) = match dice.roll(6) {
                0 => ("note", Value::from("a note")),
                1 => ("code", Value::Null),
                code => ("code", Value::Int(i64::try_from(code).expect("small"))),
            };
            says.insert(field.to_owned(), value);
        }
        if !is_valid(&next) {
            continue;
        }
        let image = |state: &State| {
            let says = state.get(&key)?;
            let values = ["code", "note"].map(|name| says.get(name).cloned());
            Some(Image { fid: None, values: values.to_vec() })
        };
        if let Some(change) = Change::between(image(state).as_ref(), image(&next).as_ref()) {
            changes.record(LAYER, &fields(), key.1.clone(), change).expect("follows");
        }
        *state = next;
    }
    changes
}

#[test]
fn what_stands_never_makes_a_value_stand_twice() {
    for_many_histories(|dice| {
        let mut base = State::new();
        edit(dice, &mut base, 8);
        let (mut mine_after, mut theirs_after) = (base.clone(), base.clone());
        let mine = edit(dice, &mut mine_after, 6);
        let theirs = edit(dice, &mut theirs_after, 6);
        let here = mine.rebased_over(&theirs, &is_unique).expect("of one base");
        let there = theirs.rebased_over(&mine, &is_unique).expect("of one base");
        let after = applied(&theirs_after, &here.changes);
        assert!(is_valid(&after), "{after:?}");
        assert_eq!(here.conflicts.is_empty(), there.conflicts.is_empty());
        if here.conflicts.is_empty() {
            assert_eq!(after, applied(&mine_after, &there.changes));
        }
        let given_up = here.resolved(|_| Resolution::Theirs).expect("can be theirs");
        assert!(is_valid(&applied(&theirs_after, &given_up)));
        // a code for each that waits, since what is contested otherwise may clash once more
        let mut fresh = 100;
        let decided = here.resolved(|it| match it.clash {
            Clash::Unique { .. } => {
                fresh += 1;
                Resolution::Value(Value::Int(fresh))
            }
            _ => Resolution::Theirs,
        });
        assert!(is_valid(&applied(&theirs_after, &decided.expect("are free"))));
    });
}

#[test]
fn mine_takes_the_value_from_the_other() {
    for_many_histories(|dice| {
        let mut base = State::new();
        edit(dice, &mut base, 8);
        let (mut mine_after, mut theirs_after) = (base.clone(), base.clone());
        let mine = edit(dice, &mut mine_after, 6);
        let theirs = edit(dice, &mut theirs_after, 6);
        let here = mine.rebased_over(&theirs, &is_unique).expect("of one base");
        if here.conflicts.iter().all(|it| matches!(it.clash, Clash::Unique { .. })) {
            let decided = here.resolved(|_| Resolution::Mine).expect("can be mine");
            let after = applied(&theirs_after, &decided);
            assert!(is_valid(&after), "{after:?}");
            for it in &here.conflicts {
                let Clash::Unique { value, .. } = &it.clash else { continue };
                let has = after.get(&(it.layer.clone(), it.target.clone()));
                assert_eq!(has.and_then(|says| says.get("code")), Some(value));
            }
        }
    });
}
