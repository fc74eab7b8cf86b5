//! Documents as people have them: what they become, and what is said about those that are broken.
use std::sync::Arc;
use tiepoint_codecs::geojson::{self, Framing, ReadOptions};
use tiepoint_codecs::{CodecError, Survey};
use tiepoint_core::{
    Crs, Feature, FieldType, GeometryKind, KindRule, OrdinateRule, Value, ZoneRule,
};

type Read = Result<Feature, CodecError>;

fn read_with(document: &[u8], options: &ReadOptions) -> (Survey, Vec<Read>) {
    let survey = geojson::survey(document, options).expect("can be surveyed");
    let features = geojson::reader(document, &survey, options).collect();
    (survey, features)
}

fn read(document: &str) -> (Survey, Vec<Feature>) {
    let (survey, features) = read_with(document.as_bytes(), &ReadOptions::default());
    (survey, features.into_iter().map(|feature| feature.expect("is good")).collect())
}

fn collection(features: &[&str]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

fn with_geometry(geometry: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#)
}

fn with_properties(properties: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":null}}"#)
}

fn names(survey: &Survey) -> Vec<&str> {
    survey.schema.fields().iter().map(|field| field.name.as_str()).collect()
}

#[test]
fn geometries_are_what_they_say() {
    for (json, wkt) in [
        (r#"{"type":"Point","coordinates":[1,2]}"#, "POINT (1 2)"),
        (r#"{"type":"Point","coordinates":[-0.0,1e2]}"#, "POINT (-0 100)"),
        (r#"{"type":"Point","coordinates":[]}"#, "POINT EMPTY"),
        (r#"{"coordinates":[1,2,3],"type":"Point"}"#, "POINT Z (1 2 3)"),
        (
            r#"{"type":"MultiPoint","coordinates":[[1,2],[],[3,4]]}"#,
            "MULTIPOINT ((1 2),EMPTY,(3 4))",
        ),
        (r#"{"type":"LineString","coordinates":[[0,0],[1,1,5]]}"#, "LINESTRING Z (0 0 NaN,1 1 5)"),
        (
            r#"{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[]]}"#,
            "MULTILINESTRING ((0 0,1 1),EMPTY)",
        ),
        (
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]],"bbox":[0,0,1,1]}"#,
            "POLYGON ((0 0,1 0,1 1,0 0))",
        ),
        (
            r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}"#,
            "MULTIPOLYGON (((0 0,1 0,1 1,0 0)))",
        ),
        (
            r#"{"geometries":[{"type":"Point","coordinates":[1,2]}],"type":"GeometryCollection"}"#,
            "GEOMETRYCOLLECTION (POINT (1 2))",
        ),
        (r#"{"type":"GeometryCollection","geometries":[]}"#, "GEOMETRYCOLLECTION EMPTY"),
        (
            r#"{"type":"Point","coordinates":[9,9],"type":"MultiPoint","coordinates":[[1,2]]}"#,
            "MULTIPOINT ((1 2))",
        ),
        (r#"{"ty\u0070e":"Point","coordin\u0061tes":[1,2]}"#, "POINT (1 2)"),
        ("\t{ \"type\" : \"Point\" ,\r\n\"coordinates\" : [ 1 , 2 ] } ", "POINT (1 2)"),
    ] {
        for document in [json.to_owned(), with_geometry(json), collection(&[&with_geometry(json)])]
        {
            let (survey, features) = read(&document);
            assert_eq!(features.len(), 1, "{document}");
            let geometry = features[0].geometry().expect("has one");
            assert_eq!(geometry.to_wkt(), wkt, "{document}");
            let (_, ty) = survey.schema.geometry().expect("a geometry field");
            assert_eq!(ty.check(geometry), Ok(()));
            assert_eq!((ty.kind, &ty.crs), (KindRule::Only(geometry.kind()), &Crs::CRS84));
        }
    }
}

#[test]
fn properties_become_fields_of_the_narrowest_type() {
    let (survey, features) = read(&collection(&[
        &with_properties(
            r#"{"b":true,"i":-5,"r":1.5,"t":"ä","d":"2024-02-29","z":"2024-02-29T12:00:00Z","j":{"k":1.10},"n":null,"big":98765432109876543210,"mixed":1.50}"#,
        ),
        &with_properties(r#"{"i":7,"r":2,"mixed":"x","t":"","b":null}"#),
    ]));
    let types: Vec<_> =
        survey.schema.fields().iter().map(|field| (&*field.name, &field.ty)).collect();
    assert_eq!(
        types,
        [
            ("b", &FieldType::Bool),
            ("i", &FieldType::INT),
            ("r", &FieldType::REAL),
            ("t", &FieldType::TEXT),
            ("d", &FieldType::Date),
            ("z", &FieldType::DateTime(ZoneRule::With)),
            ("j", &FieldType::Json),
            ("n", &FieldType::TEXT),
            ("big", &FieldType::Decimal { precision: None, scale: None }),
            ("mixed", &FieldType::TEXT),
        ]
    );
    let not_null: Vec<_> = survey.schema.fields().iter().filter(|field| !field.nullable).collect();
    assert_eq!(
        not_null.iter().map(|field| &*field.name).collect::<Vec<_>>(),
        ["i", "r", "t", "mixed"]
    );
    assert!(survey.notes.iter().any(|note| note.contains("`mixed`")), "{:?}", survey.notes);
    assert_eq!(survey.schema.geometry(), None, "no feature has one");

    let [first, second] = features.as_slice() else { panic!("two features") };
    assert_eq!(first.get("j"), Some(&Value::Json(r#"{"k":1.10}"#.parse().expect("JSON"))));
    assert_eq!(
        first.get("big"),
        Some(&Value::Decimal("98765432109876543210".parse().expect("digits")))
    );
    assert_eq!(first.get("mixed"), Some(&Value::from("1.50")), "as it was spelled");
    assert_eq!(first.get("n"), Some(&Value::Null));
    assert_eq!(second.get("n"), None, "unset is not null");
    assert_eq!(second.get("b"), Some(&Value::Null));
    assert_eq!(second.get("r"), Some(&Value::Real(2.0)));
    for feature in &features {
        for (field, value) in survey.schema.fields().iter().zip(feature.values()) {
            if let Some(value) = value {
                assert_eq!(field.accept(value.clone()).as_ref(), Ok(value), "{}", field.name);
            }
        }
    }
}

#[test]
fn spatial_and_other_features_stand_side_by_side() {
    let point = with_geometry(r#"{"type":"Point","coordinates":[1,2]}"#);
    let absent = r#"{"type":"Feature","properties":{}}"#;
    let (survey, features) = read(&collection(&[&point, &with_properties("{}"), absent]));
    assert!(survey.schema.field("geom").expect("a geometry field").nullable);
    let spatial: Vec<_> = features.iter().map(Feature::is_spatial).collect();
    assert_eq!(spatial, [true, false, false]);
    assert_eq!(features[1].get("geom"), Some(&Value::Null));
    assert_eq!(features[2].get("geom"), None);
}

#[test]
fn ids_that_are_uuids_are_object_ids_and_others_a_field() {
    let feature = |id: &str, properties: &str| {
        format!(r#"{{"type":"Feature","id":{id},"properties":{properties}}}"#)
    };
    let uuid = r#""{67E55044-10B1-426F-9247-BB680E5FE0C8}""#;

    let (survey, features) =
        read(&collection(&[&feature(uuid, "{\"id\":1}"), &with_properties("{}")]));
    assert_eq!((names(&survey), survey.id_field), (vec!["id"], None));
    assert_eq!(
        features[0].id.expect("has one").to_string(),
        "67e55044-10b1-426f-9247-bb680e5fe0c8"
    );
    assert_eq!((features[0].get("id"), features[1].id), (Some(&Value::Int(1)), None));

    let (survey, features) = read(&collection(&[&feature("5", "{}"), &feature("-7", "{\"a\":1}")]));
    assert_eq!((names(&survey), survey.id_field), (vec!["id", "a"], Some(0)));
    assert_eq!((features[1].id, features[1].get("id")), (None, Some(&Value::Int(-7))));

    let (survey, features) = read(&collection(&[
        &feature("5", r#"{"id":"x","feature_id":true}"#),
        &feature(uuid, "{}"),
    ]));
    assert_eq!(names(&survey), ["feature_id_2", "id", "feature_id"]);
    assert_eq!(features[0].get("feature_id_2"), Some(&Value::from("5")));
    assert_eq!(features[0].get("id"), Some(&Value::from("x")));
    assert_eq!(features[1].get("feature_id_2"), Some(&Value::from(uuid.trim_matches('"'))));
}

#[test]
fn the_geometry_field_makes_way_for_properties() {
    let geometry = r#"{"type":"Point","coordinates":[1,2]}"#;
    let feature = format!(
        r#"{{"type":"Feature","properties":{{"geom":1,"geometry":2}},"geometry":{geometry}}}"#
    );
    let (survey, features) = read(&collection(&[&feature]));
    assert_eq!(names(&survey), ["geometry_2", "geom", "geometry"]);
    assert!(features[0].is_spatial());
}

#[test]
fn heights_and_kinds_are_summed_up() {
    let flat = with_geometry(r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#);
    let high = with_geometry(
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0,1],[1,0,1],[1,1,1],[0,0,1]]]]}"#,
    );
    let empty = with_geometry(r#"{"type":"MultiPolygon","coordinates":[]}"#);
    for (features, kind, z) in [
        (vec![&flat], KindRule::Only(GeometryKind::Polygon), OrdinateRule::Prohibited),
        (vec![&high, &empty], KindRule::Only(GeometryKind::MultiPolygon), OrdinateRule::Mandatory),
        (vec![&flat, &high], KindRule::Any, OrdinateRule::Optional),
        (vec![&empty], KindRule::Only(GeometryKind::MultiPolygon), OrdinateRule::Prohibited),
    ] {
        let features: Vec<&str> = features.into_iter().map(String::as_str).collect();
        let (survey, features) = read(&collection(&features));
        let (_, ty) = survey.schema.geometry().expect("a geometry field");
        assert_eq!((ty.kind, ty.z), (kind, z));
        for feature in &features {
            assert_eq!(ty.check(feature.geometry().expect("has one")), Ok(()));
        }
    }
}

#[test]
fn a_collection_may_have_its_members_in_any_order() {
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::25832"}}"#;
    let features =
        format!("\"features\":[{}]", with_geometry(r#"{"type":"Point","coordinates":[1,2]}"#));
    for document in [
        format!(r#"{{{crs},"name":"x",{features},"type":"FeatureCollection"}}"#),
        format!(r#"{{"type":"FeatureCollection",{features},{crs},"name":"x"}}"#),
        format!(r#"{{{features},"name":"y","name":"x",{crs}}}"#),
    ] {
        let (survey, features) = read(&document);
        assert_eq!(survey.name.as_deref(), Some("x"), "{document}");
        assert_eq!(
            survey.schema.geometry().expect("has one").1.crs,
            Crs::epsg(25832),
            "{document}"
        );
        assert_eq!((survey.features, features.len()), (1, 1));
    }
}

#[test]
fn crs_members_of_features_count_too_and_options_over_all() {
    let point = |code: u32| {
        format!(
            r#"{{"type":"Point","crs":{{"type":"name","properties":{{"name":"EPSG:{code}"}}}},"coordinates":[1,2]}}"#
        )
    };
    let document = collection(&[&with_geometry(&point(3857)), &with_geometry(&point(3857))]);
    assert_eq!(read(&document).0.schema.geometry().expect("has one").1.crs, Crs::epsg(3857));

    let two = collection(&[&with_geometry(&point(3857)), &with_geometry(&point(25832))]);
    let error = geojson::survey(two.as_bytes(), &ReadOptions::default()).expect_err("two CRSs");
    assert!(error.to_string().contains("EPSG:3857 and EPSG:25832"), "{error}");

    let options = ReadOptions { crs: Some(Crs::epsg(2056)), ..ReadOptions::default() };
    let survey = geojson::survey(two.as_bytes(), &options).expect("we know better");
    assert_eq!(survey.schema.geometry().expect("has one").1.crs, Crs::epsg(2056));
}

#[test]
fn sequences_come_with_separators_or_one_per_line() {
    let (a, b) = (with_properties("{\"a\":1}"), with_properties("{\"a\":2}"));
    let pretty = b.replace(',', ",\n  ");
    for (document, framing) in [
        (format!("{a}\n{b}\n"), Framing::Detect),
        (format!("{a}\r\n\r\n{b}"), Framing::Sequence),
        (format!("\u{1e}{a}\n\u{1e}{pretty}\n"), Framing::Detect),
        (format!("\u{1e}{a}\n\u{1e}\u{1e}\n{pretty}"), Framing::Sequence),
        (format!("\u{1e}{a}\u{1e}{b}"), Framing::Detect),
        (format!("{a}\n\u{1e}{b}"), Framing::Sequence),
    ] {
        let options = ReadOptions { framing, ..ReadOptions::default() };
        let (survey, features) = read_with(document.as_bytes(), &options);
        let values: Vec<_> =
            features.iter().map(|read| read.as_ref().expect("is good").get("a")).collect();
        assert_eq!(values, [Some(&Value::Int(1)), Some(&Value::Int(2))], "{document:?}");
        assert_eq!(survey.features, 2);
    }
    let options = ReadOptions { framing: Framing::Sequence, ..ReadOptions::default() };
    assert_eq!(read_with(b" \n", &options).1.len(), 0, "an empty sequence is one");
}

#[test]
fn a_bad_feature_is_named_and_the_next_one_read() {
    let good = with_geometry(r#"{"type":"Point","coordinates":[1,2]}"#);
    // § marks the place
    for (marked, words) in [
        (
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],§[[0,0],[1,0],[1,1],[0,1]]]}"#,
            "ring 2: a ring that starts at `0 0` and ends at `0 1`",
        ),
        (
            r#"{"type":"Polygon","coordinates":[§[[0,0],[1,0],[0,0]]]}"#,
            "ring 1: a ring of 3 positions",
        ),
        (
            r#"{"type":"MultiPolygon","coordinates":[[],[[[0,0],[1,0],[1,1],[0,0]]],[§[[0,0],[1,0],[0,0]]]]}"#,
            "ring 1: a ring of 3 positions",
        ),
        (r#"§{"type":"LineString","coordinates":[[0,0]]}"#, "`LineString` of 1 positions"),
        (
            r#"{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],§[[0,0]]]}"#,
            "`LineString` of 1 positions",
        ),
        (r#"{"type":"Point","coordinates":[1,2,3§,4]}"#, "more than three ordinates"),
        (r#"{"type":"Point","coordinates":[1§]}"#, "expected `,`, found `]`"),
        (r#"{"type":"Point","coordinates":[1,§null]}"#, "expected a number"),
        (r#"{"type":"Point","coordinates":[1,§1e999]}"#, "beyond all doubles"),
        (r#"{"type":"Point","coordinates":[§[1,2]]}"#, "expected a number"),
        (r#"{"type":"LineString","coordinates":[§1,2]}"#, "expected a position, found `1`"),
        (r#"{"type":"Point","coordinates":§"1,2"}"#, "`[` in the coordinates of a Point"),
        (r#"{"type":"§Circle","coordinates":[1,2]}"#, "type `Circle` is not a geometry type"),
        (r#"§{"type":"Point"}"#, "a geometry without `coordinates`"),
        (r#"§{"coordinates":[1,2]}"#, "a geometry without `type`"),
        (r#"§{"type":"GeometryCollection","coordinates":[]}"#, "a geometry without `geometries`"),
        ("§[1,2]", "an object or null as `geometry`"),
    ] {
        let marked = with_geometry(marked);
        let column = marked.chars().position(|c| c == '§').map(|at| at as u64 + 1);
        let bad = marked.replace('§', "");
        let document =
            format!("{{\"type\":\"FeatureCollection\",\"features\":[{good},\n{bad}, {good}]}}");
        let (survey, features) = read_with(document.as_bytes(), &ReadOptions::default());
        assert_eq!((survey.features, features.len()), (3, 3), "{bad}");
        assert!(features[0].is_ok() && features[2].is_ok(), "{bad} {features:?}");
        let Err(error @ CodecError::BadFeature { place, reason, source_text }) = &features[1]
        else {
            panic!("{bad}: {:?}", features[1]);
        };
        assert!(error.is_recoverable());
        assert!(reason.contains(words), "{bad}: {reason}");
        assert_eq!(
            (place.feature, place.line, place.column),
            (Some(2), Some(2), column),
            "{bad}: {reason}"
        );
        assert_eq!(source_text, &bad);
    }
}

#[test]
fn other_bad_features_are_named_too() {
    for (bad, words) in [
        (r#"{"type":"Thing","properties":{}}"#, "type `Thing`"),
        (r#"{"properties":{}}"#, "without `type`"),
        (r#"{"type":"Feature","properties":[]}"#, "`properties`"),
        (r#"{"type":"Feature","properties":{"r":1e999}}"#, "`r`: `1e999` is beyond all doubles"),
        (
            r#"{"type":"Feature","properties":{"t":"\ud800"}}"#,
            "`t`: `\\ud800` stands for no character",
        ),
        (r#"{"type":"Feature","id":[1]}"#, "`id`"),
        ("5", "a feature object"),
        (r#"{"type":"FeatureCollection","features":[]}"#, "type `FeatureCollection`"),
    ] {
        let document = collection(&[&with_properties(r#"{"r":1.5,"t":"x"}"#), bad]);
        let (_, features) = read_with(document.as_bytes(), &ReadOptions::default());
        match &features[..] {
            [Ok(_), Err(CodecError::BadFeature { reason, .. })] => {
                assert!(reason.contains(words), "{bad}: {reason}");
            }
            other => panic!("{bad}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_document_is_refused_with_its_place() {
    let point = with_geometry(r#"{"type":"Point","coordinates":[1,2]}"#);
    for (document, words) in [
        (String::new(), "the document is empty"),
        ("[]".into(), "line 1, column 1: expected a GeoJSON object"),
        ("{\"type\":\"FeatureCollection\"}".into(), "without an array `features`"),
        ("{\"type\":\"FeatureCollection\",\"features\":{}}".into(), "without an array `features`"),
        (format!("{{\"type\":\"Topology\",\"features\":[{point}]}}"), "type `Topology`"),
        (format!("{{\"features\":[{point}],\"type\":\"Topology\"}}"), "type `Topology`"),
        (format!("{{\"features\":[{point}],\"features\":[]}}"), "a second array `features`"),
        (
            format!("{{\"features\":[{point},\n  {{\"type\" 5}}]}}"),
            "feature 2, line 2, column 11: expected `:`, found `5`",
        ),
        (format!("{{\"features\":[{point},\n ä]}}"), "feature 2, line 2, column 2: expected"),
        (format!("{{\"features\":[{point}\n {point}]}}"), "line 2, column 2: expected `,` or `]`"),
        (format!("{{\"features\":[{point},]}}"), "expected a value, found `]`"),
        (format!("{{\"features\":[{point}]}} x"), "more text after the end"),
        (format!("{{\"features\":[{point}]"), "the document ends before it is complete"),
        (format!("{{\"features\":[{}", &point[..20]), "the document ends before it is complete"),
    ] {
        let options = ReadOptions::default();
        let survey = geojson::survey(document.as_bytes(), &options);
        let failure = match survey {
            Err(error) => Some(error),
            Ok(survey) => {
                geojson::reader(document.as_bytes(), &survey, &options).find_map(Result::err)
            }
        };
        let failure = failure.unwrap_or_else(|| panic!("{document} is accepted"));
        assert!(!failure.is_recoverable(), "{document}");
        assert!(failure.to_string().contains(words), "{document}: {failure}");
    }
}

#[test]
fn other_encodings_are_called_by_their_name() {
    let utf16: Vec<u8> = "{\"type\":\"Point\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for document in [utf16.clone(), [b"\xff\xfe".to_vec(), utf16].concat()] {
        let error = geojson::survey(&*document, &ReadOptions::default()).expect_err("is UTF-16");
        assert!(error.to_string().contains("UTF-16"), "{error}");
    }
    let latin1 = b"{\"type\":\"Feature\",\"properties\":{\"a\":\"M\xfcnchen\"}}";
    let (_, features) = read_with(latin1, &ReadOptions::default());
    assert!(
        features[0].as_ref().is_err_and(|error| error.to_string().contains("not UTF-8")),
        "{features:?}"
    );
}

#[test]
fn broken_lines_of_a_sequence_are_passed_over() {
    let good = with_properties("{\"a\":1}");
    let options = ReadOptions { framing: Framing::Sequence, ..ReadOptions::default() };
    for (document, line) in [
        (format!("{good}\n{{\"type\":\n{good}"), 2),
        (format!("{good}\n\nnonsense\n{good}"), 3),
        (format!("{good}\n{good} {good}\n{good}"), 2),
        (format!("\u{1e}{good}\n\u{1e}{{\"type\"\n\n: 5\n\u{1e}{good}"), 4),
    ] {
        let (survey, features) = read_with(document.as_bytes(), &options);
        assert_eq!(survey.features, 3, "{document}");
        let Err(CodecError::BadFeature { place, .. }) = &features[1] else {
            panic!("{features:?}")
        };
        assert_eq!((place.feature, place.line), (Some(2), Some(line)), "{document}");
        assert!(features[0].is_ok() && features[2].is_ok());
    }
}

#[test]
fn long_bad_features_are_quoted_in_part() {
    let long = format!(
        "{{\"type\":\"Feature\",\"properties\":{{\"a\":\"{}\"}},\"geometry\":5}}",
        "ä".repeat(1 << 16)
    );
    let (_, features) = read_with(collection(&[&long]).as_bytes(), &ReadOptions::default());
    let Err(CodecError::BadFeature { source_text, .. }) = &features[0] else { panic!("is bad") };
    assert!(source_text.len() < (1 << 16) + 10 && source_text.ends_with('…'));
}

#[test]
fn more_fields_than_allowed_are_refused() {
    let many: Vec<_> = (0..20).map(|n| with_properties(&format!("{{\"p{n}\":1}}"))).collect();
    let document = collection(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let options = ReadOptions { max_fields: 19, ..ReadOptions::default() };
    let error = geojson::survey(document.as_bytes(), &options).expect_err("one too many");
    assert!(matches!(error, CodecError::Unsupported { .. }), "{error}");
    let long_name = with_properties(&format!("{{\"{}\":1}}", "n".repeat(5000)));
    assert!(geojson::survey(long_name.as_bytes(), &ReadOptions::default()).is_err());
}

#[test]
fn a_document_that_changed_is_found_out() {
    let options = ReadOptions::default();
    let survey =
        geojson::survey(with_properties("{\"a\":1}").as_bytes(), &options).expect("is good");
    for (later, words) in [
        (with_properties("{\"a\":\"x\"}"), "`\"x\"` is found"),
        (with_properties("{\"b\":1}"), "property `b` is new"),
        (with_geometry(r#"{"type":"Point","coordinates":[1,2]}"#), "has a geometry"),
        (r#"{"type":"Feature","id":5}"#.to_owned(), "an id is no UUID"),
    ] {
        let mut reader = geojson::reader(later.as_bytes(), &survey, &options);
        let error = reader.next().expect("something").expect_err("changed");
        assert!(
            matches!(error, CodecError::Changed { .. }) && error.to_string().contains(words),
            "{error}"
        );
        assert!(reader.next().is_none(), "that was all");
    }
}

#[test]
fn foreign_members_are_noted() {
    let document = r#"{"type":"FeatureCollection","title":"x","features":[{"type":"Feature","style":{},"properties":{}}]}"#;
    let (survey, _) = read(document);
    assert!(survey.notes.iter().any(|note| note.contains("`title`")), "{:?}", survey.notes);
    assert!(survey.notes.iter().any(|note| note.contains("`style`")), "{:?}", survey.notes);
}

#[test]
fn features_share_the_schema_of_the_survey() {
    let (survey, features) = read(&collection(&[&with_properties("{\"a\":1}")]));
    assert!(Arc::ptr_eq(&survey.schema, features[0].schema()));
}

#[test]
fn text_that_would_swell_is_refused() {
    let options = ReadOptions { max_feature_bytes: 1 << 16, ..ReadOptions::default() };
    let empty_points = vec!["[]"; 20_000].join(",");
    let swelling =
        with_geometry(&format!(r#"{{"type":"MultiPoint","coordinates":[{empty_points}]}}"#));
    let nested = with_properties(&format!("{{\"j\":[\"{}\"]}}", "x".repeat(17 << 20)));
    for (document, options) in [(swelling, options), (nested, ReadOptions::default())] {
        let (_, features) = read_with(document.as_bytes(), &options);
        let Err(CodecError::BadFeature { reason, .. }) = &features[0] else { panic!("is refused") };
        assert!(reason.contains("longer than"), "{reason}");
    }
}
