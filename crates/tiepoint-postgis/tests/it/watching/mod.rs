//! What a watcher hears of a table with a change log.
mod definitions;
mod following;
mod keeping;
mod order;
mod roles;
mod settings;

use std::collections::BTreeMap;
use std::time::Duration;
use tiepoint_core::{Change, Fid, Query, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{Server, TestSchema};
use tiepoint_store::{
    LogOptions, ResetReason, Store, TransactionOptions, Watch, WatchEvent, WatchOptions,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

const TREES: &str = "trees";
/// A table with a log.
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

    #[track_caller]
    fn apply_all(&mut self, events: &[WatchEvent]) {
        for event in events {
            self.apply(event);
        }
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
                    values[it.field].clone_from(&it.after);
                }
            }
        }
    }
}

/// Somebody who writes with another program, in a session that stays.
struct Session {
    runtime: Runtime,
    client: Client,
}

impl Session {
    fn open(server: &Server, schema: &TestSchema) -> Self {
        let session = Self::at(&server.url());
        session.run(&format!("SET search_path = {}, public", schema.name()));
        session
    }

    fn at(url: &str) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let connected = runtime.block_on(tokio_postgres::connect(url, NoTls));
        let (client, connection) = connected.expect("connects");
        runtime.spawn(connection);
        Self { runtime, client }
    }

    #[track_caller]
    fn run(&self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    fn try_run(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(sql))
    }

    fn copy(&self, sql: &str, rows: String) {
        use futures_util::SinkExt;
        self.runtime.block_on(async {
            let sink = self.client.copy_in(sql).await.expect("copies");
            let mut sink = std::pin::pin!(sink);
            sink.send(bytes::Bytes::from(rows)).await.expect("sends");
            sink.close().await.expect("ends");
        });
    }
}
