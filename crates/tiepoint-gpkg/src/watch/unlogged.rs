//! Layers without a log: compared with what they said before. One that gets a log is compared until
//! nobody writes to it meanwhile, so that it is known from where on its log tells the rest.
use super::Watcher;
use super::entries::Lineages;
use crate::log;
use std::collections::{BTreeMap, HashMap, HashSet};
use tiepoint_store::{Author, Changed, Comparison, Found, ResetReason, Result, WatchEvent};

/// What is known of the layers that are compared.
#[derive(Default)]
pub(super) struct Unlogged {
    comparison: Comparison,
    has_looked: bool,
    /// The layers that it says something of.
    layers: HashSet<String>,
    /// Lineages of layers that have logs by now and are compared still.
    leaving: HashSet<u32>,
    /// Up to which entry comparing has told what a lineage notes.
    told: HashMap<u32, i64>,
    /// Layers that had a log until now, or have gone; that is told once it is known what they say,
    /// so that whoever reads them then misses nothing.
    owed: BTreeMap<String, ResetReason>,
}

impl Unlogged {
    /// Whether comparing tells what an entry of a lineage does.
    pub(super) fn tells(&self, number: u32, seq: i64) -> bool {
        self.leaving.contains(&number) || self.told.get(&number).is_some_and(|told| seq <= *told)
    }

    /// Takes note of layers whose logs have come or gone.
    pub(super) fn follow(&mut self, before: &Lineages, now: &Lineages) {
        let new = now.iter().filter(|(number, _)| !before.contains_key(number));
        let compared = new.filter(|(_, lineage)| self.layers.contains(&*lineage.name));
        self.leaving.extend(compared.map(|(number, _)| *number));
        self.leaving.retain(|number| now.contains_key(number));
        self.told.retain(|number, _| now.contains_key(number));
        for lineage in before.values() {
            if now.values().all(|it| it.name != lineage.name) {
                self.owe(&lineage.name, None);
            }
        }
    }

    /// Sees to it that a layer is told to be read again.
    pub(super) fn owe(&mut self, layer: &str, reason: Option<ResetReason>) {
        let owed = self.owed.entry(layer.to_owned()).or_insert(ResetReason::NotNoted);
        *owed = reason.unwrap_or(*owed);
    }

    /// Forgets what is owed: nobody has heard of these layers before.
    pub(super) fn owe_nothing(&mut self) {
        self.owed.clear();
    }
}

impl Watcher {
    /// Tells what has changed in layers without a log.
    pub(super) fn compare(&mut self) -> Result<()> {
        let layers = self.to_compare();
        let nothing = layers.is_empty() && self.unlogged.layers.is_empty();
        let found = if nothing && self.unlogged.has_looked {
            Vec::new()
        } else {
            let before = self.last_entry()?;
            let Self { store, options, known, unlogged, .. } = self;
            let is_compared = |name: &str| {
                options.wants(name) && !has_told_log(&known.lineages, &unlogged.leaving, name)
            };
            let found = unlogged.comparison.compare(store, &is_compared)?;
            unlogged.has_looked = true;
            self.let_go(before)?;
            found
        };
        self.unlogged.layers = layers;
        self.tell_found(found);
        Ok(())
    }

    /// The layers that matter and are not told of by their logs.
    pub(super) fn to_compare(&self) -> HashSet<String> {
        let (lineages, leaving) = (&self.known.lineages, &self.unlogged.leaving);
        let is_compared =
            |name: &&String| self.options.wants(name) && !has_told_log(lineages, leaving, name);
        self.known.layers().iter().filter(is_compared).cloned().collect()
    }

    fn last_entry(&self) -> Result<i64> {
        let Some(lease) = self.store.reading()? else { return Ok(0) };
        log::last(lease.connection()).map_err(self.store.site().failed("read the change log"))
    }

    /// Compares no longer what has a log and was left alone meanwhile.
    fn let_go(&mut self, before: i64) -> Result<()> {
        if self.unlogged.leaving.is_empty() {
            return Ok(());
        }
        let Some(lease) = self.store.reading()? else { return Ok(()) };
        let noted = log::lineages_after(lease.connection(), before);
        let noted = noted.map_err(self.store.site().failed("read the change log"))?;
        let Unlogged { leaving, told, .. } = &mut self.unlogged;
        for number in leaving.extract_if(|number| !noted.contains(number)) {
            told.insert(number, before);
        }
        Ok(())
    }

    fn tell_found(&mut self, found: Vec<Found>) {
        let position = self.read.clone();
        let mut settles = None;
        for found in found {
            match found {
                Found::Reset { layer, reason } => {
                    let reason = self.unlogged.owed.remove(&*layer).unwrap_or(reason);
                    self.tell_reset(Some(&layer), reason);
                }
                Found::Changed { layer, fields, target, fid, change } => {
                    let changed = Changed {
                        layer,
                        fields,
                        target,
                        fid,
                        change,
                        author: Author::Unknown,
                        who: None,
                        at: None,
                        settled: false,
                        checkpoint: position.checkpoint(),
                    };
                    settles = Some(self.queue.len());
                    self.queue.push_back((WatchEvent::Changed(changed), position.clone()));
                }
            }
        }
        if let Some((WatchEvent::Changed(last), _)) = settles.and_then(|at| self.queue.get_mut(at))
        {
            last.settled = true;
        }
        for (layer, reason) in std::mem::take(&mut self.unlogged.owed) {
            self.tell_reset(Some(&layer), reason);
        }
    }
}

/// Whether all that happens to a layer is told by its log.
fn has_told_log(lineages: &Lineages, leaving: &HashSet<u32>, name: &str) -> bool {
    let mut logs = lineages.iter().filter(|(number, _)| !leaving.contains(number));
    logs.any(|(_, lineage)| *lineage.name == *name)
}
