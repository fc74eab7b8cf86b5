//! Disks that are full, fail, or lose a folder: the call says so, what was acknowledged stays, and
//! the buffer goes on.
use crate::child::{Child, create, recover_all};
use crate::model::{Model, Outcome};
use crate::ops::Op;
use crate::points::{Fate, Passing, Points};
use crate::world::tell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use tempfile::{TempDir, tempdir};
use tiepoint_edits::journal::{Fault, Faults, JournalError, JournalFolder, Operation};
use tiepoint_edits::{EditBuffer, EditError};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Store, StoreError};

/// Fails what it is told to: an operation, after so many of them that are done, so often.
#[derive(Debug, Default)]
struct Plan(Mutex<Vec<(Operation, u32, u32, ErrorKind)>>);

impl Plan {
    fn fail(&self, operation: Operation, after: u32, times: u32, kind: ErrorKind) {
        self.0.lock().expect("is free").push((operation, after, times, kind));
    }

    fn mend(&self) {
        self.0.lock().expect("is free").clear();
    }
}

impl Faults for Plan {
    fn before(&self, operation: Operation, _: &Path, _: usize) -> Fault {
        let mut plan = self.0.lock().expect("is free");
        for (_, after, times, kind) in plan.iter_mut().filter(|it| it.0 == operation) {
            match (*after, *times) {
                (0, 0) => {}
                (0, left) => {
                    *times = left - 1;
                    return Fault::Fail(*kind);
                }
                (left, _) => *after = left - 1,
            }
        }
        Fault::None
    }

    fn after(&self, _: Operation, _: &Path) {}
}

/// A file, a folder for journals and what must be there.
struct Bench {
    folder: TempDir,
    file: PathBuf,
    journals: PathBuf,
    plan: Arc<Plan>,
    model: Mutex<Model>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (file, journals) = (at("it.gpkg"), at("journals"));
        create(&GpkgStore::create(&file).expect("is new"));
        let model = Mutex::new(Model::new());
        Self { folder, file, journals, plan: Arc::default(), model }
    }

    /// A session that may be a new one after a crash.
    fn session(&self, work: impl FnOnce(&mut Session<'_, '_>)) {
        let store: Arc<dyn Store> = Arc::new(GpkgStore::open(&self.file).expect("opens"));
        let folder = JournalFolder::at(&self.journals).with_faults(self.plan.clone());
        let passing = Passing { below: store.clone(), points: Points::new(Fate::Pass) };
        let buffer = EditBuffer::journalled(Arc::new(passing), &folder).expect("opens");
        recover_all(&buffer);
        let mut model = self.model.lock().expect("is free");
        *model = model.clone().recovered();
        let child = Child { below: &*store, buffer: &buffer, commands: Vec::new(), floor: 0 };
        let mut session = Session { child, model: &mut model };
        session.check();
        work(&mut session);
        session.check();
    }
}

struct Session<'m, 'b> {
    child: Child<'b>,
    model: &'m mut Model,
}

impl Session<'_, '_> {
    fn done(&mut self, op: &str) {
        let op: Op = op.parse().expect("an operation");
        let outcome = self.child.done(&op).unwrap_or_else(|error| panic!("{op}: {error}"));
        assert_eq!(outcome, self.model.apply(&op), "{op}");
        self.check();
    }

    fn tried(&mut self, op: &str) {
        let op: Op = op.parse().expect("an operation");
        if let Ok(outcome) = self.child.done(&op) {
            assert_eq!(outcome, self.model.apply(&op), "{op}");
        }
        self.check();
    }

    fn refused(&mut self, op: &str) -> EditError {
        let op: Op = op.parse().expect("an operation");
        let error = match self.child.done(&op) {
            Ok(Outcome::Done | Outcome::Nothing | Outcome::Refused) => panic!("{op} is done"),
            Err(error) => error,
        };
        self.check();
        error
    }

    fn check(&self) {
        assert_eq!(self.child.seen(), self.model.seen.said());
    }
}

/// A file system of its own of so many bytes, where this user may mount one.
struct Small(PathBuf);

impl Small {
    fn mounted(path: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(path).expect("is made");
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path);
        let mounted = mount.output().is_ok_and(|it| it.status.success());
        if !mounted {
            tell("SKIPPED: a disk that is full for real: this user may not mount one");
        }
        mounted.then(|| Self(path.to_owned()))
    }

    /// Leaves no room; the file that takes it.
    fn filled(&self) -> PathBuf {
        use std::io::Write as _;
        let path = self.0.join("ballast");
        let mut ballast = std::fs::File::create(&path).expect("is made");
        while ballast.write(&[0; 512]).is_ok_and(|it| it > 0) {}
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_under_the_journal_refuses_steps_and_loses_none() {
    let bench = Bench::new();
    let Some(small) = Small::mounted(&bench.journals, "256k") else { return };
    bench.session(|it| {
        it.done("step 0:1:1 1:1:2");
        let ballast = small.filled();
        let error = (0..1_000).find_map(|number| {
            let op = format!("step 0:2:{} 0:3:{number} 1:5:{number}", number + 5_000);
            let op: Op = op.parse().expect("an operation");
            let error = it.child.done(&op).err();
            if error.is_none() {
                it.model.apply(&op);
            }
            error
        });
        let error = error.expect("the disk is full").to_string();
        assert!(error.contains("keep the edit"), "{error}");
        it.check();
        // what is smaller may still find room
        it.tried("undo");
        it.tried("commit");
        it.tried("step 1:3:2000");
        std::fs::remove_file(ballast).expect("makes room");
        it.done("step 1:4:2001");
        it.done("step 0:2:1001");
    });
    bench.session(|it| {
        let ballast = small.filled();
        it.done("rollback");
        std::fs::remove_file(ballast).expect("makes room");
        it.done("step 0:3:1003");
    });
    bench.session(|it| it.done("commit"));
}

#[test]
fn a_full_disk_under_the_geopackage_fails_the_commit_and_keeps_the_edits() {
    let bench = Bench::new();
    let small = bench.folder.path().join("small");
    let Some(small) = Small::mounted(&small, "2m") else { return };
    let file = small.0.join("it.gpkg");
    std::fs::copy(&bench.file, &file).expect("is copied");
    let bench = Bench { file, ..bench };
    let many: Vec<String> = (100..2_100).map(|key| format!("0:{key}:{}", key * 7)).collect();
    bench.session(|it| {
        it.done(&format!("step {}", many.join(" ")));
        let ballast = small.filled();
        let error = it.refused("commit");
        assert!(matches!(error, EditError::Store(StoreError::Full { .. })), "{error:?}");
        it.done("step 1:1:5");
        std::fs::remove_file(ballast).expect("makes room");
    });
    bench.session(|it| {
        let ballast = small.filled();
        it.refused("commit");
        std::fs::remove_file(ballast).expect("makes room");
        it.done("commit");
    });
    bench.session(|it| assert!(!it.child.buffer.is_dirty()));
}

#[test]
fn a_sync_that_fails_in_a_step_or_an_intent_refuses_it_and_the_next_one_succeeds() {
    for op in ["step 0:2:2 1:2:3", "undo", "commit"] {
        let bench = Bench::new();
        bench.session(|it| {
            it.done("step 0:1:1 1:1:1");
            for _ in 0..3 {
                bench.plan.fail(Operation::Sync, 0, 1, ErrorKind::Other);
                let error = it.refused(op);
                assert!(!matches!(error, EditError::InDoubt { .. }), "{error:?}");
                it.done("step 0:1:4");
            }
        });
        bench.session(|it| it.done("commit"));
        bench.session(|it| it.done("step 0:1:5"));
    }
}

#[test]
fn a_crash_after_a_sync_that_failed_leaves_what_was_acknowledged_before() {
    let bench = Bench::new();
    bench.session(|it| {
        it.done("step 0:1:1 1:1:1");
        bench.plan.fail(Operation::Sync, 0, 1, ErrorKind::Other);
        it.refused("step 0:2:2");
    });
    bench.session(|it| it.done("commit"));
}

#[test]
fn a_commit_that_cannot_be_noted_as_done_has_happened_all_the_same() {
    for operation in [Operation::Sync, Operation::Write, Operation::Cut, Operation::Delete] {
        for times in [1, 9] {
            let bench = Bench::new();
            bench.session(|it| {
                it.done("step 0:1:1 1:1:1 2:1:1");
                // the first is the intent's
                bench.plan.fail(operation, 1, times, ErrorKind::Other);
                if operation == Operation::Cut {
                    bench.plan.fail(Operation::Write, 1, times, ErrorKind::Other);
                    bench.plan.fail(Operation::Delete, 0, times, ErrorKind::Other);
                }
                it.done("commit");
            });
            bench.plan.mend();
            bench.session(|it| {
                assert!(!it.child.buffer.is_dirty(), "{operation:?}");
                it.done("step 0:1:2 1:2:2");
            });
            bench.session(|it| it.done("commit"));
        }
    }
}

#[test]
fn commits_that_could_not_be_noted_are_told_from_those_that_did_not_happen() {
    let bench = Bench::new();
    bench.session(|it| {
        it.done("step 0:1:1 1:1:1");
        bench.plan.fail(Operation::Write, 1, 1_000, ErrorKind::StorageFull);
        bench.plan.fail(Operation::Delete, 0, 1_000, ErrorKind::PermissionDenied);
        it.done("commit");
        bench.plan.mend();
        it.done("step 0:1:2 1:2:2");
        it.done("others 1 5");
        bench.plan.fail(Operation::Write, 1, 1_000, ErrorKind::StorageFull);
        bench.plan.fail(Operation::Delete, 0, 1_000, ErrorKind::PermissionDenied);
        it.done("commit");
        bench.plan.mend();
        it.done("step 0:1:3 1:1:-");
    });
    bench.session(|it| it.done("commit"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_removed_in_mid_session_is_made_again_with_all_that_is_pending() {
    let bench = Bench::new();
    bench.session(|it| {
        it.done("step 0:1:1 1:1:1");
        std::fs::remove_dir_all(&bench.journals).expect("is removed");
        it.done("step 0:2:2");
    });
    for op in ["undo", "commit", "rollback", "step 0:3:3"] {
        bench.session(|it| {
            it.done("step 0:1:7 1:2:7");
            std::fs::remove_dir_all(&bench.journals).expect("is removed");
            it.done(op);
            it.done("step 0:4:4 1:2:8");
        });
    }
    bench.session(|it| {
        it.done("step 2:1:9");
        std::fs::remove_dir_all(&bench.journals).expect("is removed");
        it.done("others 1 10");
        it.done("merge");
        it.done("resolve true");
    });
    bench.session(|it| it.done("commit"));
}

#[cfg(unix)]
#[test]
fn a_session_whose_folder_was_removed_is_not_taken_for_a_dead_one() {
    let bench = Bench::new();
    bench.session(|it| {
        it.done("step 0:1:1");
        std::fs::remove_dir_all(&bench.journals).expect("is removed");
        it.done("step 0:2:2");
        let left = JournalFolder::at(&bench.journals).left_behind(None).expect("reads");
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn what_is_left_is_taken_over_by_one_whose_disk_has_failed() {
    let bench = Bench::new();
    bench.session(|it| {
        it.done("step 0:1:1 1:1:1");
        let op: Op = "step 0:2:2 1:2:2".parse().expect("an operation");
        let store: Arc<dyn Store> = Arc::new(GpkgStore::open(&bench.file).expect("opens"));
        let folder = JournalFolder::at(&bench.journals);
        let dead = EditBuffer::journalled(store.clone(), &folder).expect("opens");
        let mut child = Child { below: &*store, buffer: &dead, commands: Vec::new(), floor: 0 };
        child.done(&op).expect("is done");
        drop(child);
        drop(dead);
        bench.plan.fail(Operation::Sync, 0, 1, ErrorKind::Other);
        it.refused("step 0:3:3");
        recover_all(it.child.buffer);
        it.model.apply(&op);
        it.check();
        it.done("step 0:3:3");
    });
    bench.session(|it| it.done("commit"));
}

#[test]
fn a_folder_that_may_only_be_read_costs_what_needs_a_new_file_and_nothing_else() {
    let bench = Bench::new();
    bench.session(|it| {
        it.done("step 2:1:1 1:1:1");
        it.done("others 1 2");
        for operation in [Operation::Create, Operation::Rename, Operation::Delete] {
            bench.plan.fail(operation, 0, 1_000, ErrorKind::PermissionDenied);
        }
        let error = it.refused("merge");
        let denied = matches!(error, EditError::Journal(JournalError::Denied { .. }));
        assert!(denied, "{error:?}");
        it.done("step 0:2:2");
        // the file is open, so it can be written until it fails
        bench.plan.fail(Operation::Sync, 0, 1, ErrorKind::Other);
        it.refused("step 0:3:3");
        it.refused("step 0:3:3");
        it.refused("undo");
        bench.plan.mend();
        it.done("step 0:3:3");
        it.done("merge");
    });
    bench.session(|it| it.done("resolve true"));
    bench.session(|it| it.done("commit"));
}
