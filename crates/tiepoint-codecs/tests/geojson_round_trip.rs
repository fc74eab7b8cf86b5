//! What is written is read back to the same bits, by us and as JSON by `serde_json`.
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_codecs::geojson::{self, Layout, ReadOptions, WriteOptions, Writer};
use tiepoint_codecs::{CodecError, DocumentWriter};
use tiepoint_core::testing::{arb_ordinate, arb_plain_geometry};
use tiepoint_core::{
    Crs, Feature, Field, FieldType, Geometry, GeometryRef, GeometryType, KindRule, ObjectId,
    OrdinateRule, Parts, Schema, Value, ZoneRule,
};

const LAYOUTS: [Layout; 3] = [Layout::Collection, Layout::Lines, Layout::TextSequence];

fn written(features: &[Feature], schema: &Arc<Schema>, options: WriteOptions) -> Vec<u8> {
    let mut document = Vec::new();
    let writer = Writer::new(&mut document, Arc::clone(schema), options);
    let mut writer = Box::new(writer.expect("can be written"));
    for feature in features {
        writer.write(feature).expect("can be written");
    }
    writer.finish().expect("memory takes it");
    document
}

fn read(document: &[u8]) -> (tiepoint_codecs::Survey, Vec<Feature>) {
    let options = ReadOptions::default();
    let survey = geojson::survey(document, &options).expect("can be surveyed");
    let features = geojson::reader(document, &survey, &options).collect::<Result<_, _>>();
    (survey, features.expect("all are good"))
}

/// One field of each type that comes back as it was, under names that need escapes.
fn schema() -> Arc<Schema> {
    let geometry = GeometryType {
        z: OrdinateRule::Optional,
        ..GeometryType::xy(KindRule::Any, Crs::epsg(4326))
    };
    let fields = vec![
        Field::new("ja \"oder\" nein", FieldType::Bool),
        Field::new("", FieldType::INT),
        Field::new("größe\n", FieldType::REAL),
        Field::new("\\", FieldType::Decimal { precision: None, scale: None }),
        Field::new("geometry", FieldType::TEXT),
        Field::new("id", FieldType::Date),
        Field::new("type", FieldType::DateTime(ZoneRule::Either)),
        Field::new("properties", FieldType::Json),
        Field::new("geom", FieldType::Geometry(geometry)),
    ];
    Arc::new(Schema::new(fields).expect("names differ"))
}

fn json() -> impl Strategy<Value = String> {
    let scalars =
        ["null", "true", "-0.10e5", "\"\\ud83d\\ude00 \\\" ]}\"", "12345678901234567890.10"];
    let leaf = proptest::sample::select(scalars.to_vec()).prop_map(str::to_owned);
    let nested = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|elements| format!("[ {}]", elements.join(" ,"))),
            inner.prop_map(|member| format!("{{\"k\\\\\": {member} }}")),
        ]
    });
    nested.prop_map(|json| format!("[{json}]"))
}

fn value(ty: &FieldType) -> BoxedStrategy<Value> {
    let digits = "-?[1-9][0-9]{20,40}";
    match ty {
        FieldType::Bool => any::<bool>().prop_map(Value::from).boxed(),
        FieldType::Int(_) => any::<i64>().prop_map(Value::from).boxed(),
        FieldType::Real(_) => arb_ordinate().prop_map(Value::Real).boxed(),
        FieldType::Decimal { .. } => {
            digits.prop_map(|digits| Value::Decimal(digits.parse().expect("digits"))).boxed()
        }
        FieldType::Text { .. } => any::<String>().prop_map(Value::from).boxed(),
        FieldType::Date => (1900..2100_i32, 1..=12_u32, 1..=28_u32)
            .prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}").parse().expect("a date"))
            .prop_map(Value::Date)
            .boxed(),
        FieldType::DateTime(_) => (0..24_u32, any::<u16>(), prop_oneof!["", "Z", "[+-]0[1-9]:30"])
            .prop_map(|(hour, fraction, zone)| {
                format!("2024-02-29T{hour:02}:00:59.{fraction}1{zone}")
            })
            .prop_map(|text| Value::DateTime(text.parse().expect("a date and time")))
            .boxed(),
        FieldType::Json => json().prop_map(|json| Value::Json(json.parse().expect("JSON"))).boxed(),
        FieldType::Geometry(_) => arb_plain_geometry().prop_map(Value::Geometry).boxed(),
        other => unreachable!("{other} is not in the schema"),
    }
}

fn feature() -> impl Strategy<Value = Feature> {
    let schema = schema();
    let slots: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| {
            prop_oneof![1 => Just(None), 1 => Just(Some(Value::Null)), 4 => value(&field.ty).prop_map(Some)]
        })
        .collect();
    (slots, any::<Option<u128>>()).prop_map(move |(values, id)| {
        let mut feature = Feature::with_values(Arc::clone(&schema), values);
        feature.id = id.and_then(|id| ObjectId::from_bytes(id.to_be_bytes()).ok());
        feature
    })
}

/// The same positions in the same order, except that rings may go the other way round, that an
/// empty geometry may have lost its heights, and that unset geometries have become null.
fn is_same_geometry(before: Option<&Value>, after: Option<&Value>) -> bool {
    match (before, after) {
        (None | Some(Value::Null), None | Some(Value::Null)) => true,
        (Some(Value::Geometry(before)), Some(Value::Geometry(after))) => {
            let dims = before.is_empty() || before.dims() == after.dims();
            dims && is_same_part(before.as_ref(), after.as_ref())
        }
        _ => false,
    }
}

fn is_same_part(before: GeometryRef<'_>, after: GeometryRef<'_>) -> bool {
    let positions = |line: tiepoint_core::Positions<'_>| -> Vec<Vec<u64>> {
        line.iter().map(|at| at.ordinates().iter().map(|o| o.to_bits()).collect()).collect()
    };
    let same_parts = match (before.parts(), after.parts()) {
        (Parts::Positions(before), Parts::Positions(after)) => {
            positions(before) == positions(after)
        }
        (Parts::Rings(before), Parts::Rings(after)) => {
            before.len() == after.len()
                && before.zip(after).all(|(before, after)| {
                    let (before, mut after) = (positions(before), positions(after));
                    before == after || {
                        after.reverse();
                        before == after
                    }
                })
        }
        (Parts::Members(before), Parts::Members(after)) => {
            before.len() == after.len()
                && before.zip(after).all(|(before, after)| is_same_part(before, after))
        }
        _ => false,
    };
    before.kind() == after.kind() && same_parts
}

proptest! {
    #[test]
    fn features_come_back_to_the_bit(features in vec(feature(), 0..8), layout in proptest::sample::select(LAYOUTS.to_vec())) {
        let options = WriteOptions { layout, name: Some("ä \"".to_owned()), ..WriteOptions::default() };
        let document = written(&features, &schema(), options.clone());
        prop_assume!(layout == Layout::Collection || !features.is_empty());
        let (survey, again) = read(&document);
        prop_assert_eq!(again.len(), features.len());
        prop_assert_eq!(survey.name.as_deref(), (layout == Layout::Collection).then_some("ä \""));
        for (before, after) in features.iter().zip(&again) {
            prop_assert_eq!(before.id, after.id);
            for (field, value) in before.schema().fields().iter().zip(before.values()) {
                if field.name == "geom" {
                    let after = survey.schema.geometry().and_then(|(at, _)| after.values()[at].as_ref());
                    prop_assert!(is_same_geometry(value.as_ref(), after), "{:?} {:?}", value, after);
                } else {
                    prop_assert_eq!(value.as_ref(), after.get(&field.name), "{}", field.name);
                }
            }
        }
        if survey.schema.geometry().is_some() {
            let (_, third) = read(&written(&again, &survey.schema, options));
            prop_assert_eq!(third, again, "a second time nothing changes at all");
        }
    }

    #[test]
    fn serde_json_reads_what_we_write(features in vec(feature(), 1..5)) {
        let collection = written(&features, &schema(), WriteOptions::default());
        let parsed: serde_json::Value = serde_json::from_slice(&collection).expect("is JSON");
        prop_assert_eq!(parsed["features"].as_array().map(Vec::len), Some(features.len()));
        let lines = written(&features, &schema(), WriteOptions { layout: Layout::Lines, ..WriteOptions::default() });
        let lines = String::from_utf8(lines).expect("is UTF-8");
        for (line, feature) in lines.lines().zip(parsed["features"].as_array().expect("an array")) {
            let line: serde_json::Value = serde_json::from_str(line).expect("is JSON");
            prop_assert_eq!(&line, feature);
        }
    }

    #[test]
    fn rounded_coordinates_are_near_and_rings_stay_closed(geometry in arb_plain_geometry(), digits in 0..12_u8) {
        let ty = GeometryType { z: OrdinateRule::Optional, ..GeometryType::xy(KindRule::Any, Crs::CRS84) };
        let schema = Arc::new(Schema::new(vec![Field::new("geom", FieldType::Geometry(ty))]).expect("one"));
        let feature = Feature::with_values(Arc::clone(&schema), vec![Some(Value::Geometry(geometry.clone()))]);
        let options = WriteOptions { decimals: Some(digits), ..WriteOptions::default() };
        let (_, again) = read(&written(&[feature], &schema, options));
        let again = again[0].geometry().expect("still has one");
        prop_assert_eq!(again.num_positions(), geometry.num_positions());
        if let (Some(before), Some(after)) = (geometry.envelope(), again.envelope()) {
            let step = 0.5001 * 10_f64.powi(-i32::from(digits)) + 1e-6;
            prop_assert!((before.min().x - after.min().x).abs() <= step);
            prop_assert!((before.max().y - after.max().y).abs() <= step);
        }
    }
}

#[test]
fn the_fixtures_are_what_serde_json_makes_of_them() {
    for name in ["cities", "countries"] {
        let path = format!("{}/../../fixtures/{name}.geojson", env!("CARGO_MANIFEST_DIR"));
        let document = std::fs::read(&path).expect("the fixture");
        let expected: serde_json::Value = serde_json::from_slice(&document).expect("is JSON");
        let expected = expected["features"].as_array().expect("an array");
        let (survey, features) = read(&document);
        assert_eq!((features.len(), survey.features), (expected.len(), expected.len() as u64));

        let rewritten = written(&features, &survey.schema, WriteOptions::default());
        let rewritten: serde_json::Value = serde_json::from_slice(&rewritten).expect("is JSON");
        for (before, after) in
            expected.iter().zip(rewritten["features"].as_array().expect("an array"))
        {
            assert_eq!(before["properties"], after["properties"]);
            assert_eq!(before["geometry"]["type"], after["geometry"]["type"]);
            let [before, after] =
                [before, after].map(|one| numbers(&one["geometry"]["coordinates"]));
            assert_eq!(before, after, "the same ordinates, rings turned or not");
        }
    }
}

/// How often each number occurs.
fn numbers(json: &serde_json::Value) -> HashMap<u64, usize> {
    let mut counts = HashMap::new();
    let mut rest = vec![json];
    while let Some(json) = rest.pop() {
        match json {
            serde_json::Value::Array(elements) => rest.extend(elements),
            number => {
                let number = number.as_f64().expect("a number");
                *counts.entry(number.to_bits()).or_default() += 1;
            }
        }
    }
    counts
}

fn of_one_field(name: &str, ty: FieldType) -> Arc<Schema> {
    Arc::new(Schema::new(vec![Field::new(name, ty)]).expect("one field"))
}

#[test]
fn other_systems_need_the_old_member_and_come_back_with_it() {
    let schema =
        |crs| of_one_field("geom", FieldType::Geometry(GeometryType::xy(KindRule::Any, crs)));
    let point = Value::Geometry(Geometry::from_wkt("POINT (1 2)").expect("a point"));
    for crs in [Crs::epsg(25832), Crs::UndefinedCartesian, Crs::from_authority("IAU", "49900")] {
        let schema = schema(crs.clone());
        let refused = Writer::new(Vec::new(), Arc::clone(&schema), WriteOptions::default());
        let error = refused.err().expect("RFC 7946 has one CRS");
        assert!(error.to_string().contains(&crs.to_string()) && error.hint().is_some(), "{error}");

        let feature = Feature::with_values(Arc::clone(&schema), vec![Some(point.clone())]);
        for layout in LAYOUTS {
            let options = WriteOptions { layout, crs_member: true, ..WriteOptions::default() };
            let (survey, features) =
                read(&written(std::slice::from_ref(&feature), &schema, options));
            assert_eq!(survey.schema.geometry().expect("has one").1.crs, crs);
            assert_eq!(features[0].geometry(), point.as_geometry());
        }
    }
    let nameless = Crs::Proj("+proj=laea".into());
    let options = WriteOptions { crs_member: true, ..WriteOptions::default() };
    assert!(Writer::new(Vec::new(), schema(nameless), options).is_err());
}

#[test]
fn a_feature_that_cannot_be_written_leaves_no_trace() {
    let schema = of_one_field("height", FieldType::REAL);
    let feature =
        |height: f64| Feature::with_values(Arc::clone(&schema), vec![Some(height.into())]);
    let mut document = Vec::new();
    let writer = Writer::new(&mut document, Arc::clone(&schema), WriteOptions::default());
    let mut writer = Box::new(writer.expect("can be written"));
    for (height, can) in [(f64::NAN, false), (1.5, true), (f64::INFINITY, false), (2.5, true)] {
        match writer.write(&feature(height)) {
            Err(CodecError::Unsupported { what, .. }) => {
                assert!(!can && what.contains("`height`"), "{what}");
            }
            other => assert!(can && other.is_ok(), "{other:?}"),
        }
    }
    writer.finish().expect("memory takes it");
    let (_, features) = read(&document);
    let heights: Vec<_> = features.iter().map(|feature| feature.get("height").cloned()).collect();
    assert_eq!(heights, [Some(Value::Real(1.5)), Some(Value::Real(2.5))]);
}

#[test]
fn two_geometries_and_curves_and_measures_are_refused() {
    let ty = |crs| FieldType::Geometry(GeometryType::xy(KindRule::Any, crs));
    let two = vec![Field::new("a", ty(Crs::CRS84)), Field::new("b", ty(Crs::CRS84))];
    let schema = Arc::new(Schema::new(two).expect("two"));
    let error = Writer::new(Vec::new(), schema, WriteOptions::default()).err().expect("refused");
    assert!(error.to_string().contains("`a` and `b`"), "{error}");

    let schema = of_one_field("geom", ty(Crs::CRS84));
    let mut writer =
        Writer::new(Vec::new(), Arc::clone(&schema), WriteOptions::default()).expect("one");
    for wkt in ["CIRCULARSTRING (0 0,1 1,2 0)", "POINT M (1 2 3)", "TIN EMPTY"] {
        let geometry = Geometry::from_wkt(wkt).expect(wkt);
        let feature =
            Feature::with_values(Arc::clone(&schema), vec![Some(Value::Geometry(geometry))]);
        let error = writer.write(&feature).expect_err(wkt);
        assert!(error.to_string().starts_with("field `geom`: GeoJSON has no"), "{error}");
    }
}

#[test]
fn a_feature_across_the_antimeridian_is_cut_on_request() {
    let fiji = "POLYGON ((179 -19,-179 -19,-179 -16,179 -16,179 -19))";
    let ty = GeometryType::xy(KindRule::Any, Crs::CRS84);
    let schema = of_one_field("geom", FieldType::Geometry(ty));
    let value = Value::Geometry(Geometry::from_wkt(fiji).expect("a polygon"));
    let feature = Feature::with_values(Arc::clone(&schema), vec![Some(value)]);
    let options = WriteOptions { cut_antimeridian: true, ..WriteOptions::default() };
    let (_, features) = read(&written(&[feature], &schema, options));
    assert_eq!(
        features[0].geometry().expect("has one").to_wkt(),
        "MULTIPOLYGON (((180 -16,179 -16,179 -19,180 -19,180 -16)),\
         ((-180 -19,-179 -19,-179 -16,-180 -16,-180 -19)))"
    );
    let metres =
        of_one_field("geom", FieldType::Geometry(GeometryType::xy(KindRule::Any, Crs::epsg(3857))));
    let options =
        WriteOptions { cut_antimeridian: true, crs_member: true, ..WriteOptions::default() };
    assert!(Writer::new(Vec::new(), metres, options).is_err(), "metres have no antimeridian");
}

#[test]
fn a_document_without_features_is_one() {
    let schema = of_one_field("a", FieldType::INT);
    let document = written(&[], &schema, WriteOptions::default());
    let (survey, features) = read(&document);
    assert_eq!((survey.features, survey.schema.fields().len(), features.len()), (0, 0, 0));
}
