//! What sort of geometry: its kind and which ordinates its positions carry.

/// The instantiable kinds of OGC 06-103r4, section 6.1, and of ISO 19125 / SQL-MM part 3.
///
/// Abstract classes (curve, surface, geometry) are not kinds of a value but rules for a column:
/// see [`KindRule`](crate::KindRule).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum GeometryKind {
    /// One position, or none.
    Point = 1,
    /// Straight segments through two or more positions, or none.
    LineString = 2,
    /// One outer ring and any number of holes, or none.
    Polygon = 3,
    /// Points.
    MultiPoint = 4,
    /// Line strings.
    MultiLineString = 5,
    /// Polygons.
    MultiPolygon = 6,
    /// Anything, nested to a limited depth.
    GeometryCollection = 7,
    /// Circular arcs, each through three positions; consecutive arcs share one.
    CircularString = 8,
    /// Line strings and circular strings, end to start.
    CompoundCurve = 9,
    /// A polygon whose rings may be curves.
    CurvePolygon = 10,
    /// Curves of any kind.
    MultiCurve = 11,
    /// Polygons and curve polygons.
    MultiSurface = 12,
    /// Polygons that share edges.
    PolyhedralSurface = 15,
    /// Triangles that share edges.
    Tin = 16,
    /// A polygon of one ring with three corners.
    Triangle = 17,
}

/// Which ordinates every position of a geometry carries, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dims {
    /// x and y.
    Xy,
    /// x, y and height.
    Xyz,
    /// x, y and measure.
    Xym,
    /// x, y, height and measure.
    Xyzm,
}
