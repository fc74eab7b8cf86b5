//! Layers that nobody may alter, tied by the names that a field gives.
use crate::identity::{committed, open};
use tiepoint_core::{Edit, ErrorKind, Feature, Fid, FidRule, Identity, ObjectId, Query, Value};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{
    FindingKind, Repair, Store, TieOptions, TransactionOptions, WriteMode, Written,
};

fn namespace() -> ObjectId {
    "0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10".parse().expect("a UUID")
}

fn named(key: &str) -> ObjectId {
    ObjectId::from_key(&namespace(), key)
}

fn tie(store: &PostgisStore, layer: &str, field: &str) -> u64 {
    let options = TieOptions::by_key(field, namespace());
    committed(store, |it| it.tie(layer, &options)).unwrap_or_else(|it| panic!("{it}")).kept
}

fn read(store: &PostgisStore, query: &Query) -> Vec<Feature> {
    let read = store.read(query).and_then(Iterator::collect);
    read.unwrap_or_else(|error| panic!("{error}"))
}

fn ids(store: &PostgisStore, layer: &str) -> Vec<Option<ObjectId>> {
    read(store, &Query::layer(layer)).into_iter().map(|it| it.id).collect()
}

fn findings(store: &PostgisStore) -> Vec<(Option<String>, String, u64)> {
    let found = store.check(Repair::No).expect("checks").into_iter();
    let found = found.filter(|it| it.kind == FindingKind::Identity);
    found.map(|it| (it.layer, it.message, it.rows)).collect()
}

const THEIRS: &str = "CREATE TABLE trees (code text, n int, name text);
    INSERT INTO trees VALUES ('b', 2, 'elm'), ('a', 1, 'oak'), ('é', 3, 'ash');
    CREATE VIEW shown AS SELECT * FROM trees;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM trees";

#[test]
fn views_and_foreign_tables_have_ids_fids_and_an_order_by_their_key() {
    let Some(server) = server_or_skip("natural keys of views") else { return };
    let database = server.database();
    database.execute(&format!(
        "{THEIRS}; CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE lines (code text, n int) SERVER files
           OPTIONS (program 'printf \"b,2\\na,1\\né,3\\n\"', format 'csv')"
    ));
    let store = PostgisStore::open(&database.url()).expect("opens");
    let other = PostgisStore::open(&database.url()).expect("opens");
    for layer in ["shown", "kept", "lines"] {
        let before = other.layer(layer).expect("is there");
        assert_eq!((before.fids, before.is_tied()), (FidRule::Ephemeral, false), "{layer}");
        assert_eq!(tie(&store, layer, "code"), 3, "{layer}");
        let after = other.layer(layer).expect("is there");
        assert_eq!((after.fids, after.is_tied()), (FidRule::Stable, true), "others see it");
        assert_eq!(after.fid_name.as_deref(), Some("code"), "{layer}");
        assert!(after.read_only.is_some(), "{layer}");
        let rows = read(&other, &Query::layer(layer).fields(["n"]));
        let rows: Vec<_> = rows.into_iter().map(|it| (it.fid, it.id)).collect();
        let expected =
            ["a", "b", "é"].map(|key| (Some(Fid::Text(key.to_owned())), Some(named(key))));
        assert_eq!(rows, expected, "{layer}");
        let found = read(&store, &Query::object(layer, named("b")));
        assert_eq!(found.len(), 1, "{layer}");
        assert_eq!(found[0].get("n"), Some(&2.into()), "{layer}");
        assert_eq!(read(&store, &Query::object(layer, named("z"))), [], "{layer}");
        let update = found[0].clone();
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        let refused = transaction.write(layer, Edit::Update(update));
        assert_eq!(refused.expect_err("is read-only").kind(), ErrorKind::Denied, "{layer}");
    }
    assert_eq!(findings(&store), []);
    let report = committed(&store, |it| it.untie(None)).expect("unties");
    assert_eq!(report.layers, ["kept", "lines", "shown"]);
    assert_eq!(report.columns_dropped, Vec::<String>::new());
    assert_eq!(ids(&other, "shown"), [None, None, None]);
    let left = "SELECT count(*)::text FROM pg_namespace WHERE nspname = 'tiepoint'";
    assert_eq!(database.value(left), "0");
}

#[test]
fn what_others_do_to_keys_is_reported_and_still_read() {
    let Some(server) = server_or_skip("natural keys of others") else { return };
    let schema = server.schema();
    schema.execute(THEIRS);
    let store = open(&schema);
    tie(&store, "shown", "code");
    schema.execute(
        "UPDATE trees SET code = NULL WHERE n = 1; UPDATE trees SET code = 'b' WHERE n = 3",
    );
    let mut found = ids(&store, "shown");
    found.sort_unstable();
    assert_eq!(found, [None, Some(named("b")), Some(named("b"))]);
    assert_eq!(read(&store, &Query::object("shown", named("b"))).len(), 2);
    let rows: Vec<u64> = findings(&store).into_iter().map(|it| it.2).collect();
    assert_eq!(rows, [1, 1]);
    schema.execute("ALTER VIEW shown RENAME COLUMN code TO letter");
    assert_eq!(ids(&store, "shown"), [None, None, None]);
    assert!(findings(&store)[0].1.contains("the natural key `code`"), "{:?}", findings(&store));
    committed(&store, |it| it.untie(Some("shown")).map(drop)).expect("unties");
    assert_eq!(findings(&store), []);
    tie(&store, "shown", "n");
    schema.execute("DROP VIEW shown; CREATE VIEW shown AS SELECT * FROM trees");
    assert_eq!(store.layer("shown").expect("is there").identity(), &Identity::None);
    assert!(findings(&store)[0].1.contains("the natural key `n`"), "{:?}", findings(&store));
    tie(&store, "shown", "n");
    assert_eq!(findings(&store), []);
}

#[test]
fn keys_of_every_kind_name_their_rows() {
    let Some(server) = server_or_skip("natural keys of every kind") else { return };
    let schema = server.schema();
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let kinds = [
        ("int2", "7", "7"),
        ("int8", "-7", "-7"),
        ("numeric", "1.50", "1.50"),
        ("text", "'O''Neill'", "O'Neill"),
        ("varchar(20)", "'50%'", "50%"),
        ("mood", "'glad'", "glad"),
        ("uuid", &format!("'{uuid}'"), uuid),
        ("date", "'2024-02-29'", "2024-02-29"),
    ];
    schema.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')");
    let store = open(&schema);
    for (at, (ty, sql, key)) in kinds.into_iter().enumerate() {
        let layer = format!("l{at}");
        schema.execute(&format!(
            "CREATE TABLE {layer} (key {ty}, name text); INSERT INTO {layer} VALUES ({sql}, 'x')"
        ));
        assert_eq!(tie(&store, &layer, "key"), 1, "{ty}");
        let mut row = read(&store, &Query::object(&layer, named(key))).remove(0);
        let again = row.clone().with_fid(None);
        let write = |change| committed(&store, |it| it.write(&layer, change));
        let taken = write(Edit::Insert(again)).expect_err("is taken");
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "{ty}: {taken}");
        row.set("name", "y".into()).expect("fits");
        assert_eq!(write(Edit::Update(row)).expect("is written"), Written::Updated, "{ty}");
        let read = read(&store, &Query::layer(&layer)).remove(0);
        assert_eq!((read.id, read.get("name")), (Some(named(key)), Some(&"y".into())), "{ty}");
    }
}

#[test]
fn a_key_that_the_server_fills_in_names_the_row() {
    let Some(server) = server_or_skip("natural keys of the server") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE t (id serial PRIMARY KEY, key uuid DEFAULT gen_random_uuid(), name text)",
    );
    let store = open(&schema);
    tie(&store, "t", "key");
    let layer = store.layer("t").expect("is there");
    for mode in [WriteMode::Rows, WriteMode::Bulk] {
        let (written, id) = committed(&store, |it| {
            let mut writer = it.writer("t", mode).expect("opens");
            let feature = Feature::new(layer.schema().clone());
            let written = writer.write(Edit::Insert(feature)).expect("is written");
            let Written::Inserted { id, .. } = &written else { panic!("an insert") };
            let id = *id;
            let mut update = Feature::new(layer.schema().clone()).with_id(id);
            update.set("name", "x".into()).expect("fits");
            assert_eq!(writer.write(Edit::Update(update)).expect("runs"), Written::Updated);
            writer.finish().expect("finishes");
            (written, id.expect("is named"))
        });
        let Written::Inserted { filled, .. } = written else { panic!("an insert") };
        let key = filled
            .iter()
            .find(|(at, _)| layer.schema().position("key") == Some(*at))
            .map(|it| it.1.clone());
        assert_eq!(key.and_then(|it| ObjectId::from_key_value(&namespace(), &it)), Some(id));
        let row = read(&store, &Query::object("t", id)).remove(0);
        assert_eq!(row.get("name"), Some(&Value::from("x")));
    }
}
