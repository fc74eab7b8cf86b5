//! Random expressions, written and read again, are the same.
use proptest::prelude::*;
use tiepoint_codecs::cql2;
use tiepoint_core::testing::{arb_geometry, arb_ordinate};
use tiepoint_core::{
    BBox, Crs, Expr, ExprType, Function, LengthUnit, SpatialPredicate, TemporalPredicate, Value,
};

const CRS: Crs = Crs::Epsg(25832);

/// Texts that have been trouble somewhere: quotes, backslashes, controls, words of the language.
fn arb_text() -> impl Strategy<Value = String> {
    let trap = prop::sample::select(vec![
        "",
        "'",
        "''",
        "\\",
        "\\'",
        "'\\",
        "a\\",
        "\\\\",
        "\"",
        "\0",
        "\n",
        "%_\\%",
        "NOT",
        "or",
        "and",
        "null",
        "POINT",
        "..",
        "DATE",
        "a.b",
        "eo:cloud",
        "Straße",
        "🦀",
        "x' OR 'a'='a",
        "; DROP TABLE roads; --",
        "/*",
        "9lives",
        "e\u{301}",
        "\u{a0}",
        "bbox",
        "div",
    ]);
    prop_oneof![trap.prop_map(str::to_owned), "[a-z'\\\\\" \\n]{0,8}", any::<String>()]
}

fn arb_value() -> impl Strategy<Value = Value> {
    let parsed = |texts: &[&str], read: fn(&str) -> Value| {
        let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
        prop::sample::select(texts).prop_map(move |text| read(&text))
    };
    let dates = ["2024-02-29", "-000044-03-15", "9999-12-31"];
    let moments =
        ["2024-02-29T12:30:00Z", "2024-02-29T12:30:00.000000001-00:30:15", "0001-01-01T00:00:00"];
    let times = ["00:00:00", "23:59:59.5Z", "12:30:00+05:30"];
    let numbers = ["9223372036854775808", "-9223372036854775809", "1.50", "-0", "7", "0.00"];
    let documents = ["[1, 2.0]", r#"{"it's": "\\"}"#, "null"];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        prop::sample::select(vec![0, -1, i64::MIN, i64::MAX]).prop_map(Value::Int),
        any::<f64>().prop_filter("finite", |it| it.is_finite()).prop_map(Value::Real),
        prop::sample::select(vec![-0.0, 1.0, 5e-324, f64::MAX, 1e15, 1e16]).prop_map(Value::Real),
        arb_text().prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        any::<u128>().prop_map(|bits| Value::Uuid(uuid::Uuid::from_u128(bits))),
        parsed(&dates, |text| Value::Date(text.parse().expect("a date"))),
        parsed(&moments, |text| Value::DateTime(text.parse().expect("a moment"))),
        parsed(&times, |text| Value::Time(text.parse().expect("a time"))),
        parsed(&numbers, |text| Value::Decimal(text.parse().expect("a number"))),
        parsed(&documents, |text| Value::Json(text.parse().expect("JSON"))),
    ]
}

fn arb_leaf() -> impl Strategy<Value = Expr> {
    let bounds = [arb_ordinate(), arb_ordinate(), arb_ordinate(), arb_ordinate()];
    let bbox = bounds
        .prop_map(|[min_x, min_y, max_x, max_y]| {
            Expr::Box(BBox { min_x, min_y, max_x, max_y }, CRS)
        })
        .prop_filter("finite", |it| {
            matches!(it, Expr::Box(it, _)
                if [it.min_x, it.min_y, it.max_x, it.max_y].iter().all(|it| it.is_finite()))
        });
    prop_oneof![
        4 => arb_value().prop_map(Expr::Literal),
        4 => arb_text().prop_map(Expr::Field),
        1 => Just(Expr::Id),
        1 => arb_geometry().prop_map(|geometry| Expr::Place(geometry, CRS)),
        1 => bbox,
    ]
}

/// How many arguments a function gets: as many as CQL2's grammar has for operators and for the
/// standard's functions, any number for others.
#[expect(clippy::match_same_arms, reason = "one arm for each sort of function")]
fn counts(function: &Function) -> std::ops::RangeInclusive<usize> {
    use Function as F;
    match function {
        F::And | F::Or => 2..=4,
        F::In => 1..=4,
        F::Not | F::Negate | F::IsNull | F::Casei | F::Accenti => 1..=1,
        F::Transform(_) | F::Cast(_) => 1..=1,
        F::Between | F::WithinDistance(_) => 3..=3,
        F::Eq | F::Ne | F::Lt | F::Le | F::Gt | F::Ge | F::Like => 2..=2,
        F::Add | F::Sub | F::Mul | F::Div | F::IntDiv | F::Mod | F::Power => 2..=2,
        F::Spatial(_) | F::Temporal(_) | F::Relate(_) | F::Interval => 2..=2,
        F::ArrayEquals | F::ArrayContains | F::ArrayContainedBy | F::ArrayOverlaps => 2..=2,
        _ => 0..=3,
    }
}

fn arb_function() -> impl Strategy<Value = Function> {
    let kinds = [ExprType::Int, ExprType::Text, ExprType::DateTime, ExprType::Json];
    let crss = [Crs::CRS84, Crs::Epsg(2056), Crs::Proj("+proj=longlat +title='x'".into())];
    let operators = Function::PLAIN.iter().take_while(|it| **it != Function::Matches);
    prop_oneof![
        3 => prop::sample::select(Function::PLAIN),
        4 => prop::sample::select(operators.cloned().collect::<Vec<_>>()),
        1 => prop::sample::select(SpatialPredicate::ALL.to_vec()).prop_map(Function::Spatial),
        1 => prop::sample::select(TemporalPredicate::ALL).prop_map(Function::Temporal),
        1 => prop::sample::select(kinds.to_vec()).prop_map(Function::Cast),
        1 => prop::sample::select(crss.to_vec()).prop_map(Function::Transform),
        1 => "[TF*012]{9}".prop_map(|it| Function::Relate(it.parse().expect("a pattern"))),
        1 => prop::sample::select(vec![LengthUnit::Metre, LengthUnit::CrsUnit])
            .prop_map(Function::WithinDistance),
        1 => prop::sample::select(vec![
            Function::ArrayOf, Function::Interval, Function::Negate, Function::Add, Function::Power,
            Function::ArrayContains,
        ]),
    ]
}

fn arb_expr() -> impl Strategy<Value = Expr> {
    arb_leaf().prop_recursive(6, 40, 4, |inner| {
        (arb_function(), prop::collection::vec(inner, 4)).prop_flat_map(|(function, inner)| {
            counts(&function).prop_map(move |count| {
                let arguments = inner.iter().take(count).cloned().map(|argument| match argument {
                    Expr::Literal(Value::Text(_)) if function == Function::Interval => Expr::NULL,
                    other => other,
                });
                Expr::call(function.clone(), arguments)
            })
        })
    })
}

/// What GeoJSON cannot hold, JSON cannot say.
fn is_beyond_json(error: &cql2::Cql2Error) -> bool {
    error.to_string().contains("JSON")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("TIEPOINT_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(600),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_expression_written_as_text_is_read_as_the_same(expr in arb_expr()) {
        let text = cql2::to_text(&expr).expect("can be said");
        let again = cql2::parse(&text, &CRS);
        prop_assert_eq!(again.as_ref(), Ok(&expr), "{}", text);
    }

    #[test]
    fn an_expression_written_as_json_is_read_as_the_same(expr in arb_expr()) {
        match cql2::to_json(&expr) {
            Ok(json) => {
                let again = cql2::parse_json(&json, &CRS);
                prop_assert_eq!(again.as_ref(), Ok(&expr), "{}", json);
                prop_assert!(json.parse::<tiepoint_core::Json>().is_ok(), "{}", json);
            }
            Err(error) => prop_assert!(is_beyond_json(&error), "{}", error),
        }
    }
}
