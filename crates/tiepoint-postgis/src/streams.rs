//! What flows: rows out of the server, copied data into it.
use crate::error::Failure;
use crate::runtime;
use bytes::Bytes;
use futures_util::{SinkExt, Stream};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tiepoint_store::{ReadControl, StoreError};
use tokio::sync::mpsc;
use tokio_postgres::{CopyInSink, Row, RowStream};

/// How many rows, and bytes of them, are taken at once; more would only wait here instead of in
/// the socket.
const MOST_READY: usize = 512;
const MOST_READY_BYTES: usize = 256 * 1_024;
/// How often rows are waited for before they are taken to be many.
const WAITS_FOR_FEW: u32 = 4;
/// How long rows that have come may wait for others that are to be told of with them.
const TOGETHER_WITHIN: Duration = Duration::from_millis(2);

/// What is on its way on a connection; shared by it and by who reads or sends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow(Arc<AtomicU8>);

/// What is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Nothing: the connection waits for us.
    Idle,
    /// Rows that somebody reads.
    Reading,
    /// Data that somebody sends.
    Copying,
    /// Rows, or a long thought of the server, that nobody waits for any more.
    Left,
}

impl Flow {
    pub(crate) fn set(&self, traffic: Traffic) {
        self.0.store(traffic as u8, Ordering::Release);
    }

    pub(crate) fn traffic(&self) -> Traffic {
        match self.0.load(Ordering::Acquire) {
            0 => Traffic::Idle,
            1 => Traffic::Reading,
            2 => Traffic::Copying,
            _ => Traffic::Left,
        }
    }
}

/// Rows as they come. One at a time per connection, which can do nothing else meanwhile.
pub(crate) struct Rows {
    source: Source,
    ready: VecDeque<Row>,
    /// What has been read of rows that the background thread has collected.
    used: Vec<Row>,
    failure: Option<Failure>,
    flow: Flow,
    waits: u32,
}

/// Where rows come from.
///
/// The driver hands over a few at a time, and waking up costs as much as many rows. So a few are
/// taken by who reads them, which is the quickest, and many are collected by the background thread,
/// which wakes who reads them only for a good number. These go back to it when they have been read:
/// freed by another thread than made them, they would have the two wait for each other's allocator.
enum Source {
    Here(Pin<Box<RowStream>>),
    Collected(mpsc::Receiver<Batch>, mpsc::UnboundedSender<Vec<Row>>),
    Ended,
}

/// Rows that come together.
#[derive(Default)]
struct Batch {
    rows: VecDeque<Row>,
    bytes: usize,
    end: Option<End>,
}

/// Why there are no more rows.
enum End {
    AllCame,
    Failed(Failure),
}

impl Rows {
    pub(crate) fn new(stream: RowStream, flow: Flow) -> Self {
        flow.set(Traffic::Reading);
        let source = Source::Here(Box::pin(stream));
        let (ready, used) = (VecDeque::new(), Vec::new());
        Self { source, ready, used, failure: None, flow, waits: 0 }
    }

    /// The next row. The connection is waited for only when none is there.
    pub(crate) fn next(&mut self, control: Option<&ReadControl>) -> Result<Option<Row>, Failure> {
        if self.ready.is_empty() && !self.is_done() {
            if let Source::Collected(_, used) = &self.source {
                // unless it has collected all
                let _ = used.send(std::mem::take(&mut self.used));
            }
            self.waits += 1;
            if self.waits > WAITS_FOR_FEW {
                self.have_collected();
            }
            let fill = poll_fn(|context| self.fill(context));
            match control {
                Some(control) => runtime::wait_with(fill, control)?,
                None => runtime::wait(fill),
            }
        }
        match self.ready.pop_front() {
            Some(row) => Ok(Some(row)),
            None => self.failure.take().map_or(Ok(None), Err),
        }
    }

    /// Takes a row back that has been read.
    pub(crate) fn take_back(&mut self, row: Row) {
        if let Source::Collected(..) = self.source {
            self.used.push(row);
        }
    }

    /// Whether the server has said everything, so that the connection is free; rows that have come
    /// may still be waiting here.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.source, Source::Ended)
    }

    /// Throws the rest away; whether the server broke it off because it was told to.
    pub(crate) async fn drain(&mut self) -> bool {
        self.ready.clear();
        while !self.is_done() {
            poll_fn(|context| self.fill(context)).await;
            self.ready.clear();
        }
        self.failure.as_ref().and_then(Failure::code) == Some("57014")
    }

    /// Takes what is there; ready when at least one row is, or when there will be no more.
    fn fill(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let batch = match &mut self.source {
            Source::Here(stream) => {
                let mut batch = Batch::default();
                let filled = batch.fill(stream, context);
                if filled.is_pending() && batch.rows.is_empty() {
                    return Poll::Pending;
                }
                batch
            }
            Source::Collected(batches, _) => match batches.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(batch)) => batch,
                // the background thread is no more
                Poll::Ready(None) => {
                    Batch { end: Some(End::Failed(StoreError::Stopped.into())), ..Batch::default() }
                }
            },
            Source::Ended => return Poll::Ready(()),
        };
        self.ready = batch.rows;
        if let Some(end) = batch.end {
            self.source = Source::Ended;
            self.failure = match end {
                End::AllCame => None,
                End::Failed(failure) => Some(failure),
            };
            self.flow.set(Traffic::Idle);
        }
        Poll::Ready(())
    }

    fn have_collected(&mut self) {
        if !matches!(self.source, Source::Here(_)) {
            return;
        }
        let (batches, receiver) = mpsc::channel(1);
        let (sender, used) = mpsc::unbounded_channel();
        let collected = Source::Collected(receiver, sender);
        if let Source::Here(stream) = std::mem::replace(&mut self.source, collected) {
            runtime::spawn(collect(stream, batches, used));
        }
    }
}

impl Batch {
    /// Takes what is there; ready when it is full or has the last row.
    fn fill(&mut self, stream: &mut Pin<Box<RowStream>>, context: &mut Context<'_>) -> Poll<()> {
        while self.rows.len() < MOST_READY && self.bytes < MOST_READY_BYTES && self.end.is_none() {
            match stream.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(row))) => {
                    self.bytes += row.raw_size_bytes();
                    self.rows.push_back(row);
                }
                Poll::Ready(Some(Err(error))) => self.end = Some(End::Failed(error.into())),
                Poll::Ready(None) => self.end = Some(End::AllCame),
            }
        }
        Poll::Ready(())
    }
}

/// Collects rows until there are no more, or nobody wants them.
async fn collect(
    mut stream: Pin<Box<RowStream>>,
    batches: mpsc::Sender<Batch>,
    mut used: mpsc::UnboundedReceiver<Vec<Row>>,
) {
    loop {
        while let Ok(rows) = used.try_recv() {
            drop(rows);
        }
        let mut batch = Batch { rows: VecDeque::with_capacity(MOST_READY), ..Batch::default() };
        let mut patience = pin!(tokio::time::sleep(TOGETHER_WITHIN));
        poll_fn(|context| match batch.fill(&mut stream, context) {
            Poll::Pending if batch.rows.is_empty() => Poll::Pending,
            Poll::Pending => patience.as_mut().poll(context),
            Poll::Ready(()) => Poll::Ready(()),
        })
        .await;
        let is_last = batch.end.is_some();
        if batches.send(batch).await.is_err() || is_last {
            return;
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if !self.is_done() {
            self.flow.set(Traffic::Left);
        }
    }
}

/// Data on its way into a table; dropping it unfinished stores nothing of it.
pub(crate) struct CopyIn {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    flow: Flow,
}

impl CopyIn {
    pub(crate) fn new(sink: CopyInSink<Bytes>, flow: Flow) -> Self {
        flow.set(Traffic::Copying);
        Self { sink: Box::pin(sink), flow }
    }

    /// Waits until there is room for more. What the server has against the data is said at the end.
    pub(crate) fn send(&mut self, chunk: Bytes) -> Result<(), Failure> {
        Ok(runtime::wait(self.sink.feed(chunk))?)
    }

    /// How many rows were stored.
    pub(crate) fn finish(mut self) -> Result<u64, Failure> {
        Ok(runtime::wait(self.sink.as_mut().finish())?)
    }
}

impl Drop for CopyIn {
    fn drop(&mut self) {
        // what is asked next comes after its end, or after the word that it is broken off
        self.flow.set(Traffic::Idle);
    }
}
