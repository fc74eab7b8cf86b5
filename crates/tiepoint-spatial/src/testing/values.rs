//! Values from small pools, so that they meet one another.
use std::sync::Arc;

use tiepoint_core::{
    Crs, Date, DateTime, ExprType, Feature, FieldType, Geometry, GeometryRef, GeometryWriter,
    KindRule, Parts, Positions, Schema, Value,
};
use uuid::Uuid;

use super::Choices;

const INTS: &[i64] =
    &[0, 1, 2, -1, 3, 7, -7, 10, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN, 255, 2024];
const REALS: &[f64] =
    &[0.0, 1.0, 0.5, -0.5, 2.5, -2.5, 3.75, 1e-9, 1e300, -1e300, 100.25, 9_007_199_254_740_992.0];
const DECIMALS: &[&str] = &["0", "1.50", "-0.1", "12345678901234567890.5", "2"];
const TEXTS: &[&str] = &[
    "",
    "a",
    "A",
    "ab",
    "abc",
    "a%b",
    "a_b",
    r"a\b",
    "Straße",
    "Ärger",
    "e\u{301}te",
    "ΑΣ",
    " a ",
    "12",
    "-0.5",
    "2024-02-29",
    "true",
    "日本",
    "🜨",
    "quote'\"",
    "null",
];
const DAYS: &[&str] = &["2024-02-29", "2023-12-31", "2024-01-01", "1969-07-20", "0001-01-01"];
const MOMENTS: &[&str] = &[
    "2024-02-29T12:30:00Z",
    "2024-02-29T00:00:00Z",
    "2023-12-31T23:59:59.999Z",
    "2024-01-01T00:00:00Z",
    "1969-07-20T20:17:40Z",
];
const TIMES: &[&str] = &["12:30:00", "00:00:00", "23:59:59.5"];
const ARRAYS: &[&str] = &[
    "[]",
    "[1]",
    "[1,2]",
    "[2,1.0]",
    r#"["a","b"]"#,
    r#"["a","a"]"#,
    "[null,true]",
    r#"{"a":1}"#,
    "7",
    r#"[{"a":[1,2]},[3]]"#,
];
const BYTES: &[&[u8]] = &[b"", b"a", b"\x00\xff", b"ab"];
const UUIDS: &[u128] = &[1, 2, 0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8];

/// Geometries on a grid, which has a place in every CRS.
const SHAPES: &[&str] = &[
    "POINT (1 1)",
    "POINT (2 2)",
    "POINT (0 0)",
    "POINT (2.5 3.25)",
    "POINT (9 4)",
    "POLYGON ((0 0,4 0,4 4,0 4,0 0))",
    "POLYGON ((2 2,6 2,6 6,2 6,2 2))",
    "POLYGON ((4 0,8 0,8 4,4 4,4 0))",
    "POLYGON ((1 1,3 1,2 3,1 1))",
    "POLYGON ((0 0,10 0,10 10,0 10,0 0),(2 2,2 6,6 6,6 2,2 2))",
    "LINESTRING (0 0,4 4)",
    "LINESTRING (0 4,4 0)",
    "LINESTRING (4 0,4 4,8 4)",
    "LINESTRING (5 5,9 9,9 5)",
    "MULTIPOINT ((1 1),(5 5),(9 4))",
    "MULTILINESTRING ((0 0,1 1),(3 0,3 4))",
    "MULTIPOLYGON (((0 0,1 0,1 1,0 1,0 0)),((4 4,6 4,6 6,4 6,4 4)))",
    "GEOMETRYCOLLECTION (POINT (2 2),LINESTRING (4 4,6 6))",
    "POINT EMPTY",
    "POLYGON EMPTY",
];
/// Of other dims, not valid, or curved: for fields that may hold anything.
const ODD_SHAPES: &[&str] = &[
    "POINT Z (1 1 7)",
    "POINT M (2 2 3)",
    "LINESTRING ZM (0 0 1 2,4 4 3 4)",
    "POLYGON ((0 0,4 4,4 0,0 4,0 0))",
    "CIRCULARSTRING (0 0,2 2,4 0)",
    "CURVEPOLYGON (CIRCULARSTRING (0 0,4 0,0 0))",
    "GEOMETRYCOLLECTION EMPTY",
];

/// A value of a kind that expressions have.
pub(super) fn value(ty: &ExprType, choices: &mut Choices) -> Value {
    match ty {
        ExprType::Null | ExprType::Interval => Value::Null,
        ExprType::Bool => Value::Bool(choices.below(2) == 0),
        ExprType::Int => Value::Int(choices.one_of(INTS)),
        ExprType::Real => Value::Real(choices.one_of(REALS)),
        ExprType::Decimal => Value::Decimal(choices.one_of(DECIMALS).parse().expect("a decimal")),
        ExprType::Text => choices.one_of(TEXTS).into(),
        ExprType::Bytes => choices.one_of(BYTES).to_vec().into(),
        ExprType::Date => choices.one_of(DAYS).parse::<Date>().expect("a date").into(),
        ExprType::Time => Value::Time(choices.one_of(TIMES).parse().expect("a time")),
        ExprType::DateTime => choices.one_of(MOMENTS).parse::<DateTime>().expect("a moment").into(),
        ExprType::Json => Value::Json(choices.one_of(ARRAYS).parse().expect("is JSON")),
        ExprType::Uuid => Uuid::from_u128(choices.one_of(UUIDS)).into(),
        ExprType::Geometry(crs) => geometry(crs, choices).into(),
    }
}

/// A geometry near all others in this CRS.
pub(super) fn geometry(crs: &Crs, choices: &mut Choices) -> Geometry {
    placed(choices.one_of(SHAPES), crs)
}

/// A shape of the grid in Europe: a degree, or a kilometre, from line to line.
fn placed(shape: &str, crs: &Crs) -> Geometry {
    let shape = Geometry::from_wkt(shape).expect("shapes are well-formed");
    let (origin, step) =
        if crs.is_lonlat() { ([8.0, 48.0], 1.0) } else { ([500_000.0, 5_500_000.0], 1_000.0) };
    let mut writer = GeometryWriter::new();
    writer.begin(shape.kind(), shape.dims());
    place(shape.as_ref(), origin, step, &mut writer);
    writer.end();
    writer.finish().expect("is as well-formed as the shape")
}

fn place(part: GeometryRef<'_>, origin: [f64; 2], step: f64, writer: &mut GeometryWriter) {
    let run = |positions: Positions<'_>, writer: &mut GeometryWriter| {
        for position in positions.iter() {
            let mut ordinates = position.ordinates().to_vec();
            for (ordinate, origin) in ordinates.iter_mut().zip(origin) {
                *ordinate = *ordinate * step + origin;
            }
            writer.position(&ordinates);
        }
    };
    match part.parts() {
        Parts::Positions(positions) => run(positions, writer),
        Parts::Rings(rings) => rings.for_each(|ring| {
            writer.ring();
            run(ring, writer);
            writer.end();
        }),
        Parts::Members(members) => members.for_each(|member| {
            writer.member(member.kind());
            place(member, origin, step, writer);
            writer.end();
        }),
    }
}

/// A feature with values of the pools.
pub(super) fn feature(schema: &Arc<Schema>, choices: &mut Choices) -> Feature {
    let mut feature = Feature::new(schema.clone());
    for field in schema.fields() {
        let value = match choices.below(12) {
            10 if field.nullable => Value::Null,
            11 if field.nullable => continue,
            _ => stored(&field.ty, choices),
        };
        // what a field does not allow, such as a text that is too long, stays unset
        let _ = feature.set(&field.name, value);
    }
    feature
}

fn stored(ty: &FieldType, choices: &mut Choices) -> Value {
    match ty {
        FieldType::Geometry(ty) if ty.kind == KindRule::Any && choices.below(4) == 3 => {
            placed(choices.one_of(ODD_SHAPES), &ty.crs).into()
        }
        _ => value(&ExprType::of_field(ty), choices),
    }
}
