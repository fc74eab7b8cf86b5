//! Random questions over random data: memory, SQLite and PostgreSQL give the same answers.
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tiepoint_core::{
    Crs, Edit, Feature, Field, FieldType, GeometryType, Identity, IntWidth, KindRule,
    LayerDefinition, ObjectId, Query, RealWidth, Schema, ZoneRule,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_spatial::testing::{arb_feature, arb_query};
use tiepoint_store::conformance::oracle::{agree, fids};
use tiepoint_store::{MemoryStore, Store, TransactionOptions, WriteMode};

const ANYTHING: &str = "anything";
const ROWS: i64 = 60;

/// A field of every type that all three keep.
fn schema() -> Schema {
    let geometry = |crs| FieldType::Geometry(GeometryType::xy(KindRule::Any, crs));
    let fields = [
        ("truth", FieldType::Bool),
        ("small", FieldType::Int(IntWidth::W16)),
        ("middle", FieldType::Int(IntWidth::W32)),
        ("whole", FieldType::INT),
        ("real", FieldType::REAL),
        ("single", FieldType::Real(RealWidth::W32)),
        ("price", FieldType::Decimal { precision: None, scale: None }),
        ("name", FieldType::TEXT),
        ("other name", FieldType::TEXT),
        ("bytes", FieldType::Bytes { max_bytes: None }),
        ("day", FieldType::Date),
        ("clock", FieldType::Time(ZoneRule::Without)),
        ("zoned clock", FieldType::Time(ZoneRule::With)),
        ("local", FieldType::DateTime(ZoneRule::Without)),
        ("moment", FieldType::DateTime(ZoneRule::Utc)),
        ("list", FieldType::Json),
        ("uuid", FieldType::Uuid),
        ("geom", geometry(Crs::epsg(4326))),
        ("plan", geometry(Crs::epsg(25832))),
    ];
    let fields = fields.into_iter().map(|(name, ty)| Field::new(name, ty));
    Schema::new(fields.collect()).expect("distinct names")
}

/// Writes those that every store takes, with the same fids in each.
fn filled(stores: &[&dyn Store], runner: &mut TestRunner) {
    let schema = schema();
    let features = arb_feature(&schema);
    let identity = Identity::Column("object".to_owned());
    let definition = LayerDefinition { identity, ..LayerDefinition::new(ANYTHING, schema) };
    for store in stores {
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        transaction.create_layer(&definition).expect("is created");
        transaction.commit().expect("commits");
    }
    let mut kept = 0_i64;
    while kept < ROWS {
        let feature: Feature = features.new_tree(runner).expect("is made").current();
        let feature = feature.with_id(ObjectId::mint());
        let open = stores.iter().map(|store| {
            let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
            let feature = feature.clone().with_fid(tiepoint_core::Fid::Int(kept + 1));
            let mut writer = transaction.writer(ANYTHING, WriteMode::Rows).expect("opens");
            let taken = writer.write(Edit::Insert(feature)).is_ok();
            writer.finish().expect("finishes");
            (transaction, taken)
        });
        let open: Vec<_> = open.collect();
        if open.iter().all(|(_, taken)| *taken) {
            for (transaction, _) in open {
                transaction.commit().expect("commits");
            }
            kept += 1;
        }
    }
}

/// How many questions to ask: `TIEPOINT_LONG` says it.
fn questions() -> usize {
    let asked = std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse().ok());
    asked.unwrap_or(400)
}

fn answer(store: &dyn Store, query: &Query) -> Result<Vec<Feature>, String> {
    let features = store.read(query).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    features.map_err(|error| format!("{:?}", error.kind()))
}

#[test]
fn memory_sqlite_and_postgis_give_the_same_answers() {
    let name = "memory_sqlite_and_postgis_give_the_same_answers";
    let Some(server) = server_or_skip(name) else { return };
    let place = server.schema();
    let folder = tempfile::tempdir().expect("a folder");
    let memory = MemoryStore::new();
    let sqlite = GpkgStore::create(folder.path().join("a.gpkg")).expect("is new");
    let postgis = PostgisStore::open(&place.url()).expect("opens");
    let mut runner = TestRunner::deterministic();
    filled(&[&memory, &sqlite, &postgis], &mut runner);
    place.execute("CREATE INDEX ON anything (name); CREATE INDEX ON anything (whole); ANALYZE");
    let queries = arb_query(ANYTHING, &schema());
    let (mut passed, mut in_store) = (0, 0);
    for number in 0..questions() {
        let query = queries.new_tree(&mut runner).expect("is made").current();
        let expected = answer(&memory, &query);
        for store in [&sqlite as &dyn Store, &postgis] {
            let found = answer(store, &query);
            assert!(
                found == expected,
                "question {number} of {}:\n{query:#?}\n{}\ngives {:?}\ninstead of {:?}",
                store.name(),
                store.explain(&query).map_or_else(|error| error.to_string(), |it| it.to_string()),
                found.as_deref().map(fids),
                expected.as_deref().map(fids)
            );
        }
        passed += expected.map_or(0, |it| it.len());
        if number % 50 == 0 {
            in_store +=
                usize::from(postgis.explain(&query).is_ok_and(|it| !it.in_store.is_empty()));
        }
    }
    assert!(passed > 0, "some filters pass something");
    assert!(in_store > 0 || questions() < 400, "the server decides some of them");
}

#[test]
fn the_server_answers_as_we_do_with_everything_it_gives() {
    let name = "the_server_answers_as_we_do_with_everything_it_gives";
    let Some(server) = server_or_skip(name) else { return };
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    let mut runner = TestRunner::deterministic();
    filled(&[&store], &mut runner);
    let queries = arb_query(ANYTHING, &schema());
    for _ in 0..questions() / 4 {
        agree(&store, &queries.new_tree(&mut runner).expect("is made").current());
    }
}
