//! A PostgreSQL server with PostGIS, ours or somebody's.
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::address::Address;
use super::cluster::Cluster;
use super::session::{Rows, ask, literal};
use super::{TestDatabase, TestRole, TestSchema, Unavailable};

/// Names a server to use instead of starting one.
pub(super) const VARIABLE: &str = "TIEPOINT_POSTGIS";

/// A copy of it is a fresh database with PostGIS.
const TEMPLATE: &str = "tiepoint_template";

/// Two processes that make the extension at once are in each other's way.
const LOCK: &str = "SELECT pg_advisory_lock(7261830445)";

/// How long a server may take to read its settings again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running PostgreSQL server with PostGIS.
///
/// One that we [start](Self::start) is stopped and removed when it is dropped, and when the process
/// ends, however it ends. Its databases order text by ICU's rules for English where PostgreSQL can
/// (15 and later), so that order in the server is not order in memory unless somebody sees to it.
/// Through its socket everybody comes in who may read its folder; through TCP a password is
/// asked for. Nothing is written safely: what it holds does not survive a crash.
///
/// # Panics
///
/// Where the server does not do what it is told, methods panic with what it says.
#[derive(Debug)]
pub struct Server {
    address: Address,
    /// Unset where it is somebody else's.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    cluster: Cluster,
    /// The superuser's.
    password: String,
}

impl Server {
    /// The server that this process's tests share; started by whoever asks first.
    ///
    /// Where `TIEPOINT_POSTGIS` is set it is that server: a URL
    /// `postgres://user@host:port/database` of one who may create databases, schemas and roles. The
    /// database is given PostGIS; all else that tests leave in it is dropped again.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], the same each time it is asked.
    pub fn shared() -> Result<&'static Self, Unavailable> {
        static SHARED: OnceLock<Result<Server, Unavailable>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(url) => Self::borrowed(&url),
            Err(_) => Self::start(),
        });
        shared.as_ref().map_err(Clone::clone)
    }

    /// Starts one of one's own, for tests that stop it or change its settings. Takes a second or
    /// two; in `TMPDIR`, or in memory (`/dev/shm`) where there is plenty, or else in `/tmp`.
    ///
    /// # Errors
    ///
    /// [`Unavailable::Missing`] where PostgreSQL or PostGIS is not installed, and
    /// [`Unavailable::Start`] with the server's log where it is and does not start.
    pub fn start() -> Result<Self, Unavailable> {
        let cluster = Cluster::start()?;
        let socket = cluster.folder().display().to_string().replace('/', "%2F");
        let address = Address {
            user: "postgres".to_owned(),
            host: format!("{socket}:{}", cluster.port()),
            database: "tests".to_owned(),
            parameters: String::new(),
        };
        let password = Uuid::now_v7().simple().to_string();
        let made = make_databases(&address, &password);
        let failed = |reason| Unavailable::Start { reason, log: cluster.log() };
        made.map_err(failed)?;
        Ok(Self { address, own: Some(Own { cluster, password }) })
    }

    fn borrowed(url: &str) -> Result<Self, Unavailable> {
        let unusable = |reason| Unavailable::Unusable { reason };
        let address = Address::parse(url)
            .ok_or_else(|| unusable("it must be postgres://user@host:port/database".to_owned()))?;
        ask(&address, &[LOCK, "CREATE EXTENSION IF NOT EXISTS postgis"]).map_err(unusable)?;
        Ok(Self { address, own: None })
    }

    /// The URL of a database with PostGIS that all tests share.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.to_string()
    }

    /// The same through TCP on `localhost`, with the superuser's password; [`None`] of a server
    /// that is not ours.
    #[must_use]
    pub fn tcp_url(&self) -> Option<String> {
        let own = self.own.as_ref()?;
        let user = format!("postgres:{}", own.password);
        Some(Address { user, host: self.tcp_host()?, ..self.address.clone() }.to_string())
    }

    /// The certificate that it shows through TCP, which is its own authority and names
    /// `localhost`; [`None`] where it has none, as `openssl` is not installed, and of a server that
    /// is not ours.
    #[must_use]
    pub fn certificate(&self) -> Option<PathBuf> {
        let file = self.own.as_ref()?.cluster.folder().join("data/server.crt");
        file.is_file().then_some(file)
    }

    /// What the server has logged; empty of one that is not ours.
    #[must_use]
    pub fn log(&self) -> String {
        self.own.as_ref().map(|own| own.cluster.log()).unwrap_or_default()
    }

    /// A fresh schema in the shared database, dropped with what it holds when this is dropped.
    #[must_use]
    #[track_caller]
    pub fn schema(&self) -> TestSchema {
        TestSchema::create(&self.address)
    }

    /// A fresh database with PostGIS, dropped when this is dropped, whoever is still connected.
    #[must_use]
    #[track_caller]
    pub fn database(&self) -> TestDatabase {
        TestDatabase::create(&self.address)
    }

    /// A fresh role that may log in and nothing else, dropped when this is dropped.
    #[must_use]
    #[track_caller]
    pub fn role(&self) -> TestRole {
        TestRole::create(&self.address, self.tcp_host())
    }

    /// Ends every connection whose `application_name` is this; returns how many there were.
    ///
    /// # Panics
    ///
    /// Where it may not.
    #[expect(clippy::must_use_candidate, reason = "done for what it does")]
    #[track_caller]
    pub fn kill_backends(&self, application_name: &str) -> usize {
        kill_backends(&self.address, &format!("application_name = {}", literal(application_name)))
    }

    /// Ends every connection and the server, as for an upgrade; what was committed stays.
    ///
    /// # Panics
    ///
    /// Where it does not stop.
    #[track_caller]
    pub fn stop(&mut self) {
        self.own_mut().cluster.stop().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Starts the [stopped](Self::stop) server at the same address.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.own_mut().cluster.start_again().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Changes a setting for all who connect from now on; some need a [stop](Self::stop) and
    /// [start](Self::start_again) to count.
    ///
    /// # Panics
    ///
    /// Where the server refuses it.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: &str) {
        let change = format!("ALTER SYSTEM SET {name} = {}", literal(value));
        let loaded = "SELECT pg_conf_load_time()";
        let before = self.must(&[&change, loaded]);
        self.must(&["SELECT pg_reload_conf()"]);
        let start = Instant::now();
        while self.must(&[loaded]) == before {
            assert!(start.elapsed() < PATIENCE, "the server does not read its settings");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[track_caller]
    fn must(&self, statements: &[&str]) -> Rows {
        ask(&self.address, statements).unwrap_or_else(|error| panic!("{statements:?}: {error}"))
    }

    fn tcp_host(&self) -> Option<String> {
        self.own.as_ref().map(|own| format!("localhost:{}", own.cluster.port()))
    }

    fn own_mut(&mut self) -> &mut Own {
        self.own.as_mut().expect("a server that is not ours is only ever shared")
    }
}

/// The template, and the database that tests share.
fn make_databases(address: &Address, password: &str) -> Result<(), String> {
    let password = format!("ALTER ROLE postgres PASSWORD {}", literal(password));
    let template = format!("CREATE DATABASE {TEMPLATE}");
    let postgres = address.with_database("postgres");
    ask(&postgres, &[&password, &template])?;
    ask(&address.with_database(TEMPLATE), &["CREATE EXTENSION postgis"])?;
    copy_template(&postgres, &address.database)
}

/// Makes a database with PostGIS; quickly, where there is a template to copy.
pub(super) fn make_database(address: &Address, name: &str) -> Result<(), String> {
    let known = format!("SELECT FROM pg_database WHERE datname = '{TEMPLATE}'");
    if !ask(address, &[&known])?.is_empty() {
        return copy_template(address, name);
    }
    ask(address, &[&format!("CREATE DATABASE {name}")])?;
    ask(&address.with_database(name), &["CREATE EXTENSION postgis"]).map(drop)
}

/// Copying files is the quicker way, and before PostgreSQL 15 the only one, with no name.
fn copy_template(address: &Address, name: &str) -> Result<(), String> {
    let copy = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
    let fast = ask(address, &[&format!("{copy} STRATEGY file_copy")]);
    fast.or_else(|_| ask(address, &[&copy])).map(drop)
}

/// Ends the connections of which a condition on `pg_stat_activity` holds, and waits for their end.
#[track_caller]
pub(super) fn kill_backends(address: &Address, condition: &str) -> usize {
    let kill = format!(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND {condition}"
    );
    ask(address, &[&kill]).unwrap_or_else(|error| panic!("cannot end connections: {error}")).len()
}
