//! What flows: rows out of the server, copied data into it.
use crate::error::Failure;
use crate::runtime;
use bytes::Bytes;
use futures_util::{SinkExt, Stream};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tiepoint_store::ReadControl;
use tokio_postgres::{CopyInSink, Row, RowStream};

/// How many rows are taken at once; more would only wait here instead of in the socket.
const MOST_READY: usize = 512;

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
    stream: Option<Pin<Box<RowStream>>>,
    ready: VecDeque<Row>,
    failure: Option<Failure>,
    flow: Flow,
}

impl Rows {
    pub(crate) fn new(stream: RowStream, flow: Flow) -> Self {
        flow.set(Traffic::Reading);
        Self { stream: Some(Box::pin(stream)), ready: VecDeque::new(), failure: None, flow }
    }

    /// The next row. The connection is waited for only when none is there; then all that have come
    /// are taken, because waking up costs more than a row.
    pub(crate) fn next(&mut self, control: Option<&ReadControl>) -> Result<Option<Row>, Failure> {
        if self.ready.is_empty() && self.stream.is_some() {
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

    /// Whether the server has said everything, so that the connection is free; rows that have come
    /// may still be waiting here.
    pub(crate) fn is_done(&self) -> bool {
        self.stream.is_none()
    }

    /// Throws the rest away; whether the server broke it off because it was told to.
    pub(crate) async fn drain(&mut self) -> bool {
        self.ready.clear();
        while self.stream.is_some() {
            poll_fn(|context| self.fill(context)).await;
            self.ready.clear();
        }
        self.failure.as_ref().and_then(Failure::code) == Some("57014")
    }

    /// Takes what is there; ready when at least one row is, or when there will be no more.
    fn fill(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(stream) = &mut self.stream {
            match stream.as_mut().poll_next(context) {
                Poll::Pending if self.ready.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Some(Ok(row))) => self.ready.push_back(row),
                Poll::Ready(Some(Err(error))) => self.end(Some(error.into())),
                Poll::Ready(None) => self.end(None),
            }
            if self.ready.len() >= MOST_READY {
                break;
            }
        }
        Poll::Ready(())
    }

    fn end(&mut self, failure: Option<Failure>) {
        self.stream = None;
        self.failure = failure;
        self.flow.set(Traffic::Idle);
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if self.stream.is_some() {
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
