//! What is known of a layer's ties, behind one lock.
use super::NO_FID;
use super::handle::Object;
use super::verdict::Wanted;
use crate::error::wrong;
use pyo3::prelude::*;
use tiepoint::objects::{LayerKey, NotTied, Reason, Registry, TieRef, Tracker};
use tiepoint::{Fid, ObjectId};

pub(super) struct Inner {
    pub(super) registry: Registry<Object>,
    pub(super) layer: LayerKey,
    pub(super) wanted: Wanted,
}

impl Inner {
    pub(super) fn tracker(&self) -> &Tracker {
        self.registry.tracker(self.layer)
    }

    pub(super) fn tie(&self, number: u32) -> PyResult<TieRef> {
        let tie = TieRef::numbered(number);
        let there = self.tracker().has(tie).then_some(tie);
        there.ok_or_else(|| wrong("tie", &format!("there is none of number {number}")))
    }

    pub(super) fn tie_and_id(&self, number: u32) -> PyResult<(TieRef, ObjectId)> {
        let tie = self.tie(number)?;
        Ok((tie, self.tracker().id(tie)))
    }

    /// The tie of a feature, also of one that came in a step that is still open.
    pub(super) fn met(&mut self, fid: i64, id: Option<ObjectId>) -> Result<TieRef, NotTied> {
        let layer = self.layer;
        self.by_feature(fid, id).or_else(|why| {
            let is_new = why.reason == Reason::Unknown;
            let met = is_new.then(|| self.registry.meet(layer, &Fid::Int(fid), id)).flatten();
            met.ok_or(why)
        })
    }

    pub(super) fn by_feature(&self, fid: i64, id: Option<ObjectId>) -> Result<TieRef, NotTied> {
        let fid = (fid != NO_FID).then_some(Fid::Int(fid));
        self.tracker().by_feature(fid.as_ref(), id.as_ref())
    }
}
