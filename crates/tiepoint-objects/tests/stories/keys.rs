//! Natural keys: edited, given up, given back, and said by copies.
use crate::told::{Told, duplicate, fid, id};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Policy, Scope, State};

#[test]
fn a_row_that_gives_way_to_a_stored_one_leaves_it_stored() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 0).editing();
    let mut reading = told.tracker.resync(&Scope::All);
    reading.row(fid(-2), Some(id(1)));
    reading.row(fid(1), Some(id(1)));
    let _ = reading.finish();
    assert_eq!((told.object(1), told.state(1)), (told.tie(1), State::Live));
}

#[test]
fn a_natural_key_that_was_given_up_is_free() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1).editing();
    let one = told.tie(1);
    told.written(1, Some(id(5)));
    told.step();
    told.added(-2, Some(id(1)));
    told.step();
    let new = told.tie(-2);
    assert_eq!((told.object(5), told.object(1)), (one, new));
    told.deleted(-2);
    told.step();
    told.written(1, Some(id(1)));
    told.undone();
    assert_eq!((told.object(1), told.tie(1)), (one, one));
}

#[test]
fn natural_keys_are_what_they_were_after_a_silent_rollback() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.written(1, Some(id(2)));
    told.written(2, Some(id(1)));
    told.step();
    assert_eq!((told.object(2), told.object(1)), (one, two));
    told.rolled_back();
    told.rows = [(1, Some(id(1))), (2, Some(id(2)))].into();
    told.answer();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    assert_eq!((told.object(1), told.object(2)), (one, two));
}

#[test]
fn a_copy_does_not_get_a_key_that_may_be_given_back() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let mut told = told.editing();
    let one = told.tie(1);
    told.written(1, Some(id(9)));
    told.step();
    told.read();
    assert_eq!(told.why(2), duplicate(1));
    told.written(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.object(1)), (one, one));
}

#[test]
fn a_row_that_comes_back_has_its_key_before_a_copy_of_it() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let mut told = told.editing();
    let one = told.tie(1);
    told.deleted(1);
    told.step();
    told.written(2, None);
    told.step();
    told.written(2, Some(id(1)));
    told.added(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.object(1)), (one, one));
}

#[test]
fn a_copy_that_is_one_again_does_not_get_the_key_of_a_row_that_may_come_back() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let mut told = told.editing();
    let one = told.tie(1);
    told.deleted(1);
    told.step();
    told.written(2, None);
    told.step();
    told.written(2, Some(id(1)));
    told.step();
    told.added(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.object(1)), (one, one));
}

#[test]
fn a_row_that_comes_back_as_it_was_gets_nobodys_key() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.written(2, Some(id(1)));
    told.step();
    told.deleted(1);
    told.step();
    told.deleted(2);
    told.step();
    told.added(2, Some(id(1)));
    told.step();
    told.added(1, Some(id(1)));
    told.step();
    assert_eq!((told.tie(1), told.tie(2), told.object(1)), (one, two, one));
}

#[test]
fn a_key_that_went_to_a_new_row_is_back_when_a_transaction_is_undone() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1).in_transaction();
    let one = told.tie(1);
    told.written(1, Some(id(5)));
    told.step();
    told.added(2, Some(id(1)));
    told.step();
    assert_ne!(told.object(1), one);
    told.rolled_back();
    told.rows = [(1, Some(id(1)))].into();
    told.answer();
    assert_eq!((told.object(1), told.tie(1)), (one, one));
}

#[test]
fn a_row_that_says_its_key_again_has_it_before_a_copy_that_was_there_first() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(0, Some(id(1)));
    told.read();
    let mut told = told.in_transaction();
    let one = told.tie(1);
    told.written(1, None);
    told.step();
    told.rolled_back();
    told.rows.insert(1, Some(id(1)));
    told.answer();
    assert_eq!((told.tie(1), told.object(1)), (one, one));
}

#[test]
fn a_row_that_a_transaction_brings_back_with_its_former_key_is_the_same() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1).in_transaction();
    let one = told.tie(1);
    told.written(1, Some(id(5)));
    told.deleted(1);
    told.added(2, Some(id(5)));
    told.step();
    assert_eq!(told.tie(2), one);
    told.deleted(2);
    told.added(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.object(1), told.state(1)), (one, one, State::Live));
}

#[test]
fn a_copy_that_got_an_object_in_a_transaction_keeps_it_when_that_is_undone() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let mut told = told.in_transaction();
    told.deleted(1);
    told.step();
    told.commit(&[], &[]);
    let mut told = told.in_transaction();
    told.written(2, None);
    told.step();
    let two = told.tie(2);
    told.rolled_back();
    told.rows.insert(2, Some(id(1)));
    told.answer();
    assert_eq!((told.tie(2), told.state(1)), (two, State::Removed));
}

#[test]
fn keys_that_were_swapped_in_the_command_that_deleted_a_row_are_back_with_it() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 2).in_transaction();
    let (one, two) = (told.tie(1), told.tie(2));
    told.written(1, Some(id(2)));
    told.written(2, Some(id(1)));
    told.deleted(1);
    told.step();
    told.added(1, Some(id(1)));
    told.written(2, Some(id(2)));
    told.written(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    assert_eq!((told.object(1), told.object(2)), (one, two));
}

#[test]
fn a_row_that_dies_takes_no_key_from_one_that_may_return() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1).editing();
    let one = told.tie(1);
    told.deleted(1);
    told.added(-2, Some(id(1)));
    told.added(-3, Some(id(7)));
    told.step();
    let part = told.tie(-3);
    told.written(-3, Some(id(1)));
    told.deleted(-3);
    told.deleted(-2);
    // It is back, and gone again before anybody could look.
    told.hear(Event::Added { fid: fid(1) });
    told.undone();
    told.hear(Event::Absent { fid: fid(1) });
    told.step();
    assert_eq!((told.object(1), told.object(7)), (one, part));
    told.added(-2, Some(id(1)));
    told.added(-3, Some(id(7)));
    told.step();
    assert_eq!((told.tie(-2), told.tie(-3)), (one, part));
}

#[test]
fn keys_that_a_failed_commit_wrote_are_kept_by_who_had_them_written() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.written(1, Some(id(2)));
    told.written(2, Some(id(1)));
    told.step();
    told.hear(Event::CommitStarted);
    // The keys are in the store when it refuses another row.
    told.written(2, Some(id(2)));
    told.written(1, Some(id(1)));
    told.undone();
    told.rolled_back();
    told.rows = [(1, Some(id(2))), (2, Some(id(1)))].into();
    told.answer();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
    assert_eq!((told.object(2), told.object(1)), (one, two));
}

#[test]
fn a_row_that_dies_takes_no_key_from_one_to_which_it_is_given_back() {
    let mut told = Told::by(Policy::natural_key(FidRule::Renumbering), 1).editing();
    let one = told.tie(1);
    told.added(-2, Some(id(7)));
    told.step();
    told.written(-2, Some(id(1)));
    told.written(1, Some(id(7)));
    told.step();
    // All is undone in one step, and the copy says whose it was before it goes.
    told.written(-2, Some(id(7)));
    told.written(-2, Some(id(1)));
    told.deleted(-2);
    told.written(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.object(1)), (one, one));
}
