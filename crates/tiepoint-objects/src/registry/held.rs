//! An object as a registry holds it.
use crate::Handle;

pub(super) struct Held<H: Handle> {
    address: usize,
    grip: Grip<H>,
}

enum Grip<H: Handle> {
    Strong(H),
    Weak(H::Weak),
}

impl<H: Handle> Held<H> {
    pub(super) fn new(object: H, strongly: bool) -> Self {
        let mut held = Self { address: object.address(), grip: Grip::Strong(object) };
        held.hold(strongly);
        held
    }

    pub(super) fn address(&self) -> usize {
        self.address
    }

    pub(super) fn get(&self) -> Option<H> {
        match &self.grip {
            Grip::Strong(object) => Some(object.clone()),
            Grip::Weak(weak) => H::upgrade(weak),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        match &self.grip {
            Grip::Strong(_) => true,
            Grip::Weak(weak) => H::is_alive(weak),
        }
    }

    /// Holds it strongly, or weakly where that can be.
    pub(super) fn hold(&mut self, strongly: bool) {
        let grip = match &self.grip {
            Grip::Weak(weak) if strongly => H::upgrade(weak).map(Grip::Strong),
            Grip::Strong(object) if !strongly => object.downgrade().map(Grip::Weak),
            _ => None,
        };
        if let Some(grip) = grip {
            self.grip = grip;
        }
    }
}
