//! A copy that knows the store only by what a watcher heard, and believes nothing that does not
//! follow from what it heard before.
use crate::layers::ALL;
use std::collections::BTreeMap;
use tiepoint::{Change, ChangeSet, ChangeTarget, Image, Query, Store};

type Rows = BTreeMap<(String, ChangeTarget), Image>;

/// What is known, and how it came to be.
#[derive(Debug, Default)]
pub(crate) struct Replica {
    rows: Rows,
    /// Whether it need not follow: after a reset, what comes may be in what was read then.
    lenient: bool,
    pub(crate) changes: u64,
    pub(crate) resets: Vec<String>,
}

impl Replica {
    /// A copy of what is there now.
    pub(crate) fn of(store: &dyn Store) -> Self {
        Self { rows: read(store), ..Self::default() }
    }

    /// Starts anew from what is there now.
    pub(crate) fn reset(&mut self, store: &dyn Store, reason: &str) {
        self.rows = read(store);
        self.lenient = true;
        self.resets.push(reason.to_owned());
    }

    /// Takes one change, which must follow from what is known.
    pub(crate) fn take(&mut self, changes: &ChangeSet, checkpoint: &str) {
        for (layer, changes) in changes.layers() {
            for (target, change) in changes.iter() {
                self.changes += 1;
                let key = (layer.to_owned(), target.clone());
                self.take_one(key, change, checkpoint);
            }
        }
    }

    fn take_one(&mut self, key: (String, ChangeTarget), change: &Change, checkpoint: &str) {
        let known = self.rows.get(&key);
        let follows = match change {
            Change::Insert(_) => known.is_none(),
            Change::Delete(image) => known == Some(image),
            Change::Update(fields) => known
                .is_some_and(|known| fields.iter().all(|it| known.values[it.field] == it.before)),
        };
        assert!(
            follows || self.lenient,
            "at {checkpoint}: {key:?}: {change:?}\ndoes not follow from {known:?}"
        );
        match change {
            Change::Insert(image) => drop(self.rows.insert(key, image.clone())),
            Change::Delete(_) => drop(self.rows.remove(&key)),
            Change::Update(fields) => {
                let Some(row) = self.rows.get_mut(&key) else { return };
                for field in fields {
                    row.values[field.field].clone_from(&field.after);
                }
            }
        }
    }

    /// It must be what is in the store.
    pub(crate) fn is_what_is_there(&self, store: &dyn Store, who: &str) {
        let there = read(store);
        let differs =
            |(key, row): &(&(String, ChangeTarget), &Image)| self.rows.get(*key) != Some(*row);
        let missed: Vec<_> = there.iter().filter(differs).take(5).collect();
        let known: Vec<_> = missed.iter().map(|(key, _)| self.rows.get(*key)).collect();
        assert!(missed.is_empty(), "{who}: in the store {missed:#?}\nknown: {known:#?}");
        let gone: Vec<_> =
            self.rows.keys().filter(|key| !there.contains_key(key)).take(5).collect();
        assert!(gone.is_empty(), "{who}: not in the store any more: {gone:#?}");
    }
}

fn read(store: &dyn Store) -> Rows {
    let mut rows = Rows::new();
    for layer in ALL {
        for feature in store.read(&Query::layer(layer)).expect("reads") {
            let feature = feature.expect("every row reads");
            let target = ChangeTarget::of(&feature).expect("is known by something");
            let twice = rows.insert((layer.to_owned(), target.clone()), Image::of(&feature));
            assert!(twice.is_none(), "two rows of {layer} are {target}");
        }
    }
    rows
}
