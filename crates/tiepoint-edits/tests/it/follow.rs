//! What others commit is taken up as it is heard: nothing is lost, and nothing is told that is no
//! news.
use crate::fixture::{all, created, logged, notes, patch, target, tree, trees, written};
use crate::frail::{Call, Fault, Frail, How};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tiepoint_core::{Change, ChangeSet, Edit, ErrorKind, Feature, Ids, Query, Resolution, Target};
use tiepoint_edits::{EditBuffer, EditEvent, Follower, Heard, Subscription};
use tiepoint_store::{LogOptions, MemoryStore, Store, TransactionOptions};

/// A buffer over two trees, one who follows, and what subscribers are told.
struct World {
    store: Arc<Frail>,
    buffer: Arc<EditBuffer>,
    follower: Follower,
    told: Arc<Mutex<Vec<EditEvent>>>,
    trees: Vec<Feature>,
    _hearing: Subscription,
}

fn world() -> World {
    let below = MemoryStore::new();
    created(&below, &[trees(), notes()]);
    logged(&below, &["trees", "notes"]);
    world_over(below)
}

fn world_over(below: MemoryStore) -> World {
    written(&below, "trees", ["oak", "elm"].map(|name| Edit::Insert(tree(name, 1))));
    let store = Arc::new(Frail::over(Arc::new(below)));
    let buffer = Arc::new(EditBuffer::over(store.clone()));
    let told: Arc<Mutex<Vec<EditEvent>>> = Arc::default();
    let heard = Arc::clone(&told);
    let hearing = buffer.subscribe(move |event| {
        heard.lock().expect("nobody panics").push(event.clone());
        Ok(())
    });
    let mut follower = buffer.follow().expect("the store can be watched");
    follower.catch_up().expect("nothing is pending");
    let trees = all(&*buffer, "trees");
    World { store, buffer, follower, told, trees, _hearing: hearing }
}

impl World {
    fn target(&self, at: usize) -> Target {
        target(&self.trees[at])
    }

    fn set(&self, at: usize, name: &str) -> Edit {
        patch(&trees(), &self.target(at), &[("name", name.into())])
    }

    fn raise(&self, at: usize, rank: i64) -> Edit {
        patch(&trees(), &self.target(at), &[("rank", rank.into())])
    }

    /// Edits here, which is pending.
    fn edit(&self, edit: Edit) {
        self.buffer.edit("Edit", |it| it.write("trees", edit)).expect("is pending");
        drop(self.take());
    }

    /// Others write.
    fn others(&self, edits: impl IntoIterator<Item = Edit>) {
        written(&*self.store, "trees", edits);
    }

    fn take(&self) -> Vec<EditEvent> {
        std::mem::take(&mut *self.told.lock().expect("nobody panics"))
    }

    fn pump(&mut self) -> Heard {
        self.follower.pump(Duration::ZERO).expect("is heard")
    }

    /// What features say, in the order of their fids.
    fn says(&self) -> Vec<(String, i64)> {
        let say = |it: &Feature| {
            let name = it.get("name").and_then(|it| it.as_text()).expect("has one").to_owned();
            let Some(tiepoint_core::Value::Int(rank)) = it.get("rank") else { panic!("has one") };
            (name, *rank)
        };
        all(&*self.buffer, "trees").iter().map(say).collect()
    }
}

fn said(words: &[(&str, i64)]) -> Vec<(String, i64)> {
    words.iter().map(|(name, rank)| ((*name).to_owned(), *rank)).collect()
}

/// The only thing that was told: a change beneath.
fn beneath(events: &[EditEvent]) -> ChangeSet {
    let [EditEvent::Beneath { changes }] = events else { panic!("one change beneath: {events:?}") };
    ChangeSet::clone(changes)
}

#[test]
fn what_nothing_is_pending_for_is_told() {
    let mut world = world();
    world.edit(world.set(0, "yew"));
    world.others([world.set(1, "ash"), Edit::Insert(tree("fir", 2))]);
    assert_eq!(world.pump(), Heard::TakenUp);
    let changes = beneath(&world.take());
    assert_eq!(changes.len(), 2);
    assert!(matches!(changes.get("trees", &world.target(1)), Some(Change::Update(_))));
    assert_eq!(world.pump(), Heard::Nothing);
    assert_eq!(world.says(), said(&[("yew", 1), ("ash", 1), ("fir", 2)]));
}

#[test]
fn what_is_pending_is_merged() {
    let mut world = world();
    world.edit(world.set(0, "yew"));
    world.edit(Edit::Insert(tree("new", 7)));
    world.others([world.raise(0, 5)]);
    assert_eq!(world.pump(), Heard::TakenUp);
    let told = world.take();
    assert!(matches!(told[0], EditEvent::Merged { .. }), "{told:?}");
    assert_eq!(world.buffer.conflicts(), []);
    assert_eq!(world.says(), said(&[("yew", 5), ("elm", 1), ("new", 7)]));
    let changes = world.buffer.changes();
    let Some(Change::Update(fields)) = changes.get("trees", &world.target(0)) else {
        panic!("the name is pending: {changes:?}")
    };
    assert_eq!((changes.len(), fields.len()), (2, 1), "and the rank is not");
    assert_eq!(world.buffer.undo().expect("is undone").as_deref(), Some("Edit"));
    assert_eq!(world.buffer.undo().expect("is undone").as_deref(), Some("Edit"));
    assert_eq!(world.says(), said(&[("oak", 5), ("elm", 1)]), "theirs stays");
}

#[test]
fn only_what_was_heard_of_is_read() {
    let mut world = world();
    world.edit(world.set(0, "yew"));
    world.edit(Edit::Insert(tree("new", 7)));
    world.others([world.raise(1, 5)]);
    drop(world.store.asked());
    assert_eq!(world.pump(), Heard::TakenUp);
    assert_eq!(world.store.asked(), [], "nothing is pending for it");
    world.edit(world.set(1, "pear"));
    drop(world.store.asked());
    world.others([world.raise(1, 6)]);
    assert_eq!(world.pump(), Heard::TakenUp);
    let ids = Ids::Objects(world.trees[1].id.into_iter().collect());
    assert_eq!(world.store.asked(), [Query::layer("trees").ids(ids)], "and of nothing else");
    assert_eq!(world.says(), said(&[("yew", 1), ("pear", 6), ("new", 7)]));
}

#[test]
fn what_cannot_be_read_is_taken_up_later() {
    let mut world = world();
    world.edit(world.set(0, "yew"));
    world.others([world.raise(0, 5)]);
    world.store.fail(Fault { call: Call::Read, how: How::Refused, after: 0 });
    world.follower.pump(Duration::ZERO).expect_err("it has to be read");
    assert_eq!(world.says(), said(&[("yew", 1), ("elm", 1)]), "nothing is merged yet");
    assert_eq!(world.pump(), Heard::TakenUp, "nothing is missed");
    assert_eq!(world.says(), said(&[("yew", 5), ("elm", 1)]));
}

#[test]
fn what_was_before_is_merged_first() {
    let world = world();
    world.edit(world.set(0, "yew"));
    world.others([world.raise(0, 5)]);
    let mut late = world.buffer.follow().expect("the store can be watched");
    assert_eq!(late.pump(Duration::ZERO).expect("is merged"), Heard::TakenUp);
    assert_eq!(world.says(), said(&[("yew", 5), ("elm", 1)]));
    assert!(matches!(world.take()[..], [EditEvent::Merged { .. }]));
}

#[test]
fn conflicts_wait_and_nothing_is_lost() {
    let mut world = world();
    world.edit(world.set(0, "yew"));
    world.edit(world.set(1, "pear"));
    world.others([world.set(0, "ash")]);
    world.others([Edit::Delete(world.target(1))]);
    world.follower.catch_up().expect("is heard");
    let conflicts = world.buffer.conflicts();
    assert_eq!(
        conflicts.iter().map(|it| &it.target).collect::<Vec<_>>(),
        [&world.target(0), &world.target(1)]
    );
    assert_eq!(world.says(), said(&[("yew", 1), ("pear", 1)]), "mine shows");
    world.buffer.resolve(&conflicts[0], &Resolution::Theirs).expect("is decided");
    world.buffer.resolve(&conflicts[1], &Resolution::Mine).expect("is decided");
    world.buffer.commit().expect("commits");
    assert_eq!(all(&*world.store, "trees").len(), 2);
    world.follower.catch_up().expect("is heard");
    assert_eq!(world.says(), said(&[("ash", 1), ("pear", 1)]));
}

#[test]
fn own_commits_are_no_news() {
    let mut world = world();
    world.edit(world.set(0, "yew"));
    world.edit(Edit::Insert(tree("fir", 2)));
    world.edit(Edit::Delete(world.target(1)));
    let note = Feature::new(notes().schema);
    world.buffer.edit("Note", |it| it.write("notes", Edit::Insert(note))).expect("is pending");
    world.buffer.commit().expect("commits");
    world.edit(world.set(0, "ash"));
    world.buffer.commit().expect("commits");
    drop(world.take());
    world.follower.catch_up().expect("is heard");
    let told = world.take();
    assert!(told.is_empty(), "{told:?}");
    // the same handle, by others
    world.others([world.set(0, "yew")]);
    world.follower.catch_up().expect("is heard");
    assert_eq!(beneath(&world.take()).len(), 1);
}

#[test]
fn what_others_did_before_an_own_commit_is_told_in_order() {
    let mut world = world();
    world.others([world.set(0, "ash")]);
    world.edit(world.set(0, "yew"));
    world.buffer.commit().expect("commits");
    drop(world.take());
    world.follower.catch_up().expect("is heard");
    let last = world.take().pop().expect("is told");
    let changes = beneath(&[last]);
    let Some(Change::Update(fields)) = changes.get("trees", &world.target(0)) else {
        panic!("{changes:?}")
    };
    assert_eq!(fields[0].after, Some("yew".into()));
}

#[test]
fn what_is_heard_within_a_command_waits_for_its_end() {
    for ends in [true, false] {
        let mut world = world();
        world.edit(world.set(0, "yew"));
        let buffer = Arc::clone(&world.buffer);
        let command = buffer.command("Paint").expect("opens");
        world.edit(world.set(1, "pear"));
        world.others([world.raise(0, 5), world.raise(1, 5)]);
        let waits = Heard::Waits { command: "Paint".to_owned() };
        assert_eq!((world.pump(), world.pump()), (waits.clone(), waits));
        world.follower.catch_up().expect("does not wait for ever");
        assert_eq!(buffer.history().0.len(), 2);
        if ends {
            command.end().expect("ends");
        } else {
            command.abandon().expect("is abandoned");
        }
        assert_eq!(world.pump(), Heard::TakenUp);
        let second = if ends { "pear" } else { "elm" };
        assert_eq!(world.says(), said(&[("yew", 5), (second, 5)]));
        assert_eq!(buffer.conflicts(), []);
    }
}

#[test]
fn what_cannot_be_known_is_merged_and_told_as_such() {
    let below = MemoryStore::new();
    created(&below, &[trees(), notes()]);
    let mut transaction = below.begin(TransactionOptions::default()).expect("begins");
    transaction.install_log("trees", &LogOptions { keep: 1 }).expect("changes can be noted");
    transaction.commit().expect("commits");
    let mut world = world_over(below);
    world.edit(world.set(0, "yew"));
    world.others([world.raise(0, 5)]);
    world.others([world.raise(1, 5)]);
    world.others([world.raise(1, 6)]);
    assert_eq!(world.pump(), Heard::TakenUp);
    let told = world.take();
    assert!(matches!(told[..], [EditEvent::Merged { .. }, EditEvent::Reset]), "{told:?}");
    assert_eq!(world.says(), said(&[("yew", 5), ("elm", 6)]));
}

#[test]
fn a_layer_that_is_gone_is_told() {
    let mut world = world();
    let mut transaction = world.store.begin(TransactionOptions::default()).expect("begins");
    transaction.drop_layer("notes").expect("is dropped");
    transaction.commit().expect("commits");
    assert_eq!(world.pump(), Heard::TakenUp);
    assert!(matches!(world.take()[..], [EditEvent::Reset]));
}

#[test]
fn a_thread_follows_until_it_is_dropped() {
    let World { store, buffer, follower, told, trees: rows, _hearing } = world();
    let following = follower.on_a_thread();
    let oak = target(&rows[0]);
    buffer
        .edit("Edit", |it| it.write("trees", patch(&trees(), &oak, &[("name", "yew".into())])))
        .expect("is pending");
    written(&*store, "trees", [patch(&trees(), &oak, &[("rank", 5.into())])]);
    let deadline = Instant::now() + Duration::from_secs(10);
    let is_merged = || {
        let told = told.lock().expect("nobody panics");
        told.iter().any(|it| matches!(it, EditEvent::Merged { .. }))
    };
    while !is_merged() {
        assert!(Instant::now() < deadline, "nobody follows");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(following.fault().is_none());
    drop(following);
    told.lock().expect("nobody panics").clear();
    written(&*store, "trees", [patch(&trees(), &oak, &[("rank", 6.into())])]);
    std::thread::sleep(Duration::from_millis(120));
    assert!(!is_merged(), "nobody follows any more");
}

#[test]
fn a_handler_may_end_the_thread_that_calls_it() {
    let World { store, buffer, follower, trees: rows, .. } = world();
    let following = Arc::new(Mutex::new(Some(follower.on_a_thread())));
    let kept = Arc::clone(&following);
    let hearing = buffer.subscribe(move |_| {
        drop(kept.lock().expect("nobody panics").take());
        Ok(())
    });
    written(&*store, "trees", [patch(&trees(), &target(&rows[0]), &[("rank", 5.into())])]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while following.lock().expect("nobody panics").is_some() {
        assert!(Instant::now() < deadline, "nobody follows");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(hearing);
}

#[test]
fn a_buffer_cannot_be_watched_and_says_what_can() {
    let buffer = world().buffer;
    let above = Arc::new(EditBuffer::over(buffer));
    let refused = above.follow().expect_err("a buffer cannot be watched");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.hint().is_some_and(|it| it.contains("the store below")), "{refused}");
}
