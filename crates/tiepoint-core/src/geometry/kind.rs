//! What sort of geometry: its kind and which ordinates its positions carry.

use std::fmt;
use std::str::FromStr;

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

impl GeometryKind {
    /// Every kind, in the order of the codes.
    pub const ALL: [Self; 15] = [
        Self::Point,
        Self::LineString,
        Self::Polygon,
        Self::MultiPoint,
        Self::MultiLineString,
        Self::MultiPolygon,
        Self::GeometryCollection,
        Self::CircularString,
        Self::CompoundCurve,
        Self::CurvePolygon,
        Self::MultiCurve,
        Self::MultiSurface,
        Self::PolyhedralSurface,
        Self::Tin,
        Self::Triangle,
    ];

    /// The XY code of ISO WKB (OGC 06-103r4, table 7), 1 to 17.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The kind with this XY code; none for 0, 13 and 14, which are abstract, and for the rest.
    #[must_use]
    #[inline]
    pub const fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            1 => Self::Point,
            2 => Self::LineString,
            3 => Self::Polygon,
            4 => Self::MultiPoint,
            5 => Self::MultiLineString,
            6 => Self::MultiPolygon,
            7 => Self::GeometryCollection,
            8 => Self::CircularString,
            9 => Self::CompoundCurve,
            10 => Self::CurvePolygon,
            11 => Self::MultiCurve,
            12 => Self::MultiSurface,
            15 => Self::PolyhedralSurface,
            16 => Self::Tin,
            17 => Self::Triangle,
            _ => return None,
        })
    }

    /// The name as the standards and GeoJSON spell it: `LineString`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::LineString => "LineString",
            Self::Polygon => "Polygon",
            Self::MultiPoint => "MultiPoint",
            Self::MultiLineString => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
            Self::GeometryCollection => "GeometryCollection",
            Self::CircularString => "CircularString",
            Self::CompoundCurve => "CompoundCurve",
            Self::CurvePolygon => "CurvePolygon",
            Self::MultiCurve => "MultiCurve",
            Self::MultiSurface => "MultiSurface",
            Self::PolyhedralSurface => "PolyhedralSurface",
            Self::Tin => "Tin",
            Self::Triangle => "Triangle",
        }
    }

    /// The name as WKT and the tables of GeoPackage and PostGIS spell it: `LINESTRING`.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Point => "POINT",
            Self::LineString => "LINESTRING",
            Self::Polygon => "POLYGON",
            Self::MultiPoint => "MULTIPOINT",
            Self::MultiLineString => "MULTILINESTRING",
            Self::MultiPolygon => "MULTIPOLYGON",
            Self::GeometryCollection => "GEOMETRYCOLLECTION",
            Self::CircularString => "CIRCULARSTRING",
            Self::CompoundCurve => "COMPOUNDCURVE",
            Self::CurvePolygon => "CURVEPOLYGON",
            Self::MultiCurve => "MULTICURVE",
            Self::MultiSurface => "MULTISURFACE",
            Self::PolyhedralSurface => "POLYHEDRALSURFACE",
            Self::Tin => "TIN",
            Self::Triangle => "TRIANGLE",
        }
    }

    /// What the body of such a geometry is a list of.
    #[must_use]
    #[inline]
    pub const fn content(self) -> Content {
        match self {
            Self::Point | Self::LineString | Self::CircularString => Content::Positions,
            Self::Polygon | Self::Triangle => Content::Rings,
            _ => Content::Members,
        }
    }

    /// Whether a geometry of kind `member` may be a direct part of this one.
    ///
    /// The rings of a curve polygon count as members, since each has a kind of its own; the
    /// rings of a polygon do not.
    #[must_use]
    #[inline]
    pub const fn may_hold(self, member: Self) -> bool {
        match self {
            Self::GeometryCollection => true,
            Self::MultiPoint => matches!(member, Self::Point),
            Self::MultiLineString => matches!(member, Self::LineString),
            Self::MultiPolygon | Self::PolyhedralSurface => matches!(member, Self::Polygon),
            Self::Tin => matches!(member, Self::Triangle),
            Self::CompoundCurve => matches!(member, Self::LineString | Self::CircularString),
            Self::CurvePolygon | Self::MultiCurve => {
                matches!(member, Self::LineString | Self::CircularString | Self::CompoundCurve)
            }
            Self::MultiSurface => matches!(member, Self::Polygon | Self::CurvePolygon),
            Self::Point
            | Self::LineString
            | Self::Polygon
            | Self::CircularString
            | Self::Triangle => false,
        }
    }

    /// The kind of a member that WKT writes without a keyword, where there is one.
    #[must_use]
    pub const fn untagged_member(self) -> Option<Self> {
        match self {
            Self::MultiPoint => Some(Self::Point),
            Self::MultiLineString | Self::CompoundCurve | Self::CurvePolygon | Self::MultiCurve => {
                Some(Self::LineString)
            }
            Self::MultiPolygon | Self::MultiSurface | Self::PolyhedralSurface => {
                Some(Self::Polygon)
            }
            Self::Tin => Some(Self::Triangle),
            _ => None,
        }
    }
}

impl fmt::Display for GeometryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for GeometryKind {
    type Err = UnknownName;

    /// Reads a name in any case: `LineString`, `LINESTRING`.
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|kind| kind.keyword().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownName { what: "geometry kind", name: name.to_owned() })
    }
}

/// What the body of a geometry is a list of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Positions (at most one in a point).
    Positions,
    /// Rings, which are lists of positions without a kind of their own.
    Rings,
    /// Geometries with a kind of their own.
    Members,
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

impl Dims {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Xy, Self::Xyz, Self::Xym, Self::Xyzm];

    /// The dims with or without `z` and `m`.
    #[must_use]
    #[inline]
    pub const fn of(z: bool, m: bool) -> Self {
        match (z, m) {
            (false, false) => Self::Xy,
            (true, false) => Self::Xyz,
            (false, true) => Self::Xym,
            (true, true) => Self::Xyzm,
        }
    }

    /// How many ordinates a position has: 2, 3 or 4.
    #[must_use]
    #[inline]
    pub const fn size(self) -> usize {
        match self {
            Self::Xy => 2,
            Self::Xyz | Self::Xym => 3,
            Self::Xyzm => 4,
        }
    }

    /// Whether positions have a height.
    #[must_use]
    #[inline]
    pub const fn has_z(self) -> bool {
        matches!(self, Self::Xyz | Self::Xyzm)
    }

    /// Whether positions have a measure.
    #[must_use]
    #[inline]
    pub const fn has_m(self) -> bool {
        matches!(self, Self::Xym | Self::Xyzm)
    }

    /// What WKT writes after the keyword: nothing, `Z`, `M` or `ZM`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Xy => "",
            Self::Xyz => "Z",
            Self::Xym => "M",
            Self::Xyzm => "ZM",
        }
    }

    /// The name: `XY`, `XYZ`, `XYM` or `XYZM`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xy => "XY",
            Self::Xyz => "XYZ",
            Self::Xym => "XYM",
            Self::Xyzm => "XYZM",
        }
    }

    /// The letter of the ordinate at `index` of a position.
    pub(super) const fn ordinate(self, index: usize) -> char {
        match (index, self) {
            (0, _) => 'x',
            (1, _) => 'y',
            (2, Self::Xyz | Self::Xyzm) => 'z',
            _ => 'm',
        }
    }
}

impl fmt::Display for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Dims {
    type Err = UnknownName;

    /// Reads `XY`, `XYZ`, `XYM` or `XYZM` in any case.
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|dims| dims.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownName { what: "dims", name: name.to_owned() })
    }
}

/// A name that is not in a closed vocabulary of geometry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{name}`")]
pub struct UnknownName {
    /// The vocabulary.
    pub what: &'static str,
    /// The name as given.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_its_code_name_and_keyword() {
        for kind in GeometryKind::ALL {
            assert_eq!(GeometryKind::from_code(kind.code()), Some(kind));
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(kind.keyword().parse(), Ok(kind));
        }
    }

    #[test]
    fn abstract_and_unknown_codes_are_no_kind() {
        for code in [0, 13, 14, 18, 1001, u32::MAX] {
            assert_eq!(GeometryKind::from_code(code), None);
        }
    }

    #[test]
    fn untagged_members_are_members_that_may_be_held() {
        for kind in GeometryKind::ALL {
            assert!(kind.untagged_member().is_none_or(|member| kind.may_hold(member)));
            let holds = GeometryKind::ALL.into_iter().any(|member| kind.may_hold(member));
            assert_eq!(holds, kind.content() == Content::Members);
        }
    }

    #[test]
    fn dims_come_back_from_their_flags_and_names() {
        for dims in Dims::ALL {
            assert_eq!(Dims::of(dims.has_z(), dims.has_m()), dims);
            assert_eq!(dims.name().to_lowercase().parse(), Ok(dims));
            assert_eq!(dims.size(), dims.name().len());
        }
        assert!("XYQ".parse::<Dims>().is_err());
    }
}
