//! Through an edit buffer: steps, undo, commits and what fails.
use crate::fixture::{
    LAYERS, NOTES, TREES, Thing, check, delete, edited, id, insert, over_each, rename,
    tied_over_buffer, with, written,
};
use std::sync::{Arc, Mutex};
use tiepoint::objects::State;
use tiepoint::{EditBuffer, Error, Fid, Reason, Store, Ties, Told, What};

fn said(ties: &Ties<Thing>, id: tiepoint::ObjectId) -> Reason {
    match ties.object_of(id) {
        Err(Error::NotTied(said)) => said.reason,
        other => panic!("instead of a reason: {other:?}"),
    }
}

fn buffer_over(store: &Arc<dyn Store>) -> Arc<EditBuffer> {
    Arc::new(EditBuffer::over(Arc::clone(store)))
}

#[test]
fn an_object_comes_back_by_undo() {
    over_each("an_object_comes_back_by_undo", false, |store| {
        for layer in LAYERS {
            written(&*store, layer, (0..3).map(|it| insert(layer, it)));
            let buffer = buffer_over(&store);
            let (ties, _) = tied_over_buffer(&buffer);
            let thing = ties.object_of(&with(&*buffer, layer, 1)).expect("is tied");
            let gone = ties.id_of(&thing).expect("has an id");
            edited(&buffer, layer, [delete(gone)]);
            assert_eq!(
                (said(&ties, gone), ties.state_of(&thing)),
                (Reason::Deleted, Some(State::Deleted))
            );
            assert!(ties.feature_of(&thing).is_err());
            buffer.undo().expect("is undone");
            assert!(Arc::ptr_eq(&thing, &ties.object_of(gone).expect("is back")));
            check(&ties, &*buffer);
            buffer.redo().expect("is redone");
            buffer.commit().expect("commits");
            assert_eq!(
                (said(&ties, gone), ties.state_of(&thing)),
                (Reason::Removed, Some(State::Removed))
            );
            buffer.undo().expect("is undone after the commit");
            assert!(Arc::ptr_eq(&thing, &ties.object_of(gone).expect("is back")));
            check(&ties, &*buffer);
            buffer.rollback().expect("rolls back");
            assert_eq!(said(&ties, gone), Reason::Removed);
            check(&ties, &*buffer);
        }
    });
}

#[test]
fn an_object_keeps_to_its_feature_when_a_commit_renumbers_it() {
    over_each("an_object_keeps_to_its_feature_when_a_commit_renumbers_it", false, |store| {
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        for layer in LAYERS {
            edited(&buffer, layer, (0..5).map(|it| insert(layer, it)));
        }
        check(&ties, &*buffer);
        let before = with(&*buffer, TREES, 3);
        let thing = ties.object_of(&before).expect("is tied");
        assert_eq!(ties.state_of(&thing), Some(State::Pending));
        buffer.commit().expect("commits");
        check(&ties, &*buffer);
        assert_eq!(ties.state_of(&thing), Some(State::Live));
        let after = ties.feature_of(&thing).expect("is there");
        assert_ne!(before.fid, after.fid, "the trap");
        assert!(Arc::ptr_eq(&thing, &ties.object_of(&before).expect("by what was read before")));
        let old = before.fid.as_ref().expect("has one");
        assert!(Arc::ptr_eq(&thing, &ties.object_of((TREES, old)).expect("by its old fid")));
        edited(&buffer, NOTES, [insert(NOTES, 9)]);
        assert!(Arc::ptr_eq(&thing, &ties.object_of(&before).expect("in another session, too")));
    });
}

#[test]
fn a_commit_that_is_undone_and_redone_is_one_object() {
    over_each("a_commit_that_is_undone_and_redone_is_one_object", false, |store| {
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        edited(&buffer, TREES, [insert(TREES, 1)]);
        let thing = ties.object_of(&with(&*buffer, TREES, 1)).expect("is tied");
        buffer.commit().expect("commits");
        for _ in 0..3 {
            buffer.undo().expect("is undone");
            assert_eq!(said(&ties, ties.id_of(&thing).expect("has one")), Reason::Deleted);
            buffer.redo().expect("is redone");
            check(&ties, &*buffer);
            edited(&buffer, TREES, [rename(TREES, ties.id_of(&thing).expect("has one"), "elm")]);
            check(&ties, &*buffer);
            buffer.undo().expect("is undone");
            check(&ties, &*buffer);
        }
        assert!(Arc::ptr_eq(&thing, &ties.object_of(&with(&*buffer, TREES, 1)).expect("is tied")));
    });
}

#[test]
fn a_rollback_takes_new_objects_and_returns_deleted_ones() {
    over_each("a_rollback_takes_new_objects_and_returns_deleted_ones", false, |store| {
        written(&*store, TREES, (0..2).map(|it| insert(TREES, it)));
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let deleted = ties.object_of(&with(&*buffer, TREES, 0)).expect("is tied");
        let changed = ties.object_of(&with(&*buffer, TREES, 1)).expect("is tied");
        let of = |thing: &Arc<Thing>| ties.id_of(thing).expect("has one");
        edited(
            &buffer,
            TREES,
            [delete(of(&deleted)), rename(TREES, of(&changed), "ash"), insert(TREES, 2)],
        );
        let new = ties.object_of(&with(&*buffer, TREES, 2)).expect("is tied");
        buffer.rollback().expect("rolls back");
        assert_eq!(ties.state_of(&new), Some(State::Removed));
        assert_eq!([&deleted, &changed].map(|it| ties.state_of(it)), [Some(State::Live); 2]);
        assert!(Arc::ptr_eq(&deleted, &ties.object_of(of(&deleted)).expect("is back")));
        check(&ties, &*buffer);
    });
}

#[test]
fn what_was_deleted_twice_and_rolled_back_twice_is_there() {
    over_each("what_was_deleted_twice_and_rolled_back_twice_is_there", false, |store| {
        written(&*store, NOTES, [insert(NOTES, 1)]);
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let thing = ties.object_of(&with(&*buffer, NOTES, 1)).expect("is tied");
        for _ in 0..2 {
            edited(&buffer, NOTES, [delete(ties.id_of(&thing).expect("has one"))]);
            buffer.rollback().expect("rolls back");
            check(&ties, &*buffer);
        }
        assert_eq!(ties.state_of(&thing), Some(State::Live));
    });
}

#[test]
fn a_commit_that_fails_leaves_ties_as_they_are() {
    over_each("a_commit_that_fails_leaves_ties_as_they_are", false, |store| {
        written(&*store, TREES, [insert(TREES, 1)]);
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let thing = ties.object_of(&with(&*buffer, TREES, 1)).expect("is tied");
        let it = ties.id_of(&thing).expect("has one");
        edited(&buffer, TREES, [rename(TREES, it, "mine"), insert(TREES, 2)]);
        let new = ties.object_of(&with(&*buffer, TREES, 2)).expect("is tied");
        written(&*store, TREES, [rename(TREES, it, "theirs")]);
        buffer.commit().expect_err("both renamed it");
        assert_eq!(ties.state_of(&new), Some(State::Pending));
        check(&ties, &*buffer);
        buffer.merge().expect("merges");
        check(&ties, &*buffer);
        for conflict in buffer.conflicts() {
            buffer.resolve(&conflict, &tiepoint::Resolution::Theirs).expect("is decided");
        }
        buffer.commit().expect("commits");
        assert_eq!(ties.state_of(&new), Some(State::Live));
        check(&ties, &*buffer);
    });
}

#[test]
fn an_edit_command_is_one_step_and_may_be_abandoned() {
    over_each("an_edit_command_is_one_step_and_may_be_abandoned", false, |store| {
        written(&*store, NOTES, [insert(NOTES, 1)]);
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let thing = ties.object_of(&with(&*buffer, NOTES, 1)).expect("is tied");
        let command = buffer.command("Replace").expect("opens");
        edited(&buffer, NOTES, [delete(ties.id_of(&thing).expect("has one"))]);
        edited(&buffer, NOTES, [insert(NOTES, 2)]);
        check(&ties, &*buffer);
        command.abandon().expect("is abandoned");
        check(&ties, &*buffer);
        assert_eq!(ties.state_of(&thing), Some(State::Live));
    });
}

#[test]
fn handlers_hear_what_becomes_of_ties() {
    over_each("handlers_hear_what_becomes_of_ties", false, |store| {
        written(&*store, TREES, [insert(TREES, 1)]);
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let told: Arc<Mutex<Vec<(i64, What)>>> = Arc::default();
        let (notes, within) = (Arc::clone(&told), ties.clone());
        let _hears = ties.subscribe(move |it| {
            let Told::Became { id, what, object, .. } = it else { return Ok(()) };
            let secret = object.as_ref().map_or(-1, |it| it.secret);
            notes.lock().expect("nobody panicked").push((secret, *what));
            within.get(*id);
            within.resync()?;
            Ok(())
        });
        let thing = ties.object_of(&with(&*buffer, TREES, 1)).expect("is tied");
        let it = ties.id_of(&thing).expect("has one");
        let heard = || std::mem::take(&mut *told.lock().expect("nobody panicked"));
        edited(&buffer, TREES, [rename(TREES, it, "oak")]);
        assert_eq!(heard(), [(1, What::Changed)]);
        edited(&buffer, TREES, [delete(it)]);
        assert_eq!(heard(), [(1, What::Deleted)]);
        buffer.undo().expect("is undone");
        assert_eq!(heard(), [(1, What::Returned)]);
        buffer.undo().expect("is undone");
        assert_eq!(heard(), [(1, What::Changed), (1, What::Settled)]);
        edited(&buffer, TREES, [insert(TREES, 2)]);
        assert_eq!(heard(), [(-1, What::Added)]);
        buffer.commit().expect("commits");
        assert_eq!(heard(), [(2, What::Moved), (2, What::Settled)], "it asked for the object");
        assert_eq!(ties.faults(), []);
    });
}

#[test]
fn a_handler_that_fails_changes_nothing() {
    over_each("a_handler_that_fails_changes_nothing", false, |store| {
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let _hears = ties.subscribe(|_| Err("cannot draw it".into()));
        edited(&buffer, TREES, [insert(TREES, 1)]);
        assert_eq!(
            ties.faults().into_iter().map(|it| it.message).collect::<Vec<_>>(),
            ["cannot draw it"]
        );
        check(&ties, &*buffer);
    });
}

#[test]
fn ties_over_a_buffer_with_edits_know_what_is_pending() {
    over_each("ties_over_a_buffer_with_edits_know_what_is_pending", false, |store| {
        written(&*store, TREES, (0..3).map(|it| insert(TREES, it)));
        let buffer = buffer_over(&store);
        let [changed, deleted] = [0, 1].map(|it| id(&with(&*buffer, TREES, it)));
        edited(&buffer, TREES, [rename(TREES, changed, "ash"), delete(deleted), insert(TREES, 3)]);
        let (ties, maker) = tied_over_buffer(&buffer);
        check(&ties, &*buffer);
        assert_eq!(maker.alive(), 2, "what is changed and what is new are held");
        buffer.undo().expect("is undone");
        check(&ties, &*buffer);
        buffer.redo().expect("is redone");
        buffer.commit().expect("commits");
        check(&ties, &*buffer);
        assert_eq!(maker.alive(), 0);
    });
}

#[test]
fn a_fid_is_not_taken_for_a_key() {
    over_each("a_fid_is_not_taken_for_a_key", false, |store| {
        written(&*store, TREES, [insert(TREES, 1)]);
        let buffer = buffer_over(&store);
        let (ties, _) = tied_over_buffer(&buffer);
        let mut other = with(&*buffer, TREES, 1);
        other.id = Some(tiepoint::ObjectId::mint());
        assert!(ties.object_of(&other).is_err(), "the fid alone says nothing");
        other.id = None;
        assert!(ties.object_of(&other).is_err());
        let mut moved = with(&*buffer, TREES, 1);
        moved.fid = Some(Fid::Int(77));
        assert!(ties.object_of(&moved).is_err(), "a row by another name is another row");
    });
}
