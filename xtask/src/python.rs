//! The Python package: built into an environment of its own, and tested there.
use crate::run::{Outcome, cargo, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Modules of tests, such as `test_store` or `qgis.test_ties`; all when none is named.
    modules: Vec<String>,
}

/// Builds the package and runs tests of it.
pub(crate) fn python(options: &Options) -> Outcome {
    run(tests()?.args(&options.modules))
}

/// What runs the tests, after the package was built and installed, linked to its sources.
pub(crate) fn tests() -> Outcome<Command> {
    let mut python = installed()?;
    python.args(["-m", "tests"]);
    Ok(python)
}

/// Python with the package built and installed, linked to its sources; arguments are to be added.
pub(crate) fn installed() -> Outcome<Command> {
    run(pip()?.args(["install", "--editable", "./python"]))?;
    let mut python = Command::new(environment()?.join("bin/python"));
    python.current_dir(folder());
    python.env("QT_QPA_PLATFORM", "offscreen").env("PYTHONUNBUFFERED", "1");
    Ok(python)
}

/// The package, built.
pub(crate) fn wheel() -> Outcome<PathBuf> {
    let wheels = root().join("target/python/wheels");
    let failed = |error| format!("{}: {error}", wheels.display());
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels).map_err(failed)?;
    }
    run(pip()?.args(["wheel", "--no-deps", "./python", "--wheel-dir"]).arg(&wheels))?;
    let mut built = std::fs::read_dir(&wheels).map_err(failed)?.flatten();
    built.next().map(|entry| entry.path()).ok_or_else(|| "pip built no wheel".to_owned())
}

/// The environment's pip, in the workspace's root.
pub(crate) fn pip() -> Outcome<Command> {
    let mut pip = Command::new(environment()?.join("bin/pip"));
    pip.current_dir(root()).args(["--quiet", "--disable-pip-version-check"]);
    Ok(pip)
}

/// Cargo in the package's own workspace.
pub(crate) fn cargo_there(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.current_dir(folder());
    command
}

fn folder() -> PathBuf {
    root().join("python")
}

/// An environment that sees the system's packages, QGIS among them; made where there is none.
fn environment() -> Outcome<PathBuf> {
    let environment = root().join("target/python/venv");
    if !environment.join("bin/pip").exists() {
        let system = Path::new("/usr/bin/python3");
        let python = if system.exists() { system } else { Path::new("python3") };
        let options = ["-m", "venv", "--system-site-packages"];
        run(Command::new(python).args(options).arg(&environment))?;
    }
    Ok(environment)
}
