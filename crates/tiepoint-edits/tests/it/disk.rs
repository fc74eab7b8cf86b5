//! A disk that fails once, anywhere: what is refused has not happened, and what a crash leaves is
//! what the buffer said.
use crate::fixture::{all, created, patch, target, tree, trees, written};
use crate::frail::Frail;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tiepoint_core::{ChangeSet, Edit, Feature};
use tiepoint_edits::journal::{Fault, Faults, JournalFolder, Operation};
use tiepoint_edits::{EditBuffer, EditError};
use tiepoint_store::{MemoryStore, Store};

/// Fails at one operation, the one after so many.
#[derive(Debug)]
struct Once(AtomicI64);

impl Faults for Once {
    fn before(&self, _: Operation, _: &Path, _: usize) -> Fault {
        match self.0.fetch_sub(1, Ordering::Relaxed) {
            0 => Fault::Fail(ErrorKind::StorageFull),
            _ => Fault::None,
        }
    }

    fn after(&self, _: Operation, _: &Path) {}
}

type Everything = (ChangeSet, (Vec<Arc<str>>, usize), Vec<Feature>);

fn everything(buffer: &EditBuffer) -> Everything {
    (buffer.changes(), buffer.history(), all(buffer, "trees"))
}

type Action = fn(&EditBuffer) -> Result<(), EditError>;

fn insert(buffer: &EditBuffer) -> Result<(), EditError> {
    let new = Edit::Insert(tree("new", 1));
    Ok(buffer.edit("insert", |it| it.write("trees", new)).map(drop)?)
}

fn update(buffer: &EditBuffer) -> Result<(), EditError> {
    let row = all(buffer, "trees").swap_remove(0);
    let again = format!("{:?} again", row.get("name"));
    let edit = patch(&trees(), &target(&row), &[("name", again.into())]);
    Ok(buffer.edit("update", |it| it.write("trees", edit)).map(drop)?)
}

const ACTIONS: [Action; 12] = [
    insert,
    update,
    |it| it.undo().map(drop),
    insert,
    |it| it.commit().map(drop),
    update,
    |it| it.undo().map(drop),
    |it| it.redo().map(drop),
    update,
    |it| it.rollback(),
    insert,
    update,
];

fn journalled(store: &Arc<Frail>, folder: &JournalFolder) -> EditBuffer {
    EditBuffer::journalled(store.clone(), folder).expect("opens")
}

/// Does so many things with a disk that fails once, and dies. Whether it came so far.
fn survives(actions: usize, fault: i64) -> bool {
    let below: Arc<dyn Store> = Arc::new(MemoryStore::new());
    created(&*below, &[trees()]);
    written(&*below, "trees", [Edit::Insert(tree("old", 1))]);
    let store = Arc::new(Frail::over(below));
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = JournalFolder::at(temporary.path());
    let once = Arc::new(Once(AtomicI64::new(fault)));
    let buffer = journalled(&store, &folder.clone().with_faults(once.clone()));
    for (number, action) in ACTIONS[..actions].iter().enumerate() {
        let before = everything(&buffer);
        if let Err(error) = action(&buffer) {
            assert_eq!(everything(&buffer), before, "action {number}, fault {fault}: {error}");
        }
    }
    let (changes, rows) = (buffer.changes(), all(&buffer, "trees"));
    drop(buffer);
    let has_failed = once.0.load(Ordering::Relaxed) < 0;
    let buffer = journalled(&store, &folder);
    for left in buffer.left_behind().expect("reads") {
        buffer.recover(left).expect("is recovered");
    }
    let said = |rows: Vec<Feature>| -> Vec<_> {
        rows.into_iter().map(|it| (it.id, it.values().to_vec())).collect()
    };
    assert_eq!(said(all(&buffer, "trees")), said(rows), "{actions} actions, fault {fault}");
    assert_eq!(buffer.changes().len(), changes.len());
    has_failed
}

#[test]
fn what_a_failing_disk_refuses_has_not_happened_and_what_it_took_survives() {
    for actions in [4, 5, 10, 12] {
        let reached = (0..200).take_while(|fault| survives(actions, *fault)).count();
        assert!(reached > actions, "{reached} faults in {actions} actions");
    }
}
