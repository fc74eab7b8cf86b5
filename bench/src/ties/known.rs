//! A registry that knows rows, to ask and to tell.
use super::{LOOKUPS, STEP};
use crate::prng::Prng;
use std::hint::black_box;
use std::sync::Arc;
use tiepoint_core::{Fid, FidRule, ObjectId};
use tiepoint_objects::{Event, LayerKey, Policy, Registry, Scope};

/// A registry that knows rows, each with an object.
pub(super) struct Known {
    registry: Registry<Arc<i64>>,
    layer: LayerKey,
    ids: Vec<ObjectId>,
    pub(super) objects: Vec<Arc<i64>>,
    chance: Prng,
    next: i64,
}

impl Known {
    pub(super) fn of(count: i64) -> Self {
        let (ids, objects) = Self::parts(count);
        Self::bound(ids, objects)
    }

    pub(super) fn parts(count: i64) -> (Vec<ObjectId>, Vec<Arc<i64>>) {
        ((0..count).map(|_| ObjectId::mint()).collect(), (0..count).map(Arc::new).collect())
    }

    pub(super) fn bound(ids: Vec<ObjectId>, objects: Vec<Arc<i64>>) -> Self {
        let mut registry: Registry<Arc<i64>> = Registry::default();
        let layer = registry.add_layer(Policy::column(FidRule::Stable));
        registry.reserve(layer, ids.len());
        let mut rows = registry.resync(layer, &Scope::All);
        for (fid, id) in (0..).zip(&ids) {
            rows.row(Fid::Int(fid), Some(*id));
        }
        assert!(rows.finish().requests.is_empty(), "all was told");
        for (id, object) in ids.iter().zip(&objects) {
            let tie = registry.tracker(layer).by_id(id).expect("is tied");
            registry.bind(layer, tie, Arc::clone(object));
        }
        let started = registry.hear(layer, Event::EditingStarted { passthrough: false });
        assert!(started.requests.is_empty(), "nothing is to be read");
        let next = i64::try_from(ids.len()).expect("is small");
        Self { registry, layer, ids, objects, chance: Prng::seeded(7), next }
    }

    fn some(&mut self) -> usize {
        let count = u32::try_from(self.objects.len()).expect("is small");
        self.chance.below(count) as usize
    }

    pub(super) fn chosen(&self) -> Vec<(ObjectId, Fid)> {
        let mut chance = Prng::seeded(self.ids.len() as u64);
        let count = u32::try_from(self.ids.len()).expect("is small");
        let chosen = (0..LOOKUPS).map(|_| chance.below(count));
        chosen.map(|at| (self.ids[at as usize], Fid::Int(at.into()))).collect()
    }

    pub(super) fn ask_by_id(&self, id: &ObjectId) {
        black_box(self.registry.tracker(self.layer).by_id(id).is_ok());
    }

    pub(super) fn ask_by_fid(&self, fid: &Fid) {
        black_box(self.registry.by_fid(self.layer, fid).is_ok());
    }

    pub(super) fn ask_for_object(&self, fid: &Fid) {
        let tie = self.registry.by_fid(self.layer, fid);
        black_box(tie.ok().and_then(|tie| self.registry.object(self.layer, tie)));
    }

    fn hear(&mut self, event: Event) {
        let verdict = self.registry.hear(self.layer, event);
        assert!(black_box(verdict).requests.is_empty(), "all was told");
    }

    pub(super) fn some_fids(&mut self) -> Vec<Fid> {
        let mut fids: Vec<i64> =
            (0..STEP).map(|_| i64::try_from(self.some()).expect("is small")).collect();
        fids.sort_unstable();
        fids.dedup();
        fids.into_iter().map(Fid::Int).collect()
    }

    pub(super) fn delete_and_undo(&mut self, fids: &[Fid]) {
        for fid in fids {
            self.hear(Event::Deleted { fid: fid.clone() });
        }
        self.hear(Event::StepEnded { clean: false });
        for fid in fids {
            self.hear(Event::Added { fid: fid.clone() });
        }
        self.hear(Event::StepEnded { clean: true });
    }

    pub(super) fn add_and_undo(&mut self) {
        let first = self.next;
        self.next += STEP;
        for fid in first..self.next {
            self.hear(Event::Added { fid: Fid::Int(fid) });
            self.hear(Event::Seen { fid: Fid::Int(fid), id: Some(ObjectId::mint()) });
        }
        self.hear(Event::StepEnded { clean: false });
        for fid in first..self.next {
            self.hear(Event::Deleted { fid: Fid::Int(fid) });
        }
        self.hear(Event::StepEnded { clean: true });
    }
}
