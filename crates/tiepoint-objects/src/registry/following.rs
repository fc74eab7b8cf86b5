//! What becomes of objects when something was heard of their ties.
use super::held::Held;
use super::{LayerKey, Registry};
use crate::{Event, Handle, Verdict};

/// Ties that are gone and whose objects are gone are remembered up to this many, or half as
/// many as there are ties; then the oldest are forgotten.
const REMEMBERED: usize = 65_536;

impl<H: Handle> Registry<H> {
    /// Lets a layer's tracker hear of an event; what it says is still to be followed.
    pub(super) fn note(&mut self, layer: LayerKey, event: Event) -> Verdict {
        self.hold_edited(layer, &event);
        self.layer_mut(layer).tracker.hear(event)
    }

    /// Holds the object of a row that is edited, until the step ends: what comes of it is told then.
    fn hold_edited(&mut self, layer: LayerKey, event: &Event) {
        let (Event::Changed { fid } | Event::IdentityWritten { fid, .. }) = event else { return };
        let it = self.layer_mut(layer);
        if let (true, Ok(tie)) = (it.tracker.is_editing(), it.tracker.by_fid(fid))
            && let Some(Some(held)) = it.objects.get_mut(tie.0 as usize)
        {
            held.hold(true);
            it.edited.push(tie);
        }
    }

    /// Objects are held as their ties' new standings want it; what is long gone is forgotten.
    pub(super) fn follow(&mut self, layer: LayerKey, verdict: &Verdict) {
        let it = self.layer_mut(layer);
        let ended =
            if it.tracker.is_in_step() { Vec::new() } else { std::mem::take(&mut it.edited) };
        for tie in verdict.transitions.iter().map(|it| it.tie).chain(ended) {
            let strongly = it.tracker.is_at_risk(tie);
            if let Some(Some(held)) = it.objects.get_mut(tie.0 as usize) {
                held.hold(strongly);
            }
        }
        self.tidy(layer);
    }

    /// The same, with the objects that it is about: this may let go of them.
    pub(super) fn follow_with_objects(
        &mut self,
        layer: LayerKey,
        verdict: Verdict,
    ) -> (Verdict, Vec<Option<H>>) {
        let objects = verdict.transitions.iter().map(|it| self.object(layer, it.tie)).collect();
        self.follow(layer, &verdict);
        (verdict, objects)
    }

    fn tidy(&mut self, layer: LayerKey) {
        loop {
            let it = self.layer_mut(layer);
            let limit = REMEMBERED.max(it.tracker.len() / 2);
            let Some(tie) = it.tracker.longest_removed(limit) else { return };
            if self.held(layer, tie).is_some_and(Held::is_alive) {
                self.layer_mut(layer).tracker.remember(tie);
                return;
            }
            self.unbind(layer, tie);
            self.layer_mut(layer).tracker.forget(tie);
        }
    }
}
