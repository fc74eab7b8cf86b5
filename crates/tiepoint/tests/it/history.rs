//! Histories, and what a layer said at an earlier time.
use crate::{bring, said};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use tiepoint::{
    Change, ChangeTarget, Changed, Direction, Edit, ErrorKind, Feature, Fid, HistoryOptions, Ids,
    ImportOptions, LogOptions, MemoryStore, ObjectId, Query, Store, TieOptions, Transaction,
    TransactionOptions, Value, WatchEvent, features_at, field, history,
};
use tiepoint_postgis::testing::server_or_skip;

const TREES: &str = "name,height\noak,21\nelm,17\nash,9\n";

/// A store with three trees, and a log of what happens to them.
fn logged() -> MemoryStore {
    let store = MemoryStore::new();
    fill(&store);
    store
}

fn fill(store: &dyn Store) {
    bring(store, "trees.csv", TREES, &ImportOptions::default()).expect("imports");
    install(store, "trees");
}

fn install(store: &dyn Store, layer: &str) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.install_log(layer, &LogOptions::default()).expect("installs");
    transaction.commit().expect("commits");
}

/// Commits edits, in a millisecond of their own; when it was done.
fn commit(store: &dyn Store, edits: impl IntoIterator<Item = Edit>) -> SystemTime {
    std::thread::sleep(Duration::from_millis(3));
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for edit in edits {
        transaction.write("trees", edit).expect("writes");
    }
    transaction.commit().expect("commits");
    std::thread::sleep(Duration::from_millis(3));
    let now = SystemTime::now();
    std::thread::sleep(Duration::from_millis(3));
    now
}

fn features(store: &dyn Store) -> Vec<Feature> {
    let read = store.read(&Query::layer("trees")).expect("reads");
    read.collect::<Result<_, _>>().expect("can be read")
}

fn at(store: &dyn Store, query: &Query, time: SystemTime) -> Vec<Feature> {
    let read = features_at(store, query, time).expect("is known");
    read.collect::<Result<_, _>>().expect("can be read")
}

fn tree(store: &dyn Store, name: &str) -> Feature {
    let found = features(store).into_iter().find(|it| it.get("name") == Some(&name.into()));
    found.expect("is there")
}

fn grown(store: &dyn Store, name: &str, height: i64) -> Edit {
    let mut tree = tree(store, name);
    tree.set("height", height.into()).expect("is a number");
    Edit::Update(tree)
}

fn felled(store: &dyn Store, name: &str) -> Edit {
    Edit::Delete(ChangeTarget::of(&tree(store, name)).expect("it has an id"))
}

fn changes(store: &dyn Store, options: &HistoryOptions) -> Vec<Changed> {
    let events = history(store, options).expect("there is a log");
    let changes = events.map(|event| match event.expect("can be read") {
        WatchEvent::Changed(changed) => changed,
        WatchEvent::Reset(reset) => panic!("{reset:?}"),
    });
    changes.collect()
}

#[test]
fn a_history_is_of_an_object_and_of_a_span_of_time() {
    let store = logged();
    let oak = tree(&store, "oak");
    let first = commit(&store, [grown(&store, "oak", 22)]);
    let second = commit(&store, [grown(&store, "elm", 18)]);
    commit(&store, [felled(&store, "oak")]);
    let all = changes(&store, &HistoryOptions::default());
    assert_eq!(all.len(), 3);
    let target = ChangeTarget::of(&oak);
    let of_oak = changes(&store, &HistoryOptions { target, ..HistoryOptions::default() });
    assert!(matches!(of_oak[0].change, Change::Update(_)), "{of_oak:?}");
    assert!(matches!(of_oak[1].change, Change::Delete(_)), "{of_oak:?}");
    assert_eq!(of_oak.len(), 2);
    let target = oak.fid.map(ChangeTarget::Fid);
    let of_row = changes(&store, &HistoryOptions { target, ..HistoryOptions::default() });
    assert_eq!(of_row, of_oak);
    let (from, until) = (Some(first), Some(second));
    let between = changes(&store, &HistoryOptions { from, until, ..HistoryOptions::default() });
    assert_eq!(between, all[1..2]);
}

#[test]
fn without_a_log_there_is_no_history() {
    let store = MemoryStore::new();
    bring(&store, "trees.csv", TREES, &ImportOptions::default()).expect("imports");
    let all = HistoryOptions::default();
    let trees = HistoryOptions { layers: vec!["trees".to_owned()], ..all.clone() };
    for options in [&all, &trees] {
        let error = history(&store, options).err().expect("there is none");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(said(&error).contains("`tiepoint watch STORE LAYER --install`"), "{error}");
    }
    let error = features_at(&store, &Query::layer("trees"), SystemTime::now()).err();
    assert!(said(&error.expect("there is none")).contains("no log of layer `trees`"));
    bring(&store, "other.csv", TREES, &ImportOptions::default()).expect("imports");
    install(&store, "other");
    assert!(history(&store, &all).is_ok());
    assert!(history(&store, &trees).is_err(), "another layer's log is no log of this one");
    let nothing = HistoryOptions { layers: vec!["tress".to_owned()], ..all };
    assert!(said(&history(&store, &nothing).err().expect("no layer")).contains("`trees`?"));
}

#[test]
fn a_time_before_the_log_is_not_known() {
    let before = SystemTime::now() - Duration::from_secs(60);
    let store = logged();
    commit(&store, [grown(&store, "oak", 22)]);
    let error = features_at(&store, &Query::layer("trees"), before).expect_err("not known");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("its log goes back to 2"), "{error}");
}

#[test]
fn what_was_before_a_reset_is_not_known() {
    let store = MemoryStore::new();
    bring(&store, "trees.csv", TREES, &ImportOptions::default()).expect("imports");
    let alter = |work: &dyn Fn(&mut dyn Transaction)| {
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        work(&mut *transaction);
        transaction.commit().expect("commits");
    };
    alter(&|it| it.untie(Some("trees")).map(drop).expect("unties"));
    install(&store, "trees");
    let before = commit(&store, [grown(&store, "oak", 22)]);
    alter(&|it| it.tie("trees", &TieOptions::default()).map(|_| ()).expect("ties"));
    let known = commit(&store, [grown(&store, "oak", 23)]);
    let then = features(&store);
    commit(&store, [felled(&store, "oak")]);
    let error = features_at(&store, &Query::layer("trees"), before).expect_err("not known");
    assert!(error.to_string().contains("its log goes back to 2"), "{error}");
    assert_eq!(at(&store, &Query::layer("trees"), known), then);
    let events = history(&store, &HistoryOptions::default()).expect("there is a log");
    let resets = events.filter(|it| matches!(it, Ok(WatchEvent::Reset(_))));
    assert_eq!(resets.count(), 1);
}

#[test]
fn the_first_change_that_is_noted_can_be_taken_back() {
    let store = logged();
    let (before, then) = (commit(&store, []), features(&store));
    commit(&store, [grown(&store, "oak", 22)]);
    assert_eq!(at(&store, &Query::layer("trees"), before), then);
}

/// A fixed sequence of numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("has 31 bits") % bound
    }
}

fn some_edit(store: &dyn Store, gone: &mut Vec<Feature>, numbers: &mut Numbers) -> Edit {
    let there = features(store);
    let chosen = numbers.below(there.len().max(1));
    match (numbers.below(4), there.get(chosen)) {
        (0, Some(tree)) => {
            gone.push(tree.clone());
            Edit::Delete(ChangeTarget::of(tree).expect("it has an id"))
        }
        (1, _) if !gone.is_empty() => Edit::Insert(gone.remove(0).with_fid(None)),
        (2 | 3, Some(tree)) => {
            let mut tree = tree.clone();
            let name = format!("tree {}", numbers.below(5));
            let (field, value) = match numbers.below(2) {
                0 => ("name", name.into()),
                _ => ("height", i64::try_from(numbers.below(30)).expect("is small").into()),
            };
            tree.set(field, value).expect("its type");
            Edit::Update(tree)
        }
        _ => {
            let schema = store.layer("trees").expect("is there").schema().clone();
            let mut tree = Feature::new(schema).with_id(ObjectId::mint());
            tree.set("name", "new".into()).expect("its type");
            tree.set("height", 1.into()).expect("its type");
            Edit::Insert(tree)
        }
    }
}

/// What features say, in few words.
fn said_by(features: &[Feature]) -> Vec<String> {
    features.iter().map(|it| format!("{:?} {:?} {:?}", it.fid, it.id, it.values())).collect()
}

fn name(tree: &Feature) -> &str {
    tree.get("name").and_then(Value::as_text).expect("is set")
}

fn names(trees: &[Feature]) -> Vec<&str> {
    trees.iter().map(name).collect()
}

/// The last three names of what is higher than 10.
fn tallest(trees: &[Feature]) -> Vec<&str> {
    let is_tall = |it: &&Feature| matches!(it.get("height"), Some(Value::Int(11..)));
    let mut names: Vec<_> = trees.iter().filter(is_tall).map(name).collect();
    names.sort_by(|a, b| b.cmp(a));
    names.truncate(3);
    names
}

#[test]
fn every_earlier_state_of_the_memory_store_is_found_again() {
    every_earlier_state_is_found_again(&MemoryStore::new(), 40);
}

#[test]
fn every_earlier_state_of_a_geopackage_is_found_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.gpkg");
    let store = tiepoint::create(path.to_str().expect("a plain path")).expect("is made");
    every_earlier_state_is_found_again(&*store, 40);
}

#[test]
fn every_earlier_state_of_a_database_is_found_again() {
    let Some(server) = server_or_skip("every_earlier_state_of_a_database_is_found_again") else {
        return;
    };
    let schema = server.schema();
    let store = tiepoint::open(&schema.url()).expect("is there");
    every_earlier_state_is_found_again(&*store, 15);
}

fn every_earlier_state_is_found_again(store: &dyn Store, edits: usize) {
    fill(store);
    let (mut numbers, mut gone) = (Numbers(7), Vec::new());
    let mut states: Vec<(SystemTime, Vec<Feature>)> = vec![(commit(store, []), features(store))];
    for _ in 0..edits {
        let edit = some_edit(store, &mut gone, &mut numbers);
        states.push((commit(store, [edit]), features(store)));
    }
    let all = Query::layer("trees");
    let tall = Query::layer("trees")
        .filter(field("height").gt(10))
        .fields(["name"])
        .order_by(field("name"), Direction::Descending)
        .limit(3);
    for (time, then) in &states {
        assert_eq!(said_by(&at(store, &all, *time)), said_by(then));
        let ids: BTreeMap<_, _> = then.iter().map(|it| (it.id.expect("tied"), it)).collect();
        for (id, tree) in ids.iter().take(2) {
            assert_eq!(at(store, &Query::object("trees", *id), *time), [(*tree).clone()]);
        }
        let by_row: Vec<Fid> = then.iter().filter_map(|it| it.fid.clone()).collect();
        let rows = all.clone().ids(Ids::Fids(by_row));
        assert_eq!(said_by(&at(store, &rows, *time)), said_by(then));
        assert_eq!(names(&at(store, &tall, *time)), tallest(then));
    }
}
