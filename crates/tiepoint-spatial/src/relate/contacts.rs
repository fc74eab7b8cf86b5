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

/// One meeting of an edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contact {
    pub(super) with: EdgeId,
    pub(super) spot: Spot,
}

/// Finds what meets one edge after the other, in room that is used again.
#[derive(Debug, Default)]
pub(super) struct Finder {
    near: Vec<u32>,
    found: Vec<Contact>,
}

impl Finder {
    /// All meetings of an edge that matter: with edges of the other shape, and with those of its
    /// own between whose groups it may be.
    pub(super) fn find(&mut self, shapes: [&Shape; 2], id: EdgeId) -> &[Contact] {
        self.found.clear();
        let own = shapes[id.of as usize];
        let edge = &own.edges[id.index as usize];
        for (of, shape) in [Which::First, Which::Second].into_iter().zip(shapes) {
            if of != id.of {
                self.find_in(of, shape, edge, None);
            } else if own.is_mixed() {
                self.find_in(of, shape, edge, Some(id.index));
            }
        }
        if !self.found.is_empty() && !own.is_mixed() {
            // whatever crosses it where a line of its own ends meets that end
            let ends = own.odd_ends_on(edge).map(Spot::Corner);
            self.found.extend(ends.map(|spot| Contact { with: id, spot }));
        }
        &self.found
    }

    fn find_in(&mut self, of: Which, shape: &Shape, edge: &Edge, itself: Option<u32>) {
        let Self { near, found } = self;
        near.clear();
        if shape.edges.len() <= FEW {
            near.extend((0..).take(shape.edges.len()));
        } else {
            let _all = shape.grid().near(edge.from, edge.to, |index| {
                near.push(index);
                ControlFlow::<()>::Continue(())
            });
            near.sort_unstable();
            near.dedup();
        }
        for &index in near.iter().filter(|index| Some(**index) != itself) {
            let spots = meet(edge.ends(), shape.edges[index as usize].ends());
            let with = EdgeId { of, index };
            found.extend(spots.into_iter().flatten().map(|spot| Contact { with, spot }));
        }
    }
}

/// So many edges are looked through sooner than a grid is built.
const FEW: usize = 32;

/// Where two segments meet: nowhere, in a spot, or in two and the overlap between them.
#[inline]
fn meet(a: (Xy, Xy), b: (Xy, Xy)) -> [Option<Spot>; 3] {
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
