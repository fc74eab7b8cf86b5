//! A geometry made ready for being related to many others.
use super::envelopes::decided_by_envelopes;
use super::planar::{related, to_planar};
use tiepoint_core::{Envelope, Geometry, IntersectionMatrix, SpatialPredicate};

/// A geometry made ready for being related to many others: a filter's constant.
#[derive(Debug, Clone)]
pub struct Prepared {
    geometry: Geometry,
}

impl Prepared {
    /// Makes a geometry ready.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        Self { geometry: geometry.clone() }
    }

    /// The geometry that was made ready.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The matrix of this geometry to `other`.
    #[must_use]
    pub fn relate(&self, other: &Geometry) -> IntersectionMatrix {
        related(to_planar(&self.geometry).as_ref(), to_planar(other).as_ref())
    }

    /// Whether `predicate(self, other)` holds.
    #[must_use]
    pub fn matches(&self, predicate: SpatialPredicate, other: &Geometry) -> bool {
        self.decides(predicate, other.envelope())
            .unwrap_or_else(|| predicate.holds(&self.relate(other)))
    }

    /// The answer of `predicate(self, other)` where the box of the other ([`None`] when it is
    /// empty) decides it alone: before anything else of the other is read.
    #[must_use]
    pub fn decides(&self, predicate: SpatialPredicate, other: Option<Envelope>) -> Option<bool> {
        decided_by_envelopes(predicate, self.geometry.envelope(), other)
    }
}
