//! Every function by a table of cases, expected from its definition.
use tiepoint_core::{
    Crs, Expr, ExprType, Feature, Field, FieldType, Function as F, Geometry, Schema, Value, place,
};
use tiepoint_spatial::Evaluator;

const NULL: Value = Value::Null;

/// What an expression of literals has for a value: computed beforehand, and on a row.
fn value(expr: &Expr) -> Value {
    let schema = Schema::new(vec![Field::new("yes", FieldType::Bool)]).expect("one name");
    let row = Feature::with_values(schema.clone().into(), vec![Some(true.into())]);
    let of = |expr: &Expr| {
        let bound = expr.bind(&schema).unwrap_or_else(|error| panic!("{expr}: {error}"));
        let evaluator = Evaluator::new(&bound).unwrap_or_else(|error| panic!("{expr}: {error}"));
        evaluator.value(&row)
    };
    let constant = of(expr);
    assert_eq!(constant, of(&of_rows(expr)), "{expr} of rows");
    for known in 0..arguments_of(expr).len() {
        let mut arguments: Vec<Expr> = arguments_of(expr).iter().map(of_rows).collect();
        arguments[known] = arguments_of(expr)[known].clone();
        let Expr::Call(function, _) = expr else { continue };
        if *function != F::Matches {
            let mixed = Expr::call(function.clone(), arguments);
            assert_eq!(constant, of(&mixed), "{expr} with argument {known} known");
        }
    }
    constant
}

fn arguments_of(expr: &Expr) -> &[Expr] {
    match expr {
        Expr::Call(_, arguments) => arguments,
        _ => &[],
    }
}

/// The same with literals that are not known before the row is.
fn of_rows(expr: &Expr) -> Expr {
    match expr {
        Expr::Call(F::Matches, arguments) => of_rows(&arguments[0]).matches(arguments[1].clone()),
        Expr::Call(function, arguments) => {
            Expr::call(function.clone(), arguments.iter().map(of_rows))
        }
        literal => Expr::call(F::Case, [tiepoint_core::field("yes"), literal.clone()]),
    }
}

fn check<E: Into<Value>>(function: &F, cases: impl IntoIterator<Item = (Vec<Expr>, E)>) {
    for (arguments, expected) in cases {
        let expr = Expr::call(function.clone(), arguments);
        assert_eq!(value(&expr), expected.into(), "{expr}");
    }
}

/// A list of arguments of different kinds.
macro_rules! of {
    ($($argument:expr),* $(,)?) => { vec![$(Expr::from($argument)),*] };
}

fn at(wkt: &str) -> Expr {
    place(Geometry::from_wkt(wkt).expect(wkt), Crs::epsg(25832))
}

fn wkt(wkt: &str) -> Value {
    Geometry::from_wkt(wkt).expect(wkt).into()
}

fn date(text: &str) -> Value {
    text.parse::<tiepoint_core::Date>().expect(text).into()
}

fn moment(text: &str) -> Value {
    text.parse::<tiepoint_core::DateTime>().expect(text).into()
}

fn time(text: &str) -> Value {
    text.parse::<tiepoint_core::Time>().expect(text).into()
}

fn decimal(text: &str) -> Value {
    text.parse::<tiepoint_core::Decimal>().expect(text).into()
}

fn json(text: &str) -> Value {
    text.parse::<tiepoint_core::Json>().expect(text).into()
}

#[test]
fn comparisons_go_by_size_instant_and_code_point() {
    let big = 1_i64 << 53;
    check(
        &F::Eq,
        [
            (of![1, 1.0], true),
            (of![big + 1, 9_007_199_254_740_992.0], false),
            (of![0.0, -0.0], true),
            (of![decimal("1.50"), decimal("1.5")], true),
            (of![decimal("0.5"), 0.5], true),
            (of![moment("2024-01-01T12:00:00Z"), moment("2024-01-01T13:00:00+01:00")], true),
            (of![moment("2024-01-01T00:00:00"), date("2024-01-01")], true),
            (of!["e\u{301}", "é"], false),
            (of!["a", "A"], false),
        ],
    );
    check(
        &F::Lt,
        [
            (of!["Z", "a"], true),
            (of!["z", "ä"], true),
            (of!["\u{ffff}", "🜨"], true),
            (of![i64::MIN, -9.3e18], false),
            (of![time("12:00:00"), time("12:00:00.001")], true),
            (of![vec![0_u8], vec![0_u8, 0]], true),
        ],
    );
}

#[test]
fn integers_are_exact_and_null_beyond_64_bits() {
    let (min, max) = (i64::MIN, i64::MAX);
    check(
        &F::Add,
        [
            (of![max, 1], NULL),
            (of![max, -1], Value::from(max - 1)),
            (of![1, 0.5], Value::from(1.5)),
        ],
    );
    check(&F::Sub, [(of![min, 1], NULL), (of![5, 7], Value::from(-2))]);
    check(&F::Mul, [(of![max, 2], NULL), (of![1_i64 << 53, 3], Value::from(3 * (1_i64 << 53)))]);
    check(&F::Negate, [(of![min], NULL), (of![5], Value::from(-5)), (of![0.5], Value::from(-0.5))]);
    check(
        &F::Abs,
        [(of![min], NULL), (of![-5], Value::from(5)), (of![decimal("-1.5")], Value::from(1.5))],
    );
    check(
        &F::Div,
        [
            (of![7, 2], Value::from(3.5)),
            (of![1, 0], NULL),
            (of![0, 0], NULL),
            (of![6, 3], Value::from(2.0)),
        ],
    );
    check(
        &F::IntDiv,
        [
            (of![7, 2], Value::from(3)),
            (of![-7, 2], Value::from(-3)),
            (of![7, -2], Value::from(-3)),
            (of![7, 0], NULL),
            (of![min, -1], NULL),
            (of![7.5, 2], Value::from(3.0)),
            (of![-7.5, 2], Value::from(-3.0)),
            (of![1.0, 0.0], NULL),
        ],
    );
    check(
        &F::Mod,
        [
            (of![7, 2], Value::from(1)),
            (of![-7, 2], Value::from(-1)),
            (of![7, -2], Value::from(1)),
            (of![7, 0], NULL),
            (of![min, -1], Value::from(0)),
            (of![-7.5, 2], Value::from(-1.5)),
            (of![1.0, 0.0], NULL),
        ],
    );
}

#[test]
fn reals_that_are_no_numbers_are_null() {
    check(&F::Mul, [(of![1e300, 1e300], NULL), (of![decimal("1e400"), 2], NULL)]);
    check(
        &F::Power,
        [
            (of![2, 10], Value::from(1024.0)),
            (of![-8, 0.5], NULL),
            (of![0, -1], NULL),
            (of![0, 0], Value::from(1.0)),
            (of![10, 400], NULL),
        ],
    );
    check(&F::Sqrt, [(of![9], Value::from(3.0)), (of![-1], NULL)]);
    check(&F::Ln, [(of![1], Value::from(0.0)), (of![0], NULL), (of![-1], NULL)]);
    check(&F::Exp, [(of![0], Value::from(1.0)), (of![1_000], NULL)]);
    check(&F::Asin, [(of![1], Value::from(std::f64::consts::FRAC_PI_2)), (of![1.5], NULL)]);
    check(&F::Acos, [(of![1], Value::from(0.0)), (of![-1.5], NULL)]);
    check(&F::Atan, [(of![0], 0.0)]);
    check(
        &F::Atan2,
        [(of![1, 0], std::f64::consts::FRAC_PI_2), (of![0, -1], std::f64::consts::PI)],
    );
    check(&F::Sin, [(of![0], 0.0)]);
    check(&F::Cos, [(of![0], 1.0)]);
    check(&F::Tan, [(of![0], 0.0)]);
}

#[test]
fn rounding_keeps_the_kind() {
    check(
        &F::Floor,
        [(of![2.5], Value::from(2.0)), (of![-2.5], Value::from(-3.0)), (of![7], Value::Int(7))],
    );
    check(
        &F::Ceil,
        [(of![2.5], Value::from(3.0)), (of![-2.5], Value::from(-2.0)), (of![7], Value::Int(7))],
    );
    check(
        &F::Round,
        [
            (of![2.5], Value::from(3.0)),
            (of![-2.5], Value::from(-3.0)),
            (of![0.499_999_999_999_999_94], Value::from(0.0)),
            (of![i64::MAX], Value::from(i64::MAX)),
            (of![decimal("1.5")], Value::from(2.0)),
        ],
    );
    check(
        &F::Sign,
        [
            (of![-3], -1),
            (of![0], 0),
            (of![0.25], 1),
            (of![decimal(&format!("0.{}1", "0".repeat(500)))], 1),
        ],
    );
    check(&F::Least, [(of![2, 1.5, 3], Value::from(1.5)), (of![2, Value::Null], NULL)]);
    check(&F::Greatest, [(of!["a", "b"], Value::from("b")), (of![1, Value::Null], NULL)]);
}

#[test]
fn texts_are_counted_in_code_points() {
    check(&F::CharLength, [(of![""], 0), (of!["Straße"], 6), (of!["🜨e\u{301}"], 3)]);
    check(
        &F::Position,
        [
            (of!["Straße", "ß"], 5),
            (of!["Straße", "x"], 0),
            (of!["Straße", ""], 1),
            (of!["", ""], 1),
            (of!["äöü", "ü"], 3),
        ],
    );
    check(
        &F::Substring,
        [
            (of!["Straße", 5], "ße"),
            (of!["Straße", 5, 1], "ß"),
            (of!["Straße", 1, 100], "Straße"),
            (of!["Straße", 0, 2], "S"),
            (of!["Straße", -5, 6], ""),
            (of!["Straße", -5, 7], "S"),
            (of!["Straße", 7], ""),
            (of!["Straße", 2, 0], ""),
            (of!["Straße", 2, -1], ""),
            (of!["Straße", i64::MIN, i64::MAX], ""),
            (of!["Straße", i64::MAX, i64::MAX], ""),
            (of!["Straße", 2.9, 1.9], "t"),
            (of!["🜨b", 2], "b"),
        ],
    );
}

#[test]
fn case_accents_and_white_space_are_those_of_unicode() {
    check(&F::Casei, [(of!["Straße"], "strasse"), (of!["ΑΣ"], "ας"), (of!["ﬁ"], "fi")]);
    check(&F::Lower, [(of!["STRASSE Ä"], "strasse ä"), (of!["İ"], "i\u{307}")]);
    check(&F::Upper, [(of!["straße"], "STRASSE")]);
    check(
        &F::Accenti,
        [
            (of!["Ärger naïve"], "Arger naive"),
            (of!["e\u{301}"], "e"),
            (of!["ø"], "ø"),
            (of!["한국"], "한국"),
        ],
    );
    check(&F::Trim, [(of!["\u{a0} a b\t\n\u{3000}"], "a b"), (of!["\u{200b}a"], "\u{200b}a")]);
}

#[test]
fn texts_are_joined_searched_and_replaced() {
    check(&F::Concat, [(of!["a", "", "b"], Value::from("ab")), (of!["a", Value::Null], NULL)]);
    check(
        &F::Replace,
        [
            (of!["banana", "an", "x"], "bxxa"),
            (of!["banana", "", "x"], "banana"),
            (of!["aaa", "aa", "b"], "ba"),
            (of!["banana", "a", ""], "bnn"),
        ],
    );
    check(
        &F::StartsWith,
        [(of!["abc", "ab"], true), (of!["abc", ""], true), (of!["a", "A"], false)],
    );
    check(&F::EndsWith, [(of!["abc", "bc"], true), (of!["abc", "abcd"], false)]);
    check(
        &F::Like,
        [(of!["abc", "a%"], true), (of!["abc", "_b_"], true), (of!["a%", r"a\%"], true)],
    );
    check(
        &F::Matches,
        [
            (of!["abc", "b"], true),
            (of!["abc", "^b"], false),
            (of!["ABC", "(?i)b"], true),
            (of!["x\u{660}", r"\d"], true),
        ],
    );
}

#[test]
fn a_text_that_would_fill_the_memory_is_null() {
    let grown = |times: usize| {
        (0..times).fold(Expr::from("a"), |text, _| {
            Expr::call(F::Replace, [text, "a".into(), "a".repeat(1_000).into()])
        })
    };
    assert_eq!(value(&grown(2).char_length()), 1_000_000.into());
    assert_eq!(value(&grown(3)), NULL);
    assert_eq!(value(&grown(50)), NULL);
}

#[test]
fn parts_of_dates_are_those_that_were_written() {
    let late = || moment("2024-02-29T23:30:15.25-05:00");
    check(&F::Year, [(of![late()], 2024), (of![date("-000044-03-15")], -44)]);
    check(&F::Month, [(of![late()], 2)]);
    check(&F::Day, [(of![late()], 29)]);
    check(&F::DayOfWeek, [(of![date("2024-01-01")], 1), (of![date("2024-01-07")], 7)]);
    check(&F::DayOfYear, [(of![date("2024-12-31")], 366), (of![date("2023-12-31")], 365)]);
    check(&F::Hour, [(of![late()], 23), (of![time("07:08:09")], 7)]);
    check(&F::Minute, [(of![late()], 30)]);
    check(&F::Second, [(of![late()], 15.25), (of![time("23:59:59.999")], 59.999)]);
    check(
        &F::DateOf,
        [(of![late()], date("2024-02-29")), (of![date("2024-01-01")], date("2024-01-01"))],
    );
    check(&F::TimeOf, [(of![late()], time("23:30:15.25-05:00"))]);
    let mixed = of![date("2024-01-01"), moment("2024-01-02T03:00:00")];
    check(&F::Least, [(mixed.clone(), moment("2024-01-01T00:00:00"))]);
    check(&F::Coalesce, [(mixed, moment("2024-01-01T00:00:00"))]);
}

fn cases(ty: ExprType, cases: Vec<(Value, Value)>) {
    check(&F::Cast(ty), cases.into_iter().map(|(from, to)| (of![from], to)));
}

fn text(text: &str) -> Value {
    text.into()
}

#[test]
fn casts_of_numbers_read_back_what_they_wrote() {
    use ExprType as T;
    cases(
        T::Int,
        vec![
            (text("12"), Value::from(12)),
            (text("-9223372036854775808"), Value::from(i64::MIN)),
            (text("9223372036854775808"), NULL),
            (text(" 12"), NULL),
            (text("12.0"), NULL),
            (text(""), NULL),
            (2.9.into(), Value::from(2)),
            ((-2.9).into(), Value::from(-2)),
            (9.3e18.into(), NULL),
            ((-9_223_372_036_854_775_808.0).into(), Value::from(i64::MIN)),
            (decimal("-0.9"), Value::from(0)),
            (decimal("99999999999999999999"), NULL),
            (true.into(), Value::from(1)),
        ],
    );
    cases(
        T::Real,
        vec![
            (text("0.1"), Value::from(0.1)),
            (text("1e5"), Value::from(1e5)),
            (text("NaN"), NULL),
            (text("inf"), NULL),
            (text("1e400"), NULL),
            (3.into(), Value::from(3.0)),
            (decimal("1.50"), Value::from(1.5)),
        ],
    );
    cases(
        T::Decimal,
        vec![
            (text("1.50"), decimal("1.50")),
            (3.into(), decimal("3")),
            (0.1.into(), decimal("0.1")),
            (text("x"), NULL),
        ],
    );
    cases(
        T::Bool,
        vec![
            (text("true"), Value::from(true)),
            (text("false"), Value::from(false)),
            (text("TRUE"), NULL),
            (0.into(), Value::from(false)),
            (1.into(), Value::from(true)),
            (2.into(), NULL),
        ],
    );
}

#[test]
fn casts_of_dates_and_documents_read_back_what_they_wrote() {
    use ExprType as T;
    cases(
        T::Date,
        vec![
            (text("2024-02-29"), date("2024-02-29")),
            (text("2023-02-29"), NULL),
            (text("2024-02-29T00:00:00"), NULL),
            (text("20240229"), NULL),
            (moment("2024-02-29T23:00:00-05:00"), date("2024-02-29")),
        ],
    );
    cases(
        T::DateTime,
        vec![
            (text("2024-02-29T12:00:00Z"), moment("2024-02-29T12:00:00Z")),
            (text("2024-02-29"), NULL),
            (date("2024-02-29"), moment("2024-02-29T00:00:00")),
        ],
    );
    cases(
        T::Time,
        vec![
            (text("12:00:00"), time("12:00:00")),
            (text("25:00:00"), NULL),
            (moment("2024-02-29T12:00:00Z"), time("12:00:00Z")),
        ],
    );
    cases(T::Json, vec![(text("[1, 2]"), json("[1, 2]")), (text("[1,"), NULL)]);
    cases(
        T::Uuid,
        vec![
            (
                text("67e55044-10b1-426f-9247-bb680e5fe0c8"),
                uuid::Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8).into(),
            ),
            (text("67e55044"), NULL),
        ],
    );
    cases(
        T::Text,
        vec![
            (true.into(), text("true")),
            ((-12).into(), text("-12")),
            (0.1.into(), text("0.1")),
            (2.0.into(), text("2")),
            (decimal("1.50"), text("1.50")),
            (date("2024-02-29"), text("2024-02-29")),
            (moment("2024-02-29T12:00:00+01:00"), text("2024-02-29T12:00:00+01:00")),
            (json("[1, 2]"), text("[1, 2]")),
        ],
    );
}

#[test]
fn arrays_are_bags_of_members() {
    let array = |text: &str| Expr::from(json(text));
    let two = |a: &str, b: &str| vec![array(a), array(b)];
    check(
        &F::ArrayEquals,
        [
            (two("[1,2]", "[2,1]"), Value::from(true)),
            (two("[1,1]", "[1]"), Value::from(false)),
            (two("[1.0, 1e0]", "[1,1]"), Value::from(true)),
            (two(r#"["a"]"#, r#"["\u0061"]"#), Value::from(true)),
            (two(r#"[{"a":1,"b":[2]}]"#, r#"[{"b":[2.0],"a":1.0}]"#), Value::from(true)),
            (two("[[1,2]]", "[[2,1]]"), Value::from(false)),
            (two("[9007199254740993]", "[9007199254740992.0]"), Value::from(false)),
            (two("[]", "[]"), Value::from(true)),
            (two("{}", "[]"), NULL),
            (two("[1]", "1"), NULL),
        ],
    );
    check(
        &F::ArrayContains,
        [
            (two("[1,2,3]", "[3,1,1]"), true),
            (two("[1,2,3]", "[4]"), false),
            (two("[1]", "[]"), true),
            (two("[null]", "[null]"), true),
            (two(r#"["1"]"#, "[1]"), false),
        ],
    );
    check(&F::ArrayContainedBy, [(two("[3,1]", "[1,2,3]"), true), (two("[4]", "[1]"), false)]);
    check(&F::ArrayOverlaps, [(two("[1,2]", "[2,3]"), true), (two("[1]", "[]"), false)]);
    check(
        &F::ArrayOf,
        [
            (of![], json("[]")),
            (of![1, 2.5, "a\"b", true, Value::Null], json(r#"[1,2.5,"a\"b",true,null]"#)),
            (of![decimal("1.50"), date("2024-01-01")], json(r#"[1.50,"2024-01-01"]"#)),
            (of![json(r#"{"a": 1}"#), vec![0_u8, 255]], json(r#"[{"a": 1},"00ff"]"#)),
            (vec![at("POINT (1 2)")], json(r#"["POINT (1 2)"]"#)),
        ],
    );
}

#[test]
fn geometries_say_what_they_are() {
    let square = || vec![at("POLYGON ((0 0,2 0,2 2,0 2,0 0))")];
    let line = || vec![at("LINESTRING Z (0 0 5,3 4 5)")];
    let many = || vec![at("GEOMETRYCOLLECTION (POINT (1 1),LINESTRING (0 0,3 4))")];
    let empty = || vec![at("POLYGON EMPTY")];
    let point = || vec![at("POINT ZM (1 2 3 4)")];
    check(&F::Area, [(square(), 4.0), (line(), 0.0), (empty(), 0.0)]);
    check(&F::LineLength, [(square(), 0.0), (line(), 5.0), (many(), 5.0)]);
    check(&F::Perimeter, [(square(), 8.0), (line(), 0.0)]);
    check(&F::Centroid, [(square(), wkt("POINT (1 1)")), (empty(), NULL)]);
    check(
        &F::Envelope,
        [
            (line(), wkt("POLYGON ((0 0,3 0,3 4,0 4,0 0))")),
            (point(), wkt("POINT (1 2)")),
            (empty(), NULL),
        ],
    );
    check(&F::X, [(point(), Value::from(1.0)), (square(), NULL), (vec![at("POINT EMPTY")], NULL)]);
    check(&F::Y, [(point(), Value::from(2.0)), (many(), NULL)]);
    check(&F::Z, [(point(), Value::from(3.0)), (vec![at("POINT (1 2)")], NULL), (line(), NULL)]);
    check(&F::M, [(point(), Value::from(4.0)), (vec![at("POINT Z (1 2 3)")], NULL)]);
    check(&F::MinX, [(line(), Value::from(0.0)), (empty(), NULL)]);
    check(&F::MinY, [(line(), Value::from(0.0)), (empty(), NULL)]);
    check(&F::MaxX, [(line(), Value::from(3.0)), (empty(), NULL)]);
    check(&F::MaxY, [(line(), Value::from(4.0)), (empty(), NULL)]);
    check(&F::NumPoints, [(square(), 5), (many(), 3), (empty(), 0)]);
    check(
        &F::NumGeometries,
        [
            (square(), 1),
            (many(), 2),
            (empty(), 0),
            (vec![at("MULTIPOINT (EMPTY)")], 0),
            (vec![at("MULTIPOINT (EMPTY,(1 1))")], 2),
        ],
    );
    check(&F::GeometryKind, [(square(), "Polygon"), (many(), "GeometryCollection")]);
    check(&F::Dims, [(square(), "XY"), (line(), "XYZ"), (point(), "XYZM")]);
    check(
        &F::Dimension,
        [
            (point(), 0),
            (line(), 1),
            (square(), 2),
            (many(), 1),
            (vec![at("GEOMETRYCOLLECTION EMPTY")], 0),
        ],
    );
    check(&F::IsEmpty, [(empty(), true), (square(), false)]);
    let bow_tie = || vec![at("POLYGON ((0 0,2 2,2 0,0 2,0 0))")];
    check(&F::IsValid, [(bow_tie(), false), (square(), true)]);
    check(&F::InvalidReason, [(bow_tie(), Value::from("Self-intersection")), (square(), NULL)]);
}

#[test]
fn geometries_are_related_and_measured() {
    use tiepoint_core::{LengthUnit, SpatialPredicate as P};
    let two = |a: &str, b: &str| vec![at(a), at(b)];
    let near = |a: &str, b: &str, limit: Expr| vec![at(a), at(b), limit];
    let unit = "POLYGON ((0 0,1 0,1 1,0 1,0 0))";
    check(&F::Spatial(P::Within), [(two("POINT (0.5 0.5)", unit), true), (two(unit, unit), true)]);
    check(&F::Spatial(P::Contains), [(two(unit, "POINT (0.5 0.5)"), true)]);
    check(
        &F::Spatial(P::Disjoint),
        [(two(unit, "POINT (2 2)"), true), (two(unit, "POINT EMPTY"), true)],
    );
    check(&F::Spatial(P::Equals), [(two("POINT EMPTY", "POLYGON EMPTY"), true)]);
    let mask = "FF*FF****".parse().expect("a mask");
    check(&F::Relate(mask), [(two(unit, "POINT (2 2)"), true), (two(unit, unit), false)]);
    check(
        &F::BoxesMeet,
        [
            (two("LINESTRING (0 0,4 4)", "POINT (4 0)"), true),
            (two(unit, "POINT (1.5 0)"), false),
            (two(unit, "POINT EMPTY"), false),
        ],
    );
    check(
        &F::Distance,
        [
            (two("POINT (0 0)", "POINT (3 4)"), Value::from(5.0)),
            (two(unit, "POINT (0.5 0.5)"), Value::from(0.0)),
            (two(unit, "POINT EMPTY"), NULL),
        ],
    );
    check(
        &F::WithinDistance(LengthUnit::CrsUnit),
        [
            (near("POINT (0 0)", "POINT (3 4)", 5.into()), Value::from(true)),
            (near("POINT (0 0)", "POINT (3 4)", 4.999.into()), Value::from(false)),
            (near("POINT (0 0)", "POINT (0 0)", (-1).into()), Value::from(false)),
            (near("POINT (0 0)", "POINT EMPTY", 5.into()), NULL),
            (near("POINT (0 0)", "POINT (3 4)", Expr::NULL), NULL),
            (near("POINT (0 0)", "POINT (3 4)", f64::INFINITY.into()), Value::from(true)),
        ],
    );
    let moved = value(&at("POINT (500000 0)").transform(Crs::CRS84).x());
    assert!(matches!(moved, Value::Real(x) if (x - 9.0).abs() < 1e-9), "{moved:?}");
    let nowhere = place(Geometry::from_wkt("POINT (0 90)").expect("is WKT"), Crs::CRS84);
    assert_eq!(value(&nowhere.transform(Crs::epsg(3857))), NULL, "Mercator has no pole");
}

#[test]
fn what_is_off_the_ellipsoid_has_no_distance() {
    let at = |wkt: &str| place(Geometry::from_wkt(wkt).expect(wkt), Crs::CRS84);
    let metres = tiepoint_core::Metres(1e9);
    for odd in ["POINT (0 91)", "POINT (361 0)", "POINT EMPTY"] {
        for (a, b) in [(at(odd), at("POINT (0 0)")), (at("POINT (0 0)"), at(odd))] {
            assert_eq!(value(&a.clone().distance(b.clone())), NULL, "{odd}");
            assert_eq!(value(&a.within_distance(b, metres)), NULL, "{odd}");
        }
    }
    let round =
        at("POINT (190 0)").within_distance(at("POINT (-170 0)"), tiepoint_core::Metres(0.0));
    assert_eq!(value(&round), Value::from(true));
}
