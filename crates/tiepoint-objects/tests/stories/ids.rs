//! Pitfalls around ids.
use crate::told::{Told, id};
use tiepoint_core::{FidRule, ObjectId};
use tiepoint_objects::{Duplicates, Event, Owing, Policy, Reason, State, What, When};

fn forks(told: &Told, of: u8) -> usize {
    let is_fork = |what: &What| *what == What::Forked { from: id(of) };
    told.last.transitions.iter().filter(|it| is_fork(&it.what)).count()
}

#[test]
fn p15_the_part_of_a_split_carries_the_id_of_the_whole() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.changed(1);
    told.step();
    told.added(-2, Some(id(1)));
    told.step();
    assert_eq!((forks(&told, 1), told.tie(1)), (1, one));
    let part = told.tie(-2);
    told.write(When::Later);
    assert_eq!(told.rows[&-2], Some(told.tracker.id(part)));
    told.written(-2, Some(id(1)));
    told.step();
    assert!(told.tracker.debts(When::Later).is_empty(), "what was undone is not done again");
    assert_eq!(told.tracker.debts(When::BeforeCommit).len(), 1);
    assert_eq!((told.tie(1), told.tie(-2)), (one, part));
}

#[test]
fn p15_by_policy_a_copy_is_told_of_and_left_alone() {
    let policy = Policy { duplicates: Duplicates::Report, ..Policy::column(FidRule::Stable) };
    let mut told = Told::by(policy, 1).editing();
    told.added(-2, Some(id(1)));
    told.step();
    assert_eq!(told.last.duplicates.len(), 1);
    assert_eq!(told.why(-2), Reason::Duplicate { of: id(1) });
}

#[test]
fn p16_copies_carry_the_id_of_their_original() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.deleted(1);
    told.added(-2, Some(id(1)));
    told.added(-3, Some(id(1)));
    told.step();
    assert_eq!((told.tie(-2), forks(&told, 1)), (one, 1));
}

#[test]
fn p17_every_edit_rewrites_the_id() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.changed(1);
    told.written(1, Some(id(77)));
    told.step();
    assert_eq!(told.tie(1), one);
    assert_eq!(told.tracker.debts(When::Later)[0].owing, Owing::Rewritten);
    assert_eq!(told.feature(1, 77), Ok(one));
}

#[test]
fn p18_what_is_cut_comes_again_elsewhere() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.deleted(1);
    told.step();
    assert_eq!(told.state(1), State::Deleted);
    told.added(-2, Some(id(1)));
    told.step();
    assert_eq!((told.tie(-2), told.state(1)), (one, State::Pending));
    told.deleted(-2);
    told.step();
    told.added(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.state(1)), (one, State::Live));
}

#[test]
fn p19_a_merge_writes_the_id_of_the_one_that_goes_into_the_one_that_stays() {
    let mut told = Told::stable(2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.deleted(2);
    told.written(1, Some(id(2)));
    told.step();
    assert_eq!((told.tie(1), told.tracker.state(two)), (one, State::Deleted));
    told.written(1, Some(id(1)));
    told.added(2, Some(id(2)));
    told.undone();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    assert!(told.tracker.debts(When::BeforeCommit).is_empty());
}

#[test]
fn p20_two_ids_are_swapped() {
    let mut told = Told::stable(2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.written(1, Some(id(2)));
    told.written(2, Some(id(1)));
    told.step();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    told.write(When::Later);
    assert_eq!((told.rows[&1], told.rows[&2]), (Some(id(1)), Some(id(2))));
}

#[test]
fn p21_an_id_is_null_or_junk() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.written(1, None);
    told.step();
    assert_eq!(told.tie(1), one);
    told.added(-2, None);
    told.step();
    let new = told.tie(-2);
    told.write(When::Later);
    assert_eq!(told.rows[&1], Some(id(1)));
    assert_eq!(told.rows[&-2], Some(told.tracker.id(new)));
}

#[test]
fn p22_an_id_is_written_in_many_ways() {
    let plain: ObjectId = "0000000a-0000-4000-8000-00000000000a".parse().expect("a UUID");
    for text in ["{0000000A-0000-4000-8000-00000000000A}", "0000000A00004000800000000000000A"] {
        assert_eq!(text.parse::<ObjectId>().expect("a UUID"), plain);
    }
}

#[test]
fn p23_the_server_gives_the_id() {
    let mut told = Told::stable(1).editing();
    for number in [-2, -3] {
        // The payload is the text of the default clause, the same for all.
        told.added(number, None);
        told.step();
    }
    let (two, three) = (told.tie(-2), told.tie(-3));
    told.hear(Event::CommitStarted);
    told.commit_told(&[], &[(-2, 2), (-3, 3)]);
    told.hear(Event::CommitEnded { success: true, editing: false });
    told.rows.extend([(2, Some(id(50))), (3, Some(id(51)))]);
    told.answer();
    assert_eq!((told.object(50), told.object(51)), (two, three));
    assert_eq!((told.tie(2), told.tie(3)), (two, three));
}

#[test]
fn p25_a_row_is_overwritten_with_all_of_another() {
    let mut told = Told::stable(2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.changed(2);
    told.written(2, Some(id(1)));
    told.step();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    assert_eq!(told.tracker.debts(When::BeforeCommit)[0].id, id(2));
}

#[test]
fn p26_the_identity_field_is_deleted_and_comes_back() {
    let mut told = Told::stable(2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.hear(Event::FieldsChanged { identity: false });
    told.changed(1);
    told.step();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    assert!(told.tracker.debts(When::BeforeCommit).is_empty());
    told.hear(Event::FieldsChanged { identity: true });
    told.answer();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
}
