//! What we write, read by GDAL: every kind, every type, odd names.
use crate::tools::{folder, have_gdal, ogr_layers, run, validates};
use std::path::Path;
use tiepoint_core::{
    Crs, Dims, Domain, Edges, Edit, Feature, Field, FieldType, Geometry, GeometryKind,
    GeometryType, Identity, IntWidth, KindRule, LayerDefinition, OrdinateRule, RealWidth, Schema,
    Value, ZoneRule,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Store, TransactionOptions};

/// Writes layers, each with its features, in one transaction.
fn write(path: &Path, layers: &[(LayerDefinition, Vec<Feature>)]) {
    let store = GpkgStore::create(path).expect("is created");
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    for (definition, features) in layers {
        transaction.create_layer(definition).expect("is created");
        for feature in features {
            transaction.write(&definition.name, Edit::Insert(feature.clone())).expect("is written");
        }
    }
    transaction.commit().expect("commits");
}

fn shape_of(kind: GeometryKind) -> &'static str {
    use GeometryKind as Kind;
    match kind {
        Kind::Point => "(1 2)",
        Kind::LineString => "(1 2, 3 4)",
        Kind::Polygon | Kind::CurvePolygon | Kind::Triangle => "((0 0, 1 0, 1 1, 0 0))",
        Kind::MultiPoint => "((1 2))",
        Kind::MultiLineString => "((1 2, 3 4))",
        Kind::MultiPolygon | Kind::MultiSurface | Kind::PolyhedralSurface | Kind::Tin => {
            "(((0 0, 1 0, 1 1, 0 0)))"
        }
        Kind::GeometryCollection => "(POINT(1 2))",
        Kind::CircularString => "(0 0, 1 1, 2 0)",
        Kind::CompoundCurve => "(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 3 0))",
        Kind::MultiCurve => "((0 0, 1 1))",
    }
}

fn layer_of(kind: GeometryKind, dims: Dims, identity: Identity) -> (LayerDefinition, Vec<Feature>) {
    let ty = GeometryType {
        kind: KindRule::Only(kind),
        z: OrdinateRule::exactly(dims.has_z()),
        m: OrdinateRule::exactly(dims.has_m()),
        crs: Crs::epsg(25832),
        edges: Edges::Planar,
    };
    let schema =
        Schema::new(vec![Field::new("shape", FieldType::Geometry(ty))]).expect("one field");
    let name = format!("{} {}", kind.name(), dims.name());
    let definition = LayerDefinition { identity, ..LayerDefinition::new(name, schema) };
    // no empty ones: the validator looks for their mark in the wrong bit, GDAL's own included
    let mut shapes = vec![Value::Null];
    if dims == Dims::Xy {
        let wkt = format!("{}{}", kind.keyword(), shape_of(kind));
        shapes.push(Geometry::from_wkt(&wkt).expect("is well-formed").into());
    }
    let feature = |shape| Feature::with_values(definition.schema.clone(), vec![Some(shape)]);
    (definition.clone(), shapes.into_iter().map(feature).collect())
}

/// GeoPackage has no such kinds. GDAL keeps them all the same, and its validator crashes on them.
const BEYOND_THE_STANDARD: [GeometryKind; 3] =
    [GeometryKind::PolyhedralSurface, GeometryKind::Tin, GeometryKind::Triangle];

#[test]
fn kinds_beyond_the_standard_are_read_by_gdal() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let layers = BEYOND_THE_STANDARD.map(|kind| layer_of(kind, Dims::Xy, Identity::None));
    write(&path, &layers);
    let said = run("ogrinfo", &["-ro", "-al", "-q", path.to_str().expect("a plain path")]);
    for shape in [
        "POLYHEDRALSURFACE (((0 0,1 0,1 1,0 0)))",
        "TIN (((0 0,1 0,1 1,0 0)))",
        "TRIANGLE ((0 0,1 0,1 1,0 0))",
    ] {
        assert!(said.contains(shape), "{shape} is not in {said}");
    }
}

#[test]
fn every_kind_and_dims_is_accepted() {
    if !have_gdal() {
        return;
    }
    for identity in [Identity::None, Identity::column()] {
        let (_folder, path) = folder();
        let layers: Vec<_> = GeometryKind::ALL
            .into_iter()
            .filter(|kind| !BEYOND_THE_STANDARD.contains(kind))
            .flat_map(|kind| Dims::ALL.into_iter().map(move |dims| (kind, dims)))
            .map(|(kind, dims)| layer_of(kind, dims, identity.clone()))
            .collect();
        write(&path, &layers);
        validates(&path);
        assert_eq!(ogr_layers(&path).len(), layers.len());
    }
}

fn every_type() -> Vec<Field> {
    let types = [
        ("bool", FieldType::Bool),
        ("int8", FieldType::Int(IntWidth::W8)),
        ("int16", FieldType::Int(IntWidth::W16)),
        ("int32", FieldType::Int(IntWidth::W32)),
        ("int64", FieldType::INT),
        ("real32", FieldType::Real(RealWidth::W32)),
        ("real64", FieldType::REAL),
        ("decimal", FieldType::Decimal { precision: Some(10), scale: Some(2) }),
        ("text", FieldType::TEXT),
        ("text5", FieldType::Text { max_chars: Some(5) }),
        ("bytes", FieldType::Bytes { max_bytes: Some(9) }),
        ("date", FieldType::Date),
        ("time", FieldType::Time(ZoneRule::Without)),
        ("zoned", FieldType::DateTime(ZoneRule::With)),
        ("json", FieldType::Json),
        ("uuid", FieldType::Uuid),
    ];
    types.into_iter().map(|(name, ty)| Field::new(name, ty)).collect()
}

fn one_of_each() -> Vec<Option<Value>> {
    let date_time: tiepoint_core::DateTime = "2024-02-29T12:30:00.123Z".parse().expect("a moment");
    vec![
        Some(true.into()),
        Some((-5).into()),
        Some(300.into()),
        Some(70_000.into()),
        Some(i64::MAX.into()),
        Some(0.5.into()),
        Some(0.1.into()),
        Some(Value::Decimal("12.50".parse().expect("a decimal"))),
        Some("it's \"text\"".into()),
        Some("äöüß€".into()),
        Some(vec![0_u8, 255].into()),
        Some(Value::Date("2024-02-29".parse().expect("a date"))),
        Some(Value::Time("12:30:00".parse().expect("a time"))),
        Some(date_time.into()),
        Some(Value::Json("{\"a\":1}".parse().expect("JSON"))),
        Some(Value::Uuid("67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("a UUID"))),
    ]
}

#[test]
fn every_type_is_accepted_and_read_alike() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let schema = Schema::new(every_type()).expect("distinct names");
    let definition = LayerDefinition::new("types", schema);
    let feature = Feature::with_values(definition.schema.clone(), one_of_each());
    let nothing = Feature::with_values(definition.schema.clone(), vec![Some(Value::Null); 16]);
    write(&path, &[(definition, vec![feature, nothing])]);
    validates(&path);
    let said = run("ogrinfo", &["-ro", "-al", "-q", path.to_str().expect("a plain path")]);
    for line in [
        "bool (Integer(Boolean)) = 1",
        "int16 (Integer(Int16)) = 300",
        "int64 (Integer64) = 9223372036854775807",
        "real64 (Real) = 0.1",
        "decimal (String) = 12.50",
        "text (String) = it's \"text\"",
        "date (Date) = 2024/02/29",
        "zoned (DateTime) = 2024/02/29 12:30:00.123+00",
    ] {
        assert!(said.contains(line), "{line} is not in {said}");
    }
}

#[test]
fn what_a_schema_says_beyond_types_is_accepted() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let colours =
        Domain::OneOf(vec![("red".into(), Some("Red".to_owned())), ("blue".into(), None)]);
    let range = Domain::Range { min: Some((0.into(), true)), max: Some((10.into(), false)) };
    let schema = Schema::new(vec![
        Field {
            domain: Some(colours),
            title: Some("Colour".to_owned()),
            ..Field::new("colour", FieldType::TEXT)
        },
        Field {
            domain: Some(range),
            description: Some("how much".to_owned()),
            ..Field::new("much", FieldType::INT)
        },
        Field { unique: true, ..Field::new("code", FieldType::TEXT).not_null() },
    ]);
    let mut definition = LayerDefinition::new("rules", schema.expect("distinct names"));
    definition.title = Some("Rules of the house".to_owned());
    definition.description = Some("What 'everybody' knows".to_owned());
    let values = vec![Some("red".into()), Some(3.into()), Some("a".into())];
    let feature = Feature::with_values(definition.schema.clone(), values);
    write(&path, &[(definition.clone(), vec![feature])]);
    validates(&path);
    let store = GpkgStore::open(&path).expect("opens");
    let layer = store.layer("rules").expect("is there");
    assert_eq!(layer.schema(), &definition.schema);
    assert_eq!(layer.definition.title, definition.title);
    assert_eq!(layer.definition.description, definition.description);
}

#[test]
fn odd_names_are_accepted() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let layers = ["select", "two words", "Straße", "it's", "say \"hi\""].map(|name| {
        let point = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
        let schema = Schema::new(vec![
            Field::new(format!("{name} place"), FieldType::Geometry(point)),
            Field::new(name, FieldType::TEXT),
        ]);
        let definition = LayerDefinition::new(name, schema.expect("distinct names"));
        let geometry = Geometry::from_wkt("POINT(1 2)").expect("a point");
        let values = vec![Some(geometry.into()), Some(name.into())];
        let feature = Feature::with_values(definition.schema.clone(), values);
        (definition, vec![feature])
    });
    write(&path, &layers);
    validates(&path);
    assert_eq!(ogr_layers(&path).len(), layers.len());
}
