//! Rows that come back, and copies that come beside them.
use crate::told::{Told, duplicate, fid, id, reporting};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Owing, Policy, Reason, Rewritten, When};

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
