//! The values that every store must keep exactly, or refuse; never mangle.
use tiepoint_core::{
    Date, DateTime, Decimal, FieldType, IntWidth, Json, RealWidth, Time, Value, ZoneRule,
};

/// Every type with values that have been seen to break elsewhere.
pub(super) fn types_and_values() -> Vec<(&'static str, FieldType, Vec<Value>)> {
    let mut table = numbers();
    table.extend(texts());
    table.extend(times());
    table
}

fn numbers() -> Vec<(&'static str, FieldType, Vec<Value>)> {
    let ints = |numbers: &[i64]| numbers.iter().copied().map(Value::Int).collect::<Vec<_>>();
    let reals = [
        0.0,
        -0.0,
        0.1,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        -1e300,
        1e15,
        9_007_199_254_740_993.0,
    ];
    let specials = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let decimals = ["0", "-0.00", "1.50", "12345678901234567890.123456789", "1e-30"];
    let decimals = decimals.iter().map(|text| text.parse::<Decimal>().expect("a decimal").into());
    vec![
        ("bool", FieldType::Bool, vec![true.into(), false.into()]),
        ("int8", FieldType::Int(IntWidth::W8), ints(&[-128, 127])),
        ("int16", FieldType::Int(IntWidth::W16), ints(&[-32_768, 32_767])),
        ("int32", FieldType::Int(IntWidth::W32), ints(&[i64::from(i32::MIN), i64::from(i32::MAX)])),
        ("int64", FieldType::INT, ints(&[i64::MIN, i64::MAX, 9_007_199_254_740_993, 0, -1])),
        ("real32", FieldType::Real(RealWidth::W32), vec![0.5.into(), f64::from(f32::MAX).into()]),
        ("real64", FieldType::REAL, reals.into_iter().chain(specials).map(Value::Real).collect()),
        ("decimal", FieldType::Decimal { precision: None, scale: None }, decimals.collect()),
    ]
}

fn texts() -> Vec<(&'static str, FieldType, Vec<Value>)> {
    let texts = [
        "",
        " ",
        "00123",
        "1e5",
        "null",
        "it's \"quoted\"; --",
        "ä€😀\u{0}\u{7f}",
        "a\r\n\tb",
        "e\u{301}",
    ];
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let jsons =
        [r#"{"b":1,"a":[1.10,null,"x"]}"#, "12345678901234567890.5", "\"text\"", "null", "[]"];
    let json = |text: &&str| text.parse::<Json>().expect("is JSON").into();
    vec![
        ("text", FieldType::TEXT, texts.iter().map(|text| Value::from(*text)).collect()),
        ("text3", FieldType::Text { max_chars: Some(3) }, vec!["äöü".into(), "".into()]),
        (
            "bytes",
            FieldType::Bytes { max_bytes: None },
            vec![vec![].into(), vec![0, 255, 39].into()],
        ),
        ("json", FieldType::Json, jsons.iter().map(json).collect()),
        ("uuid", FieldType::Uuid, vec![Value::Uuid(uuid.parse().expect("a UUID"))]),
    ]
}

fn times() -> Vec<(&'static str, FieldType, Vec<Value>)> {
    let date = |text: &str| Value::Date(text.parse::<Date>().expect("a date"));
    let time = |text: &str| Value::Time(text.parse::<Time>().expect("a time"));
    let both = |text: &str| Value::DateTime(text.parse::<DateTime>().expect("a date and time"));
    let zoned = [
        "2024-02-29T12:30:00Z",
        "1969-12-31T23:59:59.999+05:30",
        "2024-01-01T00:00:00.123456789-03:00",
    ];
    let local = ["2024-02-29T12:30:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999999"];
    let to_values = |texts: &[&str]| texts.iter().map(|text| both(text)).collect::<Vec<_>>();
    vec![
        ("date", FieldType::Date, vec![date("2024-02-29"), date("0001-01-01"), date("9999-12-31")]),
        (
            "time",
            FieldType::Time(ZoneRule::Without),
            vec![time("00:00:00"), time("23:59:59.999999999")],
        ),
        (
            "timetz",
            FieldType::Time(ZoneRule::With),
            vec![time("12:00:00Z"), time("12:00:00.5-03:30")],
        ),
        ("local", FieldType::DateTime(ZoneRule::Without), to_values(&local)),
        ("zoned", FieldType::DateTime(ZoneRule::With), to_values(&zoned)),
        ("utc", FieldType::DateTime(ZoneRule::Utc), to_values(&zoned[..1])),
        ("moment", FieldType::DateTime(ZoneRule::Either), to_values(&[zoned, local].concat())),
    ]
}
