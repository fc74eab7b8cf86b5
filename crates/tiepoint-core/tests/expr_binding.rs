//! What is wrong with an expression is found before anything runs, and told with both sides.
use tiepoint_core::{
    BindError, Bound, Crs, CrsUnits, Expr, ExprType, Field, FieldType, Function, Geometry,
    GeometryType, KindRule, LengthUnit, Metres, Schema, TemporalPredicate, Value, ZoneRule, field,
    place,
};

fn bound(expr: &Expr) -> Result<Bound, BindError> {
    let located = |name: &str, crs: Crs| {
        Field::new(name, FieldType::Geometry(GeometryType::xy(KindRule::Any, crs)))
    };
    let schema = Schema::new(vec![
        Field::new("n", FieldType::INT),
        Field::new("t", FieldType::TEXT),
        Field::new("price", FieldType::Decimal { precision: None, scale: None }),
        Field::new("uuid", FieldType::Uuid),
        Field::new("day", FieldType::Date),
        Field::new("moment", FieldType::DateTime(ZoneRule::Either)),
        located("geom", Crs::CRS84),
        located("plan", Crs::epsg(25832)),
        located("feet", Crs::epsg(2263)),
        located("web", Crs::epsg(3857)),
        located("somewhere", Crs::UndefinedCartesian),
    ]);
    expr.bind(&schema.expect("distinct names"))
}

fn here(crs: Crs) -> Expr {
    place(Geometry::from_wkt("POINT (8 47)").expect("is WKT"), crs)
}

fn refused(expr: &Expr) -> String {
    bound(expr).map_or_else(|error| error.to_string(), |it| panic!("{it} fits"))
}

#[test]
fn what_does_not_fit_names_both_sides() {
    let bern = || here(Crs::epsg(2056));
    for (expr, words) in [
        (field("n").eq("x"), "`n` is integer and `'x'` is text"),
        (field("day").gt("2020-01-01"), "`day` is date and `'2020-01-01'` is text"),
        (
            field("geom").intersects(bern()),
            "`geom` is in OGC:CRS84 and `POINT (8 47)` is in EPSG:2056",
        ),
        (field("geom").intersects(field("plan")), "EPSG:25832"),
        (field("geom").intersects(field("t")), "`s_intersects` takes a geometry, but `t` is text"),
        (field("t") + 1, "`+` takes a number, but `t` is text"),
        (field("n") & field("n").gt(1), "`and` takes true or false, but `n` is integer"),
        (Expr::call(Function::Lower, []), "`lower` takes one argument, found 0"),
        (field("geom").eq(field("geom")), "cannot be compared"),
        (
            Expr::Literal(Geometry::from_wkt("POINT (1 2)").expect("is WKT").into()),
            "nothing of its CRS",
        ),
    ] {
        assert!(refused(&expr).contains(words), "{}", refused(&expr));
    }
}

#[test]
fn a_length_has_a_unit_that_its_crs_has() {
    let near = |name: &str, crs: Crs| field(name).within_distance(here(crs), Metres(500.0));
    let limit = |expr: &Expr| {
        let bound = bound(expr).expect("fits");
        let (function, arguments) = bound.as_call().expect("is a call");
        (function.clone(), arguments[2].as_constant().cloned())
    };
    let metres = Function::WithinDistance(LengthUnit::Metre);
    assert_eq!(limit(&near("geom", Crs::CRS84)), (metres, Some(500.0.into())));
    let units = Function::WithinDistance(LengthUnit::CrsUnit);
    assert_eq!(limit(&near("plan", Crs::epsg(25832))), (units.clone(), Some(500.0.into())));
    let us_feet = 500.0 / (1_200.0 / 3_937.0);
    let (function, feet) = limit(&near("feet", Crs::epsg(2263)));
    assert!(
        function == units && matches!(feet, Some(Value::Real(it)) if (it - us_feet).abs() < 1e-6)
    );
    let degrees = field("geom").within_distance(here(Crs::CRS84), CrsUnits(0.1));
    assert!(refused(&degrees).contains("degrees"), "{}", refused(&degrees));
    let stretched = bound(&near("web", Crs::epsg(3857))).expect("is measured on the ground");
    assert!(
        stretched.to_string().starts_with("within_distance(transform(web, 'OGC:CRS84')"),
        "{stretched}"
    );
    assert!(refused(&near("somewhere", Crs::UndefinedCartesian)).contains("how long its unit is"));
}

#[test]
fn literals_are_read_as_what_they_stand_beside() {
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let id = bound(&field("uuid").eq(uuid)).expect("fits");
    assert_eq!(id.as_call().expect("is a call").1[1].ty(), &ExprType::Uuid);
    let price = bound(&field("price").eq(19.99)).expect("fits");
    let exact = Value::Decimal("19.99".parse().expect("is a decimal"));
    assert_eq!(price.as_call().expect("is a call").1[1].as_constant(), Some(&exact));
}

#[test]
fn nesting_has_a_limit_and_length_has_none() {
    let deep = |depth: usize| (0..depth).fold(field("n").gt(1), |inner, _| !inner);
    assert!(bound(&deep(Expr::MAX_DEPTH - 1)).is_ok());
    assert_eq!(bound(&deep(Expr::MAX_DEPTH + 1)), Err(BindError::TooDeep));
    let long = (0..10_000).map(|n| field("n").eq(n)).reduce(Expr::or).expect("many");
    assert!(bound(&long).is_ok(), "alternatives lie side by side");
}

#[test]
fn an_open_interval_does_not_hide_that_nothing_is_known() {
    let open = Expr::call(Function::Interval, [Expr::NULL, Expr::NULL]);
    let predicate = Function::Temporal(TemporalPredicate::Intersects);
    let always = bound(&Expr::call(predicate, [field("day"), open])).expect("fits");
    assert!(always.to_string().contains("day IS NULL"), "{always}");
}

#[test]
fn geometry_means_the_first_where_no_field_is_called_so() {
    assert_eq!(bound(&Expr::geometry()).expect("fits").as_field(), Some(6));
    let plan = GeometryType::xy(KindRule::Any, Crs::epsg(25832));
    let schema = Schema::new(vec![Field::new("plan", FieldType::Geometry(plan))]);
    let bound = field("geom").bind(&schema.expect("one field")).expect("fits");
    assert_eq!(bound.to_string(), "plan");
}
