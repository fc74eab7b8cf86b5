//! Stopping a reading, and hearing how far it is.
use crate::{Features, Result, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How a reading can be stopped and followed while it runs. Cloning shares it.
///
/// ```
/// use std::time::Duration;
/// use tiepoint_store::ReadControl;
/// let control = ReadControl::default().time_out(Duration::from_secs(5));
/// control.check()?;
/// control.stop();
/// assert!(control.check().is_err(), "whoever reads with it now gets an error");
/// # Ok::<(), tiepoint_store::StoreError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReadControl {
    deadline: Option<Deadline>,
    shared: Arc<Shared>,
}

#[derive(Debug, Clone, Copy)]
struct Deadline {
    at: Instant,
    after: Duration,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    examined: AtomicU64,
}

/// How many rows pass between two looks at the clock.
const ROWS_BETWEEN_CHECKS: u64 = 64;

impl ReadControl {
    /// The same, giving up after so long from now.
    #[must_use]
    pub fn time_out(self, after: Duration) -> Self {
        let deadline = Instant::now().checked_add(after).map(|at| Deadline { at, after });
        Self { deadline, ..self }
    }

    /// Stops whatever reads with it, from any thread; it ends with [`StoreError::Stopped`].
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
    }

    /// How many rows have been looked at so far.
    #[must_use]
    pub fn examined(&self) -> u64 {
        self.shared.examined.load(Ordering::Relaxed)
    }

    /// Says that one more row has been looked at.
    pub fn examine(&self) {
        self.shared.examined.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that so many more rows have been looked at.
    pub fn examine_many(&self, rows: u64) {
        self.shared.examined.fetch_add(rows, Ordering::Relaxed);
    }

    /// Whether to go on.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stopped`] and [`StoreError::TimedOut`].
    pub fn check(&self) -> Result<()> {
        if self.shared.stopped.load(Ordering::Relaxed) {
            return Err(StoreError::Stopped);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline.at => Err(StoreError::TimedOut {
                after_ms: u64::try_from(deadline.after.as_millis()).unwrap_or(u64::MAX),
            }),
            _ => Ok(()),
        }
    }

    /// The same features, ended with an error when it is time to stop: for what is made of rows
    /// after all of them have been read and sorted.
    #[must_use]
    pub fn stopping<'a>(&self, features: Features<'a>) -> Features<'a> {
        let (schema, control) = (Arc::clone(features.schema()), self.clone());
        let mut features = Some(features);
        let next = move || {
            let stop = features.as_ref().and_then(|_| control.check().err());
            match stop {
                Some(stop) => {
                    features = None;
                    Some(Err(stop))
                }
                None => features.as_mut()?.next(),
            }
        };
        Features::new(schema, std::iter::from_fn(next))
    }

    /// The same rows, counted as they pass; they end with an error when it is time to stop.
    pub fn follow<'a, T: 'a>(
        &self,
        rows: impl Iterator<Item = Result<T>> + 'a,
    ) -> impl Iterator<Item = Result<T>> + 'a {
        let (control, mut rows) = (self.clone(), rows.fuse());
        let mut ended = false;
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let passed = control.shared.examined.fetch_add(1, Ordering::Relaxed);
            if passed.is_multiple_of(ROWS_BETWEEN_CHECKS)
                && let Err(stop) = control.check()
            {
                ended = true;
                return Some(Err(stop));
            }
            let row = rows.next();
            if row.is_none() {
                ended = true;
                control.shared.examined.fetch_sub(1, Ordering::Relaxed);
            }
            row
        })
    }
}
