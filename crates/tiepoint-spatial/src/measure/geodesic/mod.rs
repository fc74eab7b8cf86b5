//! Distances along geodesics: what is decided on a sphere, and what needs the ellipsoid.
//!
//! Everything is put on a sphere first, where an angle bounds a distance from both sides to a
//! third of a percent ([`sphere`]). Only where that does not decide, geodesics are solved.
use geographiclib_rs::Geodesic;
use tiepoint_core::{Envelope, Geometry, GeometryKind};

use super::ellipsoid::Ellipsoid;
use super::search::SearchBox;
use super::tree::{Bounds, Tree};

mod closest;
mod inside;
mod pair;
pub(super) mod place;
mod region;
mod search;
mod shape;
mod space;
mod sphere;

use place::Place;
use region::Region;
use shape::{Piece, Shape, Vertex};
use sphere::{angle_of, chord2, chord2_of, direction};

/// Room for rounding between bounds and solved geodesics, in metres.
const SLACK_M: f64 = 1e-6;

/// Shapes with more pieces than this get a tree of their own to be searched in.
const MANY: usize = 16;

/// A geometry that distances are asked to, many times.
#[derive(Debug)]
pub(super) struct Target {
    geodesic: Geodesic,
    /// What is there; nothing when it is empty or off the ellipsoid.
    solid: Option<Solid>,
}

#[derive(Debug)]
struct Solid {
    shape: Shape,
    tree: Tree,
    /// What way north from a place crosses; for polygons with many edges.
    inside: Option<Tree>,
    region: Region,
}

impl Target {
    pub(super) fn new(geometry: &Geometry, ellipsoid: Ellipsoid) -> Self {
        let geodesic = ellipsoid.geodesic();
        let solid = Shape::new(geometry, &geodesic).map(|shape| Solid::new(shape, &geodesic));
        Self { geodesic, solid }
    }

    pub(super) fn distance(&self, geometry: &Geometry) -> Option<f64> {
        let solid = self.solid.as_ref()?;
        let other = Shape::new(geometry, &self.geodesic)?;
        Some(solid.distance(&self.geodesic, &other))
    }

    pub(super) fn within(&self, geometry: &Geometry, limit: f64) -> bool {
        let (Some(solid), Some(envelope)) = (&self.solid, geometry.envelope()) else {
            return false;
        };
        let none = limit.is_nan() || limit < 0.0;
        if none || solid.region.is_farther(&envelope, limit, &self.geodesic) {
            return false;
        }
        if geometry.kind() == GeometryKind::Point {
            let place = Place::of(envelope.min());
            return place.is_some_and(|place| solid.holds_within(&self.geodesic, place, limit));
        }
        let other = Shape::new(geometry, &self.geodesic);
        other.is_some_and(|other| solid.within(&self.geodesic, &other, limit))
    }

    pub(super) fn lower_bound(&self, envelope: &Envelope) -> f64 {
        let region = self.solid.as_ref().map(|solid| &solid.region);
        region.map_or(f64::INFINITY, |region| region.lower_bound(envelope, &self.geodesic))
    }

    pub(super) fn search_boxes(&self, limit: f64) -> Vec<SearchBox> {
        let region = self.solid.as_ref().map(|solid| &solid.region);
        region.map_or_else(Vec::new, |region| search::boxes(region, limit, &self.geodesic))
    }
}

impl Solid {
    fn new(shape: Shape, geodesic: &Geodesic) -> Self {
        let bounds: Vec<_> = shape.pieces.iter().map(|piece| shape.piece_bounds(*piece)).collect();
        let region = Region::of(&shape, geodesic);
        let indexed = !shape.rings.is_empty() && shape.pieces.len() > MANY;
        let inside = indexed.then(|| inside::tree(&shape));
        Self { tree: Tree::new(&bounds), inside, shape, region }
    }

    fn distance(&self, geodesic: &Geodesic, other: &Shape) -> f64 {
        if self.overlaps(geodesic, other) {
            return 0.0;
        }
        let near = self.chord2(other, sphere::chord2_of(std::f64::consts::PI), -1.0);
        let above = geodesic.a * (angle_of(near) + self.stray(other)) + SLACK_M;
        self.solved(geodesic, other, above, 0.0)
    }

    fn within(&self, geodesic: &Geodesic, other: &Shape, limit: f64) -> bool {
        let (sure, possible) = self.thresholds(geodesic, other, limit);
        let near = self.chord2(other, possible, sure);
        if near <= sure {
            return true;
        }
        if self.overlaps(geodesic, other) {
            return true;
        }
        near <= possible && self.solved(geodesic, other, limit, limit) <= limit
    }

    /// [`within`](Self::within) for a point.
    fn holds_within(&self, geodesic: &Geodesic, place: Place, limit: f64) -> bool {
        let vertex = Vertex { place, direction: direction(place, geodesic._f1) };
        if let [only] = self.shape.vertices[..] {
            let near = chord2(only.direction, vertex.direction);
            let (sure, possible) = thresholds(geodesic, limit, 0.0);
            return near <= sure
                || near <= possible && pair::between(geodesic, &only, &vertex) <= limit;
        }
        let other = Shape {
            vertices: vec![vertex],
            pieces: vec![Piece { from: 0, to: 0 }],
            anchors: vec![0],
            ..Shape::default()
        };
        self.within(geodesic, &other, limit)
    }

    fn stray(&self, other: &Shape) -> f64 {
        self.shape.stray + other.stray
    }

    fn thresholds(&self, geodesic: &Geodesic, other: &Shape, limit: f64) -> (f64, f64) {
        thresholds(geodesic, limit, self.stray(other))
    }

    /// Whether a part of either is inside the other, edges left aside.
    fn overlaps(&self, geodesic: &Geodesic, other: &Shape) -> bool {
        let holds_one = |polygons: &Shape, tree: Option<&Tree>, parts: &Shape| {
            let mut anchors = parts.anchors.iter().map(|anchor| &parts.vertices[*anchor as usize]);
            !polygons.rings.is_empty()
                && anchors.any(|at| inside::holds(geodesic, polygons, tree, at))
        };
        holds_one(&self.shape, self.inside.as_ref(), other) || holds_one(other, None, &self.shape)
    }

    /// The square of the least chord between both on the sphere, if it is at most `limit`; looks
    /// no further once one is at most `enough`.
    fn chord2(&self, other: &Shape, limit: f64, enough: f64) -> f64 {
        let mut least = f64::INFINITY;
        for piece in &other.pieces {
            let arc = other.arc(*piece);
            let bounds = other.piece_bounds(*piece);
            self.tree.nearest(
                limit.min(least),
                |node: &Bounds| node.distance2(&bounds),
                |item, _| {
                    let mine = self.shape.arc(self.shape.pieces[item as usize]);
                    least = least.min(mine.chord2_to_arc(&arc));
                    if least <= enough { -1.0 } else { limit.min(least) }
                },
            );
            if least <= enough {
                break;
            }
        }
        least
    }

    /// The least distance of edges and points on the ellipsoid, if it is at most `limit`; looks no
    /// further once one is at most `enough`.
    fn solved(&self, geodesic: &Geodesic, other: &Shape, limit: f64, enough: f64) -> f64 {
        // in space first, so that few pairs are left to solve
        let mut limit = limit;
        self.each_near(geodesic, other, limit, |mine, theirs, may_cross| {
            if !may_cross {
                let bounds = space::between(geodesic, (&self.shape, mine), (other, theirs));
                limit = limit.min(bounds.most);
            }
            limit
        });
        let mut least = f64::INFINITY;
        self.each_near(geodesic, other, limit, |mine, theirs, may_cross| {
            let (mine, theirs) = ((&self.shape, mine), (other, theirs));
            if may_cross || space::between(geodesic, mine, theirs).least <= limit.min(least) {
                least = least.min(pair::distance(geodesic, mine, theirs, may_cross));
            }
            if least <= enough { -1.0 } else { limit.min(least) }
        });
        least
    }

    /// Shows all pairs of pieces, mine first, that may be within `limit` metres as far as the
    /// sphere tells, and whether they may cross; `see` returns the new limit.
    fn each_near(
        &self,
        geodesic: &Geodesic,
        other: &Shape,
        mut limit: f64,
        mut see: impl FnMut(Piece, Piece, bool) -> f64,
    ) {
        let possible = |limit: f64| self.thresholds(geodesic, other, limit).1;
        let (mut most, touching) = (possible(limit), possible(0.0));
        for piece in &other.pieces {
            let arc = other.arc(*piece);
            let bounds = other.piece_bounds(*piece);
            self.tree.nearest(
                most,
                |node: &Bounds| node.distance2(&bounds),
                |item, _| {
                    let mine = self.shape.pieces[item as usize];
                    let chord2 = self.shape.arc(mine).chord2_to_arc(&arc);
                    if chord2 <= most {
                        let new = see(mine, *piece, chord2 <= touching);
                        if new < limit {
                            (limit, most) = (new, if new < 0.0 { -1.0 } else { possible(new) });
                        }
                    }
                    most
                },
            );
            if limit < 0.0 {
                break;
            }
        }
    }
}

/// Chords on the sphere up to the first are within `limit` for sure, beyond the second not.
fn thresholds(geodesic: &Geodesic, limit: f64, stray: f64) -> (f64, f64) {
    let sure = chord2_of((limit - SLACK_M) / geodesic.a - stray);
    let possible = chord2_of((limit + SLACK_M) / geodesic._b + stray);
    (sure, possible)
}
