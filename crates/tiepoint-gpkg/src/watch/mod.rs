//! Watching a file: its log is read on whenever somebody has committed, and layers without a log are
//! compared with what they said before.
//!
//! The watcher has a connection of its own that writes nothing, so that SQLite's `data_version` tells
//! of every commit, our own included. It holds no lock while it waits, nor while its caller has the
//! events. A file in WAL mode it lets go of when nobody has written for some seconds.
mod entries;
mod lineage;
mod look;
mod outside;
mod position;
mod rewind;
mod unlogged;
mod window;

use crate::connection::Link;
use crate::log;
use crate::place::FileIdentity;
use crate::store::GpkgStore;
use look::Known;
use outside::Outside;
use position::Position;
use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tiepoint_store::{
    Checkpoint, Lag, ResetReason, Result, Store, Watch, WatchEvent, WatchFrom, WatchOptions,
};
use unlogged::Unlogged;

/// How long it sleeps between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(30);

/// Hears what anybody commits to a file.
pub(crate) struct Watcher {
    store: GpkgStore,
    options: WatchOptions,
    /// Whether it hears all that the logs have, so that a log's own beginning is no news.
    from_oldest: bool,
    link: Option<Link>,
    /// What the file looked like when it was let go of, and when that was.
    let_go: Option<(Outside, Instant)>,
    /// The file that was there at the last look.
    file: Option<FileIdentity>,
    /// Whether another file was there before.
    moved: bool,
    /// The state of the file of which all has been heard.
    heard: Option<i64>,
    /// Whether the log has more than has been read.
    more: bool,
    /// Up to where the log has been read.
    read: Position,
    /// After the last event that was given.
    given: Position,
    queue: VecDeque<(WatchEvent, Position)>,
    known: Known,
    unlogged: Unlogged,
}

impl Watcher {
    pub(crate) fn open_on(store: GpkgStore, options: &WatchOptions) -> Result<Self> {
        for layer in &options.layers {
            store.layer(layer)?;
        }
        let start = Position::without_log(None);
        let mut watcher = Self {
            store,
            options: options.clone(),
            from_oldest: false,
            link: None,
            let_go: None,
            file: None,
            moved: false,
            heard: None,
            more: true,
            read: start.clone(),
            given: start,
            queue: VecDeque::new(),
            known: Known::default(),
            unlogged: Unlogged::default(),
        };
        watcher.begin()?;
        Ok(watcher)
    }

    /// Finds where to begin, so that whatever is committed from now on is heard.
    fn begin(&mut self) -> Result<()> {
        let from = self.from()?;
        self.from_oldest = matches!(from, WatchFrom::Oldest);
        let after = match &from {
            WatchFrom::After(checkpoint) => Some(Position::parse(self.store.site(), checkpoint)?),
            WatchFrom::Now | WatchFrom::Oldest => None,
        };
        if !self.store.is_to_come() {
            self.open()?;
            self.look_after_logs_or_fail()?;
            self.read = self.present_end()?;
        }
        self.unlogged.owe_nothing();
        self.compare()?;
        let begun = after.clone();
        match (after, &self.read) {
            (None, Position::InLog(at)) if self.from_oldest => {
                self.read = self.oldest(&at.log.clone())?;
            }
            (None, _) => {}
            (Some(Position::NoLog(_)), _) => self.tell_reset(None, ResetReason::NoLog),
            (Some(Position::InLog(_)), Position::NoLog(_)) => {
                self.tell_reset(None, ResetReason::Replaced);
            }
            (Some(after), _) => {
                self.read = after;
                for layer in self.to_compare() {
                    self.tell_reset(Some(&layer), ResetReason::NoLog);
                }
            }
        }
        self.given = begun.unwrap_or_else(|| self.read.clone());
        Ok(())
    }

    /// From where on it hears: from where a watcher of its name has got to, if there is one.
    fn from(&self) -> Result<WatchFrom> {
        let Some(name) = &self.options.name else { return Ok(self.options.from.clone()) };
        let Some(lease) = self.store.reading()? else { return Ok(self.options.from.clone()) };
        let kept = log::position_of(lease.connection(), name);
        let kept = kept.map_err(self.store.site().failed("read where a watcher has got to"))?;
        Ok(match kept {
            Some(kept) => WatchFrom::After(Checkpoint::new(kept)),
            None => self.options.from.clone(),
        })
    }

    fn present_end(&self) -> Result<Position> {
        let site = self.store.site();
        let Some(lease) = self.store.reading()? else { return Ok(self.read.clone()) };
        let end = || {
            let log = log::id(lease.connection())?;
            Position::end(lease.connection(), log.as_deref(), self.file.as_ref())
        };
        end().map_err(site.failed("read the change log"))
    }

    /// Right before the oldest entry that the log still has.
    fn oldest(&self, log: &str) -> Result<Position> {
        let Some(lease) = self.store.reading()? else { return Ok(self.read.clone()) };
        let first = log::first(lease.connection());
        let first = first.map_err(self.store.site().failed("read the change log"))?;
        Ok(Position::before(log, first.unwrap_or(1)))
    }

    /// Learns which layers have logs, waiting for a writer as every reading does.
    fn look_after_logs_or_fail(&mut self) -> Result<()> {
        let deadline = Instant::now() + self.store.site().patience;
        while !self.look_after_logs()? {
            if Instant::now() >= deadline {
                return Err(self.store.site().locked());
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        Ok(())
    }
}

impl Watch for Watcher {
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>> {
        let begun = Instant::now();
        loop {
            if let Some((event, position)) = self.queue.pop_front() {
                self.given = position;
                return Ok(Some(event));
            }
            if self.look()? {
                continue;
            }
            let left = patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(left.min(BETWEEN_LOOKS));
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        self.given.checkpoint()
    }

    fn lag(&mut self) -> Result<Lag> {
        let (Some(lease), Position::InLog(at)) = (self.store.reading()?, &self.given) else {
            return Ok(Lag::default());
        };
        let site = self.store.site();
        let is_same = log::id(lease.connection()).map(|log| log.as_deref() == Some(&*at.log));
        if !is_same.map_err(site.failed("read the change log"))? {
            return Ok(Lag::default());
        }
        let waiting = log::waiting(lease.connection(), self.given.dealt_with());
        let (waiting, oldest) = waiting.map_err(site.failed("read the change log"))?;
        let age = |at| SystemTime::now().duration_since(at).unwrap_or_default();
        Ok(Lag { waiting, oldest: oldest.map(age) })
    }

    fn acknowledge(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let site = self.store.site();
        let position = Position::parse(site, checkpoint)?;
        if let (Position::InLog(at), Position::InLog(here)) = (&position, &self.read)
            && at.log != here.log
        {
            let reason = format!("`{checkpoint}` is a checkpoint of another file");
            return Err(site.invalid(reason));
        }
        let Some(name) = &self.options.name else { return Ok(()) };
        self.store.write()?.run(|link| {
            let (seq, text) = (position.dealt_with(), checkpoint.as_str());
            let kept = log::keep_position(&link.connection, name, seq, text);
            kept.map_err(site.failed("keep where a watcher has got to"))
        })
    }
}
