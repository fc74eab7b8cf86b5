//! A PostgreSQL of our own in a folder of its own, kept by a supervisor that outlives us.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{Unavailable, programs};

/// A shell that reads orders and, when we are gone, clears away.
const SUPERVISOR: &str = include_str!("supervisor.sh");

/// How many ports to try; somebody else may take one between our asking and the server's.
const PORTS: usize = 3;

/// A running or stopped server. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Cluster {
    supervisor: Child,
    /// Until we let go of it, which is what ends the supervisor.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes a fresh one and starts it.
    pub(super) fn start() -> Result<Self, Unavailable> {
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "tiepoint-testing"]).arg(programs::folder()?);
        command.current_dir("/").stderr(Stdio::null());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(user) = programs::user()? {
            user.runs(&mut command);
        }
        apart(&mut command);
        let mut cluster = Self::supervised_by(&mut command)?;
        cluster.order("make")?;
        cluster.start_on_a_free_port()?;
        Ok(cluster)
    }

    fn supervised_by(command: &mut Command) -> Result<Self, Unavailable> {
        let supervisor = command.spawn();
        let mut supervisor = supervisor.map_err(|error| Unavailable::start(&error))?;
        let orders = supervisor.stdin.take();
        let answers = supervisor.stdout.take().expect("stdout is piped");
        let answers = BufReader::new(answers);
        let mut cluster = Self { supervisor, orders, answers, folder: PathBuf::new(), port: 0 };
        cluster.folder = cluster.answer()?.into();
        Ok(cluster)
    }

    fn start_on_a_free_port(&mut self) -> Result<(), Unavailable> {
        let mut outcome = Ok(());
        for _ in 0..PORTS {
            self.port = free_port()?;
            outcome = self.order(&format!("start {}", self.port));
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Starts it on the port that it had.
    pub(super) fn start_again(&mut self) -> Result<(), Unavailable> {
        self.order(&format!("start {}", self.port))
    }

    /// Ends every connection and the server; what was committed stays.
    pub(super) fn stop(&mut self) -> Result<(), Unavailable> {
        self.order("stop")
    }

    /// Holds its log, its certificate and its socket.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn log(&self) -> String {
        std::fs::read(self.folder.join("log"))
            .map_or_else(|error| error.to_string(), |log| String::from_utf8_lossy(&log).into())
    }

    fn order(&mut self, order: &str) -> Result<(), Unavailable> {
        let orders = self.orders.as_mut().expect("held until dropped");
        writeln!(orders, "{order}").map_err(|error| Unavailable::start(&error))?;
        match self.answer()?.as_str() {
            "done" => Ok(()),
            _ => Err(Unavailable::Start { reason: format!("`{order}` failed"), log: self.log() }),
        }
    }

    fn answer(&mut self) -> Result<String, Unavailable> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| Unavailable::start(&error))?;
        match line.strip_suffix('\n') {
            Some(line) => Ok(line.to_owned()),
            None => Err(Unavailable::start(&"its supervisor has ended")),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        // Only a supervisor that was killed cannot be waited for, and then nothing can be done.
        let _ = self.supervisor.wait();
    }
}

fn free_port() -> Result<u16, Unavailable> {
    let listener = TcpListener::bind(("localhost", 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map(|it| it.port()).map_err(|error| Unavailable::start(&error))
}

/// In a process group of its own, so that Ctrl-C ends us and leaves it to clear away.
#[cfg(unix)]
fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn apart(_: &mut Command) {}
