//! Two sides: what stands, what clashes, and what becomes of it.
use crate::for_many_histories;
use crate::model::{Dice, State, applied, edit, some_state, touched};
use tiepoint_core::{Change, ChangeSet, Clash, Conflict, NamedValues, Rebased, Resolution};

fn nothing_is_unique(_: &str, _: &str) -> bool {
    false
}

struct Sides {
    base: State,
    mine: ChangeSet,
    theirs: ChangeSet,
    mine_on_top: Rebased,
    theirs_on_top: Rebased,
}

fn sides(dice: &mut Dice) -> Sides {
    let base = some_state(dice);
    let [mine, theirs] = [(); 2].map(|()| {
        let edits = dice.roll(8);
        edit(dice, &mut base.clone(), edits)
    });
    let mine_on_top = mine.rebased_over(&theirs, &nothing_is_unique).expect("of one base");
    let theirs_on_top = theirs.rebased_over(&mine, &nothing_is_unique).expect("of one base");
    Sides { base, mine, theirs, mine_on_top, theirs_on_top }
}

#[test]
fn two_sides_meet_or_report_the_same_conflicts() {
    for_many_histories(|dice| {
        let Sides { base, mine, theirs, mine_on_top, theirs_on_top } = sides(dice);
        let here = applied(&applied(&base, &theirs), &mine_on_top.changes);
        let there = applied(&applied(&base, &mine), &theirs_on_top.changes);
        if mine_on_top.conflicts.is_empty() {
            assert_eq!(here, there);
        }
        let mirrored: Vec<_> = theirs_on_top.conflicts.iter().map(Conflict::mirrored).collect();
        assert_eq!(mine_on_top.conflicts, mirrored);
        let twice: Vec<_> = mirrored.iter().map(Conflict::mirrored).collect();
        assert_eq!(theirs_on_top.conflicts, twice);
    });
}

#[test]
fn nothing_of_mine_is_lost_and_nothing_of_theirs_undone() {
    for_many_histories(|dice| {
        let Sides { base, mine, theirs, mine_on_top, .. } = sides(dice);
        let (mine_after, theirs_after) = (applied(&base, &mine), applied(&base, &theirs));
        let after = applied(&theirs_after, &mine_on_top.changes);
        let contested = |key: &(String, _), field: Option<&str>| {
            mine_on_top.conflicts.iter().any(|it| {
                let whole = it.clash.field().is_none() || it.clash.field() == field;
                (&it.layer, &it.target) == (&key.0, &key.1) && whole
            })
        };
        let says = |state: &State, key: &_, field: Option<&String>| {
            let feature = state.get(key).cloned();
            match field {
                Some(field) => feature.map(|it| it.get(field).into_iter().cloned().collect()),
                None => feature.map(|it| it.into_values().collect::<Vec<_>>()),
            }
        };
        for (side, of_side) in [(&mine, &mine_after), (&theirs, &theirs_after)] {
            for (layer, target, field) in touched(side) {
                let key = (layer, target);
                let is_kept =
                    says(&after, &key, field.as_ref()) == says(of_side, &key, field.as_ref());
                assert!(is_kept || contested(&key, field.as_deref()), "{key:?} {field:?}");
            }
        }
        for Conflict { layer, target, clash } in &mine_on_top.conflicts {
            let key = (layer.clone(), target.clone());
            let field = clash.field().map(str::to_owned);
            let kept =
                says(&after, &key, field.as_ref()) == says(&theirs_after, &key, field.as_ref());
            assert!(kept, "theirs stays until somebody decides");
        }
    });
}

#[test]
fn identical_changes_never_conflict() {
    for_many_histories(|dice| {
        let mut state = some_state(dice);
        let mine = edit(dice, &mut state, 8);
        assert_eq!(mine.rebased_over(&mine, &|_, _| true), Ok(Rebased::default()));
    });
}

/// What each side says in full where both inserted, mine's gaps filled with theirs.
fn fill(state: &mut State, conflicts: &[Conflict]) {
    for Conflict { layer, target, clash } in conflicts {
        if let Clash::BothInserted { mine, theirs } = clash {
            let says: NamedValues = theirs.clone().into_iter().chain(mine.clone()).collect();
            state.insert((layer.clone(), target.clone()), says);
        }
    }
}

#[test]
fn mine_on_this_side_is_theirs_on_the_other() {
    for_many_histories(|dice| {
        let Sides { base, mine, theirs, mine_on_top, theirs_on_top } = sides(dice);
        let here = mine_on_top.resolved(|_| Resolution::Mine).expect("can be mine");
        let there = theirs_on_top.resolved(|_| Resolution::Theirs).expect("can be theirs");
        let here = applied(&applied(&base, &theirs), &here);
        let mut there = applied(&applied(&base, &mine), &there);
        fill(&mut there, &mine_on_top.conflicts);
        assert_eq!(here, there);
    });
}

#[test]
fn a_conflict_is_resolved_by_itself_as_with_the_others() {
    for_many_histories(|dice| {
        let Sides { mine_on_top, .. } = sides(dice);
        let value = Resolution::Value("decided".into());
        let choices = [Resolution::Mine, Resolution::Theirs, value];
        let decide = |it: &Conflict| {
            let choices = if it.clash.field().is_some() { 3 } else { 2 };
            choices_of(&it.target, choices)
        };
        let together = mine_on_top.resolved(|it| choices[decide(it)].clone()).expect("are fit");
        let mut in_turn = mine_on_top.changes.clone();
        for conflict in &mine_on_top.conflicts {
            let decided = conflict.resolved(&choices[decide(conflict)]).expect("is fit");
            in_turn = in_turn.then(&decided).expect("conflicts are apart");
        }
        assert_eq!(together, in_turn);
    });
}

fn choices_of(target: &tiepoint_core::Target, sides: usize) -> usize {
    target.to_string().bytes().map(usize::from).sum::<usize>() % sides
}

#[test]
fn a_value_is_no_answer_where_a_whole_feature_is_in_question() {
    for_many_histories(|dice| {
        let Sides { mine_on_top, .. } = sides(dice);
        for conflict in &mine_on_top.conflicts {
            let answer = conflict.resolved(&Resolution::Value("oak".into()));
            assert_eq!(answer.is_ok(), conflict.clash.field().is_some());
        }
    });
}

#[test]
fn sides_of_different_states_are_refused() {
    for_many_histories(|dice| {
        let (mut base, mut other) = (some_state(dice), State::new());
        let (mine, theirs) = (edit(dice, &mut base, 6), edit(dice, &mut other, 6));
        let insert = |changes: &ChangeSet, layer, target| {
            changes.get(layer, target).map(|it| matches!(it, Change::Insert(_)))
        };
        let contradicts = mine.layers().any(|(layer, changes)| {
            changes.iter().any(|(target, _)| {
                let (mine, theirs) = (insert(&mine, layer, target), insert(&theirs, layer, target));
                theirs.is_some() && mine != theirs
            })
        });
        if contradicts {
            assert!(mine.rebased_over(&theirs, &nothing_is_unique).is_err());
        }
    });
}
