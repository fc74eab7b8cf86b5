//! What a layer said at an earlier time: what it says now, with every newer change taken back.
use super::{logged, next_committed};
use crate::{Error, Result, rfc3339};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;
use tiepoint_core::{
    Change, Feature, FieldChange, FieldNames, Ids, Image, Layer, Query, Target, Value,
};
use tiepoint_store::{Changed, Features, Question, Store, WatchEvent, WatchOptions};

/// The features that `query` asks for as they were at `time`, from the layer's change log.
///
/// Of a transaction that was being committed at that time, what it had written by then may count.
/// Costs a reading of the logs from their beginning, and the memory of what has changed since.
///
/// # Errors
///
/// [`Error::NoLog`]; [`Error::NotKnown`] for a time that the log does not go back to; as
/// [`Store::read`].
pub fn features_at(
    store: &dyn Store,
    query: &Query,
    time: SystemTime,
) -> Result<Features<'static>> {
    let layer = store.layer(&query.layer)?;
    let question = Question::of(&layer, query)?;
    logged(store, std::slice::from_ref(&query.layer))?;
    let told_since = store.logged_since(layer.name())?;
    let mut past = Past::new(&layer, &query.ids, time, told_since);
    let not_known = |reason| Error::NotKnown {
        store: store.name().to_owned(),
        layer: layer.name().to_owned(),
        time: rfc3339(time),
        reason,
    };
    if told_since.is_some() {
        past.is_known().map_err(not_known)?;
    }
    let mut watch = store.watch(&WatchOptions::from_oldest().layer(layer.name()))?;
    let mut present = store.read(&Query::layer(layer.name()).ids(query.ids.clone()))?;
    // with its first row the reading keeps to one state, and what the log tells after that covers it
    let first = present.next().transpose()?;
    while let Some(event) = next_committed(store.name(), &mut *watch)? {
        past.take(event);
    }
    past.is_known().map_err(not_known)?;
    let present = first.into_iter().map(Ok).chain(present);
    let rest = question.all_of_it();
    Ok(question.finish_whole(&rest, past.features(present))?)
}

/// What is to be taken back, found by following the log.
struct Past {
    layer: Arc<Layer>,
    ids: Ids,
    time: SystemTime,
    /// Since when every change is noted: what the store says of that.
    told_since: Option<SystemTime>,
    /// Otherwise, since the first that is.
    first: Option<SystemTime>,
    /// What the names of the log's fields were last, and where those are in the layer.
    places: Option<(FieldNames, Vec<Option<usize>>)>,
    /// Whether changes are newer than the time by now.
    is_newer: bool,
    before: HashMap<Target, Before>,
}

/// What some fields said, by position.
type Known = Vec<(usize, Option<Value>)>;

/// What is known of a feature before the first newer change of it.
enum Before {
    /// It was not there.
    Absent,
    /// It said this of some fields, by position, and of the others what it said later.
    Fields(Known),
    /// It said all this.
    Whole(Feature),
}

impl Past {
    fn new(
        layer: &Arc<Layer>,
        ids: &Ids,
        time: SystemTime,
        told_since: Option<SystemTime>,
    ) -> Self {
        Self {
            layer: Arc::clone(layer),
            ids: ids.clone(),
            time,
            told_since,
            first: None,
            places: None,
            is_newer: false,
            before: HashMap::new(),
        }
    }

    fn take(&mut self, event: WatchEvent) {
        match event {
            WatchEvent::Reset(_) => {
                self.before.clear();
                self.first = None;
                self.told_since = self.told_since.filter(|_| !self.is_newer);
            }
            WatchEvent::Changed(changed) => {
                self.first = self.first.or(changed.at);
                self.is_newer |= changed.at.is_some_and(|at| at > self.time);
                if self.is_newer {
                    self.take_back(changed);
                }
            }
        }
    }

    /// Whether the log goes back to the time; what is in the way, otherwise.
    fn is_known(&self) -> Result<(), String> {
        match self.told_since.or(self.first) {
            Some(since) if since <= self.time => Ok(()),
            Some(since) => Err(format!("its log goes back to {}", rfc3339(since))),
            None => Err("its log tells of no change so far".to_owned()),
        }
    }

    fn take_back(&mut self, changed: Changed) {
        let Some(key) = self.key(&changed) else { return };
        let names = &changed.fields;
        let before = match (self.before.remove(&key), changed.change) {
            (None, Change::Insert(_)) => Before::Absent,
            (None, Change::Update(fields)) => self.fields(names, fields, Vec::new()),
            (Some(Before::Fields(known)), Change::Update(fields)) => {
                self.fields(names, fields, known)
            }
            (None, Change::Delete(image)) => self.whole(names, &changed.target, image, Vec::new()),
            (Some(Before::Fields(known)), Change::Delete(image)) => {
                self.whole(names, &changed.target, image, known)
            }
            // how it was is known already
            (Some(before), _) => before,
        };
        self.before.insert(key, before);
    }

    /// What a changed feature is known by here, `None` where it is not asked for.
    fn key(&self, changed: &Changed) -> Option<Target> {
        match (&self.ids, &changed.target) {
            (Ids::Any, target) => Some(target.clone()),
            (Ids::Objects(ids), Target::Id(id)) => ids.contains(id).then_some(Target::Id(*id)),
            (Ids::Objects(_), Target::Fid(_)) => None,
            (Ids::Fids(fids), _) => {
                let fid = changed.fid.as_ref().filter(|fid| fids.contains(fid));
                fid.cloned().map(Target::Fid)
            }
        }
    }

    /// The same of a feature that is there now.
    fn key_of(&self, feature: &Feature) -> Option<Target> {
        match self.ids {
            Ids::Any | Ids::Objects(_) => Target::of(feature),
            Ids::Fids(_) => feature.fid.clone().map(Target::Fid),
        }
    }

    /// The fields that an update changed, beside those that are known from before it.
    fn fields(
        &mut self,
        names: &FieldNames,
        changes: Vec<FieldChange>,
        mut known: Known,
    ) -> Before {
        let places = self.places(names);
        for change in changes {
            let Some(Some(place)) = places.get(change.field) else { continue };
            if known.iter().all(|(at, _)| at != place) {
                known.push((*place, change.before));
            }
        }
        Before::Fields(known)
    }

    /// A feature that was deleted later, with what is known of before that.
    fn whole(&mut self, names: &FieldNames, target: &Target, image: Image, known: Known) -> Before {
        let mut feature = Feature::new(Arc::clone(self.layer.schema())).with_fid(image.fid);
        if let Target::Id(id) = target {
            feature.id = Some(*id);
        }
        for (place, value) in self.places(names).iter().zip(image.values) {
            if let Some(place) = place {
                feature.put(*place, value);
            }
        }
        put(&mut feature, known);
        Before::Whole(feature)
    }

    /// Where fields of these names are in the layer.
    fn places(&mut self, names: &FieldNames) -> &[Option<usize>] {
        let is_known = self.places.as_ref().is_some_and(|(known, _)| known == names);
        if !is_known {
            let schema = self.layer.schema();
            let places = names.iter().map(|name| schema.position(name)).collect();
            self.places = Some((Arc::clone(names), places));
        }
        self.places.as_ref().map_or(&[], |(_, places)| places)
    }

    /// The features as they were, made of those that are there now; by ascending fid, as they are.
    fn features(
        mut self,
        present: impl Iterator<Item = tiepoint_store::Result<Feature>> + 'static,
    ) -> impl Iterator<Item = tiepoint_store::Result<Feature>> + 'static {
        let mut gone = self.take_whole().into_iter().peekable();
        let mut present = present.filter_map(move |row| self.as_it_was(row).transpose()).peekable();
        std::iter::from_fn(move || {
            let is_next = match (gone.peek(), present.peek()) {
                (Some(gone), Some(Ok(row))) => gone.fid < row.fid,
                (gone, row) => gone.is_some() && row.is_none(),
            };
            if is_next { gone.next().map(Ok) } else { present.next() }
        })
    }

    /// The features that were deleted later, by ascending fid; where they are there again, that is
    /// not of the time.
    fn take_whole(&mut self) -> Vec<Feature> {
        let mut gone = Vec::new();
        for before in self.before.values_mut() {
            if let Before::Whole(_) = before
                && let Before::Whole(feature) = std::mem::replace(before, Before::Absent)
            {
                gone.push(feature);
            }
        }
        gone.sort_by(|a, b| a.fid.cmp(&b.fid));
        gone
    }

    /// A feature that is there now as it was.
    fn as_it_was(
        &mut self,
        row: tiepoint_store::Result<Feature>,
    ) -> tiepoint_store::Result<Option<Feature>> {
        let mut feature = row?;
        let key = self.key_of(&feature);
        match key.and_then(|key| self.before.remove(&key)) {
            Some(Before::Absent) => return Ok(None),
            Some(Before::Fields(known)) => put(&mut feature, known),
            Some(Before::Whole(was)) => feature = was,
            None => {}
        }
        Ok(Some(feature))
    }
}

fn put(feature: &mut Feature, known: Known) {
    for (place, value) in known {
        feature.put(place, value);
    }
}
