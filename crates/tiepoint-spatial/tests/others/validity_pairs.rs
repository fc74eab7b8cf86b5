//! Every way in which segments of an area meet against the rules, found by looking at all pairs.
//!
//! By the words of GEOS's own search: slow, short, and of nothing that the sweep is made of.
use std::collections::BTreeSet;

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;
use tiepoint_core::{Geometry, GeometryRef, Parts};
use tiepoint_spatial::validity::{Reason, fault};

/// A segment of a ring, and the corner before it.
struct Segment {
    ring: usize,
    before: Coord,
    from: Coord,
    to: Coord,
}

/// The reasons of this sort that hold of a geometry, or of its first member that is not valid.
pub(crate) fn intersections(geometry: GeometryRef<'_>) -> BTreeSet<Reason> {
    let is_area = geometry.kind().name().ends_with("Polygon");
    if !is_area {
        let is_faulty = |member: &GeometryRef<'_>| {
            fault(&Geometry::from_wkb(member.as_wkb()).expect("a geometry")).is_some()
        };
        return geometry.members().find(is_faulty).map(intersections).unwrap_or_default();
    }
    let mut segments = Vec::new();
    add_segments(geometry, &mut segments);
    let pairs = segments.iter().enumerate();
    let pairs = pairs.flat_map(|(index, a)| segments[index + 1..].iter().map(move |b| (a, b)));
    pairs.flat_map(|(a, b)| [met(a, b), passed_twice(a, b)]).flatten().collect()
}

/// A ring that goes to and fro meets itself at corners where all its segments are neighbours.
fn passed_twice(a: &Segment, b: &Segment) -> Option<Reason> {
    (a.ring == b.ring && a.from == b.from).then_some(Reason::RingSelfIntersection)
}

fn add_segments(geometry: GeometryRef<'_>, segments: &mut Vec<Segment>) {
    match geometry.parts() {
        Parts::Members(members) => members.for_each(|member| add_segments(member, segments)),
        Parts::Positions(_) => {}
        Parts::Rings(rings) => rings.for_each(|ring| {
            let mut corners: Vec<_> = ring.xy().map(|at| Coord { x: at.x, y: at.y }).collect();
            corners.dedup();
            corners.pop();
            let count = corners.len();
            let number = segments.last().map_or(0, |last| last.ring + 1);
            segments.extend((0..count).map(|index| Segment {
                ring: number,
                before: corners[(index + count - 1) % count],
                from: corners[index],
                to: corners[(index + 1) % count],
            }));
        }),
    }
}

fn met(a: &Segment, b: &Segment) -> Option<Reason> {
    use Orientation::Collinear;
    let sides = [turn(a, b.from), turn(a, b.to), turn(b, a.from), turn(b, a.to)];
    if sides == [Collinear; 4] {
        return along(a, b);
    }
    if sides[0] == sides[1] || sides[2] == sides[3] {
        return None;
    }
    // one meets the line of the other on either side: it is at an end, or they cross
    let ends = [b.from, b.to, a.from, a.to];
    let Some(index) = sides.iter().position(|side| *side == Collinear) else {
        return Some(Reason::SelfIntersection);
    };
    at_corner(a, b, ends[index])
}

/// What segments on one line share.
fn along(a: &Segment, b: &Segment) -> Option<Reason> {
    let key = |at: Coord| (at.x, at.y);
    let range = |it: &Segment| {
        let (from, to) = (it.from, it.to);
        if key(from) < key(to) { (from, to) } else { (to, from) }
    };
    let ((a_low, a_high), (b_low, b_high)) = (range(a), range(b));
    if key(a_low) < key(b_high) && key(b_low) < key(a_high) {
        return Some(Reason::SelfIntersection);
    }
    if a_low == b_high {
        at_corner(a, b, a_low)
    } else if b_low == a_high {
        at_corner(a, b, b_low)
    } else {
        None
    }
}

/// What a corner means that two segments share.
fn at_corner(a: &Segment, b: &Segment, at: Coord) -> Option<Reason> {
    let is_next = (a.to == b.from && a.from == b.before) || (b.to == a.from && b.from == a.before);
    if a.ring == b.ring {
        return (!is_next).then_some(Reason::RingSelfIntersection);
    }
    if at == a.to || at == b.to {
        // is looked at where the next segment starts
        return None;
    }
    let way_in = |it: &Segment| if at == it.from { it.before } else { it.from };
    let is_left = |to: Coord| is_between(at, a.to, to, way_in(a));
    (is_left(way_in(b)) != is_left(b.to)).then_some(Reason::SelfIntersection)
}

/// Whether turning counter-clockwise around a corner, `to` comes after `start` and before `end`.
fn is_between(at: Coord, start: Coord, to: Coord, end: Coord) -> bool {
    use Orientation::CounterClockwise;
    let is_left = |a, b| RobustKernel::orient2d(at, a, b) == CounterClockwise;
    if is_left(start, end) {
        is_left(start, to) && is_left(to, end)
    } else {
        is_left(start, to) || is_left(to, end)
    }
}

fn turn(segment: &Segment, at: Coord) -> Orientation {
    RobustKernel::orient2d(segment.from, segment.to, at)
}
