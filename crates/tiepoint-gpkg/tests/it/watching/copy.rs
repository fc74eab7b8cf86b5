//! A copy of a layer that is kept by what a watcher hears, and takes nothing for granted.
use crate::trees::all;
use std::collections::HashMap;
use tiepoint_core::{Change, Feature, Fid, Target, Value};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Changed, WatchEvent};

type Values = Vec<Option<Value>>;

/// Rows by the object that they stand for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Copy(HashMap<Target, (Option<Fid>, Values)>);

impl Copy {
    /// What the layer of trees says now.
    pub(crate) fn of(store: &GpkgStore) -> Self {
        Self::of_features(all(store))
    }

    fn of_features(features: Vec<Feature>) -> Self {
        let row = |feature: Feature| {
            let target = Target::of(&feature).expect("has a fid at least");
            (target, (feature.fid.clone(), feature.into_values()))
        };
        Self(features.into_iter().map(row).collect())
    }

    pub(crate) fn hear(&mut self, event: &WatchEvent) {
        match event {
            WatchEvent::Changed(changed) => self.apply(changed),
            WatchEvent::Reset(reset) => panic!("{reset:?}"),
        }
    }

    /// Applies a change that must fit.
    pub(crate) fn apply(&mut self, changed: &Changed) {
        let target = changed.target.clone();
        match &changed.change {
            Change::Insert(image) => {
                assert_eq!(changed.fid, image.fid);
                let row = (image.fid.clone(), image.values.clone());
                assert_eq!(self.0.insert(target, row), None, "{changed:?}");
            }
            Change::Delete(image) => {
                assert_eq!(changed.fid, image.fid);
                let gone = (image.fid.clone(), image.values.clone());
                assert_eq!(self.0.remove(&target), Some(gone), "{changed:?}");
            }
            Change::Update(fields) => {
                let row = self.0.get_mut(&target);
                let row = row.unwrap_or_else(|| panic!("is there: {changed:?}"));
                assert!(!fields.is_empty());
                for field in fields {
                    assert_eq!(row.1[field.field], field.before, "{changed:?}");
                    assert_ne!(field.before, field.after);
                    row.1[field.field].clone_from(&field.after);
                }
            }
        }
    }

    /// Makes sure that it says what the layer says.
    pub(crate) fn check(&self, store: &GpkgStore) {
        assert_eq!(*self, Self::of(store));
    }
}
