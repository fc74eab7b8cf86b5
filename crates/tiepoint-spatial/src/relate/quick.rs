//! Predicates decided while the other geometry is read in place, without a matrix.
//!
//! Only for the usual: a prepared surface, lines or points, against a geometry of one dimension.
//! What is seen of the other (a corner inside, a corner outside, a contact) often decides; where
//! nothing meets, where each line and ring lies decides the rest.
use super::ring::locate_among;
use super::shape::Shape;
use super::survey::{Seen, Survey};
use std::ops::ControlFlow::{self, Break, Continue};
use tiepoint_core::{Dimension, GeometryKind, GeometryRef, Part, Positions, SpatialPredicate, Xy};

use SpatialPredicate::{
    Contains, CoveredBy, Covers, Crosses, Disjoint, Equals, Intersects, Overlaps, Touches, Within,
};

/// The answer of `predicate(shape, other)`, where it does not take a matrix. Neither is empty, and
/// coordinates are as they are.
pub(super) fn quickly(
    predicate: SpatialPredicate,
    shape: &Shape,
    other: GeometryRef<'_>,
) -> Option<bool> {
    let dimension = dimension(other.kind())?;
    match (shape.dimension()?, dimension) {
        (Dimension::Surface, _) => of_surface(predicate, shape, other, dimension),
        (Dimension::Curve, _) => of_lines(predicate, shape, other, dimension),
        (Dimension::Point, Dimension::Surface) => Some(of_points(predicate, shape, other)),
        _ => None,
    }
}

/// The dimension of the kinds that are read in place.
fn dimension(kind: GeometryKind) -> Option<Dimension> {
    match kind {
        GeometryKind::Point | GeometryKind::MultiPoint => Some(Dimension::Point),
        GeometryKind::LineString | GeometryKind::MultiLineString => Some(Dimension::Curve),
        GeometryKind::Polygon | GeometryKind::MultiPolygon | GeometryKind::Triangle => {
            Some(Dimension::Surface)
        }
        _ => None,
    }
}

fn of_surface(
    predicate: SpatialPredicate,
    shape: &Shape,
    other: GeometryRef<'_>,
    dimension: Dimension,
) -> Option<bool> {
    let surface = dimension == Dimension::Surface;
    match predicate {
        Equals | Within | CoveredBy | Overlaps if !surface => return Some(false),
        Crosses if surface => return Some(false),
        _ => {}
    }
    let mut survey = Survey::new(shape);
    let settled = |seen: Seen| settled_by_surface(predicate, seen);
    let read = each_line(other, |line| match dimension {
        Dimension::Point => line.xy().try_for_each(|at| survey.point(at, &settled)),
        _ => survey.line(line, &settled),
    });
    if let Break(answer) = read {
        return Some(answer);
    }
    let seen = survey.seen();
    if seen.on && dimension != Dimension::Point {
        let read = each_line(other, |line| survey.corners(line, &settled));
        return read.break_value();
    }
    if surface {
        Some(apart(predicate, shape, other, seen))
    } else {
        Some(by_place(predicate, seen))
    }
}

/// What is decided by some of the other's positions alone.
fn settled_by_surface(predicate: SpatialPredicate, seen: Seen) -> Option<bool> {
    match predicate {
        Intersects if seen.inside || seen.on => Some(true),
        Disjoint if seen.inside || seen.on => Some(false),
        Contains | Covers | Equals if seen.outside => Some(false),
        // a corner has something of the exterior next to it
        Touches | Within | CoveredBy | Equals if seen.inside => Some(false),
        Crosses | Overlaps if seen.inside && seen.outside => Some(true),
        _ => None,
    }
}

/// Surfaces whose rings do not meet; seen is where the rings of the other are.
fn apart(predicate: SpatialPredicate, shape: &Shape, other: GeometryRef<'_>, seen: Seen) -> bool {
    let own = rings_in(shape, other);
    let interiors = seen.inside || own.inside;
    let shape_sticks_out = own.outside || seen.inside;
    let other_sticks_out = seen.outside || own.inside;
    match predicate {
        Intersects => interiors,
        Disjoint => !interiors,
        Contains | Covers => !other_sticks_out,
        Within | CoveredBy => !shape_sticks_out,
        Overlaps => interiors && shape_sticks_out && other_sticks_out,
        Touches | Equals | Crosses => false,
    }
}

/// Points, or lines that do not meet the boundary, or points of the shape against a surface:
/// all is known of where they are.
fn by_place(predicate: SpatialPredicate, seen: Seen) -> bool {
    match predicate {
        Intersects => seen.inside || seen.on,
        Disjoint => !seen.inside && !seen.on,
        Touches => seen.on && !seen.inside,
        Contains | Within => seen.inside && !seen.outside,
        Covers | CoveredBy => !seen.outside,
        Crosses => seen.inside && seen.outside,
        Equals | Overlaps => false,
    }
}

/// Where the lines and rings of a shape are that do not meet those of a surface.
fn rings_in(shape: &Shape, surface: GeometryRef<'_>) -> Seen {
    let mut seen = Seen::default();
    for chain in &shape.chains {
        seen.note(locate_in(shape.edges[chain.start].from, surface));
    }
    seen
}

fn of_lines(
    predicate: SpatialPredicate,
    shape: &Shape,
    other: GeometryRef<'_>,
    dimension: Dimension,
) -> Option<bool> {
    let surface = dimension == Dimension::Surface;
    if surface && matches!(predicate, Equals | Contains | Covers | Overlaps) {
        return Some(false);
    }
    let survey = Survey::new(shape);
    let read = each_line(other, |line| match dimension {
        Dimension::Point => line.xy().try_for_each(|at| survey.meets(at, at)),
        _ => survey.line_meets(line),
    });
    let seen = match (read, predicate) {
        (Break(()), Intersects) => return Some(true),
        (Break(()), Disjoint) => return Some(false),
        (Break(()), _) => return None,
        (Continue(()), _) if surface => rings_in(shape, other),
        (Continue(()), _) => Seen { outside: true, ..Seen::default() },
    };
    Some(by_place(predicate, seen))
}

fn of_points(predicate: SpatialPredicate, shape: &Shape, other: GeometryRef<'_>) -> bool {
    if matches!(predicate, Contains | Covers) {
        return false;
    }
    let mut seen = Seen::default();
    shape.points.iter().for_each(|at| seen.note(locate_in(*at, other)));
    by_place(predicate, seen)
}

/// Where a position lies to a surface that is read in place.
fn locate_in(at: Xy, surface: GeometryRef<'_>) -> Part {
    let mut inside = false;
    let read = each_line(surface, |ring| {
        let edges = ring.xy().zip(ring.xy().skip(1));
        match locate_among(at, edges) {
            Part::Boundary => return Break(()),
            Part::Interior => inside = !inside,
            Part::Exterior => {}
        }
        Continue(())
    });
    match (read, inside) {
        (Break(()), _) => Part::Boundary,
        (Continue(()), true) => Part::Interior,
        (Continue(()), false) => Part::Exterior,
    }
}

/// Calls for the positions of each point, line or ring, until told to stop.
fn each_line<B>(
    geometry: GeometryRef<'_>,
    mut visit: impl FnMut(Positions<'_>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    match geometry.kind() {
        GeometryKind::Polygon | GeometryKind::Triangle => geometry.rings().try_for_each(visit),
        GeometryKind::MultiPolygon => {
            geometry.members().try_for_each(|polygon| polygon.rings().try_for_each(&mut visit))
        }
        GeometryKind::MultiPoint | GeometryKind::MultiLineString => {
            geometry.members().try_for_each(|member| visit(member.positions()))
        }
        _ => visit(geometry.positions()),
    }
}
