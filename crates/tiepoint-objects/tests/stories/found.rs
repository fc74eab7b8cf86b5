//! What the model found, each in the few lines to which it shrank.
use crate::told::{Told, fid, id};
use tiepoint_core::FidRule;
use tiepoint_objects::{
    Duplicates, Event, Owing, Policy, Reason, Request, Rewritten, Scope, State, What, When,
};

fn reporting() -> Policy {
    Policy { duplicates: Duplicates::Report, ..Policy::column(FidRule::Stable) }
}

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
fn a_row_is_remembered_whose_object_went_elsewhere() {
    let mut told = Told::stable(2).editing();
    let one = told.tie(1);
    told.written(1, None);
    told.step();
    told.deleted(1);
    told.step();
    told.added(-2, Some(id(1)));
    told.step();
    assert_eq!(told.tie(-2), one);
    told.deleted(-2);
    told.step();
    told.added(1, None);
    told.step();
    assert_eq!(told.tie(1), one);
}

#[test]
fn rows_that_are_remembered_come_before_copies() {
    let mut told = Told::stable(1).editing();
    told.added(-3, Some(id(10)));
    told.step();
    let ten = told.tie(-3);
    told.deleted(-3);
    told.step();
    told.added(-2, Some(id(10)));
    told.hear(Event::Added { fid: fid(-3) });
    told.step();
    assert_eq!(told.tie(-3), ten);
    assert_ne!(told.tie(-2), ten);
}

#[test]
fn a_copy_that_was_there_does_not_take_what_an_undo_may_bring_back() {
    let mut told = Told::by(reporting(), 2).editing();
    let one = told.tie(1);
    told.added(-2, Some(id(1)));
    told.step();
    told.deleted(1);
    told.written(-2, Some(id(1)));
    told.step();
    told.read();
    told.deleted(-2);
    told.step();
    told.added(-2, Some(id(1)));
    told.step();
    assert_eq!(told.why(-2), Reason::Duplicate { of: id(1) });
    told.added(1, Some(id(1)));
    told.step();
    assert_eq!(told.tie(1), one);
}

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
fn a_row_that_gives_way_to_a_stored_one_leaves_it_stored() {
    let mut told = Told::by(Policy::natural_key(FidRule::Stable), 0).editing();
    let mut reading = told.tracker.resync(&Scope::All);
    reading.row(fid(-2), Some(id(1)));
    reading.row(fid(1), Some(id(1)));
    let _ = reading.finish();
    assert_eq!((told.object(1), told.state(1)), (told.tie(1), State::Live));
}

#[test]
fn a_rollback_ends_what_a_session_had_to_do_with() {
    let mut told = Told::stable(2).editing();
    told.deleted(1);
    told.step();
    told.rolled_back();
    told.rows.insert(1, Some(id(1)));
    told.answer();
    let mut told = told.editing();
    told.changed(1);
    told.step();
    told.commit(&[], &[]);
    assert!(!told.tracker.is_at_risk(told.tie(1)), "its change is committed");
}

#[test]
fn what_was_written_before_a_row_went_is_known_when_it_is_back() {
    let mut told = Told::stable(1).editing();
    told.added(-2, Some(id(1)));
    told.step();
    let copy = told.tie(-2);
    told.written(-2, Some(id(5)));
    told.step();
    told.written(-2, Some(id(1)));
    told.deleted(-2);
    told.step();
    told.hear(Event::Added { fid: fid(-2) });
    told.step();
    assert_eq!(told.feature(-2, 1), Ok(copy));
}

#[test]
fn a_pasted_row_carries_its_id_whatever_the_cut_one_carried() {
    let mut told = Told::by(reporting(), 2).editing();
    let one = told.tie(1);
    told.written(1, Some(id(9)));
    told.step();
    told.deleted(1);
    told.step();
    told.added(-2, Some(id(1)));
    told.step();
    assert_eq!(told.tie(-2), one);
    assert!(told.tracker.debts(When::BeforeCommit).is_empty());
    told.read();
    assert_eq!(told.tie(-2), one);
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

fn duplicate(of: u8) -> Reason {
    Reason::Duplicate { of: id(of) }
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
fn a_failed_commit_moves_rows_where_fids_are_ephemeral() {
    let mut told = Told::new(FidRule::Ephemeral, 2).editing();
    let one = told.tie(1);
    told.hear(Event::CommitStarted);
    told.hear(Event::CommitEnded { success: false, editing: true });
    told.rows = [(2, Some(id(2))), (6, Some(id(1)))].into();
    told.answer();
    assert_eq!(told.tie(6), one);
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
fn a_row_that_others_removed_in_a_session_is_gone_after_its_rollback() {
    let mut told = Told::new(FidRule::Renumbering, 2).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    told.rows = [(1, Some(id(2)))].into();
    told.read();
    assert_eq!((told.tie(1), told.tracker.state(one)), (two, State::Deleted));
    told.rolled_back();
    told.answer();
    assert_eq!((told.tie(1), told.tracker.state(one)), (two, State::Removed));
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
fn what_is_seen_within_a_commit_is_not_of_the_row_that_had_the_fid() {
    let mut told = Told::new(FidRule::Renumbering, 4).editing();
    let four = told.tie(4);
    told.deleted(1);
    told.added(-2, Some(id(10)));
    told.step();
    told.hear(Event::CommitStarted);
    told.commit_told(&[1], &[(-2, 4)]);
    told.hear(Event::Seen { fid: fid(4), id: Some(id(10)) });
    told.hear(Event::CommitEnded { success: true, editing: false });
    let is_rewritten = |what: What| matches!(what, What::Rewritten { .. });
    assert!(!told.last.transitions.iter().any(|it| is_rewritten(it.what)));
    told.rows = [(1, Some(id(2))), (2, Some(id(3))), (3, Some(id(4))), (4, Some(id(10)))].into();
    told.answer();
    assert_eq!((told.tie(3), told.feature(3, 4)), (four, Ok(four)));
}

#[test]
fn a_new_row_is_owed_its_id_whatever_is_written_into_it() {
    let policy = Policy { rewritten: Rewritten::Report, ..Policy::column(FidRule::Stable) };
    let mut told = Told::by(policy, 1).editing();
    told.added(-2, None);
    told.step();
    told.written(-2, Some(id(1)));
    told.written(1, Some(id(9)));
    told.step();
    let debts = told.tracker.debts(When::BeforeCommit);
    assert_eq!((debts.len(), debts[0].owing), (1, Owing::New));
}

#[test]
fn what_a_row_said_before_is_forgotten_with_the_session() {
    let mut told = Told::stable(1).editing();
    told.written(1, Some(id(9)));
    told.step();
    told.write(When::Later);
    assert_eq!(told.feature(1, 9), Ok(told.tie(1)));
    told.commit(&[], &[]);
    told.answer();
    assert_eq!(told.feature(1, 9), Err(Reason::Unknown));
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
fn a_new_row_that_is_deleted_is_at_risk_until_it_cannot_return() {
    let mut told = Told::stable(0).editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.deleted(-2);
    told.step();
    assert!(told.tracker.is_at_risk(ten));
    told.rolled_back();
    assert!(!told.tracker.is_at_risk(ten));
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
fn of_steps_that_are_judged_together_the_first_gives_ids_first() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.deleted(1);
    told.hear(Event::Added { fid: fid(-2) });
    told.added(-3, Some(id(1)));
    told.written(-3, Some(id(1)));
    told.step();
    told.added(-4, Some(id(1)));
    told.hear(Event::Seen { fid: fid(-2), id: Some(id(10)) });
    told.step();
    assert_eq!(told.tie(-3), one);
}

#[test]
fn a_row_without_a_tie_has_none_when_it_is_back_without_its_id() {
    let mut told = Told::by(reporting(), 1);
    told.rows.insert(2, Some(id(1)));
    told.read();
    let mut told = told.editing();
    told.hear(Event::FieldsChanged { identity: false });
    told.deleted(2);
    told.step();
    told.hear(Event::Added { fid: fid(2) });
    told.step();
    assert_eq!(told.why(2), Reason::Unknown);
    told.rows.insert(2, Some(id(1)));
    told.hear(Event::FieldsChanged { identity: true });
    told.answer();
    assert_eq!(told.why(2), duplicate(1));
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
fn a_commit_that_did_not_do_what_it_said_has_all_rows_read() {
    let mut told = Told::stable(2).editing();
    told.deleted(1);
    told.added(-2, Some(id(10)));
    told.step();
    told.hear(Event::CommitStarted);
    told.hear(Event::CommittedRemoved { fids: vec![fid(1)] });
    told.hear(Event::CommittedAdded { fids: vec![fid(3)] });
    told.hear(Event::Renumbered { from: fid(-2), to: fid(3) });
    told.hear(Event::CommitEnded { success: true, editing: false });
    let verdict = told.tracker.resync(&Scope::Fids(vec![fid(3)])).finish();
    assert_eq!(verdict.requests, [Request::Read(Scope::All)]);
}

#[test]
fn a_row_that_a_commit_said_it_removed_and_did_not_keeps_its_object() {
    for editing in [false, true] {
        let mut told = Told::stable(2).editing();
        let one = told.tie(1);
        told.deleted(1);
        told.step();
        told.hear(Event::CommitStarted);
        told.hear(Event::CommittedRemoved { fids: vec![fid(1)] });
        told.rows.insert(1, Some(id(1)));
        told.hear(Event::CommitEnded { success: true, editing });
        told.answer();
        assert_eq!(told.tie(1), one);
        assert_eq!(told.state(1), State::Live);
    }
}
