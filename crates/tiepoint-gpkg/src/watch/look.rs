//! One look at the file: has anybody committed, do the logs note what they must, and what is new.
use super::Watcher;
use super::entries::Lineages;
use super::lineage::Lineage;
use super::outside::Outside;
use super::position::{InLog, Position};
use super::window::{self, Item};
use crate::connection::{Lease, Link};
use crate::log::{self, Fault, NotedColumns};
use crate::place::FileIdentity;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiepoint_store::{Changed, Reset, ResetReason, Result, StoreError, WatchEvent};

/// How often a file that was let go of is looked at all the same: where a commit waits long for the
/// disk, nothing of its end shows outside.
const BETWEEN_GLANCES: Duration = Duration::from_secs(10);

/// The state of the schema, and the names of the layers.
type Schema = (i64, Arc<[String]>);

/// What a look at the logs themselves found.
struct Survey {
    of: Schema,
    lineages: Lineages,
    faults: Vec<Fault>,
}

/// What is known of the layers that have logs.
#[derive(Default)]
pub(super) struct Known {
    /// Which schema it is known from.
    of: Option<Schema>,
    pub(super) lineages: Lineages,
    /// Logs that do not note what they must and cannot be mended from here, as has been told.
    broken: HashSet<u32>,
}

impl Known {
    /// The names of all layers, as they were last seen.
    pub(super) fn layers(&self) -> &[String] {
        self.of.as_ref().map_or(&[], |(_, names)| names)
    }
}

impl Watcher {
    /// Reads on. Says whether there is something to give, or more to read.
    pub(super) fn look(&mut self) -> Result<bool> {
        if self.is_let_go() {
            return Ok(false);
        }
        let Some(version) = self.version()? else { return Ok(false) };
        if !self.more && self.heard == Some(version) {
            return self.let_go_of_wal().map(|()| false);
        }
        if !self.look_after_logs()? || self.within(Self::read_on)?.is_none() {
            return Ok(false);
        }
        if !self.more {
            match self.compare() {
                Ok(()) => self.heard = Some(version),
                // nothing new yet
                Err(StoreError::Locked { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        if self.queue.is_empty() {
            self.given = self.read.clone();
        }
        Ok(self.more || !self.queue.is_empty())
    }

    /// What differs whenever somebody has committed; `None` while a writer keeps us out, or there
    /// is no file yet.
    fn version(&mut self) -> Result<Option<i64>> {
        if self.store.is_to_come() {
            return Ok(None);
        }
        let path = &self.store.pool.path;
        if self.link.as_ref().is_none_or(|link| !link.is_of(path)) {
            self.open()?;
        }
        let link = self.link.as_ref().expect("opened just now");
        let ask = || {
            let mut statement = link.connection.prepare_cached("PRAGMA data_version")?;
            statement.query_row([], |row| row.get(0))
        };
        match ask() {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(None),
            other => other.map_err(self.store.site().failed("ask whether it has changed")),
        }
    }

    /// Whether the file was let go of and nobody seems to have written to it since.
    fn is_let_go(&self) -> bool {
        let is_unseen = |(outside, since): &(Outside, Instant)| {
            since.elapsed() < BETWEEN_GLANCES && *outside == Outside::of(&self.store.pool.path)
        };
        self.let_go.as_ref().is_some_and(is_unseen)
    }

    /// Lets go of a file in WAL mode, if it is sure to be noticed when somebody writes to it.
    fn let_go_of_wal(&mut self) -> Result<()> {
        if !self.link.as_ref().is_some_and(Link::is_wal) {
            return Ok(());
        }
        let outside = Outside::of(&self.store.pool.path);
        // asked once more: what is committed after this looks different
        if outside.tells_of_more() && self.version()? == self.heard {
            (self.link, self.let_go) = (None, Some((outside, Instant::now())));
        }
        Ok(())
    }

    /// Opens the file that is there now. Nothing that was known of another holds.
    pub(super) fn open(&mut self) -> Result<()> {
        self.link = None;
        let link = Lease::into_link(self.store.pool.read()?);
        let let_go = self.let_go.take();
        let is_written = let_go.is_some_and(|(it, _)| it != Outside::of(&self.store.pool.path));
        let set_up = |connection: &Connection| {
            if is_written {
                // what has been written since, its writer would have put into the file when it
                // closed it, had nobody else had it open
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
            }
            // whoever keeps us out has not committed yet: no need to wait for it
            connection.pragma_update(None, "busy_timeout", 0)
        };
        set_up(&link.connection).map_err(self.store.site().failed("open"))?;
        let file = FileIdentity::of(&self.store.pool.path);
        self.moved |= self.file.is_some() && self.file != file;
        self.file = file;
        (self.link, self.heard) = (Some(link), None);
        self.known.of = None;
        Ok(())
    }

    /// Does something with one committed state of the file; `None` while a writer keeps us out.
    pub(super) fn within<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &Link) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(link) = self.link.take() else { return Ok(None) };
        let begin = || {
            link.connection.execute_batch("BEGIN")?;
            let sql = "PRAGMA data_version";
            link.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        };
        let version = begin().map_err(self.store.site().failed("start reading"));
        let done = version.and_then(|version| {
            link.catalogue.borrow_mut().seen_at(version);
            work(self, &link)
        });
        // a transaction that only read cannot fail to end
        let _ = link.connection.execute_batch("ROLLBACK");
        self.link = Some(link);
        match done {
            Err(StoreError::Locked { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Sees to it that every log notes what it must. Says whether it is known now which do.
    pub(super) fn look_after_logs(&mut self) -> Result<bool> {
        let Some(mut survey) = self.within(Self::survey)? else { return Ok(false) };
        let broken = survey.as_ref().is_some_and(|it| !it.faults.is_empty());
        if broken && !self.store.options().read_only {
            match self.mend() {
                Ok(()) => match self.within(Self::survey)? {
                    Some(anew) => survey = anew,
                    None => return Ok(false),
                },
                Err(StoreError::Locked { .. }) => return Ok(false),
                Err(StoreError::ReadOnly { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        if let Some(survey) = survey {
            self.learn(survey);
        }
        Ok(true)
    }

    /// Takes note of which layers have logs, and of those whose logs cannot be mended from here.
    fn learn(&mut self, survey: Survey) {
        for fault in survey.faults {
            let name = fault.logged.name();
            if self.options.wants(name) && self.known.broken.insert(fault.logged.number) {
                self.unlogged.owe(name, Some(fault.reason()));
            }
        }
        self.unlogged.follow(&self.known.lineages, &survey.lineages);
        self.known.lineages = survey.lineages;
        self.known.of = Some(survey.of);
    }

    fn mend(&self) -> Result<()> {
        let site = self.store.site();
        self.store.write()?.run(|link| {
            let faults = log::faults(link, site)?;
            faults.iter().try_for_each(|fault| log::mend(link, site, fault))
        })
    }

    /// Looks which layers have logs, and which of those are not right; `None` where nothing can have
    /// changed about that.
    fn survey(&mut self, link: &Link) -> Result<Option<Survey>> {
        let site = self.store.site();
        let failed = || site.failed("look after the change log");
        let names = link.catalogue.borrow_mut().names(&link.connection, site)?;
        let of = (schema_version(&link.connection).map_err(failed())?, names);
        if self.known.of.as_ref() == Some(&of) {
            return Ok(None);
        }
        let faults = log::faults(link, site)?;
        let mut lineages = Lineages::new();
        for logged in log::all(&link.connection).map_err(failed())? {
            let is_right = faults.iter().all(|it| it.logged.number != logged.number);
            let Some(name) = logged.table.filter(|_| is_right && !logged.gone) else { continue };
            let Some(table) = log::layer(link, site, &name)? else { continue };
            if self.options.wants(table.name()) {
                let columns = NotedColumns::of(&link.connection, &table).map_err(failed())?;
                let columns = columns.expect("a log that is right is on a table with a key");
                lineages.insert(logged.number, Arc::new(Lineage::new(table, &columns)));
            }
        }
        Ok(Some(Survey { of, lineages, faults }))
    }

    /// Reads the next window of the log.
    fn read_on(&mut self, link: &Link) -> Result<()> {
        let site = self.store.site().clone();
        let failed = || site.failed("read the change log");
        let schema = schema_version(&link.connection).map_err(failed())?;
        if self.known.of.as_ref().is_none_or(|(known, _)| *known != schema) {
            // entries may be of logs that were made a moment ago
            self.more = true;
            return Ok(());
        }
        self.find_place(link).map_err(failed())?;
        let Position::InLog(from) = self.read.clone() else {
            self.more = false;
            return Ok(());
        };
        let (lineages, token) = (&self.known.lineages, &self.store.token);
        let most = self.store.options().watched_rows.max(1);
        let window = window::read(&link.connection, lineages, &from, most, token);
        let Some(window) = window.map_err(failed())? else {
            self.more = false;
            return Ok(());
        };
        for item in window.items {
            self.tell(item);
        }
        (self.read, self.more) = (Position::InLog(window.end), window.more);
        Ok(())
    }

    /// Makes sure that the log goes on where it has been read up to; tells where it does not.
    fn find_place(&mut self, link: &Link) -> rusqlite::Result<()> {
        let connection = &link.connection;
        let log = log::id(connection)?;
        let lost = match (&self.read, &log) {
            (Position::NoLog(_), None) => None,
            (Position::NoLog(_), Some(log)) => {
                if log::first(connection)? == Some(1) {
                    self.read = Position::before(log, 1);
                    return Ok(());
                }
                Some(ResetReason::NoLog)
            }
            (Position::InLog(_), None) if self.moved => Some(ResetReason::Replaced),
            (Position::InLog(_), None) => {
                // what is owed for the layers whose logs it was is known already
                self.read = Position::without_log(self.file.as_ref());
                None
            }
            (Position::InLog(at), Some(log)) if *at.log != **log => Some(ResetReason::Replaced),
            (Position::InLog(at), Some(_)) => lost(connection, at)?,
        };
        self.moved = false;
        if let Some(reason) = lost {
            self.read = Position::end(connection, log.as_deref(), self.file.as_ref())?;
            self.tell_reset(None, reason);
        }
        Ok(())
    }

    fn tell(&mut self, item: Item) {
        match item {
            Item::Reset { number, layer, reason, position } => {
                let is_news = reason != ResetReason::NoLog || !self.from_oldest;
                let is_compared = self.unlogged.tells(number, position.seq);
                if !is_news || is_compared || !self.options.wants(&layer) {
                    return;
                }
                if self.known.lineages.values().any(|it| *it.name == *layer) {
                    self.push_reset(Some(&layer), reason, Position::InLog(position));
                } else {
                    self.unlogged.owe(&layer, Some(reason));
                }
            }
            Item::Done { done, author, settled, position } => {
                let Some(lineage) = self.known.lineages.get(&done.layer) else { return };
                if self.unlogged.tells(done.layer, done.seq) {
                    return;
                }
                let position = Position::InLog(position);
                let changed = Changed {
                    layer: Arc::clone(&lineage.name),
                    fields: Arc::clone(&lineage.fields),
                    target: done.target,
                    fid: Some(tiepoint_core::Fid::Int(done.fid)),
                    change: done.change,
                    author,
                    who: None,
                    at: Some(log::moment(done.at)),
                    settled,
                    checkpoint: position.checkpoint(),
                };
                self.queue.push_back((WatchEvent::Changed(changed), position));
            }
        }
    }

    /// Tells that what happened up to where the log has been read cannot be known.
    pub(super) fn tell_reset(&mut self, layer: Option<&str>, reason: ResetReason) {
        self.push_reset(layer, reason, self.read.clone());
    }

    fn push_reset(&mut self, layer: Option<&str>, reason: ResetReason, position: Position) {
        let layer = layer.map(Arc::from);
        let reset = Reset { layer, reason, checkpoint: position.checkpoint() };
        self.queue.push_back((WatchEvent::Reset(reset), position));
    }
}

fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "schema_version", |row| row.get(0))
}

/// Why a log does not go on from a place in it, if it does not.
fn lost(connection: &Connection, at: &InLog) -> rusqlite::Result<Option<ResetReason>> {
    let next = if at.given > 0 { at.seq } else { at.seq.saturating_add(1) };
    let is_another = match log::stamp(connection, at.seq)? {
        Some(stamp) => at.seq > 0 && stamp != at.stamp,
        None => at.seq > log::last(connection)?,
    };
    if is_another {
        return Ok(Some(ResetReason::Replaced));
    }
    let trimmed = log::first(connection)?.is_some_and(|first| first > next);
    Ok(trimmed.then_some(ResetReason::Trimmed))
}
