//! Handlers may do what they like: steps stay whole, and what happened is told in order.
use crate::fixture::{all, created, tree, trees, written};
use std::sync::{Arc, Mutex, Weak};
use tiepoint_core::{Change, Edit, LayerChanges, Target};
use tiepoint_edits::{Direction, EditBuffer, EditEvent, Subscription};
use tiepoint_store::{MemoryStore, Store};

fn buffer() -> Arc<EditBuffer> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    created(&*store, &[trees()]);
    Arc::new(EditBuffer::over(store))
}

fn plant(buffer: &EditBuffer, name: &str) {
    let new = Edit::Insert(tree(name, 1));
    buffer.edit(name, |it| it.write("trees", new)).expect("is planted");
}

type Told = Arc<Mutex<Vec<String>>>;

fn words(event: &EditEvent) -> String {
    match event {
        EditEvent::Changed { direction, name, .. } => {
            let how = match direction {
                Direction::Done => "done",
                Direction::Undone => "undone",
                Direction::Redone => "redone",
            };
            format!("{name} {how}")
        }
        EditEvent::Committed { .. } => "committed".to_owned(),
        EditEvent::RolledBack { .. } => "rolled back".to_owned(),
        EditEvent::Merged { .. } => "merged".to_owned(),
        EditEvent::Beneath { .. } => "beneath".to_owned(),
        EditEvent::Reset => "reset".to_owned(),
    }
}

fn told_of(buffer: &EditBuffer) -> (Told, Subscription) {
    let told = Told::default();
    let heard = Arc::clone(&told);
    let subscription = buffer.subscribe(move |event| {
        heard.lock().expect("nobody panics").push(words(event));
        Ok(())
    });
    (told, subscription)
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lock().expect("nobody panics"))
}

/// Hears with the buffer at hand.
fn handling(
    buffer: &Arc<EditBuffer>,
    mut handler: impl FnMut(&EditBuffer, &str) + Send + 'static,
) -> Subscription {
    let weak: Weak<EditBuffer> = Arc::downgrade(buffer);
    buffer.subscribe(move |event| {
        handler(&*weak.upgrade().ok_or("it is gone")?, &words(event));
        Ok(())
    })
}

#[test]
fn what_a_handler_does_comes_after_what_it_was_told_of() {
    let buffer = buffer();
    let doing = handling(&buffer, |buffer, event| match event {
        "a done" => {
            plant(buffer, "b");
            plant(buffer, "c");
            buffer.undo().expect("is undone");
            buffer.commit().expect("commits");
        }
        "committed" => drop(buffer.undo().expect("is undone")),
        _ => {}
    });
    let (told, hearing) = told_of(&buffer);
    plant(&buffer, "a");
    let expected = ["a done", "b done", "c done", "c undone", "committed", "b undone"];
    assert_eq!(take(&told), expected);
    assert_eq!(all(&*buffer, "trees").len(), 1);
    assert_eq!(buffer.history(), (vec!["a".into(), "b".into()], 1));
    assert_eq!(buffer.faults(), []);
    drop((doing, hearing));
}

#[test]
fn who_fails_is_told_again_and_who_panics_is_not() {
    let buffer = buffer();
    let failing = buffer.subscribe(|_| Err("no room".into()));
    let panicking = buffer.subscribe(|_| panic!("it was too much"));
    let (told, hearing) = told_of(&buffer);
    plant(&buffer, "a");
    plant(&buffer, "b");
    assert_eq!(take(&told), ["a done", "b done"]);
    let faults: Vec<_> = buffer.faults().into_iter().map(|it| (it.message, it.panicked)).collect();
    let no_room = || ("no room".to_owned(), false);
    assert_eq!(faults, [no_room(), ("it was too much".to_owned(), true), no_room()]);
    assert_eq!(buffer.faults(), []);
    assert_eq!(buffer.history().1, 2);
    drop((failing, panicking, hearing));
}

#[test]
fn who_ends_the_hearing_of_itself_or_of_others_hears_nothing_more() {
    let buffer = buffer();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let (told, others) = told_of(&buffer);
    drop(told);
    let later: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let (kept, latest) = (Arc::clone(&own), Arc::clone(&later));
    let mut others = Some(others);
    *own.lock().expect("free") = Some(buffer.subscribe(move |_| {
        drop(kept.lock().expect("free").take());
        drop(others.take());
        drop(latest.lock().expect("free").take());
        Ok(())
    }));
    let (told, subscription) = told_of(&buffer);
    *later.lock().expect("free") = Some(subscription);
    plant(&buffer, "a");
    plant(&buffer, "b");
    assert_eq!(take(&told), Vec::<String>::new(), "it was ended before it was told");
    assert_eq!(buffer.faults(), []);
}

#[test]
fn a_handler_that_owns_a_subscription_goes_with_its_own() {
    let buffer = buffer();
    let (_, inner) = told_of(&buffer);
    let outer = buffer.subscribe(move |_| {
        let _ = &inner;
        Ok(())
    });
    drop(outer);
    plant(&buffer, "a");
}

#[test]
fn who_begins_to_hear_hears_nothing_that_was_before() {
    let buffer = buffer();
    let late: Arc<Mutex<Vec<(Told, Subscription)>>> = Arc::default();
    let kept = Arc::clone(&late);
    let doing = handling(&buffer, move |buffer, event| {
        if event == "a done" {
            plant(buffer, "b");
            kept.lock().expect("free").push(told_of(buffer));
            plant(buffer, "c");
        }
    });
    plant(&buffer, "a");
    let late = late.lock().expect("free");
    assert_eq!(take(&late[0].0), ["c done"], "b was read, if anything was");
    drop(doing);
}

#[test]
fn events_of_many_threads_come_in_the_order_of_the_steps() {
    let buffer = buffer();
    let replica: Arc<Mutex<std::collections::BTreeSet<Target>>> = Arc::default();
    let (kept, told) = (Arc::clone(&replica), Told::default());
    let heard = Arc::clone(&told);
    let hearing = buffer.subscribe(move |event| {
        heard.lock().expect("free").push(words(event));
        let EditEvent::Changed { changes, .. } = event else { return Ok(()) };
        let mut replica = kept.lock().expect("free");
        for (target, change) in changes.layer("trees").into_iter().flat_map(LayerChanges::iter) {
            let fits = match change {
                Change::Insert(_) => replica.insert(target.clone()),
                _ => replica.remove(target),
            };
            assert!(fits, "{target} comes before it goes");
        }
        Ok(())
    });
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let buffer = &buffer;
            scope.spawn(move || {
                for round in 0..40 {
                    plant(buffer, &format!("{thread} {round}"));
                    if round % 3 == 0 {
                        buffer.undo().expect("nobody was there");
                    }
                }
            });
        }
    });
    written(&buffer, "trees", []);
    let rows: std::collections::BTreeSet<_> =
        all(&*buffer, "trees").iter().filter_map(Target::of).collect();
    assert_eq!(buffer.faults(), []);
    assert_eq!(*replica.lock().expect("free"), rows);
    assert_eq!(take(&told).len(), 4 * (40 + 14));
    drop(hearing);
}
