//! Provisional fids: what a feature that its store has not seen yet is called here.
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use tiepoint_core::{Change, Edit, Feature, Fid, Ids, Image, Query, Target};

/// They begin here: above whatever a store counts to, and exact as a double. Ascending, so that new
/// features come last, in the order they were made in.
const FIRST: i64 = 1 << 52;

/// Gives them out, none twice.
#[derive(Debug)]
pub(crate) struct Provisional(AtomicI64);

impl Default for Provisional {
    fn default() -> Self {
        Self(AtomicI64::new(FIRST))
    }
}

impl Provisional {
    pub(crate) fn next(&self) -> Fid {
        Fid::Int(self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// Gives out none that is not above those of this change.
    pub(crate) fn pass(&self, target: &Target, change: &Change) {
        let known = match target {
            Target::Fid(fid) => Some(fid),
            Target::Id(_) => None,
        };
        let said = match change {
            Change::Insert(image) | Change::Delete(image) => image.fid.as_ref(),
            Change::Update(_) => None,
        };
        for fid in known.into_iter().chain(said).filter(|fid| is_provisional(fid)) {
            if let Fid::Int(number) = fid {
                self.0.fetch_max(number.saturating_add(1), Ordering::Relaxed);
            }
        }
    }
}

pub(crate) fn is_provisional(fid: &Fid) -> bool {
    matches!(fid, Fid::Int(number) if *number >= FIRST)
}

/// What stores call features now that had provisional fids; whoever kept one of these still finds
/// the feature by it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Aliases(HashMap<String, HashMap<Fid, Fid>>);

impl Aliases {
    pub(crate) fn add(&mut self, layer: &str, provisional: Fid, fid: Fid) {
        self.0.entry(layer.to_owned()).or_default().insert(provisional, fid);
    }

    fn fid<'a>(&'a self, layer: &str, fid: &'a Fid) -> &'a Fid {
        if !is_provisional(fid) {
            return fid;
        }
        self.0.get(layer).and_then(|it| it.get(fid)).unwrap_or(fid)
    }

    /// The same query by fids as they are now.
    pub(crate) fn query<'q>(&self, query: &'q Query) -> Cow<'q, Query> {
        match &query.ids {
            Ids::Fids(fids) if fids.iter().any(is_provisional) => {
                let fids = fids.iter().map(|fid| self.fid(&query.layer, fid).clone());
                Cow::Owned(query.clone().ids(Ids::Fids(fids.collect())))
            }
            _ => Cow::Borrowed(query),
        }
    }

    /// The same edit of the feature as it is called now.
    pub(crate) fn edit(&self, layer: &str, edit: Edit) -> Edit {
        let called = |feature: Feature| {
            let fid = feature.fid.as_ref().map(|fid| self.fid(layer, fid).clone());
            feature.with_fid(fid)
        };
        match edit {
            Edit::Delete(Target::Id(_)) => edit,
            Edit::Insert(feature) => Edit::Insert(called(feature)),
            Edit::Update(feature) => Edit::Update(called(feature)),
            Edit::Delete(Target::Fid(fid)) => {
                Edit::Delete(Target::Fid(self.fid(layer, &fid).clone()))
            }
        }
    }
}

/// What the feature says, without a fid that means nothing outside.
pub(crate) fn stripped(image: Image) -> Image {
    Image { fid: image.fid.filter(|fid| !is_provisional(fid)), ..image }
}
