//! Features as a stream: a thread reads them, a short queue hands them over.
use super::crossing::{StopWhenDropped, joined};
use crate::{Features, ReadControl, Result, Store};
use futures_core::Stream;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::vec;
use tiepoint_core::{Feature, Query, Schema};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};

/// How many features are handed over at once, at most.
const MOST_AT_ONCE: usize = 64;
/// How many such batches may wait to be taken. With the one being read and the one being taken,
/// that is all there ever is in memory.
const BATCHES_WAITING: usize = 2;

type Batch = Vec<Result<Feature>>;

/// Features in the order of a query, read while they are waited for.
///
/// As with [`Features`], there may be more after an error. Dropping it stops the reading; what the
/// reading took from its store is given back soon after, from another thread.
#[derive(Debug)]
#[must_use = "nothing is taken from it unless it is polled"]
pub struct FeatureStream {
    schema: Arc<Schema>,
    ready: vec::IntoIter<Result<Feature>>,
    batches: mpsc::Receiver<Batch>,
    /// The reading itself, until it has ended and that was seen.
    reading: Option<JoinHandle<Result<()>>>,
    _stop: StopWhenDropped,
}

/// Begins to read, and waits until it is clear that one can.
pub(super) async fn open(
    store: Arc<dyn Store>,
    query: Query,
    control: ReadControl,
) -> Result<FeatureStream> {
    let stop = StopWhenDropped::new(&control);
    let (opened, opening) = oneshot::channel();
    let (sender, batches) = mpsc::channel(BATCHES_WAITING);
    let reading = spawn_blocking(move || {
        control.check()?;
        let features = store.read_with(&query, &control)?;
        if opened.send(Arc::clone(features.schema())).is_ok() {
            hand_over(features, &sender);
        }
        Ok(())
    });
    if let Ok(schema) = opening.await {
        let ready = Vec::new().into_iter();
        return Ok(FeatureStream { schema, ready, batches, reading: Some(reading), _stop: stop });
    }
    joined(reading.await)?;
    unreachable!("a reading that is not refused is opened")
}

/// Reads until there are no more features, or until nobody wants them.
fn hand_over(features: Features<'_>, sender: &mpsc::Sender<Batch>) {
    let mut batch = Batch::new();
    for feature in features {
        batch.push(feature);
        // nobody is to wait for the batch to fill while there are features to be had
        let is_waited_for = sender.capacity() == BATCHES_WAITING;
        if batch.len() >= MOST_AT_ONCE || is_waited_for {
            let more = Batch::with_capacity(batch.len());
            if sender.blocking_send(std::mem::replace(&mut batch, more)).is_err() {
                return;
            }
        }
    }
    if !batch.is_empty() {
        // nobody wants it: then that was all
        let _ = sender.blocking_send(batch);
    }
}

impl FeatureStream {
    /// The fields that every feature here has: those that were asked for.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The next feature, for those who have no use for a stream's other methods. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Feature>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits for the reading's thread, so that its panic does not look like the end.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Feature>>> {
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let outcome = ready!(Pin::new(reading).poll(context));
        self.reading = None;
        Poll::Ready(joined(outcome).err().map(Err))
    }
}

impl Stream for FeatureStream {
    type Item = Result<Feature>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(feature) = self.ready.next() {
                return Poll::Ready(Some(feature));
            }
            match ready!(self.batches.poll_recv(context)) {
                Some(batch) => self.ready = batch.into_iter(),
                None => return self.poll_end(context),
            }
        }
    }
}
