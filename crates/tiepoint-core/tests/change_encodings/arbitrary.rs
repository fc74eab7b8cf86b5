//! Arbitrary change sets: every kind of value, every kind of change.
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::sync::Arc;
use tiepoint_core::testing::arb_geometry;
use tiepoint_core::{
    Change, ChangeSet, ChangeSetId, Date, DateTime, Fid, FieldNames, Geometry, Image, ObjectId,
    Target, Time, Value,
};

/// Offsets as people write them, and to the second.
const OFFSETS: [&str; 6] = ["", "Z", "+01:00", "-03:30", "+00:00:01", "-14:00"];

pub(crate) fn arb_value() -> impl Strategy<Value = Value> {
    let text = || proptest::string::string_regex("(?s).{0,12}").expect("is a pattern");
    let json = [
        r#"{"b": 1.10, "a":[null,"\u00e9"]}"#,
        "[ 1 ,2]",
        "12",
        "\"\\\"\"",
        "12345678901234567890.10",
    ];
    let decimal = (any::<i64>(), 0..30_u32, any::<bool>()).prop_map(|(digits, scale, grow)| {
        let more = if grow { "0000000000000000000000001" } else { "" };
        format!("{digits}{more}e-{scale}")
    });
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(|bits| Value::Real(f64::from_bits(bits))),
        (-9..9_i32).prop_map(|whole| Value::Real(f64::from(whole))),
        proptest::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0])
            .prop_map(Value::Real),
        proptest::sample::select(vec![0x7FF8_0000_0000_0001, 0xFFF8_0000_0000_0000_u64])
            .prop_map(|bits| Value::Real(f64::from_bits(bits))),
        decimal.prop_map(|text| Value::Decimal(text.parse().expect("is decimal"))),
        text().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        arb_date().prop_map(Value::Date),
        arb_time().prop_map(Value::Time),
        (arb_date(), arb_time()).prop_map(|(date, Time { clock, offset })| {
            Value::DateTime(DateTime { civil: date.to_datetime(clock), offset })
        }),
        proptest::sample::select(json.to_vec())
            .prop_map(|text| Value::Json(text.parse().expect("is JSON"))),
        any::<u128>().prop_map(|bits| Value::Uuid(uuid::Uuid::from_u128(bits))),
        arb_geometry().prop_map(Value::Geometry),
        any::<u64>().prop_map(|bits| Value::Geometry(of_unknown_height(bits))),
    ]
}

/// A point whose height is unknown, told by any of the NaN that others write.
fn of_unknown_height(bits: u64) -> Geometry {
    let mut wkb = Geometry::from_wkt("POINT Z (1 2 3)").expect("is WKT").as_wkb().to_vec();
    let height = wkb.len() - 8;
    wkb[height..].copy_from_slice(&(bits | 0x7FF8 << 48).to_le_bytes());
    Geometry::from_wkb(&wkb).expect("an unknown height is well-formed")
}

fn arb_date() -> impl Strategy<Value = Date> {
    (-9999..=9999_i16, 1..=12_i8, 1..=28_i8)
        .prop_map(|(year, month, day)| Date::new(year, month, day).expect("is in the calendar"))
}

fn arb_time() -> impl Strategy<Value = Time> {
    let nanosecond = prop_oneof![Just(0), Just(250_000_000), 0..1_000_000_000];
    let offset = proptest::sample::select(OFFSETS.to_vec());
    ((0..24, 0..60, 0..60), nanosecond, offset).prop_map(|((h, m, s), nanosecond, offset)| {
        let text = format!("{h:02}:{m:02}:{s:02}.{nanosecond:09}{offset}");
        text.parse().expect("is a time")
    })
}

fn arb_fid() -> impl Strategy<Value = Fid> {
    prop_oneof![any::<i64>().prop_map(Fid::Int), any::<String>().prop_map(Fid::Text)]
}

fn arb_target() -> impl Strategy<Value = Target> {
    let id = (1..=u128::MAX).prop_map(|bits| ObjectId::from_bytes(bits.to_be_bytes()));
    prop_oneof![
        3 => id.prop_map(|id| Target::Id(id.expect("not nil"))),
        1 => arb_fid().prop_map(Target::Fid),
    ]
}

fn arb_image(width: usize) -> impl Strategy<Value = Image> {
    let values = vec(proptest::option::of(arb_value()), width);
    (proptest::option::of(arb_fid()), values).prop_map(|(fid, values)| Image { fid, values })
}

fn arb_layer() -> impl Strategy<Value = (FieldNames, Vec<(Target, Change)>)> {
    let names = proptest::collection::btree_set(any::<String>(), 0..4);
    names.prop_flat_map(|names| {
        let names: FieldNames = names.into_iter().rev().collect();
        let state = || proptest::option::of(arb_image(names.len()));
        let change = (state(), state()).prop_filter_map("nothing happened", |(before, after)| {
            Change::between(before.as_ref(), after.as_ref())
        });
        let changes = btree_map(arb_target(), change, 0..5);
        changes.prop_map(move |changes| (Arc::clone(&names), changes.into_iter().collect()))
    })
}

pub(crate) fn arb_change_set() -> impl Strategy<Value = ChangeSet> {
    let layers = btree_map(any::<String>(), arb_layer(), 0..3);
    (layers, any::<bool>()).prop_map(|(layers, named)| {
        let mut set = ChangeSet::new();
        for (layer, (fields, changes)) in layers {
            for (target, change) in changes {
                set.record(&layer, &fields, target, change).expect("one per feature");
            }
        }
        if named { set.named(ChangeSetId::mint()) } else { set }
    })
}
