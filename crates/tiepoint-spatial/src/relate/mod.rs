//! How two geometries lie to one another: the DE-9IM and its named predicates.
//!
//! In the plane, edges straight (curves as [`linear`](crate::linear::linear) has them), z and m
//! ignored. Exact: no tolerance, and no position is ever computed.
//!
//! * A geometry that a filter holds fixed is [`Prepared`].
//! * [`decided_by_envelopes`] answers before a geometry is read.
//! * [`matches()`] and [`relate`] ask once.
//!
//! A collection is the union of its members, as in JTS since `RelateNG`: where polygons adjoin is
//! inside, and so is the end of a line within a polygon. Triangles, TINs and polyhedral surfaces
//! are unions of their faces. A line of one repeated position is a point. Invalid geometries get
//! some answer, always the same, but what is asked of them together need not fit together.
use tiepoint_core::{Geometry, IntersectionMatrix, SpatialPredicate};

mod contacts;
mod envelopes;
mod exact;
mod grid;
mod lists;
mod matrix;
mod node;
mod prepared;
mod quick;
mod ring;
mod shape;
mod stops;
mod survey;

pub use envelopes::decided_by_envelopes;
pub use prepared::Prepared;

/// The dimensions of the nine intersections of the parts of two geometries.
///
/// Costs some microseconds for twenty positions each, and grows with the number of edges that are
/// near one another.
///
/// # Examples
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_spatial::relate::relate;
///
/// let garden = Geometry::from_wkt("POLYGON ((0 0,4 0,4 4,0 4,0 0))")?;
/// let fence = Geometry::from_wkt("LINESTRING (4 1,4 3)")?;
/// let matrix = relate(&fence, &garden);
/// assert_eq!(matrix.to_string(), "F1FF0F212");
/// assert!(matrix.matches(&"F1FF0F***".parse()?), "it runs along the boundary");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: OGC 06-103r4, section 6.1.15; M. Davis, `RelateNG` in JTS 1.20 (2024).
#[must_use]
pub fn relate(first: &Geometry, second: &Geometry) -> IntersectionMatrix {
    Prepared::once(first).relate(second)
}

/// Whether `predicate(first, second)` holds; for many questions about one geometry,
/// [`Prepared::matches`] is faster.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Geometry, SpatialPredicate};
/// use tiepoint_spatial::relate::matches;
///
/// let pond = Geometry::from_wkt("POLYGON ((1 1,2 1,2 2,1 1))")?;
/// let park = Geometry::from_wkt("POLYGON ((0 0,4 0,4 4,0 4,0 0))")?;
/// assert!(matches(SpatialPredicate::Within, &pond, &park));
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[must_use]
pub fn matches(predicate: SpatialPredicate, first: &Geometry, second: &Geometry) -> bool {
    let decided = decided_by_envelopes(predicate, first.envelope(), second.envelope());
    decided.unwrap_or_else(|| Prepared::once(first).matches(predicate, second))
}
