//! What the promises of watching listen with.
use super::fixture::{all, committed};
use crate::{
    Changed, LogOptions, Reset, Store, Transaction, Watch, WatchEvent, WatchOptions, WriteMode,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tiepoint_core::{Change, Edit, Feature, Image, LayerDefinition, Query, Target};

/// Whatever the store: it can be watched and written.
pub(super) const WATCHES: fn(&crate::Capabilities) -> bool =
    |it| it.watch && it.write && it.define_layers;

/// How long something that was committed may take to be heard.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing more is waited for.
const QUIET: Duration = Duration::from_millis(20);

/// Creates layers that have a change log.
pub(super) fn created_with_logs(store: &dyn Store, definitions: &[LayerDefinition]) {
    committed(store, |transaction| {
        for definition in definitions {
            transaction.create_layer(definition).expect("is created");
            install(transaction, &definition.name);
        }
    });
}

pub(super) fn install(transaction: &mut dyn Transaction, layer: &str) {
    transaction.install_log(layer, &LogOptions::default()).expect("changes can be noted");
}

pub(super) fn listening(store: &dyn Store, options: &WatchOptions) -> Box<dyn Watch> {
    store.watch(options).expect("can be watched")
}

pub(super) fn written(store: &dyn Store, layer: &str, edits: Vec<Edit>) {
    committed(store, |transaction| write(transaction, layer, edits));
}

pub(super) fn write(transaction: &mut dyn Transaction, layer: &str, edits: Vec<Edit>) {
    let mut writer = transaction.writer(layer, WriteMode::Rows).expect("opens");
    for edit in edits {
        writer.write(edit).expect("is written");
    }
    writer.finish().expect("finishes");
}

pub(super) fn next(watch: &mut dyn Watch) -> WatchEvent {
    watch.next(PATIENCE).expect("listens").expect("something is heard in time")
}

/// The next so many, which are changes, and nothing after them.
pub(super) fn heard(watch: &mut dyn Watch, count: usize) -> Vec<Changed> {
    let changes = (0..count).map(|_| changed(next(watch))).collect();
    quiet(watch);
    changes
}

pub(super) fn changed(event: WatchEvent) -> Changed {
    match event {
        WatchEvent::Changed(changed) => changed,
        WatchEvent::Reset(reset) => panic!("all of it can be known: {reset:?}"),
    }
}

/// The next, which says that something cannot be known.
pub(super) fn reset(watch: &mut dyn Watch) -> Reset {
    match next(watch) {
        WatchEvent::Reset(reset) => reset,
        WatchEvent::Changed(changed) => panic!("nobody can know {changed:?}"),
    }
}

pub(super) fn quiet(watch: &mut dyn Watch) {
    assert_eq!(watch.next(QUIET).expect("listens"), None, "nothing more happened");
}

/// A change without what differs from watcher to watcher.
pub(super) fn told(changed: &Changed) -> impl PartialEq + std::fmt::Debug + use<> {
    let Changed { layer, target, fid, change, author, .. } = changed.clone();
    (layer, target, fid, change, author)
}

/// What somebody who watches knows of some layers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Replica(BTreeMap<String, BTreeMap<Target, Image>>);

impl Replica {
    pub(super) fn of(store: &dyn Store, layers: &[&str]) -> Self {
        Self(layers.iter().map(|layer| ((*layer).to_owned(), images(store, layer))).collect())
    }

    fn now(&self, store: &dyn Store) -> Self {
        Self::of(store, &self.0.keys().map(String::as_str).collect::<Vec<_>>())
    }

    /// Takes a change up, which must have been made of what is here.
    pub(super) fn apply(&mut self, changed: &Changed) {
        let layer = self.0.get_mut(&*changed.layer).expect("a layer that matters");
        let state = layer.remove(&changed.target);
        let state = changed.change.applied_to(state);
        let state = state.unwrap_or_else(|reason| panic!("{reason}: {changed:?}"));
        layer
            .extend(state.map(|image| {
                (changed.target.clone(), Image { fid: changed.fid.clone(), ..image })
            }));
    }

    /// Listens until nothing more is heard; what the changes say of after is what counts.
    pub(super) fn catch_up(&mut self, store: &dyn Store, watch: &mut dyn Watch) {
        while let Some(event) = watch.next(QUIET).expect("listens") {
            match event {
                WatchEvent::Reset(_) => *self = self.now(store),
                WatchEvent::Changed(changed) => self.apply_after(&changed),
            }
        }
    }

    fn apply_after(&mut self, changed: &Changed) {
        let layer = self.0.get_mut(&*changed.layer).expect("a layer that matters");
        match &changed.change {
            Change::Insert(image) => drop(layer.insert(changed.target.clone(), image.clone())),
            Change::Delete(_) => drop(layer.remove(&changed.target)),
            Change::Update(fields) => {
                for it in fields {
                    let image = layer.get_mut(&changed.target).expect("is there after it");
                    image.values[it.field].clone_from(&it.after);
                }
            }
        }
    }

    /// Listens until this is what the store says; what was heard.
    pub(super) fn follow(&mut self, store: &dyn Store, watch: &mut dyn Watch) -> Vec<Changed> {
        let (now, deadline) = (self.now(store), Instant::now() + PATIENCE);
        let mut heard = Vec::new();
        loop {
            let event = watch.next(QUIET).expect("listens");
            if event.is_none() && *self == now {
                return heard;
            }
            assert!(Instant::now() < deadline, "{self:?} does not become {now:?}");
            if let Some(event) = event {
                let changed = changed(event);
                self.apply(&changed);
                heard.push(changed);
            }
        }
    }
}

fn images(store: &dyn Store, layer: &str) -> BTreeMap<Target, Image> {
    let known = |it: &Feature| (Target::of(it).expect("is stored"), Image::of(it));
    all(store, &Query::layer(layer)).iter().map(known).collect()
}
