//! A geometry made ready for being related to many others.
use super::envelopes::decided_by_envelopes;
use super::grid::Cell;
use super::matrix::matrix;
use super::quick::quickly;
use super::shape::{Shape, Uses, common_scale, is_usual};
use std::sync::Arc;
use tiepoint_core::{Envelope, Geometry, IntersectionMatrix, SpatialPredicate};

/// A geometry made ready for being related to many others, such as the constant of a filter.
///
/// Cheap to clone: what was prepared is shared. Costs some 100 µs for 200 positions, when first
/// needed, and grows with their number; a filter by a district of 200 positions then decides some
/// millions of small polygons a second, most of them while reading them in place.
///
/// Answers are exact: those of the matrix that [`relate`](super::relate) gives.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Geometry, SpatialPredicate};
/// use tiepoint_spatial::relate::Prepared;
///
/// let district = Geometry::from_wkt("POLYGON ((0 0,10 0,10 10,0 10,0 0))")?;
/// let district = Prepared::new(&district);
/// let road = Geometry::from_wkt("LINESTRING (5 5,15 5)")?;
/// assert!(district.matches(SpatialPredicate::Crosses, &road));
/// assert!(!district.matches(SpatialPredicate::Contains, &road));
/// assert_eq!(district.relate(&road).to_string(), "1020F1102");
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Prepared(Arc<Ready>);

#[derive(Debug)]
struct Ready {
    geometry: Geometry,
    envelope: Option<Envelope>,
    is_usual: bool,
    scale: f64,
    shape: Shape,
}

impl Prepared {
    /// Makes a geometry ready.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        Self::with(geometry, Uses::Often)
    }

    /// For one question.
    pub(super) fn once(geometry: &Geometry) -> Self {
        Self::with(geometry, Uses::Once)
    }

    fn with(geometry: &Geometry, uses: Uses) -> Self {
        let scale = common_scale(geometry, geometry);
        let shape = Shape::read(geometry, scale, uses);
        let (envelope, is_usual) = (geometry.envelope(), is_usual(geometry));
        Self(Arc::new(Ready { geometry: geometry.clone(), envelope, is_usual, scale, shape }))
    }

    /// The geometry that was made ready.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.0.geometry
    }

    /// The matrix of this geometry to `other`.
    #[must_use]
    pub fn relate(&self, other: &Geometry) -> IntersectionMatrix {
        let scale = common_scale(&self.0.geometry, other);
        let there = Shape::read(other, scale, Uses::Once);
        if scale.to_bits() == self.0.scale.to_bits() {
            matrix(&self.0.shape, &there)
        } else {
            matrix(&Shape::read(&self.0.geometry, scale, Uses::Once), &there)
        }
    }

    /// Whether `predicate(self, other)` holds.
    ///
    /// The box of `other` is asked first, then its positions in place; the matrix is computed
    /// only where they meet in ways that those cannot tell apart.
    #[must_use]
    pub fn matches(&self, predicate: SpatialPredicate, other: &Geometry) -> bool {
        self.decides(predicate, other.envelope())
            .or_else(|| self.quickly(predicate, other))
            .unwrap_or_else(|| predicate.holds(&self.relate(other)))
    }

    /// The answer of `predicate(self, other)` where the box of the other alone decides it
    /// ([`None`] when it is empty): before anything else of the other is read or even fetched.
    ///
    /// Boxes of curves are those of their arcs, and decide as such.
    #[must_use]
    #[inline]
    pub fn decides(&self, predicate: SpatialPredicate, other: Option<Envelope>) -> Option<bool> {
        decided_by_envelopes(predicate, self.0.envelope, other)
            .or_else(|| self.decided_by_cells(predicate, other?))
    }

    /// The answer where the box of the other is known to be all outside or all inside.
    #[inline]
    fn decided_by_cells(&self, predicate: SpatialPredicate, other: Envelope) -> Option<bool> {
        use SpatialPredicate::{Contains, Covers, Disjoint, Intersects};
        if !self.0.is_usual {
            return None;
        }
        match self.0.shape.grid_of_surface()?.all_of(other.min(), other.max())? {
            Cell::Outside => Some(predicate == Disjoint),
            Cell::Inside => Some(matches!(predicate, Intersects | Contains | Covers)),
            Cell::Passed(_) => None,
        }
    }

    fn quickly(&self, predicate: SpatialPredicate, other: &Geometry) -> Option<bool> {
        let usual = self.0.is_usual && is_usual(other);
        if usual { quickly(predicate, &self.0.shape, other.as_ref()) } else { None }
    }
}
