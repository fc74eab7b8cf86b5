//! Many at once: nobody's edit is lost without a word, and nobody sees half a step.
use crate::fixture::{Random, all, created, long_or, notes, patch, target, tree, trees, written};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ScopedJoinHandle;
use tiepoint_core::{
    Change, ChangeSet, Edit, Feature, LayerChanges, Query, Resolution, Target, Value,
};
use tiepoint_edits::{EditBuffer, EditError};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{MemoryStore, Store};

const ROWS: usize = 3;

/// What was committed of one field of one feature: from which value to which.
type Moves = BTreeMap<(Target, String), Vec<(Value, Value)>>;

/// Several edit the same few names and ranks, each value unlike all others.
fn lose_nothing(store: &Arc<dyn Store>, rounds: u64) {
    created(&**store, &[trees()]);
    let start = (0..ROWS).map(|it| Edit::Insert(tree("0 0", i64::try_from(it).expect("is small"))));
    written(&**store, "trees", start);
    let before = all(&**store, "trees");
    let (moves, given_up) = (Mutex::new(Moves::new()), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for client in 1..=4 {
            let (moves, given_up) = (&moves, &given_up);
            scope.spawn(move || {
                let buffer = EditBuffer::over(Arc::clone(store));
                let mut random = Random::new(client);
                for round in 1..=rounds {
                    edit(&buffer, &mut random, client, round);
                    let (written, lost) = committed(&buffer, &mut random);
                    note(&mut moves.lock().expect("nobody panics"), &written);
                    given_up.lock().expect("nobody panics").extend(lost);
                }
            });
        }
    });
    let after = all(&**store, "trees");
    let (moves, given_up) =
        (moves.into_inner().expect("free"), given_up.into_inner().expect("free"));
    let made = moves.values().map(Vec::len).sum::<usize>() + given_up.len();
    for ((row, field), moves) in &moves {
        let value = |rows: &[Feature]| {
            let row = rows.iter().find(|it| target(it) == *row).expect("is there");
            row.get(field).cloned().expect("is set")
        };
        chain(&value(&before), &value(&after), moves);
    }
    let rounds = usize::try_from(rounds).expect("is small");
    assert_eq!(made, 4 * rounds, "each edit is in the store, or was given up by a decision");
}

/// One value of one feature, unlike all others.
fn edit(buffer: &EditBuffer, random: &mut Random, client: u64, round: u64) {
    let rows = all(buffer, "trees");
    let row = &rows[usize::try_from(random.below(3)).expect("is small")];
    let unlike = i64::try_from(client * 1_000_000 + round).expect("is small");
    let change = match random.below(2) {
        0 => ("name", Value::from(format!("{client} {round}"))),
        _ => ("rank", Value::from(unlike)),
    };
    written(buffer, "trees", [patch(&trees(), &target(row), &[change])]);
}

/// What got into the store, and what was decided against.
fn committed(buffer: &EditBuffer, random: &mut Random) -> (ChangeSet, Vec<String>) {
    let mut given_up = Vec::new();
    loop {
        match buffer.commit() {
            Ok(committed) => return (committed.written.as_ref().clone(), given_up),
            Err(EditError::Conflicts(_)) => {
                for conflict in buffer.merge().expect("merges") {
                    let mine = random.below(2) == 0;
                    let resolution = if mine { Resolution::Mine } else { Resolution::Theirs };
                    buffer.resolve(&conflict, &resolution).expect("is decided");
                    if !mine {
                        given_up.push(format!("{conflict:?}"));
                    }
                }
            }
            Err(error) if error.kind() == tiepoint_core::ErrorKind::Unavailable => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn note(moves: &mut Moves, written: &ChangeSet) {
    for (target, change) in written.layer("trees").into_iter().flat_map(LayerChanges::iter) {
        let Change::Update(fields) = change else { panic!("{change:?}") };
        for it in fields {
            let name = written.layer("trees").expect("is there").fields()[it.field].clone();
            let both = (it.before.clone().expect("is set"), it.after.clone().expect("is set"));
            moves.entry((target.clone(), name)).or_default().push(both);
        }
    }
}

/// Every value was made of the one before: they make one way from the first to the last.
fn chain(first: &Value, last: &Value, moves: &[(Value, Value)]) {
    let mut at = first.clone();
    for _ in moves {
        let mut next = moves.iter().filter(|(before, _)| *before == at);
        let (_, after) = next.next().unwrap_or_else(|| panic!("{at:?} leads nowhere: {moves:?}"));
        assert!(next.next().is_none(), "two were made of {at:?}");
        at.clone_from(after);
    }
    assert_eq!(at, *last);
}

#[test]
fn buffers_over_one_memory_store_lose_nothing() {
    lose_nothing(&(Arc::new(MemoryStore::new()) as Arc<dyn Store>), long_or(200).min(5_000));
}

#[test]
fn buffers_over_one_geopackage_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = GpkgStore::create(folder.path().join("many.gpkg")).expect("is new");
    lose_nothing(&(Arc::new(store) as Arc<dyn Store>), 15);
}

#[test]
fn buffers_over_one_postgis_lose_nothing() {
    let Some(server) = server_or_skip("buffers_over_one_postgis_lose_nothing") else { return };
    let schema = server.schema();
    let store = PostgisStore::open(&schema.url()).expect("opens");
    lose_nothing(&(Arc::new(store) as Arc<dyn Store>), 15);
}

const NOTES: i64 = 20;

fn new_note(key: i64) -> Edit {
    let values = vec![Some(key.into()), Some("a note".into())];
    Edit::Insert(Feature::with_values(notes().schema, values))
}

/// Ranks move from tree to tree, and for each note that goes another comes: their sums stay.
fn some_step(buffer: &EditBuffer, random: &mut Random, key: i64) {
    match random.below(6) {
        0 => drop(buffer.undo()),
        1 => drop(buffer.redo()),
        2 => drop(buffer.commit().expect("nobody else writes")),
        3 => {
            let rows = all(buffer, "trees");
            let rank = |row: &Feature| match row.get("rank") {
                Some(Value::Int(rank)) => *rank,
                other => panic!("{other:?}"),
            };
            let (a, b) = (&rows[0], &rows[1 + usize::try_from(random.below(2)).expect("is small")]);
            let set = |row, rank: i64| patch(&trees(), &target(row), &[("rank", rank.into())]);
            written(buffer, "trees", [set(a, rank(a) + 1), set(b, rank(b) - 1)]);
        }
        _ => {
            let notes = all(buffer, "notes");
            let gone = &notes[usize::try_from(random.below(20)).expect("is small")];
            written(buffer, "notes", [Edit::Delete(target(gone)), new_note(key)]);
        }
    }
}

fn is_whole(trees: &[Feature], notes: &[Feature]) {
    let sum: i64 = trees.iter().map(|it| it.get("rank").map_or(0, as_int)).sum();
    assert_eq!((trees.len(), sum), (3, 3), "{trees:?}");
    let keys: BTreeSet<i64> = notes.iter().map(|it| it.get("key").map_or(0, as_int)).collect();
    let length = i64::try_from(keys.len()).expect("is small");
    assert_eq!(length, NOTES, "no note is missing");
    assert_eq!(notes.len(), keys.len(), "nor there twice");
}

fn as_int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        other => panic!("{other:?}"),
    }
}

/// Readers of all sorts while one writes, undoes, and commits.
fn nobody_sees_half_of_it(store: Arc<dyn Store>, steps: i64) {
    created(&*store, &[trees(), notes()]);
    written(&*store, "trees", (0..3).map(|rank| Edit::Insert(tree("a tree", rank))));
    written(&*store, "notes", (0..NOTES).map(new_note));
    let buffer = &EditBuffer::over(store);
    let is_over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3_u64)
            .map(|number| {
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        is_whole(&all(buffer, "trees"), &all(buffer, "notes"));
                        let mut open = buffer.read(&Query::layer("notes")).expect("reads");
                        let mut rows: Vec<_> = open.by_ref().take(3).collect();
                        if number == 0 {
                            std::thread::yield_now();
                        }
                        rows.extend(open);
                        let rows: Vec<_> =
                            rows.into_iter().collect::<Result<_, _>>().expect("reads on");
                        is_whole(&all(buffer, "trees"), &rows);
                        assert_eq!(buffer.facts("notes").expect("are known").count, 20);
                    }
                })
            })
            .collect();
        let mut random = Random::new(11);
        for step in 0..steps {
            some_step(buffer, &mut random, NOTES + step);
            if readers.iter().any(ScopedJoinHandle::is_finished) {
                break;
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn nobody_sees_half_a_step_over_memory() {
    nobody_sees_half_of_it(Arc::new(MemoryStore::new()), 1_500);
}

#[test]
fn nobody_sees_half_a_step_over_a_geopackage() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = GpkgStore::create(folder.path().join("whole.gpkg")).expect("is new");
    nobody_sees_half_of_it(Arc::new(store), 200);
}

#[test]
fn nobody_sees_half_a_step_over_postgis() {
    let Some(server) = server_or_skip("nobody_sees_half_a_step_over_postgis") else { return };
    let schema = server.schema();
    let store = PostgisStore::open(&schema.url()).expect("opens");
    nobody_sees_half_of_it(Arc::new(store), 200);
}
