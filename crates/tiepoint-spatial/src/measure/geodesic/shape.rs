//! A geometry taken apart for geodesic distances: directions, short pieces, rings.
use std::ops::Range;

use geographiclib_rs::Geodesic;
use tiepoint_core::{Geometry, GeometryKind, GeometryRef, Parts, Positions};

use super::closest::Track;
use super::place::{Place, lon_step, normal_lon};
use super::sphere::{Arc, Direction, angle_of, chord2, direction};
use crate::measure::rings::Role;
use crate::measure::size::Turn;
use crate::measure::tree::Bounds;

/// Edges are cut into pieces of at most this angle, 191 km, on which a geodesic is close to a
/// great circle and distances to it have one minimum.
const PIECE: f64 = 0.03;

/// Where a geometry would have more pieces than this, pieces get longer, up to [`LONGEST`]:
/// slower to measure, and as exact.
const PIECES_IN_FULL: f64 = 262_144.0;
const LONGEST: f64 = 0.8;

/// A place and where it is on the sphere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vertex {
    pub(super) place: Place,
    pub(super) direction: Direction,
}

/// A short geodesic between two vertices, or a point: twice the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A ring of a polygon.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    pub(super) pieces: Range<u32>,
    /// Whether the north pole is inside.
    pub(super) north_pole: bool,
    pub(super) role: Role,
}

/// What distances are computed from.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) vertices: Vec<Vertex>,
    pub(super) pieces: Vec<Piece>,
    pub(super) rings: Vec<Ring>,
    /// A vertex of each point, line and polygon.
    pub(super) anchors: Vec<u32>,
    /// How far a piece may stray from its great circle arc, at most.
    pub(super) stray: f64,
}

impl Shape {
    /// Of a geometry without curves; [`None`] where it is empty or not on the ellipsoid.
    pub(super) fn new(geometry: &Geometry, geodesic: &Geodesic) -> Option<Self> {
        let (shape, piece) = (Self::default(), Builder::piece_length(geometry.as_ref())?);
        let mut builder = Builder { geodesic, shape, piece, longest2: 0.0 };
        builder.take(geometry.as_ref())?;
        builder.shape.stray = stray(geodesic, angle_of(builder.longest2));
        (!builder.shape.pieces.is_empty()).then_some(builder.shape)
    }

    #[inline]
    pub(super) fn ends(&self, piece: Piece) -> [&Vertex; 2] {
        [&self.vertices[piece.from as usize], &self.vertices[piece.to as usize]]
    }

    #[inline]
    pub(super) fn arc(&self, piece: Piece) -> Arc {
        let [from, to] = self.ends(piece);
        Arc::new(from.direction, to.direction)
    }

    /// The ring that a piece is of; none of a line or point.
    pub(super) fn ring_of(&self, piece: u32) -> Option<u32> {
        let at = self.rings.partition_point(|ring| ring.pieces.end <= piece);
        let ring = self.rings.get(at).filter(|ring| ring.pieces.contains(&piece));
        ring.and_then(|_| u32::try_from(at).ok())
    }

    /// A box around the geodesic in space.
    pub(super) fn piece_bounds(&self, piece: Piece) -> Bounds {
        let [from, to] = self.ends(piece).map(|it| it.direction);
        // an arc bulges from its chord by 1 - cos(θ/2), which is less than 0.14 chord² up to 0.8
        let bulge = 0.14 * chord2(from, to);
        Bounds::of(from, to).grown_by(bulge + self.stray + 1e-15)
    }
}

/// How far a geodesic of this angle may stray from the great circle arc between its ends.
///
/// On the sphere of parametric latitudes a geodesic of azimuth α bends away from a great circle
/// by e² sin β cos β sin α / (1 − e² cos² β) per unit of way (from Clairaut's relation), which is
/// at most e² / (2 (1 − e²)); a curve that bends by k strays by at most k (1/cos(θ/2) − 1).
fn stray(geodesic: &Geodesic, angle: f64) -> f64 {
    let bend = geodesic._e2 / (2.0 * (1.0 - geodesic._e2));
    bend * ((angle / 2.0).cos().recip() - 1.0) * 1.01
}

struct Builder<'a> {
    geodesic: &'a Geodesic,
    shape: Shape,
    piece: f64,
    /// The square of the longest piece's chord.
    longest2: f64,
}

impl Builder<'_> {
    /// How long pieces may be, so that there are not too many.
    fn piece_length(geometry: GeometryRef<'_>) -> Option<f64> {
        let positions = geometry.num_positions();
        // even if every edge went half round the Earth
        if positions < 2500 {
            return Some(PIECE);
        }
        let mut extra = 0.0;
        each_line(geometry, &mut |line| {
            let mut last: Option<Place> = None;
            for xy in line.xy() {
                let place = Place::of(xy)?;
                if let Some(last) = last.replace(place) {
                    extra += (rough_angle(last, place) / PIECE).floor();
                }
            }
            Some(())
        })?;
        Some((PIECE * (extra / PIECES_IN_FULL).max(1.0)).min(LONGEST))
    }

    fn take(&mut self, geometry: GeometryRef<'_>) -> Option<()> {
        match geometry.parts() {
            Parts::Positions(line) => {
                self.anchor(line);
                self.line(line).map(drop)
            }
            Parts::Rings(rings) => {
                for (index, ring) in rings.enumerate() {
                    if index == 0 {
                        self.anchor(ring);
                    }
                    let pieces = self.line(ring)?;
                    let north_pole = self.holds_north_pole(ring, &pieces);
                    let role = if index == 0 { Role::Shell } else { Role::Hole };
                    self.shape.rings.push(Ring { pieces, north_pole, role });
                }
                Some(())
            }
            Parts::Members(mut members) => members.try_for_each(|member| self.take(member)),
        }
    }

    fn anchor(&mut self, line: Positions<'_>) {
        if !line.is_empty() {
            self.shape.anchors.push(index(self.shape.vertices.len()));
        }
    }

    /// Appends a line's vertices and pieces.
    fn line(&mut self, line: Positions<'_>) -> Option<Range<u32>> {
        let start = index(self.shape.pieces.len());
        self.shape.vertices.reserve(line.len());
        self.shape.pieces.reserve(line.len());
        for (count, xy) in line.xy().enumerate() {
            let vertex = self.vertex(Place::of(xy)?);
            if count > 0 {
                self.edge_to(vertex);
            }
            self.shape.vertices.push(vertex);
        }
        if line.len() == 1 {
            let only = index(self.shape.vertices.len()) - 1;
            self.shape.pieces.push(Piece { from: only, to: only });
        }
        Some(start..index(self.shape.pieces.len()))
    }

    #[inline]
    fn vertex(&self, place: Place) -> Vertex {
        Vertex { place, direction: direction(place, self.geodesic._f1) }
    }

    /// Appends the pieces of an edge from the last vertex, and the vertices between them.
    fn edge_to(&mut self, to: Vertex) {
        let from = self.shape.vertices[self.shape.vertices.len() - 1];
        let mut chord2 = chord2(from.direction, to.direction);
        if chord2 > self.piece * self.piece {
            chord2 = self.cut(from, to).powi(2);
        }
        self.longest2 = self.longest2.max(chord2);
        let at = index(self.shape.vertices.len());
        self.shape.pieces.push(Piece { from: at - 1, to: at });
    }

    /// Appends all pieces but the last of a long edge; returns the angle of each.
    fn cut(&mut self, from: Vertex, to: Vertex) -> f64 {
        let track = Track::new(self.geodesic, from.place, to.place);
        let angle = track.length / self.geodesic._b;
        let count = (angle / self.piece).ceil().max(1.0);
        let mut part = 1.0;
        while part < count {
            let place = track.place(track.length * (part / count));
            let at = index(self.shape.vertices.len());
            self.shape.pieces.push(Piece { from: at - 1, to: at });
            self.shape.vertices.push(self.vertex(place));
            part += 1.0;
        }
        angle / count
    }

    /// Whether the ring goes round the north pole, or round all but a smaller part without it.
    fn holds_north_pole(&self, ring: Positions<'_>, pieces: &Range<u32>) -> bool {
        let pieces = &self.shape.pieces[pieces.start as usize..pieces.end as usize];
        if self.within_half_turn(pieces) {
            return false;
        }
        let mut turn = Turn::default();
        let mut places = ring.xy().map(|xy| Place { lon: normal_lon(xy.x), lat: xy.y });
        let Some(mut last) = places.next() else { return false };
        for place in places {
            turn.add(self.geodesic, last, place);
            last = place;
        }
        turn.enclosed(self.geodesic.area()).north_pole
    }

    /// Whether all longitudes are within half a turn, so that both poles are outside.
    fn within_half_turn(&self, pieces: &[Piece]) -> bool {
        let (mut east, mut least, mut most) = (0.0, 0.0_f64, 0.0_f64);
        for piece in pieces {
            let [from, to] = self.shape.ends(*piece).map(|it| it.place.lon);
            east += lon_step(from, to);
            (least, most) = (least.min(east), most.max(east));
        }
        most - least < 179.0 && east.abs() < 1.0
    }
}

fn index(count: usize) -> u32 {
    u32::try_from(count).expect("positions are counted in u32, and pieces are not many more")
}

/// An angle not far below that between two places.
fn rough_angle(a: Place, b: Place) -> f64 {
    let lat = a.lat.abs().min(b.lat.abs()).to_radians();
    let east = lon_step(a.lon, b.lon).to_radians() * lat.cos();
    (b.lat - a.lat).to_radians().hypot(east)
}

fn each_line(
    geometry: GeometryRef<'_>,
    see: &mut dyn FnMut(Positions<'_>) -> Option<()>,
) -> Option<()> {
    match geometry.parts() {
        Parts::Positions(_) if geometry.kind() == GeometryKind::Point => Some(()),
        Parts::Positions(line) => see(line),
        Parts::Rings(mut rings) => rings.try_for_each(see),
        Parts::Members(mut members) => members.try_for_each(|member| each_line(member, see)),
    }
}
