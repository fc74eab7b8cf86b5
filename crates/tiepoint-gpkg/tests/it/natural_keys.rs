//! Layers that nobody may alter, tied by the names that a field gives.
use crate::trees::{committed, definition, folder, planted};
use rusqlite::Connection;
use std::path::Path;
use tiepoint_core::{ErrorKind, Identity, ObjectId, Query};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{FindingKind, Repair, Store, TieOptions};

fn namespace() -> ObjectId {
    "0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10".parse().expect("a UUID")
}

fn named(key: &str) -> ObjectId {
    ObjectId::from_key(&namespace(), key)
}

/// Three trees, and a view of them without numbers of its own.
fn with_view(path: &Path) -> GpkgStore {
    drop(planted(path, Identity::None, 0));
    let connection = Connection::open(path).expect("opens");
    let sql = "CREATE TABLE theirs (fid INTEGER PRIMARY KEY, name TEXT, height REAL);
               INSERT INTO theirs VALUES (1, 'tree 0', 0), (2, 'tree 1', 1), (3, 'tree 2', 2);
               CREATE VIEW names AS SELECT name, height FROM theirs;
               INSERT INTO gpkg_contents (table_name, data_type) VALUES ('names', 'attributes')";
    connection.execute_batch(sql).expect("is SQL");
    GpkgStore::open(path).expect("opens")
}

fn objects(connection: &Connection) -> Vec<String> {
    let sql =
        "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1";
    let mut statement = connection.prepare(sql).expect("is SQL");
    let rows = statement.query_map([], |row| row.get(0)).expect("runs");
    rows.map(|row| row.expect("is text")).collect()
}

fn ids(store: &GpkgStore) -> Vec<Option<ObjectId>> {
    let read = store.read(&Query::layer("names").fields(["height"])).expect("reads");
    read.map(|it| it.expect("reads").id).collect()
}

fn findings(store: &GpkgStore) -> Vec<(String, u64)> {
    let found = store.check(Repair::No).expect("checks").into_iter();
    let found = found.filter(|it| it.kind == FindingKind::Identity);
    found.map(|it| (it.message, it.rows)).collect()
}

#[test]
fn a_view_is_tied_by_a_field_and_untied_without_a_trace() {
    let (_guard, path) = folder();
    let store = with_view(&path);
    let connection = Connection::open(&path).expect("opens");
    let before = objects(&connection);
    let report = committed(&store, |it| {
        it.tie("names", &TieOptions::by_key("name", namespace())).expect("ties")
    });
    assert_eq!(report.kept, 3);
    assert_eq!(store.layer("names").expect("is there").read_only.as_deref(), Some("it is a view"));
    let trees = ["tree 0", "tree 1", "tree 2"].map(|key| Some(named(key)));
    assert_eq!(ids(&store), trees);
    let one = store.read(&Query::object("names", named("tree 1"))).expect("reads");
    let one: Vec<_> = one.map(|it| it.expect("reads")).collect();
    assert_eq!((one.len(), one[0].get("name")), (1, Some(&"tree 1".into())));
    committed(&store, |it| it.untie(Some("names")).map(drop)).expect("unties");
    assert_eq!(ids(&store), [None, None, None]);
    assert_eq!(objects(&connection), before);
}

#[test]
fn what_others_do_to_keys_is_reported_and_still_read() {
    let (_guard, path) = folder();
    let store = with_view(&path);
    committed(&store, |it| it.tie("names", &TieOptions::by_key("name", namespace())).map(drop))
        .expect("ties");
    assert_eq!(findings(&store), []);
    let connection = Connection::open(&path).expect("opens");
    let sql = "UPDATE theirs SET name = NULL WHERE name = 'tree 0';
               UPDATE theirs SET name = 'tree 1' WHERE name = 'tree 2'";
    connection.execute_batch(sql).expect("is SQL");
    assert_eq!(ids(&store), [None, Some(named("tree 1")), Some(named("tree 1"))]);
    let both = store.read(&Query::object("names", named("tree 1")));
    assert_eq!(both.expect("reads").count(), 2);
    let rows: Vec<u64> = findings(&store).into_iter().map(|it| it.1).collect();
    assert_eq!(rows, [1, 1]);
    let sql = "DROP VIEW names; CREATE VIEW names AS SELECT name AS title, height FROM theirs";
    connection.execute_batch(sql).expect("is SQL");
    assert_eq!(ids(&store), [None, None, None], "the field is gone");
    assert!(findings(&store)[0].0.contains("the natural key `name`"), "{:?}", findings(&store));
    store.check(Repair::Yes).expect("mends");
    assert_eq!(findings(&store), []);
}

#[test]
fn tying_a_view_says_which_rows_are_in_the_way() {
    let (_guard, path) = folder();
    let store = with_view(&path);
    Connection::open(&path)
        .and_then(|it| it.execute_batch("UPDATE theirs SET name = 'tree 1' WHERE name = 'tree 2'"))
        .expect("is SQL");
    let mut transaction = crate::trees::begin(&store);
    let refused = transaction.tie("names", &TieOptions::by_key("name", namespace()));
    let refused = refused.expect_err("one is shared");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("(rows number 3)"), "{refused}");
    transaction.tie("names", &TieOptions::default()).expect_err("a view has no room for ids");
    assert_eq!(transaction.layer("names").expect("is there").identity(), &Identity::None);
}

#[test]
fn a_table_tied_by_a_field_loses_its_note_with_itself() {
    let (_guard, path) = folder();
    let identity = TieOptions::by_key("name", namespace()).carrier.identity();
    let store = planted(&path, identity, 3);
    committed(&store, |it| it.drop_layer("trees")).expect("is dropped");
    committed(&store, |it| it.create_layer(&definition(Identity::None)).map(drop))
        .expect("is created");
    assert_eq!(store.layer("trees").expect("is there").identity(), &Identity::None);
    assert_eq!(findings(&store), []);
}
