//! The store itself.
use crate::connection::{Lease, Pool};
use crate::error::Site;
use crate::freshness::Freshness;
use crate::place::FileIdentity;
use crate::read_transaction::ReadTransaction;
use crate::transaction::GpkgTransaction;
use crate::watch::Watcher;
use crate::{aggregate, check, contents, explain, log, read, recognise};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tiepoint_core::{Aggregate, Layer, ObjectId, Query, Value};
use tiepoint_store::{
    Capabilities, ChangeLog, Features, Finding, Isolation, LayerFacts, Plan, ReadControl, Repair,
    Result, Store, StoreError, Transaction, TransactionOptions, Turns, Watch, WatchOptions,
    aggregate_in_memory,
};

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// Refuses every transaction.
    pub read_only: bool,
    /// How long to wait for other programs that hold the file, in milliseconds.
    pub busy_timeout_ms: u64,
    /// How many rows a watcher reads from the change log at once, which bounds the memory that it
    /// takes.
    pub watched_rows: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { read_only: false, busy_timeout_ms: 5_000, watched_rows: 20_000 }
    }
}

/// A GeoPackage file (OGC 12-128r19).
///
/// Reading never changes the file, and leaves no other file beside it. Watching neither, but for one
/// case: where another program has taken away or outdated the triggers of a change log, and the
/// handle may write, they are made anew. Writing keeps the file in
/// the journal mode that it has; new files are single files (`DELETE`), which every program opens
/// as they are. In that mode a transaction waits at its commit for other programs that are reading;
/// readings of this process make way by themselves.
///
/// **Inside a process where another copy of SQLite has the file open, opening it here can corrupt
/// it** (sqlite.org/howtocorrupt.html, section 2.2.1): link the same SQLite there, by building
/// without the feature `bundled`.
///
/// ```
/// use tiepoint_core::{Edit, Feature, Field, FieldType, LayerDefinition, Query, Schema};
/// use tiepoint_gpkg::GpkgStore;
/// use tiepoint_store::{Store, TransactionOptions};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("trees.gpkg");
/// let store = GpkgStore::create(&path)?;
/// let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)])?;
/// let mut transaction = store.begin(TransactionOptions::default())?;
/// let layer = transaction.create_layer(&LayerDefinition::new("trees", schema))?;
/// let mut oak = Feature::new(layer.schema().clone());
/// oak.set("name", "oak".into())?;
/// transaction.write("trees", Edit::Insert(oak))?;
/// assert!(!path.exists(), "nothing shows before the first commit");
/// transaction.commit()?;
/// assert_eq!(GpkgStore::open(&path)?.read(&Query::layer("trees"))?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GpkgStore {
    pub(crate) pool: Arc<Pool>,
    pub(crate) turns: Turns,
    freshness: Freshness,
    options: OpenOptions,
    /// Whether the file is made by the first transaction that commits.
    to_come: Arc<AtomicBool>,
    /// What the log calls this handle.
    pub(crate) token: Arc<str>,
}

impl GpkgStore {
    /// Opens a file that is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::StoreNotFound`]; [`StoreError::Foreign`] for anything but a GeoPackage 1.x,
    /// saying what it is; [`StoreError::Corrupt`] for one that was cut off; and when it cannot be
    /// read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, OpenOptions::default())
    }

    /// Opens a file that is there, in a certain way.
    ///
    /// # Errors
    ///
    /// As [`GpkgStore::open`].
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self> {
        let store = Self::new(path.as_ref(), options, false);
        let (site, path) = (store.site(), &store.pool.path);
        match std::fs::metadata(path) {
            Err(reason) if reason.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::StoreNotFound { store: site.name.clone() });
            }
            Err(reason) => return Err(site.io("open", reason)),
            Ok(metadata) if metadata.is_dir() => return Err(site.foreign("a folder")),
            Ok(metadata) if metadata.len() == 0 => return Err(site.foreign("an empty file")),
            Ok(_) => {}
        }
        let lease = store.pool.read().map_err(|error| match error {
            StoreError::Foreign { .. } => site.foreign(recognise::kind_of_file(path)),
            other => other,
        })?;
        recognise::check(lease.connection(), site, path)?;
        drop(lease);
        Ok(store)
    }

    /// A new file. It shows when the first transaction commits, and not before; until then the
    /// store has no layers.
    ///
    /// # Errors
    ///
    /// [`StoreError::StoreExists`], now or at the first commit.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let store = Self::new(path.as_ref(), OpenOptions::default(), true);
        match store.pool.path.symlink_metadata() {
            Ok(_) => Err(StoreError::StoreExists { store: store.site().name.clone() }),
            Err(_) => Ok(store),
        }
    }

    /// Opens a file, or a new one where there is none.
    ///
    /// # Errors
    ///
    /// As [`GpkgStore::open`] and [`GpkgStore::create`].
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self> {
        match Self::open(&path) {
            Err(StoreError::StoreNotFound { .. }) => Self::create(path),
            other => other,
        }
    }

    /// Which store this is: the same after every write and rename, another in every copy from its
    /// first write on. `None` while nothing of ours is in the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn store_id(&self) -> Result<Option<String>> {
        let Some(lease) = self.reading()? else { return Ok(None) };
        let id = crate::store_id::read(lease.connection());
        id.map_err(self.site().failed("read which store it is"))
    }

    /// The same handle once more, for a watcher to keep.
    fn sibling(&self) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            turns: Turns::default(),
            freshness: Freshness::default(),
            options: self.options,
            to_come: Arc::clone(&self.to_come),
            token: Arc::clone(&self.token),
        }
    }

    /// How it was opened.
    pub(crate) fn options(&self) -> &OpenOptions {
        &self.options
    }

    /// Opens a transaction, unless the store was opened for reading only.
    pub(crate) fn write(&self) -> Result<GpkgTransaction<'_>> {
        if self.options.read_only {
            return Err(self.site().read_only("it was opened for reading only"));
        }
        GpkgTransaction::begin(self)
    }

    pub(crate) fn site(&self) -> &Site {
        &self.pool.site
    }

    pub(crate) fn is_to_come(&self) -> bool {
        self.to_come.load(Ordering::Acquire)
    }

    pub(crate) fn has_come(&self) {
        self.to_come.store(false, Ordering::Release);
    }

    fn new(path: &Path, options: OpenOptions, to_come: bool) -> Self {
        let patience = Duration::from_millis(options.busy_timeout_ms);
        let site = Site { name: path.display().to_string(), patience };
        Self {
            pool: Arc::new(Pool::new(site, resolved(path))),
            turns: Turns::default(),
            freshness: Freshness::default(),
            options,
            to_come: Arc::new(AtomicBool::new(to_come)),
            token: ObjectId::mint().to_string().into(),
        }
    }

    /// A connection to read from, or `None` while there is no file.
    pub(crate) fn reading(&self) -> Result<Option<Lease>> {
        if self.is_to_come() { Ok(None) } else { self.pool.read().map(Some) }
    }

    fn reading_layer(&self, layer: &str) -> Result<Lease> {
        self.reading()?.ok_or_else(|| self.site().layer_not_found(layer, []))
    }
}

/// The one path that all handles on a file agree on.
fn resolved(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let in_folder = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_path_buf())
}

impl Store for GpkgStore {
    fn name(&self) -> &str {
        &self.pool.site.name
    }

    fn capabilities(&self) -> Capabilities {
        let writes = !self.options.read_only;
        Capabilities {
            write: writes,
            define_layers: writes,
            tie: writes,
            savepoints: writes,
            books: writes,
            watch: true,
            isolation: if writes {
                &[Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable]
            } else {
                &[]
            },
            curves: true,
            enforces_schema: true,
            check: true,
            minus_zero: false,
            make_valid: false,
            longest_name: None,
        }
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let Some(lease) = self.reading()? else { return Ok(Vec::new()) };
        let link = lease.link();
        link.catalogue.borrow_mut().layers(&link.connection, self.site())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        let lease = self.reading_layer(name)?;
        let link = lease.link();
        let table = link.catalogue.borrow_mut().table(&link.connection, self.site(), name)?;
        Ok(Arc::clone(&table.layer))
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        let lease = self.reading_layer(layer)?;
        let link = lease.link();
        let table = link.catalogue.borrow_mut().table(&link.connection, self.site(), layer)?;
        contents::facts(&link.connection, self.site(), &table)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        read::read_owned(self.reading_layer(&query.layer)?, &self.pool.path, query, control)
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        explain::explain(&self.reading_layer(&query.layer)?, query)
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        let lease = self.reading_layer(&query.layer)?;
        let found = aggregate::aggregate(lease.link(), self.site(), query, aggregates)?;
        drop(lease);
        let Some(values) = found else {
            let layer = self.layer(&query.layer)?;
            return aggregate_in_memory(&layer, query, aggregates, |query| self.read(query));
        };
        Ok(values)
    }

    /// The file itself: the same after every write and rename, also within its disk; another for
    /// every copy, and for a file that took its place. Independent of [`GpkgStore::store_id`],
    /// which comes with what is ours, while a place must be there before. `None` while there is no
    /// file.
    fn place(&self) -> Result<Option<String>> {
        Ok(FileIdentity::of(&self.pool.path).map(|it| format!("file:{}", it.as_str())))
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        if options.read_only {
            return Ok(Box::new(ReadTransaction::begin(self, self.reading()?)));
        }
        Ok(Box::new(self.write()?))
    }

    fn freshness(&self) -> Result<u64> {
        if self.is_to_come() { Ok(0) } else { self.freshness.token(&self.pool) }
    }

    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        Ok(Box::new(Watcher::open_on(self.sibling(), options)?))
    }

    fn change_log(&self) -> Result<ChangeLog> {
        let Some(lease) = self.reading()? else { return Ok(ChangeLog::default()) };
        log::report(lease.connection()).map_err(self.site().failed("read the change log"))
    }

    fn logged_since(&self, layer: &str) -> Result<Option<SystemTime>> {
        let Some(lease) = self.reading()? else { return Ok(None) };
        log::since(lease.connection(), layer).map_err(self.site().failed("read the change log"))
    }

    fn check(&self, repair: Repair) -> Result<Vec<Finding>> {
        if self.is_to_come() {
            return Ok(Vec::new());
        }
        check::check(self, repair)
    }
}
