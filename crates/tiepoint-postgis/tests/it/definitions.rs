//! Layers made from a schema: what stands in the server's catalogue afterwards.
use tiepoint_core::{
    Check, Crs, Domain, Edges, Edit, ErrorKind, Feature, Field, FieldDefault, FieldType, Geometry,
    GeometryKind, GeometryType, Index, IndexExtras, IndexMethod, KindRule, LayerDefinition,
    OrdinateRule, Schema, SpatialIndexKind,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{Store, TransactionOptions, Written};

fn create(store: &dyn Store, definition: &LayerDefinition) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(definition).unwrap_or_else(|error| panic!("{error:?}"));
    transaction.commit().expect("commits");
}

fn polygons() -> FieldType {
    FieldType::Geometry(GeometryType::xy(KindRule::Only(GeometryKind::Polygon), Crs::epsg(25832)))
}

fn parcels() -> LayerDefinition {
    let number = Field { unique: true, ..Field::new("number", FieldType::TEXT).not_null() };
    let use_ = Field {
        domain: Some(Domain::OneOf(vec![
            ("farm".into(), Some("Farmland".to_owned())),
            ("forest".into(), None),
        ])),
        default: Some(FieldDefault::Value("farm".into())),
        description: Some("what it's used for".to_owned()),
        ..Field::new("use", FieldType::TEXT)
    };
    let fields = vec![
        Field::new("geom", polygons()).not_null(),
        number,
        use_,
        Field {
            default: Some(FieldDefault::Expression("now()".to_owned())),
            ..Field::new("made", FieldType::DateTime(tiepoint_core::ZoneRule::Utc))
        },
    ];
    LayerDefinition {
        title: Some("Parcels".to_owned()),
        description: Some("who owns what".to_owned()),
        checks: vec![Check {
            name: Some("valid".to_owned()),
            expression: "ST_IsValid(geom)".to_owned(),
        }],
        indexes: vec![Index::on(["use"])],
        ..LayerDefinition::new("parcels", Schema::new(fields).expect("distinct names"))
    }
}

#[test]
fn a_layer_is_kept_as_it_was_defined() {
    let Some(server) = server_or_skip("a_layer_is_kept_as_it_was_defined") else { return };
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    let definition = parcels();
    create(&store, &definition);
    let layer = store.layer("parcels").expect("is there");
    assert_eq!(layer.schema(), &definition.schema);
    let told = &layer.definition;
    assert_eq!((&told.title, &told.description), (&definition.title, &definition.description));
    let [index] = &told.indexes[..] else { panic!("{:?}", told.indexes) };
    assert_eq!(Index { name: None, ..index.clone() }, definition.indexes[0]);
    assert_eq!(told.checks[0].name.as_deref(), Some("valid"));
    let typmod = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute \
                  WHERE attrelid = 'parcels'::regclass AND attname = 'geom'";
    assert_eq!(place.value(typmod), "geometry(Polygon,25832)");
    let comment = "SELECT col_description('parcels'::regclass, attnum) FROM pg_attribute \
                   WHERE attrelid = 'parcels'::regclass AND attname = 'use'";
    assert_eq!(place.value(comment), "what it's used for");
}

#[test]
fn the_server_keeps_the_rules_for_everybody() {
    let Some(server) = server_or_skip("the_server_keeps_the_rules") else { return };
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    create(&store, &parcels());
    let others = |sql: &str| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| place.execute(sql))).is_err()
    };
    let square = "'SRID=25832;POLYGON((0 0,1 0,1 1,0 0))'";
    assert!(!others(&format!("INSERT INTO parcels (geom, number) VALUES ({square}, '1')")));
    assert!(
        others(&format!("INSERT INTO parcels (geom, number) VALUES ({square}, '1')")),
        "unique"
    );
    assert!(
        others(&format!("INSERT INTO parcels (geom, number) VALUES ({square}, NULL)")),
        "not null"
    );
    assert!(
        others(&format!("INSERT INTO parcels (geom, number, use) VALUES ({square}, '2', 'x')")),
        "closed set"
    );
    assert!(
        others(
            "INSERT INTO parcels (geom, number) VALUES ('SRID=4326;POLYGON((0 0,1 0,1 1,0 0))', '3')"
        ),
        "SRID"
    );
    assert!(
        others("INSERT INTO parcels (geom, number) VALUES ('SRID=25832;POINT(0 0)', '4')"),
        "kind"
    );
    let bow = "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))";
    let mut feature = Feature::new(store.layer("parcels").expect("is there").schema().clone());
    feature.set("geom", Geometry::from_wkt(bow).expect("well-formed").into()).expect("fits");
    feature.set("number", "5".into()).expect("fits");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let refused =
        transaction.write("parcels", Edit::Insert(feature.clone())).expect_err("not valid");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(refused.to_string().contains("valid"), "{refused}");
    // what was refused is not made, and what comes after is
    let good = Geometry::from_wkt("POLYGON((0 0, 1 0, 1 1, 0 0))").expect("well-formed");
    feature.set("geom", good.into()).expect("fits");
    let written = transaction.write("parcels", Edit::Insert(feature)).expect("is written");
    let Written::Inserted { filled, .. } = written else { panic!("an insert") };
    assert_eq!(filled.len(), 2, "the use and the time: {filled:?}");
    transaction.commit().expect("commits");
}

#[test]
fn indexes_of_every_sort_are_made_once() {
    let Some(server) = server_or_skip("indexes_of_every_sort") else { return };
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    let spatial = |field: &str, method| Index { method, ..Index::on([field]) };
    let with = |index: Index, extras| Index { extras, ..index };
    let fields = vec![
        Field::new("a", polygons()),
        Field::new("b", polygons()),
        Field::new("c", polygons()),
        Field::new("name", FieldType::TEXT),
        Field::new("n", FieldType::INT),
    ];
    let indexes = vec![
        spatial("a", IndexMethod::Spatial),
        spatial("a", IndexMethod::Spatial),
        spatial("b", IndexMethod::SpatialAs(SpatialIndexKind::SpGist)),
        spatial("c", IndexMethod::SpatialAs(SpatialIndexKind::Brin)),
        spatial("c", IndexMethod::SpatialAs(SpatialIndexKind::AllDimensions)),
        with(
            Index::on(["n"]),
            IndexExtras { condition: Some("n > 5".to_owned()), ..IndexExtras::default() },
        ),
        with(
            Index::on(["n"]),
            IndexExtras { including: vec!["name".to_owned()], ..IndexExtras::default() },
        ),
        with(
            Index::on(["name"]),
            IndexExtras { expression: Some("lower(name)".to_owned()), ..IndexExtras::default() },
        ),
        with(
            spatial("a", IndexMethod::Spatial),
            IndexExtras { expression: Some("ST_Centroid(a)".to_owned()), ..IndexExtras::default() },
        ),
    ];
    let schema = Schema::new(fields).expect("distinct names");
    create(&store, &LayerDefinition { indexes, ..LayerDefinition::new("t", schema) });
    let made = place.value("SELECT string_agg(regexp_replace(indexdef, '.* USING ', ''), '; ' ORDER BY 1) FROM pg_indexes WHERE tablename = 't' AND schemaname = current_schema()");
    let mut made: Vec<&str> = made.split("; ").collect();
    made.sort_unstable();
    assert_eq!(
        made,
        [
            "brin (c)",
            "btree (fid)",
            "btree (lower(name))",
            "btree (n) INCLUDE (name)",
            "btree (n) WHERE (n > 5)",
            "btree (object_id)",
            "gist (a)",
            "gist (c gist_geometry_ops_nd)",
            "gist (st_centroid(a))",
            "spgist (b)",
        ]
    );
}

#[test]
fn any_rule_for_a_geometry_comes_back() {
    let Some(server) = server_or_skip("any_rule_for_a_geometry_comes_back") else { return };
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    let rules = [OrdinateRule::Prohibited, OrdinateRule::Mandatory, OrdinateRule::Optional];
    let kinds = [
        KindRule::Any,
        KindRule::Curve,
        KindRule::Surface,
        KindRule::Only(GeometryKind::Point),
        KindRule::Only(GeometryKind::GeometryCollection),
        KindRule::Only(GeometryKind::CurvePolygon),
        KindRule::Only(GeometryKind::Tin),
    ];
    let mut fields = Vec::new();
    for kind in kinds {
        for z in rules {
            for m in rules {
                for (edges, crs) in
                    [(Edges::Planar, Crs::epsg(3857)), (Edges::Geodesic, Crs::epsg(4326))]
                {
                    let name = format!("it's {}", fields.len());
                    fields.push(Field::new(
                        name,
                        FieldType::Geometry(GeometryType { kind, z, m, crs, edges }),
                    ));
                }
            }
        }
    }
    // a geography has no curves
    fields.retain(|it| {
        let FieldType::Geometry(ty) = &it.ty else { return false };
        ty.edges == Edges::Planar
            || matches!(
                ty.kind,
                KindRule::Any
                    | KindRule::Only(GeometryKind::Point | GeometryKind::GeometryCollection)
            )
    });
    let schema = Schema::new(fields).expect("distinct names");
    create(&store, &LayerDefinition::new("shapes", schema.clone()));
    let read = store.layer("shapes").expect("is there");
    for (read, defined) in read.schema().fields().iter().zip(schema.fields()) {
        assert_eq!(read, defined);
    }
}
