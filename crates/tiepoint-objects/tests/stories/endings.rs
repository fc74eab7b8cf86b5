//! Commits and rollbacks: what they leave of a session.
use crate::told::{Told, fid, id};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Reason, Request, Scope, State, What, When};

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
    for (success, editing) in [(true, false), (true, true), (false, true)] {
        let mut told = Told::stable(2).editing();
        let one = told.tie(1);
        told.deleted(1);
        told.step();
        told.hear(Event::CommitStarted);
        told.hear(Event::CommittedRemoved { fids: vec![fid(1)] });
        told.rows.insert(1, Some(id(1)));
        told.hear(Event::CommitEnded { success, editing });
        told.answer();
        assert_eq!(told.tie(1), one);
        assert_eq!(told.state(1), State::Live);
    }
}

#[test]
fn a_row_that_was_not_called_what_the_commit_said_keeps_its_object() {
    for rule in [FidRule::Stable, FidRule::Renumbering] {
        let mut told = Told::new(rule, 2).editing();
        told.added(-2, Some(id(10)));
        told.step();
        let new = told.tie(-2);
        told.hear(Event::CommitStarted);
        told.commit_told(&[], &[(-2, 7)]);
        let carried = told.rows.remove(&7).flatten();
        told.rows.insert(6, carried);
        told.hear(Event::CommitEnded { success: true, editing: true });
        told.answer();
        if told.last.requests == [Request::Read(Scope::All)] {
            told.read();
        }
        assert_eq!((told.tie(6), told.state(10)), (new, State::Live));
    }
}

#[test]
fn a_commit_that_fails_after_it_removed_rows_renumbers_the_others() {
    let mut told = Told::new(FidRule::Renumbering, 3).editing();
    let (two, three) = (told.tie(2), told.tie(3));
    told.deleted(1);
    told.added(-2, Some(id(10)));
    told.step();
    told.hear(Event::CommitStarted);
    told.commit_told(&[1], &[]);
    told.hear(Event::CommitEnded { success: false, editing: true });
    told.rows = [(1, Some(id(2))), (2, Some(id(3))), (-2, Some(id(10)))].into();
    told.answer();
    assert_eq!((told.tie(1), told.tie(2), told.state(1)), (two, three, State::Removed));
    assert_eq!((told.tie(-2), told.state(10)), (told.object(10), State::Pending));
}

#[test]
fn a_row_that_was_replaced_in_a_commit_that_did_nothing_keeps_its_object_behind_a_filter() {
    let mut told = Told::stable(2);
    let one = told.tie(1);
    told.hear(Event::FilterChanged { filtered: true });
    told.rows.remove(&2);
    told.answer();
    let mut told = told.editing();
    told.deleted(1);
    told.added(-2, Some(id(1)));
    told.step();
    told.hear(Event::CommitStarted);
    told.commit_told(&[1], &[(-2, 3)]);
    told.hear(Event::CommitEnded { success: true, editing: true });
    told.rows = [(1, Some(id(1)))].into();
    told.read();
    assert_eq!((told.tie(1), told.state(1), told.state(2)), (one, State::Live, State::Hidden));
}

#[test]
fn a_commit_that_says_that_a_row_has_the_fid_of_another_did_nothing() {
    let mut told = Told::stable(1).editing();
    let one = told.tie(1);
    told.added(-2, Some(id(10)));
    told.step();
    told.hear(Event::CommitStarted);
    told.commit_told(&[], &[(-2, 1)]);
    told.rows = [(1, Some(id(1)))].into();
    told.hear(Event::CommitEnded { success: true, editing: false });
    told.answer();
    assert_eq!((told.tie(1), told.state(10)), (one, State::Removed));
    assert_eq!(told.tracker.debts(When::Later), []);
}

#[test]
fn a_row_that_was_replaced_is_back_after_a_commit_that_failed_and_its_copy_is_deleted() {
    let mut told = Told::stable(2).editing();
    let one = told.tie(1);
    told.deleted(1);
    told.added(-2, Some(id(1)));
    told.step();
    told.deleted(-2);
    told.step();
    told.hear(Event::CommitStarted);
    told.hear(Event::CommittedRemoved { fids: vec![fid(1)] });
    told.rows.insert(1, Some(id(1)));
    told.hear(Event::CommitEnded { success: false, editing: true });
    told.answer();
    assert_eq!((told.tie(1), told.state(1)), (one, State::Live));
}

#[test]
fn rows_are_moved_up_when_editing_ends_for_what_was_committed_before() {
    let mut told = Told::new(FidRule::Renumbering, 3).editing();
    let three = told.tie(3);
    told.deleted(1);
    told.step();
    told.hear(Event::CommitStarted);
    told.commit_told(&[1], &[]);
    told.hear(Event::CommitEnded { success: true, editing: true });
    told.answer();
    told.rolled_back();
    told.rows = [(1, Some(id(2))), (2, Some(id(3)))].into();
    told.answer();
    assert_eq!((told.tie(2), told.state(1)), (three, State::Removed));
}
