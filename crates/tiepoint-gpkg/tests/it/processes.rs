//! Several processes on one file, and processes that are killed. A child runs this very test
//! program, with the name of its work and a path in its environment.
use crate::trees::{all, begin, committed, definition, folder, insert, planted};
use crate::{failures, trees};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tiepoint_core::{Edit, Identity, Query, Value};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Repair, Store, TransactionOptions, WriteMode};

const WORK: &str = "TIEPOINT_TEST_WORK";
const PLACE: &str = "TIEPOINT_TEST_PLACE";

/// The command that does `work` at `path` in another process.
pub(crate) fn in_child(work: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("is running"));
    command.args(["--exact", "processes::a_child_does_its_work", "--nocapture"]);
    command.env(WORK, work).env(PLACE, path);
    command
}

/// Does nothing but when it is a child.
#[test]
fn a_child_does_its_work() {
    let (Some(work), Some(path)) = (std::env::var_os(WORK), std::env::var_os(PLACE)) else {
        return;
    };
    let path = Path::new(&path);
    match work.to_str() {
        Some("fill_the_disk") => failures::fill_the_disk(path),
        Some("read_what_is_frozen") => failures::read_what_is_frozen(path),
        Some("add_to_the_height") => add_to_the_height(path),
        Some("load_for_ever") => load_for_ever(path),
        Some("create_for_ever") => create_for_ever(path),
        other => panic!("unknown work {other:?}"),
    }
}

fn add_to_the_height(path: &Path) {
    let store = GpkgStore::open(path).expect("opens");
    for _ in 0..20 {
        committed(&store, |transaction| {
            let mut features = transaction.read(&Query::layer(trees::TREES)).expect("reads");
            let mut tree = features.next().expect("there is one").expect("reads");
            drop(features);
            let Some(Value::Real(height)) = tree.get("height").cloned() else { panic!("a number") };
            tree.set("height", (height + 1.0).into()).expect("fits");
            transaction.write(trees::TREES, Edit::Update(tree)).expect("is written");
        });
    }
}

#[test]
fn two_processes_that_write_at_once_lose_nothing() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 1);
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut child = in_child("add_to_the_height", &path);
            child.stdout(Stdio::null()).spawn().expect("starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("ends").success());
    }
    assert_eq!(all(&store)[0].get("height"), Some(&60.0.into()));
    assert_eq!(store.check(Repair::No).expect("checks"), []);
}

fn load_for_ever(path: &Path) {
    let store = GpkgStore::open(path).expect("opens");
    let mut from = 1_000;
    loop {
        committed(&store, |it| insert(it, from..from + 20_000, WriteMode::Bulk).expect("writes"));
        from += 20_000;
    }
}

fn create_for_ever(path: &Path) {
    let store = GpkgStore::create(path).expect("is new");
    let mut transaction = begin(&store);
    transaction.create_layer(&definition(Identity::column())).expect("is created");
    insert(transaction.as_mut(), 0..i32::MAX, WriteMode::Bulk).expect("is killed before");
}

fn killed_after(work: &str, path: &Path, patience: Duration) {
    let mut child = in_child(work, path).stdout(Stdio::null()).spawn().expect("starts");
    std::thread::sleep(patience);
    child.kill().expect("is killed");
    child.wait().expect("ends");
}

#[test]
fn a_load_that_is_killed_leaves_whole_transactions() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::column(), 1_000));
    for patience_ms in [150, 400, 900] {
        killed_after("load_for_ever", &path, Duration::from_millis(patience_ms));
        let store = GpkgStore::open(&path).expect("opens");
        let facts = store.facts(trees::TREES).expect("reads");
        assert_eq!(facts.count % 20_000, 1_000, "all of a transaction or nothing");
        assert_eq!(store.check(Repair::No).expect("checks"), []);
    }
}

#[test]
fn a_first_load_that_is_killed_leaves_no_file() {
    let (_folder, path) = folder();
    let before = Instant::now();
    killed_after("create_for_ever", &path, Duration::from_millis(600));
    assert!(!path.exists(), "after {:?}", before.elapsed());
    let store = GpkgStore::create(&path).expect("the name is still free");
    drop(store.begin(TransactionOptions::default()).expect("opens"));
}
