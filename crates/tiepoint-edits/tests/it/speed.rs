//! What an edit costs does not depend on how many are pending: wrong complexity would show here.
use crate::fixture::{all, created, logged, patch, target, tree, trees, written};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiepoint_core::{Edit, Target};
use tiepoint_edits::{EditBuffer, Heard};
use tiepoint_store::{MemoryStore, Store, TransactionOptions, WriteMode};

/// A buffer with so many edits pending, in one step.
fn pending(count: i64) -> (EditBuffer, Vec<Target>) {
    let store = Arc::new(MemoryStore::new());
    created(&*store, &[trees()]);
    let buffer = EditBuffer::over(store);
    let mut transaction = buffer.begin(TransactionOptions::default()).expect("begins");
    let mut writer = transaction.writer("trees", WriteMode::Changes).expect("opens");
    for rank in 0..count {
        writer.write(Edit::Insert(tree("a tree", rank))).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
    let targets = all(&buffer, "trees").iter().map(target).collect();
    (buffer, targets)
}

/// The best of several tries: what others do on the machine is not counted.
fn best_of(tries: u32, mut work: impl FnMut()) -> Duration {
    let once = |()| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    std::iter::repeat_n((), usize::try_from(tries).expect("is small")).map(once).min().expect("one")
}

#[test]
fn a_further_edit_and_taking_it_back_cost_the_same_with_much_pending_as_with_little() {
    let times = [100, 100_000].map(|count| {
        let (buffer, targets) = pending(count);
        let mut rank = 0;
        best_of(30, || {
            rank += 1;
            let edit = patch(&trees(), &targets[7], &[("rank", (-rank).into())]);
            written(&buffer, "trees", [edit]);
            buffer.undo().expect("is undone");
            buffer.redo().expect("is redone");
            assert!(buffer.is_dirty());
        })
    });
    let [little, much] = times;
    assert!(much < little * 10 + Duration::from_micros(200), "{much:?} instead of {little:?}");
}

#[test]
fn hearing_of_what_nothing_is_pending_for_costs_the_same_with_much_pending_as_with_little() {
    let times = [100, 100_000].map(|count| {
        let (buffer, _) = pending(count);
        logged(&**buffer.store(), &["trees"]);
        let buffer = Arc::new(buffer);
        let mut follower = buffer.follow().expect("the store can be watched");
        follower.catch_up().expect("nothing is heard");
        let mut rank = 0;
        let heard = |()| {
            rank += 1;
            written(&**buffer.store(), "trees", [Edit::Insert(tree("another", rank))]);
            let begun = Instant::now();
            let heard = follower.pump(Duration::ZERO).expect("is heard");
            assert_eq!(heard, Heard::TakenUp);
            begun.elapsed()
        };
        std::iter::repeat_n((), 30).map(heard).min().expect("thirty")
    });
    let [little, much] = times;
    assert!(much < little * 10 + Duration::from_micros(500), "{much:?} instead of {little:?}");
}
