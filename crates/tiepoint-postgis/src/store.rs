//! The store itself.
use crate::address::PostgisAddress;
use crate::catalogue::Catalogue;
use crate::create::LONGEST_NAME;
use crate::error::Site;
use crate::lease::Lease;
use crate::pool::Pool;
use crate::transaction::PgTransaction;
use crate::watch::PgWatch;
use crate::{aggregate, explain, facts, log, place, read};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;
use tiepoint_core::{Aggregate, Layer, ObjectId, Query, Value};
use tiepoint_store::{
    Capabilities, ChangeLog, Features, Finding, Isolation, LayerFacts, Plan, ReadControl, Repair,
    Result, Store, Transaction, TransactionOptions, Watch, WatchOptions, aggregate_in_memory,
};

/// How long dropping a store may take while servers are told to break off.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);

/// A PostgreSQL database, with PostGIS where it keeps geometries.
///
/// Tables, views and foreign tables that the role may read are layers; one in another schema than
/// the first goes by `schema.table`. Reading takes a connection of the pool until the last row has
/// come or the features are dropped, and a transaction takes one until it ends.
///
/// ```no_run
/// use tiepoint_core::{Crs, Geometry, Metres, Query, field, place};
/// use tiepoint_postgis::PostgisStore;
/// use tiepoint_store::Store;
///
/// let store = PostgisStore::open("postgres://anna@localhost/gis?schema=city")?;
/// let here = place(Geometry::from_wkt("POINT (24.94 60.17)")?, Crs::CRS84);
/// let near = Query::layer("trees").filter(field("geom").within_distance(here, Metres(500.0)));
/// for tree in store.read(&near)? {
///     println!("{:?}", tree?.get("name"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PostgisStore {
    pub(crate) pool: Arc<Pool>,
    pub(crate) site: Site,
    pub(crate) catalogue: Catalogue,
    /// What transactions of this handle say of themselves to the change log.
    pub(crate) handle: Arc<str>,
}

/// What a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// PostgreSQL's version as it numbers itself: 150018 is 15.18.
    pub postgresql: u32,
    /// PostGIS's version, where it is installed: `3.3.2`.
    pub postgis: Option<String>,
}

impl PostgisStore {
    /// Opens a database by its URL or by libpq's keywords: see [`PostgisAddress::parse`].
    ///
    /// # Errors
    ///
    /// An address that is none, a server that cannot be reached, a role or password that it does
    /// not take, a database that is not there.
    pub fn open(address: &str) -> Result<Self> {
        Self::open_at(PostgisAddress::parse(address)?)
    }

    /// Opens a database at an address.
    ///
    /// # Errors
    ///
    /// As [`PostgisStore::open`].
    pub fn open_at(address: PostgisAddress) -> Result<Self> {
        let site = address.site();
        let catalogue = Catalogue::new(address.schemas());
        let handle = ObjectId::mint().to_string().into();
        let store = Self { pool: Pool::new(address, site.clone()), site, catalogue, handle };
        store.refuse_missing_schemas()?;
        Ok(store)
    }

    fn refuse_missing_schemas(&self) -> Result<()> {
        let lease = self.lease()?;
        let sql = "SELECT name FROM unnest($1::text[]) AS name \
                   WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = name) LIMIT 1";
        let asked = lease.query_opt(sql, &[&self.catalogue.schemas()]);
        let Some(row) = asked.map_err(self.site.failed("look for its schemas"))? else {
            return Ok(());
        };
        let name: &str = row.get(0);
        let what = format!("show schema `{name}`, which is not there");
        Err(self.site.unsupported(what, Some("make it, or name another")))
    }

    /// What the server is, as it said when a connection was made.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had.
    pub fn versions(&self) -> Result<Versions> {
        let lease = self.lease()?;
        let server = lease.server();
        let postgis = server.postgis.as_ref().map(|it| it.full.clone());
        Ok(Versions { postgresql: server.version, postgis })
    }

    /// How many connections of the pool are idle, and how many are in use.
    #[must_use]
    pub fn connections(&self) -> (usize, usize) {
        self.pool.status()
    }

    /// The same handle once more, with what is known of layers of its own.
    fn twin(&self) -> Self {
        Self {
            pool: Arc::clone(&self.pool),
            site: self.site.clone(),
            catalogue: self.catalogue.anew(),
            handle: Arc::clone(&self.handle),
        }
    }

    /// Watches as [`Store::watch`] does, and holds no more than so many rows at once, save that an
    /// entry of the log comes whole.
    ///
    /// # Errors
    ///
    /// As [`Store::watch`].
    #[cfg(feature = "testing")]
    pub fn watch_in_windows(&self, options: &WatchOptions, rows: usize) -> Result<Box<dyn Watch>> {
        Ok(Box::new(PgWatch::new(self.twin(), options)?.windowed(rows)))
    }

    pub(crate) fn lease(&self) -> Result<Lease> {
        self.pool.take()
    }

    /// Asks something of the server, once more where a connection turns out to be lost.
    fn ask<T>(&self, ask: impl Fn(Lease) -> Result<T>) -> Result<T> {
        asked(|| self.lease(), ask)
    }
}

fn asked<T>(lease: impl Fn() -> Result<Lease>, ask: impl Fn(Lease) -> Result<T>) -> Result<T> {
    match ask(lease()?) {
        Err(error) if error.is_lost_connection() => ask(lease()?),
        other => other,
    }
}

/// Waits a moment for servers to hear that nobody waits for a reading any more.
impl Drop for PostgisStore {
    fn drop(&mut self) {
        self.pool.see_off(GOODBYE);
    }
}

impl std::fmt::Debug for PostgisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgisStore").field("name", &self.site.name).finish_non_exhaustive()
    }
}

impl Store for PostgisStore {
    fn name(&self) -> &str {
        &self.site.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            write: true,
            define_layers: true,
            tie: true,
            savepoints: true,
            books: true,
            watch: true,
            isolation: &[
                Isolation::ReadCommitted,
                Isolation::RepeatableRead,
                Isolation::Serializable,
            ],
            curves: true,
            enforces_schema: true,
            check: true,
            minus_zero: true,
            make_valid: true,
            longest_name: Some(LONGEST_NAME),
        }
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let tables = self.ask(|lease| self.catalogue.tables(&lease, &self.site))?;
        Ok(tables.iter().map(|table| Arc::clone(&table.layer)).collect())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        let table = self.ask(|lease| self.catalogue.table(&lease, &self.site, name))?;
        Ok(Arc::clone(&table.layer))
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.ask(|lease| {
            let table = self.catalogue.table(&lease, &self.site, layer)?;
            facts::facts(&lease, &self.site, &table)
        })
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        let lease = || self.pool.take_with(control);
        asked(lease, |lease| read::read_owned(lease, &self.site, &self.catalogue, query, control))
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.ask(|lease| explain::explain(&lease, &self.site, &self.catalogue, query))
    }

    fn aggregate(&self, query: &Query, aggregates: &[Aggregate]) -> Result<Vec<Value>> {
        let found = self.ask(|lease| {
            aggregate::aggregate(&lease, &self.site, &self.catalogue, query, aggregates)
        })?;
        if let Some(values) = found {
            return Ok(values);
        }
        let layer = self.layer(&query.layer)?;
        aggregate_in_memory(&layer, query, aggregates, |query| self.read(query))
    }

    fn place_of(&self, layer: &str) -> Result<Option<String>> {
        self.ask(|lease| {
            let table = self.catalogue.table(&lease, &self.site, layer)?;
            let database = place::database(&lease, &self.site)?;
            Ok(Some(format!("{database}/table {}", table.oid)))
        })
    }

    /// The server's system identifier, the database and the schema that new layers go to, which
    /// is also what layers are named by; so a standby and a copied data folder have the place of
    /// their primary. Where the role may not ask for the system identifier, the host and port
    /// stand for it.
    fn place(&self) -> Result<Option<String>> {
        self.ask(|lease| place::home(&lease, &self.site).map(Some))
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        Ok(Box::new(PgTransaction::begin(self, options)?))
    }

    /// Also differs when somebody has changed another database of the same server.
    fn freshness(&self) -> Result<u64> {
        self.ask(|lease| {
            let row = lease.query_one("SELECT pg_current_snapshot()::text", &[]);
            let row = row.map_err(self.site.failed("ask how fresh it is"))?;
            let mut hasher = DefaultHasher::new();
            row.get::<_, String>(0).hash(&mut hasher);
            Ok(hasher.finish())
        })
    }

    /// By a connection of its own, which looks every 100 ms at most. Of layers of which the role sees
    /// only some rows the log says nothing to it: they are compared. What logical replication brings
    /// is not noted.
    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        Ok(Box::new(PgWatch::new(self.twin(), options)?))
    }

    fn change_log(&self) -> Result<ChangeLog> {
        self.ask(|lease| {
            let names =
                self.catalogue.named(&lease).map_err(self.site.failed("list its layers"))?;
            log::report(&lease, &self.site, &names)
        })
    }

    fn logged_since(&self, layer: &str) -> Result<Option<SystemTime>> {
        self.ask(|lease| {
            let table = self.catalogue.table(&lease, &self.site, layer)?;
            log::since(&lease, &self.site, &table)
        })
    }

    fn check(&self, repair: Repair) -> Result<Vec<Finding>> {
        match repair {
            Repair::No => self.ask(|lease| {
                let tables = self.catalogue.tables(&lease, &self.site)?;
                crate::check::check(&lease, &self.site, &tables, repair)
            }),
            Repair::Yes => PgTransaction::begin(self, TransactionOptions::default())?.check(),
        }
    }
}
