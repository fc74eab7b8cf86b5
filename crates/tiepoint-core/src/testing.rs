//! Arbitrary well-formed geometries, for property tests here and in other crates.
//!
//! Behind the feature `testing`. Shrinking goes towards XY, fewer parts and rounder numbers.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::{Content, Dims, Geometry, GeometryKind, GeometryWriter};

/// Any geometry: every kind and dims, nested, empty, with finite ordinates of any bits and some
/// unknown (NaN) heights and measures. Unknown is always the quiet NaN, as text can tell no other.
pub fn arb_geometry() -> impl Strategy<Value = Geometry> {
    let dims = proptest::sample::select(Dims::ALL.as_slice());
    let position = (arb_ordinate(), arb_ordinate(), arb_extra(), arb_extra());
    let position = position.prop_map(|(x, y, z, m)| [x, y, z, m]).boxed();
    (dims, sketch(&GeometryKind::ALL, &position)).prop_map(|(dims, sketch)| sketch.build(dims))
}

/// A geometry that GeoJSON, `geo-types` and every store can hold: the kinds from point to
/// collection, XY or XYZ, ordinates known and within ±1e9.
pub fn arb_plain_geometry() -> impl Strategy<Value = Geometry> {
    let plain = &GeometryKind::ALL[..7];
    let dims = proptest::sample::select(&Dims::ALL[..2]);
    let ordinate = || -1e9..1e9;
    let position = (ordinate(), ordinate(), ordinate());
    let position = position.prop_map(|(x, y, z)| [x, y, z, f64::NAN]).boxed();
    (dims, sketch(plain, &position)).prop_map(|(dims, sketch)| sketch.build(dims))
}

/// A finite double: whole, decimal, or of any bits; zero of both signs, subnormal and huge.
pub fn arb_ordinate() -> impl Strategy<Value = f64> {
    let special = [0.0, -0.0, 5e-324, -1e-310, f64::MIN_POSITIVE, 1e300, f64::MAX, f64::MIN];
    prop_oneof![
        3 => (-1000..1000_i32).prop_map(f64::from),
        3 => -180.0..180.0_f64,
        3 => any::<u64>().prop_map(finite_from_bits),
        1 => proptest::sample::select(special.to_vec()),
    ]
}

fn arb_extra() -> impl Strategy<Value = f64> {
    prop_oneof![9 => arb_ordinate(), 1 => Just(f64::NAN)]
}

/// Clears a bit of the exponent where all are set, which is what makes a double not finite.
fn finite_from_bits(bits: u64) -> f64 {
    let value = f64::from_bits(bits);
    if value.is_finite() { value } else { f64::from_bits(bits & !(1 << 62)) }
}

type Position = [f64; 4];

/// A geometry whose dims are still open.
#[derive(Debug, Clone)]
struct Sketch {
    kind: GeometryKind,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Positions(Vec<Position>),
    Rings(Vec<Vec<Position>>),
    Members(Vec<Sketch>),
}

impl Sketch {
    fn build(&self, dims: Dims) -> Geometry {
        let mut writer = GeometryWriter::new();
        writer.begin(self.kind, dims);
        self.write_body(dims, &mut writer);
        writer.finish().expect("sketches are well-formed")
    }

    fn write_body(&self, dims: Dims, writer: &mut GeometryWriter) {
        let line = |positions: &[Position], writer: &mut GeometryWriter| {
            for at in positions {
                writer.position(&at[..dims.size()]);
            }
            writer.end();
        };
        match &self.body {
            Body::Positions(positions) => return line(positions, writer),
            Body::Rings(rings) => rings.iter().for_each(|ring| {
                writer.ring();
                line(ring, writer);
            }),
            Body::Members(members) => members.iter().for_each(|member| {
                writer.member(member.kind);
                member.write_body(dims, writer);
            }),
        }
        writer.end();
    }
}

type Positions = BoxedStrategy<Position>;

/// A sketch of one of `kinds`; collections hold any of `kinds`, up to three deep.
fn sketch(kinds: &[GeometryKind], position: &Positions) -> BoxedStrategy<Sketch> {
    let simple = kinds.iter().filter(|kind| **kind != GeometryKind::GeometryCollection);
    let simple = simple.map(|kind| of_kind(*kind, position));
    let leaf = proptest::strategy::Union::new(simple);
    leaf.prop_recursive(3, 24, 4, |inner| {
        vec(inner, 0..4).prop_map(|members| holding(GeometryKind::GeometryCollection, members))
    })
    .boxed()
}

fn of_kind(kind: GeometryKind, position: &Positions) -> BoxedStrategy<Sketch> {
    match (kind, kind.content()) {
        (GeometryKind::CurvePolygon, _) => {
            let rings = vec(curve_ring(position), 0..3);
            rings.prop_map(move |rings| holding(kind, rings)).boxed()
        }
        (_, Content::Positions) => {
            let lines = vec(position.clone(), 0..8);
            lines.prop_map(move |positions| line(kind, positions)).boxed()
        }
        (_, Content::Rings) => {
            let triangle = kind == GeometryKind::Triangle;
            let (rings, corners) = if triangle { (0..2, 3..4) } else { (0..4, 3..8) };
            let rings = vec(vec(position.clone(), corners).prop_map(closed), rings);
            rings.prop_map(move |rings| Sketch { kind, body: Body::Rings(rings) }).boxed()
        }
        (_, Content::Members) => {
            let fitting = GeometryKind::ALL.into_iter().filter(|member| kind.may_hold(*member));
            let member = fitting.map(|member| of_kind(member, position));
            let members = vec(proptest::strategy::Union::new(member), 0..4);
            members.prop_map(move |members| holding(kind, members)).boxed()
        }
    }
}

fn holding(kind: GeometryKind, members: Vec<Sketch>) -> Sketch {
    Sketch { kind, body: Body::Members(members) }
}

/// Cut to a number of positions that `kind` may have.
fn line(kind: GeometryKind, mut positions: Vec<Position>) -> Sketch {
    let count = match (kind, positions.len()) {
        (GeometryKind::Point, count) => count.min(1),
        (_, 0 | 1) | (GeometryKind::CircularString, 2) => 0,
        (GeometryKind::CircularString, count) => count - (count + 1) % 2,
        (_, count) => count,
    };
    positions.truncate(count);
    Sketch { kind, body: Body::Positions(positions) }
}

fn closed(mut corners: Vec<Position>) -> Vec<Position> {
    corners.extend(corners.first().copied());
    corners
}

/// A ring of segments, of arcs, or of both in a compound curve.
fn curve_ring(position: &Positions) -> BoxedStrategy<Sketch> {
    let corners = || vec(position.clone(), 4..5).prop_map(closed);
    prop_oneof![
        corners().prop_map(|ring| line(GeometryKind::LineString, ring)),
        corners().prop_map(|ring| line(GeometryKind::CircularString, ring)),
        corners().prop_map(|ring| {
            let (segments, arc) = (ring[..3].to_vec(), ring[2..].to_vec());
            let parts = vec![
                line(GeometryKind::LineString, segments),
                line(GeometryKind::CircularString, arc),
            ];
            holding(GeometryKind::CompoundCurve, parts)
        }),
    ]
    .boxed()
}
