//! Python objects as a registry holds them.
//!
//! A registry drops and takes handles while it is locked, and there no code of Python's may run: it
//! might come back to the registry. So a weak reference is made together with its handle, before;
//! and what a dropped handle held is kept until [`bury`], after.
use crate::wait::locked;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};
use std::sync::Mutex;
use tiepoint::objects::Handle;

/// A Python object, and a weak reference to it where its class allows one.
pub(super) struct Object {
    strong: Option<Py<PyAny>>,
    weak: Option<Py<PyWeakrefReference>>,
}

/// A weak reference to a Python object.
pub(super) struct Weak(Py<PyWeakrefReference>);

/// What handles held that were dropped.
static DEAD: Mutex<Vec<Py<PyAny>>> = Mutex::new(Vec::new());

/// Lets go of what dropped handles held. Call with no registry locked.
pub(super) fn bury() {
    let dead = std::mem::take(&mut *locked(&DEAD));
    drop(dead);
}

impl Object {
    /// A handle to be kept.
    pub(super) fn new(object: &Bound<'_, PyAny>) -> Self {
        let weak = PyWeakrefReference::new(object).ok().map(Bound::unbind);
        Self { strong: Some(object.clone().unbind()), weak }
    }

    /// A handle to look something up by.
    pub(super) fn key(object: &Bound<'_, PyAny>) -> Self {
        Self { strong: Some(object.clone().unbind()), weak: None }
    }

    pub(super) fn into_inner(mut self) -> Py<PyAny> {
        // Not the last of it: whoever holds the object weakly has another.
        drop(self.weak.take());
        self.strong.take().expect("a handle holds its object until it is dropped")
    }

    fn strong(&self) -> &Py<PyAny> {
        self.strong.as_ref().expect("a handle holds its object until it is dropped")
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let (strong, weak) = (self.strong.take(), self.weak.take().map(Py::into_any));
        if strong.is_some() || weak.is_some() {
            locked(&DEAD).extend(strong.into_iter().chain(weak));
        }
    }
}

impl Drop for Weak {
    fn drop(&mut self) {
        Python::attach(|py| locked(&DEAD).push(self.0.clone_ref(py).into_any()));
    }
}

impl Clone for Object {
    fn clone(&self) -> Self {
        Python::attach(|py| Self {
            strong: Some(self.strong().clone_ref(py)),
            weak: self.weak.as_ref().map(|weak| weak.clone_ref(py)),
        })
    }
}

impl Handle for Object {
    type Weak = Weak;

    fn downgrade(&self) -> Option<Weak> {
        Python::attach(|py| self.weak.as_ref().map(|weak| Weak(weak.clone_ref(py))))
    }

    fn upgrade(weak: &Weak) -> Option<Self> {
        Python::attach(|py| {
            let object = weak.0.bind(py).upgrade()?;
            Some(Self { strong: Some(object.unbind()), weak: Some(weak.0.clone_ref(py)) })
        })
    }

    fn is_alive(weak: &Weak) -> bool {
        Python::attach(|py| weak.0.bind(py).upgrade().is_some())
    }

    fn address(&self) -> usize {
        self.strong().as_ptr() as usize
    }
}
