//! Taking back and putting together.
use crate::for_many_histories;
use crate::model::{applied, difference, edit, some_state};
use tiepoint_core::{Change, ChangeSet};

#[test]
fn a_change_and_its_inverse_are_nothing() {
    for_many_histories(|dice| {
        let before = some_state(dice);
        let mut after = before.clone();
        let edits = dice.roll(10);
        let changes = edit(dice, &mut after, edits);
        assert_eq!(applied(&before, &changes), after);
        assert_eq!(applied(&after, &changes.inverted()), before);
        assert_eq!(changes.inverted().inverted(), changes);
        assert_eq!(changes.then(&changes.inverted()), Ok(ChangeSet::new()));
    });
}

#[test]
fn putting_together_is_associative_and_equals_applying_in_turn() {
    for_many_histories(|dice| {
        let start = some_state(dice);
        let mut state = start.clone();
        let [a, b, c] = [(); 3].map(|()| {
            let edits = dice.roll(6);
            edit(dice, &mut state, edits)
        });
        let left = a.then(&b).and_then(|ab| ab.then(&c)).expect("they follow");
        let right = b.then(&c).and_then(|bc| a.then(&bc)).expect("they follow");
        assert_eq!(left, right);
        assert_eq!(applied(&start, &left), state);
        let backwards = c.inverted().then(&b.inverted()).and_then(|it| it.then(&a.inverted()));
        assert_eq!(backwards.expect("they follow"), left.inverted());
    });
}

/// One change per feature; nothing that comes to nothing; whatever field lists the steps were told
/// in.
#[test]
fn what_is_put_together_is_what_differs() {
    for_many_histories(|dice| {
        let start = some_state(dice);
        let mut state = start.clone();
        let edits = dice.roll(12);
        let changes = edit(dice, &mut state, edits);
        assert_eq!(changes, difference(&start, &state));
        assert_eq!(changes.is_empty(), start == state, "edit and revert is nothing");
        for (_, changes) in changes.layers() {
            assert!(!changes.is_empty());
            for (_, change) in changes.iter() {
                if let Change::Update(fields) = change {
                    assert!(fields.is_sorted_by(|a, b| a.field < b.field));
                    assert!(!fields.is_empty() && fields.iter().all(|it| it.before != it.after));
                }
            }
        }
    });
}

#[test]
fn what_was_made_of_another_state_is_refused_and_leaves_nothing() {
    for_many_histories(|dice| {
        let mut state = some_state(dice);
        let mut changes = edit(dice, &mut state, 4);
        for (layer, again) in changes.clone().layers() {
            for (target, change) in again.iter() {
                let before = changes.clone();
                let refused = changes.record(layer, again.fields(), target.clone(), change.clone());
                assert!(refused.is_err(), "nothing happens twice: {change:?}");
                assert_eq!(changes, before);
            }
        }
    });
}
