//! Several processes at once on one store: nobody takes over what a living one has, and what each
//! dead one left is taken over once.
use crate::child::{TASK, create, definitions, recover_all, say};
use crate::ops::{LAYERS, NOTES, Random};
use crate::points::number;
use crate::world::{Kind, Running, STORE, World, journals, opened, tell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tiepoint_core::{Edit, Feature, Query, Value};
use tiepoint_edits::EditBuffer;
use tiepoint_edits::journal::JournalFolder;
use tiepoint_store::Store;

/// Not a test of its own: takes over what is dead, and adds rows until it is killed. Each is a step.
#[test]
fn editor() {
    let (Ok(task), Ok(place)) = (std::env::var(TASK), std::env::var(STORE)) else { return };
    let store = opened(&place.parse().expect("a place"));
    let folder = JournalFolder::at(journals());
    let buffer = EditBuffer::journalled(store, &folder).expect("opens");
    let (first, heirs) = task.split_once(' ').expect("two words");
    let first: i64 = first.parse().expect("a number");
    let mut random = Random::new(first.unsigned_abs());
    for key in first.. {
        if heirs == "heir" && random.below(3) == 0 {
            recover_all(&buffer);
        }
        say(&format!("do {key}"));
        buffer.edit("add", |it| it.write(LAYERS[NOTES], row(key))).expect("is added");
        say(&format!("done {key}"));
        if random.below(20) == 0 {
            say("committing");
            buffer.commit().expect("commits");
            say("committed");
        }
    }
}

fn row(key: i64) -> Edit {
    let mut feature = Feature::new(definitions().swap_remove(NOTES).schema);
    feature.set("key", Value::Int(key)).expect("fits");
    Edit::Insert(feature)
}

/// How often each row is there.
fn rows(store: &dyn Store) -> BTreeMap<i64, usize> {
    let mut rows = BTreeMap::new();
    for row in store.read(&Query::layer(LAYERS[NOTES])).expect("reads") {
        *rows.entry(number(row.expect("reads").get("key"))).or_default() += 1;
    }
    rows
}

/// What one of them said.
#[derive(Default)]
struct Said {
    done: BTreeSet<i64>,
    under_way: Option<i64>,
    recovered: Vec<String>,
    recovering: Option<String>,
}

fn said(lines: Vec<String>) -> Said {
    let mut said = Said::default();
    for line in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "do" => said.under_way = rest.parse().ok(),
            "done" => drop(said.done.insert(said.under_way.take().expect("was told"))),
            "recovering" => said.recovering = Some(rest.to_owned()),
            "recovered" => said.recovered.extend(said.recovering.take()),
            _ => {}
        }
    }
    said
}

fn killed_and_alive(kind: Kind, test: &str, rounds: i64) {
    let Some(world) = World::new(kind, test) else { return };
    let (mut random, mut next) = (Random::new(7), 1_000_000);
    let (mut done, mut under_way) = (BTreeSet::new(), BTreeSet::new());
    let (mut takeovers, mut interrupted) = (BTreeMap::<String, u64>::new(), BTreeSet::new());
    let mut running: Vec<Running> = Vec::new();
    let (mut kills, test) = (0, "several::editor");
    for round in 0..rounds {
        while running.len() < 4 {
            let task = format!("{next} {}", if next % 3_000_000 == 0 { "none" } else { "heir" });
            running.push(Running::start(test, &world.place, &world.journals(), &task));
            next += 1_000_000;
        }
        std::thread::sleep(Duration::from_millis(50 + random.below(200)));
        let last = round + 1 == rounds;
        for _ in 0..if last { 4 } else { 1 + random.below(2) } {
            let at = usize::try_from(random.below(running.len() as u64)).expect("is small");
            let mut child = running.swap_remove(at);
            child.process.kill().expect("is killed");
            let status = child.process.wait().expect("ends");
            kills += 1;
            let said = said(child.lines.iter().collect());
            assert!(status.code().is_none(), "it broke down: {}", world.log());
            done.extend(said.done);
            under_way.extend(said.under_way);
            interrupted.extend(said.recovering);
            for session in said.recovered {
                *takeovers.entry(session).or_default() += 1;
            }
        }
    }
    let twice: Vec<_> = takeovers.iter().filter(|it| *it.1 > 1).collect();
    assert!(twice.is_empty(), "taken over twice: {twice:?}");
    let buffer = EditBuffer::journalled(opened(&world.place), &JournalFolder::at(world.journals()));
    let buffer = buffer.expect("opens");
    recover_all(&buffer);
    let rows = rows(&buffer);
    assert!(rows.values().all(|count| *count == 1), "a row is there twice");
    let there: BTreeSet<i64> = rows.into_keys().collect();
    let lost: Vec<_> = done.difference(&there).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let extra: Vec<_> = there.iter().filter(|it| !done.contains(it)).collect();
    assert!(extra.iter().all(|it| under_way.contains(it)), "never told of: {extra:?}");
    tell(&format!(
        "{kind:?}: {kills} of several killed, {} rows, {} takeovers, {} interrupted",
        there.len(),
        takeovers.len(),
        interrupted.len()
    ));
}

fn rounds() -> i64 {
    if std::env::var_os("TIEPOINT_LONG").is_some() { 60 } else { 6 }
}

#[test]
fn of_several_over_a_geopackage_the_dead_are_taken_over_once_and_the_living_never() {
    killed_and_alive(Kind::RollbackJournal, "", rounds());
}

#[test]
fn of_several_over_postgis_the_dead_are_taken_over_once_and_the_living_never() {
    let test = "of_several_over_postgis_the_dead_are_taken_over_once_and_the_living_never";
    killed_and_alive(Kind::Postgis, test, rounds());
}

#[test]
fn what_is_recovered_beside_pending_edits_is_recovered_again_with_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("it.gpkg");
    create(&tiepoint_gpkg::GpkgStore::create(&path).expect("is new"));
    let store = || std::sync::Arc::new(tiepoint_gpkg::GpkgStore::open(&path).expect("opens"));
    let journals = JournalFolder::at(folder.path().join("journals"));
    let buffer = || EditBuffer::journalled(store(), &journals).expect("opens");
    let add = |buffer: &EditBuffer, key| {
        buffer.edit("add", |it| it.write(LAYERS[NOTES], row(key))).expect("is added");
    };
    let (dead, other, heir) = (buffer(), buffer(), buffer());
    for (buffer, key) in [(&dead, 1), (&other, 2), (&heir, 3)] {
        add(buffer, key);
    }
    drop(dead);
    recover_all(&heir);
    drop(other);
    recover_all(&heir);
    add(&heir, 4);
    drop(heir);
    let last = buffer();
    recover_all(&last);
    assert_eq!(rows(&last), (1..5).map(|key| (key, 1)).collect());
    for _ in 0..4 {
        last.undo().expect("is undone");
    }
    assert!(!last.is_dirty(), "{:?}", last.history());
}
