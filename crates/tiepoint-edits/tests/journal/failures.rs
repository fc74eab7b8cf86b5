//! Disks that fail: what is not acknowledged may be gone, what was acknowledged never is.
use super::{files, left, names, offered, open, record, store};
use std::io::ErrorKind as Io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use tiepoint_edits::journal::{
    Fault, Faults, Journal, JournalError, JournalFolder, Operation, Record,
};

/// Fails the operations that are planned, in turn.
#[derive(Debug, Default)]
struct Plan {
    faults: Mutex<Vec<(Operation, Fault)>>,
    syncs: AtomicUsize,
}

impl Plan {
    fn fail(&self, operation: Operation, fault: Fault) {
        self.faults.lock().expect("is free").push((operation, fault));
    }
}

impl Faults for Plan {
    fn before(&self, operation: Operation, _: &Path, _: usize) -> Fault {
        let mut faults = self.faults.lock().expect("is free");
        match faults.iter().position(|it| it.0 == operation) {
            Some(at) => faults.remove(at).1,
            None => Fault::None,
        }
    }

    fn after(&self, operation: Operation, _: &Path) {
        if operation == Operation::Sync {
            self.syncs.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn planned(folder: &Path) -> (Journal, Arc<Plan>) {
    let plan = Arc::new(Plan::default());
    let journals = JournalFolder::at(folder).with_faults(plan.clone());
    (journals.open(&store()).expect("opens"), plan)
}

#[test]
fn a_full_disk_costs_the_append_that_met_it_and_nothing_else() {
    let folder = tempdir().expect("a folder");
    let (journal, plan) = planned(folder.path());
    journal.write(&[record("one")]).expect("is written");
    for bytes in [0, 1, 23, 24, 30, 1 << 20] {
        plan.fail(Operation::Write, Fault::None);
        plan.fail(Operation::Write, Fault::Short(bytes, Io::StorageFull));
        let error = journal.append(&[record("x".repeat(3 << 20))]).expect_err("is full");
        assert!(matches!(error, JournalError::Full { .. }), "{error}");
        assert!(error.to_string().contains("free some"), "{error}");
    }
    journal.write(&[record("two")]).expect("there is room again");
    drop(journal);
    assert_eq!(names(&offered(folder.path())), ["one", "two"]);
}

#[test]
fn a_sync_that_fails_acknowledges_nothing_until_a_fresh_file_holds_all() {
    let folder = tempdir().expect("a folder");
    let (journal, plan) = planned(folder.path());
    journal.write(&[record("one")]).expect("is written");
    let acknowledged = journal.append(&[]).expect("is a mark");
    let mark = journal.append(&[record("two")]).expect("is written");
    plan.fail(Operation::Sync, Fault::Fail(Io::Other));
    let error = journal.sync(mark).expect_err("the disk fails");
    assert!(matches!(error, JournalError::Disk { .. }), "{error}");
    journal.sync(acknowledged).expect("it was");
    for _ in 0..2 {
        assert!(matches!(journal.sync(mark), Err(JournalError::Distrusted { .. })));
        assert!(matches!(journal.append(&[record("x")]), Err(JournalError::Distrusted { .. })));
    }
    plan.fail(Operation::Sync, Fault::Fail(Io::StorageFull));
    let error = journal.restart(&[record("one"), record("again")]).expect_err("is full");
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    journal.restart(&[record("one"), record("again")]).expect("restarts");
    assert!(matches!(journal.sync(mark), Err(JournalError::Distrusted { .. })), "it never was");
    journal.sync(acknowledged).expect("it was");
    journal.write(&[record("three")]).expect("is written");
    drop(journal);
    assert_eq!(names(&offered(folder.path())), ["one", "again", "three"]);
}

#[test]
fn a_distrusted_journal_still_keeps_what_was_acknowledged() {
    for cuts in [true, false] {
        let folder = tempdir().expect("a folder");
        let (journal, plan) = planned(folder.path());
        journal.write(&[record("one")]).expect("is written");
        plan.fail(Operation::Sync, Fault::Fail(Io::Other));
        if !cuts {
            plan.fail(Operation::Cut, Fault::Fail(Io::Other));
        }
        journal.write(&[record("two")]).expect_err("the disk fails");
        drop(journal);
        let records = offered(folder.path());
        let expected: &[&str] = if cuts { &["one"] } else { &["one", "two"] };
        assert_eq!(names(&records), expected);
    }
}

#[test]
fn a_journal_that_can_neither_be_written_nor_cut_back_is_distrusted() {
    let folder = tempdir().expect("a folder");
    let (journal, plan) = planned(folder.path());
    journal.write(&[record("one")]).expect("is written");
    plan.fail(Operation::Write, Fault::Short(30, Io::Other));
    plan.fail(Operation::Cut, Fault::Fail(Io::Other));
    journal.append(&[record("two")]).expect_err("the disk fails");
    assert!(matches!(journal.append(&[record("x")]), Err(JournalError::Distrusted { .. })));
    journal.clear().expect("all of it may go");
    journal.write(&[record("three")]).expect("is written");
    drop(journal);
    assert_eq!(names(&offered(folder.path())), ["three"]);
}

#[test]
fn a_journal_that_cannot_begin_begins_at_the_next_try() {
    use Operation::{Create, CreateFolder, Rename, Sync, SyncFolder, Write};
    for operation in [CreateFolder, Create, Write, Sync, Rename, SyncFolder] {
        let folder = tempdir().expect("a folder");
        let (journal, plan) = planned(folder.path());
        plan.fail(operation, Fault::Fail(Io::StorageFull));
        let error = journal.write(&[record("one")]).expect_err("the disk fails");
        assert!(matches!(error, JournalError::Full { .. }), "{operation:?}: {error}");
        if let Err(JournalError::Distrusted { .. }) = journal.write(&[record("one")]) {
            journal.restart(&[record("one")]).expect("restarts");
        }
        drop(journal);
        assert_eq!(names(&offered(folder.path())), ["one"], "{operation:?}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_told_with_what_to_do() {
    use Operation::{Create, CreateFolder, Rename};
    for operation in [CreateFolder, Create, Rename] {
        for kind in [Io::PermissionDenied, Io::ReadOnlyFilesystem] {
            let folder = tempdir().expect("a folder");
            let (journal, plan) = planned(folder.path());
            plan.fail(operation, Fault::Fail(kind));
            let error = journal.write(&[record("one")]).expect_err("is denied");
            assert!(matches!(error, JournalError::Denied { .. }), "{operation:?}: {error}");
            let text = error.to_string();
            assert!(text.starts_with(&folder.path().display().to_string()), "{text}");
            assert!(text.contains("TIEPOINT_JOURNALS"), "{text}");
        }
    }
}

#[test]
fn all_who_wait_hear_of_a_sync_that_fails() {
    let folder = tempdir().expect("a folder");
    let (journal, plan) = planned(folder.path());
    journal.write(&[record("before")]).expect("is written");
    let marks: Vec<_> =
        (0..4).map(|it| journal.append(&[record(it.to_string())]).expect("is written")).collect();
    plan.fail(Operation::Sync, Fault::Fail(Io::Other));
    std::thread::scope(|scope| {
        for mark in marks {
            let journal = &journal;
            scope.spawn(move || journal.sync(mark).expect_err("none is acknowledged"));
        }
    });
    drop(journal);
    assert_eq!(names(&offered(folder.path())), ["before"]);
}

#[test]
fn one_sync_serves_all_who_wait() {
    let folder = tempdir().expect("a folder");
    let (journal, plan) = planned(folder.path());
    let marks: Vec<_> =
        (0..50).map(|it| journal.append(&[record(it.to_string())]).expect("is written")).collect();
    let before = plan.syncs.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        for mark in marks {
            let journal = &journal;
            scope.spawn(move || journal.sync(mark).expect("is synced"));
        }
    });
    assert_eq!(plan.syncs.load(Ordering::Relaxed), before + 1);
}

#[test]
fn what_was_taken_over_and_cannot_be_deleted_is_never_offered_again() {
    let folder = tempdir().expect("a folder");
    open(folder.path()).write(&[record("one")]).expect("is written");
    let (heir, plan) = planned(folder.path());
    for it in left(folder.path()) {
        // Its own disk does not fail, so its file is put out of reach of a deletion.
        let (journal, kept) = (it.path(), std::fs::read(it.path()).expect("is read"));
        std::fs::remove_file(&journal).expect("goes");
        std::fs::create_dir_all(journal.join("in the way")).expect("is made");
        heir.adopt(it, &[record("one")]).expect("takes it over");
        heir.clear().expect("it is committed");
        std::fs::remove_dir_all(&journal).expect("goes");
        std::fs::write(&journal, kept).expect("is back");
    }
    drop((heir, plan));
    assert!(offered(folder.path()).is_empty());
    assert!(files(folder.path(), ".journal").is_empty(), "its deletion is finished");
}

#[test]
fn an_adoption_that_fails_leaves_the_dead_ones_journal() {
    for cuts in [true, false] {
        let folder = tempdir().expect("a folder");
        open(folder.path()).write(&[record("one")]).expect("is written");
        let (heir, plan) = planned(folder.path());
        heir.write(&[record("mine")]).expect("is written");
        plan.fail(Operation::Sync, Fault::Fail(Io::Other));
        if !cuts {
            plan.fail(Operation::Cut, Fault::Fail(Io::Other));
        }
        let it = left(folder.path()).pop().expect("is there");
        heir.adopt(it, &[record("one")]).expect_err("the disk fails");
        assert!(left(folder.path()).is_empty(), "others must not believe the failed adoption");
        heir.restart(&[record("mine")]).expect("restarts");
        assert_eq!(names(&offered(folder.path())), ["one"]);
        drop(heir);
        let mut records: Vec<Record> = offered(folder.path());
        records.sort_by_key(|it| format!("{it:?}"));
        assert_eq!(names(&records), ["mine", "one"]);
    }
}

/// On a file system of its own that is full for real, where this user may mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_for_real_is_told_and_survived() {
    use std::process::Command;
    let folder = tempdir().expect("a folder");
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(folder.path())
        .output();
    if !mount.is_ok_and(|it| it.status.success()) {
        eprintln!("not run: this user may not mount a file system");
        return;
    }
    let journal = open(folder.path());
    let mut written = Vec::new();
    let error = loop {
        let name = format!("{} {}", written.len(), "x".repeat(10_000));
        match journal.write(&[record(name.clone())]) {
            Ok(()) => written.push(name),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    journal.append(&[record("y".repeat(40_000))]).expect_err("there is no room for that");
    journal.write(&[record("small")]).expect("there is room for that");
    drop(journal);
    let records = offered(folder.path());
    written.push("small".to_owned());
    let all_there = names(&records) == written;
    let unmounted = Command::new("umount").arg(folder.path()).status();
    assert!(all_there && unmounted.is_ok_and(|it| it.success()));
}
