//! What changes of a layer's features mean to its tracker.
use super::TiedLayer;
use crate::{Event, Tracker};
use std::collections::HashMap;
use tiepoint_core::{Change, Fid, ObjectId, Target};

/// A change of one feature, as a change set or a watcher tells it.
#[derive(Debug, Clone, Copy)]
pub struct RowChange<'a> {
    /// The feature.
    pub target: &'a Target,
    /// What its store calls it, or called it; `None` where that was not told.
    pub fid: Option<&'a Fid>,
    /// What happened to it.
    pub change: &'a Change,
}

impl TiedLayer {
    /// The events that changes of this layer are, of one step or one commit of others; that it
    /// ended is left to say.
    ///
    /// A natural key that was edited is told as two objects, of which one went and one came; where
    /// it is one row under both, here it is one object under another key. A change of a feature
    /// that nothing is known of has the layer read again.
    pub fn events<'a>(
        &self,
        tracker: &Tracker,
        changes: impl IntoIterator<Item = RowChange<'a>>,
    ) -> Vec<Event> {
        let (events, died) = (Vec::new(), HashMap::new());
        let mut telling = Telling { layer: self, tracker, events, died };
        changes.into_iter().for_each(|it| telling.tell(it));
        telling.events
    }
}

struct Telling<'t> {
    layer: &'t TiedLayer,
    tracker: &'t Tracker,
    events: Vec<Event>,
    /// Rows that were deleted, and where that is told.
    died: HashMap<Fid, usize>,
}

impl Telling<'_> {
    fn tell(&mut self, it: RowChange<'_>) {
        let id = match it.target {
            Target::Id(id) => Some(*id),
            Target::Fid(_) => None,
        };
        match (it.change, self.fid_of(it, id)) {
            (Change::Insert(_), Some(fid)) => self.came(fid, id),
            (Change::Update(_), Some(fid)) => self.events.push(Event::Changed { fid }),
            (Change::Delete(_), Some(fid)) => self.went(fid),
            (Change::Delete(_), None) if id.is_some_and(|it| self.tracker.known(&it).is_some()) => {
            }
            (_, None) => self.events.push(Event::DataChanged),
        }
    }

    fn came(&mut self, fid: Fid, id: Option<ObjectId>) {
        let before = self.died.remove(&fid);
        if let Some(at) = before.filter(|_| self.layer.has_keys_that_change()) {
            self.events[at] = Event::Changed { fid: fid.clone() };
            self.events.push(Event::IdentityWritten { fid, id });
        } else {
            self.events.push(Event::Added { fid: fid.clone() });
            self.events.push(Event::Seen { fid, id });
        }
    }

    fn went(&mut self, fid: Fid) {
        self.died.insert(fid.clone(), self.events.len());
        self.events.push(Event::Deleted { fid });
    }

    /// What the row is called here: what it was said to be; else what it is called by now, where it
    /// was there before; else what it was called when the change was made.
    fn fid_of(&self, it: RowChange<'_>, id: Option<ObjectId>) -> Option<Fid> {
        let said = match (it.fid, it.target) {
            (Some(fid), _) | (None, Target::Fid(fid)) => Some(fid),
            (None, Target::Id(_)) => None,
        };
        let image = match it.change {
            Change::Insert(image) => return self.layer.fid_of(said.or(image.fid.as_ref()), id),
            Change::Delete(image) => image.fid.as_ref(),
            Change::Update(_) => None,
        };
        let present = || self.tracker.fid(self.tracker.known(&id?)?);
        let present = if said.is_none() { present() } else { None };
        self.layer.fid_of(said.or(present.as_ref()).or(image), id)
    }
}
