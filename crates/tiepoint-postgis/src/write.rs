//! Writing features: row by row, each change in a mark of its own; or many at once, by `COPY` and by
//! changes that wait for one another.
use crate::analyze::Changed;
use crate::changes::Changes;
use crate::copy::Load;
use crate::encode::{Bind, Borrowed, misfit};
use crate::error::Failure;
use crate::error::{Site, words};
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Key, Sql, Table, bound};
use crate::natural_keys;
use crate::reading::FeatureReader;
use crate::repair;
use crate::select::{Shape, parameters};
use crate::spelling::{Spelling, quoted};
use crate::transaction::marked;
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_core::{
    Change, Feature, FeatureError, Fid, Geometry, Mismatch, ObjectId, Target, Value,
};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{
    FeatureLabel, FeatureWriter, NaturalKey, Result, StoreError, WriteMode, Written,
    accepted_values, unset, with_defaults,
};
use tokio_postgres::types::ToSql;

/// A layer opened for writing within a transaction.
pub(crate) struct Writer<'t> {
    link: &'t Link,
    site: &'t Site,
    table: Arc<Table>,
    /// Whether the transaction is fit for nothing but a rollback.
    broken: &'t mut bool,
    changed: &'t Changed,
    mode: WriteMode,
    load: Option<Load<'t>>,
    changes: Changes,
    /// Changes that were made after they had waited, and those whose rows were not there.
    settled: u64,
    missed: u64,
    /// Whether other writers of the layer have been made to wait.
    locked: bool,
    /// The keys by the ids that they name; read when first needed.
    keys: Option<HashMap<ObjectId, Value>>,
    /// The largest fid that somebody asked for.
    largest_fid: Option<i64>,
    finished: bool,
}

impl<'t> Writer<'t> {
    pub(crate) fn open(
        link: &'t Link,
        site: &'t Site,
        table: Arc<Table>,
        mode: WriteMode,
        changed: &'t Changed,
        broken: &'t mut bool,
    ) -> Result<Self> {
        if let Some(reason) = &table.layer.read_only {
            return Err(site.read_only(format!("layer `{}`: {reason}", table.layer.name())));
        }
        let load = match mode {
            WriteMode::Rows | WriteMode::Changes => None,
            WriteMode::Bulk => Load::open(link, site, &table)?,
        };
        Ok(Self {
            link,
            site,
            table,
            broken,
            changed,
            mode,
            finished: load.is_none(),
            load,
            changes: Changes::default(),
            settled: 0,
            missed: 0,
            locked: false,
            keys: None,
            largest_fid: None,
        })
    }

    fn insert(&mut self, mut feature: Feature) -> Result<Written> {
        let (fid, asked) = (feature.fid.take(), feature.id);
        let label = FeatureLabel::of(&feature);
        let values = accepted_values(&self.table.layer, feature)?;
        let left = unset(&values);
        let mut values = with_defaults(&self.table.layer, values, &label)?;
        self.leave_to_the_server(&mut values);
        self.refuse_misfits(&values, &label)?;
        let key = self.asked_key(fid, &mut values)?;
        let id = match &self.table.natural_key {
            Some(natural) => natural.id_of_new(&self.site.name, &values, asked)?,
            None => self.table.tie.as_ref().map(|_| asked.unwrap_or_else(ObjectId::mint)),
        };
        if let Some(id) = asked.filter(|id| self.changes.concern(&Target::Id(*id))) {
            self.settle_for(&Target::Id(id))?;
        }
        if self.mode == WriteMode::Changes && self.load.is_none() {
            self.load = Load::open(self.link, self.site, &self.table)?;
            self.finished &= self.load.is_none();
        }
        if let Some(load) = &mut self.load {
            return load.insert(key, id, asked.is_some(), &values);
        }
        if let Some(id) = id.filter(|_| asked.is_some() || self.table.natural_key.is_some()) {
            self.refuse_taken(id, &values)?;
        }
        let mut written = self.insert_row(key, id, &values, &label)?;
        if let Written::Inserted { id, filled, .. } = &mut written {
            if let Some(natural) = &self.table.natural_key {
                let by_server = filled.iter().find(|(at, _)| *at == natural.position());
                let key = by_server.map(|it| &it.1).or(values[natural.position()].as_ref());
                *id = id.or_else(|| natural.id_of(key?));
                if let (Some(keys), Some(id), Some(key)) = (&mut self.keys, *id, key) {
                    keys.insert(id, key.clone());
                }
            }
            let by_us = left.into_iter().filter_map(|at| Some((at, values[at].take()?)));
            filled.extend(by_us);
        }
        Ok(written)
    }

    /// A default of the server's own is the server's to fill in, so that it comes out as it would
    /// for others.
    fn leave_to_the_server(&self, values: &mut [Option<Value>]) {
        for (column, value) in self.table.columns.iter().zip(values) {
            if column.generated {
                *value = None;
            }
        }
    }

    fn insert_row(
        &mut self,
        key: Option<i64>,
        id: Option<ObjectId>,
        values: &[Option<Value>],
        label: &FeatureLabel,
    ) -> Result<Written> {
        let table = Arc::clone(&self.table);
        let mut names: Vec<String> = Vec::with_capacity(values.len() + 2);
        let mut binds: Vec<Bind> = Vec::with_capacity(2);
        if let (Some(key), Key::Column(column)) = (key, &table.key) {
            names.push(quoted(&column.name));
            binds.push(Bind::new(column.kind.clone(), key));
        }
        if let (Some(id), Some(tie)) = (id, &table.tie) {
            names.push(quoted(&tie.column));
            binds.push(Bind::new(tie.kind.clone(), *id.as_uuid()));
        }
        let (fields, cells) = cells(&table, values);
        names.extend(fields);
        let filled = unset(values);
        let shape = Shape::of_fields(table.layer.schema(), filled.iter().copied());
        let sql = insert_sql(&table, &names, &filled);
        let all = binds.iter().map(|it| it as &(dyn ToSql + Sync));
        let all: Vec<_> = all.chain(cells.iter().map(|it| it as &(dyn ToSql + Sync))).collect();
        let row = marked(self.link, |link| link.query_one(&sql, &all));
        let row = row.map_err(|failure| self.refused(failure, key, label))?;
        let reader = FeatureReader::new(self.site.clone(), table, shape);
        let inserted = reader.feature(&row)?;
        let fid = inserted.fid.clone().unwrap_or(Fid::Text(String::new()));
        let filled = filled.into_iter().zip(inserted.into_values().into_iter().flatten());
        Ok(Written::Inserted { fid, id, filled: filled.collect() })
    }

    fn update(&mut self, feature: Feature) -> Result<Written> {
        let target = feature.id.map(Target::Id).or_else(|| feature.fid.clone().map(Target::Fid));
        let label = FeatureLabel::of(&feature);
        let values = accepted_values(&self.table.layer, feature)?;
        self.refuse_misfits(&values, &label)?;
        let Some(target) = target else { return Ok(Written::Missing) };
        if self.may_wait(&target) && values.iter().any(Option::is_some) {
            self.put_off(target, Some(values))?;
            return Ok(Written::Updated);
        }
        self.settle_for(&target)?;
        self.update_row(&target, values, &label)
    }

    fn update_row(
        &mut self,
        target: &Target,
        values: Vec<Option<Value>>,
        label: &FeatureLabel,
    ) -> Result<Written> {
        self.pause_load()?;
        let Some(condition) = self.row(target)? else { return Ok(Written::Missing) };
        self.refuse_change(target, &condition, &values)?;
        let table = Arc::clone(&self.table);
        let mut sql: Sql = Fragment::text("UPDATE ").then(table.sql()).then(" SET ");
        let mut first = true;
        for (column, value) in table.columns.iter().zip(values) {
            let Some(value) = value else { continue };
            let bind = Bind { kind: column.kind.clone(), srid: column.srid, value };
            sql = if std::mem::take(&mut first) { sql } else { sql.then(", ") };
            sql = sql.then_name(&column.name).then(" = ").then_bind(bind);
        }
        let sql = if first {
            Fragment::text("SELECT FROM ").then(table.sql()).then(" WHERE ").then(condition)
        } else {
            sql.then(" WHERE ").then(condition)
        };
        Ok(if self.run(sql, label)? > 0 { Written::Updated } else { Written::Missing })
    }

    fn delete(&mut self, target: &Target) -> Result<Written> {
        if self.may_wait(target) {
            self.put_off(target.clone(), None)?;
            return Ok(Written::Deleted);
        }
        self.settle_for(target)?;
        self.delete_row(target)
    }

    fn delete_row(&mut self, target: &Target) -> Result<Written> {
        self.pause_load()?;
        let Some(condition) = self.row(target)? else { return Ok(Written::Missing) };
        let label = self.label(target);
        let sql = Fragment::text("DELETE FROM ").then(self.table.sql());
        let touched = self.run(sql.then(" WHERE ").then(condition), &label)?;
        Ok(if touched > 0 { Written::Deleted } else { Written::Missing })
    }

    fn label(&self, target: &Target) -> FeatureLabel {
        match target {
            Target::Fid(fid) => FeatureLabel::of_row(fid.clone()),
            Target::Id(id) => {
                FeatureLabel::of(&Feature::new(Arc::clone(self.table.layer.schema())).with_id(*id))
            }
        }
    }

    fn may_wait(&self, target: &Target) -> bool {
        self.mode == WriteMode::Changes && Changes::may_wait(&self.table, target)
    }

    fn put_off(&mut self, target: Target, values: Option<Vec<Option<Value>>>) -> Result<()> {
        if self.changes.is_full() {
            self.settle_changes()?;
        }
        self.settle_for(&target)?;
        self.changes.add(target, values);
        Ok(())
    }

    /// Makes what waits where a change of the same row does.
    fn settle_for(&mut self, target: &Target) -> Result<()> {
        if self.changes.concern(target) { self.settle_changes() } else { Ok(()) }
    }

    fn settle_changes(&mut self) -> Result<()> {
        let changes = std::mem::take(&mut self.changes);
        if changes.waiting.is_empty() {
            return Ok(());
        }
        self.pause_load()?;
        let table = Arc::clone(&self.table);
        let count = changes.waiting.len() as u64;
        let missed = match marked(self.link, |link| changes.make(link, self.site, &table)) {
            Ok(missed) => missed,
            // which of them it is, the server does not say
            Err(failure) if failure.code().is_some() => self.one_by_one(changes)?,
            Err(failure) => {
                return Err(self.refused(failure, None, &FeatureLabel::of_row(Fid::Int(0))));
            }
        };
        self.missed += missed;
        self.settled += count - missed;
        Ok(())
    }

    /// Makes changes in their order until one is refused; then none is made.
    fn one_by_one(&mut self, changes: Changes) -> Result<u64> {
        let failed = || self.site.failed("set a mark");
        self.link.batch("SAVEPOINT tiepoint_changes").map_err(failed())?;
        let mut missed = 0;
        for change in changes.waiting {
            let label = self.label(&change.target);
            let made = match change.values {
                Some(values) => self.update_row(&change.target, values, &label),
                None => self.delete_row(&change.target),
            };
            match made {
                Ok(Written::Missing) => missed += 1,
                Ok(_) => {}
                Err(error) => {
                    let back = "ROLLBACK TO tiepoint_changes; RELEASE tiepoint_changes";
                    *self.broken |= self.link.batch(back).is_err();
                    return Err(error);
                }
            }
        }
        let released = self.link.batch("RELEASE tiepoint_changes");
        released.map_err(self.site.failed("release a mark"))?;
        Ok(missed)
    }

    fn run(&mut self, sql: Sql, label: &FeatureLabel) -> Result<u64> {
        let table = Arc::clone(&self.table);
        let statement = sql.spell(&Spelling { table: &table });
        let run = |link: &Link| link.execute(&statement.sql, &parameters(&statement));
        marked(self.link, run).map_err(|failure| self.refused(failure, None, label))
    }

    /// What is true of the row that is meant; of several that share an id, of the oldest.
    fn row(&mut self, target: &Target) -> Result<Option<Sql>> {
        if let (Target::Id(id), Some(natural)) = (target, self.table.natural_key.clone()) {
            let key = self.key_named(id, &natural)?;
            return Ok(key.map(|key| natural_keys::is_key(&self.table, &natural, &key)));
        }
        Ok(self.row_by_column(target))
    }

    /// The key that names an object. Reads the key of every row once.
    fn key_named(&mut self, id: &ObjectId, natural: &NaturalKey) -> Result<Option<Value>> {
        if self.keys.is_none() {
            let keys = natural_keys::keys_by_id(self.link, self.site, &self.table, natural);
            self.keys = Some(keys?);
        }
        Ok(self.keys.as_ref().and_then(|keys| keys.get(id)).cloned())
    }

    /// A key stays what it is: with another, the row would be another object.
    fn refuse_change(&self, target: &Target, row: &Sql, values: &[Option<Value>]) -> Result<()> {
        let Some(natural) = &self.table.natural_key else { return Ok(()) };
        if values[natural.position()].is_none() {
            return Ok(());
        }
        let old = match target {
            Target::Id(id) => Some(*id),
            Target::Fid(_) => natural_keys::id_of(self.link, self.site, &self.table, row.clone())?,
        };
        natural.refuse_change(&self.site.name, old, values)
    }

    fn row_by_column(&self, target: &Target) -> Option<Sql> {
        match target {
            Target::Id(id) => {
                let tie = self.table.tie.as_ref()?;
                let column = || Fragment::name(&tie.column);
                let equals = bound(tie.kind.clone(), cast(&tie.kind), *id.as_uuid());
                let is_it = column().then(" = ").then(equals);
                let Key::Column(key) = &self.table.key else { return Some(is_it) };
                if key.name == tie.column {
                    return Some(is_it);
                }
                let oldest = Fragment::text(" = (SELECT min(").then_name(&key.name).then(") FROM ");
                let oldest = oldest.then(self.table.sql()).then(" WHERE ").then(is_it).then(")");
                Some(match key.kind {
                    Kind::Uuid | Kind::Bool => column().then(" = ").then(bound(
                        tie.kind.clone(),
                        cast(&tie.kind),
                        *id.as_uuid(),
                    )),
                    _ => Fragment::name(&key.name).then(oldest),
                })
            }
            Target::Fid(fid) => self.row_by_fid(fid),
        }
    }

    fn row_by_fid(&self, fid: &Fid) -> Option<Sql> {
        match (&self.table.key, fid) {
            (Key::Column(key), Fid::Int(number)) if key.is_whole() => {
                let number = bound(Kind::Int8, "::int8", *number);
                Some(Fragment::name(&key.name).then(" = ").then(number))
            }
            (Key::Column(key), Fid::Text(text)) if key.kind == Kind::Uuid => {
                let id: uuid::Uuid = text.parse().ok()?;
                Some(Fragment::name(&key.name).then(" = ").then(bound(Kind::Uuid, "::uuid", id)))
            }
            (Key::Column(key), _) if key.is_whole() => None,
            (Key::Column(_) | Key::Several(_), Fid::Text(text)) if !text.contains('\0') => {
                let text = bound(Kind::Text, "::text", text.as_str());
                Some(self.table.key_sql()?.then(" = ").then(text))
            }
            _ => None,
        }
    }

    /// The number that a new row is to have; a key that is a field is written as that field.
    fn asked_key(&mut self, fid: Option<Fid>, values: &mut [Option<Value>]) -> Result<Option<i64>> {
        let Some(fid) = fid else { return Ok(None) };
        let layer = self.table.layer.name();
        match (&self.table.key, fid) {
            (Key::Column(key), Fid::Int(number)) if key.is_whole() && key.position.is_none() => {
                self.largest_fid = self.largest_fid.max(Some(number));
                Ok(Some(number))
            }
            (Key::Column(key), fid) => {
                let is_it = key.position.and_then(|at| values[at].as_ref()).is_some_and(|value| {
                    matches!((value, &fid), (Value::Int(a), Fid::Int(b)) if a == b)
                        || matches!((value, &fid), (Value::Text(a), Fid::Text(b)) if a == b)
                        || matches!((value, &fid), (Value::Uuid(a), Fid::Text(b)) if a.to_string() == *b)
                });
                if is_it {
                    return Ok(None);
                }
                let reason = format!("layer `{layer}` calls its rows otherwise than `{fid}`");
                Err(self.site.invalid(reason))
            }
            (Key::None | Key::Several(_), fid) => {
                let reason =
                    format!("layer `{layer}` has no fids of its own, so `{fid}` cannot be one");
                Err(self.site.invalid(reason))
            }
        }
    }

    /// Our own copies are refused, where those of others are given an id by the guard.
    fn refuse_taken(&mut self, id: ObjectId, values: &[Option<Value>]) -> Result<()> {
        self.lock()?;
        let natural = self.table.natural_key.as_ref();
        let key = natural.and_then(|it| Some((it, values[it.position()].as_ref()?)));
        let is_it = match (&self.table.tie, key) {
            (_, Some((natural, key))) => natural_keys::is_key(&self.table, natural, key),
            (Some(tie), None) => {
                let id = bound(tie.kind.clone(), cast(&tie.kind), *id.as_uuid());
                Fragment::name(&tie.column).then(" = ").then(id)
            }
            (None, None) => return Ok(()),
        };
        let sql = Fragment::text("SELECT EXISTS (SELECT FROM ").then(self.table.sql());
        let sql = sql.then(" WHERE ").then(is_it).then(")");
        let statement = sql.spell(&Spelling { table: &self.table });
        let what = format!("search layer `{}`", self.table.layer.name());
        let row = self.link.query_one(&statement.sql, &parameters(&statement));
        if row.map_err(self.site.failed(&what))?.get(0) {
            return Err(StoreError::DuplicateId { layer: self.table.layer.name().to_owned(), id });
        }
        Ok(())
    }

    /// Makes others wait who bring ids of their own, so that no two bring the same.
    fn lock(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.locked, true) {
            return Ok(());
        }
        crate::guards::lock(self.link, self.table.oid)
            .map_err(self.site.failed(&format!("lock layer `{}`", self.table.layer.name())))
    }

    fn refuse_misfits(&self, values: &[Option<Value>], feature: &FeatureLabel) -> Result<()> {
        for (column, value) in self.table.columns.iter().zip(values) {
            let Some(value) = value else { continue };
            let Some((expected, found)) = misfit(&column.kind, value) else { continue };
            let reason = Mismatch::Type { expected, found };
            let reason = FeatureError::Value { field: column.name.clone(), reason };
            let (layer, feature) = (self.table.layer.name().to_owned(), feature.to_string());
            return Err(StoreError::Value { layer, feature, reason });
        }
        Ok(())
    }

    fn pause_load(&mut self) -> Result<()> {
        match &mut self.load {
            Some(load) => load.pause(),
            None => Ok(()),
        }
    }

    fn refused(
        &mut self,
        failure: Failure,
        fid: Option<i64>,
        feature: &FeatureLabel,
    ) -> StoreError {
        *self.broken |= self.link.is_closed();
        refusal(self.site, &self.table, failure, fid.map(Fid::Int), &feature.to_string())
    }

    /// The server's own numbers go on after those that somebody asked for.
    fn move_sequence(&self) -> Result<()> {
        let (Some(largest), Key::Column(key)) = (self.largest_fid, &self.table.key) else {
            return Ok(());
        };
        if key.sequence.is_none() {
            return Ok(());
        }
        let what = format!("number the rows of layer `{}`", self.table.layer.name());
        let sequence = sequence(self.link, &self.table).map_err(self.site.failed(&what))?;
        let Some(sequence) = sequence else { return Ok(()) };
        let sql = format!(
            "SELECT setval($1::text::regclass, $2) FROM {sequence} \
             WHERE last_value < $2 OR (last_value = $2 AND NOT is_called)"
        );
        let moved = self.link.query(&sql, &[&sequence, &largest]);
        moved.map(drop).map_err(self.site.failed(&what))
    }
}

/// The name of the sequence that numbers rows, quoted.
pub(crate) fn sequence(link: &Link, table: &Table) -> Result<Option<String>, Failure> {
    let Key::Column(key) = &table.key else { return Ok(None) };
    let sql =
        "SELECT coalesce(pg_get_serial_sequence(format('%I.%I', $1::text, $2::text), $3), $4)";
    let noted = key.sequence.clone().filter(|it| !it.is_empty());
    let row = link.query_one(sql, &[&table.schema, &table.name, &key.name, &noted])?;
    Ok(row.get(0))
}

pub(crate) fn cast(kind: &Kind) -> &'static str {
    if *kind == Kind::Uuid { "::uuid" } else { "::text" }
}

/// What the server said no to, in the words of the contract.
pub(crate) fn refusal(
    site: &Site,
    table: &Table,
    failure: Failure,
    fid: Option<Fid>,
    feature: &str,
) -> StoreError {
    let layer = table.layer.name().to_owned();
    let (class, constraint, reason) = match &failure {
        Failure::Server(error) => {
            let said = error.as_db_error();
            let class = said.map_or("", |it| &it.code().code()[..2]).to_owned();
            (class, said.and_then(|it| it.constraint()).map(str::to_owned), words(error))
        }
        Failure::Stopped(_) => (String::new(), None, String::new()),
    };
    let primary =
        table.indexes.iter().any(|it| it.primary && Some(&it.name) == constraint.as_ref());
    match (class.as_str(), fid) {
        ("23", Some(fid)) if primary => StoreError::DuplicateFid { layer, fid: fid.to_string() },
        ("22" | "23" | "P0", _) => {
            StoreError::Constraint { layer, feature: feature.to_owned(), reason }
        }
        _ => site.driver_error(failure, &format!("write to layer `{layer}`")),
    }
}

/// The columns that are written, and what is written into them.
fn cells<'v>(table: &'v Table, values: &'v [Option<Value>]) -> (Vec<String>, Vec<Borrowed<'v>>) {
    let written = table.columns.iter().zip(values);
    let written = written.filter_map(|(column, value)| Some((column, value.as_ref()?)));
    let cell = |(column, value): (&'v crate::metadata::Column, &'v Value)| {
        let cell = Borrowed { kind: &column.kind, srid: column.srid, value };
        (quoted(&column.name), cell)
    };
    written.map(cell).unzip()
}

/// The statement that leaves out what the server fills in, and asks for it.
fn insert_sql(table: &Table, names: &[String], filled: &[usize]) -> String {
    let null = || Fragment::text("NULL");
    let mut returned = table.key_sql().unwrap_or_else(null).then(", NULL");
    for at in filled {
        let column = &table.columns[*at];
        returned = returned.then(", ").then(column.read_sql());
    }
    let spelling = Spelling { table };
    let (into, returned) = (table.sql().spell(&spelling).sql, returned.spell(&spelling).sql);
    if names.is_empty() {
        return format!("INSERT INTO {into} DEFAULT VALUES RETURNING {returned}");
    }
    let marks: Vec<String> = (1..=names.len()).map(|number| format!("${number}")).collect();
    let (names, marks) = (names.join(", "), marks.join(", "));
    format!("INSERT INTO {into} ({names}) VALUES ({marks}) RETURNING {returned}")
}

impl FeatureWriter for Writer<'_> {
    fn write(&mut self, change: Change) -> Result<Written> {
        match change {
            Change::Insert(feature) => self.insert(feature),
            Change::Update(feature) => self.update(feature),
            Change::Delete(target) => self.delete(&target),
        }
    }

    fn settle(&mut self) -> Result<u64> {
        self.settle_changes()?;
        Ok(std::mem::take(&mut self.missed))
    }

    fn make_valid(
        &mut self,
        geometries: &[Geometry],
    ) -> Result<Option<Vec<Result<Geometry, String>>>> {
        self.pause_load()?;
        let repaired = repair::make_valid(self.link, geometries);
        repaired.map(Some).map_err(self.site.failed("repair geometries"))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.settle_changes()?;
        let loaded = self.load.take().map_or(Ok(0), Load::finish)?;
        let what = format!("analyze layer `{}`", self.table.layer.name());
        let noted = self.changed.note(self.link, &self.table, loaded + self.settled);
        noted.map_err(self.site.failed(&what))?;
        self.move_sequence()?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        *self.broken |= !self.finished;
    }
}
