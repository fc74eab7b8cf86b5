//! New rows.
use super::Writer;
use super::rows::cast;
use crate::copy::Load;
use crate::encode::{Bind, Borrowed};
use crate::metadata::{Column, Key, Table, bound};
use crate::natural_keys;
use crate::reading::FeatureReader;
use crate::select::{Shape, parameters};
use crate::spelling::{Spelling, quoted};
use crate::transaction::marked;
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, ObjectId, Target, Value};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{
    FeatureLabel, Result, StoreError, WriteMode, Written, accepted_values, unset, with_defaults,
};
use tokio_postgres::types::ToSql;

impl Writer<'_> {
    pub(super) fn insert(&mut self, mut feature: Feature) -> Result<Written> {
        let (fid, asked) = (feature.fid.take(), feature.id);
        let label = FeatureLabel::of(&feature);
        let values = accepted_values(&self.table.layer, feature)?;
        let left = unset(&values);
        let mut values = with_defaults(&self.table.layer, values, &label)?;
        self.leave_to_the_server(&mut values);
        self.refuse_misfits(&values, &label)?;
        let key = self.asked_key(fid, &mut values)?;
        self.note_number(&values);
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
            return load.insert(key, id, asked.is_some(), values);
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

    /// The number that a new row is to have; a key that is a field is written as that field.
    fn asked_key(&mut self, fid: Option<Fid>, values: &mut [Option<Value>]) -> Result<Option<i64>> {
        let Some(fid) = fid else { return Ok(None) };
        let layer = self.table.layer.name();
        match (&self.table.key, fid) {
            (Key::Column(key), Fid::Int(number)) if key.is_whole() && key.position.is_none() => {
                self.largest_fid = self.largest_fid.max(Some(number));
                Ok(Some(number))
            }
            (Key::Column(key), Fid::Int(number))
                if key.is_whole() && key.position.is_some_and(|at| values[at].is_none()) =>
            {
                let at = key.position.unwrap_or_default();
                values[at] = Some(Value::Int(number));
                Ok(None)
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

    /// A number that is written into the field that numbers rows.
    fn note_number(&mut self, values: &[Option<Value>]) {
        let Key::Column(key) = &self.table.key else { return };
        let value = key.position.filter(|_| key.sequence.is_some()).map(|at| &values[at]);
        if let Some(Some(Value::Int(number))) = value {
            self.largest_fid = self.largest_fid.max(Some(*number));
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
}

/// The columns that are written, and what is written into them.
fn cells<'v>(table: &'v Table, values: &'v [Option<Value>]) -> (Vec<String>, Vec<Borrowed<'v>>) {
    let written = table.columns.iter().zip(values);
    let written = written.filter_map(|(column, value)| Some((column, value.as_ref()?)));
    let cell = |(column, value): (&'v Column, &'v Value)| {
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
