//! Which values come in, and in which spelling.
use crate::{bring, column, mode, said};
use tiepoint::core::{Dims, GeometryType, KindRule, ZoneRule};
use tiepoint::{
    Crs, ErrorKind, Field, FieldType, GeometryKind, ImportMode, ImportOptions, LayerDefinition,
    MemoryStore, Schema, Store, TransactionOptions, Value,
};

/// A store with an empty layer `a` that has one field `v`.
fn with_field(ty: FieldType) -> MemoryStore {
    let store = MemoryStore::new();
    let schema = Schema::new(vec![Field::new("v", ty)]).expect("one field");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(&LayerDefinition::new("a", schema)).expect("creates");
    transaction.commit().expect("commits");
    store
}

fn appended(ty: FieldType, json: &str) -> Result<Value, String> {
    let store = with_field(ty);
    let text = format!(r#"{{"type":"Feature","properties":{{"v":{json}}},"geometry":null}}"#);
    bring(&store, "a.geojson", &text, &mode(ImportMode::Append)).map_err(|error| said(&error))?;
    Ok(column(&store, "a", "v").remove(0))
}

#[test]
fn a_value_takes_the_type_of_its_field_where_nothing_is_lost() {
    let decimal = FieldType::Decimal { precision: Some(6), scale: Some(2) };
    for (ty, json, expected) in [
        (FieldType::INT, "5.0", Value::Int(5)),
        (FieldType::INT, "\"5\"", Value::Int(5)),
        (FieldType::REAL, "5", Value::Real(5.0)),
        (FieldType::TEXT, "5.50", "5.50".into()),
        (FieldType::TEXT, "true", "true".into()),
        (FieldType::Date, "\"2024-02-29\"", Value::Date("2024-02-29".parse().expect("a date"))),
        (
            FieldType::DateTime(ZoneRule::Either),
            "\"2024-02-29T12:00:00Z\"",
            Value::DateTime("2024-02-29T12:00:00Z".parse().expect("a time")),
        ),
        (decimal, "\"12.50\"", Value::Decimal("12.50".parse().expect("a decimal"))),
        (
            FieldType::Json,
            "{\"a\":[1,2.50]}",
            Value::Json("{\"a\":[1,2.50]}".parse().expect("JSON")),
        ),
        (FieldType::Bool, "null", Value::Null),
    ] {
        assert_eq!(appended(ty.clone(), json), Ok(expected), "{json} as {ty}");
    }
}

#[test]
fn a_value_that_would_change_is_refused_by_place_and_field() {
    for (ty, json) in [
        (FieldType::INT, "5.5"),
        (FieldType::INT, "\"five\""),
        (FieldType::Bool, "1"),
        (FieldType::Date, "\"29.2.2024\""),
        (FieldType::Text { max_chars: Some(2) }, "\"oak\""),
    ] {
        let message = appended(ty.clone(), json).expect_err("would change");
        for part in ["a.geojson", "feature 1", "`v`"] {
            assert!(message.contains(part), "{json} as {ty}: {message}");
        }
    }
}

#[test]
fn text_is_kept_as_it_is_spelled() {
    let store = with_field(FieldType::TEXT);
    bring(&store, "a.csv", "v\n1.50\n1.5e3\n7\n", &mode(ImportMode::Append)).expect("imports");
    assert_eq!(column(&store, "a", "v"), ["1.50".into(), "1.5e3".into(), Value::from("7")]);
}

#[test]
fn a_single_geometry_is_the_only_member_where_the_layer_asks_for_multis() {
    let crs = Crs::epsg(4326);
    let only = KindRule::Only(GeometryKind::MultiPoint);
    let store = with_field(FieldType::Geometry(GeometryType::xy(only, crs.clone())));
    let text =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    bring(&store, "a.geojson", text, &mode(ImportMode::Append)).expect("imports");
    let value = column(&store, "a", "v").remove(0);
    let geometry = value.as_geometry().expect("a geometry");
    assert_eq!((geometry.to_wkt().as_str(), geometry.dims()), ("MULTIPOINT ((1 2))", Dims::Xy));

    let polygons = KindRule::Only(GeometryKind::MultiPolygon);
    let store = with_field(FieldType::Geometry(GeometryType::xy(polygons, crs)));
    let error = bring(&store, "a.geojson", text, &mode(ImportMode::Append)).expect_err("a point");
    assert!(said(&error).contains("expected MultiPolygon"), "{}", said(&error));
}

#[test]
fn coordinates_that_mean_something_else_are_refused_naming_both() {
    let metres = GeometryType::xy(KindRule::Any, Crs::epsg(25832));
    let store = with_field(FieldType::Geometry(metres));
    let text =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    let error = bring(&store, "a.geojson", text, &mode(ImportMode::Append)).expect_err("degrees");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let message = said(&error);
    assert!(message.contains("OGC:CRS84") && message.contains("EPSG:25832"), "{message}");
}

#[test]
fn a_document_demands_nothing_of_features_to_come() {
    let store = MemoryStore::new();
    bring(&store, "a.csv", "v\n1\n2\n", &ImportOptions::default()).expect("imports");
    assert!(store.layer("a").expect("is there").schema().fields().iter().all(|it| it.nullable));
}
