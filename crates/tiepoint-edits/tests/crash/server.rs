//! A server that ends in the middle of a commit: what became of it is told truthfully once the
//! server is back, by the same buffer and by whoever takes over.
use crate::child::{Child, create, recover_all};
use crate::model::{Model, Outcome};
use crate::ops::Op;
use crate::points::{Fate, Passing, Points};
use crate::proxy::{Cut, Proxy};
use crate::world::tell;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};
use tiepoint_edits::journal::JournalFolder;
use tiepoint_edits::{EditBuffer, EditError};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{Server, Unavailable};
use tiepoint_store::Store;

/// A server that keeps what it has committed, although it is killed.
struct Frail {
    server: Server,
    folder: PathBuf,
    port: String,
}

impl Frail {
    fn start(test: &str) -> Option<Self> {
        let server = match Server::start() {
            Ok(server) => server,
            Err(Unavailable::Missing { what }) => {
                tell(&format!("SKIPPED: {test}: no {what}"));
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let mut server = server;
        server.set("synchronous_commit", "on");
        let url = server.url();
        let host = url.split('@').nth(1).and_then(|it| it.split('/').next()).expect("a host");
        let (folder, port) = host.split_once(':').expect("a port");
        let (folder, port) = (folder.replace("%2F", "/").into(), port.to_owned());
        Some(Self { server, folder, port })
    }

    /// The number of the postmaster.
    fn pid(&self) -> String {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
        file.expect("it runs").lines().next().expect("a number").to_owned()
    }

    fn start_again(&mut self) {
        // it may be that nobody takes note of the death of one that was killed
        let socket = format!(".s.PGSQL.{}.lock", self.port);
        for lock in ["data/postmaster.pid", &socket] {
            let _ = std::fs::remove_file(self.folder.join(lock));
        }
        self.server.start_again();
    }
}

/// Ends the server at once, and waits until all of it is gone.
fn end(pid: &str, signal: &str) {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let all = format!("{pid} {}", children.unwrap_or_default());
    let killed = Command::new("kill").args([signal, pid]).status();
    assert!(killed.is_ok_and(|it| it.success()));
    let start = Instant::now();
    let lives = |pid: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        status.is_ok_and(|it| !it.contains(") Z"))
    };
    while all.split_whitespace().any(lives) {
        assert!(start.elapsed() < Duration::from_secs(20), "the server does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Kills one that serves, after which the server begins anew by itself.
fn kill_a_backend(pid: &str) {
    let out = Command::new("pgrep").args(["-P", pid, "-f", "postgres tests"]).output();
    let pids = String::from_utf8(out.expect("runs").stdout).expect("numbers");
    for pid in pids.split_whitespace() {
        let _ = Command::new("kill").args(["-9", pid]).status();
    }
}

/// How the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Immediately,
    Killed,
    BackendKilled,
}

/// When it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    BeforeTheNumber,
    BeforeItIsSent,
    Meanwhile,
    BeforeTheAnswer,
}

impl End {
    fn of(self, pid: String) -> Box<dyn FnOnce() + Send> {
        Box::new(move || match self {
            Self::Immediately => end(&pid, "-QUIT"),
            Self::Killed => end(&pid, "-KILL"),
            Self::BackendKilled => kill_a_backend(&pid),
        })
    }
}

struct Bench {
    frail: Frail,
    proxy: Proxy,
    schema: tiepoint_postgis::testing::TestSchema,
    journals: TempDir,
    model: Mutex<Model>,
}

impl Bench {
    fn new(test: &str) -> Option<Self> {
        let frail = Frail::start(test)?;
        let proxy = Proxy::of(&frail.folder, &frail.port);
        let (schema, journals) = (frail.server.schema(), tempdir().expect("a folder"));
        create(&PostgisStore::open(&schema.url()).expect("opens"));
        Some(Self { frail, proxy, schema, journals, model: Mutex::new(Model::new()) })
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().expect("is free")
    }

    fn buffer(&self, points: Arc<Points>) -> EditBuffer {
        let socket = self.frail.folder.display().to_string().replace('/', "%2F");
        let mine = self.proxy.folder.path().display().to_string().replace('/', "%2F");
        let url = self.schema.url().replace(&socket, &mine);
        let below = Arc::new(retried(|| PostgisStore::open(&url)).expect("opens"));
        let store = Arc::new(Passing { below, points });
        let folder = JournalFolder::at(self.journals.path());
        EditBuffer::journalled(store, &folder).expect("opens")
    }

    /// Ends the server in the middle of a commit; whether the commit turned out to have happened.
    fn ended(&mut self, how: End, moment: Moment, same: bool) -> bool {
        let make = how.of(self.frail.pid());
        let fate = if moment == Moment::BeforeTheNumber {
            Fate::Call("before commit", Some(make))
        } else {
            self.proxy.cut(match moment {
                Moment::BeforeItIsSent => Cut::Before(make),
                Moment::BeforeTheAnswer => Cut::After(make),
                _ => Cut::Meanwhile(make),
            });
            Fate::Pass
        };
        let buffer = self.buffer(Points::new(fate));
        let direct = retried(|| PostgisStore::open(&self.schema.url())).expect("opens");
        let mut child = Child { below: &direct, buffer: &buffer, commands: vec![], floor: 0 };
        let number = i64::try_from(self.model().seen.commits).expect("is small") * 10 + 10;
        let op = format!("step 0:1:{number} 0:{number}:1 1:{number}:1 2:1:{number}");
        self.must(&mut child, &op);
        let mut outcome = child.done(&Op::Commit);
        assert!(self.proxy.has_cut(), "{how:?}, {moment:?}: nobody committed");
        let answered = moment == Moment::Meanwhile && outcome.is_ok();
        if how == End::BackendKilled {
            // until it has noticed, and begun anew
            std::thread::sleep(Duration::from_millis(500));
            retried(|| direct.layers()).expect("is back");
        } else if answered {
            self.frail.start_again();
        } else {
            assert!(matches!(outcome, Err(EditError::InDoubt { .. })), "{outcome:?}");
            let still = child.done(&"undo".parse().expect("an operation"));
            assert!(matches!(still, Err(EditError::InDoubt { .. })), "{still:?}");
            self.frail.start_again();
        }
        if same {
            if !matches!(outcome, Ok(Outcome::Done)) {
                outcome = retried(|| child.done(&Op::Commit));
            }
            let expected = self.model().apply(&Op::Commit);
            assert!(outcome.is_ok_and(|it| it == expected || it == Outcome::Nothing));
            assert_eq!(child.seen(), self.model().seen.said(), "{how:?}, {moment:?}");
            return true;
        }
        drop(child);
        drop(buffer);
        let buffer = self.buffer(Points::new(Fate::Pass));
        retried(|| direct.layers()).expect("is back");
        recover_all(&buffer);
        let mut child = Child { below: &direct, buffer: &buffer, commands: vec![], floor: 0 };
        let happened = commits(&child) > self.model().seen.commits;
        if happened {
            self.model().apply(&Op::Commit);
        }
        let recovered = self.model().clone().recovered();
        assert_eq!(child.seen(), recovered.seen.said(), "{how:?}, {moment:?}");
        *self.model() = recovered;
        if !happened {
            self.must(&mut child, "commit");
        }
        happened
    }

    fn must(&self, child: &mut Child<'_>, op: &str) {
        let op: Op = op.parse().expect("an operation");
        let outcome = child.done(&op).unwrap_or_else(|error| panic!("{op}: {error}"));
        assert_eq!(outcome, self.model().apply(&op), "{op}");
        assert_eq!(child.seen(), self.model().seen.said(), "{op}");
    }
}

/// The truth: how many commits there were.
fn commits(child: &Child<'_>) -> u64 {
    child.seen().split('|').next().and_then(|it| it.parse().ok()).expect("a number")
}

/// While the server begins anew.
fn retried<T, E>(mut work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let start = Instant::now();
    loop {
        match work() {
            Err(_) if start.elapsed() < Duration::from_secs(20) => {
                std::thread::sleep(Duration::from_millis(50));
            }
            outcome => return outcome,
        }
    }
}

fn truth_is_told(test: &str, how: End) {
    let Some(mut bench) = Bench::new(test) else { return };
    // each takes as long as a store waits for its server to come back
    let usual = [Moment::BeforeItIsSent, Moment::BeforeTheAnswer];
    let more = [Moment::BeforeTheNumber, Moment::Meanwhile];
    let long = std::env::var_os("TIEPOINT_LONG").is_some();
    for moment in usual.into_iter().chain(more.into_iter().filter(|_| long)) {
        bench.ended(how, moment, true);
        let happened = bench.ended(how, moment, false);
        tell(&format!("{how:?}, {moment:?}: happened: {happened}"));
        match moment {
            Moment::BeforeTheNumber | Moment::BeforeItIsSent => assert!(!happened),
            Moment::BeforeTheAnswer => assert!(happened),
            Moment::Meanwhile => {}
        }
    }
}

#[test]
fn a_server_that_restarts_at_once_in_mid_commit_is_asked_later_what_became_of_it() {
    truth_is_told(
        "a_server_that_restarts_at_once_in_mid_commit_is_asked_later_what_became_of_it",
        End::Immediately,
    );
}

#[test]
fn a_server_that_is_killed_in_mid_commit_is_asked_later_what_became_of_it() {
    truth_is_told(
        "a_server_that_is_killed_in_mid_commit_is_asked_later_what_became_of_it",
        End::Killed,
    );
}

#[test]
fn a_backend_that_is_killed_in_mid_commit_leaves_no_doubt_for_long() {
    truth_is_told(
        "a_backend_that_is_killed_in_mid_commit_leaves_no_doubt_for_long",
        End::BackendKilled,
    );
}
