//! What a geometry field allows: kinds, ordinates and the CRS they are in.
use crate::{Crs, Dims, Geometry, GeometryKind};
use std::fmt;

/// The type of a geometry field. The CRS belongs to the layer, so a value carries none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeometryType {
    /// Which kinds may stand in it.
    pub kind: KindRule,
    /// Whether positions carry a height.
    pub z: OrdinateRule,
    /// Whether positions carry a measure.
    pub m: OrdinateRule,
    /// What the coordinates mean.
    pub crs: Crs,
    /// How two positions are joined.
    pub edges: Edges,
}

/// The kinds a geometry field allows: any, an abstract class, or exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KindRule {
    /// Every kind.
    Any,
    /// Line strings, circular strings and compound curves.
    Curve,
    /// Polygons, curve polygons, triangles, polyhedral surfaces and TINs.
    Surface,
    /// This kind alone.
    Only(GeometryKind),
}

/// Whether an ordinate (z or m) is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrdinateRule {
    /// Never.
    Prohibited,
    /// Always.
    Mandatory,
    /// Each geometry says for itself.
    Optional,
}

/// How two consecutive positions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edges {
    /// By a straight line in coordinate space.
    Planar,
    /// By the shortest line on the ellipsoid (PostGIS `geography`).
    Geodesic,
}

/// A geometry that its field does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found_kind} {found_dims}")]
pub struct GeometryMismatch {
    expected: String,
    found_kind: GeometryKind,
    found_dims: Dims,
}

impl GeometryType {
    /// Planar geometries of `kind` with x and y only.
    #[must_use]
    pub fn xy(kind: KindRule, crs: Crs) -> Self {
        let (z, m) = (OrdinateRule::Prohibited, OrdinateRule::Prohibited);
        Self { kind, z, m, crs, edges: Edges::Planar }
    }

    /// Whether `geometry` may stand in the field.
    ///
    /// # Errors
    ///
    /// [`GeometryMismatch`] naming what was expected and what was found.
    pub fn check(&self, geometry: &Geometry) -> Result<(), GeometryMismatch> {
        let (kind, dims) = (geometry.kind(), geometry.dims());
        if self.kind.allows(kind) && self.z.allows(dims.has_z()) && self.m.allows(dims.has_m()) {
            return Ok(());
        }
        Err(GeometryMismatch { expected: self.to_string(), found_kind: kind, found_dims: dims })
    }
}

impl KindRule {
    /// Whether geometries of `kind` are allowed.
    #[must_use]
    pub fn allows(self, kind: GeometryKind) -> bool {
        use GeometryKind::{
            CircularString, CompoundCurve, CurvePolygon, LineString, Polygon, PolyhedralSurface,
            Tin, Triangle,
        };
        match self {
            Self::Any => true,
            Self::Curve => matches!(kind, LineString | CircularString | CompoundCurve),
            Self::Surface => {
                matches!(kind, Polygon | CurvePolygon | Triangle | PolyhedralSurface | Tin)
            }
            Self::Only(only) => only == kind,
        }
    }

    /// The narrowest rule that allows what both allow: the two where equal, else any.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }
}

impl OrdinateRule {
    /// The rule that only `present` keeps.
    #[must_use]
    pub fn exactly(present: bool) -> Self {
        if present { Self::Mandatory } else { Self::Prohibited }
    }

    /// Whether a geometry that carries the ordinate, or does not, keeps the rule.
    #[must_use]
    pub fn allows(self, present: bool) -> bool {
        match self {
            Self::Prohibited => !present,
            Self::Mandatory => present,
            Self::Optional => true,
        }
    }

    /// The narrowest rule that allows what both allow.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self == other { self } else { Self::Optional }
    }
}

impl fmt::Display for KindRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Geometry"),
            Self::Curve => f.write_str("Curve"),
            Self::Surface => f.write_str("Surface"),
            Self::Only(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Display for GeometryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |rule, letter: &'static str| match rule {
            OrdinateRule::Prohibited => String::new(),
            OrdinateRule::Mandatory => letter.to_owned(),
            OrdinateRule::Optional => format!("[{letter}]"),
        };
        write!(f, "{} XY{}{}, {}", self.kind, mark(self.z, "Z"), mark(self.m, "M"), self.crs)?;
        if self.edges == Edges::Geodesic { f.write_str(", geodesic edges") } else { Ok(()) }
    }
}
