//! From a task to a thread that may block, and back.
use crate::{ReadControl, Result, StoreError};
use tokio::task::{JoinError, spawn_blocking};

/// Runs it where it may block. Dropping the future has the control say stop; what has not begun by
/// then never does.
pub(super) async fn cross<T: Send + 'static>(
    control: ReadControl,
    work: impl FnOnce(&ReadControl) -> Result<T> + Send + 'static,
) -> Result<T> {
    let stop = StopWhenDropped::new(&control);
    let job = spawn_blocking(move || control.check().and_then(|()| work(&control)));
    let outcome = job.await;
    stop.ends();
    joined(outcome)
}

/// What came of it on the other thread; its panic goes on here.
pub(super) fn joined<T>(outcome: Result<Result<T>, JoinError>) -> Result<T> {
    match outcome.map_err(JoinError::try_into_panic) {
        Ok(outcome) => outcome,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // the runtime is shutting down and has not begun it
        Err(Err(_cancelled)) => Err(StoreError::Stopped),
    }
}

/// Says stop when it is dropped, unless it is over by then.
#[derive(Debug)]
pub(super) struct StopWhenDropped(Option<ReadControl>);

impl StopWhenDropped {
    pub(super) fn new(control: &ReadControl) -> Self {
        Self(Some(control.clone()))
    }

    /// There is nothing left to stop.
    pub(super) fn ends(mut self) {
        self.0 = None;
    }
}

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        if let Some(control) = self.0.take() {
            control.stop();
        }
    }
}
