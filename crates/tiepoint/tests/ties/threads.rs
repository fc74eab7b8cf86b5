//! Several at once.
use crate::fixture::{
    NOTES, TREES, all, check, edited, insert, over_each, secret, tied_over_buffer,
};
use std::sync::Arc;
use tiepoint::EditBuffer;

#[test]
fn several_ask_and_edit_at_once() {
    over_each("several_ask_and_edit_at_once", false, |store| {
        let buffer = Arc::new(EditBuffer::over(store));
        let (ties, _) = tied_over_buffer(&buffer);
        std::thread::scope(|scope| {
            for (layer, from) in [(TREES, 0), (NOTES, 1_000)] {
                let (buffer, ties) = (&buffer, &ties);
                scope.spawn(move || {
                    for it in from..from + 20 {
                        edited(buffer, layer, [insert(layer, it)]);
                        let features = all(&**buffer, layer);
                        for feature in features {
                            let thing = ties.object_of(&feature).expect("is tied");
                            assert_eq!(thing.secret, secret(&feature));
                        }
                    }
                });
            }
        });
        buffer.commit().expect("commits");
        check(&ties, &*buffer);
        assert!(buffer.faults().is_empty());
    });
}

#[test]
fn two_who_ask_at_once_get_one_object() {
    over_each("two_who_ask_at_once_get_one_object", false, |store| {
        let buffer = Arc::new(EditBuffer::over(store));
        let (ties, maker) = tied_over_buffer(&buffer);
        edited(&buffer, TREES, (0..200).map(|it| insert(TREES, it)));
        let features = all(&*buffer, TREES);
        let asked = || features.iter().map(|it| ties.object_of(it).expect("is tied")).collect();
        let [mine, yours]: [Vec<_>; 2] = std::thread::scope(|scope| {
            let other = scope.spawn(asked);
            [asked(), other.join().expect("nobody panics")]
        });
        assert!(mine.iter().zip(&yours).all(|(mine, yours)| Arc::ptr_eq(mine, yours)));
        assert_eq!(maker.alive(), 200);
    });
}
