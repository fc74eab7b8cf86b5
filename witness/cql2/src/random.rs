//! Random expressions of what the standard has words for.
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tiepoint_core::{
    BBox, Crs, Expr, Function, Geometry, SpatialPredicate, TemporalPredicate, Value,
};

pub(crate) const CRS: Crs = Crs::CRS84;

/// Hands over so many expressions, the same in every run.
pub(crate) fn expressions(count: usize, mut ask: impl FnMut(&Expr)) {
    let mut runner = TestRunner::deterministic();
    let strategy = truth();
    for _ in 0..count {
        if let Ok(tree) = strategy.new_tree(&mut runner) {
            ask(&tree.current());
        }
    }
}

fn name() -> BoxedStrategy<Expr> {
    let plain = "[a-z][a-z0-9_.:]{0,6}";
    prop_oneof![plain.boxed(), "[a-z\" ü🦀-]{1,6}".boxed()].prop_map(Expr::Field).boxed()
}

fn text() -> BoxedStrategy<Expr> {
    let plain = "[a-zA-Zß%_' 0-9]{0,8}".prop_map(Expr::from).boxed();
    let folded = (plain.clone(), any::<bool>())
        .prop_map(|(text, case)| if case { text.casei() } else { text.accenti() });
    prop_oneof![4 => plain, 1 => folded, 2 => name()].boxed()
}

fn number() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        (-1000_i64..1000).prop_map(Expr::from),
        (-1e6..1e6).prop_map(Expr::from),
        name(),
    ];
    let operators = [
        Function::Add,
        Function::Sub,
        Function::Mul,
        Function::Div,
        Function::IntDiv,
        Function::Mod,
        Function::Power,
    ];
    leaf.prop_recursive(4, 12, 2, move |inner| {
        let operators = prop::sample::select(operators.to_vec());
        prop_oneof![
            5 => (operators, inner.clone(), inner.clone()).prop_map(|(it, a, b)| Expr::call(it, [a, b])),
            1 => inner.prop_map(|a| -a),
        ]
    })
    .boxed()
}

fn moment() -> BoxedStrategy<Expr> {
    let parts = (1900..2100, 1..13, 1..29, 0..24, 0..60);
    parts
        .prop_map(|(year, month, day, hour, minute)| {
            let date = format!("{year}-{month:02}-{day:02}");
            match minute % 2 {
                0 => Value::Date(date.parse().expect("a date")),
                _ => {
                    let moment = format!("{date}T{hour:02}:{minute:02}:07.25Z");
                    Value::DateTime(moment.parse().expect("a moment"))
                }
            }
        })
        .prop_map(Expr::Literal)
        .boxed()
}

fn time() -> BoxedStrategy<Expr> {
    let end = prop_oneof![3 => moment(), 2 => name(), 1 => Just(Expr::NULL)];
    let interval = [end.clone(), end].prop_map(|ends| Expr::call(Function::Interval, ends));
    prop_oneof![moment(), name(), interval].boxed()
}

/// Geometries that the standard's schema has: not empty, and collections in no other.
fn geometry() -> BoxedStrategy<Expr> {
    let position = || (-180.0..180.0, -90.0..90.0).prop_map(|(x, y)| format!("{x} {y}"));
    (0..9, position(), position(), position())
        .prop_map(|(shape, a, b, c)| match shape {
            0 => format!("POINT ({a})"),
            1 => format!("POINT Z ({a} 5)"),
            2 => format!("LINESTRING ({a},{b},{c})"),
            3 => format!("POLYGON (({a},{b},{c},{a}))"),
            4 => format!("POLYGON Z (({a} 1,{b} 2.5,{c} 3,{a} 1))"),
            5 => format!("MULTIPOINT (({a}),({b}))"),
            6 => format!("MULTILINESTRING (({a},{b}),({b},{c}))"),
            7 => format!("MULTIPOLYGON ((({a},{b},{c},{a})),(({b},{c},{a},{b})))"),
            _ => format!("GEOMETRYCOLLECTION (POINT ({a}),LINESTRING ({b},{c}))"),
        })
        .prop_map(|wkt| Expr::Place(Geometry::from_wkt(&wkt).expect("is WKT"), CRS))
        .boxed()
}

fn place() -> BoxedStrategy<Expr> {
    let bbox = (-180.0..0.0, -90.0..0.0, 0.0..180.0, 0.0..90.0).prop_map(
        |(min_x, min_y, max_x, max_y)| Expr::Box(BBox { min_x, min_y, max_x, max_y }, CRS),
    );
    prop_oneof![name(), geometry(), bbox,].boxed()
}

fn array() -> BoxedStrategy<Expr> {
    let member = prop_oneof![text(), number(), moment()];
    let array = prop::collection::vec(member, 1..4);
    prop_oneof![array.prop_map(|it| Expr::call(Function::ArrayOf, it)), name()].boxed()
}

fn predicate() -> BoxedStrategy<Expr> {
    let comparisons =
        [Function::Eq, Function::Ne, Function::Lt, Function::Le, Function::Gt, Function::Ge];
    let arrays = [
        Function::ArrayEquals,
        Function::ArrayContains,
        Function::ArrayContainedBy,
        Function::ArrayOverlaps,
    ];
    let spatial = SpatialPredicate::ALL.into_iter().take(8).map(Function::Spatial);
    let spatial: Vec<_> = spatial.collect();
    let temporal: Vec<_> = TemporalPredicate::ALL.iter().copied().map(Function::Temporal).collect();
    let pair = |functions: Vec<Function>, of: BoxedStrategy<Expr>| {
        let functions = prop::sample::select(functions);
        (functions, of.clone(), of).prop_map(|(it, a, b)| Expr::call(it, [a, b])).boxed()
    };
    prop_oneof![
        3 => pair(comparisons.to_vec(), number()),
        3 => pair(comparisons.to_vec(), text()),
        1 => (text(), "[a-z%_]{0,5}").prop_map(|(a, pattern)| a.like(pattern.as_str())),
        1 => [number(), number(), number()].prop_map(|[a, low, high]| a.between(low, high)),
        1 => (number(), prop::collection::vec(number(), 1..4)).prop_map(|(a, list)| a.is_in(list)),
        1 => prop_oneof![number(), text()].prop_map(Expr::is_null),
        2 => pair(spatial, place()),
        2 => pair(temporal, time()),
        1 => pair(arrays.to_vec(), array()),
    ]
    .boxed()
}

fn truth() -> BoxedStrategy<Expr> {
    predicate()
        .prop_recursive(3, 12, 3, |inner| {
            let parts = prop::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                parts.clone().prop_map(|parts| Expr::call(Function::And, parts)),
                parts.prop_map(|parts| Expr::call(Function::Or, parts)),
                inner.prop_map(|it| !it),
            ]
        })
        .boxed()
}
