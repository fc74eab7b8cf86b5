//! Pitfalls around signals.
use crate::told::{Told, fid, id};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Reason, State, When};

#[test]
fn p28_a_rollback_with_an_open_command_says_nothing() {
    let mut told = Told::stable(3).editing();
    let three = told.tie(3);
    let rows = told.rows.clone();
    told.deleted(3);
    told.step();
    told.added(-2, Some(id(3)));
    told.added(-3, Some(id(10)));
    told.rolled_back();
    told.rows = rows;
    told.answer();
    assert_eq!(told.tie(3), three);
    assert_eq!(told.state(10), State::Removed);
    assert_eq!(told.tracker.iter().count(), 3);
}

#[test]
fn p29_a_commit_within_an_open_command() {
    let mut told = Told::stable(2).editing();
    told.added(-2, Some(id(10)));
    told.deleted(1);
    told.commit(&[1], &[(-2, 3)]);
    told.answer();
    assert_eq!((told.object(10), told.state(1)), (told.tie(3), State::Removed));
}

#[test]
fn p30_an_undo_says_that_rows_are_back_which_a_failed_commit_removed() {
    let mut told = Told::stable(3).editing();
    told.deleted(3);
    told.step();
    told.added(-2, Some(id(10)));
    told.step();
    told.hear(Event::CommitStarted);
    told.commit_told(&[3], &[]);
    told.hear(Event::CommitEnded { success: false, editing: true });
    assert_eq!(told.state(3), State::Removed);
    told.deleted(-2);
    told.step();
    told.hear(Event::Added { fid: fid(3) });
    told.undone();
    assert_eq!((told.state(3), told.state(10)), (State::Removed, State::Deleted));
    assert!(told.tracker.unread().is_empty());
}

#[test]
fn p32_rows_show_twice_within_a_commit() {
    let mut told = Told::stable(1).editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.hear(Event::CommitStarted);
    told.hear(Event::CommittedAdded { fids: vec![fid(2)] });
    told.hear(Event::Seen { fid: fid(2), id: Some(id(10)) });
    assert_eq!(told.tracker.by_id(&id(10)), Ok(ten));
    told.commit_told(&[], &[(-2, 2)]);
    told.hear(Event::CommitEnded { success: true, editing: false });
    told.answer();
    assert_eq!(told.tie(2), ten);
    assert_eq!(told.feature(-2, 10), Ok(ten), "one that was read before is still good");
}

#[test]
fn p33_nothing_is_said_of_what_others_do() {
    let mut told = Told::stable(3);
    let (one, three) = (told.tie(1), told.tie(3));
    told.rows = [(1, Some(id(1))), (3, Some(id(3))), (4, Some(id(4)))].into();
    told.read();
    assert_eq!((told.tie(1), told.tie(3)), (one, three));
    assert_eq!((told.state(2), told.state(4)), (State::Removed, State::Live));
    told.read();
    assert!(told.last.transitions.is_empty() && told.last.duplicates.is_empty());
}

#[test]
fn p34_a_change_is_committed_to_a_row_that_others_deleted() {
    let mut told = Told::stable(2).editing();
    told.changed(2);
    told.step();
    told.rows.remove(&2);
    told.commit(&[], &[]);
    told.read();
    assert_eq!(told.state(2), State::Removed);
}

#[test]
fn p35_the_layer_is_removed_while_it_is_edited() {
    let mut told = Told::stable(3).editing();
    let (one, two) = (told.tie(1), told.tie(2));
    let rows = told.rows.clone();
    told.changed(1);
    told.deleted(2);
    told.added(-2, Some(id(10)));
    told.step();
    told.hear(Event::LayerGone);
    assert_eq!((told.why(1), told.state(2)), (Reason::Detached, State::Detached));
    assert_eq!(told.state(10), State::Removed);
    assert!(!told.tracker.is_at_risk(one) && !told.tracker.is_at_risk(two));
    told.rows = rows;
    told.hear(Event::LayerReturned);
    told.answer();
    assert_eq!((told.tie(1), told.tie(2)), (one, two));
}

#[test]
fn p36_a_row_is_committed_where_the_filter_hides_it() {
    let mut told = Told::stable(3);
    told.rows.remove(&3);
    told.hear(Event::FilterChanged { filtered: true });
    told.answer();
    assert_eq!(told.state(3), State::Hidden);
    let mut told = told.editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.added(-3, Some(id(3)));
    told.step();
    assert_ne!(told.tie(-3), told.object(3), "the row of 3 is only hidden");
    told.commit(&[], &[(-2, 4), (-3, 5)]);
    told.rows.remove(&4);
    told.answer();
    assert_eq!(told.state(10), State::Hidden);
    told.rows.extend([(3, Some(id(3))), (4, Some(id(10)))]);
    told.hear(Event::FilterChanged { filtered: false });
    told.answer();
    assert_eq!((told.tie(4), told.object(3)), (ten, told.tie(3)));
}

#[test]
fn p37_a_rollback_keeps_what_may_be_redone() {
    let mut told = Told::stable(2).editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.deleted(-2);
    told.undone();
    told.hear(Event::RolledBack { editing: true });
    assert_eq!(told.state(10), State::Deleted);
    told.added(-2, Some(id(10)));
    told.step();
    assert_eq!(told.tie(-2), ten);
}

#[test]
fn p38_a_transaction_is_committed_without_a_word() {
    let mut told = Told::stable(2).in_transaction();
    told.added(3, Some(id(10)));
    told.deleted(1);
    told.step();
    assert_eq!((told.state(10), told.state(1)), (State::Pending, State::Deleted));
    told.commit(&[], &[]);
    told.answer();
    assert_eq!((told.state(10), told.state(1)), (State::Live, State::Removed));
}

#[test]
fn p39_editing_is_said_to_start_twice() {
    let mut told = Told::stable(1).in_transaction().in_transaction();
    told.added(2, Some(id(10)));
    told.hear(Event::EditingStarted { passthrough: true });
    told.step();
    assert_eq!(told.state(10), State::Pending);
}

#[test]
fn p40_somebody_writes_another_id() {
    let mut told = Told::stable(2).editing();
    let one = told.tie(1);
    told.written(1, Some(id(99)));
    told.step();
    assert_eq!(told.tie(1), one);
    told.write(When::Later);
    assert_eq!(told.rows[&1], Some(id(1)));
}

#[test]
fn p41_what_a_handler_missed_is_read() {
    let mut told = Told::new(FidRule::Stable, 3).editing();
    let three = told.tie(3);
    // Of this, nothing was heard.
    told.rows.remove(&2);
    told.rows.insert(-2, Some(id(10)));
    told.hear(Event::DataChanged);
    told.answer();
    assert_eq!((told.tie(3), told.state(2)), (three, State::Deleted));
    assert_eq!(told.tie(-2), told.object(10));
}
