//! Tables as others define them, down to what GeoPackage does not allow.
use crate::trees::{folder, other_program, planted};
use std::path::Path;
use tiepoint_core::{
    Check, Crs, Domain, Edit, ErrorKind, Feature, Fid, FidRule, Field, FieldDefault, FieldType,
    GeometryKind, GeometryType, Identity, Index, IntWidth, KindRule, Layer, LayerDefinition, Query,
    Schema, Value, ZoneRule,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Result, Store, TransactionOptions};

/// A file with what `sql` makes; `name` is registered as attributes.
fn with_table(path: &Path, name: &str, sql: &str) -> GpkgStore {
    drop(planted(path, Identity::None, 0));
    let other = other_program(path);
    other.execute_batch(sql).expect("is SQL");
    let register = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?1, 'attributes', ?1)";
    other.execute(register, [name]).expect("is registered");
    GpkgStore::open(path).expect("opens")
}

fn layer(store: &GpkgStore, name: &str) -> Layer {
    Layer::clone(&store.layer(name).expect("is there"))
}

fn read(store: &GpkgStore, name: &str) -> Vec<Feature> {
    let features = store.read(&Query::layer(name)).expect("reads");
    features.collect::<Result<_>>().expect("every row reads")
}

#[test]
fn every_rule_that_sqlite_knows_is_read() {
    let (_folder, path) = folder();
    let store = with_table(
        &path,
        "rules",
        r#"CREATE TABLE rules (
            "the id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            name VARCHAR(20) NOT NULL DEFAULT 'it''s new' UNIQUE,
            "select" INTEGER DEFAULT -7 CONSTRAINT "small" CHECK ("select" < 10),
            ratio DOUBLE DEFAULT 0.5,
            on_time BOOLEAN DEFAULT TRUE,
            since DATETIME DEFAULT CURRENT_TIMESTAMP,
            twice INTEGER AS ("select" * 2) STORED,
            tag BLOB(4) DEFAULT x'00ff',
            CHECK (ratio BETWEEN 0 AND 1));
           CREATE INDEX "by ratio" ON rules ("select", ratio);
           CREATE UNIQUE INDEX only_one ON rules (tag);
           CREATE INDEX hidden ON rules (name) WHERE ratio > 0;
           INSERT INTO rules (name) VALUES ('first')"#,
    );
    let rules = layer(&store, "rules");
    let default = |value: Value| Some(FieldDefault::Value(value));
    let fields = [
        Field {
            default: default("it's new".into()),
            unique: true,
            ..Field::new("name", FieldType::Text { max_chars: Some(20) }).not_null()
        },
        Field { default: default((-7).into()), ..Field::new("select", FieldType::INT) },
        Field { default: default(0.5.into()), ..Field::new("ratio", FieldType::REAL) },
        Field { default: default(true.into()), ..Field::new("on_time", FieldType::Bool) },
        Field {
            default: Some(FieldDefault::Expression("CURRENT_TIMESTAMP".to_owned())),
            ..Field::new("since", FieldType::DateTime(ZoneRule::Either))
        },
        Field { generated: true, ..Field::new("twice", FieldType::INT) },
        Field {
            default: default(vec![0_u8, 255].into()),
            unique: true,
            ..Field::new("tag", FieldType::Bytes { max_bytes: Some(4) })
        },
    ];
    assert_eq!(rules.schema().fields(), fields);
    assert_eq!((rules.fid_name.as_deref(), rules.fids), (Some("the id"), FidRule::Stable));
    let check = |name: Option<&str>, expression: &str| Check {
        name: name.map(str::to_owned),
        expression: expression.to_owned(),
    };
    let checks = [check(Some("small"), "\"select\" < 10"), check(None, "ratio BETWEEN 0 AND 1")];
    assert_eq!(rules.definition.checks, checks);
    let index = |name: &str, fields: &[&str], unique| Index {
        name: Some(name.to_owned()),
        unique,
        ..Index::on(fields.iter().copied())
    };
    let indexes =
        [index("by ratio", &["select", "ratio"], false), index("only_one", &["tag"], true)];
    assert_eq!(rules.definition.indexes, indexes);
    let row = read(&store, "rules").remove(0);
    assert_eq!(row.get("twice"), Some(&(-14).into()));
    assert!(matches!(row.get("since"), Some(Value::DateTime(_))), "{row:?}");
    a_copy_of_the_definition_can_be_made(&store, &rules);
    rules_are_kept(&store, &row);
}

/// All but the computed field, which nobody else can compute.
fn a_copy_of_the_definition_can_be_made(store: &GpkgStore, rules: &Layer) {
    let mut definition = LayerDefinition { name: "copy".to_owned(), ..rules.definition.clone() };
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    let refused = transaction.create_layer(&definition).expect_err("has a computed field");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    let fields = rules.schema().fields().iter().filter(|field| !field.generated).cloned();
    definition.schema = Schema::new(fields.collect()).expect("distinct names").into();
    let made = transaction.create_layer(&definition).expect("is created");
    assert_eq!(made.schema(), &definition.schema);
    assert_eq!(made.definition.checks, definition.checks);
    let columns = |layer: &[Index]| layer.iter().map(|it| it.fields.clone()).collect::<Vec<_>>();
    assert_eq!(columns(&made.definition.indexes), columns(&definition.indexes));
}

fn rules_are_kept(store: &GpkgStore, row: &Feature) {
    let write = |edit: Edit| {
        let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
        transaction.write("rules", edit).map_err(|refused| refused.kind())
    };
    let mut patch = Feature::new(row.schema().clone()).with_fid(row.fid.clone());
    patch.set("select", 10.into()).expect("is a number");
    assert_eq!(write(Edit::Update(patch.clone())), Err(ErrorKind::Conflict), "a check");
    patch.unset("select");
    patch.set("twice", 1.into()).expect("is a number");
    assert_eq!(write(Edit::Update(patch)), Err(ErrorKind::Invalid), "computed");
    let mut second = Feature::new(row.schema().clone());
    second.set("name", "first".into()).expect("is a text");
    assert_eq!(write(Edit::Insert(second)), Err(ErrorKind::Conflict), "is unique");
}

#[test]
fn declared_types_of_others_are_understood() {
    let (_folder, path) = folder();
    let store = with_table(
        &path,
        "odd",
        "CREATE TABLE odd (fid INTEGER PRIMARY KEY, a BIGINT, b FLOAT, c NUMERIC(10, 2), d, e TINYINT, \
         f CHARACTER VARYING(5), g TIMESTAMP); INSERT INTO odd VALUES (3, 1, 1.5, 2, 'x', 'many', 4, 5)",
    );
    let odd = layer(&store, "odd");
    let types: Vec<_> = odd.schema().fields().iter().map(|field| field.ty.clone()).collect();
    let expected = [
        FieldType::INT,
        FieldType::REAL,
        FieldType::REAL,
        FieldType::TEXT,
        FieldType::Int(IntWidth::W8),
        FieldType::Text { max_chars: Some(5) },
        FieldType::DateTime(ZoneRule::Either),
    ];
    assert_eq!(types, expected);
    assert_eq!(odd.fids, FidRule::Renumbering, "without AUTOINCREMENT a number can come again");
    let row = read(&store, "odd").remove(0);
    assert_eq!((row.get("e"), row.get("g")), (Some(&"many".into()), Some(&5.into())));
    assert_eq!(row.fid, Some(Fid::Int(3)));
}

#[test]
fn tables_with_other_keys_are_read() {
    let (_folder, path) = folder();
    let store = with_table(
        &path,
        "keyless",
        "CREATE TABLE keyless (name TEXT); INSERT INTO keyless VALUES ('a'), ('b');
         CREATE TABLE texts (code TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
         INSERT INTO texts VALUES ('x', 'y');
         INSERT INTO gpkg_contents (table_name, data_type) VALUES ('texts', 'attributes');
         CREATE VIEW seen AS SELECT rowid AS n, name FROM keyless;
         INSERT INTO gpkg_contents (table_name, data_type) VALUES ('seen', 'attributes')",
    );
    let keyless = layer(&store, "keyless");
    let found = (keyless.fid_name.as_deref(), keyless.fids, keyless.read_only.as_deref());
    assert_eq!(found, (None, FidRule::Renumbering, None));
    assert_eq!(read(&store, "keyless")[1].fid, Some(Fid::Int(2)));
    let texts = layer(&store, "texts");
    assert_eq!((texts.fids, texts.read_only.is_some()), (FidRule::Ephemeral, true));
    assert_eq!(texts.schema().fields().len(), 2, "the key is a field like others");
    assert_eq!(read(&store, "texts")[0].fid, None);
    assert_eq!(read(&store, "seen").len(), 2);
    for name in ["texts", "seen"] {
        let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
        let refused = transaction.writer(name, tiepoint_store::WriteMode::Rows).err();
        assert_eq!(refused.expect("is read-only").kind(), ErrorKind::Denied, "{name}");
    }
}

#[test]
fn a_layer_that_its_file_contradicts_can_be_read_and_is_reported() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::None, 3));
    let other = other_program(&path);
    other.pragma_update(None, "foreign_keys", false).expect("is set");
    let damage =
        "UPDATE gpkg_geometry_columns SET srs_id = 999, geometry_type_name = 'SPHERE', z = 7";
    other.execute(damage, []).expect("writes");
    let store = GpkgStore::open(&path).expect("opens");
    let trees = layer(&store, "trees");
    assert!(trees.read_only.is_some());
    assert_eq!(trees.geometry().map(|it| it.kind), Some(KindRule::Any));
    assert_eq!(read(&store, "trees").len(), 3);
    let found = store.check(tiepoint_store::Repair::No).expect("checks");
    assert!(found.iter().any(|it| it.kind == tiepoint_store::FindingKind::Catalogue), "{found:?}");
}

#[test]
fn closed_sets_titles_and_media_types_are_read() {
    let (_folder, path) = folder();
    let store = with_table(
        &path,
        "said",
        "CREATE TABLE said (fid INTEGER PRIMARY KEY, state INTEGER, share REAL, code TEXT, doc TEXT);
         CREATE TABLE gpkg_data_columns (table_name TEXT, column_name TEXT, name TEXT, title TEXT,
           description TEXT, mime_type TEXT, constraint_name TEXT);
         CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT, constraint_type TEXT,
           value TEXT, min NUMERIC, minIsInclusive BOOLEAN, max NUMERIC, maxIsInclusive BOOLEAN, description TEXT);
         INSERT INTO gpkg_data_columns VALUES
           ('said', 'state', 'state', 'State', 'what it is', NULL, 'states'),
           ('said', 'share', NULL, '', NULL, NULL, 'shares'),
           ('said', 'code', NULL, NULL, NULL, NULL, 'codes'),
           ('said', 'doc', NULL, NULL, NULL, 'application/json', NULL);
         INSERT INTO gpkg_data_column_constraints VALUES
           ('states', 'enum', '1', NULL, NULL, NULL, NULL, 'new'),
           ('states', 'enum', '2', NULL, NULL, NULL, NULL, NULL),
           ('shares', 'range', NULL, 0, 1, 1.5, 0, NULL),
           ('codes', 'glob', '[A-Z]*', NULL, NULL, NULL, NULL, NULL);
         INSERT INTO said VALUES (1, 1, 0.5, 'A1', '[1]')",
    );
    let said = layer(&store, "said");
    let [state, share, code, doc] = said.schema().fields() else { panic!("four fields") };
    assert_eq!(
        (state.title.as_deref(), state.description.as_deref()),
        (Some("State"), Some("what it is"))
    );
    let states = vec![(Value::Int(1), Some("new".to_owned())), (Value::Int(2), None)];
    assert_eq!(state.domain, Some(Domain::OneOf(states)));
    let (min, max) = (Some((0.0.into(), true)), Some((1.5.into(), false)));
    assert_eq!(share.domain, Some(Domain::Range { min, max }));
    assert_eq!((share.title.as_deref(), doc.ty.clone()), (None, FieldType::Json));
    assert_eq!(code.domain, Some(Domain::Glob("[A-Z]*".to_owned())));
    assert_eq!(
        read(&store, "said")[0].get("doc"),
        Some(&Value::Json("[1]".parse().expect("JSON")))
    );
}

#[test]
fn what_a_definition_says_in_sql_cannot_leave_its_place() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 3);
    let mut definition = LayerDefinition::new(
        "evil",
        Schema::new(vec![Field::new("a", FieldType::TEXT)]).expect("one field"),
    );
    for expression in
        ["1); DROP TABLE trees; --", "1) , b TEXT DEFAULT (1", "no_such_function(a)", "a ++"]
    {
        definition.checks = vec![Check { name: None, expression: expression.to_owned() }];
        let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
        let refused = transaction.create_layer(&definition).expect_err(expression);
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
        assert_eq!(transaction.layers().expect("lists").len(), 1, "nothing of it is left");
    }
}

#[test]
fn a_crs_is_kept_whoever_defined_it() {
    let local = "LOCAL_CS[\"site grid\",LOCAL_DATUM[\"site\",0],UNIT[\"metre\",1],AXIS[\"x\",EAST],AXIS[\"y\",NORTH]]";
    let (_folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is new");
    let all = [
        ("epsg", Crs::epsg(25832), Crs::epsg(25832)),
        ("lonlat", Crs::CRS84, Crs::epsg(4326)),
        ("wkt", Crs::Wkt(local.into()), Crs::Wkt(local.into())),
        ("again", Crs::Wkt(local.into()), Crs::Wkt(local.into())),
        ("esri", Crs::from_authority("ESRI", "54030"), Crs::from_authority("ESRI", "54030")),
        ("plane", Crs::UndefinedCartesian, Crs::UndefinedCartesian),
        ("globe", Crs::UndefinedGeographic, Crs::UndefinedGeographic),
    ];
    let definition = |name: &str, crs: &Crs| {
        let ty = GeometryType::xy(KindRule::Only(GeometryKind::Point), crs.clone());
        let field = Field::new("geom", FieldType::Geometry(ty));
        LayerDefinition::new(name, Schema::new(vec![field]).expect("one field"))
    };
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    for (name, crs, _) in &all {
        transaction.create_layer(&definition(name, crs)).expect("is created");
    }
    for crs in ["+proj=robin", "IAU_2015:moon"] {
        let crs = crs.parse().expect("names a CRS");
        let refused =
            transaction.create_layer(&definition("refused", &crs)).expect_err("cannot say it");
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }
    transaction.commit().expect("commits");
    let store = GpkgStore::open(&path).expect("opens");
    for (name, _, crs) in &all {
        assert_eq!(
            layer(&store, name).geometry().map(|it| it.crs.clone()).as_ref(),
            Some(crs),
            "{name}"
        );
    }
    let sql = "SELECT count(*) FROM gpkg_spatial_ref_sys";
    let rows: i64 = other_program(&path).query_row(sql, [], |row| row.get(0)).expect("counts");
    assert_eq!(rows, 6, "the three that must be there, and one for each that is used");
}

#[test]
fn titles_that_are_no_utf8_are_read_as_far_as_they_are() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 1);
    let sql = "UPDATE gpkg_contents SET identifier = CAST(x'42ff' AS TEXT), \
               description = CAST(x'ff61' AS TEXT)";
    other_program(&path).execute(sql, []).expect("writes");
    let trees = layer(&store, "trees");
    assert_eq!(trees.definition.title.as_deref(), Some("B\u{fffd}"));
    assert_eq!(trees.definition.description.as_deref(), Some("\u{fffd}a"));
    assert_eq!(read(&store, "trees").len(), 1);
}

#[test]
fn a_float_column_of_others_holds_doubles() {
    let (_folder, path) = folder();
    let sql = "CREATE TABLE levels (fid INTEGER PRIMARY KEY, level FLOAT); \
               INSERT INTO levels (level) VALUES (0.1)";
    let store = with_table(&path, "levels", sql);
    assert_eq!(layer(&store, "levels").schema().fields(), [Field::new("level", FieldType::REAL)]);
    let feature = read(&store, "levels").remove(0);
    assert_eq!(feature.get("level"), Some(&Value::Real(0.1)));
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.write("levels", Edit::Update(feature)).expect("is written as it was read");
    transaction.commit().expect("commits");
    let findings = store.check(tiepoint_store::Repair::No).expect("checks");
    assert!(findings.iter().all(|it| it.layer.as_deref() != Some("levels")), "{findings:?}");
}
