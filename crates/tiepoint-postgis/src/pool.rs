//! The connections of one store: made when needed, lent to one thread at a time, given back.
//!
//! Whoever asks takes a seat first, in the order of asking, and connects outside the lock. A seat
//! is given up exactly once, when its connection is closed or given back; that is all it takes for
//! none to leak. A connection that has been idle is asked for a sign of life before it is lent, so
//! that a server that was restarted meanwhile is not noticed.
use crate::address::{PoolLimits, PostgisAddress};
use crate::error::Site;
use crate::lease::Lease;
use crate::link::Link;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tiepoint_store::{ReadControl, Result, StoreError};

/// After how long idle a connection is asked whether it still works.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How long a waiting that can be stopped sleeps at most before it looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// All connections to one server, as one store handle has them.
pub(crate) struct Pool {
    pub(crate) site: Site,
    pub(crate) address: PostgisAddress,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The one used last is at the end.
    idle: Vec<Idle>,
    /// How many seats are taken: connections that are idle, lent, being made or being cleared.
    seats: usize,
    /// Connections whose server is being told to break off.
    leaving: usize,
    /// Who waits, first come first.
    queue: VecDeque<u64>,
    next_ticket: u64,
}

struct Idle {
    link: Link,
    since: Instant,
}

/// The right to one connection, given up when dropped.
pub(crate) struct Seat {
    pool: Option<Arc<Pool>>,
}

/// Says that a server is being told to break off what nobody waits for, until it is dropped.
pub(crate) struct Leaving(Arc<Pool>);

impl Pool {
    pub(crate) fn new(address: PostgisAddress, site: Site) -> Arc<Self> {
        Arc::new(Self { site, address, state: Mutex::default(), changed: Condvar::new() })
    }

    pub(crate) fn take(self: &Arc<Self>) -> Result<Lease> {
        self.take_unless(None)
    }

    /// The same, until the control says stop.
    pub(crate) fn take_with(self: &Arc<Self>, control: &ReadControl) -> Result<Lease> {
        self.take_unless(Some(control))
    }

    /// Waits until servers have been told to break off what nobody waits for, but not for long: a
    /// program that ends would not tell them any more, and they would go on.
    pub(crate) fn see_off(&self, patience: Duration) {
        let left = |state: &mut State| state.leaving > 0;
        let waited = self.changed.wait_timeout_while(self.state(), patience, left);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// How many connections are idle and not known to be dead, and how many are not idle.
    pub(crate) fn status(&self) -> (usize, usize) {
        let state = self.state();
        let alive = state.idle.iter().filter(|idle| !idle.link.is_closed()).count();
        (alive, state.seats - state.idle.len())
    }

    fn take_unless(self: &Arc<Self>, control: Option<&ReadControl>) -> Result<Lease> {
        let (seat, kept) = self.take_seat(control)?;
        if let Some(link) = kept.and_then(|idle| self.still_good(idle)) {
            return Ok(Lease::new(link, seat));
        }
        Ok(Lease::new(Link::connect(&self.address, &self.site)?, seat))
    }

    /// A seat, and the connection that was idle on it, if one was.
    fn take_seat(self: &Arc<Self>, control: Option<&ReadControl>) -> Result<(Seat, Option<Idle>)> {
        let began = Instant::now();
        let mut state = self.state();
        let ticket = state.queue_up();
        loop {
            if state.is_turn_of(ticket, self.most()) {
                let kept = state.sit_down();
                // the next in the queue may find a seat as well
                self.changed.notify_all();
                return Ok((Seat { pool: Some(Arc::clone(self)) }, kept));
            }
            if let Err(error) = self.may_wait(began, control) {
                state.queue.retain(|queued| *queued != ticket);
                self.changed.notify_all();
                return Err(error);
            }
            let left = self.limits().timeout.saturating_sub(began.elapsed());
            let pause = if control.is_some() { left.min(BETWEEN_LOOKS) } else { left };
            let waited = self.changed.wait_timeout(state, pause);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn may_wait(&self, began: Instant, control: Option<&ReadControl>) -> Result<()> {
        if let Some(control) = control {
            control.check()?;
        }
        let waited = began.elapsed();
        if waited < self.limits().timeout {
            return Ok(());
        }
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let (store, connections) = (self.site.name.clone(), self.most());
        Err(StoreError::PoolExhausted { store, connections, waited_ms })
    }

    /// The connection, unless it has died or aged. Another is then made in its place.
    fn still_good(&self, idle: Idle) -> Option<Link> {
        let link = Some(idle.link).filter(|link| self.may_keep(link))?;
        let is_fresh = idle.since.elapsed() < TRUSTED_FOR;
        (is_fresh || link.is_alive()).then_some(link)
    }

    fn may_keep(&self, link: &Link) -> bool {
        link.is_reusable() && link.born().elapsed() < self.limits().lifetime
    }

    fn most(&self) -> usize {
        self.limits().size + self.limits().overflow
    }

    fn limits(&self) -> &PoolLimits {
        &self.address.pool
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queue_up(&mut self) -> u64 {
        self.next_ticket += 1;
        self.queue.push_back(self.next_ticket);
        self.next_ticket
    }

    fn is_turn_of(&self, ticket: u64, most: usize) -> bool {
        let has_seat = !self.idle.is_empty() || self.seats < most;
        has_seat && self.queue.front() == Some(&ticket)
    }

    /// Takes the seat that there is, with the connection on it, if one is.
    fn sit_down(&mut self) -> Option<Idle> {
        self.queue.pop_front();
        let kept = self.idle.pop();
        if kept.is_none() {
            self.seats += 1;
        }
        kept
    }
}

impl Seat {
    pub(crate) fn leaving(&self) -> Option<Leaving> {
        let pool = self.pool.clone()?;
        pool.state().leaving += 1;
        Some(Leaving(pool))
    }

    /// Gives the seat up and leaves the connection on it, if that is worth keeping.
    pub(crate) fn give_back(mut self, link: Link) {
        let Some(pool) = &self.pool else { return };
        if !pool.may_keep(&link) {
            return;
        }
        let mut state = pool.state();
        // what is above the usual size was for the moment
        if state.seats > pool.limits().size {
            return;
        }
        state.idle.push(Idle { link, since: Instant::now() });
        pool.changed.notify_all();
        drop(state);
        self.pool = None;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.state().leaving -= 1;
        self.0.changed.notify_all();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.state().seats -= 1;
            pool.changed.notify_all();
        }
    }
}
