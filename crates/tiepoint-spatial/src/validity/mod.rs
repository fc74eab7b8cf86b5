//! Whether a geometry is valid in the sense of OGC simple features, and if not, why and where.

use std::fmt;

use tiepoint_core::{Geometry, GeometryKind, GeometryRef, Positions, Rings, Xy};

use crate::linear::linear;

mod nesting;
mod node;
mod outline;
mod scale;
mod status;
mod sweep;
mod touches;

use outline::Outline;

/// Why a geometry is not valid; each displays as the words of GEOS's `isValidReason`.
///
/// Three reasons of GEOS are missing. A [`Geometry`] cannot have coordinates that are not finite
/// or rings that are not closed, and what was once "Duplicate Rings" is a self-intersection since
/// GEOS 3.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A line with fewer than two distinct positions, or a ring with fewer than three, repeated
    /// neighbours counted once.
    TooFewPoints,
    /// Boundaries cross, run along one another, or double back.
    SelfIntersection,
    /// A ring touches itself at a position, or crosses itself at one of its own.
    RingSelfIntersection,
    /// A hole is not inside the shell of its polygon.
    HoleOutsideShell,
    /// A hole is inside another hole of its polygon.
    NestedHoles,
    /// A shell is inside another polygon of its multi-polygon, and not in a hole.
    NestedShells,
    /// Rings of a polygon touch such that one cannot walk from everywhere to everywhere inside.
    DisconnectedInterior,
}

impl Reason {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Self; 7] = [
        Self::TooFewPoints,
        Self::SelfIntersection,
        Self::RingSelfIntersection,
        Self::HoleOutsideShell,
        Self::NestedHoles,
        Self::NestedShells,
        Self::DisconnectedInterior,
    ];

    /// The words of GEOS: `Self-intersection`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TooFewPoints => "Too few points in geometry component",
            Self::SelfIntersection => "Self-intersection",
            Self::RingSelfIntersection => "Ring Self-intersection",
            Self::HoleOutsideShell => "Hole lies outside shell",
            Self::NestedHoles => "Holes are nested",
            Self::NestedShells => "Nested shells",
            Self::DisconnectedInterior => "Interior is disconnected",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// What makes a geometry invalid, and where.
///
/// There may be more; this is one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// The rule that is broken.
    pub reason: Reason,
    /// A position at which it is: of the geometry itself, or computed where boundaries cross
    /// between positions.
    pub at: Xy,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at POINT ({} {})", self.reason, self.at.x, self.at.y)
    }
}

/// Whether a geometry is valid, see [`fault`].
#[must_use]
pub fn is_valid(geometry: &Geometry) -> bool {
    fault(geometry).is_none()
}

/// What makes a geometry invalid; none when it is valid.
///
/// * Points and multi-points are valid, and so is everything empty.
/// * A line needs two distinct positions; it may cross itself.
/// * A polygon's rings have three or more distinct positions and are simple; they touch one
///   another at single positions only, holes lie inside the shell and side by side, and the
///   interior is in one piece. Polygons of a multi-polygon touch at single positions only.
/// * Faces of a TIN or a polyhedral surface are judged one by one: they share edges by nature.
///   A vertical face has no area in the plane, so it is not valid here.
/// * Collections are valid when their members are. Curves count as [`linear`] makes them.
///
/// z and m are not looked at. Orientation of rings does not matter. Decided exactly, without any
/// tolerance; only where one geometry mixes coordinates beyond 1e150 or below 1e-134 with others
/// are those rounded to 1e-301 of the largest.
///
/// Takes time in proportion to n log n for n positions, whatever their shape, and about 100 bytes
/// for each. Tells the first fault met from left to right; where boundaries meet in several places,
/// GEOS may tell another.
///
/// # Examples
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_spatial::validity::{Reason, fault};
///
/// let bow_tie = Geometry::from_wkt("POLYGON ((0 0,2 2,2 0,0 2,0 0))")?;
/// let fault = fault(&bow_tie).expect("is not valid");
/// assert_eq!(fault.reason, Reason::SelfIntersection);
/// assert_eq!(fault.to_string(), "Self-intersection at POINT (1 1)");
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
///
/// Source: OGC 06-103r4, sections 6.1.11 and 6.1.14; GEOS 3.11 `IsValidOp`. The sweep is that of
/// Shamos and Hoey (1976), with positions that several segments share.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the expectations below state why it cannot")]
pub fn fault(geometry: &Geometry) -> Option<Fault> {
    fault_of(geometry.as_ref())
}

fn fault_of(geometry: GeometryRef<'_>) -> Option<Fault> {
    use GeometryKind as Kind;
    match geometry.kind() {
        Kind::Point | Kind::MultiPoint => None,
        Kind::LineString => line_fault(geometry.positions()),
        Kind::Polygon | Kind::Triangle => area_fault([geometry.rings()]),
        Kind::MultiPolygon => area_fault(geometry.members().map(|polygon| polygon.rings())),
        Kind::MultiLineString | Kind::GeometryCollection | Kind::PolyhedralSurface | Kind::Tin => {
            geometry.members().find_map(fault_of)
        }
        Kind::CircularString
        | Kind::CompoundCurve
        | Kind::CurvePolygon
        | Kind::MultiCurve
        | Kind::MultiSurface => {
            let curve = Geometry::from_wkb(geometry.as_wkb()).expect("a member is a geometry");
            fault_of(linear(&curve).as_ref().as_ref())
        }
    }
}

#[allow(clippy::float_cmp, reason = "repeated means the very same position")]
fn line_fault(line: Positions<'_>) -> Option<Fault> {
    let mut positions = line.xy();
    let first = positions.next()?;
    let single = positions.all(|at| at == first);
    single.then_some(Fault { reason: Reason::TooFewPoints, at: first })
}

fn area_fault<'a>(polygons: impl IntoIterator<Item = Rings<'a>>) -> Option<Fault> {
    let outline = match Outline::of(polygons) {
        Ok(outline) => outline,
        Err(at) => return Some(Fault { reason: Reason::TooFewPoints, at }),
    };
    let (reason, at) = sweep::sweep(&outline).and_then(|found| found.check(&outline)).err()?;
    Some(Fault { reason, at: outline.scale.restored(at) })
}
