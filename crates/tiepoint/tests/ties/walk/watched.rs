//! Random commits into a store that ties watch, with a log and without.
use super::world::Random;
use crate::fixture::{LAYERS, Thing, all, check, create, delete, id, insert, rename, tied_over};
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint::{Edit, Feature, MemoryStore, Store, Ties, TransactionOptions, Watching};

struct Watched {
    store: Arc<dyn Store>,
    ties: Ties<Thing>,
    watching: Watching<Thing>,
    /// Objects by the secrets of their features, all of them held.
    objects: BTreeMap<i64, Arc<Thing>>,
    /// Features that were deleted, to come again.
    deleted: Vec<(&'static str, Feature)>,
    next: i64,
    random: Random,
}

impl Watched {
    fn new(store: Arc<dyn Store>, seed: u64) -> Self {
        let (ties, _) = tied_over(&store);
        let watching = ties.watching().expect("can be watched");
        let (objects, deleted, random) = (BTreeMap::new(), Vec::new(), Random::new(seed));
        Self { store, ties, watching, objects, deleted, next: 0, random }
    }

    /// Several edits of both layers in one transaction.
    fn commit(&mut self) {
        let store = Arc::clone(&self.store);
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        for _ in 0..=self.random.below(4) {
            let layer = LAYERS[self.random.below(2)];
            let features = transaction.read(&tiepoint::Query::layer(layer)).expect("reads");
            let features: Vec<Feature> = features.collect::<Result<_, _>>().expect("reads");
            let edit = self.edit(layer, &features);
            transaction.write(edit.0, edit.1).expect("is written");
        }
        transaction.commit().expect("commits");
    }

    fn edit(&mut self, layer: &'static str, features: &[Feature]) -> (&'static str, Edit) {
        let at = self.random.below(features.len().max(1));
        match (self.random.below(4), features.get(at)) {
            (0, Some(feature)) => {
                self.deleted.push((layer, feature.clone()));
                (layer, delete(id(feature)))
            }
            (1, Some(feature)) => (layer, rename(layer, id(feature), "other")),
            (2, _) if !self.deleted.is_empty() => {
                let at = self.random.below(self.deleted.len());
                let (layer, feature) = self.deleted.swap_remove(at);
                (layer, Edit::Insert(feature.with_fid(None)))
            }
            _ => {
                self.next += 1;
                (layer, insert(layer, self.next))
            }
        }
    }

    fn check(&mut self) {
        self.watching.catch_up().expect("listens");
        check(&self.ties, &*self.store);
        for layer in LAYERS {
            for feature in all(&*self.store, layer) {
                let object = self.ties.object_of(&feature).expect("is tied");
                let first =
                    self.objects.entry(object.secret).or_insert_with(|| Arc::clone(&object));
                assert!(Arc::ptr_eq(first, &object), "another object for {feature:?}");
            }
        }
    }
}

fn walk(store: Arc<dyn Store>, seed: u64) {
    create(&*store, seed.is_multiple_of(2));
    let mut watched = Watched::new(store, seed);
    for _ in 0..30 {
        watched.commit();
        watched.check();
    }
}

#[test]
fn nothing_is_lost_or_crossed_in_a_watched_memory() {
    for seed in 0..40 {
        walk(Arc::new(MemoryStore::new()), seed);
    }
}

#[test]
fn nothing_is_lost_or_crossed_in_a_watched_geopackage() {
    for seed in 0..6 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("watched.gpkg");
        let store = tiepoint::create(path.to_str().expect("a plain path")).expect("is created");
        walk(Arc::from(store), seed);
    }
}
