//! Predicates decided while reading the other geometry in place.
use super::shape::Shape;
use tiepoint_core::{GeometryRef, SpatialPredicate};

pub(super) fn quickly(_: SpatialPredicate, _: &Shape, _: GeometryRef<'_>) -> Option<bool> {
    None
}
