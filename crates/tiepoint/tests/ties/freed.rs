//! What is held, and what is freed.
use crate::fixture::{
    TREES, delete, edited, id, insert, over_each, rename, tied_over, tied_over_buffer, with,
    written,
};
use std::sync::Arc;
use tiepoint::EditBuffer;

#[test]
fn a_clean_object_is_freed_with_its_last_handle() {
    over_each("a_clean_object_is_freed_with_its_last_handle", false, |store| {
        written(&*store, TREES, (0..100).map(|it| insert(TREES, it)));
        let (ties, maker) = tied_over(&store);
        let things = ties.find(&tiepoint::Query::layer(TREES)).expect("finds");
        assert_eq!(maker.alive(), 100);
        drop(things);
        assert_eq!((maker.alive(), ties.objects().len()), (0, 0));
        let one = ties.object_of(&with(&*store, TREES, 7)).expect("is made anew");
        assert_eq!((one.secret, maker.alive()), (7, 1));
    });
}

#[test]
fn what_is_pending_is_held_until_it_is_settled() {
    over_each("what_is_pending_is_held_until_it_is_settled", false, |store| {
        written(&*store, TREES, (0..3).map(|it| insert(TREES, it)));
        let buffer = Arc::new(EditBuffer::over(store));
        let (ties, maker) = tied_over_buffer(&buffer);
        let [kept, changed, deleted] = [0, 1, 2].map(|it| with(&*buffer, TREES, it));
        for it in [&kept, &changed, &deleted] {
            ties.object_of(it).expect("is tied");
        }
        assert_eq!(maker.alive(), 0, "nothing is pending");
        let [changed, deleted] =
            [changed, deleted].map(|it| (ties.object_of(&it).expect("is tied"), id(&it)));
        edited(
            &buffer,
            TREES,
            [rename(TREES, changed.1, "ash"), delete(deleted.1), insert(TREES, 3)],
        );
        let new = ties.object_of(&with(&*buffer, TREES, 3)).expect("is tied");
        let places = [&changed.0, &deleted.0, &new].map(Arc::as_ptr);
        drop((changed.0, deleted.0, new));
        assert_eq!(maker.alive(), 3, "new, changed and deleted ones are held");
        buffer.undo().expect("is undone");
        assert_eq!(maker.alive(), 1, "only what may be redone is held");
        buffer.redo().expect("is redone");
        let new = ties.object_of(&with(&*buffer, TREES, 3)).expect("is tied");
        assert_eq!(Arc::as_ptr(&new), places[2], "it waited all the time");
        drop(new);
        buffer.commit().expect("commits");
        assert_eq!(maker.alive(), 0, "all is settled");
    });
}

#[test]
fn ties_that_are_dropped_leave_nothing_behind() {
    over_each("ties_that_are_dropped_leave_nothing_behind", false, |store| {
        let buffer = Arc::new(EditBuffer::over(store));
        let (ties, maker) = tied_over_buffer(&buffer);
        edited(&buffer, TREES, [insert(TREES, 1)]);
        ties.object_of(&with(&*buffer, TREES, 1)).expect("is tied");
        assert_eq!(maker.alive(), 1);
        drop(ties);
        assert_eq!(maker.alive(), 0);
        edited(&buffer, TREES, [insert(TREES, 2)]);
        assert!(buffer.faults().is_empty());
    });
}
