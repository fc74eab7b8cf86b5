//! What happened in a store, as its change logs tell it: followed from their beginning, and taken
//! back to find what was said at an earlier time.
mod past;

pub use past::features_at;

use crate::{Error, Result};
use std::time::{Duration, Instant, SystemTime};
use tiepoint_core::Target;
use tiepoint_store::{Changed, Store, StoreError, Watch, WatchEvent, WatchOptions};

/// How long to wait for what has been committed and cannot be read yet.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a single wait for it is.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Which part of a history is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryOptions {
    /// Of these layers; where there are none, of all that have a log.
    pub layers: Vec<String>,
    /// Of this feature only; by what its store called it at each time, where it is a fid.
    pub target: Option<Target>,
    /// What was made from this moment on.
    pub from: Option<SystemTime>,
    /// What was made before this moment.
    pub until: Option<SystemTime>,
}

/// What happened to the features of a store, as far as its logs go back, up to now.
///
/// Changes come in the order in which they were committed, those of one feature certainly so. A
/// [`Reset`](tiepoint_store::Reset) among them says that of what happened before something may be
/// missing. Costs a reading of the logs from their beginning, and no memory.
///
/// ```
/// use tiepoint::{HistoryOptions, ImportOptions, Source, history, import};
/// use tiepoint::{LogOptions, Store, TransactionOptions, WatchEvent, ChangeTarget, Edit, Fid};
/// # let folder = tempfile::tempdir()?;
/// # let trees = folder.path().join("trees.csv");
/// # std::fs::write(&trees, "name,height\noak,21\nelm,17\n")?;
/// # let store = tiepoint::open_or_create("memory:")?;
/// # let source = Source::parse(trees.to_str().expect("a plain path"))?;
/// # import(&source, &*store, &ImportOptions::default(), &())?;
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// transaction.install_log("trees", &LogOptions::default())?;
/// transaction.commit()?;
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// transaction.write("trees", Edit::Delete(ChangeTarget::Fid(Fid::Int(1))))?;
/// transaction.commit()?;
/// let told: Vec<WatchEvent> = history(&*store, &HistoryOptions::default())?.collect::<Result<_, _>>()?;
/// assert_eq!(told.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::NoLog`] where a layer that is asked for has no log, or none has;
/// [`LayerNotFound`](StoreError::LayerNotFound), and when the store cannot be read.
pub fn history(store: &dyn Store, options: &HistoryOptions) -> Result<History> {
    let layers = logged(store, &options.layers)?;
    let watch = store.watch(&WatchOptions { layers, ..WatchOptions::from_oldest() })?;
    Ok(History { watch, store: store.name().to_owned(), options: options.clone(), failed: false })
}

/// What happened, event by event; ends with the first error.
pub struct History {
    watch: Box<dyn Watch>,
    store: String,
    options: HistoryOptions,
    failed: bool,
}

impl Iterator for History {
    type Item = Result<WatchEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match next_committed(&self.store, &mut *self.watch) {
                Ok(Some(event)) if self.options.wants(&event) => return Some(Ok(event)),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl HistoryOptions {
    fn wants(&self, event: &WatchEvent) -> bool {
        let WatchEvent::Changed(changed) = event else { return true };
        let is_meant = self.target.as_ref().is_none_or(|target| is_of(changed, target));
        let (from, until, at) = (self.from, self.until, changed.at);
        let is_early = at.zip(from).is_some_and(|(at, from)| at < from);
        let is_late = at.zip(until).is_some_and(|(at, until)| at >= until);
        is_meant && !is_early && !is_late
    }
}

/// Whether a change is of that feature.
fn is_of(changed: &Changed, target: &Target) -> bool {
    match target {
        Target::Id(_) => changed.target == *target,
        Target::Fid(fid) => changed.target == *target || changed.fid.as_ref() == Some(fid),
    }
}

/// The layers that are wanted, all with a log; all that have one, where none is named.
fn logged(store: &dyn Store, wanted: &[String]) -> Result<Vec<String>> {
    let logged = store.change_log()?.layers;
    let no_log = |what: String| Error::NoLog { store: store.name().to_owned(), what };
    if wanted.is_empty() && logged.is_empty() {
        return Err(no_log("any layer".to_owned()));
    }
    if wanted.is_empty() {
        return Ok(logged);
    }
    for layer in wanted {
        if !logged.contains(layer) {
            store.layer(layer)?;
            return Err(no_log(format!("layer `{layer}`")));
        }
    }
    Ok(wanted.to_vec())
}

/// The next event of what has been committed by now, `None` when all of it was given.
///
/// [`Watch::next`] with no patience may say `None` while the store is busy; this asks again until
/// nothing [waits](tiepoint_store::Lag::waiting). `store` is its printable name.
///
/// # Errors
///
/// As [`Watch::next`]; [`Locked`](StoreError::Locked) where what waits cannot be read for seconds.
pub fn next_committed(store: &str, watch: &mut dyn Watch) -> Result<Option<WatchEvent>> {
    if let Some(event) = watch.next(Duration::ZERO)? {
        return Ok(Some(event));
    }
    let begun = Instant::now();
    while watch.lag()?.waiting > 0 {
        if let Some(event) = watch.next(BETWEEN_LOOKS)? {
            return Ok(Some(event));
        }
        if begun.elapsed() > PATIENCE {
            let waited_ms = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
            return Err(StoreError::Locked { store: store.to_owned(), waited_ms }.into());
        }
    }
    Ok(None)
}
