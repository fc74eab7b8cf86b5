//! Writing features: row by row, each change in a mark of its own; or many at once, by `COPY` and by
//! changes that wait for one another.
mod insert;
mod numbers;
mod put_off;
mod refusal;
mod rows;

pub(crate) use numbers::sequence;
pub(crate) use refusal::refusal;

use crate::analyze::Changed;
use crate::changes::Changes;
use crate::copy::Load;
use crate::encode::{Bind, misfit};
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::{Sql, Table};
use crate::repair;
use crate::select::parameters;
use crate::spelling::Spelling;
use crate::transaction::marked;
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_core::{
    Edit, Feature, FeatureError, Fid, Geometry, Mismatch, ObjectId, Target, Value,
};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{
    FeatureLabel, FeatureWriter, Result, StoreError, WriteMode, Written, accepted_values,
};

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

    fn run(&mut self, sql: Sql, label: &FeatureLabel) -> Result<u64> {
        let table = Arc::clone(&self.table);
        let statement = sql.spell(&Spelling { table: &table });
        let run = |link: &Link| link.execute(&statement.sql, &parameters(&statement));
        marked(self.link, run).map_err(|failure| self.refused(failure, None, label))
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
}

impl FeatureWriter for Writer<'_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        match edit {
            Edit::Insert(feature) => self.insert(feature),
            Edit::Update(feature) => self.update(feature),
            Edit::Delete(target) => self.delete(&target),
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
