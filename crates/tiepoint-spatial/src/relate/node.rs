//! What lies around one position: the edges that leave it, in which directions.
use super::exact::turn;
use super::shape::{Edge, Inside};
use std::cmp::Ordering;
use tiepoint_core::Xy;

/// How the positions just along a direction lie to a group of edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lies {
    /// Outside of the surface, or not on a line.
    Out,
    /// Inside of the surface.
    In,
    /// On an edge, with the surface on neither, one or both sides of the direction.
    On {
        /// On the left.
        left: bool,
        /// On the right.
        right: bool,
    },
}

impl Lies {
    /// Whether the surface is just left of it.
    pub(super) fn has_left(self) -> bool {
        matches!(self, Self::In | Self::On { left: true, .. })
    }

    /// Whether the surface is just right of it.
    pub(super) fn has_right(self) -> bool {
        matches!(self, Self::In | Self::On { right: true, .. })
    }
}

/// An edge that leaves a position: the direction is that of `from` to `to`, which need not be
/// where the position is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ray {
    pub(super) from: Xy,
    pub(super) to: Xy,
    pub(super) group: u32,
    left: bool,
    right: bool,
}

impl Ray {
    /// Along an edge.
    pub(super) fn along(edge: &Edge) -> Self {
        let (left, right) = (edge.inside == Inside::Left, edge.inside == Inside::Right);
        Self { from: edge.from, to: edge.to, group: edge.group, left, right }
    }

    /// Along an edge from its end.
    pub(super) fn back(edge: &Edge) -> Self {
        let forth = Self::along(edge);
        let Self { from, to, group, left, right } = forth;
        Self { from: to, to: from, group, left: right, right: left }
    }

    fn vector(&self) -> (Xy, Xy) {
        (self.from, self.to)
    }

    pub(super) fn lies(&self) -> Lies {
        Lies::On { left: self.left, right: self.right }
    }
}

/// Appends how `edge` leaves a position on it; `at` is where, if that is a corner of something.
pub(super) fn rays_of(edge: &Edge, at: Option<Xy>, rays: &mut Vec<Ray>) {
    if at != Some(edge.to) {
        rays.push(Ray::along(edge));
    }
    if at != Some(edge.from) {
        rays.push(Ray::back(edge));
    }
}

/// How a direction lies to the group of which all `rays` that leave the position are given;
/// none without rays.
pub(super) fn lies_among<'a>(
    direction: (Xy, Xy),
    rays: impl Iterator<Item = &'a Ray>,
) -> Option<Lies> {
    // the last ray before the direction comes round to itself, and what is left of that
    let mut last: Option<(&Ray, Quarter)> = None;
    let mut on: Option<Lies> = None;
    for ray in rays {
        let quarter = quarter(direction, ray.vector());
        if quarter == Quarter::Ahead {
            let Lies::On { left, right } = ray.lies() else { continue };
            on = Some(match on {
                Some(Lies::On { left: l, right: r }) => {
                    Lies::On { left: l || left, right: r || right }
                }
                _ => ray.lies(),
            });
        } else if last.is_none_or(|last| is_beyond((ray, quarter), last)) {
            last = Some((ray, quarter));
        }
    }
    on.or_else(|| last.map(|(ray, _)| if ray.left { Lies::In } else { Lies::Out }))
}

/// Whether the first is farther round, counter-clockwise.
fn is_beyond(first: (&Ray, Quarter), second: (&Ray, Quarter)) -> bool {
    match first.1.cmp(&second.1) {
        Ordering::Equal => turn(second.0.vector(), first.0.vector()) == Ordering::Greater,
        unequal => unequal == Ordering::Greater,
    }
}

/// Where a ray goes, seen along a direction; in the order of turning to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quarter {
    Ahead,
    Left,
    Back,
    Right,
}

fn quarter(direction: (Xy, Xy), ray: (Xy, Xy)) -> Quarter {
    match turn(direction, ray) {
        Ordering::Greater => Quarter::Left,
        Ordering::Less => Quarter::Right,
        Ordering::Equal if is_same_way(direction, ray) => Quarter::Ahead,
        Ordering::Equal => Quarter::Back,
    }
}

/// Of parallel vectors, whether they point the same way.
fn is_same_way((a, b): (Xy, Xy), (c, d): (Xy, Xy)) -> bool {
    (b.x > a.x) == (d.x > c.x)
        && (b.x < a.x) == (d.x < c.x)
        && (b.y > a.y) == (d.y > c.y)
        && (b.y < a.y) == (d.y < c.y)
}
