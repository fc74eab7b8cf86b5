//! Waiting without holding others up: meanwhile Python's other threads run, and Ctrl-C is heard.
use crate::error::exception;
use pyo3::prelude::*;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tiepoint::{ErrorKind, ReadControl};

/// How long a signal may wait to be heard.
const PATIENCE: Duration = Duration::from_millis(50);

/// Does work that only reads, on a thread of its own. After a signal nobody waits for it any more.
pub(crate) fn wait<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let done = Mutex::new(begin(work)?);
    receive(py, &done)?.ok_or_else(lost)
}

/// Does work that may be stopped half-way, on a thread of its own. After a signal it is asked to
/// stop, and waited for until it has.
pub(crate) fn wait_to_stop<T: Send + 'static>(
    py: Python<'_>,
    control: &ReadControl,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let done = Mutex::new(begin(work)?);
    match receive(py, &done) {
        Ok(result) => result.ok_or_else(lost),
        Err(signal) => {
            control.stop();
            py.detach(|| drop(locked(&done).recv()));
            Err(signal)
        }
    }
}

/// The next thing that a thread of ours sends; `None` when it has ended.
///
/// # Errors
///
/// What a signal's handler raised, such as `KeyboardInterrupt`.
pub(crate) fn receive<T: Send>(py: Python<'_>, from: &Mutex<Receiver<T>>) -> PyResult<Option<T>> {
    loop {
        match py.detach(|| locked(from).recv_timeout(PATIENCE)) {
            Ok(thing) => return Ok(Some(thing)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
        }
    }
}

/// What a lock guards; whoever panicked while holding one has left nothing half-done in ours.
pub(crate) fn locked<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins work on a thread of its own.
pub(crate) fn spawn(work: impl FnOnce() + Send + 'static) -> PyResult<()> {
    thread::Builder::new().name("tiepoint".to_owned()).spawn(work)?;
    Ok(())
}

fn begin<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> PyResult<Receiver<T>> {
    let (say, hear) = sync_channel(1);
    spawn(move || drop(say.send(work())))?;
    Ok(hear)
}

/// The exception for a thread that ended without an answer.
pub(crate) fn lost() -> PyErr {
    let message = "a thread of tiepoint's ended without an answer, in a mistake of ours".to_owned();
    exception(ErrorKind::Internal, message, Some("what it printed tells which".to_owned()))
}
