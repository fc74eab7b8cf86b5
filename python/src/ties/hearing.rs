//! Events and rows in, verdicts out.
use super::handle::bury;
use super::{LayerTies, Said, Verdict};
use crate::wait::locked;
use pyo3::prelude::*;
use std::collections::BTreeSet;
use tiepoint::objects::{Event, Scope};
use tiepoint::{Fid, ObjectId};

impl LayerTies {
    /// Takes note of an event of which nothing follows yet.
    pub(super) fn note(&self, event: Event) {
        let mut inner = locked(&self.inner);
        let layer = inner.layer;
        let verdict = inner.registry.hear(layer, event);
        debug_assert_eq!(verdict, tiepoint::objects::Verdict::default());
        drop(inner);
        bury();
    }

    pub(super) fn hear(&self, py: Python<'_>, event: Event) -> Said {
        let mut inner = locked(&self.inner);
        let layer = inner.layer;
        let verdict = inner.registry.hear(layer, event);
        let said = Verdict::of(py, &inner.registry, layer, &inner.wanted, verdict);
        drop(inner);
        bury();
        said
    }

    pub(super) fn tell_rows(
        &self,
        py: Python<'_>,
        scope: &Scope,
        rows: Vec<(i64, Option<ObjectId>)>,
    ) -> Said {
        let mut inner = locked(&self.inner);
        let layer = inner.layer;
        if inner.tracker().is_empty() {
            inner.registry.reserve(layer, rows.len());
        }
        let mut resync = inner.registry.resync(layer, scope);
        for (fid, id) in rows {
            resync.row(Fid::Int(fid), id);
        }
        let verdict = resync.finish();
        let said = Verdict::of(py, &inner.registry, layer, &inner.wanted, verdict);
        drop(inner);
        bury();
        said
    }

    /// Tells what was asked for by `Verdict.look`.
    pub(super) fn tell_looked(
        &self,
        py: Python<'_>,
        asked: Vec<i64>,
        rows: Vec<(i64, Option<ObjectId>)>,
    ) -> Said {
        let mut missing: BTreeSet<i64> = asked.into_iter().collect();
        for (fid, id) in rows {
            if missing.remove(&fid) {
                self.note(Event::Seen { fid: Fid::Int(fid), id });
            }
        }
        let mut said = None;
        for fid in missing {
            said = self.hear(py, Event::Absent { fid: Fid::Int(fid) })?.or(said);
        }
        Ok(said)
    }
}
