//! What strangers send: deep, long, broken, or meant as SQL. Never a panic, never slow.
use std::time::{Duration, Instant};
use tiepoint_codecs::cql2::{self, Cql2Error};
use tiepoint_core::{Crs, Expr, Function, Value, field};

/// Debug builds on a busy machine included; quadratic time would be minutes.
const QUICK: Duration = Duration::from_secs(5);

fn text(text: &str) -> Result<Expr, Cql2Error> {
    quickly(|| cql2::parse(text, &Crs::CRS84))
}

fn json(json: &str) -> Result<Expr, Cql2Error> {
    quickly(|| cql2::parse_json(json, &Crs::CRS84))
}

fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = work();
    assert!(start.elapsed() < QUICK, "took {:?}", start.elapsed());
    outcome
}

fn nested(open: &str, inside: &str, close: &str, depth: usize) -> String {
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn nesting_ends_where_expressions_do() {
    let limit = Expr::MAX_DEPTH;
    let too_deep = |outcome: Result<Expr, Cql2Error>| {
        outcome.is_err_and(|error| error.to_string().contains("nested more than 100 deep"))
    };
    for (open, inside, close) in [
        ("(", "a", ")"),
        ("abs(", "1", ")"),
        ("-", "a", ""),
        ("NOT ", "a", ""),
        ("a + (", "1", ")"),
    ] {
        assert!(text(&nested(open, inside, close, limit - 1)).is_ok(), "{open}");
        for depth in [limit + 2, 10_000, 100_000] {
            assert!(too_deep(text(&nested(open, inside, close, depth))), "{open} {depth}");
        }
    }
    let chain = |count| vec!["a"; count].join(" - ");
    assert!(text(&chain(limit + 1)).is_ok() && too_deep(text(&chain(limit + 2))));
    assert!(text(&vec!["a"; 10_000].join(" AND ")).is_ok(), "a conjunction is flat");

    let (open, close) = (r#"{"op":"not","args":["#, "]}");
    assert!(json(&nested(open, "true", close, limit)).is_ok());
    for depth in [limit + 1, 1_000, 20_000] {
        assert!(too_deep(json(&nested(open, "true", close, depth))), "{depth}");
        assert!(too_deep(json(&nested("[", "", "]", depth + 1))), "{depth}");
    }
    let collection = nested("GEOMETRYCOLLECTION(", "POINT(1 2)", ")", 50_000);
    assert!(text(&collection).is_err());
    let (open, close) = (r#"{"type":"GeometryCollection","geometries":["#, "]}");
    assert!(json(&nested(open, "", close, 15_000)).is_err());
}

#[test]
fn what_is_read_deepest_can_be_written_and_read_again() {
    let limit = Expr::MAX_DEPTH;
    for function in [Function::Not, Function::Negate, Function::DateOf, Function::ArrayOf] {
        let deepest =
            (0..limit).fold(Expr::from("x"), |inner, _| Expr::call(function.clone(), [inner]));
        let text = cql2::to_text(&deepest).expect("is as deep as may be");
        assert_eq!(cql2::parse(&text, &Crs::CRS84).as_ref(), Ok(&deepest));
        let json = cql2::to_json(&deepest).expect("is as deep as may be");
        assert_eq!(cql2::parse_json(&json, &Crs::CRS84).as_ref(), Ok(&deepest));
        assert!(cql2::to_text(&Expr::call(function, [deepest])).is_err());
    }
}

#[test]
fn long_texts_are_refused_without_being_read() {
    let long = format!("a = '{}'", "x".repeat(10_000_000));
    for outcome in [text(&long), json(&long)] {
        let error = outcome.expect_err("is too long");
        assert_eq!(error.to_string(), "at character 1048577: the text is longer than 1 MiB");
    }
}

#[test]
fn the_time_to_read_grows_with_the_length_alone() {
    let fill = |unit: &str| unit.repeat(200_000 / unit.len());
    for body in ["1,", "'',", "'a''b',", "-1,", "f,", "\"n\",", "POINT(1 2),", "1+1,", "(),"] {
        assert!(text(&format!("x IN ({}1)", fill(body))).is_ok(), "{body}");
    }
    for body in
        ["(", "'", "\"", "\\", "''", "\\'", "NOT ", "-", ".", "1.", "POINT", "POINT ", "🦀", ","]
    {
        let _ = text(&fill(body));
        let _ = text(&format!("'{}", fill(body)));
        let _ = text(&format!("POINT({}", fill(body)));
    }
    for body in ["[", "{\"a\":", "1,", "\"\",", "\\", "\"\\u0000\",", "{},"] {
        let _ = json(&fill(body));
        let _ = json(&format!("[{}1]", fill(body)));
    }
    let many_members = (0..60_000).map(|n| format!("\"{n}\":{n}")).collect::<Vec<_>>().join(",");
    assert!(json(&format!("{{{many_members}}}")).is_err());
    assert!(text(&format!("a = {}", "9".repeat(1_000_000))).is_err());
    assert!(text(&format!("{}(1)", "f".repeat(1_000_000))).is_err());
}

#[test]
fn every_beginning_of_a_text_is_read_or_refused() {
    let whole = "NOT (a.b = 'it''s \\' x\\\\' OR \"c \"\"d\" >= -1.5e-3) AND S_WITHIN(g, \
        POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))) AND T_DURING(t, INTERVAL('..', '2024-01-01')) \
        AND A_CONTAINS(x, ('ü', (1), ())) AND 🦀 IN (DATE('2024-02-29'), NULL, TRUE) AND \
        within_distance(g, BBOX(1, 2, 3, 4), 5, 'km') AND x IS NOT NULL";
    let expr = text(whole).expect("is CQL2");
    let document = cql2::to_json(&expr).expect("can be said");
    assert_eq!(json(&document), Ok(expr));
    for (end, _) in whole.char_indices() {
        let _ = text(&whole[..end]);
        let _ = text(&whole[end..]);
    }
    for (end, _) in document.char_indices() {
        assert!(json(&document[..end]).is_err());
        let _ = json(&document[end..]);
    }
}

#[test]
fn broken_escapes_are_refused() {
    for broken in
        [r#""\x""#, r#""\u12""#, r#""\ud800""#, r#""\ud800\u0041""#, r#""\"#, "\"\\\u{e9}\""]
    {
        assert!(json(broken).is_err(), "{broken}");
    }
    assert_eq!(json(r#""\ud83e\udd80\u0000""#), Ok(Expr::from("🦀\0")));
}

/// Texts that would be SQL if anyone pasted them together.
const INJECTIONS: [&str; 8] = [
    "'; DROP TABLE roads; --",
    "x' OR '1'='1",
    "\" OR \"\"=\"",
    "\\' OR 1=1 --",
    "load_extension('evil')",
    "name\"; ATTACH 'x' AS y; --",
    "\0' UNION SELECT * FROM sqlite_master",
    "${jndi:ldap://x}",
];

#[test]
fn an_injection_is_a_name_or_a_value_and_nothing_else() {
    for injection in INJECTIONS {
        let expected = field(injection).eq(injection);
        let written = cql2::to_text(&expected).expect("can be said");
        assert_eq!(text(&written).as_ref(), Ok(&expected), "{written}");
        let document = serde_json::json!({"op": "=", "args": [{"property": injection}, injection]});
        assert_eq!(json(&document.to_string()).as_ref(), Ok(&expected));
        let call = serde_json::json!({"op": injection, "args": []});
        assert!(json(&call.to_string()).is_err(), "{injection}");
    }
}

#[test]
fn functions_of_one_store_have_no_name() {
    for name in ["load_extension", "readfile", "native", "pg_sleep", "ST_AsText", "random"] {
        assert!(text(&format!("{name}('x')")).is_err(), "{name}");
    }
}

#[test]
fn a_box_across_the_antimeridian_stays_one() {
    let fiji = text("S_INTERSECTS(geom, BBOX(177, -19, -178, -16))").expect("is CQL2");
    let Expr::Call(_, arguments) = fiji else { panic!("is a call") };
    assert!(matches!(arguments[1], Expr::Box(it, _) if it.min_x > it.max_x));
}

#[test]
fn numbers_keep_what_they_are() {
    let literal = |written: &str| match text(written) {
        Ok(Expr::Literal(value)) => value,
        other => panic!("{written}: {other:?}"),
    };
    let decimal = |digits: &str| Value::Decimal(digits.parse().expect("a number"));
    for (written, value) in [
        ("5", Value::Int(5)),
        ("+5", Value::Int(5)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("9223372036854775808", decimal("9223372036854775808")),
        ("5.", Value::Real(5.0)),
        (".5", Value::Real(0.5)),
        ("5e2", Value::Real(500.0)),
        ("-0.0", Value::Real(-0.0)),
        ("0.1", Value::Real(0.1)),
        ("9007199254740993.0", Value::Real(9_007_199_254_740_992.0)),
        ("2.2250738585072011e-308", Value::Real(2.225_073_858_507_201e-308)),
    ] {
        assert_eq!(literal(written), value, "{written}");
    }
}
