//! Objects by their ties. No code of Python's runs while what is known of ties is locked.
use super::LayerTies;
use super::handle::{Object, bury};
use super::verdict::int;
use crate::error::not_tied;
use crate::wait::locked;
use pyo3::prelude::*;
use tiepoint::ObjectId;
use tiepoint::objects::TieRef;

impl LayerTies {
    /// The object of a feature, made where there is none.
    pub(super) fn object_of(
        &self,
        py: Python<'_>,
        fid: i64,
        id: Option<ObjectId>,
        feature: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let found = {
            let mut inner = locked(&self.inner);
            let tie = inner.met(fid, id).map_err(|why| not_tied(&why))?;
            inner.registry.object(inner.layer, tie).map(Object::into_inner).ok_or(tie)
        };
        found.or_else(|tie| self.made(py, tie, feature))
    }

    pub(super) fn object_of_tie(
        &self,
        py: Python<'_>,
        number: u32,
        feature: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let tie = locked(&self.inner).tie(number)?;
        match self.held_at(number)? {
            Some(object) => Ok(object),
            None => self.made(py, tie, feature),
        }
    }

    pub(super) fn held_at(&self, number: u32) -> PyResult<Option<Py<PyAny>>> {
        let inner = locked(&self.inner);
        let object = inner.registry.object(inner.layer, inner.tie(number)?);
        drop(inner);
        Ok(object.map(Object::into_inner))
    }

    pub(super) fn all_held(&self) -> Vec<Py<PyAny>> {
        let inner = locked(&self.inner);
        let objects: Vec<Object> =
            inner.registry.objects(inner.layer).map(|(_, object)| object).collect();
        drop(inner);
        objects.into_iter().map(Object::into_inner).collect()
    }

    pub(super) fn tie_with(&self, object: &Bound<'_, PyAny>) -> Option<TieRef> {
        let key = Object::key(object);
        let found = locked(&self.inner).registry.tie_of(&key);
        drop(key.into_inner());
        found.map(|(_, tie)| tie)
    }

    pub(super) fn let_go_of(&self, number: u32) -> PyResult<Option<Py<PyAny>>> {
        let mut inner = locked(&self.inner);
        let (layer, tie) = (inner.layer, inner.tie(number)?);
        let object = inner.registry.unbind(layer, tie);
        drop(inner);
        let object = object.map(Object::into_inner);
        bury();
        Ok(object)
    }

    fn made(&self, py: Python<'_>, tie: TieRef, feature: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let (id, fid) = {
            let inner = locked(&self.inner);
            (inner.tracker().id(tie), inner.tracker().fid(tie).as_ref().map(int))
        };
        let object = self.make.bind(py).call1((feature, fid, id.to_string()))?;
        Ok(self.bound(tie, id, &object))
    }

    /// Binds, unless the tie has got an object meanwhile, or its number went to another.
    pub(super) fn bound(&self, tie: TieRef, id: ObjectId, object: &Bound<'_, PyAny>) -> Py<PyAny> {
        let handle = Object::new(object);
        let mut inner = locked(&self.inner);
        if inner.tracker().id(tie) != id {
            drop(inner);
            return handle.into_inner();
        }
        let layer = inner.layer;
        let bound = inner.registry.bind(layer, tie, handle);
        drop(inner);
        let object = bound.into_inner();
        bury();
        object
    }
}
