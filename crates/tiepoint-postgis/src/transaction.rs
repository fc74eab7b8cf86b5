//! A transaction on the server.
use crate::analyze::Changed;
use crate::catalogue::Catalogue;
use crate::error::Failure;
use crate::error::Site;
use crate::lease::Lease;
use crate::link::Link;
use crate::metadata::{Relation, Table};
use crate::spelling::quoted;
use crate::store::PostgisStore;
use crate::watch::Place;
use crate::write::Writer;
use crate::{books, check, commit, create, log, read, side, tie, watch};
use std::cell::Cell;
use std::sync::Arc;
use tiepoint_core::{FieldType, Layer, LayerDefinition, Query};
use tiepoint_store::{
    Book, FeatureWriter, Features, Finding, Isolation, LogOptions, Repair, Result, Savepoint,
    TieOptions, TieReport, Transaction, TransactionOptions, UntieReport, WriteMode,
};

/// The mark within which a step either happens or does not.
const STEP: &str = "tiepoint_step";

pub(crate) struct PgTransaction<'s> {
    store: &'s PostgisStore,
    lease: Lease,
    /// What this transaction sees, which others may not.
    catalogue: Catalogue,
    changed: Changed,
    /// Whether it is fit for nothing but a rollback.
    broken: bool,
    savepoints: Vec<u32>,
    next_savepoint: u32,
    next_cursor: Cell<u64>,
}

impl<'s> PgTransaction<'s> {
    pub(crate) fn begin(store: &'s PostgisStore, options: TransactionOptions) -> Result<Self> {
        let begin = |lease: Lease| -> Result<Lease> {
            let failed = || store.site.failed("begin a transaction");
            lease.batch(&begin_sql(options)).map_err(failed())?;
            let handle = &store.handle;
            lease
                .batch(&format!(
                    "SET LOCAL tiepoint.writer = 'on'; SET LOCAL tiepoint.handle = '{handle}'"
                ))
                .map_err(failed())?;
            Ok(lease)
        };
        let lease = match begin(store.lease()?) {
            Err(error) if error.is_lost_connection() => begin(store.lease()?),
            other => other,
        }?;
        Ok(Self {
            store,
            lease,
            catalogue: store.catalogue.anew(),
            changed: Changed::default(),
            broken: false,
            savepoints: Vec::new(),
            next_savepoint: 0,
            next_cursor: Cell::new(0),
        })
    }

    fn site(&self) -> &'s Site {
        &self.store.site
    }

    fn link(&self) -> &Link {
        &self.lease
    }

    fn table(&self, name: &str) -> Result<Arc<Table>> {
        self.catalogue.table(self.link(), self.site(), name)
    }

    fn usable(&self) -> Result<()> {
        if self.broken {
            let reason = "the transaction was broken off and can only be rolled back";
            return Err(self.site().invalid(reason));
        }
        Ok(())
    }

    fn new_cursor(&self) -> u64 {
        self.next_cursor.replace(self.next_cursor.get() + 1)
    }

    /// Runs a step that changes layers: all of it happens, or nothing.
    fn step<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.usable()?;
        let site = self.site();
        self.link().batch(&format!("SAVEPOINT {STEP}")).map_err(site.failed("set a mark"))?;
        self.changed.forget();
        let outcome = step(self);
        let end = match outcome {
            Ok(_) => format!("RELEASE {STEP}"),
            Err(_) => format!("ROLLBACK TO {STEP}"),
        };
        let ended = self.link().batch(&end);
        self.link().forget_statements();
        self.catalogue.forget();
        self.broken |= ended.is_err();
        match (outcome, ended) {
            (Ok(_), Err(failure)) => Err(site.driver_error(failure, "finish a step")),
            (outcome, _) => outcome,
        }
    }

    /// Makes the log of a layer anew, where something is wrong with it.
    pub(crate) fn mend_log(&mut self, table: &Table) -> Result<()> {
        self.step(|it| log::mend(it.link(), it.site(), table))
    }

    /// Keeps where a watcher has got to.
    pub(crate) fn keep_watcher(&mut self, name: &str, place: &Place) -> Result<()> {
        self.step(|it| {
            log::prepare(it.link(), it.site())?;
            let noted = watch::note(it.link(), name, place);
            noted.map_err(it.site().failed(&format!("keep where watcher `{name}` has got to")))
        })
    }

    /// Looks for what is wrong, mends it and commits.
    pub(crate) fn check(mut self) -> Result<Vec<Finding>> {
        let findings = self.step(|it| {
            let tables = it.catalogue.tables(it.link(), it.site())?;
            check::check(it.link(), it.site(), &tables, Repair::Yes)
        })?;
        Box::new(self).commit()?;
        Ok(findings)
    }
}

fn begin_sql(options: TransactionOptions) -> String {
    let mut sql = "BEGIN".to_owned();
    if let Some(isolation) = options.isolation {
        sql.push_str(match isolation {
            Isolation::ReadCommitted => " ISOLATION LEVEL READ COMMITTED",
            Isolation::RepeatableRead => " ISOLATION LEVEL REPEATABLE READ",
            Isolation::Serializable => " ISOLATION LEVEL SERIALIZABLE",
        });
    }
    if options.read_only {
        sql.push_str(" READ ONLY");
    }
    if options.deferrable {
        sql.push_str(" DEFERRABLE");
    }
    sql
}

impl Transaction for PgTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let tables = self.catalogue.tables(self.link(), self.site())?;
        Ok(tables.iter().map(|table| Arc::clone(&table.layer)).collect())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.table(name).map(|table| Arc::clone(&table.layer))
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        self.usable()?;
        read::read_within(self.link(), self.site(), &self.catalogue, query, self.new_cursor())
    }

    /// By `SELECT … FOR UPDATE`: rows are held as the features are taken, 1,024 at a time.
    fn read_for_update(&self, query: &Query) -> Result<Features<'_>> {
        self.usable()?;
        read::read_held(self.link(), self.site(), &self.catalogue, query, self.new_cursor())
    }

    fn nearest_type(&self, ty: &FieldType) -> FieldType {
        crate::kind::nearest_type(ty)
    }

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        self.step(|it| {
            create::ensure_postgis(&mut it.lease, it.store, definition)?;
            create::create_layer(it.link(), it.site(), &it.catalogue, definition)
        })?;
        self.layer(&definition.name)
    }

    fn drop_layer(&mut self, name: &str) -> Result<()> {
        let table = self.table(name)?;
        let sql = format!(
            "DROP {} {}.{}",
            match table.relation {
                Relation::Table | Relation::Partitioned => "TABLE",
                Relation::View => "VIEW",
                Relation::MaterializedView => "MATERIALIZED VIEW",
                Relation::Foreign => "FOREIGN TABLE",
            },
            quoted(&table.schema),
            quoted(&table.name)
        );
        self.step(|it| {
            let what = format!("drop layer `{name}`");
            tie::untie(it.link(), it.site(), std::slice::from_ref(&table), Some(name))?;
            side::forget_layer(it.link(), table.oid).map_err(it.site().failed(&what))?;
            it.link().batch(&sql).map_err(it.site().failed(&what))
        })
    }

    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        self.usable()?;
        let table = self.table(layer)?;
        let (link, site): (&Link, &Site) = (&self.lease, &self.store.site);
        Ok(Box::new(Writer::open(link, site, table, mode, &self.changed, &mut self.broken)?))
    }

    fn tie(&mut self, layer: &str, options: &TieOptions) -> Result<TieReport> {
        let table = self.table(layer)?;
        self.step(|it| {
            let report = tie::tie(it.link(), it.site(), &it.catalogue, &table, options)?;
            log::follow(it.link(), it.site(), &it.catalogue, layer)?;
            Ok(report)
        })
    }

    fn install_log(&mut self, layer: &str, options: &LogOptions) -> Result<()> {
        let table = self.table(layer)?;
        let named = self.catalogue.named(self.link());
        let named = named.map_err(self.site().failed("list its layers"))?;
        let layers: Vec<u32> = named.into_keys().collect();
        self.step(|it| log::install(it.link(), it.site(), &table, options.keep, &layers))
    }

    fn remove_log(&mut self, layer: &str) -> Result<bool> {
        let table = self.table(layer)?;
        let what = format!("note changes of layer `{layer}` no longer");
        self.step(|it| log::remove(it.link(), table.oid).map_err(it.site().failed(&what)))
    }

    fn untie(&mut self, layer: Option<&str>) -> Result<UntieReport> {
        let tables = match layer {
            Some(layer) => vec![self.table(layer)?],
            None => self.catalogue.tables(self.link(), self.site())?,
        };
        self.step(|it| tie::untie(it.link(), it.site(), &tables, layer))
    }

    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>> {
        self.usable()?;
        Ok(Box::new(books::PgBook::new(&self.lease, &self.store.site, name)))
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.usable()?;
        let number = self.next_savepoint;
        self.next_savepoint += 1;
        let set = self.link().batch(&format!("SAVEPOINT tiepoint_{number}"));
        set.map_err(self.site().failed("set a mark"))?;
        self.savepoints.push(number);
        Ok(Savepoint(number))
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let Some(at) = self.savepoints.iter().position(|number| *number == savepoint.0) else {
            return Err(self.site().invalid("there is no such mark to go back to"));
        };
        let sql = format!("ROLLBACK TO SAVEPOINT tiepoint_{}", savepoint.0);
        self.link().batch(&sql).map_err(self.site().failed("go back to a mark"))?;
        self.savepoints.truncate(at + 1);
        self.broken = false;
        self.changed.forget();
        self.link().forget_statements();
        self.catalogue.forget();
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        self.usable()?;
        self.changed.tell(self.link()).map_err(self.site().failed("analyze its layers"))?;
        let (store, lease) = (self.store, self.lease);
        let committed = commit::commit(lease, &store.site, || store.lease());
        store.catalogue.forget();
        committed
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        self.lease.batch("ROLLBACK").map_err(self.site().failed("roll back"))
    }
}

/// Runs something within a mark of its own: when it fails, the transaction is as it was before.
pub(crate) fn marked<'l, T>(
    link: &'l Link,
    run: impl FnOnce(&'l Link) -> Result<T, Failure>,
) -> Result<T, Failure> {
    link.batch("SAVEPOINT tiepoint_row")?;
    let outcome = run(link);
    link.batch(if outcome.is_ok() {
        "RELEASE tiepoint_row"
    } else {
        "ROLLBACK TO tiepoint_row; RELEASE tiepoint_row"
    })?;
    outcome
}
