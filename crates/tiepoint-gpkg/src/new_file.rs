//! A file that does not show before its first transaction is committed: it is made beside its
//! place, under a hidden name, and then linked there, so that it never replaces what somebody else
//! put there meanwhile.
use crate::connection::{Link, Pool};
use crate::error::Site;
use crate::srs;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tiepoint_store::{Result, StoreError};

const SUFFIX: &str = ".tiepoint-new";
/// How old a leftover of a killed program must be before it is cleared away.
const LEFTOVER_AGE: Duration = Duration::from_secs(60);
const APPLICATION_ID: i32 = 0x4750_4B47;
/// GeoPackage 1.3: the newest whose R-tree triggers validators old and new agree on.
const USER_VERSION: i32 = 10_300;

/// A file in the making; dropping it removes it.
#[derive(Debug)]
pub(crate) struct NewFile {
    hidden: PathBuf,
    place: PathBuf,
}

impl NewFile {
    /// Makes the hidden file and opens it for writing.
    pub(crate) fn make(pool: &Pool) -> Result<(Self, Link)> {
        let place = pool.path.to_path_buf();
        clear_leftovers(&place);
        let hidden = hidden_path(&place);
        let file = fs::File::create_new(&hidden);
        drop(file.map_err(|reason| pool.site.io("create", reason))?);
        let new = Self { hidden, place };
        let link = pool.open_for_writing(&new.hidden, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok((new, link))
    }

    /// Where the file is now.
    pub(crate) fn path(&self) -> &Path {
        &self.hidden
    }

    /// Puts the finished and closed file in its place.
    pub(crate) fn publish(self, site: &Site) -> Result<()> {
        let exists = || StoreError::StoreExists { store: site.name.clone() };
        match fs::hard_link(&self.hidden, &self.place) {
            Ok(()) => Ok(()),
            Err(_) if self.place.exists() => Err(exists()),
            // some file systems know no second name for a file
            Err(_) => {
                fs::rename(&self.hidden, &self.place).map_err(|reason| site.io("create", reason))
            }
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        remove_with_journal(&self.hidden);
    }
}

/// Fills an empty file with what every GeoPackage has, within the open transaction.
pub(crate) fn write_skeleton(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", USER_VERSION)?;
    connection.execute_batch(include_str!("sql/geopackage.sql"))?;
    srs::insert_required(connection)
}

fn hidden_path(place: &Path) -> PathBuf {
    let mut name = hidden_prefix(place);
    name.push(uuid::Uuid::now_v7().simple().to_string());
    name.push(SUFFIX);
    place.with_file_name(name)
}

fn hidden_prefix(place: &Path) -> OsString {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(".");
    name
}

/// Removes what killed programs left of files that were to have this name, unless somebody is
/// still writing it.
fn clear_leftovers(place: &Path) {
    let prefix = hidden_prefix(place);
    let Some(folder) = place.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    for entry in folder.flatten() {
        let name = entry.file_name();
        let (bytes, prefix) = (name.as_encoded_bytes(), prefix.as_encoded_bytes());
        let ours = bytes.starts_with(prefix) && bytes.ends_with(SUFFIX.as_bytes());
        let changed = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
        if ours && age.is_some_and(|age| age > LEFTOVER_AGE) && nobody_writes(&entry.path()) {
            remove_with_journal(&entry.path());
        }
    }
}

fn nobody_writes(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let lock = |connection: Connection| connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK");
    Connection::open_with_flags(path, flags).and_then(lock).is_ok()
}

fn remove_with_journal(path: &Path) {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    // what cannot be removed was never there, or stays hidden
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(journal);
}
