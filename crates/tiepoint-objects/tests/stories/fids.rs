//! Pitfalls around fids.
use crate::told::{Told, fid, id};
use tiepoint_core::FidRule;
use tiepoint_objects::{Event, Reason, State};

/// The commit says that 10 is 4; after the repack it is 3.
#[test]
fn p01_a_shapefile_is_repacked_after_what_the_commit_said() {
    let mut told = Told::new(FidRule::Renumbering, 3).editing();
    let three = told.tie(3);
    told.deleted(1);
    told.step();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.commit(&[1], &[(-2, 4)]);
    assert!(told.asks_for_all());
    told.rows = [(1, Some(id(2))), (2, Some(id(3))), (3, Some(id(10)))].into();
    told.answer();
    assert_eq!((told.tie(2), told.tie(3)), (three, ten));
    assert_eq!(told.state(1), State::Removed);
}

#[test]
fn p02_every_row_behind_a_deleted_one_shifts_without_a_signal() {
    let mut told = Told::new(FidRule::Renumbering, 4).editing();
    let (three, four) = (told.tie(3), told.tie(4));
    told.deleted(2);
    told.step();
    told.commit(&[2], &[]);
    assert!(told.asks_for_all());
    told.rows = [(1, Some(id(1))), (2, Some(id(3))), (3, Some(id(4)))].into();
    told.answer();
    assert_eq!((told.tie(2), told.tie(3)), (three, four));
}

#[test]
fn p03_a_commit_gives_the_fid_of_a_row_that_it_deletes_to_a_new_one() {
    let mut told = Told::new(FidRule::Renumbering, 3).editing();
    let three = told.tie(3);
    told.deleted(3);
    told.step();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.commit(&[3], &[(-2, 3)]);
    assert_eq!(told.tie(3), ten);
    told.answer();
    assert_eq!(told.tie(3), ten);
    assert_eq!(told.tracker.state(three), State::Removed);
}

#[test]
fn p04_rows_are_renumbered_and_nothing_is_said() {
    let mut told = Told::new(FidRule::Renumbering, 3);
    let three = told.tie(3);
    told.rows = [(1, Some(id(2))), (2, Some(id(3)))].into();
    assert_eq!(told.feature(2, 3), Ok(three));
    told.read();
    assert_eq!(told.tie(2), three);
    assert_eq!(told.state(1), State::Removed);
}

#[test]
fn p05_a_commit_on_a_table_without_key_does_not_tell_what_rows_are_called() {
    let mut told = Told::new(FidRule::Ephemeral, 2).editing();
    told.added(-2, Some(id(10)));
    told.step();
    let ten = told.tie(-2);
    told.hear(Event::CommitStarted);
    told.hear(Event::CommittedAdded { fids: vec![fid(-2)] });
    told.hear(Event::CommitEnded { success: true, editing: false });
    assert!(told.asks_for_all());
    told.rows = [(1, Some(id(2))), (7, Some(id(1))), (8, Some(id(10)))].into();
    told.answer();
    assert_eq!((told.tie(8), told.object(1)), (ten, told.tie(7)));
}

#[test]
fn p06_another_instance_of_the_layer_counts_anew() {
    let mut told = Told::new(FidRule::Ephemeral, 4);
    let four = told.tie(4);
    told.hear(Event::LayerGone);
    assert_eq!(told.why(4), Reason::Detached);
    told.rows = [(1, Some(id(4))), (2, Some(id(1)))].into();
    told.hear(Event::LayerReturned);
    told.answer();
    assert_eq!(told.tie(1), four);
}

#[test]
fn p07_an_edited_key_is_another_fid() {
    let mut told = Told::stable(2).editing();
    let one = told.tie(1);
    told.hear(Event::Renumbered { from: fid(1), to: fid(500) });
    assert_eq!(told.tie(500), one);
    assert_eq!(told.why(1), Reason::Unknown);
}

#[test]
fn p08_a_fid_is_given_to_another_row() {
    let mut told = Told::stable(3);
    let three = told.tie(3);
    told.rows.insert(3, Some(id(99)));
    told.read();
    assert_ne!(told.tie(3), three);
    assert_eq!(told.tracker.state(three), State::Removed);
}

#[test]
fn p09_a_transaction_gives_the_fid_of_a_row_that_was_rolled_back_again() {
    let mut told = Told::stable(3).in_transaction();
    told.added(4, Some(id(30)));
    told.step();
    let thirty = told.tie(4);
    told.hear(Event::Deleted { fid: fid(4) });
    told.step();
    told.added(4, Some(id(31)));
    told.step();
    assert_ne!(told.tie(4), thirty);
    assert_eq!(told.state(30), State::Deleted);
    told.rows.remove(&4);
    told.rolled_back();
    assert!(told.asks_for_all());
    told.answer();
    assert_eq!((told.state(30), told.state(31)), (State::Removed, State::Removed));
}

#[test]
fn p09_a_transaction_redoes_an_addition_under_another_fid() {
    let mut told = Told::stable(3).in_transaction();
    told.added(4, Some(id(30)));
    told.step();
    let thirty = told.tie(4);
    told.deleted(4);
    told.step();
    told.added(5, Some(id(30)));
    told.step();
    assert_eq!((told.tie(5), told.state(30)), (thirty, State::Pending));
}

#[test]
fn p10_a_stored_row_is_called_as_rows_that_are_not() {
    let mut told = Told::stable(2);
    told.rows.insert(-2, Some(id(7)));
    told.read();
    let seven = told.object(7);
    assert_eq!(told.feature(-2, 7), Ok(seven));
    let mut told = told.editing();
    told.hear(Event::Added { fid: fid(-2) });
    told.hear(Event::Seen { fid: fid(-2), id: Some(id(10)) });
    told.step();
    assert_ne!(told.tie(-2), seven);
    assert_eq!(told.tracker.by_id(&id(7)), Ok(seven));
}

#[test]
fn p11_rows_that_are_not_there_are_deleted() {
    let mut told = Told::stable(2).editing();
    told.hear(Event::Deleted { fid: fid(i64::MIN) });
    told.hear(Event::Deleted { fid: fid(12_345) });
    told.step();
    assert!(told.last.transitions.is_empty());
    assert_eq!(told.tracker.iter().count(), 2);
}

#[test]
fn p13_another_source_has_other_rows_under_the_same_fids() {
    let mut told = Told::stable(3);
    let (one, three) = (told.tie(1), told.tie(3));
    told.hear(Event::SourceChanged);
    assert_eq!(told.why(1), Reason::Detached);
    told.rows = [(1, Some(id(60))), (2, Some(id(3)))].into();
    told.answer();
    assert_ne!(told.tie(1), one);
    assert_eq!(told.tie(2), three);
    assert_eq!(told.tracker.state(one), State::Detached);
}

#[test]
fn p14_two_rows_go_by_one_fid() {
    let mut told = Told::new(FidRule::Ephemeral, 2);
    let mut reading = told.tracker.resync(&tiepoint_objects::Scope::All);
    for number in [1, 2, 3] {
        reading.row(fid(1), Some(id(number)));
    }
    let _ = reading.finish();
    let holder = told.tie(1);
    let ids: Vec<_> = [1, 2, 3].into_iter().filter(|it| told.object(*it) == holder).collect();
    assert_eq!(ids.len(), 1, "a fid is the name of one row at most");
}
