//! What is wrong with a text, at which character, and what to write instead.
use tiepoint_codecs::cql2::{self, Cql2Error};
use tiepoint_core::{Crs, ErrorKind, Expr, Function, Metres, NativeFunction, Value, field, place};

/// A text with `»` before the character that is wrong; words of the error; words of the hint.
const TEXTS: &[(&str, &str, &str)] = &[
    ("»", "expected a value, a property or a function, found the end", ""),
    ("floors > »", "expected a value, a property or a function, found the end", ""),
    ("floors > »= 5", "expected a value, a property or a function, found `=`", ""),
    ("floors »5", "expected an operator, found the number 5", ""),
    ("a = 1 »b = 2", "expected an operator, found `b`", ""),
    ("a = 1 »= 2", "expected an operator, found `=`", "join comparisons with AND"),
    ("1 < a »< 2", "expected an operator, found `<`", "join comparisons with AND"),
    ("a »!= 1", "CQL2 has no `!=`", "write <>"),
    ("a »== 1", "CQL2 has no `==`", "write ="),
    ("a »&& b", "CQL2 has no `&&`", "write AND"),
    ("a »|| b", "CQL2 has no `||`", "concat"),
    ("a = 1»; DROP TABLE roads", "CQL2 has no `;`", "one expression"),
    ("a = »`b`", "no expression has ```", ""),
    ("a = »#", "no expression has `#`", ""),
    ("a = »\0", "no expression has the character U+0000", ""),
    ("(a = 1»", "expected an operator, `,` or `)`, found the end", ""),
    ("a = 1»)", "expected an operator, found `)`", ""),
    ("a IN »'x'", "expected `(`, found the text 'x'", ""),
    ("a IN ('x' »'y')", "expected an operator, `,` or `)`, found the text 'y'", ""),
    ("a NOT »= 1", "expected `LIKE`, `BETWEEN` or `IN`, found `=`", ""),
    ("a IS »5", "expected `NULL`, found the number 5", ""),
    ("a BETWEEN 1 »OR 2", "expected `AND`, found `OR`", ""),
    ("a »ILIKE 'x'", "expected an operator, found `ILIKE`", "CASEI"),
    ("»and = 1", "found `and`", "\"and\""),
    ("a = »'text", "the text that starts here is never closed", "written twice"),
    ("a = »'text\\'", "the text that starts here is never closed", "written twice"),
    ("»\"name", "the name that starts here is never closed", "written twice"),
    ("2 ^ 3 »^ 4", "powers of powers need parentheses", "a ^ (b ^ c)"),
    ("a = +»b", "expected a number, found `b`", ""),
    ("a < »1e999", "the number is too large", ""),
    ("»bufer(geom) = 1", "no function is named `bufer`", ""),
    ("»lowr(a) = 'x'", "no function is named `lowr`", "did you mean `lower`?"),
    ("»intersects(a, b)", "no function is named `intersects`", "did you mean `s_intersects`?"),
    ("»s_intersect(a, b)", "no function is named `s_intersect`", "did you mean `s_intersects`?"),
    ("»t_durng(a, b)", "no function is named `t_durng`", "did you mean `t_during`?"),
    ("a = 1 AND »S_WITHIN(geom)", "`s_within` takes 2 arguments, found 1", ""),
    ("»object_id(1) = a", "`object_id` takes 0 arguments, found 1", ""),
    (
        "»within_distance(a, b, 5)",
        "needs the unit of its distance",
        "'m', 'km', 'ft', 'mi', 'nmi', 'crs'",
    ),
    ("within_distance(a, b, 5, »'deg')", "'deg' is no unit of length", "the units are 'm'"),
    ("within_distance(a, b, 5, »m)", "expected the unit of the distance, a text in quotes", ""),
    ("relate(a, b, »'T*F')", "`T*F` has 3 characters, and a mask has nine", "T*****FF*"),
    ("transform(a, »'Erde')", "`Erde` names no coordinate reference system", ""),
    ("cast(a, »'number')", "nothing can be cast to 'number'", "'integer', 'real'"),
    ("a = DATE(»'2024-02-30')", "'2024-02-30' is not a date", ""),
    ("a = DATE(»'20240229')", "'20240229' is not a date", ""),
    ("a = TIMESTAMP(»'2024-02-29')", "`2024-02-29` is not a date and time", ""),
    ("a = TIMESTAMP(»b)", "expected a text in single quotes, found `b`", ""),
    ("a = UUID(»'1')", "", ""),
    ("a = BYTES(»'0')", "pairs of hexadecimal digits", ""),
    ("T_AFTER(a, INTERVAL('..', »'soon'))", "'soon' is not a date", "or '..'"),
    ("T_AFTER(a, »INTERVAL('..'))", "`interval` takes 2 arguments, found 1", ""),
    (
        "S_WITHIN(a, »BBOX(1, 2, 3))",
        "a box has 4 numbers, or 6 with heights, found 3",
        "west, south",
    ),
    ("S_WITHIN(a, BBOX(1, 2, 3, »x))", "expected a number, found `x`", ""),
    ("S_WITHIN(a, POINT(1 »x))", "", ""),
    ("S_WITHIN(a, POLYGON(»(0 0, 1 0, 1 1, 0 1)))", "", ""),
    ("S_WITHIN(a, POLYGON»((0 0, 1 0, 1 1, 0 0)", "the parenthesis is never closed", ""),
    ("Straße = 'ü' AND 🦀 = »)", "expected a value, a property or a function, found `)`", ""),
];

/// Likewise in JSON.
const DOCUMENTS: &[(&str, &str, &str)] = &[
    ("»", "expected a JSON value, found the end", ""),
    ("»nul", "expected a JSON value, found `n`", ""),
    ("true »false", "expected the end after the document", ""),
    ("[1, »]", "expected a JSON value, found `]`", ""),
    ("[1 »2]", "expected `,` or `]`, found `2`", ""),
    (r#"{"op" »"="}"#, "expected `:`, found `\\\"`", ""),
    (r"{»op: 1}", "expected a member's name in double quotes", ""),
    ("»01", "`01` is no JSON number", ""),
    ("»1.", "`1.` is no JSON number", ""),
    ("»1e999", "the number is too large", ""),
    (r#"»"open"#, "the string that starts here is never closed", ""),
    ("\"a»\nb\"", "a control character needs an escape", ""),
    (r#"{"property": »5}"#, "expected a string, found a number", ""),
    (r#"{"property": "a", »"property": "b"}"#, "the object has this member twice", ""),
    (r#"»{"op": "="}"#, "the operation has no member `args`", ""),
    (r#"{"op": "=", "args": [1, 1], »"nocase": true}"#, "no member but `op` and `args`", ""),
    (r#"{"op": »"=", "args": [1]}"#, "`=` takes 2 arguments, found 1", ""),
    (r#"{"op": »"and", "args": [true]}"#, "`and` takes two arguments or more, found 1", ""),
    (r#"{"op": "in", "args": [1, »2]}"#, "expected an array, found a number", ""),
    (r#"{"op": »"lowr", "args": ["a"]}"#, "no function is named `lowr`", "did you mean `lower`?"),
    (r#"{»"function": {"name": "f", "args": []}}"#, "the object is no expression", "drafts"),
    (r#"{»"prop": "a"}"#, "the object is no expression", "\"property\""),
    (r"»{}", "the object is no expression", "\"property\""),
    (r#"{"date": »"2024-02-30"}"#, "'2024-02-30' is not a date", ""),
    (r#"{"bbox": »[1, 2]}"#, "a box has 4 numbers", ""),
    (r#"{"type": »"Pint", "coordinates": [1, 2]}"#, "no geometry has the type `Pint`", "Point, "),
    (r#"{"type": "Point", "coordinates": »[1]}"#, "a position has 2 or 3 numbers, found 1", ""),
    (r#"»{"type": "Point"}"#, "the geometry has no member `coordinates`", ""),
    (
        r#"{"type": "Point", "coordinates": [1, 2], "crs": »{}}"#,
        "a geometry here has no CRS of its own",
        "one CRS holds",
    ),
];

fn check(cases: &[(&str, &str, &str)], read: impl Fn(&str, &Crs) -> Result<Expr, Cql2Error>) {
    for (marked, words, hint) in cases {
        let (before, after) = marked.split_once('»').expect("is marked");
        let text = format!("{before}{after}");
        let error = read(&text, &Crs::CRS84).expect_err(&text);
        assert_eq!(error.at(), Some(before.chars().count()), "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
        let found = error.hint().unwrap_or_default();
        assert!(found.contains(hint), "{text}: {error}: {found}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

#[test]
fn an_error_in_text_points_at_the_character() {
    check(TEXTS, cql2::parse);
}

#[test]
fn an_error_in_json_points_at_the_character() {
    check(DOCUMENTS, cql2::parse_json);
}

#[test]
fn an_error_in_several_lines_names_the_line() {
    let text = "floors > 5\nAND\tmaterial LIKES 'brick'\nAND TRUE";
    let error = cql2::parse(text, &Crs::CRS84).expect_err("no such word");
    let spot = error.spot().expect("is in a text");
    assert_eq!((spot.at, spot.line, spot.column), (24, 2, 14));
    assert_eq!(error.to_string(), "at line 2, character 14: expected an operator, found `LIKES`");
    let caret = "AND\tmaterial LIKES 'brick'\n   \t         ^";
    assert_eq!(error.caret().as_deref(), Some(caret));
}

#[test]
fn a_caret_shows_no_more_of_a_long_line_than_a_terminal_holds() {
    let text = format!("{} AND ) {}", "x".repeat(10_000), "y".repeat(10_000));
    let error = cql2::parse(&text, &Crs::CRS84).expect_err("no expression");
    let caret = error.caret().expect("is in a text");
    let (line, mark) = caret.split_once('\n').expect("two lines");
    assert_eq!((line.chars().count(), mark.len()), (120, 61));
    assert_eq!(line.chars().nth(60), Some(')'));
}

#[test]
fn what_cannot_be_said_is_named() {
    let point =
        |crs| place(tiepoint_core::Geometry::from_wkt("POINT (1 2)").expect("a point"), crs);
    let native = NativeFunction {
        store: "gpkg".to_owned(),
        name: "load_extension".to_owned(),
        ty: tiepoint_core::ExprType::Bool,
    };
    let cases = [
        (
            point(Crs::CRS84).within(point(Crs::epsg(2056))),
            "places in two CRSs, OGC:CRS84 and EPSG:2056",
        ),
        (field("a").eq(f64::NAN), "NaN"),
        (field("a").eq(f64::INFINITY), "inf"),
        (Expr::call(Function::Native(native), []), "`load_extension`, which only gpkg has"),
        (Expr::call(Function::Eq, [Expr::from(1_i64)]), "`=` with 1 arguments"),
        (Expr::call(Function::And, []), "`and` with 0 arguments"),
        (
            Expr::Literal(Value::Geometry(
                tiepoint_core::Geometry::from_wkt("POINT (1 2)").expect("a point"),
            )),
            "a geometry that does not say what CRS it is in",
        ),
        (
            field("a").transform(Crs::UndefinedCartesian),
            "a transformation to the undefined Cartesian CRS",
        ),
        (field("a").cast(tiepoint_core::ExprType::Bytes), "a cast to bytes"),
        (
            Expr::call(Function::Interval, [Expr::from("now"), Expr::NULL]),
            "a text as the end of an interval",
        ),
    ];
    for (expr, words) in cases {
        for outcome in [cql2::to_text(&expr), cql2::to_json(&expr)] {
            let error = outcome.expect_err(words);
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!((error.kind(), error.at()), (ErrorKind::Unsupported, None));
        }
    }
}

#[test]
fn the_crs_of_all_places_is_told() {
    let near = |crs: Crs| {
        let here = place(tiepoint_core::Geometry::from_wkt("POINT (1 2)").expect("a point"), crs);
        field("geom").within_distance(here, Metres(500.0))
    };
    assert_eq!(cql2::crs(&near(Crs::epsg(2056))), Ok(Some(&Crs::epsg(2056))));
    assert_eq!(cql2::crs(&field("a").gt(5_i64)), Ok(None));
    assert!(cql2::crs(&(near(Crs::epsg(2056)) & near(Crs::CRS84))).is_err());
}
