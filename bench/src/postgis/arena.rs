//! The server that all sides ask, and what it takes.
use crate::Outcome;
use crate::dataset::Dataset;
use crate::measure;
use crate::outcome::say;
use crate::postgis::raw::Raw;
use crate::stage::Stage;
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::BufReader;
use std::time::Instant;
use tiepoint_codecs::geojson;
use tiepoint_core::{Crs, Feature, Identity, LayerDefinition};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::Server;
use tiepoint_store::{Store, TransactionOptions, WriteMode};

/// Of a second: what `/proc` counts CPU time in, on every Linux.
const TICKS: f64 = 100.0;

/// A throw-away server with PostGIS.
pub(crate) struct Arena {
    server: Server,
    postmaster: u32,
    /// What is there to be asked.
    loaded: RefCell<Vec<Dataset>>,
}

/// What something took.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "all are seconds, as names say")]
pub(crate) struct Cost {
    pub(crate) client_s: f64,
    pub(crate) server_s: f64,
    pub(crate) wall_s: f64,
}

impl Arena {
    pub(crate) fn start() -> Outcome<Self> {
        let mut server = Server::start()?;
        // as it would be run: what is asked for is in memory, whoever asks
        server.set("shared_buffers", "1GB");
        server.stop();
        server.start_again();
        let mut raw = Raw::connect(&server.url())?;
        let backend: i32 = raw.one("SELECT pg_backend_pid()")?.get(0);
        let postmaster = parent(u32::try_from(backend)?)
            .ok_or("the server's processes are not to be seen in /proc")?;
        Ok(Self { server, postmaster, loaded: RefCell::default() })
    }

    pub(crate) fn circumstances(&self) -> Outcome<String> {
        let sql =
            "SELECT format('PostgreSQL %s, PostGIS %s, in memory, shared_buffers 1GB, jit off',
            current_setting('server_version'), postgis_lib_version())";
        Ok(self.raw()?.one(sql)?.get(0))
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn raw(&self) -> Outcome<Raw> {
        Raw::connect(&self.url())
    }

    pub(crate) fn store(&self) -> Outcome<PostgisStore> {
        Ok(PostgisStore::open(&self.url())?)
    }

    /// A store whose layer is called after the dataset and holds all of it; both sides ask it.
    pub(crate) fn holding(&self, stage: &Stage, dataset: Dataset) -> Outcome<PostgisStore> {
        let store = self.store()?;
        if !self.loaded.borrow().contains(&dataset) {
            say(&format!("loading {} {} ...", stage.size(dataset), dataset.name()));
            let features = features(stage, dataset)?;
            create(&store, dataset.name(), &features[0], Identity::column())?;
            load(&store, dataset.name(), features)?;
            self.raw()?.run(&format!("VACUUM ANALYZE {}", dataset.name()))?;
            self.loaded.borrow_mut().push(dataset);
        }
        Ok(store)
    }

    /// Has commits wait for the disk, which is that of `TMPDIR`, or no longer.
    pub(crate) fn commit_durably(&self, durably: bool) -> Outcome {
        let mut raw = self.raw()?;
        for setting in ["fsync", "synchronous_commit"] {
            raw.run(&if durably {
                format!("ALTER SYSTEM SET {setting} = on")
            } else {
                format!("ALTER SYSTEM RESET {setting}")
            })?;
        }
        raw.run("SELECT pg_reload_conf()")
    }

    /// What `work` takes in this process and on the server.
    pub(crate) fn cost<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Cost)> {
        let (server, began) = (self.cpu_s(), Instant::now());
        let (done, client_s) = measure::cpu_s(work);
        let (wall_s, server_s) = (began.elapsed().as_secs_f64(), self.cpu_s() - server);
        Ok((done?, Cost { client_s, server_s, wall_s }))
    }

    /// CPU seconds of all of the server's processes so far, those that have ended included.
    pub(crate) fn cpu_s(&self) -> f64 {
        let own: f64 = ticks(self.postmaster, 4);
        let tasks = format!("/proc/{0}/task/{0}/children", self.postmaster);
        let children = fs::read_to_string(tasks).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        (own + children.map(|pid| ticks(pid, 2)).sum::<f64>()) / TICKS
    }
}

impl Cost {
    /// The medians of each.
    pub(crate) fn median(costs: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| measure::median(costs.iter().map(part).collect());
        Self {
            client_s: of(|it| it.client_s),
            server_s: of(|it| it.server_s),
            wall_s: of(|it| it.wall_s),
        }
    }

    /// Of one of so many.
    pub(crate) fn each(self, count: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let count = count as f64;
        let Self { client_s, server_s, wall_s } = self;
        Self { client_s: client_s / count, server_s: server_s / count, wall_s: wall_s / count }
    }

    pub(crate) fn told(&self) -> String {
        let Self { client_s, server_s, wall_s } = self;
        format!("{client_s:.3} s + server {server_s:.2} s ({wall_s:.2} s)")
    }

    pub(crate) fn told_ms(&self) -> String {
        let [client, server, wall] = [self.client_s, self.server_s, self.wall_s].map(|it| it * 1e3);
        format!("{client:.2} ms + server {server:.2} ms ({wall:.2} ms)")
    }
}

/// The fields of `/proc/PID/stat` from the state on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    Some(behind_name.split_whitespace().map(str::to_owned).collect())
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// User and system time of a process; with four, also those of its children that have ended.
fn ticks(pid: u32, times: usize) -> f64 {
    let stat = stat(pid).unwrap_or_default();
    stat.iter().skip(11).take(times).filter_map(|it| it.parse::<f64>().ok()).sum()
}

/// A dataset in memory.
pub(crate) fn features(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Feature>> {
    let path = stage.geojson(dataset, stage.size(dataset))?;
    let open = || File::open(&path).map(BufReader::new);
    let options = geojson::ReadOptions { crs: Some(Crs::epsg(4326)), ..Default::default() };
    let survey = geojson::survey(open()?, &options)?;
    Ok(geojson::reader(open()?, &survey, &options).collect::<Result<_, _>>()?)
}

/// An empty layer for features like this one, with its index; whatever was there goes.
pub(crate) fn create(
    store: &PostgisStore,
    name: &str,
    like: &Feature,
    identity: Identity,
) -> Outcome {
    let mut transaction = store.begin(TransactionOptions::default())?;
    if transaction.layer(name).is_ok() {
        transaction.drop_layer(name)?;
    }
    let definition = LayerDefinition::new(name, like.schema().clone());
    transaction.create_layer(&LayerDefinition { identity, ..definition })?;
    Ok(transaction.commit()?)
}

/// Loads features, all or none.
pub(crate) fn load(store: &PostgisStore, name: &str, features: Vec<Feature>) -> Outcome {
    let mut transaction = store.begin(TransactionOptions::default())?;
    let mut writer = transaction.writer(name, WriteMode::Bulk)?;
    for feature in features {
        writer.write(tiepoint_core::Edit::Insert(feature))?;
    }
    writer.finish()?;
    Ok(transaction.commit()?)
}
