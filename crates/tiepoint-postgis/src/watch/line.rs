//! A watcher's own connection, dialled again when it is lost.
use crate::address::PostgisAddress;
use crate::error::Site;
use crate::link::Link;
use crate::store::PostgisStore;
use std::time::{Duration, Instant};
use tiepoint_store::Result;

/// How long it waits before it dials again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How many entries there are changes faster than the server looks at them, so it would plan for few;
/// how many rows are asked for differs from look to look.
const PLAINLY: &str =
    "SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_custom_plan";

/// A connection outside the pool, as it is in use for as long as somebody watches.
pub(crate) struct Line {
    address: PostgisAddress,
    site: Site,
    link: Option<Link>,
    pause: Duration,
    not_before: Option<Instant>,
}

impl Line {
    pub(crate) fn new(store: &PostgisStore) -> Self {
        let (address, site) = (store.pool.address.clone(), store.site.clone());
        Self { address, site, link: None, pause: PAUSES.0, not_before: None }
    }

    /// How long it had better not dial.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let left = self.not_before?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// The connection; whoever takes it gives it back, or says that it is lost.
    pub(crate) fn take(&mut self) -> Result<Link> {
        if let Some(link) = self.link.take().filter(Link::is_reusable) {
            return Ok(link);
        }
        let dial = || {
            let link = Link::connect(&self.address, &self.site)?;
            link.batch(PLAINLY).map_err(self.site.failed("begin to watch"))?;
            Ok(link)
        };
        let dialled = dial();
        if dialled.is_ok() {
            (self.pause, self.not_before) = (PAUSES.0, None);
        } else {
            self.lost();
        }
        dialled
    }

    pub(crate) fn give_back(&mut self, link: Link) {
        link.roll_back_unheard();
        self.link = Some(link);
    }

    /// It is not dialled again at once.
    pub(crate) fn lost(&mut self) {
        self.not_before = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(PAUSES.1);
    }
}
