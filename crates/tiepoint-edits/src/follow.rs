//! Following a store: what others commit is taken up beneath what is pending, as it happens.
use crate::buffer::EditBuffer;
use crate::error::{EditError, Result};
use crate::events::EditEvent;
use crate::own::OwnCommits;
use crate::state::{Row, State};
use crate::step::Touched;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tiepoint_core::{Change, ChangeSet, FieldChange, Image};
use tiepoint_store::{Changed, Watch, WatchEvent, WatchOptions};

/// One who hears what others commit to the store below a buffer, and has the buffer take it up.
///
/// Where edits are pending for a feature it is [merged](EditBuffer::merge): conflicts wait, and
/// nothing is lost on either side. Subscribers are [told](EditEvent::Beneath) what shows of it, in
/// these features and all others. What the buffer itself committed is no news.
///
/// In layers without a change log, all features that edits are pending for are read again whenever
/// the store may have changed, and subscribers are not told what others took back of the buffer's
/// commits before anybody looked.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Query, Schema};
/// use tiepoint_edits::EditBuffer;
/// use tiepoint_store::{LogOptions, MemoryStore, Store, TransactionOptions};
/// let store = Arc::new(MemoryStore::new());
/// let fields = ["name", "height"].map(|name| Field::new(name, FieldType::TEXT));
/// let schema = Arc::new(Schema::new(fields.to_vec())?);
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// transaction.create_layer(&LayerDefinition::new("trees", schema.clone()))?;
/// transaction.install_log("trees", &LogOptions::default())?;
/// transaction.write("trees", Edit::Insert(Feature::new(schema.clone())))?;
/// transaction.commit()?;
/// let tree = store.read(&Query::layer("trees"))?.next().expect("is there")?;
/// let set = |field: &str, value: &str| -> Result<Edit, Box<dyn std::error::Error>> {
///     let mut change = Feature::new(schema.clone()).with_id(tree.id);
///     change.set(field, value.into())?;
///     Ok(Edit::Update(change))
/// };
///
/// let edits = Arc::new(EditBuffer::over(store.clone()));
/// let mut follower = edits.follow()?;
/// let (name, height) = (set("name", "oak")?, set("height", "tall")?);
/// edits.edit("Name it", |it| it.write("trees", name))?;
/// let mut others = store.begin(TransactionOptions::default())?;
/// others.write("trees", height)?;
/// others.commit()?;
/// follower.catch_up()?;
/// let tree = edits.read(&Query::layer("trees"))?.next().expect("is there")?;
/// assert_eq!(tree.get("name"), Some(&"oak".into()), "which is pending");
/// assert_eq!(tree.get("height"), Some(&"tall".into()), "which is not");
/// assert_eq!(edits.conflicts(), []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Follower {
    buffer: Arc<EditBuffer>,
    watch: Box<dyn Watch>,
    own: Arc<Mutex<OwnCommits>>,
    heard: Waiting,
    /// How fresh the store was when features were last merged that no log tells of.
    merged_at: Option<u64>,
}

/// What came of listening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Nothing new.
    Nothing,
    /// Something that waits until an edit command ends.
    Waits {
        /// The command's name.
        command: String,
    },
    /// One commit, or several, and the buffer has taken it up.
    TakenUp,
}

/// What was heard and is not taken up yet.
#[derive(Debug, Default)]
struct Waiting {
    changes: Vec<Changed>,
    /// Whether everything that is pending is to be merged.
    all: bool,
    /// Whether what happened cannot be known.
    reset: bool,
    /// Layers of which everything that is pending is to be merged: no log tells of them.
    unlogged: BTreeSet<String>,
    /// Whether it can be taken up: a commit is taken up as a whole.
    settled: bool,
}

impl EditBuffer {
    /// Follows what others commit to the store below from now on; see [`Follower`]. What they have
    /// committed before is merged first.
    ///
    /// # Errors
    ///
    /// When the store cannot be watched.
    pub fn follow(self: &Arc<Self>) -> Result<Follower> {
        let watch = self.store().watch(&WatchOptions::from_now())?;
        let own = Arc::default();
        let mut shared = self.lock();
        shared.followers.retain(|it| it.strong_count() > 0);
        shared.followers.push(Arc::downgrade(&own));
        drop(shared);
        let heard = Waiting { all: true, settled: true, ..Waiting::default() };
        Ok(Follower { buffer: Arc::clone(self), watch, own, heard, merged_at: None })
    }
}

impl Follower {
    /// Listens for up to `patience` and has the buffer take up one commit, or what cannot be told
    /// from one. With no patience it takes what can be heard at once.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, the journal not be written, or the turn to write does not
    /// come. What was heard is taken up by a later call then.
    pub fn pump(&mut self, patience: Duration) -> Result<Heard> {
        let deadline = Instant::now().checked_add(patience);
        let committed = lock(&self.own).noted();
        while !self.heard.settled {
            let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            let Some(event) = self.watch.next(left.unwrap_or(patience))? else {
                lock(&self.own).forget_up_to(committed);
                if !self.heard.changes.is_empty() || self.knows_no_more()? {
                    return Ok(Heard::Nothing);
                }
                self.heard.settled = true;
                continue;
            };
            self.heard.add(event);
        }
        self.take_up()
    }

    /// Whether nothing has happened either to features that edits are pending for in layers without
    /// a log: what came and went between two looks is not heard.
    fn knows_no_more(&mut self) -> Result<bool> {
        let fresh = Some(self.buffer.store().freshness()?);
        if self.merged_at == fresh {
            return Ok(true);
        }
        let logged = self.buffer.store().change_log()?.layers;
        let state = self.buffer.state();
        let pending = state.layers().map(|(name, _)| name.to_owned());
        self.heard.unlogged = pending.filter(|name| !logged.contains(name)).collect();
        self.merged_at = fresh;
        Ok(self.heard.unlogged.is_empty())
    }

    /// Has the buffer take up everything that can be heard at once. What waits for the end of an
    /// edit command waits still.
    ///
    /// # Errors
    ///
    /// As [`pump`](Self::pump).
    pub fn catch_up(&mut self) -> Result<()> {
        while self.pump(Duration::ZERO)? == Heard::TakenUp {}
        Ok(())
    }

    fn take_up(&mut self) -> Result<Heard> {
        let buffer = &self.buffer;
        let turn = buffer.settled_turn()?;
        match buffer.refuse_within_command() {
            Err(EditError::CommandOpen { command }) => return Ok(Heard::Waits { command }),
            other => other?,
        }
        let touched = self.heard.touched(&buffer.state());
        if self.heard.all {
            buffer.merge_beneath(None)?;
        } else if !touched.is_empty() {
            buffer.merge_beneath(Some(&touched))?;
        }
        if let Some(event) = self.heard.told(&buffer.state(), &mut lock(&self.own)) {
            let _shared = buffer.lock();
            buffer.listeners.queue(event);
        }
        self.heard = Waiting::default();
        drop(turn);
        buffer.deliver();
        Ok(Heard::TakenUp)
    }

    /// Follows on a thread of its own, until what comes back is dropped.
    #[must_use = "nobody follows once this is dropped"]
    pub fn on_a_thread(mut self) -> Following {
        let ends = Arc::new(AtomicBool::new(false));
        let fault: Arc<Mutex<Option<EditError>>> = Arc::default();
        let (has_ended, told) = (Arc::clone(&ends), Arc::clone(&fault));
        let thread = std::thread::spawn(move || {
            while !has_ended.load(Ordering::Relaxed) {
                match self.pump(SLICE) {
                    Ok(Heard::Nothing | Heard::TakenUp) => {}
                    Ok(Heard::Waits { .. }) => std::thread::sleep(SLICE),
                    Err(error) => {
                        *lock(&told) = Some(error);
                        std::thread::sleep(SLICE);
                    }
                }
            }
        });
        Following { ends, fault, thread: Some(thread) }
    }
}

/// How soon a thread that follows notices that it is to end.
const SLICE: Duration = Duration::from_millis(50);

/// A thread that follows a store; dropping this ends it.
#[derive(Debug)]
pub struct Following {
    ends: Arc<AtomicBool>,
    fault: Arc<Mutex<Option<EditError>>>,
    thread: Option<JoinHandle<()>>,
}

impl Following {
    /// What went wrong last, since this was last asked. It goes on trying.
    #[must_use]
    pub fn fault(&self) -> Option<EditError> {
        lock(&self.fault).take()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let thread =
            self.thread.take().filter(|it| it.thread().id() != std::thread::current().id());
        // a handler that it calls may be the one who drops this
        drop(thread.map(JoinHandle::join));
    }
}

impl Waiting {
    fn add(&mut self, event: WatchEvent) {
        match event {
            WatchEvent::Changed(changed) => {
                self.settled = changed.settled;
                self.changes.push(changed);
            }
            WatchEvent::Reset(_) => (self.all, self.reset, self.settled) = (true, true, true),
        }
    }

    /// The features that changed among those that pending edits are about.
    fn touched(&self, state: &State) -> Touched {
        let mut touched = Touched::new();
        for it in &self.changes {
            if state.layer(&it.layer).is_some_and(|layer| layer.row(&it.target).is_some()) {
                touched.entry(it.layer.to_string()).or_default().insert(it.target.clone());
            }
        }
        for (name, layer) in state.layers().filter(|(name, _)| self.unlogged.contains(*name)) {
            let all = layer.rows().map(|(target, _)| target.clone());
            touched.entry(name.to_owned()).or_default().extend(all);
        }
        touched
    }

    /// What subscribers are told beside what merging tells them; `state` is what is pending after
    /// that.
    fn told(&self, state: &State, own: &mut OwnCommits) -> Option<EditEvent> {
        if self.reset {
            return Some(EditEvent::Reset);
        }
        let mut beneath = ChangeSet::new();
        for it in self.changes.iter().filter(|it| !own.take(it)) {
            let row = state.layer(&it.layer).and_then(|here| here.dirty_row(&it.target));
            let shows = row.map_or_else(|| Some(it.change.clone()), |row| shows(&it.change, row));
            let Some(change) = shows else { continue };
            if beneath.record(&it.layer, &it.fields, it.target.clone(), change).is_err() {
                return Some(EditEvent::Reset);
            }
        }
        (!beneath.is_empty()).then(|| EditEvent::Beneath { changes: Arc::new(beneath) })
    }
}

/// What shows of a change of a feature that edits are pending for: who made them had perhaps read
/// what others heard of only now.
fn shows(change: &Change, row: &Row) -> Option<Change> {
    let now = row.now.as_deref()?;
    match change {
        Change::Insert(_) => Some(Change::Insert(Image::of(now))),
        Change::Update(fields) => {
            let value = |at: usize| now.values().get(at).cloned().flatten();
            let shown =
                fields.iter().map(|it| FieldChange { after: value(it.field), ..it.clone() });
            let shown: Vec<_> = shown.filter(|it| it.before != it.after).collect();
            (!shown.is_empty()).then_some(Change::Update(shown))
        }
        Change::Delete(_) => None,
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { buffer, heard, .. } = self;
        f.debug_struct("Follower")
            .field("buffer", buffer)
            .field("heard", heard)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
