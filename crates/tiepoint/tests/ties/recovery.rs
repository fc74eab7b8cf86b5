//! Programs that die, and those that take over.
use crate::fixture::{
    LAYERS, all, check, delete, edited, id, insert, over_each, rename, tied_over_buffer, with,
    written,
};
use std::sync::Arc;
use tiepoint::{EditBuffer, JournalFolder};

#[test]
fn what_a_dead_session_left_is_tied_as_it_was() {
    over_each("what_a_dead_session_left_is_tied_as_it_was", false, |store| {
        if store.place().expect("can be asked").is_none() {
            return; // nothing tells it from other stores, so it has no journal
        }
        for layer in LAYERS {
            written(&*store, layer, (0..4).map(|it| insert(layer, it)));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let journals = JournalFolder::at(folder.path());
        let died = EditBuffer::journalled(Arc::clone(&store), &journals).expect("is journalled");
        for layer in LAYERS {
            let [gone, changed] = [0, 1].map(|it| id(&with(&died, layer, it)));
            edited(&died, layer, [delete(gone), rename(layer, changed, "ash"), insert(layer, 8)]);
        }
        let pending = LAYERS.map(|layer| with(&died, layer, 8));
        drop(died);
        let buffer = EditBuffer::journalled(Arc::clone(&store), &journals).expect("is journalled");
        let buffer = Arc::new(buffer);
        let (ties, _) = tied_over_buffer(&buffer);
        let [gone, _] =
            LAYERS.map(|layer| ties.object_of(&with(&*buffer, layer, 0)).expect("is tied"));
        for left in buffer.left_behind().expect("can be read") {
            buffer.recover(left).expect("recovers");
        }
        check(&ties, &*buffer);
        assert!(ties.feature_of(&gone).is_err(), "it is deleted again");
        for feature in &pending {
            assert_eq!(ties.object_of(id(feature)).expect("is pending again").secret, 8);
        }
        while buffer.undo().expect("is undone").is_some() {
            check(&ties, &*buffer);
        }
        assert!(ties.feature_of(&gone).is_ok(), "and back");
        while buffer.redo().expect("is redone").is_some() {}
        buffer.commit().expect("commits");
        check(&ties, &*buffer);
        assert_eq!(all(&*store, LAYERS[0]).len(), 4);
    });
}
