//! What a watcher hears of a table with a change log.
mod following;

use std::collections::BTreeMap;
use std::time::Duration;
use tiepoint_core::{Change, Fid, Query, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::TestSchema;
use tiepoint_store::{
    LogOptions, ResetReason, Store, TransactionOptions, Watch, WatchEvent, WatchOptions,
};

const TREES: &str = "trees";
/// Longer than a look takes.
const SOON: Duration = Duration::from_secs(5);

/// A table with a log, and who writes to it by name.
fn trees(schema: &TestSchema) -> PostgisStore {
    schema.execute(
        "CREATE TABLE trees (fid int PRIMARY KEY, name text, height float8, seen timestamptz, \
         geom geometry(Point, 4326)); CREATE INDEX ON trees USING gist (geom)",
    );
    let store = PostgisStore::open(&schema.url()).expect("opens");
    log(&store, TREES);
    store
}

fn log(store: &PostgisStore, layer: &str) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.install_log(layer, &LogOptions::default()).expect("notes changes");
    transaction.commit().expect("commits");
}

fn watch(store: &PostgisStore) -> Box<dyn Watch> {
    store.watch(&WatchOptions::from_now().layer(TREES)).expect("watches")
}

/// All that a watcher hears until it has caught up.
fn heard(watch: &mut dyn Watch) -> Vec<WatchEvent> {
    let mut events = Vec::new();
    while let Some(event) = watch.next(Duration::ZERO).expect("looks") {
        events.push(event);
    }
    events
}

/// Events in short: what happened to which fid, `.` at the end of a commit.
fn told(events: &[WatchEvent]) -> String {
    let short: Vec<String> = events.iter().map(short).collect();
    short.join(" ")
}

fn short(event: &WatchEvent) -> String {
    let changed = match event {
        WatchEvent::Changed(changed) => changed,
        WatchEvent::Reset(reset) => return format!("!{:?}", reset.reason),
    };
    let fid = changed.fid.as_ref().map_or_else(|| "?".to_owned(), Fid::to_string);
    let what = match &changed.change {
        Change::Insert(_) => "+",
        Change::Update(_) => "~",
        Change::Delete(_) => "-",
    };
    format!("{what}{fid}{}", if changed.settled { "." } else { "" })
}

fn resets(events: &[WatchEvent]) -> Vec<ResetReason> {
    let reset = |event: &WatchEvent| match event {
        WatchEvent::Reset(reset) => Some(reset.reason),
        WatchEvent::Changed(_) => None,
    };
    events.iter().filter_map(reset).collect()
}

/// A copy of a layer that is kept right by what a watcher hears.
#[derive(Debug, Clone, Default, PartialEq)]
struct Copy(BTreeMap<String, Vec<Option<Value>>>);

impl Copy {
    fn of(store: &PostgisStore) -> Self {
        let features = store.read(&Query::layer(TREES)).expect("reads");
        let features = features.map(|it| it.expect("reads"));
        let key = |fid: &Option<Fid>| fid.as_ref().expect("has one").to_string();
        Self(features.map(|it| (key(&it.fid), it.values().to_vec())).collect())
    }

    /// Applies a change, which must fit what there is.
    #[track_caller]
    fn apply(&mut self, event: &WatchEvent) {
        let WatchEvent::Changed(changed) = event else { panic!("a reset: {event:?}") };
        let key = changed.fid.as_ref().expect("has one").to_string();
        match &changed.change {
            Change::Insert(image) => {
                let before = self.0.insert(key, image.values.clone());
                assert_eq!(before, None, "{event:?}");
            }
            Change::Delete(image) => {
                assert_eq!(self.0.remove(&key).as_ref(), Some(&image.values), "{event:?}");
            }
            Change::Update(fields) => {
                let values = self.0.get_mut(&key).unwrap_or_else(|| panic!("{event:?}"));
                for it in fields {
                    assert_eq!(values[it.field], it.before, "{event:?}");
                    values[it.field] = it.after.clone();
                }
            }
        }
    }
}
