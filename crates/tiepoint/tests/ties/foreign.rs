//! What others do: heard by watching, by following, or read again.
use crate::fixture::{
    LAYERS, NOTES, TREES, Thing, check, delete, edited, id, insert, over_each, rename, tied_over,
    tied_over_buffer, with, written,
};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tiepoint::objects::State;
use tiepoint::{EditBuffer, Told, Watching, What};

/// Longer than any commit waits to be heard.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes in what was committed.
fn heard(watching: &mut Watching<Thing>) {
    assert!(watching.pump(PATIENCE).expect("listens"), "there was a commit");
    watching.catch_up().expect("listens");
}

#[test]
fn a_watched_store_tells_what_anybody_commits() {
    for logged in [true, false] {
        over_each("a_watched_store_tells_what_anybody_commits", logged, |store| {
            for layer in LAYERS {
                written(&*store, layer, (0..3).map(|it| insert(layer, it)));
            }
            let (ties, _) = tied_over(&store);
            let mut watching = ties.watching().expect("can be watched");
            let told: Arc<Mutex<Vec<What>>> = Arc::default();
            let notes = Arc::clone(&told);
            let _hears = ties.subscribe(move |it| {
                if let Told::Became { what, .. } = it {
                    notes.lock().expect("nobody panicked").push(*what);
                }
                Ok(())
            });
            for layer in LAYERS {
                let [gone, changed] = [0, 1].map(|it| with(&*store, layer, it));
                let thing = ties.object_of(&gone).expect("is tied");
                let edits =
                    [delete(id(&gone)), rename(layer, id(&changed), "elm"), insert(layer, 5)];
                written(&*store, layer, edits);
                heard(&mut watching);
                check(&ties, &*store);
                assert_eq!(ties.state_of(&thing), Some(State::Removed));
                let mut heard = std::mem::take(&mut *told.lock().expect("nobody panicked"));
                heard.sort_unstable_by_key(|it| format!("{it:?}"));
                assert_eq!(heard, [What::Added, What::Changed, What::Removed]);
            }
        });
    }
}

#[test]
fn a_feature_that_comes_again_has_its_object_again() {
    over_each("a_feature_that_comes_again_has_its_object_again", true, |store| {
        written(&*store, NOTES, [insert(NOTES, 1)]);
        let (ties, _) = tied_over(&store);
        let mut watching = ties.watching().expect("can be watched");
        let feature = with(&*store, NOTES, 1);
        let thing = ties.object_of(&feature).expect("is tied");
        written(&*store, NOTES, [delete(id(&feature))]);
        heard(&mut watching);
        assert!(ties.get(id(&feature)).is_none());
        let again = feature.clone().with_fid(None);
        written(&*store, NOTES, [tiepoint::Edit::Insert(again)]);
        heard(&mut watching);
        assert!(Arc::ptr_eq(&thing, &ties.object_of(id(&feature)).expect("is back")));
        check(&ties, &*store);
    });
}

#[test]
fn a_buffer_that_follows_tells_what_others_commit() {
    for logged in [true, false] {
        over_each("a_buffer_that_follows_tells_what_others_commit", logged, |store| {
            for layer in LAYERS {
                written(&*store, layer, (0..4).map(|it| insert(layer, it)));
            }
            let buffer = Arc::new(EditBuffer::over(Arc::clone(&store)));
            let (ties, _) = tied_over_buffer(&buffer);
            let mut follower = buffer.follow().expect("follows");
            for layer in LAYERS {
                let [mine, gone, changed] = [0, 1, 2].map(|it| with(&*buffer, layer, it));
                edited(&buffer, layer, [rename(layer, id(&mine), "mine"), insert(layer, 10)]);
                let thing = ties.object_of(&gone).expect("is tied");
                let edits =
                    [delete(id(&gone)), rename(layer, id(&changed), "theirs"), insert(layer, 11)];
                written(&*store, layer, edits);
                // what the buffer committed before may be heard first
                let until = Instant::now() + PATIENCE;
                while ties.get(id(&gone)).is_some() && Instant::now() < until {
                    follower.pump(Duration::from_millis(50)).expect("listens");
                }
                check(&ties, &*buffer);
                assert!(ties.object_of(id(&gone)).is_err());
                buffer.commit().expect("commits");
                follower.catch_up().expect("is taken up");
                check(&ties, &*buffer);
                assert_eq!(ties.state_of(&thing), Some(State::Removed));
            }
        });
    }
}

#[test]
fn reading_again_is_always_right() {
    over_each("reading_again_is_always_right", false, |store| {
        for layer in LAYERS {
            written(&*store, layer, (0..6).map(|it| insert(layer, it)));
        }
        let (ties, _) = tied_over(&store);
        let kept = ties.object_of(&with(&*store, TREES, 5)).expect("is tied");
        for layer in LAYERS {
            let [gone, changed] = [0, 1].map(|it| id(&with(&*store, layer, it)));
            written(
                &*store,
                layer,
                [delete(gone), rename(layer, changed, "elm"), insert(layer, 9)],
            );
        }
        ties.resync().expect("reads");
        check(&ties, &*store);
        assert!(Arc::ptr_eq(&kept, &ties.object_of(&with(&*store, TREES, 5)).expect("is tied")));
    });
}
