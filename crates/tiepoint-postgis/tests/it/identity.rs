//! Tied layers in the hands of others: what they write, rename, copy and restore.
use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use tiepoint_core::{Edit, Feature, Identity, ObjectId, Query};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestDatabase, TestSchema, server_or_skip};
use tiepoint_store::{
    FindingKind, Repair, Store, TieOptions, TieReport, Transaction, TransactionOptions, WriteMode,
};

pub(crate) const TREES: &str = "trees";
pub(crate) const BRACED: &str = "{67E55044-10B1-426F-9247-BB680E5FE0C8}";
pub(crate) const PLAIN: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

pub(crate) fn open(schema: &TestSchema) -> PostgisStore {
    PostgisStore::open(&schema.url()).expect("opens")
}

pub(crate) fn committed<T>(
    store: &PostgisStore,
    work: impl FnOnce(&mut dyn Transaction) -> T,
) -> T {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let result = work(transaction.as_mut());
    transaction.commit().expect("commits");
    result
}

pub(crate) fn tie(store: &PostgisStore, column: &str) -> TieReport {
    committed(store, |it| it.tie(TREES, &by(column)).expect("ties"))
}

pub(crate) fn by(column: &str) -> TieOptions {
    TieOptions::by_column(column)
}

/// Five trees in a table that is not ours, tied by a column of a type.
fn planted(schema: &TestSchema, ty: &str) -> PostgisStore {
    schema.execute(&format!(
        "CREATE TABLE trees (fid serial PRIMARY KEY, name text, object_id {ty});
         INSERT INTO trees (name) SELECT 'tree ' || n FROM generate_series(1, 5) AS n"
    ));
    let store = open(schema);
    assert_eq!(tie(&store, "object_id"), TieReport { minted: 5, ..TieReport::default() });
    store
}

pub(crate) fn ids(store: &PostgisStore, layer: &str) -> Vec<Option<ObjectId>> {
    let read = store.read(&Query::layer(layer)).expect("reads");
    read.map(|it| it.expect("reads").id).collect()
}

pub(crate) fn right(store: &PostgisStore, what: &str) {
    for layer in store.layers().expect("lists") {
        let ids = ids(store, layer.name());
        assert!(ids.iter().all(Option::is_some), "{what}: {ids:?}");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{what}: {ids:?}");
    }
    let findings = store.check(Repair::No).expect("checks");
    assert!(findings.is_empty(), "{what}: {findings:?}");
}

const COPY: &str = "INSERT INTO trees (name, object_id) SELECT name, object_id FROM trees";

#[test]
fn whatever_others_write_ids_stay_right() {
    let Some(server) = server_or_skip("writes of others") else { return };
    let statements = [
        ("nothing", "INSERT INTO trees (name) VALUES ('a')".to_owned()),
        ("null", "INSERT INTO trees (name, object_id) VALUES ('a', NULL)".to_owned()),
        ("a copy", format!("{COPY} WHERE fid = 2")),
        ("a copy of all", COPY.to_owned()),
        ("copies of one", format!("{COPY} AS t, generate_series(1, 100) WHERE fid = 2")),
        ("braces", format!("INSERT INTO trees (name, object_id) VALUES ('a', '{BRACED}')")),
        ("a braced copy", format!("INSERT INTO trees (name, object_id) VALUES ('a', '{BRACED}')")),
        ("twice at once", format!(
            "INSERT INTO trees (object_id) VALUES ('{0}'), ('{0}')", ObjectId::mint()
        )),
        ("no id", "INSERT INTO trees (object_id) VALUES ('00000000-0000-0000-0000-000000000000')".to_owned()),
        ("a rewrite", format!("UPDATE trees SET object_id = '{}' WHERE fid = 2", ObjectId::mint())),
        ("an erasure", "UPDATE trees SET object_id = NULL".to_owned()),
        ("another's", "UPDATE trees SET object_id = (SELECT object_id FROM trees WHERE fid = 1) WHERE fid = 2".to_owned()),
        ("another fid", "UPDATE trees SET fid = 99999 WHERE fid = 2".to_owned()),
        ("an upsert", "INSERT INTO trees (fid, name) VALUES (3, 'b') ON CONFLICT (fid) DO UPDATE SET name = excluded.name, object_id = excluded.object_id".to_owned()),
        ("ignored", "INSERT INTO trees (fid) VALUES (3) ON CONFLICT DO NOTHING".to_owned()),
        ("a merge", "MERGE INTO trees AS t USING (VALUES (3), (77777)) AS s (fid) ON t.fid = s.fid WHEN MATCHED THEN UPDATE SET name = 'm', object_id = NULL WHEN NOT MATCHED THEN INSERT (fid) VALUES (s.fid)".to_owned()),
    ];
    for ty in ["uuid", "text", "varchar(40)", "char(36)"] {
        let schema = server.schema();
        let store = planted(&schema, ty);
        for (what, statement) in &statements {
            let before = ids(&store, TREES);
            // has no room for them
            let narrow = ty == "char(36)" && what.contains("brace");
            schema.execute(&if narrow {
                statement.replace(['{', '}'], "")
            } else {
                statement.clone()
            });
            right(&store, what);
            let after = ids(&store, TREES);
            assert!(before.iter().all(|id| after.contains(id)), "{ty}, {what}: an id was lost");
        }
    }
}

#[test]
fn text_that_is_no_id_is_replaced_and_noted() {
    let Some(server) = server_or_skip("malformed ids") else { return };
    let schema = server.schema();
    let store = planted(&schema, "text");
    schema.execute("INSERT INTO trees (object_id) VALUES ('oak'), (''), ('  ')");
    schema.execute("UPDATE trees SET object_id = 'elm' WHERE fid = 1");
    right(&store, "nonsense");
    let noted = "SELECT string_agg(o.made_of, ',') FROM tiepoint.origin o \
                 JOIN trees t ON t.object_id = o.id::text";
    assert_eq!(schema.value(noted), "oak");
}

#[test]
fn of_a_copy_the_origin_is_known() {
    let Some(server) = server_or_skip("origins of copies") else { return };
    let schema = server.schema();
    let store = planted(&schema, "uuid");
    let original = ids(&store, TREES)[1].expect("is tied");
    schema.execute(&format!("{COPY} WHERE fid = 2"));
    let copy = ids(&store, TREES)[5].expect("has its own");
    let sql = format!("SELECT made_of FROM tiepoint.origin WHERE id = '{copy}'");
    assert_eq!(schema.value(&sql), original.to_string());
}

#[test]
fn a_table_that_is_emptied_and_filled_again_keeps_its_ids() {
    let Some(server) = server_or_skip("truncate and reinsert") else { return };
    let schema = server.schema();
    let store = planted(&schema, "uuid");
    let before = ids(&store, TREES);
    schema.execute(
        "CREATE TEMPORARY TABLE kept AS SELECT * FROM trees; TRUNCATE trees;
         INSERT INTO trees SELECT * FROM kept",
    );
    assert_eq!(ids(&store, TREES), before);
    right(&store, "filled again");
}

#[test]
fn an_upsert_by_a_unique_id_still_meets_its_conflict() {
    let Some(server) = server_or_skip("upserts by id") else { return };
    let schema = server.schema();
    schema.execute(&format!(
        "CREATE TABLE trees (fid serial PRIMARY KEY, name text, uuid uuid UNIQUE);
         INSERT INTO trees (name, uuid) VALUES ('a', '{PLAIN}')"
    ));
    let store = open(&schema);
    assert_eq!(tie(&store, "uuid"), TieReport { kept: 1, ..TieReport::default() });
    schema.execute(&format!(
        "INSERT INTO trees (name, uuid) VALUES ('b', '{PLAIN}') \
         ON CONFLICT (uuid) DO UPDATE SET name = excluded.name"
    ));
    assert_eq!(schema.value("SELECT string_agg(name, ',') FROM trees"), "b");
    right(&store, "an upsert");
}

#[test]
fn a_role_that_may_only_insert_is_served_too() {
    let Some(server) = server_or_skip("roles without rights") else { return };
    let schema = server.schema();
    let role = server.role();
    let store = planted(&schema, "uuid");
    let (home, name) = (schema.name(), role.name());
    schema.execute(&format!(
        "GRANT USAGE ON SCHEMA {home} TO {name}; GRANT INSERT ON trees TO {name};
         GRANT USAGE ON SEQUENCE trees_fid_seq TO {name}"
    ));
    let id = ids(&store, TREES)[0].expect("is tied");
    schema.execute(&format!(
        "SET ROLE {name}; INSERT INTO trees (name) VALUES ('a');
         INSERT INTO trees (name, object_id) VALUES ('b', '{id}')"
    ));
    right(&store, "a role without rights");
    let origins = format!("SELECT count(*) FROM tiepoint.origin WHERE made_of = '{id}'");
    assert_eq!(schema.value(&origins), "1");
}

#[test]
fn a_tie_follows_a_table_that_others_rename_or_move() {
    let Some(server) = server_or_skip("renamed tables") else { return };
    let (schema, elsewhere) = (server.schema(), server.schema());
    let store = planted(&schema, "uuid");
    let before = ids(&store, TREES);
    schema.execute("ALTER TABLE trees RENAME TO \"old trees\"");
    // one that goes by the old name now is another table
    schema.execute("CREATE TABLE trees (fid int PRIMARY KEY, object_id uuid)");
    let copy =
        "INSERT INTO \"old trees\" (name, object_id) SELECT name, object_id FROM \"old trees\"";
    schema.execute(copy);
    assert_eq!(ids(&store, "old trees")[..5], before);
    right_in(&store, "old trees");
    schema.execute("DROP TABLE trees");
    schema.execute(&format!("ALTER TABLE \"old trees\" SET SCHEMA {}", elsewhere.name()));
    elsewhere.execute(copy);
    right_in(&open(&elsewhere), "old trees");
}

pub(crate) fn right_in(store: &PostgisStore, layer: &str) {
    let ids = ids(store, layer);
    assert!(ids.iter().all(Option::is_some), "{ids:?}");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    let findings = store.check(Repair::No).expect("checks");
    assert!(findings.iter().all(|it| it.layer.as_deref() != Some(layer)), "{findings:?}");
}

#[test]
fn a_renamed_column_stops_nobody_and_a_check_follows_it() {
    let Some(server) = server_or_skip("renamed columns") else { return };
    let schema = server.schema();
    let store = planted(&schema, "uuid");
    let before = ids(&store, TREES);
    schema.execute("ALTER TABLE trees RENAME COLUMN object_id TO \"our 50% 'id'\"");
    schema.execute("INSERT INTO trees (name) VALUES ('by another'); UPDATE trees SET name = 'b'");
    let layer = store.layer(TREES).expect("is there");
    assert_eq!(layer.identity(), &Identity::Column("our 50% 'id'".to_owned()));
    let kinds: Vec<FindingKind> =
        store.check(Repair::Yes).expect("mends").iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::Identity, FindingKind::Guard]);
    assert_eq!(ids(&store, TREES)[..5], before);
    schema.execute("INSERT INTO trees (name) VALUES ('by another')");
    right(&store, "mended");
    let report = committed(&store, |it| it.untie(Some(TREES)).expect("unties"));
    assert_eq!((report.layers, report.columns_dropped), (vec![TREES.to_owned()], vec![]));
}

#[test]
fn writes_go_on_when_all_that_is_ours_was_torn_out() {
    let Some(server) = server_or_skip("vandals") else { return };
    let database = server.database();
    let store = tied_database(&database);
    let id = database.value("SELECT object_id FROM trees LIMIT 1");
    for vandal in [
        "DROP TABLE tiepoint.origin",
        "DROP FUNCTION tiepoint.claim(oid, text)",
        "DROP FUNCTION tiepoint.mint()",
        "DROP SCHEMA tiepoint CASCADE",
    ] {
        database.execute(vandal);
        database.execute(&format!(
            "INSERT INTO trees (name) VALUES ('a');
             INSERT INTO trees (name, object_id) VALUES ('b', '{id}');
             UPDATE trees SET name = 'c'"
        ));
    }
    assert_eq!(store.layer(TREES).expect("is there").identity(), &Identity::None);
}

fn tied_database(database: &TestDatabase) -> PostgisStore {
    database.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY, name text, geom geometry(Point, 25832));
         INSERT INTO trees (name) SELECT 'tree ' || n FROM generate_series(1, 5) AS n;
         CREATE INDEX ON trees USING gist (geom)",
    );
    let store = PostgisStore::open(&database.url()).expect("opens");
    tie(&store, "object_id");
    store
}

#[test]
fn of_two_who_bring_the_same_id_only_one_keeps_it() {
    let Some(server) = server_or_skip("the same id twice") else { return };
    let schema = server.schema();
    let store = planted(&schema, "uuid");
    for count in [1, 200] {
        let rows: Vec<String> = (0..count).map(|_| format!("('{}')", ObjectId::mint())).collect();
        let backwards: Vec<String> = rows.iter().rev().cloned().collect();
        thread::scope(|scope| {
            for rows in [&rows, &backwards] {
                let schema = &schema;
                scope.spawn(move || {
                    let insert = |rows: &[String]| {
                        format!("INSERT INTO trees (object_id) VALUES {}", rows.join(", "))
                    };
                    let (first, second) = rows.split_at(rows.len() / 2);
                    let first = if first.is_empty() { String::new() } else { insert(first) };
                    schema.execute(&format!(
                        "BEGIN; {first}; SELECT pg_sleep(0.3); {}; SELECT pg_sleep(0.2); COMMIT",
                        insert(second)
                    ));
                });
            }
        });
        right(&store, &format!("{count} at once"));
    }
}

#[test]
fn people_who_edit_do_not_wait_for_each_other() {
    let Some(server) = server_or_skip("editing side by side") else { return };
    let schema = server.schema();
    let store = planted(&schema, "uuid");
    let insert = || format!("INSERT INTO trees (object_id) VALUES ('{}')", ObjectId::mint());
    thread::scope(|scope| {
        scope.spawn(|| schema.execute(&format!("BEGIN; {}; SELECT pg_sleep(2); COMMIT", insert())));
        thread::sleep(Duration::from_millis(500));
        schema.execute(&format!("SET lock_timeout = 500; {}", insert()));
        assert_eq!(schema.value("SELECT count(*) FROM trees"), "6", "the other has not committed");
    });
    right(&store, "side by side");
}

#[test]
fn partitions_share_one_guard() {
    let Some(server) = server_or_skip("partitions") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid int, height int, object_id uuid, PRIMARY KEY (fid, height)) PARTITION BY RANGE (height);
         CREATE TABLE low PARTITION OF trees FOR VALUES FROM (0) TO (10);
         CREATE TABLE high (height int NOT NULL, object_id uuid, fid int NOT NULL);
         ALTER TABLE trees ATTACH PARTITION high FOR VALUES FROM (10) TO (100);
         INSERT INTO trees VALUES (1, 5), (2, 50)",
    );
    let store = open(&schema);
    assert_eq!(tie(&store, "object_id").minted, 2);
    let before: HashSet<_> = ids(&store, TREES).into_iter().collect();
    schema.execute("INSERT INTO trees SELECT fid + 10, height, object_id FROM trees");
    schema.execute(
        "INSERT INTO high (fid, height, object_id) SELECT fid + 20, 60, object_id FROM low",
    );
    schema.execute("UPDATE trees SET height = height + 50 WHERE height < 10");
    schema.execute("UPDATE trees SET object_id = NULL");
    right(&store, "partitions");
    let after: HashSet<_> = ids(&store, TREES).into_iter().collect();
    assert!(before.is_subset(&after), "an id was lost on the way to another partition");
    schema.execute("ALTER TABLE low DISABLE TRIGGER zz_tiepoint_insert");
    let kinds: Vec<FindingKind> =
        store.check(Repair::Yes).expect("mends").iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [FindingKind::Guard]);
    right(&store, "mended");
}

#[test]
fn our_own_writer_changes_no_id_by_accident() {
    let Some(server) = server_or_skip("our own writer") else { return };
    let schema = server.schema();
    let store = planted(&schema, "uuid");
    let before = ids(&store, TREES);
    schema.execute("SET tiepoint.writer = 'on'; UPDATE trees SET object_id = gen_random_uuid()");
    assert_eq!(ids(&store, TREES), before);
    let fields = store.layer(TREES).expect("is there").definition.schema.clone();
    committed(&store, |it| {
        let mut writer = it.writer(TREES, WriteMode::Bulk).expect("opens");
        for _ in 0..10 {
            let feature = Feature::with_values(fields.clone(), vec![Some("ours".into())]);
            writer.write(Edit::Insert(feature)).expect("writes");
        }
        writer.finish().expect("finishes");
    });
    right(&store, "our own");
}

/// As `pg_dump -n … | psql` does it.
#[test]
fn a_restored_dump_is_tied() {
    let Some(server) = server_or_skip("dump and restore") else { return };
    let (from, to) = (server.database(), server.database());
    let store = tied_database(&from);
    let before = ids(&store, TREES);
    let Some(programs) = programs() else { return };
    let run = |program: &str, url: &str, more: &[&str], input: Stdio| {
        Command::new(programs.join(program))
            .args(more)
            .arg(url)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("runs")
    };
    to.execute("DROP EXTENSION postgis");
    let mut dump = run("pg_dump", &from.url(), &["-d"], Stdio::null());
    let dumped = dump.stdout.take().expect("is piped");
    let restored = run("psql", &to.url(), &["-q", "-d"], dumped.into()).wait_with_output();
    assert!(restored.expect("ends").status.success());
    dump.wait().expect("ends");
    let restored = PostgisStore::open(&to.url()).expect("opens");
    assert_eq!(ids(&restored, TREES), before);
    to.execute("INSERT INTO trees (name, object_id) SELECT name, object_id FROM trees");
    right_in(&restored, TREES);
    assert_eq!(ids(&restored, TREES).len(), 10);
}

/// The folder of the newest PostgreSQL, as Debian installs it.
fn programs() -> Option<std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folder = folders.flatten().map(|it| it.path().join("bin")).max()?;
    folder.join("pg_dump").exists().then_some(folder)
}

/// A table may have columns of any name, those of the guard's own variables among them.
#[test]
fn copies_get_their_own_ids_whatever_the_columns_are_called() {
    let Some(server) = server_or_skip("copies_whatever_the_columns_are_called") else { return };
    let place = server.schema();
    place.execute(
        "CREATE TABLE trees (id serial PRIMARY KEY, given text, home int, made_of text, taken text,
           tied text, guard text, new text, old text, object_id uuid);
         INSERT INTO trees (given) VALUES ('a'), ('b');
         CREATE TABLE bushes (n serial PRIMARY KEY, id text); INSERT INTO bushes (n) VALUES (1), (2);
         SELECT setval('bushes_n_seq', 2)",
    );
    let store = open(&place);
    tie(&store, "object_id");
    committed(&store, |it| it.tie("bushes", &by("id")).expect("ties"));
    place.execute(
        "INSERT INTO trees (given, object_id) SELECT given, object_id FROM trees;
         INSERT INTO bushes (id) SELECT id FROM bushes",
    );
    right(&store, "copies");
    assert_eq!((ids(&store, TREES).len(), ids(&store, "bushes").len()), (4, 4));
    place.execute("ALTER TABLE trees RENAME TO woods");
    place.execute("INSERT INTO woods (given, object_id) SELECT given, object_id FROM woods");
    right(&store, "copies in a renamed table");
}

/// Who gives up waiting for an id still keeps others from the ids that it brings.
#[test]
fn whoever_gives_up_a_lock_keeps_its_other_ids_to_itself() {
    let Some(server) = server_or_skip("whoever_gives_up_a_lock") else { return };
    let place = server.schema();
    let store = planted(&place, "uuid");
    let (a, c) = (ObjectId::mint(), ObjectId::mint());
    let insert = |id: ObjectId| format!("INSERT INTO trees (name, object_id) VALUES ('x', '{id}')");
    thread::scope(|scope| {
        scope.spawn(|| {
            place.execute(&format!("BEGIN; {}; SELECT pg_sleep(1.5); COMMIT", insert(a)));
        });
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            place.execute(&format!(
                "SET lock_timeout = '100ms'; BEGIN; {}; {}; SELECT pg_sleep(1.5); COMMIT",
                insert(a),
                insert(c)
            ));
        });
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(700));
            place.execute(&insert(c));
        });
    });
    right(&store, "ids that were brought at once");
}
