//! Edits made fit for their layer before anything is looked up: values accepted, ids given.
use crate::provisional::Provisional;
use crate::state::LayerState;
use std::sync::Arc;
use tiepoint_core::{Edit, Feature, Fid, FidRule, Layer, ObjectId, Target, Value};
use tiepoint_store::{
    FeatureLabel, NaturalKey, Result, StoreError, Written, accepted_values, unset, with_defaults,
};

/// An edit whose values fit the layer.
#[derive(Debug)]
pub(crate) enum Prepared {
    Insert {
        target: Target,
        feature: Feature,
        /// The fid that was asked for.
        wanted: Option<Fid>,
        /// Whether another feature can have its id: one that was not minted just now.
        can_be_taken: bool,
        /// What was put into fields that were left unset.
        filled: Vec<(usize, Value)>,
    },
    Update {
        target: Target,
        values: Vec<Option<Value>>,
        label: FeatureLabel,
    },
    Delete {
        target: Target,
    },
}

impl Prepared {
    pub(crate) fn target(&self) -> &Target {
        match self {
            Self::Insert { target, .. } | Self::Update { target, .. } | Self::Delete { target } => {
                target
            }
        }
    }

    /// The features that must be looked up: for a new one, those that it must not be.
    pub(crate) fn needs(&self) -> Vec<Target> {
        let Self::Insert { target, wanted, can_be_taken, .. } = self else {
            return vec![self.target().clone()];
        };
        let id = can_be_taken.then(|| target.clone());
        id.into_iter().chain(wanted.clone().map(Target::Fid)).collect()
    }

    /// What it comes to, if its feature is there.
    pub(crate) fn as_written(&self) -> Written {
        match self {
            Self::Insert { feature, filled, .. } => Written::Inserted {
                fid: feature.fid.clone().expect("a prepared feature has one"),
                id: feature.id,
                filled: filled.clone(),
            },
            Self::Update { .. } => Written::Updated,
            Self::Delete { .. } => Written::Deleted,
        }
    }
}

/// Prepares the edits of one layer.
pub(crate) struct Preparer {
    store: String,
    layer: Arc<Layer>,
    /// How long the store's own fids mean the same row.
    fids: FidRule,
    provisional: Arc<Provisional>,
}

impl Preparer {
    pub(crate) fn new(
        store: &str,
        layer: Arc<Layer>,
        fids: FidRule,
        provisional: Arc<Provisional>,
    ) -> Self {
        Self { store: store.to_owned(), layer, fids, provisional }
    }

    pub(crate) fn layer(&self) -> &Arc<Layer> {
        &self.layer
    }

    /// `None` for an edit that names no feature.
    pub(crate) fn prepare(
        &self,
        edit: Edit,
        known: Option<&LayerState>,
    ) -> Result<Option<Prepared>> {
        match edit {
            Edit::Insert(feature) => self.insert(feature, known).map(Some),
            Edit::Update(feature) => self.update(feature),
            Edit::Delete(target) => {
                self.refuse_moving_fids(&target)?;
                Ok(Some(Prepared::Delete { target }))
            }
        }
    }

    fn insert(&self, feature: Feature, known: Option<&LayerState>) -> Result<Prepared> {
        let label = FeatureLabel::of(&feature);
        let (wanted, asked) = (feature.fid.clone(), feature.id);
        if let Some(fid) = &wanted {
            self.provisional.pass(fid);
        }
        let values = accepted_values(&self.layer, feature)?;
        let left = unset(&values);
        let values = with_defaults(&self.layer, values, &label)?;
        let filled = left.into_iter().filter_map(|at| Some((at, values[at].clone()?))).collect();
        let id = self.id_of_new(&values, asked)?;
        // one that comes back is called as before
        let before = id.and_then(|id| known?.row(&Target::Id(id)));
        let before = before.filter(|it| it.now.is_none()).and_then(|it| it.fid.clone());
        let fid = before.or_else(|| wanted.clone()).unwrap_or_else(|| self.provisional.next());
        let target = id.map_or_else(|| Target::Fid(fid.clone()), Target::Id);
        let can_be_taken = id.is_some() && (asked.is_some() || self.layer.natural_key().is_some());
        let feature = Feature::with_values(Arc::clone(self.layer.schema()), values);
        let feature = feature.with_id(id).with_fid(fid);
        Ok(Prepared::Insert { target, feature, wanted, can_be_taken, filled })
    }

    fn id_of_new(
        &self,
        values: &[Option<Value>],
        asked: Option<ObjectId>,
    ) -> Result<Option<ObjectId>> {
        match NaturalKey::of(&self.layer) {
            Some(key) => key.id_of_new(&self.store, values, asked),
            None if self.layer.is_tied() => Ok(Some(asked.unwrap_or_else(ObjectId::mint))),
            None => Ok(None),
        }
    }

    fn update(&self, feature: Feature) -> Result<Option<Prepared>> {
        let (target, label) = (Target::of(&feature), FeatureLabel::of(&feature));
        let values = accepted_values(&self.layer, feature)?;
        let Some(target) = target else { return Ok(None) };
        self.refuse_moving_fids(&target)?;
        Ok(Some(Prepared::Update { target, values, label }))
    }

    /// A fid that may be another row's at the time of the commit names nothing that can be kept.
    fn refuse_moving_fids(&self, target: &Target) -> Result<()> {
        if matches!(target, Target::Id(_)) || self.layer.is_tied() || self.fids == FidRule::Stable {
            return Ok(());
        }
        Err(StoreError::Unsupported {
            store: self.store.clone(),
            what: format!(
                "keep edits of layer `{}` pending, whose fids may mean other rows tomorrow",
                self.layer.name()
            ),
            hint: Some("tie the layer first, so that its features have object ids".to_owned()),
        })
    }
}
