//! Whether a position is inside of rings: how often they pass it on one side (even-odd).
use super::exact::side;
use std::cmp::Ordering;
use tiepoint_core::{Part, Xy};

/// Where a position lies to the rings that edges make; only those that pass its y matter.
pub(super) fn locate_among(at: Xy, edges: impl Iterator<Item = (Xy, Xy)>) -> Part {
    let mut inside = false;
    for (from, to) in edges {
        match passes_right(at, from, to) {
            Passes::Through => return Part::Boundary,
            Passes::Right => inside = !inside,
            Passes::Elsewhere => {}
        }
    }
    if inside { Part::Interior } else { Part::Exterior }
}

/// How an edge lies to a position, seen along increasing x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passes {
    /// Through it.
    Through,
    /// To the right of it.
    Right,
    /// To its left, above or below.
    Elsewhere,
}

#[inline]
#[allow(clippy::float_cmp, reason = "exactly as high is the question")]
fn passes_right(at: Xy, from: Xy, to: Xy) -> Passes {
    if (from.y > at.y) != (to.y > at.y) {
        if from.x < at.x && to.x < at.x {
            return Passes::Elsewhere;
        }
        if from.x > at.x && to.x > at.x {
            return Passes::Right;
        }
        let (low, high) = if from.y < to.y { (from, to) } else { (to, from) };
        return match side(low, high, at) {
            Ordering::Greater => Passes::Right,
            Ordering::Equal => Passes::Through,
            Ordering::Less => Passes::Elsewhere,
        };
    }
    if from == at || to == at {
        return Passes::Through;
    }
    let level = from.y == at.y && to.y == at.y;
    if level && (from.x < at.x) != (to.x < at.x) { Passes::Through } else { Passes::Elsewhere }
}
