//! Events: what happened to the buffer, told after it did.
use std::collections::VecDeque;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tiepoint_core::{ChangeSet, ChangeSetId};
use tiepoint_store::InsertedFeature;

/// What happened to an edit buffer.
#[derive(Debug, Clone)]
pub enum EditEvent {
    /// A step was made, undone or redone: features say something else now. Where nothing is pending
    /// for a feature any more, what others changed in it shows, too, and is not told of here.
    Changed {
        /// Which of them.
        direction: Direction,
        /// The step's name.
        name: Arc<str>,
        /// What differs from before.
        changes: Arc<ChangeSet>,
    },
    /// What was pending is in the store. What others changed there in other fields of these features
    /// shows from now on.
    Committed {
        /// By which name the store knows it.
        id: ChangeSetId,
        /// What the store says differently.
        written: Arc<ChangeSet>,
        /// What the store calls the features that are new, which had provisional fids.
        inserted: Arc<[InsertedFeature]>,
    },
    /// What was pending is dropped: features say what the store says, which is more than is told
    /// here where others changed them.
    RolledBack {
        /// What of mine is no more.
        changes: Arc<ChangeSet>,
    },
    /// What others committed was taken up beneath what is pending.
    Merged {
        /// What they changed, of features that edits are pending for.
        theirs: Arc<ChangeSet>,
        /// What features say differently here: all of that but where mine stands.
        changes: Arc<ChangeSet>,
    },
    /// Others committed something; only who [follows](crate::Follower) the store hears of it. What
    /// they changed may have been read already, so what it says of after is what counts.
    Beneath {
        /// What they changed; where edits are pending for a feature, what it says here.
        changes: Arc<ChangeSet>,
    },
    /// Layers came or went, or it cannot be told what differs: read again what you rely on.
    Reset,
}

/// Which way a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It was made.
    Done,
    /// It was taken back.
    Undone,
    /// It was made again.
    Redone,
}

/// What a handler may say of an event: that it could not deal with it.
pub type Handled = Result<(), Box<dyn Error + Send + Sync>>;

type Handler<E> = dyn FnMut(&E) -> Handled + Send;

/// Keeps a handler; dropping it ends the hearing.
#[must_use = "the handler hears nothing once this is dropped"]
pub struct Subscription {
    number: u64,
    listeners: Arc<dyn Leave>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.listeners.remove(self.number);
    }
}

/// Those whom a handler may leave, whatever they hear of.
trait Leave: Send + Sync {
    /// No more is told to this one.
    fn remove(&self, number: u64);
}

/// A handler that failed or panicked. What it was told of had happened and stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerFault {
    /// What it said, or what it panicked with.
    pub message: String,
    /// Whether it panicked; it is told nothing any more then.
    pub panicked: bool,
}

/// Those who hear of something, and what they are still to hear.
pub struct Listeners<E> {
    handlers: Mutex<Vec<Listener<E>>>,
    queue: Mutex<Queue<E>>,
    faults: Mutex<Vec<HandlerFault>>,
    next: AtomicU64,
}

struct Listener<E> {
    number: u64,
    /// The first event that it hears.
    since: u64,
    handler: Arc<Mutex<Handler<E>>>,
}

impl<E> Clone for Listener<E> {
    fn clone(&self) -> Self {
        Self { number: self.number, since: self.since, handler: Arc::clone(&self.handler) }
    }
}

struct Queue<E> {
    events: VecDeque<(u64, E)>,
    /// The number of the next event.
    next: u64,
    /// Whether somebody is telling them already.
    being_told: bool,
}

impl<E> Default for Listeners<E> {
    fn default() -> Self {
        let queue = Queue { events: VecDeque::new(), next: 0, being_told: false };
        Self {
            handlers: Mutex::default(),
            queue: Mutex::new(queue),
            faults: Mutex::default(),
            next: AtomicU64::default(),
        }
    }
}

impl<E: Send + 'static> Listeners<E> {
    /// Hears what is queued from now on, and nothing that was before.
    pub fn subscribe(
        self: &Arc<Self>,
        handler: impl FnMut(&E) -> Handled + Send + 'static,
    ) -> Subscription {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let since = lock(&self.queue).next;
        let listener = Listener { number, since, handler: Arc::new(Mutex::new(handler)) };
        lock(&self.handlers).push(listener);
        let listeners: Arc<dyn Leave> = Arc::<Self>::clone(self);
        Subscription { number, listeners }
    }

    /// To be told when it is [delivered](Self::deliver).
    pub fn queue(&self, event: E) {
        let mut queue = lock(&self.queue);
        let number = queue.next;
        queue.next += 1;
        queue.events.push_back((number, event));
    }

    fn is_listening(&self, number: u64) -> bool {
        lock(&self.handlers).iter().any(|it| it.number == number)
    }

    /// The handlers that failed or panicked since this was last asked.
    #[must_use]
    pub fn take_faults(&self) -> Vec<HandlerFault> {
        std::mem::take(&mut lock(&self.faults))
    }

    /// Tells what is queued, in order. Holds no lock while a handler runs: what a handler does
    /// comes after what it was told of, and is told after it, by whoever is telling.
    pub fn deliver(&self) {
        if std::mem::replace(&mut lock(&self.queue).being_told, true) {
            return;
        }
        while let Some((number, event)) = self.next_event() {
            let listeners = lock(&self.handlers).clone();
            for listener in listeners.into_iter().filter(|it| it.since <= number) {
                if self.is_listening(listener.number) {
                    self.tell(&listener, &event);
                }
            }
        }
    }

    fn next_event(&self) -> Option<(u64, E)> {
        let mut queue = lock(&self.queue);
        let event = queue.events.pop_front();
        queue.being_told = event.is_some();
        event
    }

    fn tell(&self, listener: &Listener<E>, event: &E) {
        let told = catch_unwind(AssertUnwindSafe(|| {
            lock(&listener.handler)(event).map_err(|error| error.to_string())
        }));
        let fault = match told {
            Ok(Ok(())) => return,
            Ok(Err(message)) => HandlerFault { message, panicked: false },
            Err(panic) => {
                self.remove(listener.number);
                HandlerFault { message: words_of(&*panic), panicked: true }
            }
        };
        lock(&self.faults).push(fault);
    }
}

impl<E: Send> Leave for Listeners<E> {
    // The handler goes when no lock is held: what it owns may be a subscription, too.
    fn remove(&self, number: u64) {
        let mut handlers = lock(&self.handlers);
        let at = handlers.iter().position(|it| it.number == number);
        let removed = at.map(|at| handlers.remove(at));
        drop(handlers);
        drop(removed);
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|it| (*it).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
