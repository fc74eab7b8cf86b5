//! A Python with the packages that we are measured beside, in an environment of its own.
use crate::Outcome;
use crate::outcome::say;
use crate::stage::Stage;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What is installed where a part needs it.
const PACKAGES: [&str; 5] =
    ["geoalchemy2", "sqlalchemy", "psycopg[binary]", "shapely", "pygeodiff"];

/// A Python that has the packages, installed on first use.
pub(crate) fn with_peers(stage: &Stage) -> Outcome<PathBuf> {
    let folder = stage.result("peers")?.with_file_name("peers");
    let python = folder.join("bin/python");
    let done = folder.join("complete");
    let installed = std::fs::read_to_string(&done).unwrap_or_default();
    if installed != PACKAGES.join(" ") {
        say(&format!("installing {} in {} ...", PACKAGES.join(", "), folder.display()));
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        succeed(Command::new(&python).args(pip).args(PACKAGES))?;
        std::fs::write(done, PACKAGES.join(" "))?;
    }
    Ok(python)
}

fn succeed(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("it does not say why").to_owned();
    Err(format!("{command:?} has failed: {last}").into())
}
