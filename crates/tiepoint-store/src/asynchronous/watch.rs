//! What anybody commits as a stream: a thread listens for a while at a time.
use super::crossing::joined;
use crate::{Checkpoint, Lag, Result, StoreError, Watch, WatchEvent};
use futures_core::Stream;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

/// How long a thread listens without a break. Others who need one get it in between, and no thread
/// listens longer than this for a stream that was dropped.
const SLICE: Duration = Duration::from_millis(100);

/// How many events are handed over at once, at most.
const MOST_AT_ONCE: usize = 64;

/// What anybody commits, as it is waited for. It never ends by itself; after an error it goes on,
/// and nothing was missed.
///
/// It takes one of tokio's blocking threads while it is waited for.
#[must_use = "nothing is heard unless it is polled"]
pub struct EventStream {
    watcher: Watcher,
    ready: VecDeque<Result<WatchEvent>>,
    /// After the last event that was given.
    given: Checkpoint,
}

/// Where the watcher is.
enum Watcher {
    Here(Box<dyn Watch>),
    /// On a thread that may block.
    Away(JoinHandle<Result<Back>>),
    /// The runtime ended over it.
    Gone,
}

/// The watcher, and what it has heard.
struct Back(Box<dyn Watch>, Vec<Result<WatchEvent>>);

impl EventStream {
    pub(super) fn new(watch: Box<dyn Watch>) -> Self {
        let given = watch.checkpoint();
        Self { watcher: Watcher::Here(watch), ready: VecDeque::new(), given }
    }

    /// The next event, for those who have no use for a stream's other methods. Dropping the future
    /// loses nothing. `None` only when the runtime is shutting down.
    pub async fn next(&mut self) -> Option<Result<WatchEvent>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// As [`Watch::checkpoint`].
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.given
    }

    /// As [`Watch::lag`]; a few events may be on their way here that count as given.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn lag(&mut self) -> Result<Lag> {
        self.ask(|watch| watch.lag()).await
    }

    /// As [`Watch::acknowledge`]. Dropping the future does not take it back.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn acknowledge(&mut self, checkpoint: Checkpoint) -> Result<()> {
        self.ask(move |watch| watch.acknowledge(&checkpoint)).await
    }

    /// Asks the watcher, which listens no longer than it does anyway.
    async fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut dyn Watch) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        poll_fn(|context| self.poll_back(context)).await?;
        let (answered, answer) = oneshot::channel();
        self.send_away(move |watch| {
            // nobody waits for the answer any more: then it is of no use
            let _ = answered.send(question(watch));
            Vec::new()
        });
        poll_fn(|context| self.poll_back(context)).await?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    fn send_away(
        &mut self,
        work: impl FnOnce(&mut dyn Watch) -> Vec<Result<WatchEvent>> + Send + 'static,
    ) {
        match std::mem::replace(&mut self.watcher, Watcher::Gone) {
            Watcher::Here(mut watch) => {
                let job = spawn_blocking(move || {
                    let heard = work(watch.as_mut());
                    Ok(Back(watch, heard))
                });
                self.watcher = Watcher::Away(job);
            }
            elsewhere => self.watcher = elsewhere,
        }
    }

    /// Waits until the watcher is here, and keeps what it brings.
    fn poll_back(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.watcher {
            Watcher::Here(_) => Poll::Ready(Ok(())),
            Watcher::Gone => Poll::Ready(Err(StoreError::Stopped)),
            Watcher::Away(job) => {
                let outcome = ready!(Pin::new(job).poll(context));
                self.watcher = Watcher::Gone;
                let Back(watch, heard) = joined(outcome)?;
                if heard.is_empty() && self.ready.is_empty() {
                    self.given = watch.checkpoint();
                }
                self.ready.extend(heard);
                self.watcher = Watcher::Here(watch);
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// Listens until something is heard, and takes what can be heard with it.
fn listen(watch: &mut dyn Watch) -> Vec<Result<WatchEvent>> {
    let mut heard = Vec::new();
    let mut patience = SLICE;
    while heard.len() < MOST_AT_ONCE {
        let Some(event) = watch.next(patience).transpose() else { break };
        let is_error = event.is_err();
        heard.push(event);
        if is_error {
            break;
        }
        patience = Duration::ZERO;
    }
    heard
}

impl Stream for EventStream {
    type Item = Result<WatchEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if let Ok(event) = &event {
                    self.given = event.checkpoint().clone();
                }
                return Poll::Ready(Some(event));
            }
            if ready!(self.poll_back(context)).is_err() {
                return Poll::Ready(None);
            }
            if self.ready.is_empty() {
                self.send_away(listen);
            }
        }
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("given", &self.given).finish_non_exhaustive()
    }
}
