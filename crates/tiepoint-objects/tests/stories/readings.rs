//! Readings: what is found of rows that filters hid, that others wrote, or that were read in the middle of
//! something.
use crate::told::{Told, duplicate, fid, id, reporting};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Reason, Scope, State, When};

#[test]
fn a_reading_leaves_the_step_that_is_open() {
    let mut told = Told::stable(1).editing();
    told.added(-2, Some(id(1)));
    told.read();
    told.step();
    assert_ne!(told.tie(-2), told.object(1));
    assert_eq!(told.tracker.debts(When::Later).len(), 1);
}

#[test]
fn of_rows_that_wait_the_one_that_came_first_has_the_id() {
    let mut told = Told::stable(0).editing();
    told.rows = [(-3, Some(id(7))), (-2, Some(id(7))), (3, Some(id(8))), (-4, Some(id(8)))].into();
    told.read();
    assert_eq!((told.object(7), told.object(8)), (told.tie(-2), told.tie(3)));
    assert_eq!(told.why(-3), Reason::Duplicate { of: id(7) });
}

#[test]
fn a_copy_of_a_hidden_row_is_a_copy_where_fids_shift() {
    let mut told = Told::new(FidRule::Renumbering, 2);
    let two = told.tie(2);
    told.rows.remove(&2);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    let mut told = told.editing();
    told.added(-2, Some(id(2)));
    told.step();
    assert_ne!(told.tie(-2), two);
    assert_eq!(told.state(2), State::Hidden);
}

#[test]
fn a_copy_does_not_take_the_object_of_a_row_that_the_filter_hides_now() {
    let mut told = Told::by(reporting(), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let one = told.object(1);
    told.rows.remove(&1);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    assert_eq!((told.tracker.state(one), told.why(2)), (State::Hidden, duplicate(1)));
}

#[test]
fn ids_that_were_lost_outside_are_known_by_fid_behind_a_filter() {
    let mut told = Told::stable(2);
    let two = told.tie(2);
    told.rows.remove(&2);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    told.rows = [(1, None), (2, None)].into();
    told.hear(Event::FilterChanged { filtered: false });
    told.answer();
    assert_eq!(told.tie(2), two);
}

#[test]
fn reading_some_rows_moves_nobody_elses_object() {
    let mut told = Told::by(reporting(), 2);
    let one = told.tie(1);
    told.rows.insert(3, Some(id(1)));
    let mut reading = told.tracker.resync(&Scope::Fids(vec![fid(3)]));
    reading.row(fid(3), Some(id(1)));
    let _ = reading.finish();
    assert_eq!((told.tie(1), told.why(3)), (one, duplicate(1)));
}

#[test]
fn a_row_that_is_read_from_the_store_is_stored() {
    let mut told = Told::stable(1).editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    // It was committed, and nobody said so.
    told.rows.remove(&-2);
    told.rows.insert(2, Some(id(10)));
    told.read();
    assert_eq!((told.tie(2), told.state(10)), (ten, State::Live));
    told.deleted(2);
    told.step();
    told.hear(Event::LayerGone);
    assert_eq!(told.state(10), State::Detached);
}

#[test]
fn a_row_that_gets_its_id_from_the_store_behind_a_filter_is_known_when_it_shows() {
    let mut told = Told::stable(2);
    told.rows.remove(&1);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    let mut told = told.editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.commit(&[], &[(-2, 3)]);
    told.rows.remove(&3);
    told.answer();
    assert_eq!(told.state(10), State::Hidden);
    told.rows = [(1, Some(id(1))), (2, Some(id(2))), (3, Some(id(20)))].into();
    told.hear(Event::FilterChanged { filtered: false });
    told.answer();
    assert_eq!((told.tie(3), told.object(20), told.state(20)), (ten, ten, State::Live));
}

#[test]
fn what_a_row_said_in_a_session_that_broke_off_is_not_taken_for_it() {
    let mut told = Told::new(FidRule::Renumbering, 4).editing();
    let four = told.tie(4);
    told.written(3, Some(id(4)));
    told.step();
    told.hear(Event::LayerGone);
    told.rows.insert(3, Some(id(3)));
    told.hear(Event::LayerReturned);
    told.answer();
    // Others removed a row, and nobody said so: the fourth is called as the third was.
    assert_eq!(told.feature(3, 4), Ok(four));
}

#[test]
fn what_an_open_command_wrote_is_left_to_it_when_rows_are_read() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.written(1, Some(id(9)));
    told.read();
    assert_eq!(told.tie(1), one);
    told.step();
    assert_eq!((told.tie(1), told.feature(1, 9)), (one, Ok(one)));
}

#[test]
fn a_copy_is_one_still_when_its_original_lost_its_id() {
    let mut told = Told::by(reporting(), 1);
    told.rows.insert(0, Some(id(1)));
    told.read();
    let one = told.tie(1);
    told.rows.insert(1, None);
    told.read();
    assert_eq!((told.tie(1), told.why(0)), (one, duplicate(1)));
}

#[test]
fn a_row_that_an_open_command_changed_is_read_for_what_it_says() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.changed(1);
    told.rows.insert(1, None);
    told.read();
    told.step();
    let found = told.tracker.by_feature(Some(&fid(1)), None);
    assert_eq!(found, Ok(one));
}

#[test]
fn a_row_that_the_filter_hides_with_pending_edits_is_at_risk_until_they_are_settled() {
    let mut told = Told::stable(2).editing();
    let two = told.tie(2);
    told.changed(2);
    told.step();
    told.rows.remove(&2);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    assert_eq!(told.state(2), State::Hidden);
    assert!(told.tracker.is_at_risk(two));
    told.commit(&[], &[]);
    assert!(!told.tracker.is_at_risk(two));
    assert_eq!(told.state(2), State::Hidden);
}

#[test]
fn a_row_that_an_undo_brings_back_behind_the_filter_is_hidden() {
    let mut told = Told::stable(2).editing();
    told.deleted(2);
    told.step();
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    told.hear(Event::Added { fid: fid(2) });
    told.undone();
    assert_eq!(told.tracker.unread(), [fid(2)], "it is looked for");
    told.hear(Event::Absent { fid: fid(2) });
    told.undone();
    assert_eq!(told.state(2), State::Hidden);
}

#[test]
fn a_row_that_was_cut_and_pasted_is_hidden_when_an_undo_brings_it_back_behind_the_filter() {
    let mut told = Told::stable(2).editing();
    told.deleted(2);
    told.added(-2, Some(id(2)));
    told.step();
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    told.deleted(-2);
    told.hear(Event::Added { fid: fid(2) });
    told.undone();
    told.hear(Event::Absent { fid: fid(2) });
    told.undone();
    assert_eq!(told.state(2), State::Hidden);
    told.commit(&[], &[]);
    assert_eq!(told.state(2), State::Hidden);
}

#[test]
fn a_row_that_is_deleted_behind_the_filter_is_deleted() {
    let mut told = Told::stable(2).editing();
    told.hear(Event::FilterChanged { filtered: true });
    told.rows.remove(&2);
    told.answer();
    told.deleted(2);
    told.step();
    assert_eq!(told.state(2), State::Deleted);
}

#[test]
fn what_an_undo_writes_behind_the_filter_is_known_when_the_row_shows() {
    let mut told = Told::by(reporting(), 2).editing();
    let two = told.tie(2);
    told.written(2, Some(id(1)));
    told.step();
    let all = told.rows.clone();
    told.rows.remove(&2);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    told.hear(Event::IdentityWritten { fid: fid(2), id: Some(id(9)) });
    told.step();
    told.rows = all;
    told.rows.insert(2, Some(id(9)));
    told.hear(Event::FilterChanged { filtered: false });
    told.answer();
    assert_eq!((told.tie(2), told.feature(2, 9)), (two, Ok(two)));
}
