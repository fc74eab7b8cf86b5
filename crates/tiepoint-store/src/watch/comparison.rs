//! What layers say now against what they said before, for those without a log.
use super::ResetReason;
use super::order::turn_of;
use crate::{Features, Result, Store};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tiepoint_core::{Change, Feature, Fid, FidRule, FieldNames, Identity, Image, Layer};
use tiepoint_core::{Query, Schema, Target};

/// What layers said when they were last looked at.
///
/// It holds every feature of them. Each layer is read from one committed state, two layers perhaps
/// from two. Where several features of a layer are known by one target (copies with one id), the
/// last that was read counts, and the others are as if they were not there.
#[derive(Debug, Default)]
pub struct Comparison {
    layers: BTreeMap<String, Remembered>,
    /// How often somebody tried to look.
    looks: u64,
    has_looked: bool,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A feature differs.
    Changed {
        /// The layer's name.
        layer: Arc<str>,
        /// The names of its fields, by position.
        fields: FieldNames,
        /// The feature.
        target: Target,
        /// What its store calls it; called it, where it is gone.
        fid: Option<Fid>,
        /// What happened to it.
        change: Change,
    },
    /// A layer cannot be compared with what it said before.
    Reset {
        /// The layer's name.
        layer: Arc<str>,
        /// Why.
        reason: ResetReason,
    },
}

impl Comparison {
    /// One that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the layers of which `wanted` says that they matter, and tells what differs from
    /// the last look; the first look finds nothing.
    ///
    /// Layer by layer, by name; in each first what went, then what says something else, then what
    /// came, by ascending target. An object whose row has another fid went and came, one right
    /// after the other. A layer that came or went, became wanted, or has another schema or
    /// identity is a [`Found::Reset`]; so is one that differs and has neither ids nor fids that
    /// last. One that is no longer wanted is forgotten.
    ///
    /// Costs one reading of all these layers.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read. It is as if nobody had looked then: the next look finds
    /// what this one would have.
    pub fn compare(
        &mut self,
        store: &dyn Store,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Found>> {
        self.looks += 1;
        let look = self.looks;
        let mut seen = BTreeMap::new();
        for layer in store.layers()?.into_iter().filter(|layer| wanted(layer.name())) {
            let features = store.read(&Query::layer(layer.name()))?;
            let seen_here = match self.layers.get_mut(layer.name()) {
                Some(before) if before.is_like(&layer, features.schema()) => {
                    Seen::Again(before.differing(features, look)?)
                }
                _ => Seen::Anew(Remembered::read(&layer, features, look)?),
            };
            seen.insert(layer.name().to_owned(), seen_here);
        }
        let found = self.taken(seen, wanted);
        self.has_looked = true;
        Ok(found)
    }

    /// Puts what was seen in the place of what was before; nothing can fail any more.
    fn taken(&mut self, seen: BTreeMap<String, Seen>, wanted: &dyn Fn(&str) -> bool) -> Vec<Found> {
        let mut found = Vec::new();
        let reset =
            |name: &str| Found::Reset { layer: name.into(), reason: ResetReason::SchemaChanged };
        self.layers.retain(|name, _| {
            let stays = seen.contains_key(name);
            found.extend((!stays && wanted(name)).then(|| reset(name)));
            stays
        });
        for (name, seen) in seen {
            match seen {
                Seen::Anew(layer) => {
                    found.extend(self.has_looked.then(|| reset(&name)));
                    self.layers.insert(name, layer);
                }
                Seen::Again(differing) => {
                    let layer = self.layers.get_mut(&name).expect("it was compared");
                    found.extend(layer.taken(differing, self.looks));
                }
            }
        }
        found
    }
}

/// What a look saw of a layer.
enum Seen {
    /// All of it.
    Anew(Remembered),
    /// What differs from before, or is new.
    Again(BTreeMap<Target, Image>),
}

/// A layer as it was last seen.
#[derive(Debug)]
struct Remembered {
    name: Arc<str>,
    fields: FieldNames,
    schema: Arc<Schema>,
    identity: Identity,
    fids: FidRule,
    rows: HashMap<Target, Row>,
}

#[derive(Debug)]
struct Row {
    image: Image,
    /// The last look that found it.
    seen: u64,
}

impl Remembered {
    fn read(layer: &Layer, features: Features<'_>, look: u64) -> Result<Self> {
        let schema = Arc::clone(features.schema());
        let mut here = Self {
            name: layer.name().into(),
            fields: schema.fields().iter().map(|field| field.name.clone()).collect(),
            schema,
            identity: layer.identity().clone(),
            fids: layer.fids,
            rows: HashMap::new(),
        };
        for (place, feature) in features.enumerate() {
            let (target, image) = here.known(place, feature?);
            here.rows.insert(target, Row { image, seen: look });
        }
        Ok(here)
    }

    fn is_like(&self, layer: &Layer, schema: &Arc<Schema>) -> bool {
        self.schema == *schema && self.identity == *layer.identity() && self.fids == layer.fids
    }

    /// Whether nothing tells its rows from one another beyond one reading.
    fn is_anonymous(&self) -> bool {
        self.fids == FidRule::Ephemeral && self.identity == Identity::None
    }

    /// What a feature is known by, and what it says.
    fn known(&self, place: usize, feature: Feature) -> (Target, Image) {
        let place = || Target::Fid(Fid::Int(i64::try_from(place).unwrap_or(i64::MAX)));
        let target = Target::of(&feature).filter(|_| !self.is_anonymous()).unwrap_or_else(place);
        let fid = feature.fid.clone().filter(|_| self.fids != FidRule::Ephemeral);
        (target, Image { fid, values: feature.into_values() })
    }

    /// Those that say something else or have another fid, and those that are new; notes of the
    /// others that they were seen.
    fn differing(&mut self, features: Features<'_>, look: u64) -> Result<BTreeMap<Target, Image>> {
        let mut differing = BTreeMap::new();
        for (place, feature) in features.enumerate() {
            let (target, image) = self.known(place, feature?);
            if self.rows.get_mut(&target).is_some_and(|row| row.is_still(&image, look)) {
                differing.remove(&target);
            } else {
                differing.insert(target, image);
            }
        }
        Ok(differing)
    }

    /// Has `differing` in place of what was before, and tells what happened.
    fn taken(&mut self, differing: BTreeMap<Target, Image>, look: u64) -> Vec<Found> {
        let gone = self.rows.extract_if(|_, row| row.seen != look);
        let mut steps: Vec<Step> =
            gone.map(|(target, row)| Step(target, Some(row.image), None)).collect();
        for (target, image) in differing {
            let row = Row { image: image.clone(), seen: look };
            let before = self.rows.insert(target.clone(), row).map(|row| row.image);
            steps.push(Step(target, before, Some(image)));
        }
        if self.is_anonymous() {
            let reset = Found::Reset { layer: self.name.clone(), reason: ResetReason::NoLog };
            return steps.first().map(|_| reset).into_iter().collect();
        }
        steps.sort_unstable_by(|a, b| (a.turn(), &a.0).cmp(&(b.turn(), &b.0)));
        steps.into_iter().flat_map(|step| step.told(&self.name, &self.fields)).collect()
    }
}

impl Row {
    /// Whether it says what it said; that it is there is noted in any case.
    fn is_still(&mut self, image: &Image, look: u64) -> bool {
        self.seen = look;
        self.image == *image
    }
}

/// What was known of a feature, and what is.
struct Step(Target, Option<Image>, Option<Image>);

impl Step {
    fn turn(&self) -> u8 {
        turn_of(self.1.is_some(), self.2.is_some())
    }

    fn told(self, layer: &Arc<str>, fields: &FieldNames) -> impl Iterator<Item = Found> {
        let Self(target, before, after) = self;
        let fid = |image: &Image| image.fid.clone();
        let (was, is) = (before.as_ref().and_then(fid), after.as_ref().and_then(fid));
        let changes = match (before, after) {
            (Some(before), Some(after)) if was == is => {
                [Change::between(Some(&before), Some(&after)), None]
            }
            (before, after) => [before.map(Change::Delete), after.map(Change::Insert)],
        };
        let (layer, fields) = (Arc::clone(layer), Arc::clone(fields));
        changes.into_iter().flatten().map(move |change| Found::Changed {
            layer: Arc::clone(&layer),
            fields: Arc::clone(&fields),
            target: target.clone(),
            fid: if matches!(change, Change::Delete(_)) { was.clone() } else { is.clone() },
            change,
        })
    }
}

#[cfg(test)]
mod tests;
