//! The folder that journals live in, and what dead sessions left there.
use super::JournalError;
use super::disk::Disk;
use super::left::LeftBehind;
use super::live::Journal;
use super::reading::Reading;
use super::record::Record;
use super::session::{Files, SessionId, StoreLabel};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How old a lock without a journal must be to be taken for a dead session's.
const LONE: Duration = Duration::from_secs(3600);

/// Where journals live: `FOLDER/STORE/SESSION.journal`, where STORE is made of
/// [`StoreLabel::place`].
///
/// Beside it, `SESSION.lock` is locked by the session as long as it lives. The system gives the
/// lock back when the process dies, in whatever way. A process that was forked from it without
/// running another program shares the lock, so that the session counts as alive until both are
/// gone. On network drives, locks must work across machines for sessions to be seen from others
/// (NFS from version 4 on does that; mounts with `nolock` do not, so keep journals elsewhere there).
///
/// Only the user may read journals, where the system knows users.
#[derive(Debug, Clone)]
pub struct JournalFolder {
    path: PathBuf,
    /// Whether it goes when it is empty.
    fleeting: bool,
    disk: Disk,
}

impl JournalFolder {
    /// The folder that all of this user's programs look in: `tiepoint/journals` in the user's data
    /// folder, which is `$XDG_DATA_HOME`, `~/.local/share`, `~/Library/Application Support` on
    /// macOS or `%LOCALAPPDATA%` on Windows. `TIEPOINT_JOURNALS` names another.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoHome`] where the environment names none of these.
    pub fn of_user() -> Result<Self, JournalError> {
        user_folder(|name| env::var_os(name)).map(Self::at).ok_or(JournalError::NoHome)
    }

    /// A hidden folder beside a file, for those who want journals to travel with it. It goes when
    /// the last journal does.
    #[must_use]
    pub fn beside(file: &Path) -> Self {
        let mut name = OsString::from(".");
        name.push(file.file_name().unwrap_or_default());
        name.push(".journals");
        Self { fleeting: true, ..Self::at(file.with_file_name(name)) }
    }

    /// This folder.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), fleeting: false, disk: Disk::default() }
    }

    /// The same on a disk that fails when told to.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_faults(mut self, faults: std::sync::Arc<dyn super::Faults>) -> Self {
        self.disk.faults = Some(faults);
        self
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a session on a store. Nothing is made on disk until its first record.
    ///
    /// # Errors
    ///
    /// [`JournalError::Disk`] for a label of more than 32 KiB.
    pub fn open(&self, store: &StoreLabel) -> Result<Journal, JournalError> {
        if store.place.len() + store.address.len() > 32 << 10 {
            let long = io::Error::new(io::ErrorKind::InvalidInput, "the store's name is too long");
            return Err(JournalError::on(&self.path, "begin a journal")(long));
        }
        let files = self.files(self.path.join(store.folder()), SessionId::mint());
        Ok(Journal::new(files, store.clone()))
    }

    /// What dead sessions left behind, of one store or of all, by the time they began.
    ///
    /// What was taken over by others is not among it, and its deletion is finished here; journals
    /// in which nothing is pending go, too. All that is returned is locked against other
    /// recoveries until it is dropped, and what others hold is not returned. It costs one reading of
    /// each, and of the journals of living sessions where there are any dead ones.
    ///
    /// # Errors
    ///
    /// [`JournalError::Denied`] or [`JournalError::Disk`] where the folder cannot be read, or a
    /// journal in it cannot be locked or read to its end. Journals that are damaged, from a newer
    /// build or not to be read by this user are returned, and say so themselves.
    pub fn left_behind(&self, store: Option<&StoreLabel>) -> Result<Vec<LeftBehind>, JournalError> {
        let folders = match store {
            Some(store) => vec![self.path.join(store.folder())],
            None => names_in(&self.path)?.into_iter().map(|it| self.path.join(it)).collect(),
        };
        let mut all = Vec::new();
        for folder in folders.into_iter().filter(|it| it.is_dir()) {
            all.extend(self.left_in(&folder)?);
        }
        all.sort_by_key(|it| (it.began(), it.session()));
        Ok(all)
    }

    fn left_in(&self, folder: &Path) -> Result<Vec<LeftBehind>, JournalError> {
        let (journals, others) = sessions_in(folder)?;
        for session in others.difference(&journals) {
            self.files(folder.to_owned(), *session).sweep(LONE)?;
        }
        let mut left = BTreeMap::new();
        for session in journals {
            let taken = LeftBehind::take(self.files(folder.to_owned(), session))?;
            left.extend(taken.map(|it| (session, it)));
        }
        if left.is_empty() {
            return Ok(Vec::new());
        }
        self.finish_adoptions(folder, &mut left)?;
        let (spent, left): (Vec<_>, Vec<_>) = left.into_values().partition(LeftBehind::is_spent);
        // One that cannot be done away with today can be another time.
        for mut it in spent {
            let _ = it.retire();
        }
        Ok(left)
    }

    /// Deletes those that others have taken over, as those others say now that these are locked.
    fn finish_adoptions(
        &self,
        folder: &Path,
        left: &mut BTreeMap<SessionId, LeftBehind>,
    ) -> Result<(), JournalError> {
        let mut adopted = Vec::new();
        for session in sessions_in(folder)?.0 {
            let by = match left.get(&session) {
                Some(dead) => dead.adopted.clone(),
                None => adopted_by(&self.files(folder.to_owned(), session))?,
            };
            adopted.extend(by.into_iter().map(|it| (it, session)));
        }
        for (session, by) in adopted {
            let Some(mut taken_over) = left.remove(&session) else { continue };
            if taken_over.remove().is_err()
                && let Some(by) = left.get_mut(&by)
            {
                // Whoever takes over from the one that adopted it must say so again.
                by.undeleted.push(taken_over);
            }
        }
        Ok(())
    }

    fn files(&self, folder: PathBuf, session: SessionId) -> Files {
        let root = self.fleeting.then(|| self.path.clone());
        Files { disk: self.disk.clone(), folder, root, session }
    }
}

/// The sessions that a living session says it has adopted.
fn adopted_by(files: &Files) -> Result<Vec<SessionId>, JournalError> {
    let mut reading = match Reading::open(&files.journal(), files.session) {
        Ok(Ok(reading)) => reading,
        Ok(Err(_)) => return Ok(Vec::new()),
        Err(JournalError::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut adopted = Vec::new();
    while let Ok(records) = reading.next()? {
        adopted.extend(records.into_iter().filter_map(|it| match it {
            Record::Adopted { session } => Some(session),
            _ => None,
        }));
    }
    if !adopted.is_empty() {
        files.disk.sync(reading.file(), &files.journal())?;
    }
    Ok(adopted)
}

/// The sessions that have a journal in a folder, and those that have other files there.
fn sessions_in(folder: &Path) -> Result<(BTreeSet<SessionId>, BTreeSet<SessionId>), JournalError> {
    let (mut journals, mut others) = (BTreeSet::new(), BTreeSet::new());
    for name in names_in(folder)? {
        let path = Path::new(&name);
        let stem = path.file_stem().and_then(|it| it.to_str());
        let Some(Ok(id)) = stem.map(str::parse) else { continue };
        match path.extension().and_then(|it| it.to_str()) {
            Some("journal") => journals.insert(SessionId(id)),
            Some("lock" | "fresh") => others.insert(SessionId(id)),
            _ => continue,
        };
    }
    Ok((journals, others))
}

/// The names in a folder, none where there is no such folder.
fn names_in(folder: &Path) -> Result<Vec<OsString>, JournalError> {
    let names = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|it| it.map(|it| it.file_name())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    names.map_err(JournalError::on(folder, "look for journals in this folder"))
}

/// Where an environment says that this user's journals are.
fn user_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path =
        |name: &str| variable(name).map(PathBuf::from).filter(|it| !it.as_os_str().is_empty());
    if let Some(told) = path("TIEPOINT_JOURNALS") {
        return Some(told);
    }
    let data = if cfg!(windows) {
        path("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        path("HOME").map(|it| it.join("Library/Application Support"))
    } else {
        // The XDG base directory specification: a relative one is as good as none.
        let told = path("XDG_DATA_HOME").filter(|it| it.is_absolute());
        told.or_else(|| path("HOME").map(|it| it.join(".local/share")))
    };
    data.map(|it| it.join("tiepoint").join("journals"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(variables: &[(&str, &str)]) -> Option<PathBuf> {
        let value = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.into());
        user_folder(value)
    }

    #[test]
    fn the_users_folder_is_the_first_that_the_environment_names() {
        let home = ("HOME", "/home/ada");
        let told = ("TIEPOINT_JOURNALS", "/j");
        assert_eq!(folder(&[told, home]), Some("/j".into()));
        assert_eq!(folder(&[("TIEPOINT_JOURNALS", "")]), None);
        if cfg!(all(unix, not(target_os = "macos"))) {
            let usual = "/home/ada/.local/share/tiepoint/journals";
            assert_eq!(folder(&[home]), Some(usual.into()));
            assert_eq!(folder(&[("XDG_DATA_HOME", "relative"), home]), Some(usual.into()));
            let xdg = folder(&[("XDG_DATA_HOME", "/data"), home]);
            assert_eq!(xdg, Some("/data/tiepoint/journals".into()));
        }
    }

    #[test]
    fn a_folder_beside_a_file_is_hidden() {
        let beside = JournalFolder::beside(Path::new("maps/trees.gpkg"));
        assert_eq!(beside.path(), Path::new("maps/.trees.gpkg.journals"));
    }
}
