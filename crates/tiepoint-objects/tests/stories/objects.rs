//! Pitfalls around objects.
use crate::told::{Told, id};
use tiepoint_objects::{State, What};

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
