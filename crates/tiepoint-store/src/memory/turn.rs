//! Writers take turns.
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A queue for one.
#[derive(Debug, Default)]
pub(super) struct Turns {
    taken: Mutex<bool>,
    given_back: Condvar,
}

/// The right to write, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for the turn, up to `patience`.
    pub(super) fn take(&self, patience: Duration) -> Option<Turn<'_>> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.given_back.wait_timeout_while(taken, patience, |taken| *taken);
        let (mut taken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return None;
        }
        *taken = true;
        Some(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.given_back.notify_one();
    }
}
