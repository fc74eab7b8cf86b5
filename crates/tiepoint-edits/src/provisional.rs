//! Provisional fids: what a feature that its store has not seen yet is called here.
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use tiepoint_core::{Change, ChangeSet, Edit, Feature, Fid, Ids, Image, Query, Target};

/// They begin here: above whatever a store counts to, and exact as a double. Ascending, so that new
/// features come last, in the order they were made in.
pub(crate) const FIRST: i64 = 1 << 52;

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

    /// The same, where every new feature has a fid.
    pub(crate) fn complete(&self, changes: &ChangeSet) -> ChangeSet {
        let mut all = ChangeSet::new();
        for (layer, here) in changes.layers() {
            for (target, change) in here.iter() {
                let mut change = change.clone();
                if let Change::Insert(image) = &mut change {
                    self.complete_image(image, target);
                }
                let first = all.record(layer, here.fields(), target.clone(), change);
                first.expect("each feature is here once");
            }
        }
        all
    }

    fn complete_image(&self, image: &mut Image, target: &Target) {
        image.fid.get_or_insert_with(|| match target {
            Target::Fid(fid) => fid.clone(),
            Target::Id(_) => self.next(),
        });
    }

    /// Does not give out this one, which somebody wishes for.
    pub(crate) fn pass(&self, fid: &Fid) {
        if let Fid::Int(number) = fid
            && is_provisional(fid)
        {
            self.0.fetch_max(number.saturating_add(1), Ordering::Relaxed);
        }
    }
}

/// Gives features that another session made provisional fids of this one.
pub(crate) struct Refreshed<'p> {
    provisional: &'p Provisional,
    fids: HashMap<(String, Fid), Fid>,
}

impl<'p> Refreshed<'p> {
    pub(crate) fn by(provisional: &'p Provisional) -> Self {
        Self { provisional, fids: HashMap::new() }
    }

    fn fid(&mut self, layer: &str, fid: &Fid) -> Fid {
        if !is_provisional(fid) {
            return fid.clone();
        }
        let known = self.fids.entry((layer.to_owned(), fid.clone()));
        known.or_insert_with(|| self.provisional.next()).clone()
    }

    pub(crate) fn target(&mut self, layer: &str, target: &Target) -> Target {
        match target {
            Target::Fid(fid) => Target::Fid(self.fid(layer, fid)),
            Target::Id(_) => target.clone(),
        }
    }

    pub(crate) fn changes(&mut self, changes: &ChangeSet) -> ChangeSet {
        let mut all = ChangeSet::new();
        for (layer, here) in changes.layers() {
            for (target, change) in here.iter() {
                let mut change = change.clone();
                let target = self.target(layer, target);
                if let Change::Insert(image) | Change::Delete(image) = &mut change {
                    image.fid = image.fid.as_ref().map(|fid| self.fid(layer, fid));
                }
                if let Change::Insert(image) = &mut change {
                    // what is pending is written down without what it is called here
                    self.provisional.complete_image(image, &target);
                }
                let first = all.record(layer, here.fields(), target, change);
                first.expect("each feature is here once");
            }
        }
        all
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

    /// What a feature is known by, as it is now.
    pub(crate) fn target(&self, layer: &str, target: &Target) -> Target {
        match target {
            Target::Fid(fid) => Target::Fid(self.fid(layer, fid).clone()),
            Target::Id(_) => target.clone(),
        }
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

/// The same change, without a fid that means nothing outside.
pub(crate) fn stripped(mut change: Change) -> Change {
    if let Change::Insert(image) | Change::Delete(image) = &mut change {
        image.fid = image.fid.take().filter(|fid| !is_provisional(fid));
    }
    change
}
