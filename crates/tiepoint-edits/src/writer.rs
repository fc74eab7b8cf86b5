//! Writing into the buffer: edits become pending rows, checked as far as that can be done here.
use crate::load::{Loaded, Wanted};
use crate::prepare::{Prepared, Preparer};
use crate::state::Row;
use crate::transaction::EditTransaction;
use std::collections::HashSet;
use std::sync::Arc;
use tiepoint_core::{Edit, Feature, Fid, Target, Value, field};
use tiepoint_store::{
    FeatureLabel, FeatureWriter, NaturalKey, Result, StoreError, WriteMode, Written,
};

/// More edits than this are made before more are taken.
const MOST_WAITING: usize = 4_096;

/// A layer opened for writing within a transaction of the buffer.
pub(crate) struct Writer<'t, 'b> {
    transaction: &'t mut EditTransaction<'b>,
    preparer: Preparer,
    mode: WriteMode,
    waiting: Vec<Prepared>,
    /// The features that edits are waiting for.
    concerned: HashSet<Target>,
    missed: u64,
    finished: bool,
}

impl<'t, 'b> Writer<'t, 'b> {
    pub(crate) fn open(
        transaction: &'t mut EditTransaction<'b>,
        preparer: Preparer,
        mode: WriteMode,
    ) -> Self {
        let finished = mode != WriteMode::Bulk;
        let (waiting, concerned) = (Vec::new(), HashSet::new());
        Self { transaction, preparer, mode, waiting, concerned, missed: 0, finished }
    }

    fn layer_name(&self) -> &str {
        self.preparer.layer().name()
    }

    /// Makes the edits that wait. When one is refused, none of them is made.
    fn make_waiting(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.concerned.clear();
        if waiting.is_empty() {
            return Ok(());
        }
        let before = self.transaction.state.clone();
        let made = self.make_all(waiting);
        if made.is_err() {
            self.transaction.state = before;
        }
        made
    }

    fn make_all(&mut self, edits: Vec<Prepared>) -> Result<()> {
        let loaded = self.load(&edits)?;
        for edit in edits {
            let missing = self.make(edit, &loaded, Check::Here)? == Written::Missing;
            self.missed += u64::from(missing);
        }
        Ok(())
    }

    fn load(&self, edits: &[Prepared]) -> Result<Loaded> {
        let mut wanted = Wanted::default();
        let known = self.transaction.state.layer(self.layer_name());
        for edit in edits {
            for target in edit.needs() {
                let touched = match &target {
                    Target::Fid(fid) => known.and_then(|it| it.target_of_fid(fid)),
                    Target::Id(_) => None,
                };
                wanted.want(touched.unwrap_or(&target), known);
            }
        }
        wanted.load(self.layer_name(), |query| self.transaction.read_store(query))
    }

    fn make(&mut self, edit: Prepared, loaded: &Loaded, check: Check) -> Result<Written> {
        match edit {
            Prepared::Insert { target, feature, wanted, filled, .. } => {
                self.insert(target, feature, wanted.as_ref(), filled, loaded, check)
            }
            Prepared::Update { target, values, label } => {
                self.update(&target, values, &label, loaded, check)
            }
            Prepared::Delete { target } => Ok(self.delete(&target, loaded)),
        }
    }

    fn insert(
        &mut self,
        target: Target,
        feature: Feature,
        wanted: Option<&Fid>,
        filled: Vec<(usize, Value)>,
        loaded: &Loaded,
        check: Check,
    ) -> Result<Written> {
        let base = match self.find(&target, loaded) {
            Some((_, Row { now: Some(_), .. })) => return Err(self.taken(&target)),
            Some((_, row)) => row.base,
            None => None,
        };
        if let Some(fid) = wanted
            && let Some((holder, Row { now: Some(_), .. })) =
                self.find(&Target::Fid(fid.clone()), loaded)
            && holder != target
        {
            let layer = self.layer_name().to_owned();
            return Err(StoreError::DuplicateFid { layer, fid: fid.to_string() });
        }
        self.check_unique(&target, feature.values(), &FeatureLabel::of(&feature), check)?;
        let (fid, id) = (feature.fid.clone(), feature.id);
        self.put(target, Row::new(base, Some(Arc::new(feature))));
        let fid = fid.expect("a prepared feature has one");
        Ok(Written::Inserted { fid, id, filled })
    }

    fn update(
        &mut self,
        target: &Target,
        values: Vec<Option<Value>>,
        label: &FeatureLabel,
        loaded: &Loaded,
        check: Check,
    ) -> Result<Written> {
        let Some((target, Row { base, now: Some(now), .. })) = self.find(target, loaded) else {
            return Ok(Written::Missing);
        };
        if let Some(key) = NaturalKey::of(self.preparer.layer()) {
            key.refuse_change(self.transaction.name(), now.id, &values)?;
        }
        self.check_unique(&target, &values, label, check)?;
        let old = now.values().iter().cloned();
        let values = values.into_iter().zip(old).map(|(new, old)| new.or(old)).collect();
        let feature = Feature::with_values(Arc::clone(now.schema()), values);
        let feature = feature.with_id(now.id).with_fid(now.fid.clone());
        self.put(target, Row::new(base, Some(Arc::new(feature))));
        Ok(Written::Updated)
    }

    fn delete(&mut self, target: &Target, loaded: &Loaded) -> Written {
        match self.find(target, loaded) {
            Some((target, Row { base, now: Some(_), .. })) => {
                self.put(target, Row::new(base, None));
                Written::Deleted
            }
            _ => Written::Missing,
        }
    }

    /// The feature that is meant, and by what it is known: what is pending of it, else what the
    /// store says.
    fn find(&self, target: &Target, loaded: &Loaded) -> Option<(Target, Row)> {
        let state = self.transaction.state.layer(self.layer_name());
        let known = match target {
            Target::Id(_) => Some(target),
            Target::Fid(fid) => {
                let pending = state.and_then(|it| it.target_of_fid(fid));
                pending.or_else(|| loaded.target_of_fid(fid)).or(Some(target))
            }
        }?;
        let pending = state.and_then(|it| it.dirty_row(known)).cloned();
        let row = pending.or_else(|| loaded.get(known).cloned().map(Row::clean))?;
        Some((known.clone(), row))
    }

    fn put(&mut self, target: Target, row: Row) {
        let layer = self.preparer.layer();
        let touched = &mut self.transaction.touched;
        if let Some(here) = touched.get_mut(layer.name()) {
            here.insert(target.clone());
        } else {
            touched.insert(layer.name().to_owned(), [target.clone()].into());
        }
        self.transaction.state.layer_mut(layer).put(target, row);
    }

    /// Refuses what another feature has already in a field where each must have its own. The store
    /// has the last word when it is committed.
    fn check_unique(
        &self,
        target: &Target,
        values: &[Option<Value>],
        label: &FeatureLabel,
        check: Check,
    ) -> Result<()> {
        let fields = self.preparer.layer().schema().fields().iter().enumerate();
        for (at, unique) in fields.filter(|(_, field)| field.unique) {
            let Some(value) = values[at].as_ref().filter(|it| !it.is_null()) else { continue };
            let taken = self.is_taken_here(at, value, target)
                || check == Check::EverywhereNow
                    && self.is_taken_below(&unique.name, value, target);
            if taken {
                let (layer, feature) = (self.layer_name().to_owned(), label.to_string());
                let reason = format!("another feature has the same value in `{}`", unique.name);
                return Err(StoreError::Constraint { layer, feature, reason });
            }
        }
        Ok(())
    }

    fn is_taken_here(&self, field: usize, value: &Value, target: &Target) -> bool {
        let pending = self.transaction.state.layer(self.layer_name());
        let holder = pending.and_then(|it| Some((it, it.holder_of(field, value)?)));
        holder.is_some_and(|(it, holder)| holder != target && it.dirty_row(holder).is_some())
    }

    /// Whether a feature of the store that nothing is pending for has it; false where that cannot
    /// be asked.
    fn is_taken_below(&self, name: &str, value: &Value, target: &Target) -> bool {
        let query = tiepoint_core::Query::layer(self.layer_name())
            .filter(field(name).eq(value.clone()))
            .fields(Vec::<String>::new());
        let pending = self.transaction.state.layer(self.layer_name());
        let Ok(holders) = self.transaction.read_store(&query) else { return false };
        holders.flatten().filter_map(|it| Target::of(&it)).any(|holder| {
            holder != *target && pending.is_none_or(|it| it.dirty_row(&holder).is_none())
        })
    }

    fn taken(&self, target: &Target) -> StoreError {
        let layer = self.layer_name().to_owned();
        match target {
            Target::Id(id) => StoreError::DuplicateId { layer, id: *id },
            Target::Fid(fid) => StoreError::DuplicateFid { layer, fid: fid.to_string() },
        }
    }

    fn make_at_once(&mut self, edit: Prepared) -> Result<Written> {
        let loaded = self.load(std::slice::from_ref(&edit))?;
        self.make(edit, &loaded, Check::EverywhereNow)
    }

    /// What a waiting edit will come to, if its feature is there.
    fn wait(&mut self, edit: Prepared) -> Written {
        let said = edit.as_written();
        self.concerned.insert(edit.target().clone());
        self.waiting.push(edit);
        said
    }
}

/// Where a value is looked for that must be the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Among what is pending.
    Here,
    /// In the store, too.
    EverywhereNow,
}

impl FeatureWriter for Writer<'_, '_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        let known = self.transaction.state.layer(self.layer_name());
        let edit = self.transaction.aliases.edit(self.layer_name(), edit);
        let Some(edit) = self.preparer.prepare(edit, known)? else {
            return Ok(Written::Missing);
        };
        if self.mode == WriteMode::Rows {
            return self.make_at_once(edit);
        }
        if self.concerned.contains(edit.target()) || self.waiting.len() >= MOST_WAITING {
            self.make_waiting()?;
        }
        Ok(self.wait(edit))
    }

    fn settle(&mut self) -> Result<u64> {
        self.make_waiting()?;
        Ok(std::mem::take(&mut self.missed))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.make_waiting()?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Writer<'_, '_> {
    fn drop(&mut self) {
        self.transaction.broken |= !self.finished || !self.waiting.is_empty();
    }
}
