//! Rows that own the connection they are read from, and that make way for a writer.
//!
//! Without WAL, whoever reads keeps everybody from committing. A transaction of this process that
//! wants to commit therefore asks the readings of this process to put the rest of their rows aside,
//! in SQLite's temporary storage: they go on with the state that they began with, and the writer
//! need not wait.
use crate::connection::Lease;
use rusqlite::{CachedStatement, Connection, Result, Row, Rows, Statement, params_from_iter};
use self_cell::{MutBorrow, self_cell};
use std::cell::RefCell;
use std::path::Path;
use std::rc::{Rc, Weak as WeakRc};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

self_cell!(
    /// A running statement.
    pub(crate) struct OpenRows<'connection> {
        owner: MutBorrow<CachedStatement<'connection>>,

        #[not_covariant]
        dependent: Rows,
    }
);

self_cell!(
    /// A running statement with the connection that it runs on.
    struct OwnedRows {
        owner: Lease,

        #[not_covariant]
        dependent: OpenRows,
    }
);

/// Whatever rows come from, one after another.
pub(crate) trait RowSource {
    /// Reads the next row, or `None` after the last.
    fn next_row<T>(&mut self, read: impl FnOnce(&Row<'_>) -> T) -> Result<Option<T>>;
}

/// Starts a statement.
pub(crate) fn open_rows<'c>(
    connection: &'c Connection,
    sql: &str,
    parameters: &[rusqlite::types::Value],
) -> Result<OpenRows<'c>> {
    let statement = MutBorrow::new(connection.prepare_cached(sql)?);
    OpenRows::try_new(statement, |statement| {
        let statement: &mut CachedStatement<'_> = statement.borrow_mut();
        Statement::query(statement, params_from_iter(parameters))
    })
}

impl RowSource for OpenRows<'_> {
    fn next_row<T>(&mut self, read: impl FnOnce(&Row<'_>) -> T) -> Result<Option<T>> {
        self.with_dependent_mut(|_, rows| Ok(rows.next()?.map(read)))
    }
}

impl RowSource for Rows<'_> {
    fn next_row<T>(&mut self, read: impl FnOnce(&Row<'_>) -> T) -> Result<Option<T>> {
        Ok(self.next()?.map(read))
    }
}

/// Rows that live as long as somebody reads them.
pub(crate) struct Cursor {
    state: Rc<RefCell<State>>,
    asked_to_make_way: Arc<AtomicBool>,
}

enum State {
    /// Reads from the file.
    Reading(OwnedRows),
    /// Reads what was put aside.
    Aside(OwnedRows),
    /// Could not put its rows aside; tells why at the next reading.
    Failed(rusqlite::Error),
    Ended,
}

impl Cursor {
    /// Starts a statement on a connection of its own.
    pub(crate) fn open(
        lease: Lease,
        path: &Arc<Path>,
        sql: &str,
        parameters: &[rusqlite::types::Value],
    ) -> Result<Self> {
        let rows = start(lease, sql, parameters)?;
        let state = Rc::new(RefCell::new(State::Reading(rows)));
        let asked_to_make_way = Arc::new(AtomicBool::new(false));
        register(path, &state, &asked_to_make_way);
        Ok(Self { state, asked_to_make_way })
    }
}

impl RowSource for Cursor {
    fn next_row<T>(&mut self, read: impl FnOnce(&Row<'_>) -> T) -> Result<Option<T>> {
        let mut state = self.state.borrow_mut();
        // a load costs a row next to nothing, a swap as much as a column
        let asked = &self.asked_to_make_way;
        if asked.load(Ordering::Relaxed) && asked.swap(false, Ordering::Relaxed) {
            state.put_aside();
        }
        let next = match &mut *state {
            State::Reading(rows) | State::Aside(rows) => {
                rows.with_dependent_mut(|_, rows| rows.next_row(read))
            }
            State::Failed(_) => match std::mem::replace(&mut *state, State::Ended) {
                State::Failed(error) => return Err(error),
                _ => return Ok(None),
            },
            State::Ended => return Ok(None),
        };
        if !matches!(next, Ok(Some(_))) {
            *state = State::Ended;
        }
        next
    }
}

impl State {
    /// Copies the rows not read yet to temporary storage and lets go of the file.
    fn put_aside(&mut self) {
        *self = match std::mem::replace(self, Self::Ended) {
            Self::Reading(rows) => set_aside(rows).map_or_else(Self::Failed, Self::Aside),
            other => other,
        };
    }
}

fn start(lease: Lease, sql: &str, parameters: &[rusqlite::types::Value]) -> Result<OwnedRows> {
    OwnedRows::try_new(lease, |lease| open_rows(lease.connection(), sql, parameters))
}

fn set_aside(mut rows: OwnedRows) -> Result<OwnedRows> {
    rows.with_dependent_mut(|lease, rows| copy_rest(lease.connection(), rows))?;
    let mut lease = rows.into_owner();
    lease.end_reading()?;
    start(lease, "SELECT * FROM temp.rest ORDER BY rowid", &[])
}

fn copy_rest(connection: &Connection, rows: &mut OpenRows<'_>) -> Result<()> {
    connection.pragma_update(None, "query_only", false)?;
    let columns =
        rows.with_dependent_mut(|_, rows| rows.as_ref().map_or(0, Statement::column_count));
    let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
    connection.execute_batch(&format!("CREATE TEMP TABLE rest ({})", names.join(", ")))?;
    let marks = vec!["?"; columns].join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO temp.rest VALUES ({marks})"))?;
    let mut copy = |row: &Row<'_>| {
        for column in 0..columns {
            let stored = rusqlite::types::ToSqlOutput::Borrowed(row.get_ref(column)?);
            insert.raw_bind_parameter(column + 1, stored)?;
        }
        insert.raw_execute()
    };
    while let Some(copied) = rows.next_row(&mut copy)? {
        copied?;
    }
    Ok(())
}

type Registered<T> = Vec<(Arc<Path>, T)>;

thread_local! {
    static OF_THIS_THREAD: RefCell<Registered<WeakRc<RefCell<State>>>> = const { RefCell::new(Vec::new()) };
}
static OF_ALL_THREADS: Mutex<Registered<Weak<AtomicBool>>> = Mutex::new(Vec::new());

fn register(path: &Arc<Path>, state: &Rc<RefCell<State>>, asked: &Arc<AtomicBool>) {
    OF_THIS_THREAD.with_borrow_mut(|open| {
        open.retain(|(_, state)| state.strong_count() > 0);
        open.push((Arc::clone(path), Rc::downgrade(state)));
    });
    let mut open = OF_ALL_THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, asked)| asked.strong_count() > 0);
    open.push((Arc::clone(path), Arc::downgrade(asked)));
}

/// Has the readings of this process let go of the file: those of this thread at once, those of
/// other threads when they go on.
pub(crate) fn make_way(path: &Path) {
    let here = OF_THIS_THREAD.with_borrow(|open| {
        let of_file = open.iter().filter(|(of, _)| **of == *path);
        of_file.filter_map(|(_, state)| state.upgrade()).collect::<Vec<_>>()
    });
    for state in here {
        state.borrow_mut().put_aside();
    }
    let open = OF_ALL_THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    for (_, asked) in open.iter().filter(|(of, _)| **of == *path) {
        if let Some(asked) = asked.upgrade() {
            asked.store(true, Ordering::Relaxed);
        }
    }
}
