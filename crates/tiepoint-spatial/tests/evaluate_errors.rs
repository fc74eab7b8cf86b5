//! What cannot be evaluated is refused before any row is seen, with what, where and what to do.
use tiepoint_core::{
    Crs, ErrorKind, Expr, ExprType, Field, FieldType, Function, GeometryType, KindRule,
    NativeFunction, Schema, Value, field,
};
use tiepoint_spatial::{EvaluateError, Evaluator, fold};

fn schema(crs: Crs) -> Schema {
    Schema::new(vec![
        Field::new("t", FieldType::TEXT),
        Field::new("day", FieldType::Date),
        Field::new("geom", FieldType::Geometry(GeometryType::xy(KindRule::Any, crs))),
    ])
    .expect("distinct names")
}

fn refused(expr: &Expr, crs: Crs) -> EvaluateError {
    let bound = expr.bind(&schema(crs)).unwrap_or_else(|error| panic!("{expr}: {error}"));
    Evaluator::new(&bound).expect_err("cannot be evaluated")
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let mars = Crs::Proj("+proj=longlat +no_defs".into());
    let native = Function::Native(NativeFunction {
        store: "postgis".to_owned(),
        name: "st_hausdorffdistance".to_owned(),
        ty: ExprType::Real,
    });
    let interval = Expr::call(Function::Interval, [field("day"), field("day")]);
    let huge = r"\w{999}".repeat(9);
    for (expr, crs, kind, words) in [
        (
            field("t").matches("a(b"),
            Crs::CRS84,
            ErrorKind::Invalid,
            "`a(b` is no regular expression: unclosed group, at character 2",
        ),
        (field("t").matches("äö[z-a]"), Crs::CRS84, ErrorKind::Invalid, "at character 4"),
        (field("t").matches(huge.as_str()), Crs::CRS84, ErrorKind::Invalid, "it needs more than"),
        (field("t").matches(field("t")), Crs::CRS84, ErrorKind::Invalid, "literal"),
        (
            field("geom").transform(Crs::CRS84).x(),
            Crs::UndefinedCartesian,
            ErrorKind::Invalid,
            "undefined Cartesian CRS",
        ),
        (field("geom").transform(Crs::epsg(1)).x(), Crs::CRS84, ErrorKind::Unsupported, "EPSG:1"),
        (field("geom").area(), mars, ErrorKind::Unsupported, "area(geom)"),
        (Expr::call(native, [field("geom")]), Crs::CRS84, ErrorKind::Unsupported, "postgis"),
        (interval, Crs::CRS84, ErrorKind::Invalid, "interval(day, day)"),
    ] {
        let error = refused(&expr, crs);
        let message = error.to_string();
        assert!(message.contains(words), "{message}");
        assert!(message.len() < 400, "{message}");
        assert_eq!(error.kind(), kind, "{message}");
        assert!(error.hint().is_some(), "{message}");
    }
}

#[test]
fn folding_leaves_functions_of_stores_and_computes_the_rest() {
    let native = Function::Native(NativeFunction {
        store: "gpkg".to_owned(),
        name: "soundex".to_owned(),
        ty: ExprType::Text,
    });
    let schema = schema(Crs::CRS84);
    let folded = |expr: Expr| fold(&expr.bind(&schema).expect("fits")).expect("can be folded");
    let call = |argument: Expr| Expr::call(native.clone(), [argument]);
    assert_eq!(folded(call(Expr::from("a").casei())), folded(call("a".into())));
    assert_eq!(folded(call("b".into()).eq("B".to_owned())).native_stores().len(), 1);
    let null = folded(field("t").eq(Expr::NULL) & field("t").is_null());
    assert_eq!(null.to_string(), "NULL AND t IS NULL");
    assert_eq!(folded(field("t").eq("a") | Expr::from(1).lt(2)).as_constant(), Some(&true.into()));
    assert_eq!(folded(field("t").eq("a") & Expr::from(1).lt(2)).to_string(), "t = 'a'");
    let bad = field("t").matches("(").bind(&schema).expect("fits");
    assert!(fold(&bad).is_ok(), "only what is computed is compiled");
    assert_eq!(folded(Expr::from(1) / 0).as_constant(), Some(&Value::Null));
}

#[test]
fn evaluators_go_from_thread_to_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Evaluator>();
    is_send_and_sync::<EvaluateError>();
}
