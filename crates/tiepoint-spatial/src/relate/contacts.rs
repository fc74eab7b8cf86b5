//! Where edges of two shapes meet, or edges of one shape.
use super::exact::side;
use super::shape::{Edge, Shape, in_box};
use std::cmp::Ordering;
use std::ops::ControlFlow;
use tiepoint_core::Xy;

/// Which of the two shapes that are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    First,
    Second,
}

/// An edge of one of the shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EdgeId {
    pub(super) of: Which,
    pub(super) index: u32,
}

/// Where on an edge another meets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spot {
    /// At a corner of either.
    Corner(Xy),
    /// Where they cross, both between their ends.
    Crossing,
    /// They overlap; their corners on one another are spots of their own.
    Overlap,
}

/// One meeting, noted at one of the two edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contact {
    pub(super) edge: EdgeId,
    pub(super) with: EdgeId,
    pub(super) spot: Spot,
}

/// All meetings that matter, each noted at both edges, sorted by edge.
pub(super) fn contacts(first: &Shape, second: &Shape) -> Vec<Contact> {
    let mut found = Vec::new();
    if first.edges.len() >= second.edges.len() {
        between((Which::First, first), (Which::Second, second), &mut found);
    } else {
        between((Which::Second, second), (Which::First, first), &mut found);
    }
    for (which, shape) in [(Which::First, first), (Which::Second, second)] {
        if shape.is_mixed() {
            between((which, shape), (which, shape), &mut found);
        } else {
            ends_within((which, shape), &mut found);
        }
    }
    found.sort_by_key(|contact| contact.edge);
    found
}

/// Looks the edges of `small` up in the grid of `large`.
fn between(large: (Which, &Shape), small: (Which, &Shape), found: &mut Vec<Contact>) {
    let mut near = Vec::new();
    let all = large.1.edges.len() <= 16;
    for (index, edge) in (0_u32..).zip(&small.1.edges) {
        near.clear();
        if all {
            near.extend((0_u32..).take(large.1.edges.len()));
        } else {
            let _all = large.1.grid().near(edge.from, edge.to, |index| {
                near.push(index);
                ControlFlow::<()>::Continue(())
            });
            near.sort_unstable();
            near.dedup();
        }
        let here = EdgeId { of: small.0, index };
        for other in &near {
            let there = EdgeId { of: large.0, index: *other };
            // of two edges of one shape, note each pair once
            if here.of != there.of || here.index < there.index {
                note((here, edge), (there, &large.1.edges[*other as usize]), found);
            }
        }
    }
}

/// Notes the ends of lines that are on other edges of the shape, so that whatever crosses it there
/// meets an end.
fn ends_within((of, shape): (Which, &Shape), found: &mut Vec<Contact>) {
    for end in &shape.odd_ends {
        let _all = shape.grid().near(*end, *end, |index| {
            let edge = &shape.edges[index as usize];
            if edge.passes(*end) && *end != edge.from && *end != edge.to {
                let edge = EdgeId { of, index };
                found.push(Contact { edge, with: edge, spot: Spot::Corner(*end) });
            }
            ControlFlow::<()>::Continue(())
        });
    }
}

fn note(a: (EdgeId, &Edge), b: (EdgeId, &Edge), found: &mut Vec<Contact>) {
    let spots = meet(a.1.ends(), b.1.ends());
    for spot in spots.into_iter().flatten() {
        found.push(Contact { edge: a.0, with: b.0, spot });
        found.push(Contact { edge: b.0, with: a.0, spot });
    }
}

/// Where two segments meet: nowhere, in a spot, or in two and the overlap between them.
#[inline]
pub(super) fn meet(a: (Xy, Xy), b: (Xy, Xy)) -> [Option<Spot>; 3] {
    if !boxes_meet(a, b) {
        return [None; 3];
    }
    let (b0, b1) = (side(a.0, a.1, b.0), side(a.0, a.1, b.1));
    if b0 == b1 && b0 != Ordering::Equal {
        return [None; 3];
    }
    let (a0, a1) = (side(b.0, b.1, a.0), side(b.0, b.1, a.1));
    if a0 == a1 && a0 != Ordering::Equal {
        return [None; 3];
    }
    let sides = [(b0, b.0, a), (b1, b.1, a), (a0, a.0, b), (a1, a.1, b)];
    if sides.iter().all(|(side, ..)| *side != Ordering::Equal) {
        return [Some(Spot::Crossing), None, None];
    }
    let mut spots = [None; 3];
    let mut corners = 0;
    for (side, corner, segment) in sides {
        let spot = Some(Spot::Corner(corner));
        let touches = side == Ordering::Equal && in_box(corner, segment);
        if touches && corners < 2 && !spots.contains(&spot) {
            spots[corners] = spot;
            corners += 1;
        }
    }
    if corners == 2 {
        spots[2] = Some(Spot::Overlap);
    }
    spots
}

/// Whether two segments, either perhaps of zero length, have a position in common.
#[inline]
pub(super) fn touch(a: (Xy, Xy), b: (Xy, Xy)) -> bool {
    if !boxes_meet(a, b) {
        return false;
    }
    let apart = |line: (Xy, Xy), (from, to): (Xy, Xy)| {
        let (from, to) = (side(line.0, line.1, from), side(line.0, line.1, to));
        from == to && from != Ordering::Equal
    };
    !apart(b, a) && !apart(a, b)
}

#[inline]
fn boxes_meet((a, b): (Xy, Xy), (c, d): (Xy, Xy)) -> bool {
    let meet = |a: f64, b: f64, c: f64, d: f64| a.max(b) >= c.min(d) && c.max(d) >= a.min(b);
    meet(a.x, b.x, c.x, d.x) && meet(a.y, b.y, c.y, d.y)
}
