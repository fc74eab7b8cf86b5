//! How two geometries lie to one another: the DE-9IM and its named predicates.
//!
//! In the plane, edges straight, z and m ignored. Exact: no tolerance anywhere.
use tiepoint_core::{Geometry, IntersectionMatrix};

mod envelopes;
mod planar;
mod prepared;

pub use envelopes::decided_by_envelopes;
pub use prepared::Prepared;

/// The dimensions of the nine intersections of the parts of two geometries.
#[must_use]
pub fn relate(first: &Geometry, second: &Geometry) -> IntersectionMatrix {
    Prepared::new(first).relate(second)
}
