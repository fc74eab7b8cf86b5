//! Truths of three values, by exhaustive tables; the definitions are SQL's (ISO 9075-2, 6.39).
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tiepoint_core::{Expr, Feature, Field, FieldType, Function as F, Schema, Value, field};
use tiepoint_spatial::{Evaluator, fold};

const TRUTHS: [Option<bool>; 3] = [Some(true), Some(false), None];

/// The truth of an expression over `a`, `b` and `c`: of fields, of constants, and of both.
fn truths(expr: &Expr, [a, b, c]: [Option<bool>; 3]) -> Vec<Option<bool>> {
    let schema = Schema::new(["a", "b", "c"].map(|name| Field::new(name, FieldType::Bool)).into());
    let schema = schema.expect("distinct names");
    let values = [a, b, c].map(|truth| Some(Value::from(truth)));
    let row = Feature::with_values(schema.clone().into(), values.to_vec());
    let mut found = Vec::new();
    for constants in 0..8_u8 {
        let is_constant = |at: usize| constants >> at & 1 == 1;
        let expr = replaced(expr, &|name| {
            let at = ["a", "b", "c"].iter().position(|it| *it == name)?;
            is_constant(at).then(|| Expr::Literal(values[at].clone().expect("is set")))
        });
        let bound = expr.bind(&schema).unwrap_or_else(|error| panic!("{expr}: {error}"));
        for bound in [fold(&bound).expect("can be evaluated"), bound] {
            let evaluator = Evaluator::new(&bound).expect("can be evaluated");
            let truth = evaluator.truth(&row);
            assert_eq!(evaluator.is_true(&row), truth == Some(true), "{bound}");
            assert_eq!(evaluator.value(&row), Value::from(truth), "{bound}");
            found.push(truth);
        }
    }
    found
}

fn replaced(expr: &Expr, by: &impl Fn(&str) -> Option<Expr>) -> Expr {
    match expr {
        Expr::Field(name) => by(name).unwrap_or_else(|| expr.clone()),
        Expr::Call(function, arguments) => {
            Expr::call(function.clone(), arguments.iter().map(|it| replaced(it, by)))
        }
        other => other.clone(),
    }
}

/// Checks an expression over `a`, `b` and `c` against its definition, for all 27 rows.
fn check(
    expr: &Expr,
    definition: impl Fn(Option<bool>, Option<bool>, Option<bool>) -> Option<bool>,
) {
    for a in TRUTHS {
        for b in TRUTHS {
            for c in TRUTHS {
                let expected = definition(a, b, c);
                for found in truths(expr, [a, b, c]) {
                    assert_eq!(found, expected, "{expr} of {a:?}, {b:?}, {c:?}");
                }
            }
        }
    }
}

fn abc() -> [Expr; 3] {
    ["a", "b", "c"].map(field)
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn not(a: Option<bool>) -> Option<bool> {
    a.map(|it| !it)
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    not(and(not(a), not(b)))
}

fn compared(a: Option<bool>, b: Option<bool>, test: impl Fn(&bool, &bool) -> bool) -> Option<bool> {
    Some(test(&a?, &b?))
}

#[test]
fn and_or_and_not_are_those_of_three_values() {
    let [a, b, c] = abc();
    check(&Expr::call(F::And, [a.clone()]), |a, _, _| a);
    check(&Expr::call(F::And, [a.clone(), b.clone()]), |a, b, _| and(a, b));
    check(&Expr::call(F::And, [a.clone(), b.clone(), c.clone()]), |a, b, c| and(and(a, b), c));
    check(&Expr::call(F::Or, [a.clone()]), |a, _, _| a);
    check(&Expr::call(F::Or, [a.clone(), b.clone()]), |a, b, _| or(a, b));
    check(&Expr::call(F::Or, [a.clone(), b.clone(), c.clone()]), |a, b, c| or(or(a, b), c));
    check(&!a.clone(), |a, _, _| not(a));
    check(&!(a.clone() & !(b.clone() | c.clone())), |a, b, c| not(and(a, not(or(b, c)))));
    check(&((a.clone() & b.clone()) | (!c.clone() & a)), |a, b, c| or(and(a, b), and(not(c), a)));
}

#[test]
fn comparisons_with_null_are_null() {
    let [a, b, _] = abc();
    check(&a.clone().eq(b.clone()), |a, b, _| compared(a, b, |a, b| a == b));
    check(&a.clone().ne(b.clone()), |a, b, _| compared(a, b, |a, b| a != b));
    check(&a.clone().lt(b.clone()), |a, b, _| compared(a, b, |a, b| a < b));
    check(&a.clone().le(b.clone()), |a, b, _| compared(a, b, |a, b| a <= b));
    check(&a.clone().gt(b.clone()), |a, b, _| compared(a, b, |a, b| a > b));
    check(&a.ge(b), |a, b, _| compared(a, b, |a, b| a >= b));
}

#[test]
fn between_is_two_comparisons() {
    let [a, b, c] = abc();
    check(&a.between(b, c), |a, low, high| {
        and(compared(a, low, |a, b| a >= b), compared(a, high, |a, b| a <= b))
    });
}

#[test]
fn in_is_equality_with_any() {
    let [a, b, c] = abc();
    let equal = |a, b| compared(a, b, |a, b| a == b);
    check(&a.clone().is_in([b.clone()]), |a, b, _| equal(a, b));
    check(&a.clone().is_in([b.clone(), c.clone()]), |a, b, c| or(equal(a, b), equal(a, c)));
    check(&!a.clone().is_in([b, c]), |a, b, c| not(or(equal(a, b), equal(a, c))));
    check(&a.is_in([] as [Expr; 0]), |_, _, _| Some(false));
}

#[test]
fn being_null_is_never_null() {
    let [a, b, _] = abc();
    check(&a.clone().is_null(), |a, _, _| Some(a.is_none()));
    check(&a.clone().is_not_null(), |a, _, _| Some(a.is_some()));
    check(&(a & b).is_null(), |a, b, _| Some(and(a, b).is_none()));
}

#[test]
fn a_case_passes_over_what_is_not_true() {
    let [a, b, c] = abc();
    check(&Expr::call(F::Case, [a.clone(), b.clone()]), |a, b, _| match a {
        Some(true) => b,
        _ => None,
    });
    check(&Expr::call(F::Case, [a.clone(), b.clone(), c.clone()]), |a, b, c| match a {
        Some(true) => b,
        _ => c,
    });
    check(&Expr::call(F::Case, [a.clone(), b.clone(), c.clone(), a.clone()]), |a, b, c| {
        match (a, c) {
            (Some(true), _) => b,
            (_, Some(true)) => a,
            _ => None,
        }
    });
}

#[test]
fn the_first_known_value_and_what_equals_another() {
    let [a, b, c] = abc();
    let many = [a.clone(), b.clone(), c];
    check(&Expr::call(F::Coalesce, many.clone()), |a, b, c| a.or(b).or(c));
    check(&Expr::call(F::NullIf, [a, b]), |a, b, _| if a == b { None } else { a });
    check(&Expr::call(F::Least, many.clone()), |a, b, c| Some(a?.min(b?).min(c?)));
    check(&Expr::call(F::Greatest, many), |a, b, c| Some(a?.max(b?).max(c?)));
}

#[test]
fn functions_of_null_are_null_but_for_those_that_accept_it() {
    let fields = [
        ("t", FieldType::TEXT),
        ("n", FieldType::INT),
        ("d", FieldType::DateTime(tiepoint_core::ZoneRule::Either)),
        ("g", geometry()),
    ];
    let schema = Schema::new(fields.map(|(name, ty)| Field::new(name, ty)).into());
    let schema = schema.expect("distinct names");
    let nothing = Feature::new(schema.clone());
    let mut checked = 0;
    for function in F::PLAIN.iter().filter(|it| !it.accepts_null() && !is_lowered(it)) {
        for arguments in argument_lists() {
            let expr = Expr::call(function.clone(), arguments);
            let Ok(bound) = expr.bind(&schema) else { continue };
            let Ok(evaluator) = Evaluator::new(&bound) else { continue };
            assert_eq!(evaluator.value(&nothing), Value::Null, "{bound}");
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

fn is_lowered(function: &F) -> bool {
    matches!(function, F::Between | F::Interval | F::Matches)
}

fn geometry() -> FieldType {
    use tiepoint_core::{Crs, GeometryType, KindRule};
    FieldType::Geometry(GeometryType::xy(KindRule::Any, Crs::CRS84))
}

/// Lists of one to three arguments, of which at least one is a field or null.
fn argument_lists() -> Vec<Vec<Expr>> {
    let literal = |name: &str| match name {
        "t" => Expr::from("a"),
        "n" => Expr::from(1),
        _ => Expr::NULL,
    };
    let mut lists = Vec::new();
    for name in ["t", "n", "d", "g"] {
        lists.push(vec![field(name)]);
        for other in [field(name), literal(name), Expr::NULL, field("n"), field("t")] {
            lists.push(vec![field(name), other.clone()]);
            lists.push(vec![literal(name), field(name)]);
            lists.push(vec![field(name), other.clone(), other.clone()]);
            lists.push(vec![literal(name), literal(name), field(name)]);
        }
    }
    lists
}

#[test]
fn random_junctions_are_what_their_parts_make_of_them() {
    let part = proptest::sample::select(vec!["a", "b", "c"]).prop_map(field);
    let tree = part.prop_recursive(5, 60, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..4);
        let function = proptest::sample::select(vec![F::And, F::Or]);
        proptest::prop_oneof![
            inner.prop_map(|it| !it),
            (function, many).prop_map(|(function, parts)| Expr::call(function, parts)),
        ]
    });
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let expr = tree.new_tree(&mut runner).expect("always succeeds").current();
        check(&expr, |a, b, c| by_definition(&expr, [a, b, c]));
    }
}

fn by_definition(expr: &Expr, row: [Option<bool>; 3]) -> Option<bool> {
    match expr {
        Expr::Field(name) => row[usize::from(name.as_bytes()[0] - b'a')],
        Expr::Call(F::Not, parts) => not(by_definition(&parts[0], row)),
        Expr::Call(function, parts) => {
            let parts = parts.iter().map(|it| by_definition(it, row));
            let join = if *function == F::And { and } else { or };
            parts.reduce(join).expect("has parts")
        }
        other => panic!("{other} is no junction"),
    }
}

#[test]
fn the_deepest_and_the_widest_expressions_are_evaluated() {
    let row = |schema: &Schema| {
        Feature::with_values(schema.clone().into(), vec![Some(true.into()), Some(1.into())])
    };
    let schema =
        Schema::new(vec![Field::new("a", FieldType::Bool), Field::new("n", FieldType::INT)]);
    let schema = schema.expect("distinct names");
    let deep = (0..Expr::MAX_DEPTH).fold(field("a"), |it, _| Expr::call(F::Case, [field("a"), it]));
    let negated = (0..Expr::MAX_DEPTH).fold(field("a"), |it, _| !it);
    let sum = (0..Expr::MAX_DEPTH).fold(field("n"), |it, _| it + 1);
    let wide = Expr::call(F::Or, (0..50_000).map(|it| field("n").eq(-it)).chain([field("a")]));
    for (expr, expected) in
        [(deep, Value::from(true)), (negated, true.into()), (sum, 101.into()), (wide, true.into())]
    {
        let bound = fold(&expr.bind(&schema).expect("fits")).expect("can be evaluated");
        let evaluator = Evaluator::new(&bound).expect("can be evaluated");
        assert_eq!(evaluator.value(&row(&schema)), expected);
    }
}
