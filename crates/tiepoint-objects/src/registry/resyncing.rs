//! Telling a registry what rows there really are.
use super::{LayerKey, Registry};
use crate::tracker::Reading;
use crate::{Handle, Scope, Verdict};
use tiepoint_core::{Fid, ObjectId};

/// A reading of a layer's rows; see [`Resync`](crate::Resync).
#[must_use = "what is missing is judged by `finish`"]
pub struct Resyncing<'a, H: Handle> {
    registry: &'a mut Registry<H>,
    layer: LayerKey,
    reading: Reading,
}

impl<H: Handle> Registry<H> {
    /// Begins to tell which rows there are; see [`Tracker::resync`](crate::Tracker::resync).
    pub fn resync(&mut self, layer: LayerKey, scope: &Scope) -> Resyncing<'_, H> {
        let reading = Reading::begin(&mut self.layer_mut(layer).tracker, scope);
        Resyncing { registry: self, layer, reading }
    }
}

impl<H: Handle> Resyncing<'_, H> {
    /// A row that shows, and what its identity field says.
    pub fn row(&mut self, fid: Fid, carried: Option<ObjectId>) {
        self.reading.row(&mut self.registry.layer_mut(self.layer).tracker, fid, carried);
    }

    /// All rows have been told; see [`Resync::finish`](crate::Resync::finish).
    pub fn finish(self) -> Verdict {
        let Self { registry, layer, reading } = self;
        let verdict = reading.finish(&mut registry.layer_mut(layer).tracker);
        registry.follow(layer, &verdict);
        verdict
    }

    /// The same, with the objects; see [`Registry::hear_with_objects`].
    pub fn finish_with_objects(self) -> (Verdict, Vec<Option<H>>) {
        let Self { registry, layer, reading } = self;
        let verdict = reading.finish(&mut registry.layer_mut(layer).tracker);
        registry.follow_with_objects(layer, verdict)
    }
}
