//! Random questions over random data: what SQLite decides is what we decide in memory.
use crate::trees::{committed, folder, other_program, planted};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rusqlite::types::Value as Stored;
use tiepoint_core::{
    Crs, Direction, Edit, Expr, Feature, Field, FieldType, Function as F, GeometryType, Identity,
    IntWidth, KindRule, LayerDefinition, ObjectId, Query, RealWidth, Schema, Value, ZoneRule,
    field,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_spatial::testing::{arb_feature, arb_query};
use tiepoint_store::conformance::oracle::agree;
use tiepoint_store::{Store, WriteMode};

const ANYTHING: &str = "anything";

/// A field of every type.
fn schema() -> Schema {
    let geometry = |crs| FieldType::Geometry(GeometryType::xy(KindRule::Any, crs));
    let fields = [
        ("truth", FieldType::Bool),
        ("small", FieldType::Int(IntWidth::W16)),
        ("whole", FieldType::INT),
        ("real", FieldType::REAL),
        ("single", FieldType::Real(RealWidth::W32)),
        ("price", FieldType::Decimal { precision: None, scale: None }),
        ("name", FieldType::TEXT),
        ("other name", FieldType::TEXT),
        ("bytes", FieldType::Bytes { max_bytes: None }),
        ("day", FieldType::Date),
        ("clock", FieldType::Time(ZoneRule::Either)),
        ("moment", FieldType::DateTime(ZoneRule::Either)),
        ("list", FieldType::Json),
        ("uuid", FieldType::Uuid),
        ("geom", geometry(Crs::CRS84)),
        ("plan", geometry(Crs::epsg(25832))),
    ];
    let fields = fields.into_iter().map(|(name, ty)| Field::new(name, ty));
    Schema::new(fields.collect()).expect("distinct names")
}

/// A tied layer of such features.
fn filled(store: &GpkgStore, runner: &mut TestRunner, count: usize) {
    let schema = schema();
    let features = arb_feature(&schema);
    committed(store, |transaction| {
        let identity = Identity::Column("object".to_owned());
        let definition = LayerDefinition { identity, ..LayerDefinition::new(ANYTHING, schema) };
        transaction.create_layer(&definition).expect("is created");
        let mut writer = transaction.writer(ANYTHING, WriteMode::Rows).expect("opens");
        for _ in 0..count {
            let feature = features.new_tree(runner).expect("is made").current();
            let feature: Feature = feature.with_id(ObjectId::mint());
            // a few lie outside of what the types allow
            let _ = writer.write(Edit::Insert(feature));
        }
        writer.finish().expect("finishes");
    });
}

/// How many cases to try: `TIEPOINT_LONG` says it.
fn cases() -> usize {
    let asked = std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse().ok());
    asked.unwrap_or(400)
}

fn ask_at_random(store: &GpkgStore, layer: &str, runner: &mut TestRunner) {
    let schema = store.layer(layer).expect("is there").schema().clone();
    let queries = arb_query(layer, &schema);
    let mut passed = 0;
    for _ in 0..cases() {
        let query = queries.new_tree(runner).expect("is made").current();
        passed += agree(store, &query).len();
    }
    assert!(passed > 0, "some filters pass something");
}

#[test]
fn sqlite_answers_as_memory_does() {
    let (_folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is new");
    let mut runner = TestRunner::deterministic();
    filled(&store, &mut runner, 60);
    ask_at_random(&store, ANYTHING, &mut runner);
}

/// Every sort of column, as others declare them, and every sort of value in each.
const MISTYPED: &str = "CREATE TABLE mistyped (
    fid INTEGER PRIMARY KEY, truth BOOLEAN, whole INTEGER, odd_whole INT, real DOUBLE,
    number NUMERIC(9, 2), name TEXT, loud VARCHAR(9) COLLATE NOCASE, string STRING, bare,
    bytes BLOB, day DATE, moment DATETIME);
    CREATE INDEX of_truth ON mistyped (truth); CREATE INDEX of_whole ON mistyped (whole);
    CREATE INDEX of_real ON mistyped (real); CREATE INDEX of_name ON mistyped (name);
    CREATE INDEX of_loud ON mistyped (loud); CREATE INDEX of_string ON mistyped (string);
    CREATE INDEX of_bare ON mistyped (bare)";

fn mistyped_values() -> Vec<Stored> {
    let text = |it: &str| Stored::Text(it.to_owned());
    vec![
        Stored::Null,
        Stored::Integer(0),
        Stored::Integer(1),
        Stored::Integer(7),
        Stored::Integer(i64::MAX),
        Stored::Integer(9_007_199_254_740_993),
        Stored::Real(0.5),
        Stored::Real(1.0),
        Stored::Real(-0.0),
        Stored::Real(9_007_199_254_740_992.0),
        Stored::Real(f64::INFINITY),
        text(""),
        text("7"),
        text("1e3"),
        text("abc"),
        text("ABC"),
        text("ä"),
        text("2024-02-29"),
        text("2024-02-29T12:30:00Z"),
        Stored::Blob(vec![]),
        Stored::Blob(b"abc".to_vec()),
    ]
}

fn mistyped(path: &std::path::Path, sql: &str) -> GpkgStore {
    drop(planted(path, Identity::None, 0));
    let other = other_program(path);
    other.execute_batch(sql).expect("is SQL");
    let register = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('mistyped', 'attributes', 'mistyped')";
    other.execute(register, []).expect("is registered");
    let values = mistyped_values();
    let mut insert = other
        .prepare(
            "INSERT INTO mistyped VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .expect("is SQL");
    for row in 0..values.len() * 3 {
        for column in 0..12 {
            let value = &values[(row * (column + 1) + row / values.len()) % values.len()];
            insert.raw_bind_parameter(column + 1, value).expect("binds");
        }
        insert.raw_execute().expect("inserts");
    }
    let broken = "INSERT INTO mistyped (name, loud, string, bare, bytes) VALUES \
                  (CAST(X'61FF' AS TEXT), CAST(X'FF' AS TEXT), CAST(X'61FF' AS TEXT), CAST(X'FF' AS TEXT), CAST(X'FF' AS TEXT))";
    other.execute(broken, []).expect("inserts");
    drop(insert);
    GpkgStore::open(path).expect("opens")
}

#[test]
fn values_of_another_class_than_declared_count_as_null() {
    let (_folder, path) = folder();
    let store = mistyped(&path, MISTYPED);
    ask_at_random(&store, "mistyped", &mut TestRunner::deterministic());
}

/// Constants that may stand beside a field, at the edges of what is stored.
fn constants(ty: &FieldType) -> Vec<Value> {
    let texts = ["", "7", "1e3", "ABC", "abc", "zzz"].map(Value::from);
    let numbers = [
        Value::Int(0),
        Value::Int(7),
        Value::Int(i64::MAX),
        Value::Int(9_007_199_254_740_993),
        Value::Real(0.5),
        Value::Real(9_007_199_254_740_992.0),
        Value::Real(f64::INFINITY),
        Value::Real(f64::NAN),
    ];
    match ty {
        FieldType::Bool => vec![true.into(), false.into()],
        FieldType::Int(_) | FieldType::Real(_) => numbers.into(),
        FieldType::Text { .. } => texts.into(),
        _ => Vec::new(),
    }
}

#[test]
fn every_comparison_of_every_column_knows_what_counts_as_null() {
    let (_folder, path) = folder();
    let store = mistyped(&path, MISTYPED);
    let layer = store.layer("mistyped").expect("is there");
    for of in layer.schema().fields() {
        let it = || field(&of.name);
        let mut filters = vec![it().is_null(), it().is_not_null()];
        for constant in constants(&of.ty) {
            let beside = || Expr::Literal(constant.clone());
            for function in [F::Eq, F::Ne, F::Lt, F::Le, F::Gt, F::Ge] {
                let compared = Expr::call(function.clone(), [it(), beside()]);
                filters.push(!compared.clone());
                filters.push(compared);
                filters.push(Expr::call(function, [beside(), it()]));
            }
            filters.push(it().is_in([beside(), Expr::from(constant.clone())]));
            filters.push(!it().is_in([beside()]));
        }
        for filter in filters {
            agree(&store, &Query::layer("mistyped").filter(filter));
        }
        if of.ty != FieldType::Json {
            agree(&store, &Query::layer("mistyped").order_by(it(), Direction::Descending).limit(9));
        }
    }
}

#[test]
fn views_of_such_values_are_no_different() {
    let (_folder, path) = folder();
    let sql = format!(
        "{MISTYPED}; ALTER TABLE mistyped RENAME TO base; CREATE VIEW mistyped AS \
         SELECT fid, truth, whole, odd_whole, real, number, name, loud, string, \
         CAST(bare AS TEXT) AS bare, bytes, day, moment FROM base; \
         CREATE TRIGGER into_base INSTEAD OF INSERT ON mistyped BEGIN INSERT INTO base VALUES \
         (NULL, NEW.truth, NEW.whole, NEW.odd_whole, NEW.real, NEW.number, NEW.name, NEW.loud, \
         NEW.string, NEW.bare, NEW.bytes, NEW.day, NEW.moment); END"
    );
    let store = mistyped(&path, &sql);
    ask_at_random(&store, "mistyped", &mut TestRunner::deterministic());
}

#[test]
fn text_in_utf16_compares_by_code_point_too() {
    let (_folder, path) = folder();
    let other = other_program(&path);
    let sql = "PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = 0x47504B47; \
               PRAGMA user_version = 10300;";
    other.execute_batch(sql).expect("is SQL");
    other.execute_batch(include_str!("../../src/sql/geopackage.sql")).expect("is SQL");
    let table = "CREATE TABLE wide (fid INTEGER PRIMARY KEY, name TEXT); \
                 CREATE INDEX of_name ON wide (name); \
                 INSERT INTO wide (name) VALUES ('a'), ('\u{ff5e}'), ('\u{1f600}'), (NULL), ('b'); \
                 INSERT INTO gpkg_contents (table_name, data_type, identifier) \
                 VALUES ('wide', 'attributes', 'wide')";
    other.execute_batch(table).expect("is SQL");
    drop(other);
    let store = GpkgStore::open(&path).expect("opens");
    let above = Query::layer("wide").filter(field("name").gt("\u{ff5e}"));
    assert_eq!(agree(&store, &above).len(), 1, "an emoji's code point is larger");
    agree(&store, &Query::layer("wide").order_by(field("name"), Direction::Descending).limit(2));
    agree(&store, &Query::layer("wide").filter(!field("name").eq("b")));
}

#[test]
fn rows_without_a_key_keep_their_order_among_equals() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::None, 0));
    let sql = "CREATE TABLE keyless (name TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID; \
               INSERT INTO gpkg_contents (table_name, data_type, identifier) \
               VALUES ('keyless', 'attributes', 'keyless')";
    let other = other_program(&path);
    other.execute_batch(sql).expect("is SQL");
    for row in 0..200 {
        let values = (format!("{:03}", row * 37 % 200), row % 3);
        other.execute("INSERT INTO keyless VALUES (?1, ?2)", values).expect("inserts");
    }
    let store = GpkgStore::open(&path).expect("opens");
    let sorted = Query::layer("keyless").order_by(field("n"), Direction::Descending).limit(150);
    assert_eq!(agree(&store, &sorted).len(), 150);
}
