//! Watching a server by snapshots.
//!
//! A look is a transaction that reads: what it sees and the last look did not is new, and it is
//! committed because it is seen. So nothing that commits late is lost, and nothing waits for a
//! transaction that takes long. While all is quiet a look is one small question.
mod compared;
mod headers;
mod layers;
mod line;
mod look;
mod named;
mod place;
mod rows;
mod told;

pub(crate) use named::note;
pub(crate) use place::Place;

use crate::link::Link;
use crate::log;
use crate::store::PostgisStore;
use compared::Compared;
use headers::Header;
use layers::Layer;
use line::Line;
use place::Snapshot;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tiepoint_store::{
    Checkpoint, Lag, Reset, ResetReason, Result, Store as _, Watch, WatchEvent, WatchFrom,
    WatchOptions,
};

/// How long it sleeps between two looks, at first and at most; a look while nothing happens costs
/// the server some 50 µs.
const PAUSES: (Duration, Duration) = (Duration::from_millis(4), Duration::from_millis(100));
/// How many rows are held at once.
const WINDOW: usize = 20_000;
/// For how many windows entries are looked up at once: only which, not what they say.
const WINDOWS: usize = 5;
/// How often making a log anew is tried.
const BETWEEN_MENDS: Duration = Duration::from_secs(1);

/// Whoever watches a database.
pub(crate) struct PgWatch {
    /// Shares its connections with the store that is watched, and is that one to whoever asks.
    store: PostgisStore,
    options: WatchOptions,
    line: Line,
    /// Up to where has been read; what is ready is before it.
    place: Place,
    /// What is being given at present is seen by this.
    until: Option<Snapshot>,
    headers: VecDeque<Header>,
    /// Whether there may be more than these.
    is_cut: bool,
    ready: VecDeque<WatchEvent>,
    /// The transaction of the last event that is ready, where more of it may follow.
    unfinished: Option<String>,
    given: Checkpoint,
    /// The layers that logs tell of, by the numbers of their tables.
    layers: HashMap<u32, Layer>,
    compared: Compared,
    /// What was committed at the last look.
    now: Snapshot,
    /// The numbers of logs whose entries cannot be read: what they tell of is a reset.
    nonsense: HashSet<i32>,
    mended: Option<Instant>,
    window: usize,
}

impl PgWatch {
    pub(crate) fn new(store: PostgisStore, options: &WatchOptions) -> Result<Self> {
        for layer in &options.layers {
            store.layer(layer)?;
        }
        let mut own = Line::new(&store);
        let link = own.take()?;
        let begun = look::begin(&link, &store, options)?;
        own.give_back(link);
        let given = Checkpoint::new(begun.place.to_string());
        let mut watch = Self {
            store,
            options: options.clone(),
            line: own,
            place: begun.place,
            until: None,
            headers: VecDeque::new(),
            is_cut: false,
            ready: VecDeque::new(),
            unfinished: None,
            given,
            layers: begun.layers,
            compared: Compared::default(),
            now: begun.now,
            nonsense: HashSet::new(),
            mended: None,
            window: WINDOW,
        };
        if let Some(reason) = begun.reset {
            watch.tell_reset(None, reason);
        }
        let link = watch.line.take()?;
        watch.compare_by(&link)?;
        watch.line.give_back(link);
        if begun.is_back && begun.reset.is_none() {
            for name in watch.compared.names() {
                watch.tell_reset(Some(name), ResetReason::NoLog);
            }
        }
        Ok(watch)
    }

    /// Holds so few rows at once.
    #[cfg(feature = "testing")]
    pub(crate) fn windowed(mut self, rows: usize) -> Self {
        self.window = rows;
        self
    }

    /// The next event that may be given, where there is one.
    fn pop(&mut self) -> Option<WatchEvent> {
        let is_held = self.ready.len() == 1 && self.unfinished.is_some();
        let event = if is_held { None } else { self.ready.pop_front() }?;
        self.given = event.checkpoint().clone();
        Some(event)
    }

    /// Whether a look is under way of which something is left to be read.
    fn has_more(&self) -> bool {
        self.until.is_some() || self.place.within.is_some()
    }

    fn tell_reset(&mut self, layer: Option<Arc<str>>, reason: ResetReason) {
        let checkpoint = Checkpoint::new(self.place.to_string());
        self.ready.push_back(WatchEvent::Reset(Reset { layer, reason, checkpoint }));
    }

    /// Looks once, and reads as many rows as are held at once.
    fn look(&mut self) -> Result<()> {
        let link = self.line.take()?;
        let mut looked = self.look_by(&link);
        if looked.as_ref().is_err_and(|error| !error.is_lost_connection()) {
            // others may just have altered what was to be read: it is read as it is now
            link.roll_back_unheard();
            self.store.catalogue.forget();
            self.headers.clear();
            looked = self.look_by(&link);
        }
        let looked = looked.and_then(|wrong| self.compare_by(&link).map(|()| wrong));
        match &looked {
            Err(error) if error.is_lost_connection() => self.line.lost(),
            _ => self.line.give_back(link),
        }
        if looked? { self.mend() } else { Ok(()) }
    }

    /// Makes logs anew that are not as they should be, where we may. Others may be in the way: then
    /// it is tried again later.
    fn mend(&mut self) -> Result<()> {
        if self.mended.is_some_and(|at| at.elapsed() < BETWEEN_MENDS) {
            return Ok(());
        }
        self.mended = Some(Instant::now());
        match look::mend(&self.store) {
            Err(error) if error.is_lost_connection() => Err(error),
            _ => Ok(()),
        }
    }

    fn read<T>(&mut self, ask: impl FnOnce(&Self, &Link) -> Result<T>) -> Result<T> {
        let link = self.line.take()?;
        let answer = ask(self, &link);
        match &answer {
            Err(error) if error.is_lost_connection() => self.line.lost(),
            _ => self.line.give_back(link),
        }
        answer
    }
}

impl Watch for PgWatch {
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>> {
        let began = Instant::now();
        let mut pause = PAUSES.0;
        loop {
            if let Some(event) = self.pop() {
                return Ok(Some(event));
            }
            let left = patience.saturating_sub(began.elapsed());
            if let Some(wait) = self.line.pause() {
                if left < wait {
                    thread::sleep(left);
                    return Ok(None);
                }
                thread::sleep(wait);
            }
            self.look()?;
            if self.has_more() || !self.ready.is_empty() {
                continue;
            }
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        self.given.clone()
    }

    fn lag(&mut self) -> Result<Lag> {
        let (waiting, oldest) = self.read(|it, link| {
            let place: Place = it.given.as_str().parse().expect("it is ours");
            let what = "ask how far behind it is";
            if !log::exists(link).map_err(it.store.site.failed(what))? {
                return Ok((0, None));
            }
            let wanted = it.layers.values().filter(|layer| it.options.wants(&layer.name));
            let logs: Vec<i32> = wanted.map(|layer| layer.log.number).collect();
            log::waiting(link, &place, &logs).map_err(it.store.site.failed(what))
        })?;
        let age = |at| SystemTime::now().duration_since(at).unwrap_or_default();
        Ok(Lag { waiting, oldest: oldest.map(age) })
    }

    fn acknowledge(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        match &self.options.name {
            Some(name) => named::keep(&self.store, name, checkpoint),
            None => named::place_of(&self.store, checkpoint).map(drop),
        }
    }
}

/// Where a watcher is to begin.
fn place_from(from: &WatchFrom, kept: Option<Checkpoint>) -> WatchFrom {
    kept.map_or_else(|| from.clone(), WatchFrom::After)
}
