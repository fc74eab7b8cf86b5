//! Following what anybody commits, by whatever statement.
use super::{Copy, Session, heard, log, told, trees, watch};
use tiepoint_core::{Edit, Feature, Target};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{
    Author, LogOptions, ResetReason, Store, TieOptions, TransactionOptions, WatchEvent,
};

#[test]
fn what_others_commit_is_told_of_with_before_and_after() {
    let Some(server) = server_or_skip("what others commit") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let mut watch = watch(&store);
    assert_eq!(heard(watch.as_mut()), []);
    schema.execute(
        "INSERT INTO trees VALUES (1, 'oak, \"old\" \\ 1', 20.1, '1812-06-24 05:00+01:13', \
           'SRID=4326;POINT (8.5 47.4)'), (2, NULL, NULL, NULL, NULL);
         UPDATE trees SET height = 0.1 + 0.2 WHERE fid = 1; UPDATE trees SET height = 9;
         UPDATE trees SET name = name; DELETE FROM trees WHERE fid = 2",
    );
    let events = heard(watch.as_mut());
    assert_eq!(told(&events), "+1 +2 ~1 ~2 ~1 -2.");
    let mut copy = Copy::default();
    copy.apply_all(&events);
    assert_eq!(copy, Copy::of(&store));
    let WatchEvent::Changed(first) = &events[0] else { panic!("{events:?}") };
    assert_eq!((first.author, first.who.as_deref()), (Author::Other, Some("postgres")));
    assert!(first.at.is_some());
}

#[test]
fn every_statement_passes_by_the_log() {
    let Some(server) = server_or_skip("every statement") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let other = Session::open(server, &schema);
    let (mut watch, mut copy) = (watch(&store), Copy::default());
    let mut after = |sql: &str, expected: &str| {
        other.run(sql);
        let events = heard(watch.as_mut());
        assert_eq!(told(&events), expected, "{sql}");
        copy.apply_all(&events);
        assert_eq!(copy, Copy::of(&store), "{sql}");
    };
    after("INSERT INTO trees SELECT i, 'tree ' || i FROM generate_series(1, 3) AS i", "+1 +2 +3.");
    after(
        "INSERT INTO trees VALUES (3, 'elm'), (4, 'yew') \
         ON CONFLICT (fid) DO UPDATE SET name = excluded.name",
        "~3 +4.",
    );
    after("INSERT INTO trees VALUES (4, 'ash') ON CONFLICT DO NOTHING", "");
    after(
        "MERGE INTO trees t USING (VALUES (1), (2), (5)) AS s (id) ON t.fid = s.id \
         WHEN MATCHED AND s.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET name = 'fir' \
         WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'new')",
        "-1 ~2 +5.",
    );
    after("BEGIN; DELETE FROM trees; ROLLBACK", "");
    after(
        "BEGIN; UPDATE trees SET height = 1 WHERE fid = 2; SAVEPOINT a; DELETE FROM trees; \
         ROLLBACK TO a; UPDATE trees SET height = 2 WHERE fid = 2; COMMIT",
        "~2 ~2.",
    );
    // keys that change, and two that change places
    after("UPDATE trees SET fid = 9 WHERE fid = 5", "-5 +9.");
    after("ALTER TABLE trees DROP CONSTRAINT trees_pkey, ADD PRIMARY KEY (fid) DEFERRABLE", "");
    after("UPDATE trees SET fid = CASE fid WHEN 9 THEN 4 ELSE 9 END WHERE fid IN (4, 9)", "~4 ~9.");
    after(
        "WITH gone AS (DELETE FROM trees WHERE fid = 9 RETURNING *) \
         INSERT INTO trees SELECT fid + 1, name FROM gone",
        "-9 +10.",
    );
    after("TRUNCATE trees", "-3 -2 -4 -10.");
    after("TRUNCATE trees", "");
    // who truncates by an old snapshot may not see all that goes
    after("INSERT INTO trees VALUES (1)", "+1.");
    other.run("BEGIN ISOLATION LEVEL REPEATABLE READ; TRUNCATE trees; COMMIT");
    assert_eq!(told(&heard(watch.as_mut())), "!NotNoted");
}

#[test]
fn what_is_copied_in_and_changed_by_the_thousands_comes_whole() {
    let Some(server) = server_or_skip("what is copied in") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let other = Session::open(server, &schema);
    let (mut watch, mut copy) = (watch(&store), Copy::default());
    let rows: Vec<String> = (0..2_500).map(|i| format!("{i}\ttree {i}\t{i}\n")).collect();
    other.copy("COPY trees (fid, name, height) FROM STDIN", rows.concat());
    let statements = [
        "UPDATE trees SET fid = fid + 10000 WHERE fid % 2 = 0",
        "UPDATE trees SET height = height / 3",
        "DELETE FROM trees WHERE fid % 3 = 0",
    ];
    for sql in statements {
        other.run(sql);
    }
    let events = heard(watch.as_mut());
    let gone = 2_500 - Copy::of(&store).0.len();
    assert_eq!(events.len(), 2_500 + 2 * 1_250 + 2_500 - 1 + gone, "a height of 0 stays");
    let settled = events.iter().filter(|it| matches!(it, WatchEvent::Changed(it) if it.settled));
    assert_eq!(settled.count(), 4);
    copy.apply_all(&events);
    assert_eq!(copy, Copy::of(&store));
    assert_eq!(schema.value("SELECT max(cardinality(keys)) FROM tiepoint.log"), "1000");
}

#[test]
fn statements_on_partitions_and_on_the_whole_are_noted_once() {
    let Some(server) = server_or_skip("statements on partitions") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid int PRIMARY KEY, name text) PARTITION BY RANGE (fid);
         CREATE TABLE low PARTITION OF trees FOR VALUES FROM (0) TO (10);
         CREATE TABLE high (name text, junk int, fid int NOT NULL); ALTER TABLE high DROP junk;
         ALTER TABLE trees ATTACH PARTITION high FOR VALUES FROM (10) TO (20)",
    );
    let store = PostgisStore::open(&schema.url()).expect("opens");
    log(&store, "trees");
    let mut watch = watch(&store);
    let mut after = |sql: &str, expected: &str| {
        schema.execute(sql);
        assert_eq!(told(&heard(watch.as_mut())), expected, "{sql}");
    };
    after("INSERT INTO trees VALUES (1, 'oak'), (11, 'elm')", "+1 +11.");
    after("INSERT INTO high (fid, name) VALUES (12, 'yew')", "+12.");
    after("UPDATE trees SET name = 'ash'", "~1 ~11 ~12.");
    after("UPDATE trees SET fid = 13 WHERE fid = 1", "-1 +13.");
    after("DELETE FROM high WHERE fid = 11", "-11.");
    after("TRUNCATE high", "-12 -13.");
    after("INSERT INTO low VALUES (2, 'fir'); TRUNCATE trees", "+2 -2.");
    schema.execute("CREATE TABLE more PARTITION OF trees FOR VALUES FROM (20) TO (30)");
    let events = heard(watch.as_mut());
    assert_eq!(super::resets(&events), [], "it is seen, and mended");
    assert_eq!(super::resets(&heard(watch.as_mut())), [ResetReason::NotNoted]);
    assert_eq!(told(&heard(watch.as_mut())), "");
    schema.execute("INSERT INTO more VALUES (21, 'fir')");
    assert_eq!(told(&heard(watch.as_mut())), "+21.");
}

#[test]
fn tables_that_share_rows_and_views_are_refused() {
    let Some(server) = server_or_skip("tables that share rows") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid int PRIMARY KEY); CREATE TABLE oaks () INHERITS (trees);
         ALTER TABLE oaks ADD PRIMARY KEY (fid); CREATE TABLE keyless (n int);
         CREATE VIEW shown AS SELECT * FROM oaks",
    );
    let store = PostgisStore::open(&schema.url()).expect("opens");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for (layer, why) in [
        ("trees", "shares rows"),
        ("oaks", "shares rows"),
        ("keyless", "nothing tells its rows apart"),
        ("shown", "not its own"),
    ] {
        let refused = transaction.install_log(layer, &LogOptions::default());
        let refused = refused.expect_err("cannot be noted").to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn objects_are_known_by_their_ids_whatever_becomes_of_their_rows() {
    let Some(server) = server_or_skip("objects are known by their ids") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE trees (fid int PRIMARY KEY, name text)");
    let store = PostgisStore::open(&schema.url()).expect("opens");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.tie("trees", &TieOptions::default()).expect("ties");
    transaction.commit().expect("commits");
    log(&store, "trees");
    let mut watch = watch(&store);
    schema.execute("INSERT INTO trees VALUES (1, 'oak')");
    let events = heard(watch.as_mut());
    let [WatchEvent::Changed(oak)] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(oak.target, Target::Id(_)), "{oak:?}");
    schema.execute("UPDATE trees SET fid = 2");
    let events = heard(watch.as_mut());
    assert_eq!(told(&events), "-1 +2.");
    let same = |it: &WatchEvent| matches!(it, WatchEvent::Changed(it) if it.target == oak.target);
    assert!(events.iter().all(same), "{events:?}");
    schema.execute("UPDATE trees SET name = 'elm', fid = 2");
    assert_eq!(told(&heard(watch.as_mut())), "~2.");
}

#[test]
fn whose_doing_it_is_is_known() {
    let Some(server) = server_or_skip("whose doing it is") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let another = PostgisStore::open(&schema.url()).expect("opens");
    let mut watch = watch(&store);
    let schema_of = store.layer("trees").expect("is there").schema().clone();
    let add = |store: &PostgisStore, fid: i64| {
        let mut feature = Feature::new(schema_of.clone());
        feature.set("fid", fid.into()).expect("fits");
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        transaction.write("trees", Edit::Insert(feature)).expect("writes");
        transaction.commit().expect("commits");
    };
    add(&store, 1);
    add(&another, 2);
    schema.execute("INSERT INTO trees VALUES (3)");
    let author = |event: &WatchEvent| match event {
        WatchEvent::Changed(changed) => changed.author,
        WatchEvent::Reset(reset) => panic!("{reset:?}"),
    };
    let authors: Vec<Author> = heard(watch.as_mut()).iter().map(author).collect();
    assert_eq!(authors, [Author::This, Author::Tiepoint, Author::Other]);
}
