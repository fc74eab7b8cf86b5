//! Finding PostgreSQL's programs, and the user that may run them.
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Unavailable;

/// The folder of the newest PostgreSQL here that has PostGIS.
pub(super) fn folder() -> Result<PathBuf, Unavailable> {
    let folders: Vec<_> = candidates().into_iter().filter(|it| has_server(it)).collect();
    if folders.is_empty() {
        return Err(Unavailable::Missing { what: "PostgreSQL's `initdb`" });
    }
    let complete = folders.into_iter().find(|it| has_postgis(it));
    complete.ok_or(Unavailable::Missing { what: "PostGIS" })
}

/// Who runs the server: as root, which PostgreSQL refuses, the user `postgres`; else ourselves.
pub(super) fn user() -> Result<Option<User>, Unavailable> {
    if number(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let user = number(&["-u", "postgres"]).zip(number(&["-g", "postgres"]));
    let user = user.map(|(uid, gid)| User { uid, gid });
    let missing = Unavailable::Missing { what: "the user `postgres`, who runs it for root," };
    user.map(Some).ok_or(missing)
}

/// A user of the system.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    #[cfg(unix)]
    pub(super) fn runs(self, command: &mut Command) {
        use std::os::unix::process::CommandExt as _;
        command.uid(self.uid).gid(self.gid);
    }

    /// Elsewhere nobody is root.
    #[cfg(not(unix))]
    pub(super) fn runs(self, _: &mut Command) {}
}

/// What `id` answers.
fn number(arguments: &[&str]) -> Option<u32> {
    said(Command::new("id").args(arguments))?.parse().ok()
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn candidates() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.extend(said(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
    folders.extend(packaged());
    folders
}

/// Where Debian puts them, a folder for each version; the newest first.
fn packaged() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<_> = versions.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.iter().map(|path| path.join("bin")).collect()
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file())
}

/// Whether PostGIS is among its extensions; said to be where there is nobody to ask.
fn has_postgis(folder: &Path) -> bool {
    let shared = said(Command::new(folder.join("pg_config")).arg("--sharedir"));
    shared.is_none_or(|it| Path::new(&it).join("extension/postgis.control").is_file())
}
