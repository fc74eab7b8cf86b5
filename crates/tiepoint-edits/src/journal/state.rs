//! What a live session knows of its file, and the file's changes of state: begun, given up, gone.
use super::JournalError;
use super::frame::Head;
use super::left::LeftBehind;
use super::record::Record;
use super::session::{Files, Lock, StoreLabel};
use super::writing::{Unit, Writing};
use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

/// A place in a journal: everything up to the end of one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub(super) generation: u64,
    pub(super) upto: u64,
}

/// The state of a live journal. There is a file once something is to be kept, and at most one.
pub(super) struct State {
    files: Files,
    store: StoreLabel,
    /// Held while the session lives; there once it has had a file.
    lock: Option<Lock>,
    pub(super) writing: Option<Writing>,
    began: Option<SystemTime>,
    /// Counts the files, and their ends.
    pub(super) generation: u64,
    /// Whether somebody is bringing the file to stable storage.
    pub(super) syncing: bool,
    /// Whether a failure left open what the disk holds.
    pub(super) distrusted: bool,
    pub(super) pending: bool,
    /// Files given up because they failed, and how much of each is on stable storage.
    pub(super) given_up: BTreeMap<u64, u64>,
    /// Adopted ones whose files could not be deleted yet.
    pub(super) undeleted: Vec<LeftBehind>,
    /// Ones whose adoption failed, held until the file that may still tell of it is gone.
    pub(super) doubtful: Vec<LeftBehind>,
}

impl State {
    pub(super) fn new(files: Files, store: StoreLabel) -> Self {
        Self {
            files,
            store,
            lock: None,
            writing: None,
            began: None,
            generation: 0,
            syncing: false,
            distrusted: false,
            pending: false,
            given_up: BTreeMap::new(),
            undeleted: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// The place behind everything so far.
    pub(super) fn mark(&self) -> Mark {
        let upto = self.writing.as_ref().map_or(0, |it| it.length);
        Mark { generation: self.generation, upto }
    }

    /// The file is on stable storage up to here.
    pub(super) fn reached(&mut self, length: u64) {
        if let Some(writing) = &mut self.writing {
            writing.durable = writing.durable.max(length);
        }
    }

    /// Adds a unit to the file, which is begun where there is none.
    pub(super) fn add(&mut self, unit: &Unit) -> Result<(), JournalError> {
        if self.writing.is_none() {
            self.begin([])?;
        }
        let Some(writing) = &mut self.writing else { return Ok(()) };
        writing.append(&self.files, unit).unwrap_or_else(|error| {
            self.distrust();
            Err(error)
        })
    }

    /// Nothing more is written to the file, and as far as possible it ends with what is known to
    /// be on stable storage.
    pub(super) fn distrust(&mut self) {
        self.distrusted = true;
        if let Some(writing) = &mut self.writing {
            // It may well fail, too: what is behind has never been acknowledged.
            let _ = self.files.disk.cut(&writing.file, &self.files.journal(), writing.durable);
            writing.length = writing.durable;
        }
    }

    /// Puts a fresh file of these units in place, all of it on stable storage.
    pub(super) fn begin(
        &mut self,
        units: impl IntoIterator<Item = Unit>,
    ) -> Result<(), JournalError> {
        if self.lock.is_none() {
            self.lock = Some(self.files.lock_anew()?);
        }
        let began = *self.began.get_or_insert_with(SystemTime::now);
        let (session, generation) = (self.files.session, self.generation + 1);
        let head = Head { session, generation, store: self.store.clone(), began };
        let fresh = Writing::begin(&self.files, &head, units)?;
        self.files.disk.rename(&self.files.fresh(), &self.files.journal())?;
        // From here on, the fresh file is the one: where its name is not kept, it is distrusted.
        let synced = self.files.disk.sync_folder(&self.files.folder);
        self.give_up();
        self.writing = Some(fresh);
        self.generation = generation;
        self.distrusted = synced.is_err();
        if synced.is_ok() {
            self.doubtful.clear();
        }
        synced
    }

    /// Deletes the file; the next record begins another one.
    pub(super) fn delete(&mut self) -> Result<(), JournalError> {
        self.files.disk.delete(&self.files.journal())?;
        self.give_up();
        self.generation += 1;
        self.distrusted = false;
        self.doubtful.clear();
        Ok(())
    }

    /// Remembers of a file that failed what of it had been acknowledged.
    fn give_up(&mut self) {
        if let Some(old) = self.writing.take().filter(|_| self.distrusted) {
            self.given_up.insert(self.generation, old.durable);
        }
    }

    /// Says in the file that all before is of no use; whether that could be done.
    pub(super) fn mark_cleared(&mut self) -> bool {
        let records: Vec<Record> = [Record::Cleared].into_iter().chain(self.adopted()).collect();
        self.add(&Unit::of(&records)).is_ok()
    }

    /// Says again what was adopted and could not be deleted.
    pub(super) fn readopt(&mut self) -> Result<(), JournalError> {
        let adopted = self.adopted();
        if adopted.is_empty() { Ok(()) } else { self.add(&Unit::of(&adopted)) }
    }

    /// What the file must say as long as those that were adopted are still on disk.
    pub(super) fn adopted(&self) -> Vec<Record> {
        let sessions = self.undeleted.iter().flat_map(LeftBehind::sessions);
        sessions.map(|session| Record::Adopted { session }).collect()
    }

    /// Deletes all files of the session.
    pub(super) fn vanish(&mut self) -> Result<(), JournalError> {
        if self.lock.is_none() {
            return Ok(());
        }
        self.delete()?;
        self.files.vanish()?;
        self.lock = None;
        Ok(())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("State");
        shown.field("generation", &self.generation).field("pending", &self.pending);
        shown.field("distrusted", &self.distrusted).finish_non_exhaustive()
    }
}
