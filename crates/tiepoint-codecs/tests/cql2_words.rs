//! What the words and signs of CQL2 mean, ours included.
use tiepoint_codecs::cql2;
use tiepoint_core::{
    BBox, Crs, CrsUnits, Expr, ExprType, Function, Geometry, Length, Metres, SpatialPredicate,
    TemporalPredicate, Value, field, place,
};

const CRS: Crs = Crs::Epsg(25832);

fn text(text: &str) -> Expr {
    cql2::parse(text, &CRS).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn json(json: &str) -> Expr {
    cql2::parse_json(json, &CRS).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn operators_bind_as_the_grammar_has_it() {
    for (bare, grouped) in [
        ("a OR b AND c", "a OR (b AND c)"),
        ("a AND b OR c AND d", "(a AND b) OR (c AND d)"),
        ("NOT a AND b", "(NOT a) AND b"),
        ("NOT a = b", "NOT (a = b)"),
        ("NOT NOT a", "NOT (NOT a)"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b * c % d div e", "(((a / b) * c) % d) div e"),
        ("a * b ^ c", "a * (b ^ c)"),
        ("-a ^ b", "(-a) ^ b"),
        ("a ^ -b", "a ^ (-b)"),
        ("a - -b", "a - (-b)"),
        ("a + b < c * d", "(a + b) < (c * d)"),
        ("a BETWEEN b + 1 AND c AND d", "(a BETWEEN (b + 1) AND c) AND d"),
        ("a NOT BETWEEN 1 AND 2 OR b", "(NOT (a BETWEEN 1 AND 2)) OR b"),
        ("a + 1 IN (b, c + d)", "(a + 1) IN (b, (c + d))"),
        ("a IS NOT NULL AND b IS NULL", "(NOT (a IS NULL)) AND (b IS NULL)"),
        ("a NOT LIKE 'x'", "NOT (a LIKE 'x')"),
        ("a and B Or c nOT iN (1)", "(a AND B) OR (NOT (c IN (1)))"),
        ("balance-150.0 > 0", "(balance - 150.0) > 0"),
    ] {
        assert_eq!(text(bare), text(grouped), "{bare}");
    }
}

#[test]
fn what_is_written_has_no_more_parentheses_than_it_needs() {
    for plain in [
        "a OR b AND c",
        "(a OR b) AND NOT c",
        "NOT (a AND b)",
        "a - (b - c) - d",
        "(a + b) * c ^ -d",
        "(a ^ b) ^ c",
        "-(-5)",
        "(a = b) = TRUE",
        "a NOT IN (1, 2.5, -3)",
        "a BETWEEN 1 AND 2 OR a IS NOT NULL",
        "CASEI(a) LIKE CASEI('x%')",
        "A_CONTAINS(tags, ('a'))",
        "A_EQUALS((), (array('a'), ('b', 'c')))",
        "S_INTERSECTS(geom, BBOX(1, 2, 3, 4.5))",
        "T_DURING(t, INTERVAL('2024-02-29', '..'))",
        "T_AFTER(date(t), DATE('2024-02-29'))",
        "\"and\" = \"9 lives\" AND \"point\" < Straße",
        "within_distance(geom, POINT (1 2), 500, 'm')",
        "object_id() = UUID('fa7e1920-9107-422d-a3db-c468cbc5d6df')",
    ] {
        assert_eq!(cql2::to_text(&text(plain)).as_deref(), Ok(plain));
    }
}

#[test]
fn distances_come_in_metres_whatever_their_unit() {
    let here = || place(Geometry::from_wkt("POINT (1 2)").expect("a point"), CRS);
    let within = |limit: Length| field("g").within_distance(here(), limit);
    for (limit, expected) in [
        ("5.0, 'm'", within(Metres(5.0).into())),
        ("1.5, 'km'", within(Metres(1_500.0).into())),
        ("10, 'FT'", within(Metres(3.048).into())),
        ("2, 'mi'", within(Metres(3_218.688).into())),
        ("2, 'nmi'", within(Metres(3_704.0).into())),
        ("5.0, 'crs'", within(CrsUnits(5.0).into())),
    ] {
        assert_eq!(text(&format!("within_distance(g, POINT(1 2), {limit})")), expected, "{limit}");
    }
    let computed = text("within_distance(g, h, reach, 'km')");
    assert_eq!(computed, text("within_distance(g, h, reach * 1000.0, 'm')"));
}

#[test]
fn functions_with_parameters_are_what_they_say() {
    let relate = field("a").relate(field("b"), "T*F**FFF*".parse().expect("a pattern"));
    let cases = [
        ("object_id()", r#"{"op":"object_id","args":[]}"#, Expr::Id),
        ("id", r#"{"property":"id"}"#, field("id")),
        (
            "RELATE(a, b, 't*f**fff*')",
            r#"{"op":"relate","args":[{"property":"a"},{"property":"b"},"T*F**FFF*"]}"#,
            relate,
        ),
        (
            "transform(g, 'http://www.opengis.net/def/crs/EPSG/0/2056')",
            r#"{"op":"transform","args":[{"property":"g"},"EPSG:2056"]}"#,
            field("g").transform(Crs::epsg(2056)),
        ),
        (
            "cast(a, 'Timestamp')",
            r#"{"op":"cast","args":[{"property":"a"},"timestamp"]}"#,
            field("a").cast(ExprType::DateTime),
        ),
        (
            "S_COVEREDBY(a, b)",
            r#"{"op":"s_coveredby","args":[{"property":"a"},{"property":"b"}]}"#,
            field("a").covered_by(field("b")),
        ),
        (
            "case(a, 1, NULL)",
            r#"{"op":"case","args":[{"property":"a"},1,null]}"#,
            Expr::call(Function::Case, [field("a"), Expr::from(1_i64), Expr::NULL]),
        ),
        ("-a", r#"{"op":"-","args":[{"property":"a"}]}"#, -field("a")),
        (
            "x IN ()",
            r#"{"op":"in","args":[{"property":"x"},[]]}"#,
            Expr::call(Function::In, [field("x")]),
        ),
        (
            "BBOX(1, 2, -5, 3, 4, 9)",
            r#"{"bbox":[1,2,-5,3,4,9]}"#,
            Expr::Box(BBox { min_x: 1.0, min_y: 2.0, max_x: 3.0, max_y: 4.0 }, CRS),
        ),
        ("BYTES('00fF')", r#"{"bytes":"00ff"}"#, Expr::Literal(Value::Bytes(vec![0, 255]))),
    ];
    for (as_text, as_json, expected) in cases {
        assert_eq!(text(as_text), expected, "{as_text}");
        assert_eq!(json(as_json), expected, "{as_json}");
    }
}

#[test]
fn every_predicate_of_the_standard_has_its_name() {
    for predicate in SpatialPredicate::ALL {
        let name = predicate.name().replace('_', "");
        let expected = Expr::call(Function::Spatial(predicate), [field("a"), field("b")]);
        assert_eq!(text(&format!("S_{}(a, b)", name.to_uppercase())), expected);
        let operation =
            format!(r#"{{"op":"s_{name}","args":[{{"property":"a"}},{{"property":"b"}}]}}"#);
        assert_eq!(json(&operation), expected);
    }
    for predicate in TemporalPredicate::ALL {
        let expected = Expr::call(Function::Temporal(*predicate), [field("a"), field("b")]);
        assert_eq!(text(&format!("{}(a, b)", predicate.name().to_uppercase())), expected);
        let written = cql2::to_json(&expected).expect("can be said");
        assert_eq!(json(&written), expected);
    }
    let mixed = Expr::call(Function::Temporal(TemporalPredicate::MetBy), [field("a"), field("b")]);
    let written = cql2::to_json(&mixed).expect("can be said");
    assert!(written.contains(r#""op":"t_metBy""#), "the schema's spelling: {written}");
}

#[test]
fn every_plain_function_can_be_called_by_its_name() {
    let operators = [
        "and", "or", "not", "=", "<>", "<", "<=", ">", ">=", "between", "in", "like", "+", "-",
        "*", "/", "div", "%", "^", "interval",
    ];
    let named = Function::PLAIN.iter().filter(|it| !operators.contains(&it.name()));
    for function in named {
        let counts = [vec!["a"], vec!["a", "b"]];
        let read = counts.iter().find_map(|names| {
            let call = format!("{}({})", function.name().to_uppercase(), names.join(", "));
            let expected = Expr::call(function.clone(), names.iter().map(|name| field(*name)));
            Some(cql2::parse(&call, &CRS).ok()? == expected)
        });
        assert_eq!(read, Some(true), "{}", function.name());
    }
}

#[test]
fn places_keep_their_third_ordinate_and_their_kind() {
    for wkt in [
        "POINT Z (1 2 3)",
        "POINT ZM (1 2 3 4)",
        "LINESTRING EMPTY",
        "MULTIPOINT ((1 2),EMPTY)",
        "GEOMETRYCOLLECTION (POINT (1 2),GEOMETRYCOLLECTION EMPTY)",
        "CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING (0 0,1 1,2 0),(2 0,0 0)))",
    ] {
        let expected = place(Geometry::from_wkt(wkt).expect("is WKT"), CRS);
        assert_eq!(text(wkt), expected, "{wkt}");
        assert_eq!(text(&wkt.to_lowercase()), expected, "{wkt}");
        assert_eq!(text(&wkt.replace(' ', "\n ")), expected, "{wkt}");
        assert_eq!(cql2::to_text(&expected).as_deref(), Ok(wkt));
    }
    assert_eq!(text("POINTZ(1 2 3)"), text("POINT Z (1 2 3)"));
    assert_eq!(text("point = 5"), field("point").eq(5_i64), "a name unless WKT follows");
}
