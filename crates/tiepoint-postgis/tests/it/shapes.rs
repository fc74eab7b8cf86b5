//! Whatever rows come from: views, partitions, foreign tables, other schemas, any key or none.
use std::sync::atomic::{AtomicU32, Ordering};
use tiepoint_core::{
    Crs, Edit, ErrorKind, Feature, Fid, FidRule, Geometry, Ids, Metres, Query, Target, Value,
    field, place,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::conformance::oracle::{agree, fids};
use tiepoint_store::{Store, TransactionOptions, WriteMode, Written};

fn names(store: &PostgisStore) -> Vec<String> {
    store.layers().expect("lists").iter().map(|it| it.name().to_owned()).collect()
}

fn read(store: &dyn Store, query: &Query) -> Vec<Feature> {
    store.read(query).and_then(Iterator::collect).unwrap_or_else(|error| panic!("{error:?}"))
}

#[test]
fn views_and_partitions_and_foreign_tables_are_layers() {
    let Some(server) = server_or_skip("views_and_partitions") else { return };
    let database = server.database();
    database.execute(
        "CREATE TABLE trees (id serial PRIMARY KEY, name text, geom geometry(Point,4326),
           twice int GENERATED ALWAYS AS (length(name) * 2) STORED);
         INSERT INTO trees (name, geom) VALUES ('oak', 'SRID=4326;POINT(1 2)'), ('elm', NULL);
         CREATE VIEW oaks AS SELECT * FROM trees WHERE name = 'oak';
         CREATE MATERIALIZED VIEW elms AS SELECT * FROM trees WHERE name = 'elm';
         CREATE TABLE visits (day date, who text, PRIMARY KEY (day, who)) PARTITION BY RANGE (day);
         CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         INSERT INTO visits VALUES ('2024-05-01', 'anna'), ('2024-05-01', 'ben');
         CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE lines (a text, b int) SERVER files
           OPTIONS (program 'printf \"x,1\\ny,2\\n\"', format 'csv');",
    );
    let store = PostgisStore::open(&database.url()).expect("opens");
    let layers = names(&store);
    for name in ["trees", "oaks", "elms", "visits", "lines"] {
        assert!(layers.contains(&name.to_owned()), "{name} in {layers:?}");
    }
    for hidden in ["visits_2024", "spatial_ref_sys", "geometry_columns"] {
        assert!(!layers.iter().any(|it| it.contains(hidden)), "{hidden} in {layers:?}");
    }
    let count = |layer: &str| read(&store, &Query::layer(layer)).len();
    assert_eq!([count("oaks"), count("elms"), count("visits"), count("lines")], [1, 1, 2, 2]);
    for layer in ["oaks", "elms", "lines"] {
        assert!(store.layer(layer).expect("is there").read_only.is_some(), "{layer}");
        let refused = store.begin(TransactionOptions::default()).expect("begins");
        let mut refused = refused;
        let error = refused.write(layer, Edit::Delete(Target::Fid(Fid::Int(1))));
        assert_eq!(error.expect_err("is read-only").kind(), ErrorKind::Denied);
    }
    let near = field("geom").within_distance(
        place(Geometry::from_wkt("POINT(1 2)").expect("a point"), Crs::epsg(4326)),
        Metres(10.0),
    );
    assert_eq!(agree(&store, &Query::layer("oaks").filter(near)).len(), 1);
}

#[test]
fn what_the_server_fills_comes_back_with_the_write() {
    let Some(server) = server_or_skip("what_the_server_fills") else { return };
    let place = server.schema();
    place.execute(
        "CREATE TABLE t (id serial PRIMARY KEY, name text, twice int GENERATED ALWAYS AS (length(name) * 2) STORED,
           made timestamptz NOT NULL DEFAULT now(), code text DEFAULT 'x')",
    );
    let store = PostgisStore::open(&place.url()).expect("opens");
    let layer = store.layer("t").expect("is there");
    let mut feature = Feature::new(layer.schema().clone());
    feature.set("name", "abc".into()).expect("fits");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let written = transaction.write("t", Edit::Insert(feature)).expect("is written");
    transaction.commit().expect("commits");
    let Written::Inserted { fid, filled, .. } = written else { panic!("an insert") };
    assert_eq!(fid, Fid::Int(1));
    let stored = read(&store, &Query::layer("t")).remove(0);
    let of = |name: &str| layer.schema().position(name).expect("is a field");
    let back =
        |name: &str| filled.iter().find(|(at, _)| *at == of(name)).map(|(_, value)| value.clone());
    assert_eq!(back("twice"), Some(Value::Int(6)));
    assert_eq!(back("made").as_ref(), stored.get("made"));
    assert_eq!(stored.get("code"), Some(&"x".into()));
}

/// A key that the server counts is a field like others, unless it says by its name that it is but
/// the number of the row; nobody's numbers are ever in the way of the server's.
#[test]
fn numbers_of_the_server_are_filled_in_and_go_on() {
    let Some(server) = server_or_skip("numbers_of_the_server") else { return };
    let place = server.schema();
    place.execute(
        "CREATE TABLE a (id serial PRIMARY KEY, n int);
         CREATE TABLE b (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n int);
         CREATE TABLE c (fid serial PRIMARY KEY, n int); CREATE TABLE d (ogc_fid serial PRIMARY KEY, n int)",
    );
    let store = PostgisStore::open(&place.url()).expect("opens");
    for (layer, shown) in [("a", true), ("b", true), ("c", false), ("d", false)] {
        let schema = store.layer(layer).expect("is there").schema().clone();
        assert_eq!(schema.field("id").is_some(), shown, "{layer}");
        let mut expected = Vec::new();
        for (mode, asked) in [
            (WriteMode::Rows, None),
            (WriteMode::Bulk, None),
            (WriteMode::Rows, Some(50)),
            (WriteMode::Bulk, Some(7_000)),
            (WriteMode::Rows, None),
            (WriteMode::Bulk, None),
        ] {
            let mut feature = Feature::new(schema.clone()).with_fid(asked.map(Fid::Int));
            feature.set("n", 1.into()).expect("fits");
            let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
            let mut writer = transaction.writer(layer, mode).expect("opens");
            let written = writer.write(Edit::Insert(feature)).expect("is written");
            writer.finish().expect("finishes");
            transaction.commit().expect("commits");
            let Written::Inserted { fid: Fid::Int(fid), .. } = written else {
                panic!("{written:?}")
            };
            assert!(asked.is_none_or(|asked| asked == fid), "{layer}: {fid}");
            expected.push(fid);
        }
        expected.sort_unstable();
        assert!(expected.last() > Some(&7_000), "{layer} goes on: {expected:?}");
        let rows = read(&store, &Query::layer(layer));
        let fids: Vec<Fid> = expected.iter().copied().map(Fid::Int).collect();
        assert_eq!(
            rows.iter().filter_map(|it| it.fid.clone()).collect::<Vec<_>>(),
            fids,
            "{layer}"
        );
        if shown {
            let found = agree(&store, &Query::layer(layer).filter(field("id").eq(50)));
            assert_eq!(found.len(), 1, "{layer}");
        }
    }
}

#[test]
fn any_key_tells_rows_apart() {
    let Some(server) = server_or_skip("any_key_tells_rows_apart") else { return };
    let place = server.schema();
    place.execute(
        "CREATE TABLE serial_key (id bigserial PRIMARY KEY, n int);
         CREATE TABLE int_key (id int PRIMARY KEY, n int);
         CREATE TABLE uuid_key (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int);
         CREATE TABLE text_key (code text PRIMARY KEY, n int);
         CREATE TABLE pair_key (a int, b text, n int, PRIMARY KEY (a, b));
         CREATE TABLE unique_key (code varchar(9) NOT NULL UNIQUE, n int);
         CREATE TABLE no_key (n int);
         INSERT INTO serial_key (n) VALUES (1), (2); INSERT INTO int_key VALUES (7, 1), (3, 2);
         INSERT INTO uuid_key (n) VALUES (1), (2); INSERT INTO text_key VALUES ('é', 1), ('Z', 2), ('a', 3);
         INSERT INTO pair_key VALUES (1, 'x\"y', 1), (1, 'b', 2), (10, '', 3);
         INSERT INTO unique_key VALUES ('b', 1), ('a', 2); INSERT INTO no_key VALUES (1), (2)",
    );
    let store = PostgisStore::open(&place.url()).expect("opens");
    for layer in ["serial_key", "int_key", "uuid_key", "text_key", "pair_key", "unique_key"] {
        let rows = read(&store, &Query::layer(layer));
        let mut sorted: Vec<Fid> = rows.iter().filter_map(|it| it.fid.clone()).collect();
        assert_eq!(sorted.len(), rows.len(), "{layer}");
        sorted.sort();
        assert_eq!(
            fids(&rows),
            sorted.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "{layer}"
        );
        for row in &rows {
            let fid = row.fid.clone().expect("has one");
            let by_fid = Query::layer(layer).ids(Ids::Fids(vec![fid.clone()]));
            assert_eq!(read(&store, &by_fid), std::slice::from_ref(row), "{layer} {fid}");
        }
        let (first, last) = (rows[0].fid.clone(), rows.last().and_then(|it| it.fid.clone()));
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        let mut patch = Feature::new(store.layer(layer).expect("is there").schema().clone());
        patch.fid = first.clone();
        patch.set("n", 99.into()).expect("fits");
        assert_eq!(
            transaction.write(layer, Edit::Update(patch)).expect("writes"),
            Written::Updated
        );
        let end = Edit::Delete(Target::Fid(last.expect("has one")));
        assert_eq!(
            transaction.write(layer, end.clone()).expect("writes"),
            Written::Deleted,
            "{layer}"
        );
        assert_eq!(transaction.write(layer, end).expect("writes"), Written::Missing, "{layer}");
        transaction.commit().expect("commits");
        let by_fid = Query::layer(layer).ids(Ids::Fids(vec![first.expect("has one")]));
        assert_eq!(read(&store, &by_fid)[0].get("n"), Some(&99.into()), "{layer}");
        agree(&store, &Query::layer(layer).filter(field("n").gt(1)).limit(1));
    }
    let layer = store.layer("no_key").expect("is there");
    assert!(layer.read_only.as_ref().is_some_and(|it| it.contains("tie it")), "{layer:?}");
    assert_eq!(layer.fids, FidRule::Ephemeral);
    assert_eq!(read(&store, &Query::layer("no_key")).len(), 2);
}

#[test]
fn tables_of_other_schemas_go_by_both_names() {
    let Some(server) = server_or_skip("tables_of_other_schemas") else { return };
    let database = server.database();
    database.execute(
        "CREATE SCHEMA city; CREATE SCHEMA \"odd.name\"; CREATE TABLE city.trees (id serial PRIMARY KEY, a int);
         CREATE TABLE trees (id serial PRIMARY KEY, b int); CREATE TABLE \"city.trees\" (id serial PRIMARY KEY, c int);
         CREATE TABLE \"odd.name\".t (id serial PRIMARY KEY, d int)",
    );
    let store = PostgisStore::open(&database.url()).expect("opens");
    let all = names(&store);
    for (layer, of) in [
        ("trees", "b"),
        ("city.trees", "c"),
        ("\"city\".\"trees\"", "a"),
        ("\"odd.name\".\"t\"", "d"),
    ] {
        assert!(all.contains(&layer.to_owned()), "{layer} in {all:?}");
        assert!(store.layer(layer).expect("is there").schema().field(of).is_some(), "{layer}");
    }
    let scoped =
        PostgisStore::open(&format!("{}{}schema=city", database.url(), separator(&database.url())));
    assert_eq!(names(&scoped.expect("opens")), ["trees"]);
    let error = store.layer("city.tree").expect_err("no such layer").hint();
    assert_eq!(error.as_deref(), Some("did you mean `city.trees`?"));
}

fn separator(url: &str) -> char {
    if url.contains('?') { '&' } else { '?' }
}

#[test]
fn postgis_may_lie_in_another_schema() {
    let Some(server) = server_or_skip("postgis_may_lie_in_another_schema") else { return };
    let database = server.database();
    database.execute(
        "DROP EXTENSION postgis CASCADE; CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis;
         CREATE TABLE trees (id serial PRIMARY KEY, geom gis.geometry(Point,4326));
         INSERT INTO trees (geom) VALUES ('SRID=4326;POINT(1 2)'::gis.geometry);
         CREATE INDEX ON trees USING gist (geom)",
    );
    let store = PostgisStore::open(&database.url()).expect("opens");
    assert_eq!(read(&store, &Query::layer("trees")).len(), 1);
    let number = AtomicU32::new(0);
    tiepoint_store::conformance::check(|| {
        let schema = format!("s{}", number.fetch_add(1, Ordering::Relaxed));
        database.execute(&format!("CREATE SCHEMA {schema}"));
        let url = database.url();
        let url = format!("{url}{}schema={schema}", separator(&url));
        (Box::new(PostgisStore::open(&url).expect("opens")), ())
    });
}

/// Others change a table while we know it.
#[test]
fn what_others_alter_is_seen_at_once() {
    let Some(server) = server_or_skip("what_others_alter_is_seen_at_once") else { return };
    let place = server.schema();
    place.execute("CREATE TABLE t (id serial PRIMARY KEY, a int); INSERT INTO t (a) VALUES (1)");
    let store = PostgisStore::open(&place.url()).expect("opens");
    for _ in 0..6 {
        assert_eq!(read(&store, &Query::layer("t"))[0].values().len(), 2);
    }
    place.execute("ALTER TABLE t ADD b text DEFAULT 'new'; ALTER TABLE t ALTER a TYPE bigint");
    let row = read(&store, &Query::layer("t")).remove(0);
    assert_eq!((row.get("a"), row.get("b")), (Some(&1.into()), Some(&"new".into())));
    place.execute("ALTER TABLE t DROP a; ALTER TABLE t RENAME TO u; CREATE TABLE t (id serial PRIMARY KEY, c uuid)");
    assert!(store.layer("t").expect("is there").schema().field("c").is_some());
    assert_eq!(read(&store, &Query::layer("u"))[0].values(), [Some(1.into()), Some("new".into())]);
}
