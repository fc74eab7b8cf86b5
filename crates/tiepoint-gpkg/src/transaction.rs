//! A transaction on the file: `BEGIN IMMEDIATE`, so that it never has to be repeated half-way.
use crate::books::GpkgBook;
use crate::connection::Link;
use crate::contents::{self, Touched};
use crate::error::Site;
use crate::metadata::Table;
use crate::natural_keys::{self, Note};
use crate::new_file::{self, NewFile};
use crate::store::GpkgStore;
use crate::write::Writer;
use crate::{create, cursor, drop_layer, log, read, store_id, tie};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{Layer, LayerDefinition, ObjectId, Query};
use tiepoint_store::{
    Book, Carrier, FeatureWriter, Features, LogOptions, NaturalKey, Result, Savepoint, StoreError,
    TieOptions, TieReport, Transaction, Turn, UntieReport, WriteMode,
};

/// The mark within which a step either happens or does not.
const STEP: &str = "tiepoint_step";

pub(crate) struct GpkgTransaction<'s> {
    store: &'s GpkgStore,
    link: Option<Link>,
    new_file: Option<NewFile>,
    touched: BTreeMap<String, Touched>,
    /// How many rows the connection had changed when the transaction began.
    changes_before: u64,
    /// The newest entry of the change log when the transaction began.
    noted_before: i64,
    /// Whether tables were made or altered, which counts as no change of a row.
    redefined: bool,
    /// Whether it is fit for nothing but a rollback.
    broken: bool,
    savepoints: Vec<u32>,
    next_savepoint: u32,
    _turn: Turn<'s>,
}

impl<'s> GpkgTransaction<'s> {
    pub(crate) fn begin(store: &'s GpkgStore) -> Result<Self> {
        let site = store.site();
        let turn = store.turns.take(site.patience).ok_or_else(|| site.locked())?;
        let (new_file, link) = if store.is_to_come() {
            let (new_file, link) = NewFile::make(&store.pool)?;
            (Some(new_file), link)
        } else {
            (None, store.pool.write()?)
        };
        let mut transaction = Self {
            store,
            link: Some(link),
            new_file,
            touched: BTreeMap::new(),
            changes_before: 0,
            noted_before: 0,
            redefined: false,
            broken: false,
            savepoints: Vec::new(),
            next_savepoint: 0,
            _turn: turn,
        };
        transaction.start()?;
        Ok(transaction)
    }

    fn start(&mut self) -> Result<()> {
        let site = self.site();
        let failed = || site.failed("start writing");
        self.connection().execute_batch("BEGIN IMMEDIATE").map_err(failed())?;
        if self.new_file.is_some() {
            let skeleton = new_file::write_skeleton(self.connection());
            skeleton.map_err(self.site().failed("create"))?;
        }
        self.changes_before = self.changes().map_err(failed())?;
        // also the reading of a table that has SQLite see, before any trigger is prepared, that others
        // changed the schema: prepared first, one that opens an R-tree makes it overlook tables
        self.noted_before = log::last(self.connection()).map_err(failed())?;
        let version = self.connection().pragma_query_value(None, "data_version", |row| row.get(0));
        self.link().catalogue.borrow_mut().seen_at(version.map_err(failed())?);
        Ok(())
    }

    fn site(&self) -> &'s Site {
        self.store.site()
    }

    fn link(&self) -> &Link {
        self.link.as_ref().expect("taken only when the transaction ends")
    }

    fn connection(&self) -> &Connection {
        &self.link().connection
    }

    fn table(&self, name: &str) -> Result<Arc<Table>> {
        let link = self.link();
        link.catalogue.borrow_mut().table(&link.connection, self.site(), name)
    }

    fn changes(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT total_changes()";
        let count = self.connection().query_row(sql, [], |row| row.get::<_, i64>(0));
        count.map(i64::unsigned_abs)
    }

    fn usable(&self) -> Result<()> {
        if self.broken {
            let reason = "the transaction was broken off and can only be rolled back";
            return Err(self.site().invalid(reason));
        }
        Ok(())
    }

    /// Runs a step that changes layers: all of it happens, or nothing.
    fn step<T>(&mut self, step: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.usable()?;
        self.redefined = true;
        let run = |sql: String| self.connection().execute_batch(&sql);
        run(format!("SAVEPOINT {STEP}")).map_err(self.site().failed("set a mark"))?;
        let outcome = step(self);
        if outcome.is_err() {
            run(format!("ROLLBACK TO {STEP}")).map_err(self.site().failed("undo a step"))?;
        }
        let released = run(format!("RELEASE {STEP}"));
        self.link().catalogue.borrow_mut().forget();
        released.map_err(self.site().failed("finish a step"))?;
        outcome
    }

    /// Notes a natural key, and nothing else: the layer may be one that cannot be written.
    fn tie_by_key(&mut self, table: &Table, field: &str, namespace: ObjectId) -> Result<TieReport> {
        NaturalKey::check(table.name(), table.layer.schema(), field)?;
        let (table, field) = (table.name().to_owned(), field.to_owned());
        let note = Note { table, field, namespace };
        self.step(|it| {
            let what = format!("tie layer `{}`", note.table);
            natural_keys::note(it.connection(), &note).map_err(it.site().failed(&what))?;
            it.renew_log(&note.table)?;
            natural_keys::tied(it.connection(), it.site(), &*it.table(&note.table)?)
        })
    }

    /// Begins the log of a layer anew, if it has one: its features are known by other ids now.
    fn renew_log(&self, layer: &str) -> Result<()> {
        self.link().catalogue.borrow_mut().forget();
        let renewed = log::renew(self.connection(), &*self.table(layer)?);
        renewed.map_err(self.site().failed(&format!("note the changes of layer `{layer}`")))
    }

    /// Runs one step and commits it.
    pub(crate) fn run<T>(mut self, work: impl FnOnce(&Link) -> Result<T>) -> Result<T> {
        let done = self.step(|it| work(it.link()))?;
        self.record_changes()?;
        self.finish()?;
        Ok(done)
    }

    fn record_changes(&self) -> Result<()> {
        for (layer, touched) in &self.touched {
            let table = match self.table(layer) {
                Ok(table) => table,
                Err(StoreError::LayerNotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let recorded = contents::record(self.connection(), &table, *touched);
            recorded
                .map_err(self.site().failed(&format!("record the change of layer `{layer}`")))?;
        }
        let noted = log::note_commit(self.connection(), self.noted_before, &self.store.token);
        noted.map_err(self.site().failed("note who wrote"))?;
        let changes = self.changes().map_err(self.site().failed("count its changes"))?;
        if self.redefined || changes != self.changes_before {
            let path = self.new_file.as_ref().map_or(&*self.store.pool.path, NewFile::path);
            let claimed = store_id::claim(self.connection(), path);
            claimed.map_err(self.site().failed("record which file it is"))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let site = self.site();
        cursor::make_way(&self.store.pool.path);
        self.connection().execute_batch("COMMIT").map_err(site.failed("commit"))?;
        let Some(link) = self.link.take() else { return Ok(()) };
        match self.new_file.take() {
            Some(new_file) => {
                drop(link);
                new_file.publish(site)?;
                self.store.has_come();
            }
            None => self.store.pool.give_back_writer(link),
        }
        Ok(())
    }
}

impl Drop for GpkgTransaction<'_> {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        link.catalogue.borrow_mut().forget();
        let undone =
            link.connection.is_autocommit() || link.connection.execute_batch("ROLLBACK").is_ok();
        if undone && self.new_file.is_none() {
            self.store.pool.give_back_writer(link);
        }
    }
}

impl Transaction for GpkgTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        let link = self.link();
        link.catalogue.borrow_mut().layers(&link.connection, self.site())
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.table(name).map(|table| Arc::clone(&table.layer))
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        self.usable()?;
        read::read_within(self.link(), self.site(), query)
    }

    fn read_for_update(&self, query: &Query) -> Result<Features<'_>> {
        self.read(query)
    }

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        self.step(|it| create::create_layer(it.connection(), it.site(), definition))?;
        self.touched.entry(definition.name.clone()).or_default().changed = true;
        self.layer(&definition.name)
    }

    fn drop_layer(&mut self, name: &str) -> Result<()> {
        self.table(name)?;
        self.step(|it| drop_layer::drop_layer(it.connection(), it.site(), name))
    }

    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        self.usable()?;
        let (table, site) = (self.table(layer)?, self.site());
        if !self.touched.contains_key(layer) {
            self.touched.insert(layer.to_owned(), Touched::default());
        }
        let touched = self.touched.get_mut(layer).expect("inserted just now");
        let link = self.link.as_ref().expect("taken only when the transaction ends");
        let broken = &mut self.broken;
        Ok(Box::new(Writer::open(&link.connection, site, table, mode, touched, broken)?))
    }

    fn tie(&mut self, layer: &str, options: &TieOptions) -> Result<TieReport> {
        let table = self.table(layer)?;
        if table.layer.is_tied() {
            let is_it = matches!((&options.carrier, &table.tie), (Carrier::Column(column), Some(tie))
                if tie.column.eq_ignore_ascii_case(column));
            if !is_it {
                options.carrier.same_as_before(&self.site().name, &table.layer)?;
            }
            let facts = contents::facts(self.connection(), self.site(), &table)?;
            return Ok(TieReport { kept: facts.count, ..TieReport::default() });
        }
        let (column, bad_ids) = match &options.carrier {
            Carrier::Column(column) => (column, options.bad_ids),
            Carrier::NaturalKey { field, namespace } => {
                return self.tie_by_key(&table, field, *namespace);
            }
        };
        let report = self.step(|it| {
            let report = tie::tie(it.connection(), it.site(), &table, column, bad_ids)?;
            it.renew_log(layer)?;
            Ok(report)
        })?;
        self.touched.entry(layer.to_owned()).or_default().changed = true;
        Ok(report)
    }

    fn install_log(&mut self, layer: &str, options: &LogOptions) -> Result<()> {
        let table = self.table(layer)?;
        self.step(|it| log::install(it.connection(), it.site(), &table, options.keep))
    }

    fn remove_log(&mut self, layer: &str) -> Result<bool> {
        self.table(layer)?;
        let what = format!("note the changes of layer `{layer}` no longer");
        self.step(|it| log::remove(it.connection(), layer).map_err(it.site().failed(&what)))
    }

    fn untie(&mut self, layer: Option<&str>) -> Result<UntieReport> {
        if let Some(layer) = layer {
            self.table(layer)?;
        }
        let notes = natural_keys::all(self.connection()).map_err(self.site().failed("untie"))?;
        let by_key: Vec<String> = notes.into_iter().map(|note| note.table).collect();
        let report = self.step(|it| tie::untie(it.connection(), it.site(), layer))?;
        for layer in report.layers.iter().filter(|it| !by_key.contains(it)) {
            self.touched.entry(layer.clone()).or_default().changed = true;
        }
        Ok(report)
    }

    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>> {
        self.usable()?;
        Ok(Box::new(GpkgBook::new(self.connection(), self.site(), name)))
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.usable()?;
        let mark = self.next_savepoint;
        let sql = format!("SAVEPOINT tiepoint_{mark}");
        self.connection().execute_batch(&sql).map_err(self.site().failed("set a savepoint"))?;
        self.next_savepoint += 1;
        self.savepoints.push(mark);
        Ok(Savepoint(mark))
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let Some(at) = self.savepoints.iter().position(|mark| *mark == savepoint.0) else {
            return Err(self.site().invalid("the savepoint is gone"));
        };
        let sql = format!("ROLLBACK TO tiepoint_{}", savepoint.0);
        self.connection().execute_batch(&sql).map_err(self.site().failed("go back"))?;
        self.savepoints.truncate(at + 1);
        self.broken = false;
        for touched in self.touched.values_mut() {
            touched.shrunk |= touched.changed;
        }
        self.link().catalogue.borrow_mut().forget();
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        self.usable()?;
        if self.connection().is_autocommit() {
            return Err(self.site().invalid("the database has undone the transaction"));
        }
        self.record_changes()?;
        self.finish()
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
