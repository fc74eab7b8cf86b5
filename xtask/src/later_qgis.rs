//! QGIS 3.40, in a Debian 13 of its own: the very same wheel, and the tests that QGIS runs.
//!
//! Debian is unpacked once, into `target/qgis-3.40`, or into the folder that `TIEPOINT_CACHE` names.
//! Nothing is mounted where anybody else would see it: what is, is gone with the process.
use crate::python;
use crate::run::{Outcome, is_root, root, run, say};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Modules of tests, such as `test_store` or `qgis`; those that matter there when none is named.
    modules: Vec<String>,
}

const SUITE: &str = "trixie";
const PACKAGES: &[&str] = &["python3-qgis", "qgis-providers", "qgis-common", "gdal-bin", "sqlite3"];
/// What the tests read of the checkout.
const READ: &[&str] = &["fixtures", "python/tests", "python/examples"];
/// What is tested there when nothing is named; what builds the package is for the host.
const MODULES: &[&str] = &[
    "test_errors",
    "test_hammer",
    "test_linkage.BesideQgis",
    "test_read",
    "test_store",
    "test_stubs",
    "qgis",
];
/// Where the tests are there, and where the package is.
const CHECKOUT: &str = "opt/tiepoint/checkout";
const SITE: &str = "opt/tiepoint/site";

/// Runs tests there.
pub(crate) fn later_qgis(options: &Options) -> Outcome {
    let named: Vec<&str> = options.modules.iter().map(String::as_str).collect();
    let mut tests = interpreter()?;
    run(tests.args(["-m", "tests"]).args(if named.is_empty() { MODULES } else { &named }))
}

/// What runs the tests there that matter.
pub(crate) fn tests() -> Outcome<Command> {
    let mut tests = interpreter()?;
    tests.args(["-m", "tests"]).args(MODULES);
    Ok(tests)
}

/// Why nothing can be run there, or `None`.
pub(crate) fn obstacle() -> Option<String> {
    let why = if !is_root() {
        "only root may run another Debian"
    } else if !works(Command::new("unshare").args(["--mount", "true"])) {
        "nothing may be mounted here"
    } else if !works(Command::new("debootstrap").arg("--version")) {
        "debootstrap is missing"
    } else {
        return None;
    };
    Some(format!("tests in QGIS 3.40: {why} (as root: cargo xtask qgis-3.40)"))
}

fn works(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Its Python, where the tests and the package are. Arguments are still to be added.
pub(crate) fn interpreter() -> Outcome<Command> {
    if let Some(obstacle) = obstacle() {
        return Err(obstacle);
    }
    let debian = debian()?;
    install(&debian)?;
    let mut command = inside(&debian);
    command.args(["/usr/bin/env", "--chdir", &format!("/{CHECKOUT}/python")]);
    command.args(["HOME=/root", "QT_QPA_PLATFORM=offscreen"]);
    command.args([&format!("PYTHONPATH=/{SITE}"), "PYTHONUNBUFFERED=1", "/usr/bin/python3"]);
    Ok(command)
}

/// The folder of a Debian with QGIS in it, which is made where it is not there yet.
fn debian() -> Outcome<PathBuf> {
    let cache = env::var_os("TIEPOINT_CACHE").map_or_else(|| root().join("target"), PathBuf::from);
    let debian = cache.join("qgis-3.40");
    let complete = debian.join("opt/tiepoint/complete");
    if complete.exists() {
        return Ok(debian);
    }
    if debian.exists() {
        fs::remove_dir_all(&debian).map_err(|error| format!("{}: {error}", debian.display()))?;
    }
    say(&format!("Unpacking Debian 13 with QGIS 3.40 into {}", debian.display()));
    unpack(&debian)?;
    let marked =
        fs::create_dir_all(debian.join("opt/tiepoint")).and_then(|()| fs::write(&complete, ""));
    marked.map_err(|error| format!("{}: {error}", complete.display()))?;
    Ok(debian)
}

fn unpack(debian: &Path) -> Outcome {
    let mut bootstrap = Command::new("debootstrap");
    bootstrap.args(["--variant=minbase", SUITE]).arg(debian).arg(mirror()?);
    run(bootstrap.stdin(Stdio::null()).stdout(Stdio::null()))?;
    for file in ["etc/hosts", "etc/resolv.conf"] {
        let copied = fs::copy(Path::new("/").join(file), debian.join(file));
        copied.map_err(|error| format!("/{file}: {error}"))?;
    }
    let packages = PACKAGES.join(" ");
    let script = format!(
        "apt-get update -q && \
         DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends {packages} && \
         apt-get clean"
    );
    let mut apt = inside(debian);
    run(apt.args(["sh", "-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()))
}

/// The mirror that this machine's apt uses.
fn mirror() -> Outcome<String> {
    let mut apt = Command::new("apt-get");
    let output = apt.args(["indextargets", "--format", "$(REPO_URI)", "Origin: Debian"]).output();
    let output = output.map_err(|error| format!("cannot ask apt for its mirror: {error}"))?;
    let mirrors = String::from_utf8_lossy(&output.stdout);
    let mirror = mirrors.lines().find(|line| !line.contains("security"));
    mirror.map(str::to_owned).ok_or_else(|| "apt knows no mirror of Debian".to_owned())
}

/// The wheel and what the tests read, put where the other Debian sees them.
fn install(debian: &Path) -> Outcome {
    let wheel = python::wheel()?;
    let place = debian.join("opt/tiepoint");
    run(Command::new("rm").arg("-rf").arg(place.join("site")).arg(place.join("checkout")))?;
    let site = debian.join(SITE);
    let mut pip = python::pip()?;
    pip.args(["install", "--no-deps", "--no-index", "--target"]).arg(site);
    run(pip.arg(wheel))?;
    for folder in READ.iter().filter(|folder| root().join(folder).exists()) {
        let to = debian.join(CHECKOUT).join(folder);
        fs::create_dir_all(&to).map_err(|error| format!("{}: {error}", to.display()))?;
        run(Command::new("cp").arg("-r").arg(root().join(folder).join(".")).arg(to))?;
    }
    Ok(())
}

/// A command to be run inside, to which its name and arguments are still to be added. Temporary
/// files are the host's, among them the sockets of the PostGIS that the tests are given.
fn inside(debian: &Path) -> Command {
    let temporary = env::temp_dir();
    let enter = "for folder in /proc /dev \"$1\"; do \
                     mkdir -p \"$0$folder\" && mount --rbind \"$folder\" \"$0$folder\" || exit; \
                 done; shift; exec chroot \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", enter]);
    command.arg(debian).arg(temporary);
    command
}
