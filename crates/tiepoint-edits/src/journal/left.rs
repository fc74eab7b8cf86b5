//! What a session that died left behind, held by one who may take it over.
use super::JournalError;
use super::reading::{Damage, End, Reading};
use super::record::Record;
use super::session::{Files, Lock, SessionId, StoreLabel};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

/// The journal of a session that is dead. It is locked as long as this lives, so that nobody else
/// is offered it; to drop it changes nothing on disk.
#[derive(Debug)]
pub struct LeftBehind {
    files: Files,
    /// Not there where it may not be locked.
    lock: Option<Lock>,
    store: Option<StoreLabel>,
    began: Option<SystemTime>,
    last_written: SystemTime,
    end: End,
    /// Records that are of no use any more, at the start.
    cleared: u64,
    count: u64,
    /// Whether it offers more than word of what it has adopted.
    telling: bool,
    /// Those it says it has adopted.
    pub(super) adopted: Vec<SessionId>,
    /// Those of them whose files could not be deleted yet.
    pub(super) undeleted: Vec<LeftBehind>,
}

/// The records of a journal, read one append at a time.
pub struct Records<'a> {
    left: &'a LeftBehind,
    reading: Option<Reading>,
    ready: std::vec::IntoIter<Record>,
    /// How many were handed out or passed over.
    seen: u64,
}

impl LeftBehind {
    /// Takes hold of a session's journal; `None` where the session lives, somebody else holds it,
    /// or it is gone.
    pub(super) fn take(files: Files) -> Result<Option<Self>, JournalError> {
        let lock = match files.lock_dead() {
            Ok(Some(lock)) => Some(lock),
            Ok(None) => return Ok(None),
            Err(JournalError::Denied { .. }) => None,
            Err(error) => return Err(error),
        };
        // Whoever gives a journal up deletes it before its lock.
        let last_written = match fs::metadata(files.journal()).and_then(|it| it.modified()) {
            Ok(time) => time,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return files.vanish().map(|()| None);
            }
            Err(error) => return Err(JournalError::on(&files.journal(), "look at it")(error)),
        };
        let mut left = Self {
            files,
            lock,
            store: None,
            began: None,
            last_written,
            end: End::Denied,
            cleared: 0,
            count: 0,
            telling: false,
            adopted: Vec::new(),
            undeleted: Vec::new(),
        };
        if left.lock.is_some() {
            left.survey()?;
        }
        Ok(Some(left))
    }

    /// Reads all of it once, to know what is there.
    fn survey(&mut self) -> Result<(), JournalError> {
        let mut reading = match Reading::open(&self.files.journal(), self.session())? {
            Ok(reading) => reading,
            Err(end) => {
                self.end = end;
                return Ok(());
            }
        };
        self.store = Some(reading.head.store.clone());
        self.began = Some(reading.head.began);
        self.end = loop {
            match reading.next()? {
                Ok(records) => records.iter().for_each(|it| self.count_in(it)),
                Err(end) => break end,
            }
        };
        if !self.adopted.is_empty() {
            // What it has taken over is deleted on its word, so its word must stand.
            self.files.disk.sync(reading.file(), &self.files.journal())?;
        }
        Ok(())
    }

    fn count_in(&mut self, record: &Record) {
        self.count += 1;
        match record {
            Record::Cleared => (self.cleared, self.telling) = (self.count, false),
            Record::Adopted { session } => self.adopted.push(*session),
            _ => self.telling = true,
        }
    }

    /// The session that wrote it.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.files.session
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.files.journal()
    }

    /// The store it belongs to, where that can be read.
    #[must_use]
    pub fn store(&self) -> Option<&StoreLabel> {
        self.store.as_ref()
    }

    /// When its session wrote its first record, where that can be read.
    #[must_use]
    pub fn began(&self) -> Option<SystemTime> {
        self.began
    }

    /// When it was written to last.
    #[must_use]
    pub fn last_written(&self) -> SystemTime {
        self.last_written
    }

    /// How many records it offers.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count - self.cleared
    }

    /// Whether it offers none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is wrong with it, if anything; its records are those that stand before. What a power
    /// failure leaves of an append that was never acknowledged is no damage.
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        match &self.end {
            End::Damaged(damage) => Some(damage),
            _ => None,
        }
    }

    /// Whether it ends within an append that, as far as it tells, was never acknowledged.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.end == End::Torn
    }

    /// Whether it offers nothing, and is no case for a person.
    pub(super) fn is_spent(&self) -> bool {
        !self.telling && self.undeleted.is_empty() && matches!(self.end, End::Whole | End::Torn)
    }

    /// Does away with one that is spent. What is torn might once have been whole, so it stays,
    /// where nobody looks for it.
    pub(super) fn retire(&mut self) -> Result<(), JournalError> {
        if self.is_torn() { self.put_aside() } else { self.delete() }
    }

    /// Its session, and those it has adopted that are still on disk.
    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        let mut all = vec![self.session()];
        all.extend(self.undeleted.iter().flat_map(|it| it.sessions().collect::<Vec<_>>()));
        all.into_iter()
    }

    /// Its records, in order, read one append at a time: the way for journals of any length.
    ///
    /// # Errors
    ///
    /// [`JournalError::Newer`] where a newer build wrote any of it, [`JournalError::Denied`] where
    /// it may not be read, [`JournalError::Disk`] where the disk fails. Each may also be what an
    /// item says.
    pub fn read(&self) -> Result<Records<'_>, JournalError> {
        self.readable()?;
        // One whose head is damaged has none.
        let reading = Reading::open(&self.path(), self.session())?.ok();
        Ok(Records { left: self, reading, ready: Vec::new().into_iter(), seen: 0 })
    }

    /// All its records, in order, at once.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn records(&self) -> Result<Vec<Record>, JournalError> {
        self.read()?.collect()
    }

    /// Deletes it: nobody wants what it offers. One that is damaged is [kept
    /// aside](Self::keep_aside) instead.
    ///
    /// # Errors
    ///
    /// [`JournalError::Newer`] where a newer build wrote any of it: it stays. Else
    /// [`JournalError::Denied`] or [`JournalError::Disk`].
    pub fn discard(mut self) -> Result<(), JournalError> {
        self.remove()
    }

    /// Gives its file another name, under which nobody looks for journals, and says which.
    ///
    /// # Errors
    ///
    /// Those of [`discard`](Self::discard).
    pub fn keep_aside(self) -> Result<PathBuf, JournalError> {
        self.readable()?;
        self.put_aside()?;
        Ok(self.files.aside())
    }

    /// Deletes it, or puts it aside where it is damaged; those it has adopted go first.
    pub(super) fn remove(&mut self) -> Result<(), JournalError> {
        self.readable()?;
        for left in &mut self.undeleted {
            left.remove()?;
        }
        self.undeleted.clear();
        if self.damage().is_some() { self.put_aside() } else { self.delete() }
    }

    fn delete(&self) -> Result<(), JournalError> {
        self.files.disk.delete(&self.files.journal())?;
        self.files.disk.sync_folder(&self.files.folder)?;
        self.files.vanish()
    }

    fn put_aside(&self) -> Result<(), JournalError> {
        self.files.disk.rename(&self.files.journal(), &self.files.aside())?;
        self.files.disk.sync_folder(&self.files.folder)?;
        self.files.vanish()
    }

    /// Refuses what this build or user must leave alone.
    pub(super) fn readable(&self) -> Result<(), JournalError> {
        let path = self.path();
        match self.end {
            End::Newer => Err(JournalError::Newer { path }),
            End::Denied => {
                let denied = io::ErrorKind::PermissionDenied.into();
                Err(JournalError::on(&path, "read this journal")(denied))
            }
            _ => Ok(()),
        }
    }
}

impl Records<'_> {
    /// Nothing more comes; an error where there should.
    fn ended(&mut self) -> Option<Result<Record, JournalError>> {
        self.reading = None;
        (self.seen < self.left.count).then(|| {
            let reason = "somebody changed it meanwhile".to_owned();
            Err(JournalError::Corrupt { path: self.left.path(), offset: 0, reason })
        })
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            for record in self.ready.by_ref() {
                self.seen += 1;
                if self.seen > self.left.cleared {
                    return Some(Ok(record));
                }
            }
            match self.reading.as_mut()?.next() {
                Ok(Ok(records)) => self.ready = records.into_iter(),
                Ok(Err(_)) => return self.ended(),
                Err(error) => {
                    self.reading = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl std::fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("of", &self.left.session()).finish_non_exhaustive()
    }
}
