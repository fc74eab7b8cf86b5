//! How features are spelled.
use std::sync::Arc;
use tiepoint_codecs::csv::{GeometryLayout, ReadOptions, WriteOptions, Writer, reader, survey};
use tiepoint_codecs::{DocumentWriter, Result};
use tiepoint_core::{
    Crs, ErrorKind, Feature, Field, FieldType, Geometry, GeometryType, KindRule, ObjectId, Schema,
    Value, ZoneRule,
};

#[test]
fn every_value_has_one_spelling() {
    let json = Value::Json("{\"a\": [1, \"x\"]}".parse().expect("JSON"));
    for (ty, value, spelling) in [
        (FieldType::Bool, Value::Bool(true), "true"),
        (FieldType::INT, Value::Int(i64::MIN), "-9223372036854775808"),
        (FieldType::REAL, Value::Real(5.0), "5.0"),
        (FieldType::REAL, Value::Real(-0.0), "-0.0"),
        (FieldType::REAL, Value::Real(0.1), "0.1"),
        (FieldType::REAL, Value::Real(f64::NAN), "NaN"),
        (FieldType::REAL, Value::Real(f64::NEG_INFINITY), "-inf"),
        (FieldType::Decimal { precision: None, scale: None }, decimal("1.50"), "1.50"),
        (FieldType::TEXT, "".into(), "\"\""),
        (FieldType::TEXT, "00123".into(), "00123"),
        (FieldType::TEXT, "=1+1".into(), "=1+1"),
        (FieldType::TEXT, "a,b".into(), "\"a,b\""),
        (FieldType::TEXT, "a;b".into(), "a;b"),
        (FieldType::TEXT, "say \"hi\"".into(), "\"say \"\"hi\"\"\""),
        (FieldType::TEXT, "two\nlines".into(), "\"two\nlines\""),
        (FieldType::TEXT, " padded".into(), "\" padded\""),
        (FieldType::TEXT, "'s-Hertogenbosch".into(), "\"'s-Hertogenbosch\""),
        (FieldType::TEXT, "sep=;".into(), "\"sep=;\""),
        (FieldType::Bytes { max_bytes: None }, vec![0_u8, 0xAB, 0xFF].into(), "00ABFF"),
        (FieldType::Date, Value::Date("2024-02-29".parse().expect("a date")), "2024-02-29"),
        (
            FieldType::DateTime(ZoneRule::Either),
            Value::DateTime("2024-02-29 12:30:00.5+01:00".parse().expect("an instant")),
            "2024-02-29T12:30:00.5+01:00",
        ),
        (FieldType::Json, json, "\"{\"\"a\"\": [1, \"\"x\"\"]}\""),
        (FieldType::TEXT, Value::Null, ""),
    ] {
        let schema = schema(vec![Field::new("n", FieldType::INT), Field::new("v", ty)]);
        let feature = Feature::with_values(schema.clone(), vec![Some(Value::Int(1)), Some(value)]);
        let document = written(&schema, &[feature], WriteOptions::default()).expect("writable");
        assert_eq!(document, format!("n,v\r\n1,{spelling}\r\n"));
    }
}

#[test]
fn unset_is_written_like_null() {
    let schema = schema(vec![Field::new("a", FieldType::INT), Field::new("b", FieldType::INT)]);
    let feature = Feature::with_values(schema.clone(), vec![None, Some(Value::Null)]);
    let document = written(&schema, &[feature], WriteOptions::default()).expect("writable");
    assert_eq!(document, "a,b\r\n,\r\n");
}

#[test]
fn a_record_is_never_an_empty_line() {
    let schema = schema(vec![Field::new("a", FieldType::TEXT)]);
    let feature =
        |text: Option<&str>| Feature::with_values(schema.clone(), vec![Some(text.into())]);
    let features = [feature(None), feature(Some("x")), feature(None)];
    let document = written(&schema, &features, WriteOptions::default()).expect("writable");
    assert_eq!(document, "a\r\n\"\"\r\nx\r\n\"\"\r\n");
    assert_eq!(read(&document), features);
}

#[test]
fn a_layer_without_features_or_fields_has_a_header() {
    let fields = vec![point_field("geom"), Field::new("a", FieldType::INT)];
    for (schema, header) in [(schema(fields), "wkt,a\r\n"), (schema(Vec::new()), "\"\"\r\n")] {
        let document = written(&schema, &[], WriteOptions::default()).expect("writable");
        assert_eq!(document, header);
    }
}

#[test]
fn geometry_has_the_layout_asked_for() {
    let schema = schema(vec![Field::new("lat", FieldType::INT), point_field("geom")]);
    let point = Geometry::from_wkt("POINT (9.5 48)").expect("WKT");
    let rows = [Some(Value::Geometry(point)), Some(Value::Null)];
    let features = rows
        .map(|geometry| Feature::with_values(schema.clone(), vec![Some(Value::Int(7)), geometry]));
    for (layout, document) in [
        (GeometryLayout::Wkt, "lat,wkt\r\n7,POINT (9.5 48)\r\n7,\r\n"),
        (GeometryLayout::Xy, "lat,lon,lat_2\r\n7,9.5,48.0\r\n7,,\r\n"),
        (GeometryLayout::None, "lat\r\n7\r\n7\r\n"),
    ] {
        let options = WriteOptions { geometry: layout, ..WriteOptions::default() };
        assert_eq!(written(&schema, &features, options).expect("writable"), document);
    }
}

#[test]
fn points_in_two_columns_come_back() {
    let schema = schema(vec![point_field("geometry"), Field::new("n", FieldType::INT)]);
    let features = ["POINT (24.94 60.17)", "POINT (-180 -90)", "POINT (0.1 1e-7)"].map(|wkt| {
        let point = Geometry::from_wkt(wkt).expect("WKT");
        Feature::with_values(schema.clone(), vec![Some(point.into()), Some(Value::Int(1))])
    });
    let options = WriteOptions { geometry: GeometryLayout::Xy, ..WriteOptions::default() };
    assert_eq!(read(&written(&schema, &features, options).expect("writable")), features);
}

#[test]
fn two_columns_hold_plain_points_alone() {
    let schema = schema(vec![point_field("geom")]);
    let options = WriteOptions { geometry: GeometryLayout::Xy, ..WriteOptions::default() };
    for wkt in ["LINESTRING (0 0,1 1)", "POINT Z (1 2 3)", "MULTIPOINT ((1 2))"] {
        let geometry = Geometry::from_wkt(wkt).expect("WKT");
        let feature = Feature::with_values(schema.clone(), vec![Some(geometry.into())]);
        let error = written(&schema, &[feature], options.clone()).expect_err(wkt);
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.hint(), Some("write geometry as WKT instead"));
    }
}

#[test]
fn a_wkt_column_avoids_the_names_of_fields() {
    let fields = ["WKT", "geometry"].map(|name| Field::new(name, FieldType::TEXT));
    let schema = schema(fields.into_iter().chain([point_field("shape")]).collect());
    let document = written(&schema, &[], WriteOptions::default()).expect("writable");
    assert_eq!(document, "WKT,geometry,geom\r\n");
}

#[test]
fn object_ids_come_first_if_the_first_feature_has_one() {
    let schema = schema(vec![Field::new("a", FieldType::INT)]);
    let id: ObjectId = "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90".parse().expect("an id");
    let plain = Feature::with_values(schema.clone(), vec![Some(Value::Int(1))]);
    let mut tied = plain.clone();
    tied.id = Some(id);
    let with_ids = format!("object_id,a\r\n{id},1\r\n,1\r\n");
    let default = WriteOptions::default();
    let document = written(&schema, &[tied.clone(), plain.clone()], default.clone());
    assert_eq!(document.expect("writable"), with_ids);
    assert_eq!(read(&with_ids), [tied.clone(), plain.clone()]);
    let error =
        written(&schema, &[plain.clone(), tied.clone()], default.clone()).expect_err("late");
    assert!(error.to_string().contains("feature 2 has an object id"), "{error}");
    let without = WriteOptions { object_ids: Some(false), ..default };
    assert_eq!(written(&schema, &[plain, tied], without).expect("writable"), "a\r\n1\r\n1\r\n");
}

#[test]
fn a_field_named_like_the_id_column_is_refused_beside_it() {
    let schema = schema(vec![Field::new("object_id", FieldType::TEXT)]);
    let options = WriteOptions { object_ids: Some(true), ..WriteOptions::default() };
    let error = written(&schema, &[], options).expect_err("two columns of one name");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn other_fields_than_announced_are_refused() {
    let announced = schema(vec![Field::new("a", FieldType::INT)]);
    let other = schema(vec![Field::new("b", FieldType::INT)]);
    let feature = Feature::with_values(other, vec![Some(Value::Int(1))]);
    assert!(written(&announced, &[feature], WriteOptions::default()).is_err());
}

#[test]
fn a_mark_tells_spreadsheets_that_it_is_utf_8() {
    let schema = schema(vec![Field::new("ä", FieldType::INT)]);
    let options =
        WriteOptions { byte_order_mark: true, delimiter: b';', ..WriteOptions::default() };
    assert_eq!(written(&schema, &[], options).expect("writable"), "\u{feff}ä\r\n");
    for delimiter in [b'"', b'\n', b'a', 0xE4] {
        let options = WriteOptions { delimiter, ..WriteOptions::default() };
        assert!(written(&schema, &[], options).is_err(), "{delimiter}");
    }
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().expect("a decimal"))
}

fn schema(fields: Vec<Field>) -> Arc<Schema> {
    Arc::new(Schema::new(fields).expect("distinct"))
}

fn point_field(name: &str) -> Field {
    let ty = GeometryType::xy(KindRule::Only(tiepoint_core::GeometryKind::Point), Crs::CRS84);
    Field::new(name, FieldType::Geometry(ty))
}

fn written(schema: &Arc<Schema>, features: &[Feature], options: WriteOptions) -> Result<String> {
    let mut document = Vec::new();
    let mut writer = Box::new(Writer::new(&mut document, Arc::clone(schema), options)?);
    features.iter().try_for_each(|feature| writer.write(feature))?;
    writer.finish()?;
    Ok(String::from_utf8(document).expect("UTF-8"))
}

fn read(document: &str) -> Vec<Feature> {
    let found = survey(document.as_bytes(), &ReadOptions::default()).expect("our own document");
    let features = reader(document.as_bytes(), &found).expect("the same");
    features.map(|feature| feature.expect("our own feature")).collect()
}
