//! Rewriting a history on top of what somebody else did.
use crate::for_many_histories;
use crate::model::{State, applied, edit, some_state};
use tiepoint_core::{ChangeSet, HistoryRebase};

/// A state of mine with theirs beneath it, said once more without change sets.
fn with_beneath(mine: &State, base: &State, theirs: &State) -> State {
    let keys = mine.keys().chain(base.keys()).chain(theirs.keys());
    let mut both = State::new();
    for key in keys {
        let (mine, base, theirs) = (mine.get(key), base.get(key), theirs.get(key));
        let says = match (mine, base, theirs) {
            (mine, base, theirs) if mine == base => theirs.cloned(),
            (Some(mine), Some(base), Some(theirs)) => {
                let fields = mine.keys().chain(theirs.keys());
                let value = |name: &String| {
                    let untouched = mine.get(name) == base.get(name);
                    if untouched { theirs.get(name) } else { mine.get(name) }.cloned()
                };
                Some(fields.filter_map(|name| Some((name.clone(), value(name)?))).collect())
            }
            (mine, ..) => mine.cloned(),
        };
        both.extend(says.map(|says| (key.clone(), says)));
    }
    both
}

#[test]
fn every_state_of_a_history_has_theirs_beneath_it() {
    for_many_histories(|dice| {
        let base = some_state(dice);
        let mut theirs_after = base.clone();
        let edits = dice.roll(6);
        let theirs = edit(dice, &mut theirs_after, edits);
        let mut history = HistoryRebase::over(theirs);
        let (mut mine, mut state, mut undo) = (base.clone(), theirs_after.clone(), Vec::new());
        for _ in 0..dice.roll(8) {
            let edits = 1 + dice.roll(4);
            let step = edit(dice, &mut mine, edits);
            let on_top = history.step(&step).expect("follows");
            state = applied(&state, &on_top);
            assert_eq!(state, with_beneath(&mine, &base, &theirs_after));
            undo.push(on_top.inverted());
        }
        for step in undo.iter().rev() {
            state = applied(&state, step);
        }
        assert_eq!(state, theirs_after, "taking all back leaves theirs");
    });
}

#[test]
fn steps_before_the_present_state_follow_backwards() {
    for_many_histories(|dice| {
        let start = some_state(dice);
        let mut present = start.clone();
        let done: Vec<ChangeSet> = (0..dice.roll(5)).map(|_| edit(dice, &mut present, 3)).collect();
        let mut state = present.clone();
        let theirs = edit(dice, &mut state, 4);
        let mut history = HistoryRebase::over(theirs);
        for step in done.iter().rev() {
            let back = history.step(&step.inverted()).expect("follows");
            state = applied(&state, &back);
        }
    });
}

#[test]
fn what_comes_to_nothing_takes_nothing_from_theirs() {
    for_many_histories(|dice| {
        let base = some_state(dice);
        let (mut theirs_after, mut mine) = (base.clone(), base.clone());
        let theirs = edit(dice, &mut theirs_after, 4);
        let step = edit(dice, &mut mine, 4);
        let mut history = HistoryRebase::over(theirs);
        let there = history.step(&step).expect("follows");
        let back = history.step(&step.inverted()).expect("follows");
        assert_eq!(there.then(&back), Ok(ChangeSet::new()));
    });
}
