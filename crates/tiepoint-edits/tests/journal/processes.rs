//! Several processes, killed at any time: what they had acknowledged is offered, once.
use super::{cases, files, left, names, offered, open, record, store};
use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::tempdir;
use tiepoint_edits::journal::{Fault, Faults, Journal, JournalFolder, Operation};

const FOLDER: &str = "TIEPOINT_TEST_JOURNALS";
const ROLE: &str = "TIEPOINT_TEST_ROLE";

/// Runs this test binary as another process that plays a role in a folder.
fn play(role: &str, folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().expect("is known"));
    command.args(["--exact", "processes::child", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(ROLE, role);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts")
}

/// What it acknowledged, when it has ended.
fn acknowledged(child: &mut Child) -> Vec<String> {
    let output = BufReader::new(child.stdout.take().expect("is piped"));
    let lines = output.lines().map_while(Result::ok);
    let told = lines.filter_map(|it| it.strip_prefix("done ").map(str::to_owned)).collect();
    child.wait().expect("ends");
    told
}

fn acknowledge(name: &str) {
    // One write, so that a kill leaves no half line; the line starts anew after what tests print.
    let line = format!("\ndone {name}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).expect("is told");
}

/// Not a test of its own: what other processes do.
#[test]
fn child() {
    let (Ok(folder), Ok(role)) = (env::var(FOLDER), env::var(ROLE)) else { return };
    let folder = PathBuf::from(folder);
    match role.split_once(' ') {
        None if role == "write" => write_for_ever(&folder),
        None if role == "recover" => take_over_all(&open(&folder), &folder),
        Some(("die", operation)) => die_at(&folder, operation.parse().expect("a number")),
        _ => unreachable!("no role {role}"),
    }
    // As a crash would: nothing is closed.
    std::process::abort();
}

fn write_for_ever(folder: &Path) {
    let journal = open(folder);
    let session = journal.session();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let journal = &journal;
            scope.spawn(move || {
                for edit in 0.. {
                    let name = format!("{session} {thread} {edit:06}");
                    journal.write(&[record(name.clone())]).expect("is written");
                    acknowledge(&name);
                }
            });
        }
    });
}

fn take_over_all(heir: &Journal, folder: &Path) {
    for _ in 0..50 {
        for it in left(folder) {
            let records = it.records().expect("is read");
            heir.adopt(it, &records).expect("takes it over");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_any_time_every_acknowledged_edit_is_offered_once_and_in_order() {
    for round in 0..cases(8) {
        let folder = tempdir().expect("a folder");
        let mut children = [play("write", folder.path()), play("write", folder.path())];
        std::thread::sleep(Duration::from_millis(u64::from(20 + round * 17 % 90)));
        for child in &mut children {
            child.kill().expect("is killed");
        }
        let told = children.iter_mut().map(acknowledged);
        let mut told: BTreeMap<String, Vec<String>> =
            told.flatten().fold(BTreeMap::new(), |mut by, name| {
                by.entry(name[..38].to_owned()).or_default().push(name);
                by
            });
        let records = offered(folder.path());
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in names(&records) {
            found.entry(name[..38].to_owned()).or_default().push(name.to_owned());
        }
        for (thread, names) in &mut told {
            let found = found.remove(thread).unwrap_or_default();
            assert!(found.starts_with(names), "{thread}: {} of {}", found.len(), names.len());
            assert!(found.len() <= names.len() + 1, "at most one was under way");
            let first = found[0].rsplit(' ').next().map(str::to_owned);
            assert_eq!(first.as_deref(), Some("000000"));
        }
    }
}

#[test]
fn recoveries_that_race_take_everything_over_once() {
    for _ in 0..cases(3) {
        let folder = tempdir().expect("a folder");
        for it in 0..12 {
            open(folder.path()).write(&[record(format!("{it:02}"))]).expect("is written");
        }
        let mut children: Vec<Child> = (0..4).map(|_| play("recover", folder.path())).collect();
        for child in &mut children {
            child.wait().expect("ends");
        }
        let records = offered(folder.path());
        let mut names = names(&records);
        names.sort_unstable();
        let expected: Vec<String> = (0..12).map(|it| format!("{it:02}")).collect();
        assert_eq!(names, expected);
    }
}

/// Kills the process before, within or after the operation of this number.
#[derive(Debug)]
struct Death {
    operations: AtomicUsize,
    at: usize,
}

impl Death {
    fn comes(&self) -> bool {
        self.operations.fetch_add(1, Ordering::Relaxed) == self.at
    }
}

impl Faults for Death {
    fn before(&self, operation: Operation, _: &Path, bytes: usize) -> Fault {
        if self.comes() {
            std::process::abort();
        }
        // Within a write it dies when half of it is done.
        if operation == Operation::Write && self.comes() {
            return Fault::Short(bytes / 2, std::io::ErrorKind::Other);
        }
        Fault::None
    }

    fn after(&self, _: Operation, _: &Path) {
        // The one before was the half write's.
        let count = self.operations.load(Ordering::Relaxed);
        if count == self.at + 1 || self.comes() {
            std::process::abort();
        }
    }
}

/// A life with every sort of operation in it, ended at one of them.
fn die_at(folder: &Path, at: usize) {
    let death = Arc::new(Death { operations: AtomicUsize::new(0), at });
    let journals = JournalFolder::at(folder).with_faults(death);
    let journal = journals.open(&store()).expect("opens");
    let write = |name: &str| {
        journal.write(&[record(name)]).expect("is written");
        acknowledge(name);
    };
    write("one");
    write(&"two ".repeat(700_000));
    for it in journals.left_behind(Some(&store())).expect("is read") {
        let records = it.records().expect("is read");
        journal.adopt(it, &records).expect("takes it over");
    }
    journal.restart(&[record("one"), record("two"), record("heirloom")]).expect("restarts");
    acknowledge("restarted");
    write("three");
    acknowledge("clearing");
    journal.clear().expect("clears");
    acknowledge("cleared");
    write("four");
    journal.clear().expect("clears");
    journal.close().expect("closes");
    acknowledge("closed");
}

/// What a process that acknowledged this may have left.
fn check(told: &[String], folder: &Path, at: usize) -> bool {
    let records = offered(folder);
    let names: Vec<&str> = names(&records)
        .into_iter()
        .map(|it| if it.starts_with("two") { "two" } else { it })
        .collect();
    let told: Vec<&str> =
        told.iter().map(|it| if it.starts_with("two") { "two" } else { it }).collect();
    let has = |name: &str| told.contains(&name);
    let count = |name: &str| names.iter().filter(|it| **it == name).count();
    let heirlooms = count("heirloom");
    match told.last().copied() {
        Some("closed") => {
            assert!(files(folder, "").is_empty(), "{at}: {names:?}");
            return true;
        }
        Some("cleared" | "four") => {
            assert!(count("four") <= 1 && heirlooms == 0, "{at}: {names:?}");
        }
        Some("clearing") => assert!(names.is_empty() || count("three") == 1, "{at}: {names:?}"),
        _ => {
            assert_eq!(heirlooms, 1, "{at}: after {told:?}: {names:?}");
            let due = ["one", "two", "three"].into_iter().filter(|it| has(it));
            for name in due {
                assert_eq!(count(name), 1, "{at}: after {told:?}: {names:?}");
            }
        }
    }
    false
}

#[test]
fn killed_at_every_operation_nothing_acknowledged_is_lost_or_doubled() {
    let deaths = 0..400;
    for at in deaths {
        let folder = tempdir().expect("a folder");
        open(folder.path()).write(&[record("heirloom")]).expect("is written");
        let mut child = play(&format!("die {at}"), folder.path());
        let told = acknowledged(&mut child);
        if check(&told, folder.path(), at) {
            assert!(at > 40, "there are more operations than {at}");
            return;
        }
    }
    panic!("it never ends");
}
