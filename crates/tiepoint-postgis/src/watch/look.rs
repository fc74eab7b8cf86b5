//! One look at the server.
use super::headers::Header;
use super::layers::{self, Layer, State};
use super::place::{Place, Snapshot};
use super::rows::Unread;
use super::told::{Teller, Told};
use super::{PgWatch, WINDOWS, headers, named, place_from};
use crate::error::Failure;
use crate::link::Link;
use crate::log::{self, Logged, Mark};
use crate::store::PostgisStore;
use crate::transaction::PgTransaction;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tiepoint_store::{
    Checkpoint, ResetReason, Result, Transaction as _, TransactionOptions, WatchEvent, WatchFrom,
    WatchOptions,
};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Where a watcher begins.
pub(super) struct Beginning {
    pub(super) place: Place,
    pub(super) layers: HashMap<u32, Layer>,
    pub(super) reset: Option<ResetReason>,
    pub(super) now: Snapshot,
    /// Whether it was here before.
    pub(super) is_back: bool,
}

/// Finds out where a watcher begins.
pub(super) fn begin(
    link: &Link,
    store: &PostgisStore,
    options: &WatchOptions,
) -> Result<Beginning> {
    link.batch(BEGIN).map_err(store.site.failed("begin to watch"))?;
    let database = layers::database(link, &store.site)?;
    let state = layers::state(link, &database).map_err(store.site.failed("begin to watch"))?;
    let kept = options.name.as_deref().map(|name| named::kept(link, name)).transpose();
    let kept = kept.map_err(store.site.failed("look where it had got to"))?.flatten();
    let from = place_from(&options.from, kept);
    let is_back = matches!(from, WatchFrom::After(_));
    let now =
        |since| Place { database: database.clone(), log: state.id.clone(), since, within: None };
    let (place, reset) = match from {
        WatchFrom::Now => (now(state.now.clone()), None),
        WatchFrom::Oldest if state.id.is_none() => (now(state.now.clone()), None),
        WatchFrom::Oldest => (now(Snapshot::before(state.floor + 1)), None),
        WatchFrom::After(checkpoint) => match named::place_of(store, &checkpoint)? {
            place if place.database == database => (place, None),
            _ => (now(state.now.clone()), Some(ResetReason::Replaced)),
        },
    };
    let mut layers = layers_with_logs(link, store, &state, &HashMap::new())?.0;
    layers.retain(|_, layer| layer.is_followed());
    link.batch("COMMIT").map_err(store.site.failed("begin to watch"))?;
    Ok(Beginning { place, layers, reset, now: state.now, is_back })
}

/// The layers that have logs now; those known already are not looked up again. Also whether a log is
/// not as it should be and can be made anew.
fn layers_with_logs(
    link: &Link,
    store: &PostgisStore,
    state: &State,
    known: &HashMap<u32, Layer>,
) -> Result<(HashMap<u32, Layer>, bool)> {
    if state.id.is_none() {
        return Ok((HashMap::new(), false));
    }
    let logs = log::logs(link).map_err(store.site.failed("look what is noted"))?;
    let mut layers = HashMap::new();
    let is_ours = |log: &Logged| log.trouble().is_some() && log.may_mend;
    let to_mend = !link.server().is_standby && logs.iter().any(is_ours);
    for log in logs {
        match known.get(&log.layer) {
            Some(layer) if layer.log == log => {
                layers.insert(log.layer, layer.clone());
            }
            _ => {
                if let Some(table) = store.catalogue.numbered(link, &store.site, log.layer)? {
                    layers.insert(log.layer, Layer::new(log, table));
                }
            }
        }
    }
    Ok((layers, to_mend))
}

impl PgWatch {
    /// Whether a log needs to be made anew.
    pub(super) fn look_by(&mut self, link: &Link) -> Result<bool> {
        let site = self.store.site.clone();
        let failed = || site.failed("look what was committed");
        if !self.has_more() {
            let now = layers::now(link).map_err(failed())?;
            let is_quiet = now == self.place.since;
            self.now = now;
            if is_quiet {
                return Ok(false);
            }
        }
        link.batch(BEGIN).map_err(failed())?;
        let to_mend = self.look_within(link)?;
        link.batch("COMMIT").map_err(failed())?;
        Ok(to_mend)
    }

    fn look_within(&mut self, link: &Link) -> Result<bool> {
        let state = layers::state(link, &self.place.database)
            .map_err(self.store.site.failed("look what was committed"))?;
        self.notice_another_log(&state);
        let mut to_mend = false;
        if self.headers.is_empty() {
            let (layers, wrong) = layers_with_logs(link, &self.store, &state, &self.layers)?;
            self.notice_layers(link, layers)?;
            to_mend = wrong;
        }
        self.now = state.now.clone();
        if self.place.log.is_none() {
            self.finish(state.now);
            return Ok(to_mend);
        }
        let failed = || self.store.site.failed("look what was committed");
        let is_fresh = self.headers.is_empty();
        if is_fresh {
            let until = self.place.within.as_ref().map(|it| it.until.clone());
            let until = self.until.take().or(until).unwrap_or_else(|| state.now.clone());
            // one of them may have been given already
            let most = self.window.saturating_mul(WINDOWS).max(2);
            let limit = i64::try_from(most).unwrap_or(i64::MAX);
            let headers = headers::headers(link, &self.place, &until, limit);
            self.headers = headers.map_err(failed())?;
            self.is_cut = self.headers.len() >= most;
            self.until = Some(until);
        }
        self.tell_window(link, is_fresh, &state)?;
        Ok(to_mend)
    }

    /// Another log may have taken the place of the one that was read, or this one may have been
    /// trimmed, or the server may be one that lives through its past again.
    fn notice_another_log(&mut self, state: &State) {
        let since = &self.place.since;
        let reason = match (&self.place.log, &state.id) {
            (Some(before), Some(now)) if before != now => Some(ResetReason::Replaced),
            _ if state.now.is_before(since) => Some(ResetReason::Replaced),
            (Some(_), Some(_)) if state.floor >= since.begin() => Some(ResetReason::Trimmed),
            _ => None,
        };
        self.place.log.clone_from(&state.id);
        if let Some(reason) = reason {
            self.headers.clear();
            self.until = None;
            self.settle_last();
            self.place = self.place.at(state.now.clone());
            self.tell_reset(None, reason);
        }
    }

    /// Layers may be told of by logs from now on, or no more.
    fn notice_layers(&mut self, link: &Link, mut layers: HashMap<u32, Layer>) -> Result<()> {
        let mut before: Vec<Layer> = self.layers.values().cloned().collect();
        before.retain(|it| self.options.wants(&it.name));
        before.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for layer in &before {
            match layers.get(&layer.log.layer) {
                Some(now) if now.name != layer.name => {
                    for name in [&layer.name, &now.name] {
                        self.tell_reset(Some(Arc::clone(name)), ResetReason::SchemaChanged);
                    }
                }
                Some(now) if now.is_followed() => {}
                now => self.notice_lost(link, layer, now)?,
            }
        }
        layers.retain(|_, layer| layer.is_followed());
        let has_come = |it: &&Layer| self.compared.knows(&it.name);
        let arriving: Vec<Layer> = layers.values().filter(has_come).cloned().collect();
        for layer in arriving {
            layers.remove(&layer.log.layer);
            self.compared.arrives(layer);
        }
        self.layers = layers;
        Ok(())
    }

    /// A layer that is there still is compared from now on, and whoever begins with that says so.
    fn notice_lost(&mut self, link: &Link, layer: &Layer, now: Option<&Layer>) -> Result<()> {
        let is_there = self.store.catalogue.numbered(link, &self.store.site, layer.log.layer)?;
        let reason = match now.and_then(|now| now.log.trouble()) {
            Some(Mark::Shape) => ResetReason::SchemaChanged,
            Some(_) => ResetReason::NotNoted,
            None => ResetReason::NoLog,
        };
        if is_there.is_some() {
            self.compared.falls(&layer.name, reason);
        } else {
            self.tell_reset(Some(Arc::clone(&layer.name)), ResetReason::SchemaChanged);
        }
        Ok(())
    }

    /// Tells of as many entries as are held at once.
    fn tell_window(&mut self, link: &Link, is_fresh: bool, state: &State) -> Result<()> {
        let until = self.until.clone().expect("a look was begun");
        let mut entries = Vec::new();
        let mut rows = 0;
        while let Some(header) = self.headers.front() {
            if rows > 0 && rows + header.rows > self.window {
                break;
            }
            rows += header.rows;
            entries.extend(self.headers.pop_front());
        }
        let is_last = self.headers.is_empty() && !self.is_cut;
        let is_all = is_last && is_fresh && until == state.now;
        let wanted = self.concerned(link, &entries)?;
        let teller = Teller {
            link,
            site: &self.store.site,
            place: &self.place,
            until: &until,
            handle: &self.store.handle,
            is_all,
            nonsense: &self.nonsense,
            entries: &entries,
        };
        let told = match teller.tell(&wanted) {
            Ok(told) => told,
            Err(Unread::Server(failure)) => {
                return Err(self.store.site.driver_error(failure, "read what was noted"));
            }
            Err(Unread::Emptied) => {
                self.headers.clear();
                return Ok(());
            }
            Err(Unread::Nonsense(log)) => {
                // the transaction has failed over it; the next look passes over what it says
                self.nonsense.insert(log);
                self.headers.clear();
                return Ok(());
            }
        };
        let last = entries.last().map(|it| (it.transaction.clone(), it.seq == it.last));
        let place = entries.last().map(|it| self.place.after(&until, it));
        let finished = |transaction: &str| {
            last.as_ref().is_none_or(|(it, is_ended)| it != transaction || *is_ended)
        };
        self.take_over(told, &entries, finished);
        self.place = place.unwrap_or_else(|| self.place.clone());
        if is_last {
            self.finish(until);
        }
        Ok(())
    }

    /// The layers that matter and that these entries are about, as they are now.
    fn concerned(&self, link: &Link, entries: &[Header]) -> Result<HashMap<i32, Layer>> {
        let numbers: HashSet<i32> = entries.iter().map(|it| it.log).collect();
        let mut concerned = HashMap::new();
        for layer in self.layers.values().filter(|it| numbers.contains(&it.log.number)) {
            let table = self.store.catalogue.numbered(link, &self.store.site, layer.log.layer)?;
            let Some(table) = table else { continue };
            if self.options.wants(table.layer.name()) {
                concerned.insert(layer.log.number, Layer::new(layer.log.clone(), table));
            }
        }
        Ok(concerned)
    }

    /// Puts events where they are given from, and says after which of them a commit is complete.
    fn take_over(&mut self, told: Vec<Told>, entries: &[Header], finished: impl Fn(&str) -> bool) {
        let transaction = |told: &Told| entries[told.entry].transaction.as_str();
        let before = self.unfinished.take();
        if let Some(before) = &before {
            let goes_on = told.first().is_some_and(|it| transaction(it) == before);
            if !goes_on && finished(before) {
                self.settle_last();
            } else if told.is_empty() {
                self.unfinished = Some(before.clone());
            }
        }
        let mut told = told.into_iter().peekable();
        while let Some(mut it) = told.next() {
            let ours = transaction(&it);
            let is_end = told.peek().is_none_or(|next| transaction(next) != ours);
            if is_end && finished(ours) {
                settle(&mut it.event);
            } else if is_end {
                self.unfinished = Some(ours.to_owned());
            }
            self.ready.push_back(it.event);
        }
    }

    /// Nothing more comes of the transaction that the last event is of.
    pub(super) fn settle_last(&mut self) {
        self.unfinished = None;
        if let Some(event) = self.ready.back_mut() {
            settle(event);
        }
    }

    /// All that `until` sees is ready or has been given.
    fn finish(&mut self, until: Snapshot) {
        self.settle_last();
        self.until = None;
        self.place = self.place.at(until);
        let checkpoint = Checkpoint::new(self.place.to_string());
        match self.ready.back_mut() {
            Some(WatchEvent::Changed(it)) => it.checkpoint = checkpoint,
            Some(WatchEvent::Reset(it)) => it.checkpoint = checkpoint,
            None => self.given = checkpoint,
        }
    }
}

fn settle(event: &mut WatchEvent) {
    if let WatchEvent::Changed(changed) = event {
        changed.settled = true;
    }
}

/// Makes logs anew that are not as they should be, each in a transaction of its own.
pub(super) fn mend(store: &PostgisStore) -> Result<()> {
    let lease = store.lease()?;
    let failed = || store.site.failed("look what is noted");
    let logs = log::logs(&lease).map_err(failed())?;
    let wrong = logs.into_iter().filter(|it| it.may_mend && it.trouble().is_some());
    let mut tables = Vec::new();
    for log in wrong {
        let layer = if log.is_there {
            Some(log.layer)
        } else {
            there_now(&lease, &log).map_err(failed())?
        };
        let Some(layer) = layer else { continue };
        tables.extend(store.catalogue.numbered(&lease, &store.site, layer)?);
    }
    drop(lease);
    for table in tables {
        let mut transaction = PgTransaction::begin(store, TransactionOptions::default())?;
        transaction.mend_log(&table)?;
        Box::new(transaction).commit()?;
    }
    Ok(())
}

/// The table that has taken the place of one that is gone.
fn there_now(link: &Link, log: &Logged) -> Result<Option<u32>, Failure> {
    let row = link.query_one("SELECT to_regclass($1)::oid", &[&log.place])?;
    Ok(row.get(0))
}
