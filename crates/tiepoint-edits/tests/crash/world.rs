//! Stores to work on, children that do, and what the oracle has to say of them.
use crate::child::{TASK, create};
use crate::model::{Model, Outcome};
use crate::ops::Op;
use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{Repair, Store};

pub(crate) const STORE: &str = "TIEPOINT_CRASH_STORE";
const JOURNALS: &str = "TIEPOINT_CRASH_JOURNALS";

/// Says what a test found, past the harness, which keeps what passing tests say to itself.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Where a store is, for another process.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Gpkg(PathBuf),
    Postgis(String),
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, place) = text.split_once(' ').ok_or(())?;
        Ok(if kind == "gpkg" { Self::Gpkg(place.into()) } else { Self::Postgis(place.to_owned()) })
    }
}

impl Place {
    fn said(&self) -> String {
        match self {
            Self::Gpkg(path) => format!("gpkg {}", path.display()),
            Self::Postgis(url) => format!("postgis {url}"),
        }
    }
}

pub(crate) fn opened(place: &Place) -> Arc<dyn Store> {
    match place {
        Place::Gpkg(path) => Arc::new(GpkgStore::open(path).expect("opens")),
        Place::Postgis(url) => Arc::new(PostgisStore::open(url).expect("opens")),
    }
}

pub(crate) fn journals() -> PathBuf {
    env::var_os(JOURNALS).expect("is told").into()
}

/// What kinds of stores there are to be killed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    RollbackJournal,
    Wal,
    Postgis,
}

/// A store with the layers, and a folder for journals. The oracle knows what is to be there.
pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) folder: TempDir,
    _schema: Option<TestSchema>,
    pub(crate) model: Model,
    pub(crate) tally: Tally,
    in_flight: Option<Op>,
    recovering: bool,
    heard: Vec<String>,
    places: Vec<String>,
}

/// What happened to children.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) within_commit: u64,
    pub(crate) happened: u64,
    pub(crate) not_happened: u64,
    pub(crate) within_recovery: u64,
    pub(crate) acknowledged: u64,
    pub(crate) commits: u64,
    pub(crate) recoveries: u64,
}

impl World {
    /// `None` where there is no server to test on.
    pub(crate) fn new(kind: Kind, test: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let (place, schema) = if kind == Kind::Postgis {
            let schema = server_or_skip(test)?.schema();
            (Place::Postgis(schema.url()), Some(schema))
        } else {
            (Place::Gpkg(folder.path().join("it.gpkg")), None)
        };
        if let Place::Gpkg(path) = &place {
            create(&GpkgStore::create(path).expect("is new"));
            if kind == Kind::Wal {
                let file = rusqlite::Connection::open(path).expect("opens");
                file.pragma_update(None, "journal_mode", "wal").expect("changes");
            }
        } else {
            create(&*opened(&place));
        }
        Some(Self::on(place, folder, schema))
    }

    pub(crate) fn on(place: Place, folder: TempDir, schema: Option<TestSchema>) -> Self {
        let (model, tally) = (Model::new(), Tally::default());
        let (in_flight, recovering, heard, places) = (None, false, Vec::new(), Vec::new());
        Self { place, folder, _schema: schema, model, tally, in_flight, recovering, heard, places }
    }

    pub(crate) fn journals(&self) -> PathBuf {
        self.folder.path().join("journals")
    }

    pub(crate) fn start(&self, task: &str) -> Running {
        Running::start("child::child", &self.place, &self.journals(), task)
    }

    /// What a child said: compared with what it should be.
    pub(crate) fn hear(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "recovering" => self.recovering = true,
            "recovered" => {
                self.recovering = false;
                self.tally.recoveries += 1;
            }
            "ready" => self.ready(rest),
            "place" => self.places.push(rest.to_owned()),
            "do" => self.in_flight = Some(rest.parse().expect("an operation")),
            "done" => {
                let op = self.in_flight.take().expect("was told");
                let outcome = self.model.apply(&op);
                assert_eq!(rest, format!("{outcome:?}"), "{op}: {}", self.log());
                self.tally.acknowledged += 1;
                self.tally.commits += u64::from(op == Op::Commit && outcome == Outcome::Done);
            }
            "seen" => assert_eq!(rest, self.model.seen.said(), "{}", self.log()),
            _ => {}
        }
        self.heard.push(line.to_owned());
    }

    /// After a death: everything acknowledged is there and nothing else, but for what was under
    /// way, which is there wholly or not at all.
    fn ready(&mut self, said: &str) {
        let without = self.model.clone().recovered();
        let op = self.in_flight.take();
        let with = op.as_ref().map(|op| {
            let mut with = self.model.clone();
            let outcome = with.apply(op);
            (with.recovered(), op == &Op::Commit && outcome == Outcome::Done)
        });
        let is = |it: &Model| it.seen.said() == said;
        let happened = with.as_ref().is_some_and(|it| is(&it.0));
        if with.as_ref().is_some_and(|it| it.1) {
            self.tally.within_commit += 1;
            self.tally.happened += u64::from(happened);
            self.tally.not_happened += u64::from(!happened);
        }
        self.model = match with {
            Some((with, _)) if happened => with,
            _ => {
                assert_eq!(said, without.seen.said(), "after {op:?}: {}", self.log());
                without
            }
        };
        self.heard.clear();
    }

    /// What the child said since it was ready, and what it said as it broke down.
    pub(crate) fn log(&self) -> String {
        let path = self.journals().with_extension("log");
        let said = std::fs::read_to_string(path).unwrap_or_default();
        format!("{:#?}\n{said}", self.heard)
    }

    /// Hears a child until it is killed at this time, or over; whether it was killed.
    pub(crate) fn hear_until(&mut self, running: &mut Running, mut when: When) -> bool {
        let killed = loop {
            let left = when.at.saturating_duration_since(Instant::now());
            match running.lines.recv_timeout(left) {
                Ok(line) => {
                    when.follow(&line);
                    self.hear(&line);
                }
                Err(RecvTimeoutError::Timeout) => break true,
                Err(RecvTimeoutError::Disconnected) => break false,
            }
        };
        if killed {
            running.process.kill().expect("is killed");
        }
        running.process.wait().expect("ends");
        while let Ok(line) = running.lines.recv_timeout(PATIENCE) {
            self.hear(&line);
        }
        self.tally.kills += u64::from(killed);
        self.tally.within_recovery += u64::from(killed && self.recovering);
        assert!(
            killed || self.heard.iter().any(|it| it.starts_with("die") || it == "over"),
            "{}",
            self.log()
        );
        self.recovering = false;
        killed
    }

    /// Where the last child died of itself.
    pub(crate) fn place_of_death(&self) -> Option<String> {
        self.heard.iter().find_map(|it| it.strip_prefix("die ").map(str::to_owned))
    }

    /// The places that the last child passed, in order.
    pub(crate) fn places(&mut self) -> Vec<String> {
        std::mem::take(&mut self.places)
    }

    pub(crate) fn what_was_under_way(&self) -> String {
        let op = self.in_flight.as_ref().map(ToString::to_string);
        let word = op.as_deref().and_then(|it| it.split(' ').next()).map(str::to_owned);
        word.unwrap_or_else(|| "recovery".to_owned())
    }

    /// Takes over what the last one left, and looks at the store itself.
    pub(crate) fn settle(&mut self) {
        let mut last = self.start(&format!("look {NEVER} "));
        assert!(!self.hear_until(&mut last, When::never()));
        let findings = opened(&self.place).check(Repair::No).expect("is checked");
        assert_eq!(findings, [], "{}", self.log());
    }
}

/// The number of no place.
pub(crate) const NEVER: u64 = 1 << 60;
const PATIENCE: Duration = Duration::from_secs(60);

/// When a child is to be killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    at: Instant,
    /// So long after that many commits began.
    commits: u64,
    after: Duration,
}

impl When {
    pub(crate) fn never() -> Self {
        Self { at: Instant::now() + PATIENCE, commits: 0, after: Duration::ZERO }
    }

    pub(crate) fn within(after: Duration) -> Self {
        Self { at: Instant::now() + after, ..Self::never() }
    }

    pub(crate) fn commit(number: u64, after: Duration) -> Self {
        Self { commits: number, after, ..Self::never() }
    }

    fn follow(&mut self, line: &str) {
        if self.commits > 0 && line == "do commit" {
            self.commits -= 1;
            if self.commits == 0 {
                self.at = Instant::now() + self.after;
            }
        }
    }
}

/// A child, and what it says.
pub(crate) struct Running {
    pub(crate) process: Child,
    pub(crate) lines: Receiver<String>,
}

impl Running {
    pub(crate) fn start(test: &str, place: &Place, journals: &Path, task: &str) -> Self {
        let mut command = Command::new(env::current_exe().expect("is known"));
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(STORE, place.said()).env(JOURNALS, journals).env(TASK, task);
        let log =
            std::fs::File::options().create(true).append(true).open(journals.with_extension("log"));
        command.stdout(Stdio::piped()).stderr(log.map_or_else(|_| Stdio::null(), Stdio::from));
        let mut process = command.spawn().expect("starts");
        let output = BufReader::new(process.stdout.take().expect("is piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(line) = line.strip_prefix("@ ") {
                    // nobody listens any more to a child that is killed
                    let _ = sender.send(line.to_owned());
                }
            }
        });
        Self { process, lines }
    }
}
