//! Connections: opened with manners, kept for a while, given back.
//!
//! A reading connection may not write (`query_only`), holds no lock while it idles, and is not kept
//! at all on a file in WAL mode, where even an idle one would keep `-wal` and `-shm` alive.
use crate::catalogue::Catalogue;
use crate::error::Site;
use crate::evaluate::Registry;
use crate::place::FileIdentity;
use crate::{functions, tie};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tiepoint_store::{ReadControl, Result, StoreError};

/// How many idle connections are kept.
const MOST_IDLE: usize = 8;
/// Pages kept in memory while writing; what is more is spilled to the file, within the transaction.
const WRITE_CACHE_KIB: i64 = 32 * 1024;

/// How many steps of SQLite's machine pass between two looks at the clock: some tenths of a
/// millisecond.
const STEPS_BETWEEN_CHECKS: std::ffi::c_int = 4_000;

/// The SQLite that is linked, named by the commit it was made from.
///
/// Two copies in one process that open one file drop each other's locks: whoever lives beside
/// another program's SQLite compares.
///
/// # Panics
///
/// When SQLite cannot even answer without a file, out of memory.
#[must_use]
pub fn sqlite_source_id() -> String {
    let ask = |connection: Connection| {
        connection.query_row("SELECT sqlite_source_id()", [], |row| row.get(0))
    };
    Connection::open_in_memory().and_then(ask).expect("SQLite answers without a file")
}

/// A connection with what it has read of the file's catalogue.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) connection: Connection,
    pub(crate) catalogue: RefCell<Catalogue>,
    /// The expressions that its statements evaluate.
    pub(crate) evaluated: Registry,
    identity: Option<FileIdentity>,
}

/// All connections to one file, as one store handle has them.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) site: Site,
    pub(crate) path: Arc<Path>,
    idle: Mutex<Vec<Link>>,
    idle_writer: Mutex<Option<Link>>,
}

/// A connection inside a read transaction; dropping it ends that and gives it back.
#[derive(Debug)]
pub(crate) struct Lease {
    link: Option<Link>,
    pool: Arc<Pool>,
    /// Whether it still sees its state; otherwise it has temporary tables and is not used again.
    reading: bool,
}

impl Pool {
    pub(crate) fn new(site: Site, path: PathBuf) -> Self {
        Self { site, path: path.into(), idle: Mutex::default(), idle_writer: Mutex::default() }
    }

    /// A connection that sees one committed state until it is dropped.
    pub(crate) fn read(self: &Arc<Self>) -> Result<Lease> {
        let link = match self.take_idle() {
            Some(link) => link,
            None => self.open_for_reading()?,
        };
        let lease = Lease { link: Some(link), pool: Arc::clone(self), reading: true };
        lease.begin().map_err(self.site.failed("start reading"))?;
        Ok(lease)
    }

    /// A connection that may write, outside any transaction.
    pub(crate) fn write(&self) -> Result<Link> {
        let kept = lock(&self.idle_writer).take();
        match kept.filter(|link| link.identity == FileIdentity::of(&self.path)) {
            Some(link) => Ok(link),
            None => self.open_for_writing(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE),
        }
    }

    pub(crate) fn give_back_writer(&self, link: Link) {
        if link.connection.is_autocommit() && !is_wal(&link.connection) {
            *lock(&self.idle_writer) = Some(link);
        }
    }

    pub(crate) fn open_for_writing(&self, path: &Path, flags: OpenFlags) -> Result<Link> {
        let link = self.open(path, flags)?;
        // SQLite itself would begin transactions that can only read
        if link.connection.is_readonly(MAIN_DB).map_err(self.site.failed("open"))? {
            return Err(self.site.read_only("the file may not be written"));
        }
        let tune = |connection: &Connection| {
            connection.pragma_update(None, "cache_size", -WRITE_CACHE_KIB)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "recursive_triggers", false)
        };
        tune(&link.connection).map_err(self.site.failed("open"))?;
        Ok(link)
    }

    fn take_idle(&self) -> Option<Link> {
        let identity = FileIdentity::of(&self.path);
        let mut idle = lock(&self.idle);
        idle.retain(|link| link.identity == identity);
        idle.pop()
    }

    fn give_back(&self, link: Link) {
        let mut idle = lock(&self.idle);
        if idle.len() < MOST_IDLE {
            idle.push(link);
        }
    }

    fn open_for_reading(&self) -> Result<Link> {
        if !self.path.exists() {
            return Err(StoreError::StoreNotFound { store: self.site.name.clone() });
        }
        let link = self.open(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let look = |link: &Link| {
            link.connection.pragma_update(None, "query_only", true)?;
            // not when writing: older versions take the R-tree in GeoPackage's triggers for unsafe
            link.connection.pragma_update(None, "trusted_schema", false)?;
            link.connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
        };
        match look(&link) {
            Err(error) if cannot_share(&error) && self.is_at_rest() => self.open_immutable(),
            Err(error) => Err(self.site.driver_error(error, "open")),
            Ok(()) => Ok(link),
        }
    }

    /// A file in WAL mode on a place where nothing can be created is read as it lies there.
    fn open_immutable(&self) -> Result<Link> {
        let uri = immutable_uri(&self.path);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        self.open(Path::new(&uri), flags)
    }

    fn open(&self, path: &Path, flags: OpenFlags) -> Result<Link> {
        let identity = FileIdentity::of(&self.path);
        let leftovers = !self.is_at_rest();
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let set_up = || {
            let connection = Connection::open_with_flags(path, flags)?;
            // the driver's own call would need SQLite 3.44
            connection.pragma_update(None, "busy_timeout", self.patience_ms())?;
            connection.set_prepared_statement_cache_capacity(64);
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leftovers)?;
            connection.pragma_update(None, "cell_size_check", true)?;
            functions::register(&connection)?;
            tie::register(&connection)?;
            let evaluated = Registry::register(&connection)?;
            Ok((connection, evaluated))
        };
        let (connection, evaluated) = set_up().map_err(|error| self.refused(error))?;
        Ok(Link { connection, catalogue: RefCell::default(), evaluated, identity })
    }

    fn patience_ms(&self) -> i32 {
        i32::try_from(self.site.patience.as_millis()).unwrap_or(i32::MAX)
    }

    fn refused(&self, error: rusqlite::Error) -> StoreError {
        let cannot_open = error.sqlite_error_code() == Some(ErrorCode::CannotOpen);
        match std::fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => self.site.foreign("a folder"),
            Err(reason) if cannot_open => self.site.io("open", reason),
            _ => self.site.driver_error(error, "open"),
        }
    }

    /// Whether no `-wal` with content lies beside the file: nobody writes, nobody crashed.
    fn is_at_rest(&self) -> bool {
        let mut wal = self.path.as_os_str().to_owned();
        wal.push("-wal");
        std::fs::metadata(wal).map_or(true, |metadata| metadata.len() == 0)
    }
}

impl Link {
    /// Whether it still leads to the file that is at `path` now.
    pub(crate) fn is_of(&self, path: &Path) -> bool {
        self.identity == FileIdentity::of(path)
    }

    /// Whether the file is in WAL mode, as far as that can be told.
    pub(crate) fn is_wal(&self) -> bool {
        is_wal(&self.connection)
    }
}

impl Lease {
    /// Keeps the connection, outside any transaction, and never gives it back.
    pub(crate) fn into_link(mut self) -> Link {
        let link = self.link.take().expect("taken only when dropped");
        // a transaction that only read cannot fail to end
        let _ = link.connection.execute_batch("ROLLBACK");
        link
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.link().connection
    }

    pub(crate) fn link(&self) -> &Link {
        self.link.as_ref().expect("taken only when dropped")
    }

    pub(crate) fn site(&self) -> &Site {
        &self.pool.site
    }

    /// Has SQLite break off when a control says so, until the connection is given back.
    pub(crate) fn obey(&self, control: &ReadControl) {
        let control = control.clone();
        let handler = move || control.check().is_err();
        // of no value in some versions of the driver, of one that cannot fail here in others
        let _ = self.connection().progress_handler(STEPS_BETWEEN_CHECKS, Some(handler));
    }

    /// Lets go of the file and keeps what was put into temporary tables.
    pub(crate) fn end_reading(&mut self) -> rusqlite::Result<()> {
        if std::mem::take(&mut self.reading) {
            self.connection().execute_batch("COMMIT")?;
        }
        Ok(())
    }

    fn begin(&self) -> rusqlite::Result<()> {
        let link = self.link();
        link.connection.execute_batch("BEGIN")?;
        let sql = "PRAGMA data_version";
        let version = link.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        link.catalogue.borrow_mut().seen_at(version);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        let _ = link.connection.progress_handler(0, None::<fn() -> bool>);
        let keep = self.reading && !is_wal(&link.connection);
        if keep && link.connection.execute_batch("ROLLBACK").is_ok() {
            self.pool.give_back(link);
        }
    }
}

fn is_wal(connection: &Connection) -> bool {
    let mode = connection
        .prepare_cached("PRAGMA journal_mode")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, String>(0)));
    mode.map_or(true, |mode| mode.eq_ignore_ascii_case("wal"))
}

/// Whether SQLite could not make the files that it shares with others beside a file in WAL mode.
fn cannot_share(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure)
    )
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => write!(uri, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    uri + "?immutable=1"
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_in_a_uri() {
        assert_eq!(
            immutable_uri(Path::new("/data/a?b#c ä%.gpkg")),
            "file:/data/a%3Fb%23c%20%C3%A4%25.gpkg?immutable=1"
        );
    }
}
