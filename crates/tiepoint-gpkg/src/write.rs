//! Writing features: one statement per set of columns, kept ready from row to row.
use crate::bounds::Bounds;
use crate::bulk::Bulk;
use crate::contents::Touched;
use crate::create::register_kind;
use crate::dialect::quoted;
use crate::error::{Site, is_constraint, is_taken_fid, words};
use crate::metadata::Table;
use crate::natural_keys::RowsById;
use crate::types;
use crate::values::{Binder, decode};
use rusqlite::types::Null;
use rusqlite::{Connection, OptionalExtension, Statement, ToSql};
use std::sync::Arc;
use tiepoint_core::{Edit, Feature, FeatureError, Fid, Mismatch, ObjectId, Target, Value};
use tiepoint_store::{
    FeatureLabel, FeatureWriter, Result, StoreError, WriteMode, Written, accepted_values, unset,
    with_defaults,
};

/// So many statements that set other fields are kept ready.
const MOST_UPDATES: usize = 32;

/// A layer opened for writing within a transaction.
pub(crate) struct Writer<'t> {
    connection: &'t Connection,
    site: &'t Site,
    table: Arc<Table>,
    touched: &'t mut Touched,
    /// Whether the transaction is fit for nothing but a rollback.
    broken: &'t mut bool,
    bulk: Option<Bulk>,
    inserts: Vec<(Vec<usize>, Statement<'t>)>,
    /// By the fields that they set.
    updates: Vec<(Vec<usize>, Statement<'t>)>,
    binder: Binder,
    /// The rows by the ids that their keys name; read when first needed.
    named: Option<RowsById>,
    /// Which kinds beyond the core ones have been declared, by their codes.
    declared_kinds: u32,
    finished: bool,
}

impl<'t> Writer<'t> {
    pub(crate) fn open(
        connection: &'t Connection,
        site: &'t Site,
        table: Arc<Table>,
        mode: WriteMode,
        touched: &'t mut Touched,
        broken: &'t mut bool,
    ) -> Result<Self> {
        if let Some(reason) = &table.layer.read_only {
            return Err(site.read_only(format!("layer `{}`: {reason}", table.name())));
        }
        let bulk = match mode {
            WriteMode::Rows | WriteMode::Changes => None,
            WriteMode::Bulk => {
                let what = format!("prepare layer `{}` for loading", table.name());
                Some(Bulk::open(connection, &table).map_err(site.failed(&what))?)
            }
        };
        Ok(Self {
            connection,
            site,
            table,
            touched,
            broken,
            finished: bulk.is_none(),
            bulk,
            inserts: Vec::new(),
            updates: Vec::new(),
            binder: Binder::default(),
            named: None,
            declared_kinds: 0,
        })
    }

    /// Sees to it that rows that were loaded are noted before anything else happens to them.
    fn note_rows(&mut self) -> Result<()> {
        let Some(bulk) = &mut self.bulk else { return Ok(()) };
        let noted = bulk.note_rows(self.connection);
        noted.map_err(self.site.failed(&format!("note the rows of `{}`", self.table.name())))
    }

    fn insert(&mut self, feature: Feature) -> Result<Written> {
        let (fid, asked_id) = (self.wanted_fid(&feature)?, feature.id);
        let label = FeatureLabel::of(&feature);
        let values = accepted_values(&self.table.layer, feature)?;
        let left = unset(&values);
        let values = with_defaults(&self.table.layer, values, &label)?;
        self.refuse_what_sqlite_changes(&values, &label)?;
        let id = match &self.table.natural_key {
            Some(key) => key.id_of_new(&self.site.name, &values, asked_id)?,
            None => asked_id,
        };
        let id = self.free_id(id)?;
        let inserted = self.run_insert(fid, id, &values);
        inserted.map_err(|error| self.refused(error, fid, &label))?;
        self.touched.changed = true;
        let fid = self.connection.last_insert_rowid();
        if let Some(bulk) = &mut self.bulk {
            let noted = bulk.count_row(self.connection, fid);
            noted.map_err(self.site.failed(&format!("note a row of `{}`", self.table.name())))?;
        }
        self.note_geometry(&values, Some(fid))?;
        let filled =
            if self.bulk.is_none() { self.filled(fid, &left, &values)? } else { Vec::new() };
        let id = self.named(fid, id)?;
        Ok(Written::Inserted { fid: Fid::Int(fid), id, filled })
    }

    /// What was put into the fields that were left to us: by us, as their defaults say, or by
    /// SQLite.
    fn filled(
        &self,
        fid: i64,
        left: &[usize],
        values: &[Option<Value>],
    ) -> Result<Vec<(usize, Value)>> {
        let by_us = left.iter().filter_map(|at| Some((*at, values[*at].clone()?)));
        let mut filled: Vec<_> = by_us.collect();
        filled.extend(self.computed(fid, &unset(values))?);
        Ok(filled)
    }

    /// What SQLite has put into these fields.
    fn computed(&self, fid: i64, left: &[usize]) -> Result<Vec<(usize, Value)>> {
        let fields = self.table.layer.schema().fields();
        if left.is_empty() {
            return Ok(Vec::new());
        }
        let columns: Vec<String> = left.iter().map(|at| quoted(&fields[*at].name)).collect();
        let (columns, table, key) = (columns.join(", "), self.table.sql(), self.key());
        let sql = format!("SELECT {columns} FROM {table} WHERE {key} = ?1");
        let read = || {
            self.connection.prepare_cached(&sql)?.query_row([fid], |row| {
                let value = |(at, position): (usize, &usize)| {
                    let read = decode(row.get_ref(at)?, &fields[*position].ty);
                    Ok((*position, read.unwrap_or(Value::Null)))
                };
                left.iter().enumerate().map(value).collect()
            })
        };
        let what = format!("read back what was written to layer `{}`", self.table.name());
        read().map_err(self.site.failed(&what))
    }

    /// The id of a new row, which its key may name only now; noted so that it is found.
    fn named(&mut self, fid: i64, id: Option<ObjectId>) -> Result<Option<ObjectId>> {
        if self.table.natural_key.is_none() {
            return Ok(id);
        }
        let id = if id.is_some() { id } else { self.id_of_row(fid)? };
        if let (Some(named), Some(id)) = (&mut self.named, id) {
            named.add(id, fid);
        }
        Ok(id)
    }

    /// The object that the key of a row names.
    fn id_of_row(&self, fid: i64) -> Result<Option<ObjectId>> {
        let Some(key) = &self.table.natural_key else { return Ok(None) };
        let (column, table) = (quoted(key.field()), self.table.sql());
        let sql = format!("SELECT {column} FROM {table} WHERE {} = ?1", self.key());
        let read = || {
            let id = |row: &rusqlite::Row<'_>| Ok(self.table.object_id(row.get_ref(0)?));
            self.connection.prepare_cached(&sql)?.query_row([fid], id).optional()
        };
        let what = format!("search layer `{}`", self.table.name());
        Ok(read().map_err(self.site.failed(&what))?.flatten())
    }

    /// The row whose key names an object. Reads the key of every row once.
    fn row_named(&mut self, id: &ObjectId) -> Result<Option<i64>> {
        let Some(key) = &self.table.natural_key else { return Ok(None) };
        if self.named.is_none() {
            let what = format!("search layer `{}`", self.table.name());
            let rows = RowsById::read(self.connection, &self.table, key);
            self.named = Some(rows.map_err(self.site.failed(&what))?);
        }
        Ok(self.named.as_ref().and_then(|rows| rows.get(id)))
    }

    fn run_insert(
        &mut self,
        fid: Option<i64>,
        id: Option<ObjectId>,
        values: &[Option<Value>],
    ) -> rusqlite::Result<()> {
        let at = self.insert_statement(values)?;
        let statement = &mut self.inserts[at].1;
        statement.raw_bind_parameter(1, fid)?;
        let mut next = 2;
        if self.table.tie.is_some() {
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            let text = id.map(|id| &*id.as_uuid().hyphenated().encode_lower(&mut buffer));
            match text {
                Some(text) => statement.raw_bind_parameter(next, text)?,
                None => statement.raw_bind_parameter(next, Null)?,
            }
            next += 1;
        }
        for (value, srs_id) in values.iter().zip(&self.table.srs_ids) {
            if let Some(value) = value {
                self.binder.bind(statement, next, value, *srs_id)?;
                next += 1;
            }
        }
        statement.raw_execute().map(drop)
    }

    /// The statement that leaves out what SQLite must fill in itself, prepared once.
    fn insert_statement(&mut self, values: &[Option<Value>]) -> rusqlite::Result<usize> {
        let is_for = |omitted: &[usize]| {
            let mut unset = values.iter().enumerate().filter(|(_, it)| it.is_none()).map(|it| it.0);
            omitted.iter().all(|at| unset.next() == Some(*at)) && unset.next().is_none()
        };
        if let Some(at) = self.inserts.iter().position(|(omitted, _)| is_for(omitted)) {
            return Ok(at);
        }
        let fields = self.table.layer.schema().fields().iter().zip(values);
        let named = fields.filter(|(_, value)| value.is_some()).map(|(field, _)| &field.name);
        let mut columns = vec![self.key().to_owned()];
        columns.extend(self.table.tie.as_ref().map(|tie| quoted(&tie.column)));
        columns.extend(named.map(|name| quoted(name)));
        let marks = vec!["?"; columns.len()].join(", ");
        let (table, columns) = (self.table.sql(), columns.join(", "));
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
        let omitted = values.iter().enumerate().filter(|(_, it)| it.is_none()).map(|it| it.0);
        self.inserts.push((omitted.collect(), self.connection.prepare(&sql)?));
        Ok(self.inserts.len() - 1)
    }

    fn update(&mut self, feature: Feature) -> Result<Written> {
        let target = feature.id.map(Target::Id).or_else(|| feature.fid.clone().map(Target::Fid));
        let label = FeatureLabel::of(&feature);
        let values = accepted_values(&self.table.layer, feature)?;
        self.refuse_what_sqlite_changes(&values, &label)?;
        let Some(target) = target else { return Ok(Written::Missing) };
        let Some(fid) = self.row_to_update(&target, &values)? else { return Ok(Written::Missing) };
        if let Some(key) = &self.table.natural_key
            && values[key.position()].is_some()
        {
            key.refuse_change(&self.site.name, self.id_of_row(fid)?, &values)?;
        }
        if values.iter().any(Option::is_some) {
            let updated = self.run_update(fid, &values);
            let rows = updated.map_err(|error| self.refused(error, None, &label))?;
            if rows == 0 && self.find(&target)?.is_none() {
                return Ok(Written::Missing);
            }
            self.touched.changed = true;
            self.note_rewrite(&values)?;
        }
        Ok(Written::Updated)
    }

    /// The row that is meant, if it is there; of one that goes by its fid the update itself tells.
    fn row_to_update(&mut self, target: &Target, values: &[Option<Value>]) -> Result<Option<i64>> {
        let key = self.table.natural_key.as_ref();
        let may_change_key = key.is_some_and(|key| values[key.position()].is_some());
        match target {
            Target::Fid(Fid::Int(fid)) if !may_change_key && values.iter().any(Option::is_some) => {
                Ok(Some(*fid))
            }
            target => self.find(target),
        }
    }

    fn run_update(&mut self, fid: i64, values: &[Option<Value>]) -> rusqlite::Result<usize> {
        let at = self.update_statement(values)?;
        let statement = &mut self.updates[at].1;
        let mut next = 1;
        for (value, srs_id) in values.iter().zip(&self.table.srs_ids) {
            if let Some(value) = value {
                self.binder.bind(statement, next, value, *srs_id)?;
                next += 1;
            }
        }
        statement.raw_bind_parameter(next, fid)?;
        statement.raw_execute()
    }

    /// The statement that sets just these fields, prepared once.
    fn update_statement(&mut self, values: &[Option<Value>]) -> rusqlite::Result<usize> {
        let set = || values.iter().enumerate().filter(|(_, it)| it.is_some()).map(|(at, _)| at);
        if let Some(at) =
            self.updates.iter().position(|(fields, _)| set().eq(fields.iter().copied()))
        {
            return Ok(at);
        }
        if self.updates.len() >= MOST_UPDATES {
            self.updates.clear();
        }
        let fields = self.table.layer.schema().fields();
        let assignments: Vec<String> =
            set().map(|at| format!("{} = ?", quoted(&fields[at].name))).collect();
        let (table, assignments) = (self.table.sql(), assignments.join(", "));
        let sql = format!("UPDATE {table} SET {assignments} WHERE {} = ?", self.key());
        self.updates.push((set().collect(), self.connection.prepare(&sql)?));
        Ok(self.updates.len() - 1)
    }

    fn delete(&mut self, target: &Target) -> Result<Written> {
        let Some(fid) = self.find(target)? else { return Ok(Written::Missing) };
        let named = if self.named.is_some() { self.id_of_row(fid)? } else { None };
        let sql = format!("DELETE FROM {} WHERE {} = ?1", self.table.sql(), self.key());
        let run = |fid: i64| self.connection.prepare_cached(&sql)?.execute([fid]);
        run(fid)
            .map_err(|error| self.refused(error, None, &FeatureLabel::of_row(Fid::Int(fid))))?;
        if let Some(id) = named {
            self.named = self.named.take().and_then(|rows| rows.without(&id));
        }
        (self.touched.changed, self.touched.shrunk) = (true, true);
        if let Some(bulk) = &mut self.bulk {
            bulk.lost_a_row();
        }
        Ok(Written::Deleted)
    }

    /// The row that is meant; of several that share an id, the oldest.
    fn find(&mut self, target: &Target) -> Result<Option<i64>> {
        match (target, &self.table.tie) {
            (Target::Id(id), Some(tie)) => self.find_by(&quoted(&tie.column), &id.to_string()),
            (Target::Fid(Fid::Int(fid)), _) => self.find_by(self.key(), fid),
            (Target::Id(id), None) => self.row_named(id),
            (Target::Fid(Fid::Text(_)), _) => Ok(None),
        }
    }

    fn find_by(&self, column: &str, value: &dyn ToSql) -> Result<Option<i64>> {
        let (key, table) = (self.key(), self.table.sql());
        let sql = format!("SELECT {key} FROM {table} WHERE {column} = ?1 ORDER BY {key} LIMIT 1");
        let find = || {
            self.connection.prepare_cached(&sql)?.query_row([value], |row| row.get(0)).optional()
        };
        find().map_err(|error| {
            self.site.driver_error(error, &format!("search layer `{}`", self.table.name()))
        })
    }

    /// Our own copies are refused, where those of others are given an id by the triggers.
    fn free_id(&mut self, asked: Option<ObjectId>) -> Result<Option<ObjectId>> {
        if self.table.natural_key.is_some() {
            let Some(id) = asked else { return Ok(None) };
            return match self.row_named(&id)? {
                Some(_) => Err(self.taken(id)),
                None => Ok(Some(id)),
            };
        }
        if self.table.tie.is_none() {
            return Ok(None);
        }
        let id = asked.unwrap_or_else(ObjectId::mint);
        let checked_later = self.bulk.as_mut().is_some_and(|bulk| bulk.takes_id(&id));
        if asked.is_some() && !checked_later && self.find(&Target::Id(id))?.is_some() {
            return Err(self.taken(id));
        }
        Ok(Some(id))
    }

    fn taken(&self, id: ObjectId) -> StoreError {
        StoreError::DuplicateId { layer: self.table.name().to_owned(), id }
    }

    fn wanted_fid(&self, feature: &Feature) -> Result<Option<i64>> {
        match &feature.fid {
            None => Ok(None),
            Some(Fid::Int(fid)) if *fid < i64::MAX => Ok(Some(*fid)),
            Some(fid) => {
                let layer = self.table.name();
                let reason = format!("layer `{layer}` numbers its rows, so `{fid}` cannot be one");
                Err(self.site.invalid(reason))
            }
        }
    }

    /// SQLite would store null for NaN, and forget the sign of a zero.
    fn refuse_what_sqlite_changes(
        &self,
        values: &[Option<Value>],
        feature: &FeatureLabel,
    ) -> Result<()> {
        let changed = |value: &Option<Value>| match value {
            Some(Value::Real(number)) if number.is_nan() => Some("NaN"),
            Some(Value::Real(number)) if *number == 0.0 && number.is_sign_negative() => {
                Some("-0.0")
            }
            _ => None,
        };
        let fields = self.table.layer.schema().fields().iter().zip(values);
        let mut refused = fields.filter_map(|(field, value)| Some((field, changed(value)?)));
        let Some((field, found)) = refused.next() else { return Ok(()) };
        let expected = format!("{} that SQLite keeps as it is", field.ty);
        let reason = Mismatch::Type { expected, found };
        let reason = FeatureError::Value { field: field.name.clone(), reason };
        let (layer, feature) = (self.table.name().to_owned(), feature.to_string());
        Err(StoreError::Value { layer, feature, reason })
    }

    fn note_geometry(&mut self, values: &[Option<Value>], fid: Option<i64>) -> Result<()> {
        let Some(column) = &self.table.geometry else { return Ok(()) };
        let geometry = values[column.position].as_ref().and_then(Value::as_geometry);
        let Some(geometry) = geometry else { return Ok(()) };
        let envelope = geometry.envelope();
        self.touched.grow(envelope);
        if let (Some(bulk), Some(fid), Some(envelope)) = (&mut self.bulk, fid, envelope) {
            let added = bulk.add(fid, Bounds::around(&envelope));
            added.map_err(|reason| self.site.io("put the spatial index aside", reason))?;
        }
        self.declare_kind(geometry.kind())
    }

    fn note_rewrite(&mut self, values: &[Option<Value>]) -> Result<()> {
        let Some(column) = &self.table.geometry else { return Ok(()) };
        if values[column.position].is_none() {
            return Ok(());
        }
        self.touched.shrunk = true;
        if let Some(bulk) = &mut self.bulk {
            bulk.lost_a_row();
        }
        self.note_geometry(values, None)
    }

    /// Readers must be told of kinds beyond the core ones.
    fn declare_kind(&mut self, kind: tiepoint_core::GeometryKind) -> Result<()> {
        let bit = 1 << kind.code();
        if self.declared_kinds & bit != 0 {
            return Ok(());
        }
        self.declared_kinds |= bit;
        let Some(column) = &self.table.geometry else { return Ok(()) };
        if !types::is_extension_kind(kind.keyword()) {
            return Ok(());
        }
        register_kind(self.connection, self.table.name(), &column.name, kind.keyword())
            .map_err(self.site.failed("declare a kind of geometry"))
    }

    fn refused(
        &mut self,
        error: rusqlite::Error,
        fid: Option<i64>,
        feature: &FeatureLabel,
    ) -> StoreError {
        *self.broken |= self.connection.is_autocommit();
        let layer = self.table.name().to_owned();
        match fid {
            Some(fid) if is_taken_fid(&error) => {
                StoreError::DuplicateFid { layer, fid: fid.to_string() }
            }
            _ if is_constraint(&error) => StoreError::Constraint {
                layer,
                feature: feature.to_string(),
                reason: words(&error),
            },
            _ => self.site.driver_error(error, &format!("write to layer `{layer}`")),
        }
    }

    fn key(&self) -> &str {
        self.table.key_sql().expect("a layer without keys is read-only")
    }
}

impl FeatureWriter for Writer<'_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        match edit {
            Edit::Insert(feature) => self.insert(feature),
            Edit::Update(feature) => {
                self.note_rows()?;
                self.update(feature)
            }
            Edit::Delete(target) => {
                self.note_rows()?;
                self.delete(&target)
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.inserts.clear();
        self.updates.clear();
        if let Some(bulk) = self.bulk.take() {
            bulk.finish(self.connection, self.site, &self.table)?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        *self.broken |= !self.finished;
    }
}
