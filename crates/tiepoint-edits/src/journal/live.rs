//! The journal of a session that lives: appended to by many threads, synced for all who wait at
//! once, begun afresh when its file is not to be trusted.
use super::JournalError;
use super::left::LeftBehind;
use super::record::Record;
use super::session::{Files, SessionId, StoreLabel};
use super::state::{Mark, State};
use super::writing::Unit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A file that is longer than this is begun afresh when all in it is of no use any more.
const WORTH_DELETING: u64 = 256 << 10;

/// The journal of one live session on one store, for many threads at once.
///
/// - An [`append`](Self::append) is kept whole or not at all, behind all that were made before.
/// - When [`sync`](Self::sync) returns, everything up to its mark survives a crash of the process,
///   of the system and of the power, as far as the disk keeps what it has confirmed.
/// - Nothing that was synced is lost by a failure of anything that came later.
/// - Nothing is on disk before the first record, and nothing is left when the journal goes while
///   nothing is pending.
///
/// An append costs the encoding and one write into the system's cache; a sync waits for at most
/// the one that is under way and one more, however many threads wait.
///
/// ```
/// use tiepoint_edits::journal::{JournalFolder, Record, StoreLabel};
/// # let folder = tempfile::tempdir()?;
/// let journals = JournalFolder::at(folder.path());
/// let store = StoreLabel { place: "trees".into(), address: "trees.gpkg".into() };
/// let journal = journals.open(&store)?;
/// let step = Record::Step { name: "Move the oak".into(), changes: Default::default() };
/// journal.write(std::slice::from_ref(&step))?;
/// assert!(journals.left_behind(Some(&store))?.is_empty(), "its session lives");
///
/// drop(journal); // As if it had crashed: something is pending.
/// let left = journals.left_behind(Some(&store))?;
/// assert_eq!(left[0].records()?, [step]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    files: Files,
    store: StoreLabel,
    state: Mutex<State>,
    synced: Condvar,
}

impl Journal {
    pub(crate) fn new(files: Files, store: StoreLabel) -> Self {
        let state = Mutex::new(State::new(files.clone(), store.clone()));
        Self { files, store, state, synced: Condvar::new() }
    }

    /// The session's name.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.files.session
    }

    /// The store that this is a journal of.
    #[must_use]
    pub fn store(&self) -> &StoreLabel {
        &self.store
    }

    /// Adds records: after a crash, all of them are there or none. They are on stable storage when
    /// [`sync`](Self::sync) of the mark has returned, not before.
    ///
    /// # Errors
    ///
    /// [`JournalError::Full`], [`JournalError::Denied`] or [`JournalError::Disk`] where they cannot
    /// be written; the journal is as it was. [`JournalError::Distrusted`] after a failure that
    /// leaves open what the disk holds, until [`restart`](Self::restart).
    pub fn append(&self, records: &[Record]) -> Result<Mark, JournalError> {
        let unit = (!records.is_empty()).then(|| Unit::of(records));
        let mut state = self.trusted()?;
        if let Some(unit) = unit {
            state.add(&unit)?;
            state.pending = true;
        }
        Ok(state.mark())
    }

    /// Returns when everything up to the mark is on stable storage.
    ///
    /// One of those who wait brings to storage what all of them wrote; who comes while that is
    /// under way waits for it and for one more at most. What was [cleared](Self::clear) or
    /// [begun afresh](Self::restart) meanwhile needs no storage.
    ///
    /// # Errors
    ///
    /// [`JournalError::Full`] or [`JournalError::Disk`] where the disk failed, and
    /// [`JournalError::Distrusted`] where it failed for somebody else: what is up to this mark is
    /// not acknowledged, and the file is cut back to what is on stable storage.
    pub fn sync(&self, mark: Mark) -> Result<(), JournalError> {
        let mut state = self.state();
        loop {
            if let Some(durable) = state.given_up.get(&mark.generation) {
                return if mark.upto <= *durable { Ok(()) } else { Err(self.doubt()) };
            }
            match &state.writing {
                Some(it) if mark.generation == state.generation && mark.upto > it.durable => {}
                _ => return Ok(()),
            }
            if state.distrusted {
                return Err(self.doubt());
            }
            state = if state.syncing {
                self.synced.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.lead(state)?
            };
        }
    }

    /// [`append`](Self::append) and [`sync`](Self::sync).
    ///
    /// # Errors
    ///
    /// Those of both.
    pub fn write(&self, records: &[Record]) -> Result<(), JournalError> {
        self.sync(self.append(records)?)
    }

    /// Takes over what a dead session left: its steps, as `records` says them, are part of this
    /// journal when this returns, and its file is gone, or put aside where it is damaged. After a
    /// crash in between, it is either still there or never offered again.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write) and of [`LeftBehind::read`]; what was left is left then.
    pub fn adopt(&self, mut left: LeftBehind, records: &[Record]) -> Result<(), JournalError> {
        left.readable()?;
        let mut all: Vec<Record> =
            left.sessions().map(|session| Record::Adopted { session }).collect();
        all.extend_from_slice(records);
        if let Err(error) = self.write(&all) {
            let mut state = self.state();
            if state.distrusted {
                // The file may still say that it was adopted, and others must not believe it.
                state.doubtful.push(left);
            }
            return Err(error);
        }
        if left.remove().is_err() {
            self.state().undeleted.push(left);
        }
        Ok(())
    }

    /// Everything so far is of no use any more: it was committed, which a synced
    /// [`Record::Done`] says, or given up. Nothing may be appended by others meanwhile that is still
    /// of use.
    ///
    /// After a crash, either this has happened or all is there as before. Where what is of no use
    /// must not even be offered again after one, sync the record that says so before.
    ///
    /// # Errors
    ///
    /// [`JournalError::Disk`] or [`JournalError::Denied`] where the file can neither be written nor
    /// deleted.
    pub fn clear(&self) -> Result<(), JournalError> {
        let mut state = self.state();
        state.undeleted.retain_mut(|it| it.remove().is_err());
        let Some(writing) = &state.writing else { return Ok(()) };
        let small = writing.length <= WORTH_DELETING && !state.distrusted;
        if !small || !state.mark_cleared() {
            state.delete()?;
            state.readopt()?;
            self.synced.notify_all();
        }
        state.pending = !state.undeleted.is_empty();
        Ok(())
    }

    /// Begins a fresh file that holds exactly these records, all that is pending, and puts it in
    /// the place of the old one: for a journal that is [`JournalError::Distrusted`], or has become
    /// long. The old file stands, untouched, until the fresh one is on stable storage.
    ///
    /// # Errors
    ///
    /// [`JournalError::Full`], [`JournalError::Denied`] or [`JournalError::Disk`]; the old file and
    /// the journal's state are as before.
    pub fn restart<'a>(
        &self,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> Result<(), JournalError> {
        let mut state = self.state();
        state =
            self.synced.wait_while(state, |it| it.syncing).unwrap_or_else(PoisonError::into_inner);
        let adopted = state.adopted();
        let mut records = records.into_iter().peekable();
        let pending = !adopted.is_empty() || records.peek().is_some();
        let adopted = adopted.iter().map(|record| Unit::of([record]));
        let units = adopted.chain(records.map(|record| Unit::of([record])));
        state.begin(units)?;
        state.pending = pending;
        self.synced.notify_all();
        Ok(())
    }

    /// Ends the session. What is pending stays on disk, for others to find; else nothing stays.
    ///
    /// # Errors
    ///
    /// Those of [`sync`](Self::sync) where something is pending, and [`JournalError::Disk`] or
    /// [`JournalError::Denied`] where the files cannot be deleted. The session has ended all the
    /// same.
    pub fn close(self) -> Result<(), JournalError> {
        let (mark, pending) = {
            let state = self.state();
            (state.mark(), state.pending)
        };
        if pending { self.sync(mark) } else { self.state().vanish() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trusted(&self) -> Result<MutexGuard<'_, State>, JournalError> {
        let state = self.state();
        if state.distrusted { Err(self.doubt()) } else { Ok(state) }
    }

    fn doubt(&self) -> JournalError {
        JournalError::Distrusted { path: self.files.journal() }
    }

    /// Brings to storage what is written so far, for all who wait.
    fn lead<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
    ) -> Result<MutexGuard<'a, State>, JournalError> {
        let Some(writing) = &state.writing else { return Ok(state) };
        let (file, length) = (Arc::clone(&writing.file), writing.length);
        let generation = state.generation;
        state.syncing = true;
        drop(state);
        let synced = self.files.disk.sync(&file, &self.files.journal());
        let mut state = self.state();
        state.syncing = false;
        self.synced.notify_all();
        // A file that was given up meanwhile needs no storage, one that was cut back has none.
        if state.generation == generation && !state.distrusted {
            match synced {
                Ok(()) => state.reached(length),
                Err(error) => {
                    state.distrust();
                    return Err(error);
                }
            }
        }
        Ok(state)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let mut state = self.state();
        if !state.pending {
            // Nobody is left to be told; what stays is deleted by whoever looks for journals next.
            let _ = state.vanish();
        }
    }
}
