//! Some edit and others write, all at once, while a thread follows: what subscribers were told comes
//! to what is stored, and nobody's work is lost.
use crate::fixture::{Random, all, created, logged, patch, target, tree, trees};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tiepoint_core::{Change, ChangeSet, Edit, LayerChanges, Target, Value};
use tiepoint_edits::{EditBuffer, EditEvent};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{MemoryStore, Store, StoreError, TransactionOptions};

const TREES: usize = 6;

type Said = BTreeMap<Target, Vec<Option<Value>>>;

fn said(store: &dyn Store) -> Said {
    let rows = all(store, "trees");
    rows.iter().map(|row| (target(row), row.values().to_vec())).collect()
}

/// What somebody knows who only hears events.
fn hear(replica: &mut Said, event: &EditEvent) {
    match event {
        EditEvent::Changed { changes, .. }
        | EditEvent::RolledBack { changes }
        | EditEvent::Merged { changes, .. }
        | EditEvent::Beneath { changes } => apply(replica, changes),
        EditEvent::Committed { .. } => {}
        EditEvent::Reset => panic!("all can be known"),
    }
}

fn apply(replica: &mut Said, changes: &ChangeSet) {
    for (target, change) in changes.layer("trees").into_iter().flat_map(LayerChanges::iter) {
        match change {
            Change::Insert(image) => drop(replica.insert(target.clone(), image.values.clone())),
            Change::Delete(_) => drop(replica.remove(target)),
            Change::Update(fields) => {
                let Some(said) = replica.get_mut(target) else { continue };
                for it in fields {
                    said[it.field].clone_from(&it.after);
                }
            }
        }
    }
}

/// Names trees, now and then thinks better of it, and commits.
fn edit_names(buffer: &EditBuffer, targets: &[Target], rounds: u64) {
    let mut random = Random::new(5);
    for round in 0..rounds {
        match random.below(6) {
            0 => drop(buffer.undo()),
            1 => drop(buffer.redo()),
            2 => drop(buffer.commit().expect("others change other fields")),
            _ => {
                let target = random.pick(&(0..TREES).collect::<Vec<_>>()).expect("there are some");
                let name = Value::from(format!("name {round}"));
                let edit = patch(&trees(), &targets[target], &[("name", name)]);
                buffer.edit("Name", |it| it.write("trees", edit)).expect("is pending");
            }
        }
    }
    buffer.commit().expect("others change other fields");
}

/// Ranks trees, and has others come and go; the last rank of each tree.
fn write_ranks(store: &dyn Store, targets: &[Target], rounds: u64) -> BTreeMap<Target, Value> {
    let mut random = Random::new(6);
    let mut ranks = BTreeMap::new();
    let mut guests = Vec::new();
    for round in 0..rounds {
        let rank = i64::try_from(round).expect("is small");
        let at = random.pick(&(0..TREES).collect::<Vec<_>>()).expect("there are some");
        let mut edits = vec![patch(&trees(), &targets[at], &[("rank", rank.into())])];
        match guests.pop() {
            Some(guest) if random.below(2) == 0 => edits.push(Edit::Delete(guest)),
            guest => {
                let new = tree("a guest", rank).with_id(tiepoint_core::ObjectId::mint());
                guests.extend(guest);
                guests.push(target(&new));
                edits.push(Edit::Insert(new));
            }
        }
        write_patiently(store, &edits);
        ranks.insert(targets[at].clone(), rank.into());
    }
    ranks
}

fn write_patiently(store: &dyn Store, edits: &[Edit]) {
    let write = || -> Result<(), StoreError> {
        let mut transaction = store.begin(TransactionOptions::default())?;
        for edit in edits {
            transaction.write("trees", edit.clone())?;
        }
        transaction.commit()
    };
    while let Err(error) = write() {
        assert!(error.is_worth_repeating(), "{error}");
    }
}

/// Others have a handle of their own, once there is something to open.
fn nothing_is_lost(store: Arc<dyn Store>, others: impl FnOnce() -> Arc<dyn Store>, rounds: u64) {
    created(&*store, &[trees()]);
    logged(&*store, &["trees"]);
    for _ in 0..TREES {
        write_patiently(&*store, &[Edit::Insert(tree("a tree", -1))]);
    }
    let others = others();
    let buffer = Arc::new(EditBuffer::over(store));
    let replica = Arc::new(Mutex::new(said(&*buffer)));
    let targets: Vec<Target> = said(&*buffer).into_keys().collect();
    let heard = Arc::clone(&replica);
    let hearing = buffer.subscribe(move |event| {
        hear(&mut heard.lock().expect("nobody panics"), event);
        Ok(())
    });
    let following = buffer.follow().expect("the store can be watched").on_a_thread();
    let ranks = std::thread::scope(|scope| {
        let editing = scope.spawn(|| edit_names(&buffer, &targets, rounds));
        let ranks = write_ranks(&*others, &targets, rounds);
        editing.join().expect("edits to the end");
        ranks
    });
    let stored = said(&*others);
    let deadline = Instant::now() + Duration::from_secs(20);
    while *replica.lock().expect("nobody panics") != stored {
        let replica = replica.lock().expect("nobody panics");
        assert!(Instant::now() < deadline, "{replica:#?}\ndoes not become\n{stored:#?}");
        drop(replica);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(buffer.faults(), []);
    assert!(following.fault().is_none_or(|it| it.to_string().contains("lock")));
    assert_eq!((said(&*buffer), buffer.is_dirty()), (stored.clone(), false));
    for (target, rank) in ranks {
        assert_eq!(stored[&target][2], Some(rank), "nobody else writes ranks");
    }
    drop((hearing, following));
}

#[test]
fn who_follows_memory_knows_what_is_stored() {
    let store = Arc::new(MemoryStore::new());
    nothing_is_lost(store.clone(), || store, 400);
}

#[test]
fn who_follows_a_geopackage_knows_what_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("followed.gpkg");
    let store = GpkgStore::create(&path).expect("is new");
    nothing_is_lost(Arc::new(store), || Arc::new(GpkgStore::open(&path).expect("opens")), 60);
}

#[test]
fn who_follows_postgis_knows_what_is_stored() {
    let Some(server) = server_or_skip("who_follows_postgis_knows_what_is_stored") else { return };
    let schema = server.schema();
    let open = || Arc::new(PostgisStore::open(&schema.url()).expect("opens"));
    nothing_is_lost(open(), || open(), 60);
}
