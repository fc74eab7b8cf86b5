//! The rows of one layer, found by fid and by object id.
use crate::{
    FeatureLabel, LayerFacts, NaturalKey, Result, StoreError, accepted_values, unset, with_defaults,
};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use tiepoint_core::{
    Envelope, Feature, Fid, FidRule, FieldNames, Ids, Layer, LayerDefinition, ObjectId, Target,
    Value,
};

/// A fid, an object id, and values by the positions of their fields.
pub(super) type Inserted = (i64, Option<ObjectId>, Vec<(usize, Value)>);

/// A layer and its rows. Fids ascend and are never given twice.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) layer: Arc<Layer>,
    pub(super) by_fid: BTreeMap<i64, Arc<Feature>>,
    pub(super) by_id: HashMap<ObjectId, i64>,
    last_fid: i64,
    /// Whether tying added the column that carries the ids.
    pub(super) id_column_is_ours: bool,
}

impl Rows {
    pub(super) fn new(definition: LayerDefinition) -> Self {
        let layer = Layer { definition, fids: FidRule::Stable, fid_name: None, read_only: None };
        Self {
            layer: Arc::new(layer),
            by_fid: BTreeMap::new(),
            by_id: HashMap::new(),
            last_fid: 0,
            id_column_is_ours: true,
        }
    }

    pub(super) fn field_names(&self) -> FieldNames {
        self.layer.schema().fields().iter().map(|field| field.name.clone()).collect()
    }

    pub(super) fn facts(&self) -> LayerFacts {
        let envelopes = self.by_fid.values().filter_map(|row| row.geometry()?.envelope());
        LayerFacts { count: self.by_fid.len() as u64, extent: envelopes.reduce(Envelope::merged) }
    }

    /// The rows that `ids` means, by ascending fid, each once; owns what it iterates over.
    pub(super) fn chosen(self: &Arc<Self>, ids: &Ids) -> Box<dyn Iterator<Item = Arc<Feature>>> {
        let rows = Arc::clone(self);
        let mut fids: Vec<i64> = match ids {
            Ids::Any => return Box::new(rows.all()),
            Ids::Objects(ids) => ids.iter().filter_map(|id| self.by_id.get(id).copied()).collect(),
            Ids::Fids(fids) => fids.iter().filter_map(number).collect(),
        };
        fids.sort_unstable();
        fids.dedup();
        Box::new(fids.into_iter().filter_map(move |fid| rows.by_fid.get(&fid).cloned()))
    }

    fn all(self: Arc<Self>) -> impl Iterator<Item = Arc<Feature>> {
        let mut after = Bound::Unbounded;
        std::iter::from_fn(move || {
            let (fid, row) = self.by_fid.range((after, Bound::Unbounded)).next()?;
            after = Bound::Excluded(*fid);
            Some(Arc::clone(row))
        })
    }

    /// The fid of the row that is meant, if there is one.
    pub(super) fn find(&self, target: &Target) -> Option<i64> {
        match target {
            Target::Id(id) => self.by_id.get(id).copied(),
            Target::Fid(fid) => number(fid).filter(|fid| self.by_fid.contains_key(fid)),
        }
    }

    /// The new row's fid and object id, and what was put into fields that it left unset.
    pub(super) fn insert(&mut self, feature: Feature) -> Result<Inserted> {
        let label = FeatureLabel::of(&feature);
        let (wanted, id) = (feature.fid.clone(), feature.id);
        let given = accepted_values(&self.layer, feature)?;
        let left = unset(&given);
        let values = with_defaults(&self.layer, given, &label)?;
        let filled = left.into_iter().filter_map(|at| Some((at, values[at].clone()?))).collect();
        let fid = self.free_fid(wanted)?;
        let id = match NaturalKey::of(&self.layer) {
            Some(key) => key.id_of_new(super::NAME, &values, id)?,
            None => id,
        };
        let id = self.free_id(id)?;
        self.check_unique(&values, fid, &label)?;
        self.put(fid, id, values);
        Ok((fid, id, filled))
    }

    pub(super) fn update(&mut self, fid: i64, feature: Feature) -> Result<()> {
        let label = FeatureLabel::of(&feature);
        let changed = accepted_values(&self.layer, feature)?;
        let Some(row) = self.by_fid.get(&fid) else { return Ok(()) };
        let id = row.id;
        if let Some(key) = NaturalKey::of(&self.layer) {
            key.refuse_change(super::NAME, id, &changed)?;
        }
        let values = changed.into_iter().zip(row.values().iter().cloned());
        let values: Vec<_> = values.map(|(new, old)| new.or(old)).collect();
        self.check_unique(&values, fid, &label)?;
        self.put(fid, id, values);
        Ok(())
    }

    pub(super) fn delete(&mut self, fid: i64) {
        if let Some(id) = self.by_fid.remove(&fid).and_then(|row| row.id) {
            self.by_id.remove(&id);
        }
    }

    fn put(&mut self, fid: i64, id: Option<ObjectId>, values: Vec<Option<Value>>) {
        let row = Feature::with_values(Arc::clone(self.layer.schema()), values);
        let row = row.with_id(id).with_fid(Fid::Int(fid));
        if let Some(id) = id {
            self.by_id.insert(id, fid);
        }
        self.by_fid.insert(fid, Arc::new(row));
        self.last_fid = self.last_fid.max(fid);
    }

    fn free_fid(&self, wanted: Option<Fid>) -> Result<i64> {
        let layer = || self.layer.name().to_owned();
        let Some(wanted) = wanted else { return Ok(self.last_fid + 1) };
        match number(&wanted) {
            Some(fid) if !self.by_fid.contains_key(&fid) && fid < i64::MAX => Ok(fid),
            Some(fid) => Err(StoreError::DuplicateFid { layer: layer(), fid: fid.to_string() }),
            None => Err(StoreError::Invalid {
                store: super::NAME.to_owned(),
                reason: format!(
                    "layer `{}` numbers its rows, so `{wanted}` cannot be one",
                    layer()
                ),
            }),
        }
    }

    fn free_id(&self, wanted: Option<ObjectId>) -> Result<Option<ObjectId>> {
        if !self.layer.is_tied() {
            return Ok(None);
        }
        let id = wanted.unwrap_or_else(ObjectId::mint);
        if self.by_id.contains_key(&id) {
            return Err(StoreError::DuplicateId { layer: self.layer.name().to_owned(), id });
        }
        Ok(Some(id))
    }

    fn check_unique(
        &self,
        values: &[Option<Value>],
        fid: i64,
        feature: &FeatureLabel,
    ) -> Result<()> {
        for (position, field) in self.layer.schema().fields().iter().enumerate() {
            let Some(value) = values[position].as_ref().filter(|it| field.unique && !it.is_null())
            else {
                continue;
            };
            let taken = |(other, row): (&i64, &Arc<Feature>)| {
                *other != fid && row.values()[position].as_ref() == Some(value)
            };
            if self.by_fid.iter().any(taken) {
                return Err(StoreError::Constraint {
                    layer: self.layer.name().to_owned(),
                    feature: feature.to_string(),
                    reason: format!("another feature has the same value in `{}`", field.name),
                });
            }
        }
        Ok(())
    }

    /// Gives every row another schema and id.
    pub(super) fn rebuild(
        &mut self,
        layer: Layer,
        mut row: impl FnMut(&Feature) -> (Option<ObjectId>, Vec<Option<Value>>),
    ) {
        self.layer = Arc::new(layer);
        self.by_id.clear();
        for (fid, old) in std::mem::take(&mut self.by_fid) {
            let (id, values) = row(&old);
            self.put(fid, id, values);
        }
    }
}

fn number(fid: &Fid) -> Option<i64> {
    match fid {
        Fid::Int(number) => Some(*number),
        Fid::Text(_) => None,
    }
}
