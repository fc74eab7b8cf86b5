//! What holds of every expression and every row. `TIEPOINT_CASES` makes the runs longer.
use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use tiepoint_core::{
    Bound, Crs, Envelope, Expr, ExprType, Feature, Field, FieldType, Function, GeometryType,
    IntWidth, KindRule, Node, ObjectId, OrdinateRule, Schema, Value, ZoneRule,
};
use tiepoint_spatial::testing::{arb_expr, arb_feature, arb_filter};
use tiepoint_spatial::{Evaluator, Row, fold, reach};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let geometry = |crs| {
        let (z, m) = (OrdinateRule::Optional, OrdinateRule::Optional);
        FieldType::Geometry(GeometryType { z, m, ..GeometryType::xy(KindRule::Any, crs) })
    };
    Schema::new(vec![
        Field::new("geom", geometry(Crs::CRS84)),
        Field::new("plan", geometry(Crs::epsg(25832))),
        Field::new("truth", FieldType::Bool),
        Field::new("whole", FieldType::Int(IntWidth::W64)),
        Field::new("real", FieldType::REAL),
        Field::new("decimal", FieldType::Decimal { precision: None, scale: None }),
        Field::new("text", FieldType::TEXT),
        Field::new("bytes", FieldType::Bytes { max_bytes: None }),
        Field::new("day", FieldType::Date),
        Field::new("clock", FieldType::Time(ZoneRule::Without)),
        Field::new("moment", FieldType::DateTime(ZoneRule::With)),
        Field::new("list", FieldType::Json),
        Field::new("key", FieldType::Uuid),
    ])
    .expect("distinct names")
});

fn config() -> Config {
    let cases = std::env::var("TIEPOINT_CASES").ok().and_then(|it| it.parse().ok());
    Config { failure_persistence: None, ..Config::with_cases(cases.unwrap_or(600)) }
}

fn bind(expr: &Expr) -> Bound {
    expr.bind(&SCHEMA).unwrap_or_else(|error| panic!("{expr}: {error}"))
}

fn evaluator(bound: &Bound) -> Evaluator {
    Evaluator::new(bound).unwrap_or_else(|error| panic!("{bound}: {error}"))
}

fn rows() -> impl Strategy<Value = Vec<Feature>> {
    proptest::collection::vec(arb_feature(&SCHEMA), 1..6)
}

/// The same row, of which no envelope is known before the geometry is seen.
struct WithoutEnvelopes<'a>(&'a Feature);

impl Row for WithoutEnvelopes<'_> {
    fn value(&self, position: usize) -> Option<&Value> {
        self.0.value(position)
    }

    fn envelope(&self, _position: usize) -> Option<Envelope> {
        None
    }

    fn id(&self) -> Option<ObjectId> {
        self.0.id
    }
}

/// A row whose values may be of any kind, whatever the schema says.
#[derive(Debug)]
struct Jumbled(Feature, usize);

impl Row for Jumbled {
    fn value(&self, position: usize) -> Option<&Value> {
        let values = self.0.values();
        values[(position + self.1) % values.len()].as_ref()
    }

    fn id(&self) -> Option<ObjectId> {
        self.0.id
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_value_is_of_the_kind_that_binding_says(expr in arb_expr(&SCHEMA), rows in rows()) {
        let bound = bind(&expr);
        let evaluator = evaluator(&bound);
        for row in &rows {
            let value = evaluator.value(row);
            prop_assert!(bound.ty().holds(&value), "{bound} ({}) has {value:?}", bound.ty());
            if let Value::Real(number) = value {
                prop_assert!(number.is_finite(), "{bound} has {number}");
            }
        }
    }

    #[test]
    fn truth_and_value_agree(expr in arb_filter(&SCHEMA), rows in rows()) {
        let evaluator = evaluator(&bind(&expr));
        for row in &rows {
            let truth = evaluator.truth(row);
            prop_assert_eq!(evaluator.value(row), Value::from(truth));
            prop_assert_eq!(evaluator.is_true(row), truth == Some(true));
        }
    }

    #[test]
    fn folding_changes_no_value(expr in arb_expr(&SCHEMA), rows in rows()) {
        let bound = bind(&expr);
        let folded = fold(&bound).expect("can be evaluated");
        prop_assert_eq!(bound.ty(), folded.ty());
        let (before, after) = (evaluator(&bound), evaluator(&folded));
        for row in &rows {
            prop_assert_eq!(before.value(row), after.value(row), "{} and {}", bound, folded);
        }
        let again = fold(&folded).expect("can be evaluated");
        prop_assert_eq!(folded, again, "folding leaves nothing to fold");
    }

    #[test]
    fn envelopes_decide_as_geometries_do(expr in arb_filter(&SCHEMA), rows in rows()) {
        let bound = bind(&expr);
        let evaluator = evaluator(&bound);
        for row in &rows {
            let without = evaluator.truth(&WithoutEnvelopes(row));
            prop_assert_eq!(evaluator.truth(row), without, "{}", bound);
        }
    }

    #[test]
    fn constants_beside_fields_are_compared_as_fields_are(
        expr in arb_filter(&SCHEMA),
        rows in rows(),
    ) {
        let bound = bind(&expr);
        let (prepared, unprepared) = (evaluator(&bound), evaluator(&bind(&unprepared(&bound))));
        for row in &rows {
            prop_assert_eq!(prepared.truth(row), unprepared.truth(row), "{}", bound);
        }
    }

    #[test]
    fn reach_leaves_out_nothing_that_passes(expr in arb_filter(&SCHEMA), rows in rows()) {
        let bound = fold(&bind(&expr)).expect("can be evaluated");
        let evaluator = evaluator(&bound);
        for position in [0, 1] {
            let Some(boxes) = reach(&bound, position) else { continue };
            for row in rows.iter().filter(|row| evaluator.is_true(*row)) {
                let envelope = row.envelope(position);
                let is_found = envelope.is_some_and(|it| {
                    let width = it.max().x - it.min().x;
                    boxes.iter().any(|wanted| {
                        wanted.envelope.intersects(&it)
                            && wanted.wider_than.is_none_or(|least| width > least)
                    })
                });
                prop_assert!(is_found, "{bound} passes {envelope:?}, and reaches {boxes:?}");
            }
        }
    }

    #[test]
    fn values_of_other_kinds_count_as_null(
        expr in arb_expr(&SCHEMA),
        row in arb_feature(&SCHEMA),
        shift in 1..13_usize,
    ) {
        let bound = bind(&expr);
        let row = Jumbled(row, shift);
        let types = SCHEMA.fields().iter().map(|field| ExprType::of_field(&field.ty));
        let nulled = types.enumerate().map(|(position, ty)| {
            row.value(position).filter(|value| ty.holds(value)).cloned()
        });
        let nulled = Feature::with_values(SCHEMA.clone().into(), nulled.collect());
        let evaluator = evaluator(&bound);
        prop_assert_eq!(evaluator.value(&row), evaluator.value(&nulled), "{}", bound);
    }
}

#[test]
fn the_generated_expressions_have_every_function_and_every_truth() {
    let mut runner = TestRunner::deterministic();
    let (filters, values, rows) = (arb_filter(&SCHEMA), arb_expr(&SCHEMA), rows());
    let mut functions = BTreeSet::new();
    let mut truths = [0, 0, 0];
    for _ in 0..3_000 {
        for _ in 0..5 {
            let value = values.new_tree(&mut runner).expect("always succeeds").current();
            bind(&value).visit(&mut |it| {
                functions.extend(it.as_call().map(|(function, _)| function.name().to_owned()));
            });
        }
        let filter = filters.new_tree(&mut runner).expect("always succeeds").current();
        let evaluator = evaluator(&bind(&filter));
        for row in rows.new_tree(&mut runner).expect("always succeeds").current() {
            truths[evaluator.truth(&row).map_or(2, usize::from)] += 1;
        }
    }
    let lowered = [Function::Between, Function::Interval];
    let all = Function::PLAIN.iter().filter(|it| !lowered.contains(it));
    let missing: Vec<_> = all.filter(|it| !functions.contains(it.name())).collect();
    assert_eq!(missing, Vec::<&Function>::new());
    let rows: usize = truths.iter().sum();
    assert!(truths.iter().all(|count| count * 8 > rows), "false, true, null: {truths:?}");
}

/// The same expression, with every constant in a case that is always taken: nothing is prepared.
fn unprepared(bound: &Bound) -> Expr {
    match bound.node() {
        Node::Field(_, name) => tiepoint_core::field(&**name),
        Node::Id => Expr::Id,
        Node::Call(Function::Matches, arguments) => {
            let pattern = arguments[1].as_constant().expect("is a literal");
            unprepared(&arguments[0]).matches(pattern.clone())
        }
        Node::Call(function, arguments) => {
            Expr::call(function.clone(), arguments.iter().map(unprepared))
        }
        Node::Constant(value) => {
            let literal = match (value, bound.ty()) {
                (Value::Geometry(geometry), ExprType::Geometry(crs)) => {
                    tiepoint_core::place(geometry.clone(), crs.clone())
                }
                _ => Expr::Literal(value.clone()),
            };
            let always = !tiepoint_core::field("text").is_null().is_null();
            Expr::call(Function::Case, [always, literal])
        }
    }
}
