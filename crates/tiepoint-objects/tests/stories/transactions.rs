//! Transactions: fids given again, and rows that come back under others.
use crate::told::{Told, duplicate, fid, id};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Policy, Scope, State, When};

#[test]
fn a_transaction_gives_the_fid_of_a_deleted_row_within_the_step() {
    let mut told = Told::stable(3).in_transaction();
    let three = told.tie(3);
    told.deleted(3);
    told.hear(Event::Added { fid: fid(3) });
    told.step();
    assert_eq!(told.tracker.unread(), [fid(3)], "it is looked at");
    told.hear(Event::Seen { fid: fid(3), id: Some(id(10)) });
    told.step();
    assert_ne!(told.tie(3), three);
    assert_eq!(told.state(3), State::Deleted);
}

#[test]
fn a_transaction_brings_a_row_back_under_another_fid_than_it_says() {
    let mut told = Told::new(FidRule::Ephemeral, 3).in_transaction();
    let two = told.tie(2);
    told.deleted(2);
    told.step();
    told.hear(Event::Added { fid: fid(2) });
    told.step();
    told.hear(Event::Absent { fid: fid(2) });
    told.step();
    assert!(told.asks_for_all());
    told.rows.insert(12, Some(id(2)));
    told.answer();
    assert_eq!((told.tie(12), told.state(2)), (two, State::Live));
}

#[test]
fn a_stored_row_without_a_tie_is_stored_when_a_transaction_brings_it_back() {
    let mut told = Told::stable(1);
    told.rows.insert(2, None);
    told.read();
    let mut told = told.in_transaction();
    told.deleted(2);
    told.step();
    told.added(2, None);
    told.step();
    assert_eq!(told.tracker.state(told.tie(2)), State::Live);
}

#[test]
fn a_row_without_an_id_is_known_by_its_fid_when_a_transaction_is_undone() {
    let mut told = Told::stable(2);
    let two = told.tie(2);
    told.rows.insert(2, None);
    told.read();
    let mut told = told.in_transaction();
    told.write(When::Later);
    told.deleted(2);
    told.added(3, Some(id(2)));
    told.step();
    assert_eq!(told.tie(3), two);
    told.rolled_back();
    told.rows = [(1, Some(id(1))), (2, None)].into();
    told.answer();
    assert_eq!(told.tie(2), two);
}

#[test]
fn all_rows_are_remembered_that_had_one_fid_in_a_transaction() {
    let mut told = Told::stable(1).in_transaction();
    told.added(2, Some(id(1)));
    told.step();
    let fork = told.tie(2);
    for number in [10, 11] {
        told.deleted(2);
        told.step();
        told.added(2, Some(id(number)));
        told.step();
    }
    told.deleted(2);
    told.step();
    told.added(2, Some(id(1)));
    told.step();
    assert_eq!(told.tie(2), fork);
}

#[test]
fn a_row_is_known_by_what_it_came_with_where_a_transaction_gives_fids_again() {
    let mut told = Told::stable(1).in_transaction();
    told.added(2, Some(id(1)));
    told.step();
    let fork = told.tie(2);
    told.deleted(2);
    told.step();
    told.added(2, Some(id(10)));
    told.deleted(1);
    told.written(2, Some(id(1)));
    told.step();
    assert_ne!(told.tie(2), fork);
}

#[test]
fn a_transaction_gives_the_fid_of_an_undone_copy_to_what_takes_its_originals_place() {
    let mut told = Told::stable(2).in_transaction();
    let one = told.tie(1);
    told.added(3, Some(id(1)));
    told.step();
    let copy = told.tie(3);
    told.deleted(3);
    told.step();
    told.deleted(1);
    told.deleted(2);
    told.added(3, Some(id(1)));
    told.step();
    assert_eq!(told.tie(3), one);
    assert_ne!(one, copy);
}

#[test]
fn nothing_is_owed_to_a_row_to_which_a_transaction_gave_the_fid_of_a_debtor() {
    let mut told = Told::stable(1).in_transaction();
    told.added(2, Some(id(10)));
    told.step();
    told.written(2, Some(id(9)));
    told.step();
    told.deleted(2);
    told.hear(Event::Added { fid: fid(2) });
    told.step();
    assert_eq!(told.tracker.debts(When::Later), []);
}

#[test]
fn a_copy_that_a_transaction_reads_after_its_original_went_in_another_is_stored() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let mut told = told.in_transaction();
    told.deleted(1);
    told.step();
    told.commit(&[], &[]);
    let mut told = told.in_transaction();
    told.read();
    assert_eq!((told.object(1), told.state(1)), (told.tie(2), State::Live));
}

#[test]
fn a_copy_that_a_transaction_added_waits_for_its_commit_when_it_gets_an_object() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1).in_transaction();
    told.added(2, Some(id(1)));
    told.step();
    told.written(2, Some(id(9)));
    told.step();
    assert_eq!((told.object(9), told.state(9)), (told.tie(2), State::Pending));
}

#[test]
fn a_copy_that_a_transaction_brings_back_is_one_still() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1).in_transaction();
    let one = told.tie(1);
    told.added(2, Some(id(1)));
    told.step();
    told.deleted(1);
    told.step();
    told.deleted(2);
    told.step();
    told.added(2, Some(id(1)));
    told.step();
    assert_eq!(told.why(2), duplicate(1));
    told.added(1, Some(id(1)));
    told.undone();
    assert_eq!((told.tie(1), told.object(1)), (one, one));
}

#[test]
fn of_rows_that_a_transaction_reads_the_first_has_the_id_when_it_is_undone() {
    let mut told = Told::stable(0).in_transaction();
    told.rows = [(1, Some(id(1))), (2, Some(id(1)))].into();
    let mut reading = told.tracker.resync(&Scope::All);
    reading.row(fid(2), Some(id(1)));
    reading.row(fid(1), Some(id(1)));
    let _ = reading.finish();
    assert_eq!((told.object(1), told.why(2)), (told.tie(1), duplicate(1)));
    told.rolled_back();
    told.answer();
    assert_eq!((told.object(1), told.why(2)), (told.tie(1), duplicate(1)));
}

#[test]
fn a_copy_is_one_still_when_a_transaction_that_deleted_it_is_undone() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 1);
    told.rows.insert(0, Some(id(1)));
    told.read();
    told.rows.insert(1, None);
    told.read();
    let one = told.tie(1);
    let rows = told.rows.clone();
    let mut told = told.in_transaction();
    told.deleted(0);
    told.deleted(1);
    told.step();
    told.added(3, Some(id(1)));
    told.step();
    assert_eq!(told.tie(3), one);
    told.rolled_back();
    told.rows = rows;
    told.answer();
    assert_eq!((told.tie(1), told.why(0)), (one, duplicate(1)));
}

#[test]
fn a_row_that_an_undo_brings_back_is_the_same_though_a_new_one_came_before_it_was_looked_at() {
    let mut told = Told::stable(1).in_transaction();
    told.added(2, Some(id(1)));
    told.step();
    let copy = told.tie(2);
    told.deleted(2);
    told.step();
    told.hear(Event::Added { fid: fid(2) });
    told.step();
    told.hear(Event::Added { fid: fid(3) });
    told.hear(Event::DoneAnew);
    told.step();
    told.hear(Event::Seen { fid: fid(2), id: Some(id(1)) });
    told.hear(Event::Seen { fid: fid(3), id: Some(id(10)) });
    told.step();
    assert_eq!((told.tie(2), told.tie(3)), (copy, told.object(10)));
}

#[test]
fn a_row_is_back_by_an_undo_after_a_new_step_that_did_nothing_to_rows() {
    let mut told = Told::stable(2).in_transaction();
    let one = told.tie(1);
    told.written(1, Some(id(2)));
    told.step();
    told.deleted(1);
    told.step();
    told.hear(Event::DoneAnew);
    told.step();
    told.added(1, Some(id(2)));
    told.step();
    assert_eq!(told.tie(1), one);
}

#[test]
fn an_undo_in_a_transaction_brings_back_more_than_is_told() {
    let mut told = Told::stable(3).in_transaction();
    let two = told.tie(2);
    told.deleted(2);
    told.hear(Event::DoneAnew);
    told.step();
    told.changed(3);
    told.hear(Event::DoneAnew);
    told.step();
    told.rows.insert(2, Some(id(2)));
    told.changed(3);
    told.step();
    told.answer();
    assert_eq!((told.tie(2), told.state(2)), (two, State::Live));
}
