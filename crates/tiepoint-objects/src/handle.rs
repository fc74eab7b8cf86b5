//! How objects are held.
use std::sync::{Arc, Weak};

/// A handle to an object that somebody else owns, too: an `Arc`, a Python object.
///
/// Two handles are of one object where their addresses are equal while both are alive.
pub trait Handle: Clone {
    /// What does not keep the object alive.
    type Weak;

    /// A weak handle; `None` where the object cannot be held weakly.
    fn downgrade(&self) -> Option<Self::Weak>;

    /// The object, if it is still there.
    fn upgrade(weak: &Self::Weak) -> Option<Self>;

    /// Whether it is.
    fn is_alive(weak: &Self::Weak) -> bool {
        Self::upgrade(weak).is_some()
    }

    /// Where the object is.
    fn address(&self) -> usize;
}

impl<T: ?Sized> Handle for Arc<T> {
    type Weak = Weak<T>;

    fn downgrade(&self) -> Option<Weak<T>> {
        Some(Self::downgrade(self))
    }

    fn upgrade(weak: &Weak<T>) -> Option<Self> {
        weak.upgrade()
    }

    fn address(&self) -> usize {
        Self::as_ptr(self).cast::<()>() as usize
    }
}
