//! One throw-away PostGIS for the whole run, so that not each test binary starts its own.
use crate::run::{Outcome, cargo};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// Where the tests look for a server.
pub(crate) const VARIABLE: &str = "TIEPOINT_POSTGIS";

/// A server that goes when this is dropped, and when we end in any other way.
pub(crate) struct Server {
    holder: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts one; `None` where `TIEPOINT_POSTGIS` names another.
    pub(crate) fn start() -> Outcome<Option<Self>> {
        if std::env::var_os(VARIABLE).is_some() {
            return Ok(None);
        }
        let package = ["run", "--quiet", "--package", "tiepoint-postgis", "--all-features"];
        let mut command = cargo(&[&package[..], &["--example", "throw_away_server"]].concat());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut holder = child.map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let stdout = holder.stdout.take().expect("stdout is piped");
        let mut url = String::new();
        let read = BufReader::new(stdout).read_line(&mut url);
        let server = Self { holder, url: url.trim().to_owned() };
        match read {
            Ok(1..) => Ok(Some(server)),
            _ => Err("no PostGIS to test on".to_owned()),
        }
    }
}

impl Drop for Server {
    /// Its stdin closes, upon which it clears away.
    fn drop(&mut self) {
        let _ = self.holder.wait();
    }
}
