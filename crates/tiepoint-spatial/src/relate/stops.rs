//! The stops on the way along an edge, in order.
use super::contacts::EdgeId;
use super::exact::{Crossing, compare, side};
use super::shape::Edge;
use std::cmp::Ordering;
use tiepoint_core::Xy;

/// Where something meets an edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    on: (Xy, Xy),
    place: Place,
    /// About where, from 0 to 1.
    near: f64,
    /// What meets it there; nothing where it only starts or ends.
    pub(super) with: Option<EdgeId>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// A corner that is exactly on the edge.
    Corner(Xy),
    /// No corner of either edge.
    Crossing(Crossing),
}

impl Stop {
    /// At a corner that is exactly on the line through the edge.
    pub(super) fn corner(edge: &Edge, at: Xy, with: Option<EdgeId>) -> Self {
        let (from, to) = edge.ends();
        let near = (main(from, to, at) - main(from, to, from))
            / (main(from, to, to) - main(from, to, from));
        Self { on: (from, to), place: Place::Corner(at), near, with }
    }

    /// Where another edge crosses it.
    pub(super) fn crossing(edge: &Edge, by: &Edge, with: EdgeId) -> Self {
        let crossing = Crossing::of(edge.ends(), by.ends());
        let (place, near) = (Place::Crossing(crossing), crossing.fraction());
        Self { on: edge.ends(), place, near, with: Some(with) }
    }

    pub(super) fn at_corner(&self) -> Option<Xy> {
        match self.place {
            Place::Corner(at) => Some(at),
            Place::Crossing(_) => None,
        }
    }

    /// Which of two stops on one edge comes first, exactly.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (&self.place, &other.place) {
            (Place::Corner(here), Place::Corner(there)) => {
                let (from, to) = self.on;
                let forth = compare(main(from, to, *here), main(from, to, *there));
                if main(from, to, from) < main(from, to, to) { forth } else { forth.reverse() }
            }
            (Place::Crossing(here), Place::Crossing(there)) => here.compare(there),
            (Place::Corner(here), Place::Crossing(there)) => self.corner_to(*here, there),
            (Place::Crossing(here), Place::Corner(there)) => {
                other.corner_to(*there, here).reverse()
            }
        }
    }

    /// A corner on the side of the crossing edge where this one starts comes before it.
    fn corner_to(&self, corner: Xy, crossing: &Crossing) -> Ordering {
        let (from, to) = crossing.by;
        match side(from, to, corner) {
            Ordering::Equal => Ordering::Equal,
            of_corner if of_corner == side(from, to, self.on.0) => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
}

/// The ordinate in which the segment is longer.
fn main(from: Xy, to: Xy, at: Xy) -> f64 {
    if (to.x - from.x).abs() >= (to.y - from.y).abs() { at.x } else { at.y }
}

/// Sorts the stops on one edge: by about where, then exactly, which changes little.
pub(super) fn sort(stops: &mut [Stop]) {
    stops.sort_by(|a, b| a.near.total_cmp(&b.near));
    for unsorted in 1..stops.len() {
        let mut at = unsorted;
        while at > 0 && stops[at - 1].compare(&stops[at]) == Ordering::Greater {
            stops.swap(at - 1, at);
            at -= 1;
        }
    }
}
