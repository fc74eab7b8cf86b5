//! Pitfalls around objects.
use crate::told::{Told, fid, id};
use std::sync::Arc;
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Policy, Registry, Scope, State, What};

#[test]
fn p44_one_feature_is_added_twice() {
    let mut told = Told::stable(1).editing();
    told.added(-2, Some(id(10)));
    told.step();
    told.added(-3, Some(id(10)));
    told.step();
    assert_eq!(told.tie(-2), told.object(10));
    assert_ne!(told.tie(-3), told.object(10));
    assert_eq!(told.last.transitions[0].what, What::Forked { from: id(10) });
}

#[test]
fn p45_what_was_added_is_deleted_returns_and_is_committed() {
    let mut told = Told::stable(1).editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.deleted(-2);
    told.step();
    told.added(-2, Some(id(10)));
    told.step();
    assert_eq!((told.tie(-2), told.state(10)), (ten, State::Pending));
    told.commit(&[], &[(-2, 2)]);
    told.answer();
    assert_eq!((told.tie(2), told.state(10)), (ten, State::Live));
}

#[test]
fn an_object_that_is_edited_in_a_command_is_freed_when_that_is_rolled_back() {
    let mut ties = Registry::default();
    let layer = ties.add_layer(Policy::column(FidRule::Stable));
    let mut reading = ties.resync(layer, &Scope::All);
    reading.row(fid(1), Some(id(1)));
    let _ = reading.finish();
    let tie = ties.by_fid(layer, &fid(1)).expect("the row was read");
    let object = ties.bind(layer, tie, Arc::new("its notes"));
    let _ = ties.hear(layer, Event::EditingStarted { passthrough: false });
    let _ = ties.hear(layer, Event::Changed { fid: fid(1) });
    let _ = ties.hear(layer, Event::Added { fid: fid(-2) });
    drop(object);
    assert!(ties.object(layer, tie).is_some());
    // Nobody said what the new row carries, so that the command is never judged.
    let _ = ties.hear(layer, Event::RolledBack { editing: false });
    assert!(ties.object(layer, tie).is_none());
}
