//! Programs of others on the same server: commands, and `GeoAlchemy2` in an environment of its own.
use super::arena::{Arena, Cost};
use crate::outcome::say;
use crate::stage::Stage;
use crate::{Outcome, measure, python};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a command takes; none, and why, where it cannot be run.
pub(crate) fn command(arena: &Arena, command: &[OsString]) -> Option<Cost> {
    let (server, began) = (arena.cpu_s(), Instant::now());
    let usage = measure::once(command).inspect_err(|reason| say(&format!("no peer: {reason}")));
    let client_s = usage.ok()?.cpu_s;
    let wall_s = began.elapsed().as_secs_f64();
    Some(Cost { client_s, server_s: arena.cpu_s() - server, wall_s })
}

/// The server as GDAL calls it.
pub(crate) fn gdal(arena: &Arena) -> PathBuf {
    arena.url().replacen("postgres:", "postgresql:", 1).into()
}

/// What `geoalchemy.py` takes for one of its cases, and its versions; none, and why, where it
/// cannot be run.
pub(crate) fn geoalchemy(
    stage: &Stage,
    arena: &Arena,
    case: &str,
    argument: &str,
) -> Option<(Cost, String)> {
    python::with_peers(stage)
        .and_then(|python| run(&python, arena, case, argument))
        .inspect_err(|reason| say(&format!("GeoAlchemy2 is not measured: {reason}")))
        .ok()
}

fn run(python: &Path, arena: &Arena, case: &str, argument: &str) -> Outcome<(Cost, String)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/geoalchemy.py");
    let mut command = Command::new(python);
    command.arg(script).args([&arena.url(), case, argument]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (mut stdin, stdout) = stdin.zip(stdout).ok_or("it has no pipes")?;
    let mut lines = BufReader::new(stdout).lines();
    let mut line = || lines.next().unwrap_or_else(|| Ok(String::new()));
    // it is ready with the versions it has
    let versions = line()?;
    let (server, began) = (arena.cpu_s(), Instant::now());
    writeln!(stdin)?;
    let client = line()?;
    let (wall_s, server_s) = (began.elapsed().as_secs_f64(), arena.cpu_s() - server);
    if !child.wait()?.success() {
        return Err(format!("geoalchemy.py {case} has failed").into());
    }
    Ok((Cost { client_s: client.parse()?, server_s, wall_s }, versions))
}
