//! Entries becoming events.
use super::headers::Header;
use super::layers::Layer;
use super::place::{Place, Snapshot, Within};
use super::rows::{Noted, Notes, Unread};
use crate::error::Site;
use crate::link::Link;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tiepoint_core::{Change, Feature, Fid, Image, ObjectId, Target};
use tiepoint_store::{Author, Changed, Checkpoint, Reset, ResetReason, WatchEvent};

/// What stands for all of an entry.
const WHOLE: u32 = u32::MAX;

/// An event, and where it is among the entries.
#[derive(Debug)]
pub(crate) struct Told {
    /// The position of its entry among those that are told of together.
    pub(crate) entry: usize,
    /// Its position within the entry.
    part: u32,
    pub(crate) event: WatchEvent,
}

/// Tells what some entries, one after another, say.
pub(crate) struct Teller<'t> {
    pub(crate) link: &'t Link,
    pub(crate) site: &'t Site,
    pub(crate) place: &'t Place,
    pub(crate) until: &'t Snapshot,
    /// Whose handle is being watched.
    pub(crate) handle: &'t str,
    /// Whether nothing has been committed after these entries.
    pub(crate) is_all: bool,
    /// The logs whose entries cannot be read.
    pub(crate) nonsense: &'t HashSet<i32>,
    pub(crate) entries: &'t [Header],
}

/// One row's before and after in one entry.
struct Step<'s> {
    entry: usize,
    at: u32,
    before: Option<&'s Feature>,
    after: Option<&'s Feature>,
}

impl Teller<'_> {
    /// The events of these layers, by the numbers of their logs, in order.
    pub(crate) fn tell(&self, layers: &HashMap<i32, Layer>) -> Result<Vec<Told>, Unread> {
        let mut told = Vec::new();
        let mut speakers = Speakers::default();
        let mut by_log: HashMap<i32, Vec<usize>> = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let Some(layer) = layers.get(&entry.log) else { continue };
            if entry.tells_of_rows() {
                by_log.entry(entry.log).or_default().push(at);
            } else if let Some(reason) = self.reason(entry) {
                told.push(self.reset(layer, at, reason));
            }
        }
        for (log, at) in by_log {
            self.tell_layer(&layers[&log], &at, &mut speakers, &mut told)?;
        }
        told.sort_unstable_by_key(|it| (it.entry, it.part));
        told.retain(|it| !self.was_given(it));
        Ok(told)
    }

    /// What an entry that tells of the log itself means.
    fn reason(&self, entry: &Header) -> Option<ResetReason> {
        match entry.kind {
            b'n' if self.place.since.is_oldest() => None,
            b'n' => Some(ResetReason::NoLog),
            b's' => Some(ResetReason::SchemaChanged),
            _ => Some(ResetReason::NotNoted),
        }
    }

    fn tell_layer(
        &self,
        layer: &Layer,
        at: &[usize],
        speakers: &mut Speakers,
        told: &mut Vec<Told>,
    ) -> Result<(), Unread> {
        if !layer.is_legible() || self.nonsense.contains(&layer.log.number) {
            told.push(self.reset(layer, at[0], ResetReason::SchemaChanged));
            return Ok(());
        }
        let (link, site, table, log) = (self.link, self.site, &layer.table, layer.log.number);
        let notes = Notes { link, site, table, log };
        let headers: Vec<&Header> = at.iter().map(|at| &self.entries[*at]).collect();
        let steps = notes.of(&headers)?;
        let positions = at.iter().map(|at| (self.entries[*at].seq, *at)).collect();
        let entries = Entries { all: self.entries, positions };
        let mut chains = Chains::default();
        for it in &steps {
            let entry = entries.positions[&it.seq];
            match it.key.as_deref().filter(|key| is_key(layer, key)) {
                Some(key) => chains.add(key, it),
                None => told.push(self.reset(layer, entry, ResetReason::NotNoted)),
            }
        }
        let (next, present) = self.ends(&notes, &chains)?;
        for step in chains.steps(&entries, &next, &present) {
            self.tell_step(layer, &step, speakers, told);
        }
        Ok(())
    }

    /// What rows said after the last of these entries: what the next entry says of it, or the rows.
    #[expect(clippy::type_complexity, reason = "two maps from keys")]
    fn ends(
        &self,
        notes: &Notes<'_>,
        chains: &Chains<'_>,
    ) -> Result<(HashMap<String, Option<Feature>>, HashMap<String, Feature>), Unread> {
        let later = if self.is_all {
            HashMap::new()
        } else {
            notes.later(&chains.ends(), &self.place.since.unseen())?
        };
        let keys = chains.by_key.keys().copied();
        let present = notes.present(keys.filter(|key| !later.contains_key(*key)).collect())?;
        Ok((later, present))
    }

    fn tell_step(
        &self,
        layer: &Layer,
        step: &Step<'_>,
        speakers: &mut Speakers,
        told: &mut Vec<Told>,
    ) {
        let mut tell = |part: u32, feature: &Feature, change: Change| {
            let Some(target) = Target::of(feature) else { return };
            let entry = &self.entries[step.entry];
            let part = step.at * 2 + part;
            told.push(Told {
                entry: step.entry,
                part,
                event: WatchEvent::Changed(Changed {
                    layer: Arc::clone(&layer.name),
                    fields: Arc::clone(&layer.fields),
                    target,
                    fid: feature.fid.clone(),
                    change,
                    author: self.author(entry),
                    who: Some(speakers.named(&entry.who)),
                    at: Some(entry.at),
                    settled: false,
                    checkpoint: self.checkpoint(entry, part),
                }),
            });
        };
        match (step.before, step.after) {
            (Some(before), Some(after)) if is_same(before, after) => {
                if let Some(change) = Change::between_features(Some(before), Some(after)) {
                    tell(0, after, change);
                }
            }
            (before, after) => {
                if let Some(before) = before {
                    tell(0, before, Change::Delete(Image::of(before)));
                }
                if let Some(after) = after {
                    tell(1, after, Change::Insert(Image::of(after)));
                }
            }
        }
    }

    fn author(&self, entry: &Header) -> Author {
        match &entry.handle {
            None => Author::Other,
            Some(handle) if handle == self.handle => Author::This,
            Some(_) => Author::Tiepoint,
        }
    }

    fn reset(&self, layer: &Layer, at: usize, reason: ResetReason) -> Told {
        let checkpoint = self.checkpoint(&self.entries[at], WHOLE);
        let layer = Some(Arc::clone(&layer.name));
        Told {
            entry: at,
            part: WHOLE,
            event: WatchEvent::Reset(Reset { layer, reason, checkpoint }),
        }
    }

    fn checkpoint(&self, entry: &Header, part: u32) -> Checkpoint {
        Checkpoint::new(self.place.within(self.until, entry, part).to_string())
    }

    fn was_given(&self, told: &Told) -> bool {
        let entry = &self.entries[told.entry];
        self.place.within.as_ref().is_some_and(|Within { last, seq, part, .. }| {
            (entry.last, entry.seq, told.part) <= (*last, *seq, *part)
        })
    }
}

impl Place {
    /// The same after a part of an entry.
    fn within(&self, until: &Snapshot, entry: &Header, part: u32) -> Self {
        let (last, seq) = (entry.last, entry.seq);
        Self { within: Some(Within { until: until.clone(), last, seq, part }), ..self.clone() }
    }

    /// The same after all of an entry.
    pub(crate) fn after(&self, until: &Snapshot, entry: &Header) -> Self {
        self.within(until, entry, WHOLE)
    }
}

/// Object ids in another spelling than ours are none that a row would be found by.
fn is_key(layer: &Layer, key: &str) -> bool {
    layer.table.tie.is_none() || key.parse::<ObjectId>().is_ok_and(|id| id.to_string() == key)
}

/// Whether both are one feature to whoever hears of it.
fn is_same(before: &Feature, after: &Feature) -> bool {
    let fid = |it: &Feature| -> Option<Fid> { it.fid.clone() };
    fid(before) == fid(after) && before.id == after.id
}

/// What happened to each row, in order.
#[derive(Default)]
struct Chains<'n> {
    by_key: HashMap<&'n str, Vec<&'n Noted>>,
}

impl<'n> Chains<'n> {
    fn add(&mut self, key: &'n str, noted: &'n Noted) {
        self.by_key.entry(key).or_default().push(noted);
    }

    /// The last entry of each row.
    fn ends(&self) -> Vec<(&'n str, i64)> {
        let last = |(key, chain): (&&'n str, &Vec<&Noted>)| Some((*key, chain.last()?.seq));
        self.by_key.iter().filter_map(last).collect()
    }

    fn steps<'s>(
        &'s self,
        entries: &Entries<'_>,
        later: &'s HashMap<String, Option<Feature>>,
        present: &'s HashMap<String, Feature>,
    ) -> Vec<Step<'s>> {
        let mut steps = Vec::new();
        for (key, chain) in &self.by_key {
            let end = match later.get(*key) {
                Some(before) => before.as_ref(),
                None => present.get(*key),
            };
            let afters = chain.iter().skip(1).map(|it| it.before.as_ref()).chain([end]);
            let steps_of_row = chain.iter().zip(afters).map(|(it, after)| Step {
                entry: entries.positions[&it.seq],
                at: it.at,
                before: it.before.as_ref(),
                after,
            });
            steps.extend(entries.born(steps_of_row.collect()));
        }
        steps
    }
}

/// The entries that are told of together, and where each is among them.
struct Entries<'e> {
    all: &'e [Header],
    positions: HashMap<i64, usize>,
}

impl Entries<'_> {
    /// The steps of a row without those before it came. Triggers of others that fire for each row
    /// fire before ours, so what they do to a row that a statement has just brought is noted before
    /// its coming.
    fn born<'s>(&self, steps: Vec<Step<'s>>) -> Vec<Step<'s>> {
        let mut born: Vec<Step<'s>> = Vec::with_capacity(steps.len());
        for step in steps {
            if self.all[step.entry].kind == b'i' {
                while born.pop_if(|it| self.is_unborn(it, &step)).is_some() {}
                if let Some(last) = born.last_mut() {
                    last.after = None;
                }
            }
            born.push(step);
        }
        born
    }

    /// Whether a step before the one by which its row came was noted too early. An update does not
    /// make a row go, unless it gives it another key: then that comes next.
    fn is_unborn(&self, step: &Step<'_>, coming: &Step<'_>) -> bool {
        let (entry, came) = (&self.all[step.entry], &self.all[coming.entry]);
        let next = self.all[step.entry + 1..].iter().find(|it| it.log == entry.log);
        let is_ours = entry.transaction == came.transaction;
        is_ours
            && match entry.kind {
                b'u' => next.is_some_and(|it| it.kind != b'i' || it.seq == came.seq),
                b'd' => coming.after.is_none(),
                _ => false,
            }
    }
}

/// The roles that speak, each spelled once.
#[derive(Default)]
struct Speakers(HashMap<String, Arc<str>>);

impl Speakers {
    fn named(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = name.into();
        self.0.insert(name.to_owned(), Arc::clone(&shared));
        shared
    }
}
