//! One thread that drives all connections of the process, and waiting for it from any other.
//!
//! The store contract blocks, the driver does not. A runtime for each store would cost a thread
//! each, and one of the caller's may not exist, or may be the very one that is calling us. So a
//! single background thread moves the bytes, and whoever asked sleeps until they are there.
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use tiepoint_store::{ReadControl, StoreError};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How long a waiting that can be stopped sleeps at most before it looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// The runtime and the process that started it: a fork has the handle, but not the thread.
static RUNTIME: Mutex<Option<(u32, Handle)>> = Mutex::new(None);

/// Runs it in the background, unless the background thread cannot be started.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(handle) = handle() {
        handle.spawn(future);
    }
}

/// Runs it in the background, with the runtime's sockets and clock, and waits for what it yields.
pub(crate) fn run<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> std::io::Result<T> {
    let (sender, receiver) = oneshot::channel();
    handle()?.spawn(async move {
        // nobody waits any more: then nobody wants it
        let _ = sender.send(future.await);
    });
    wait(receiver).map_err(std::io::Error::other)
}

/// Blocks this thread until the future is ready, even inside somebody's async runtime.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    // a task that has used up its turn would find nothing ready any more, ever
    let mut future = pin!(tokio::task::unconstrained(future));
    let alarm = Arc::new(Alarm::new());
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => alarm.sleep(None),
        }
    }
}

/// The same, until the control says stop; it is asked at least every 20 ms.
pub(crate) fn wait_with<F: Future>(
    future: F,
    control: &ReadControl,
) -> std::result::Result<F::Output, StoreError> {
    let mut future = pin!(tokio::task::unconstrained(future));
    let alarm = Arc::new(Alarm::new());
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    loop {
        control.check()?;
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return Ok(output),
            Poll::Pending => alarm.sleep(Some(BETWEEN_LOOKS)),
        }
    }
}

/// Lets the future do what it does at once, such as sending a message, and never asks again.
pub(crate) fn nudge<F: Future>(future: F) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

fn handle() -> std::io::Result<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match &*runtime {
        Some((owner, handle)) if *owner == process => Ok(handle.clone()),
        _ => {
            let handle = start()?;
            *runtime = Some((process, handle.clone()));
            Ok(handle)
        }
    }
}

fn start() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let handle = runtime.handle().clone();
    let run = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("tiepoint-postgis".to_owned()).spawn(run)?;
    Ok(handle)
}

/// Wakes the thread that waits.
struct Alarm {
    thread: Thread,
    rung: AtomicBool,
}

impl Alarm {
    fn new() -> Self {
        Self { thread: std::thread::current(), rung: AtomicBool::new(false) }
    }

    /// Until it rings, or for so long.
    fn sleep(&self, at_most: Option<Duration>) {
        while !self.rung.swap(false, Ordering::Acquire) {
            match at_most {
                None => std::thread::park(),
                Some(duration) => return std::thread::park_timeout(duration),
            }
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    async fn later(ms: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        ms
    }

    #[test]
    fn what_runs_in_the_background_is_waited_for() {
        assert_eq!(run(later(5)).unwrap(), 5);
    }

    #[test]
    fn waiting_works_inside_a_runtime() {
        let runtime = Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(async { run(later(5)).unwrap() }), 5);
    }

    #[test]
    fn waiting_works_in_a_task_that_has_used_up_its_turn() {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let task =
                tokio::spawn(async { (0..2_000).map(|_| run(later(0)).unwrap()).sum::<u64>() });
            assert_eq!(task.await.unwrap(), 0);
        });
    }

    #[test]
    fn a_waiting_stops_when_told() {
        let control = ReadControl::default().time_out(Duration::from_millis(30));
        let began = Instant::now();
        let waited = wait_with(std::future::pending::<()>(), &control);
        assert!(matches!(waited, Err(StoreError::TimedOut { after_ms: 30 })), "{waited:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
        control.stop();
        assert!(matches!(wait_with(later(0), &control), Err(StoreError::Stopped)));
    }
}
