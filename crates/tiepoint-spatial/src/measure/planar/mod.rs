//! Distances in the plane of the coordinates.
use geo::algorithm::kernels::Orientation;
use tiepoint_core::{Envelope, Geometry, GeometryKind, Xy};

use super::rings::is_inside;
use super::search::SearchBox;
use super::tree::{Bounds, Tree};

mod extreme;
mod segment;
mod shape;

use extreme::Size;
use shape::{At, Piece, Shape};

/// Differences up to this may count as none beside ordinary coordinates.
const TINY: f64 = 1e-140;

/// A geometry that distances are asked to, many times.
#[derive(Debug)]
pub(super) struct Target {
    geometry: Geometry,
    solid: Option<Solid>,
}

#[derive(Debug)]
struct Solid {
    shape: Shape,
    tree: Tree,
    envelope: Envelope,
}

impl Target {
    pub(super) fn new(geometry: &Geometry) -> Self {
        Self { geometry: geometry.clone(), solid: Solid::new(geometry, 1.0) }
    }

    pub(super) fn distance(&self, geometry: &Geometry) -> Option<f64> {
        let solid = self.solid.as_ref()?;
        match extreme_size(&solid.envelope, &geometry.envelope()?) {
            None => Some(solid.distance2(&Shape::new(geometry, 1.0)?, -1.0).sqrt()),
            Some(size) => {
                let solid = Solid::new(&self.geometry, size.scale())?;
                let other = Shape::new(geometry, size.scale())?;
                Some((solid.extreme_distance(&other) / size.scale()).min(f64::MAX))
            }
        }
    }

    pub(super) fn within(&self, geometry: &Geometry, limit: f64) -> bool {
        let (Some(solid), Some(envelope)) = (&self.solid, geometry.envelope()) else {
            return false;
        };
        let limit2 = limit * limit;
        let [x, y] = gaps(&solid.envelope, &envelope);
        if limit.is_nan() || limit < 0.0 || x * x + y * y > limit2 * (1.0 + 1e-12) {
            return false;
        }
        let sure = limit2 * (1.0 - 1e-12);
        if extreme_size(&solid.envelope, &envelope).is_some() || limit2 < 1e-290 {
            return self.distance(geometry).is_some_and(|distance| distance <= limit);
        }
        if geometry.kind() == GeometryKind::Point && solid.shape.pieces.len() == 1 {
            let at = envelope.min();
            let distance2 = segment::to_point2(&solid.shape.pieces[0], [at.x, at.y]);
            return distance2 <= sure || distance2.sqrt() <= limit;
        }
        let other = Shape::new(geometry, 1.0);
        other.is_some_and(|other| solid.distance2(&other, sure).sqrt() <= limit)
    }

    pub(super) fn lower_bound(&self, envelope: &Envelope) -> f64 {
        let Some(solid) = &self.solid else { return f64::INFINITY };
        let [x, y] = gaps(&solid.envelope, envelope);
        let bound = x.hypot(y).min(f64::MAX) * (1.0 - 1e-12);
        if bound > TINY { bound } else { 0.0 }
    }

    pub(super) fn search_boxes(&self, limit: f64) -> Vec<SearchBox> {
        let Some(solid) = self.solid.as_ref().filter(|_| limit >= 0.0) else { return Vec::new() };
        let (min, max) = (solid.envelope.min(), solid.envelope.max());
        // squares of less than the second are 0
        let reach = (limit * (1.0 + 1e-12)).max(TINY);
        let out = |at: f64, reach: f64| {
            let moved = at + reach;
            (moved + moved.abs() * 1e-15 * reach.signum()).clamp(f64::MIN, f64::MAX)
        };
        let corners = [
            Xy { x: out(min.x, -reach), y: out(min.y, -reach) },
            Xy { x: out(max.x, reach), y: out(max.y, reach) },
        ];
        let envelope = Envelope::of(corners).ok().flatten();
        envelope.map(|envelope| SearchBox { envelope, wider_than: None }).into_iter().collect()
    }
}

/// Whether squares of these coordinates leave the range of doubles.
fn extreme_size(a: &Envelope, b: &Envelope) -> Option<Size> {
    let size = |it: &Envelope| {
        let (min, max) = (it.min(), it.max());
        min.x.abs().max(min.y.abs()).max(max.x.abs()).max(max.y.abs())
    };
    let size = size(a).max(size(b));
    if size > 1e150 {
        Some(Size::Huge)
    } else {
        (size < 1e-130 && size > 0.0).then_some(Size::Tiny)
    }
}

/// How far two envelopes are apart along each axis.
#[inline]
fn gaps(a: &Envelope, b: &Envelope) -> [f64; 2] {
    let gap = |one: f64, other: f64| one.max(other).max(0.0);
    let x = gap(a.min().x - b.max().x, b.min().x - a.max().x);
    [x, gap(a.min().y - b.max().y, b.min().y - a.max().y)]
}

impl Solid {
    fn new(geometry: &Geometry, scale: f64) -> Option<Self> {
        let shape = Shape::new(geometry, scale)?;
        let bounds: Vec<_> = shape.pieces.iter().map(Piece::bounds).collect();
        Some(Self { tree: Tree::new(&bounds), shape, envelope: geometry.envelope()? })
    }

    /// The square of the distance; looks no further once it is at most `enough`.
    fn distance2(&self, other: &Shape, enough: f64) -> f64 {
        let least = self.least(other, enough, Bounds::distance2, segment::distance2);
        if least > enough.max(0.0) && self.overlaps(other) { 0.0 } else { least }
    }

    /// The distance, whatever the coordinates.
    fn extreme_distance(&self, other: &Shape) -> f64 {
        let of_boxes = |a: &Bounds, b: &Bounds| a.distance(b) * (1.0 - 1e-12);
        let least = self.least(other, 0.0, of_boxes, extreme::distance);
        if least > 0.0 && self.overlaps(other) { 0.0 } else { least }
    }

    /// The least value between pieces, given one between their boxes that is never above it;
    /// looks no further once it is at most `enough`.
    fn least(
        &self,
        other: &Shape,
        enough: f64,
        of_boxes: impl Fn(&Bounds, &Bounds) -> f64,
        of_pieces: impl Fn(&Piece, &Piece) -> f64,
    ) -> f64 {
        let mut least = f64::INFINITY;
        for piece in &other.pieces {
            let bounds = piece.bounds();
            self.tree.nearest(
                least,
                |node| of_boxes(node, &bounds),
                |item, _| {
                    let mine = &self.shape.pieces[item as usize];
                    least = least.min(of_pieces(mine, piece));
                    if least <= enough { -1.0 } else { least }
                },
            );
            if least <= enough {
                break;
            }
        }
        least
    }

    /// Whether a part of either is inside the other, edges left aside.
    fn overlaps(&self, other: &Shape) -> bool {
        let mut crossed = Vec::new();
        let mut inside = |shape: &Shape, at: At, tree: Option<&Tree>| {
            crossed.clear();
            let above = |piece: &Piece| is_above(piece, at);
            let mut see = |piece: &Piece| crossed.extend(piece.ring.filter(|_| above(piece)));
            match tree {
                Some(tree) => tree.each(
                    |node| node.min[0] <= at[0] && at[0] <= node.max[0] && at[1] <= node.max[1],
                    |item| see(&shape.pieces[item as usize]),
                ),
                None => shape.pieces.iter().for_each(see),
            }
            is_inside(&mut crossed, |ring| shape.rings[ring as usize])
        };
        let holds_one = !self.shape.rings.is_empty()
            && other.anchors.iter().any(|at| inside(&self.shape, *at, Some(&self.tree)));
        holds_one
            || !other.rings.is_empty()
                && self.shape.anchors.iter().any(|at| inside(other, *at, None))
    }
}

/// Whether the way up from `at` crosses the piece. Half-open, so that a position belongs to one
/// of its two segments.
fn is_above(piece: &Piece, at: At) -> bool {
    let (from, to) = (piece.from, piece.to);
    let eastward = from[0] <= at[0] && at[0] < to[0];
    let westward = to[0] <= at[0] && at[0] < from[0];
    if !eastward && !westward || at[1] > from[1].max(to[1]) {
        return false;
    }
    let side = segment::side(piece, at);
    if eastward { side == Orientation::Clockwise } else { side == Orientation::CounterClockwise }
}
