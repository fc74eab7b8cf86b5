//! Fetching what a store says of features that are about to be touched, many at a time.
use crate::state::{LayerState, Row};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, Ids, ObjectId, Query, Target};
use tiepoint_store::{Features, Result};

/// What a store says of some features, by what they are known by.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    features: HashMap<Target, Arc<Feature>>,
    by_fid: HashMap<Fid, Target>,
}

/// The features that are to be fetched.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    ids: BTreeSet<ObjectId>,
    fids: BTreeSet<Fid>,
}

impl Wanted {
    /// Wants the feature, unless what is pending of it is known.
    pub(crate) fn want(&mut self, target: &Target, known: Option<&LayerState>) {
        if known.is_some_and(|it| it.dirty_row(target).is_some()) {
            return;
        }
        match target {
            Target::Id(id) => drop(self.ids.insert(*id)),
            Target::Fid(fid) => drop(self.fids.insert(fid.clone())),
        }
    }

    /// Fetches them, by one question for ids and one for fids.
    pub(crate) fn load<'a>(
        self,
        layer: &str,
        read: impl Fn(&Query) -> Result<Features<'a>>,
    ) -> Result<Loaded> {
        let mut loaded = Loaded::default();
        let questions = [
            (!self.ids.is_empty()).then(|| Ids::Objects(self.ids.into_iter().collect())),
            (!self.fids.is_empty()).then(|| Ids::Fids(self.fids.into_iter().collect())),
        ];
        for ids in questions.into_iter().flatten() {
            for feature in read(&Query::layer(layer).ids(ids))? {
                loaded.add(Arc::new(feature?));
            }
        }
        Ok(loaded)
    }
}

impl Loaded {
    /// Of several that share an id, the first is meant.
    pub(crate) fn add(&mut self, feature: Arc<Feature>) {
        let Some(target) = Target::of(&feature) else { return };
        if let Some(fid) = &feature.fid {
            self.by_fid.insert(fid.clone(), target.clone());
        }
        self.features.entry(target).or_insert(feature);
    }

    pub(crate) fn get(&self, target: &Target) -> Option<&Arc<Feature>> {
        self.features.get(target)
    }

    /// The features as nothing is pending for them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Target, Row)> {
        let features = self.features.iter();
        features.map(|(target, feature)| (target.clone(), Row::clean(Arc::clone(feature))))
    }

    /// By what the feature of that fid is known.
    pub(crate) fn target_of_fid(&self, fid: &Fid) -> Option<&Target> {
        self.by_fid.get(fid)
    }
}
