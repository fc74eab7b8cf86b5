//! The named relations between two geometries.
use crate::intersection::{Dimension, IntersectionMatrix, Part};
use std::fmt;
use std::str::FromStr;

use Dimension::{Curve, Empty, Point, Surface};
use Part::{Boundary, Exterior, Interior};

/// A named relation of a first geometry to a second, decided in the plane with straight edges.
///
/// The patterns are those of OGC 06-103r4, section 6.1.15.3, with *equals*, *covers* and
/// *covered by* as JTS and GEOS have them. An empty geometry is disjoint from all, equal to
/// every other empty one, and in no other relation to anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpatialPredicate {
    /// The same positions: `T*F**FFF*` in one dimension, or both empty.
    Equals,
    /// No position in common: `FF*FF****`.
    Disjoint,
    /// A position in common: not [`Disjoint`](Self::Disjoint).
    Intersects,
    /// Boundaries meet and interiors do not: `FT*******`, `F**T*****` or `F***T****`. Never
    /// between points.
    Touches,
    /// Interiors meet in less than the larger of their dimensions, and the one of lower dimension
    /// goes on outside: `T*T******` where the first has the lower dimension, `T*****T**` where the
    /// second has, `0********` between curves. Never between points, nor between surfaces.
    Crosses,
    /// All of the first lies in the second, and interiors meet: `T*F**F***`.
    Within,
    /// All of the second lies in the first, and interiors meet: `T*****FF*`.
    Contains,
    /// In one dimension, the interiors meet in that dimension, and each has what the other has
    /// not: `T*T***T**` between points and between surfaces, `1*T***T**` between curves.
    Overlaps,
    /// No position of the second is outside the first: `T*****FF*`, `*T****FF*`, `***T**FF*` or
    /// `****T*FF*`. Unlike *contains* it holds of what lies in the boundary.
    Covers,
    /// No position of the first is outside the second: the converse of [`Covers`](Self::Covers).
    CoveredBy,
}

impl SpatialPredicate {
    /// All ten.
    pub const ALL: [Self; 10] = [
        Self::Equals,
        Self::Disjoint,
        Self::Intersects,
        Self::Touches,
        Self::Crosses,
        Self::Within,
        Self::Contains,
        Self::Overlaps,
        Self::Covers,
        Self::CoveredBy,
    ];

    /// The name: `intersects`, `covered_by`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Disjoint => "disjoint",
            Self::Intersects => "intersects",
            Self::Touches => "touches",
            Self::Crosses => "crosses",
            Self::Within => "within",
            Self::Contains => "contains",
            Self::Overlaps => "overlaps",
            Self::Covers => "covers",
            Self::CoveredBy => "covered_by",
        }
    }

    /// The predicate that holds of (b, a) just when this one holds of (a, b).
    ///
    /// ```
    /// use tiepoint_core::SpatialPredicate;
    ///
    /// assert_eq!(SpatialPredicate::Within.converse(), SpatialPredicate::Contains);
    /// assert_eq!(SpatialPredicate::Touches.converse(), SpatialPredicate::Touches);
    /// ```
    #[must_use]
    pub const fn converse(self) -> Self {
        match self {
            Self::Within => Self::Contains,
            Self::Contains => Self::Within,
            Self::Covers => Self::CoveredBy,
            Self::CoveredBy => Self::Covers,
            symmetric => symmetric,
        }
    }

    /// Whether two geometries with this matrix are in the relation.
    #[must_use]
    pub fn holds(self, matrix: &IntersectionMatrix) -> bool {
        let meet = |first, second| matrix.get(first, second) > Empty;
        let (first, second) = matrix.dimensions();
        let (inner, first_out, second_out) =
            (meet(Interior, Interior), meet(Interior, Exterior), meet(Exterior, Interior));
        match self {
            Self::Intersects => intersect(matrix),
            Self::Disjoint => !intersect(matrix),
            Self::Equals if first == Empty || second == Empty => first == second,
            Self::Equals => first == second && contains(matrix) && contains(&matrix.transposed()),
            Self::Touches => !inner && intersect(matrix),
            Self::Crosses => match (first, second) {
                (Curve, Curve) => matrix.get(Interior, Interior) == Point,
                _ if first < second => inner && first_out,
                _ if first > second => inner && second_out,
                _ => false,
            },
            Self::Overlaps => match (first, second) {
                (Curve, Curve) => {
                    matrix.get(Interior, Interior) == Curve && first_out && second_out
                }
                (Point, Point) | (Surface, Surface) => inner && first_out && second_out,
                _ => false,
            },
            Self::Contains => contains(matrix),
            Self::Within => contains(&matrix.transposed()),
            Self::Covers => covers(matrix),
            Self::CoveredBy => covers(&matrix.transposed()),
        }
    }
}

fn intersect(matrix: &IntersectionMatrix) -> bool {
    let inside = [Interior, Boundary];
    inside.iter().any(|first| inside.iter().any(|second| matrix.get(*first, *second) > Empty))
}

fn covers(matrix: &IntersectionMatrix) -> bool {
    let is_nothing = |part| matrix.get(Exterior, part) == Empty;
    intersect(matrix) && is_nothing(Interior) && is_nothing(Boundary)
}

fn contains(matrix: &IntersectionMatrix) -> bool {
    matrix.get(Interior, Interior) > Empty && covers(matrix)
}

impl fmt::Display for SpatialPredicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SpatialPredicate {
    type Err = crate::UnknownName;

    /// Reads a name in any case, with or without the underscore: `covered_by`, `coveredBy`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|it| plain(it.name()) == plain(name));
        found.ok_or_else(|| crate::UnknownName { what: "spatial predicate", name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SpatialPredicate as P;

    #[test]
    fn predicates_hold_as_their_patterns_say() {
        // matrices as GEOS 3.11 gives them, and all that holds
        for (matrix, holding) in [
            ("FF2FF1212", &[P::Disjoint][..]),
            ("FF2F11212", &[P::Intersects, P::Touches]),
            ("212101212", &[P::Intersects, P::Overlaps]),
            (
                "2FFF1FFF2",
                &[P::Equals, P::Intersects, P::Within, P::Contains, P::Covers, P::CoveredBy],
            ),
            ("212FF1FF2", &[P::Intersects, P::Contains, P::Covers]),
            ("FF2101FF2", &[P::Intersects, P::Touches, P::Covers]),
            ("101FF0212", &[P::Intersects, P::Crosses]),
            ("0F1FF0102", &[P::Intersects, P::Crosses]),
            ("1F1F00102", &[P::Intersects, P::Overlaps]),
            (
                "0FFFFFFF2",
                &[P::Equals, P::Intersects, P::Within, P::Contains, P::Covers, P::CoveredBy],
            ),
            ("FF0FFF1F2", &[P::Disjoint]),
            ("F0FFFF102", &[P::Intersects, P::Touches, P::CoveredBy]),
            ("FFFFFF212", &[P::Disjoint]),
            ("FFFFFFFF2", &[P::Equals, P::Disjoint]),
        ] {
            let matrix: IntersectionMatrix = matrix.parse().expect(matrix);
            let found: Vec<_> = P::ALL.into_iter().filter(|it| it.holds(&matrix)).collect();
            let expected: Vec<_> = P::ALL.into_iter().filter(|it| holding.contains(it)).collect();
            assert_eq!(found, expected, "{matrix}");
        }
    }

    #[test]
    fn names_come_back() {
        for predicate in P::ALL {
            assert_eq!(predicate.name().parse(), Ok(predicate));
        }
        assert_eq!("coveredBy".parse(), Ok(P::CoveredBy));
        assert!("near".parse::<P>().is_err());
    }
}
