//! Where features that pass a filter can lie, and which keys are distances.
use tiepoint_core::{
    BBox, Bound, Crs, CrsUnits, Expr, Feature, Field, FieldType, Function, Geometry, GeometryType,
    KindRule, Metres, Schema, SpatialPredicate, field, place,
};
use tiepoint_spatial::{Evaluator, fold, nearest, reach};

fn schema(crs: &Crs) -> Schema {
    let geometry = || FieldType::Geometry(GeometryType::xy(KindRule::Any, crs.clone()));
    Schema::new(vec![
        Field::new("geom", geometry()),
        Field::new("other", geometry()),
        Field::new("n", FieldType::INT),
    ])
    .expect("distinct names")
}

fn bind(expr: &Expr, crs: &Crs) -> Bound {
    let bound = expr.bind(&schema(crs)).unwrap_or_else(|error| panic!("{expr}: {error}"));
    fold(&bound).expect("is served")
}

fn plan() -> Crs {
    Crs::epsg(25832)
}

fn at(wkt: &str) -> Expr {
    place(Geometry::from_wkt(wkt).expect(wkt), plan())
}

fn meets(min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> Expr {
    field("geom").meets_box(BBox { min_x, min_y, max_x, max_y }, plan())
}

/// The boxes in the plane, rounded to what is meant.
fn boxes(expr: &Expr) -> Option<Vec<[f64; 4]>> {
    let boxes = reach(&bind(expr, &plan()), 0)?;
    let rounded = |number: f64| (number * 1e6).round() / 1e6;
    Some(
        boxes
            .iter()
            .map(|it| {
                assert_eq!(it.wider_than, None, "{expr}");
                let (min, max) = (it.envelope.min(), it.envelope.max());
                [min.x, min.y, max.x, max.y].map(rounded)
            })
            .collect(),
    )
}

const SQUARE: &str = "POLYGON ((2 2,6 2,6 6,2 6,2 2))";

#[test]
fn predicates_beside_a_constant_reach_its_box() {
    let square = Some(vec![[2.0, 2.0, 6.0, 6.0]]);
    let middle = Some(vec![[4.0, 4.0, 4.0, 4.0]]);
    let g = || field("geom");
    for (filter, expected) in [
        (g().intersects(at(SQUARE)), &square),
        (at(SQUARE).intersects(g()), &square),
        (g().touches(at(SQUARE)), &square),
        (g().within(at(SQUARE)), &square),
        (at(SQUARE).contains(g()), &square),
        (g().spatially_equals(at(SQUARE)), &square),
        (g().boxes_meet(at(SQUARE)), &square),
        (g().relate(at(SQUARE), "T********".parse().expect("a mask")), &square),
        (!g().disjoint(at(SQUARE)), &square),
        (g().contains(at(SQUARE)), &middle),
        (at(SQUARE).covered_by(g()), &middle),
        (g().disjoint(at(SQUARE)), &None),
        (!g().intersects(at(SQUARE)), &None),
        (g().relate(at(SQUARE), "FF*FF****".parse().expect("a mask")), &None),
        (field("other").intersects(at(SQUARE)), &None),
        (g().intersects(field("other")), &None),
        (g().is_null(), &None),
        (field("n").eq(1), &None),
    ] {
        assert_eq!(boxes(&filter), *expected, "{filter}");
    }
}

#[test]
fn nothing_passes_beside_what_is_empty_or_null() {
    let nothing = Some(vec![]);
    let g = || field("geom");
    for filter in [
        g().intersects(at("POINT EMPTY")),
        g().within(Expr::NULL),
        g().boxes_meet(at("POINT EMPTY")),
        g().within_distance(at("POINT EMPTY"), CrsUnits(1.0)),
        g().within_distance(at("POINT (0 0)"), CrsUnits(-1.0)),
        g().distance(at("POINT (0 0)")).lt(-1),
        meets(0.0, 0.0, 1.0, 1.0) & Expr::from(false),
        Expr::from(false),
        g().within(at(SQUARE)) & g().within(at("POINT (10 10)")),
        g().within(at(SQUARE)) & meets(7.0, 7.0, 8.0, 8.0),
    ] {
        assert_eq!(boxes(&filter), nothing, "{filter}");
    }
    // what equals nothing is empty, and has no envelope that could meet a box
    assert_eq!(boxes(&g().spatially_equals(at("POINT EMPTY"))), None);
}

#[test]
fn distances_below_a_limit_reach_as_far() {
    let near = Some(vec![[-5.0, -5.0, 5.0, 5.0]]);
    let origin = || at("POINT (0 0)");
    let distance = || field("geom").distance(origin());
    let five = || Expr::from(5);
    for (filter, expected) in [
        (field("geom").within_distance(origin(), Metres(5.0)), &near),
        (origin().within_distance(field("geom"), CrsUnits(5.0)), &near),
        (distance().lt(5), &near),
        (distance().le(5.0), &near),
        (distance().eq(5), &near),
        (distance().between(3, 5), &near),
        (five().gt(distance()), &near),
        (five().ge(distance()), &near),
        (five().eq(distance()), &near),
        (distance().gt(5), &None),
        (five().le(distance()), &None),
        (distance().ne(5), &None),
        (distance().lt(field("n")), &None),
        (field("geom").within_distance(origin(), CrsUnits(f64::INFINITY)), &None),
    ] {
        assert_eq!(boxes(&filter), *expected, "{filter}");
    }
}

#[test]
fn conjunctions_tighten_and_disjunctions_widen() {
    let g = || field("geom");
    let wide = || meets(0.0, 0.0, 100.0, 100.0);
    for (filter, expected) in [
        (wide() & meets(1.0, 1.0, 2.0, 2.0), Some(vec![[1.0, 1.0, 2.0, 2.0]])),
        (wide() & field("n").eq(1), Some(vec![[0.0, 0.0, 100.0, 100.0]])),
        // what meets two boxes need not meet what they share
        (meets(0.0, 0.0, 3.0, 1.0) & meets(2.0, 0.0, 9.0, 1.0), Some(vec![[0.0, 0.0, 3.0, 1.0]])),
        // but what lies inside one and meets the other does
        (g().within(at(SQUARE)) & meets(0.0, 0.0, 3.0, 3.0), Some(vec![[2.0, 2.0, 3.0, 3.0]])),
        (
            g().within(at(SQUARE)) & g().covered_by(at("POLYGON ((4 0,9 0,9 9,4 9,4 0))")),
            Some(vec![[4.0, 2.0, 6.0, 6.0]]),
        ),
        (
            meets(0.0, 0.0, 1.0, 1.0) | meets(5.0, 5.0, 6.0, 6.0),
            Some(vec![[0.0, 0.0, 1.0, 1.0], [5.0, 5.0, 6.0, 6.0]]),
        ),
        (
            meets(0.0, 0.0, 1.0, 1.0) | g().intersects(at("POINT EMPTY")),
            Some(vec![[0.0, 0.0, 1.0, 1.0]]),
        ),
        (meets(0.0, 0.0, 1.0, 1.0) | field("n").eq(1), None),
        (
            (meets(0.0, 0.0, 1.0, 1.0) | g().within(at(SQUARE))) & field("n").eq(1),
            Some(vec![[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 6.0, 6.0]]),
        ),
        (Expr::from(true), None),
    ] {
        assert_eq!(boxes(&filter), expected, "{filter}");
    }
}

#[test]
fn constants_are_transformed_before_they_reach() {
    let munich = place(Geometry::from_wkt("POINT (11.5755 48.1374)").expect("is WKT"), Crs::CRS84);
    let filter = field("geom").within_distance(munich.transform(plan()), Metres(10.0));
    let found = boxes(&filter).expect("is bounded");
    assert_eq!(found.len(), 1);
    let [min_x, min_y, max_x, max_y] = found[0];
    assert!((max_x - min_x - 20.0).abs() < 1e-3 && (max_y - min_y - 20.0).abs() < 1e-3);
    assert!((min_x - 691_593.03).abs() < 0.01 && (min_y - 5_334_770.03).abs() < 0.01);
}

#[test]
fn metres_over_the_antimeridian_reach_both_sides() {
    let fiji = place(Geometry::from_wkt("POINT (180 -17)").expect("is WKT"), Crs::CRS84);
    let filter = field("geom").within_distance(fiji, Metres(1_000.0));
    let boxes = reach(&bind(&filter, &Crs::CRS84), 0).expect("is bounded");
    let holds = |x: f64| {
        let point = tiepoint_core::Envelope::of([tiepoint_core::Xy { x, y: -17.0 }]);
        let point = point.expect("finite").expect("a position");
        boxes.iter().any(|it| it.wider_than.is_none() && it.envelope.intersects(&point))
    };
    assert!(holds(179.999) && holds(-179.999) && !holds(179.9) && !holds(0.0));
}

#[test]
fn a_distance_from_a_field_is_an_order_by_nearness() {
    let key = |expr: Expr| bind(&expr, &plan());
    let here = Geometry::from_wkt("POINT (1 2)").expect("is WKT");
    for expr in
        [field("other").distance(at("POINT (1 2)")), at("POINT (1 2)").distance(field("other"))]
    {
        assert_eq!(nearest(&key(expr)), Some((1, &here, plan())));
    }
    for expr in [
        field("geom").distance(field("other")),
        field("geom").distance(at("POINT EMPTY")),
        field("geom").distance(at("POINT (1 2)")) * 2,
        field("geom").centroid().distance(at("POINT (1 2)")),
        field("n"),
        Expr::call(Function::Negate, [field("geom").distance(at("POINT (1 2)"))]),
    ] {
        assert_eq!(nearest(&key(expr.clone())), None, "{expr}");
    }
}

const SHAPES: &[&str] = &[
    "POINT (1 1)",
    "POINT (4 4)",
    "MULTIPOINT ((1 1),(9 4))",
    "LINESTRING (0 0,4 4)",
    "LINESTRING (0 4,4 0)",
    "LINESTRING (4 0,4 4)",
    "POLYGON ((0 0,4 0,4 4,0 4,0 0))",
    "POLYGON ((2 2,6 2,6 6,2 6,2 2))",
    "POLYGON ((4 0,8 0,8 4,4 4,4 0))",
    "POLYGON ((1 1,3 1,2 3,1 1))",
    "POLYGON ((0 0,10 0,10 10,0 10,0 0),(2 2,2 6,6 6,6 2,2 2))",
    "GEOMETRYCOLLECTION (POINT (9 9),LINESTRING (4 4,6 6))",
    "CIRCULARSTRING (0 0,2 2,4 0)",
    "CURVEPOLYGON (CIRCULARSTRING (0 0,4 0,0 0))",
    "POINT EMPTY",
    "POLYGON EMPTY",
];

/// Conditions on two geometries, every function that reach understands among them.
fn conditions(a: &Expr, b: &Expr) -> Vec<Expr> {
    let call = |function| Expr::call(function, [a.clone(), b.clone()]);
    let masks = ["T********", "****1****", "FF*FF****", "T*F**F***", "*********"];
    let masks = masks.map(|mask| call(Function::Relate(mask.parse().expect("a mask"))));
    let distance = || a.clone().distance(b.clone());
    let near = |limit| a.clone().within_distance(b.clone(), CrsUnits(limit));
    let mut conditions: Vec<Expr> =
        SpatialPredicate::ALL.map(|it| call(Function::Spatial(it))).into();
    conditions.extend(masks);
    conditions.extend([call(Function::BoxesMeet), near(0.0), near(1.5), near(4.0)]);
    conditions.extend([distance().lt(2), Expr::from(2).ge(distance()), distance().eq(0)]);
    conditions.extend(conditions.clone().into_iter().map(|it| !it));
    conditions
}

#[test]
fn a_constant_beside_a_field_decides_as_a_field_does_and_what_passes_is_within_reach() {
    let schema = schema(&plan());
    let geometry = |wkt: &str| Geometry::from_wkt(wkt).expect(wkt);
    let of_row = [("geom", "other"), ("other", "geom")].map(|(a, b)| (field(a), field(b)));
    let mut passing = 0;
    for constant in SHAPES {
        let of_constant = [(field("geom"), at(constant)), (at(constant), field("geom"))];
        let pairs = of_constant
            .iter()
            .zip(&of_row)
            .flat_map(|((a, b), (c, d))| conditions(a, b).into_iter().zip(conditions(c, d)));
        for (prepared, unprepared) in pairs {
            let bound = bind(&prepared, &plan());
            let boxes = reach(&bound, 0);
            let evaluators = [bound, bind(&unprepared, &plan())];
            let [prepared, unprepared] = evaluators.map(|it| Evaluator::new(&it).expect("served"));
            for shape in SHAPES {
                let (geom, other) = (geometry(shape), geometry(constant));
                let values = vec![Some(geom.clone().into()), Some(other.into()), None];
                let row = Feature::with_values(schema.clone().into(), values);
                let truth = prepared.truth(&row);
                assert_eq!(truth, unprepared.truth(&row), "{prepared:?} of {shape}");
                if let (Some(true), Some(boxes)) = (truth, &boxes) {
                    let envelope = geom.envelope();
                    let meets = envelope.is_some_and(|envelope| {
                        boxes.iter().any(|it| it.envelope.intersects(&envelope))
                    });
                    assert!(meets, "{prepared:?} passes {shape}, and reaches {boxes:?}");
                    passing += 1;
                }
            }
        }
    }
    assert!(passing > 3_000, "{passing}");
}
