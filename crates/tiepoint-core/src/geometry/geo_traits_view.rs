//! Lets code written against `geo-traits` read a geometry in place.

use geo_traits::GeometryTrait;
use wkb::reader::read_wkb;

use super::Geometry;
use super::error::GeometryError;
use super::kind::GeometryKind;
use super::walk::GeometryRef;

impl Geometry {
    /// The geometry as `geo-traits` sees it: all ordinates of the simple kinds, nothing dropped,
    /// no position copied.
    ///
    /// Costs a pass over the counts and a small allocation per polygon.
    ///
    /// # Errors
    ///
    /// [`GeometryError::NoEquivalent`] for a geometry that is, or holds, a curve, a surface of
    /// faces or a triangle, which `geo-traits` cannot express.
    ///
    /// # Examples
    ///
    /// ```
    /// use geo_traits::{CoordTrait, GeometryTrait, GeometryType, PointTrait};
    /// use tiepoint_core::Geometry;
    ///
    /// let geometry = Geometry::from_wkt("POINT Z (24.9 60.2 11)")?;
    /// let view = geometry.as_geo_traits()?;
    /// let GeometryType::Point(point) = view.as_type() else { panic!("not a point") };
    /// assert_eq!(point.coord().and_then(|at| at.nth(2)), Some(11.0));
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    pub fn as_geo_traits(&self) -> Result<impl GeometryTrait<T = f64> + '_, GeometryError> {
        let no_equivalent = |what| GeometryError::NoEquivalent { what, model: "geo-traits" };
        if let Some(kind) = inexpressible(self.as_ref()) {
            return Err(no_equivalent(format!("a `{kind}`")));
        }
        read_wkb(self.as_wkb()).map_err(|refusal| no_equivalent(refusal.to_string()))
    }
}

/// The first kind in it that `geo-traits` has no trait for, or that its WKB view cannot read.
fn inexpressible(geometry: GeometryRef<'_>) -> Option<GeometryKind> {
    match geometry.kind() {
        GeometryKind::GeometryCollection => geometry.members().find_map(inexpressible),
        kind if kind.code() < GeometryKind::GeometryCollection.code() => None,
        kind => Some(kind),
    }
}
