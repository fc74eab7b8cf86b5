//! What writers have set for their sessions means nothing to the log, and the log leaves it alone.
use super::{Copy, Session, heard, log, watch};
use tiepoint_core::Change;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestDatabase, server_or_skip};
use tiepoint_store::{Store, TieOptions, TransactionOptions, Watch, WatchEvent};

/// By their schemas' names, so that by themselves they find nothing of an attacker's.
const WRITES: [&str; 10] = [
    "INSERT INTO public.trees VALUES ('a', 'oak', 0.1), ('b', 'elm', NULL)",
    "UPDATE public.trees SET name = 'yew', height = 0.7, seen = '2001-02-03 04:05:06.7+00', \
       day = '2001-02-03', took = '1 mon 2 days 03:04:05.6', many = '{0.1,0.3}'",
    "UPDATE public.trees SET name = 'fir' WHERE fid OPERATOR(pg_catalog.=) 'b'",
    "UPDATE public.trees SET fid = 'A' WHERE fid OPERATOR(pg_catalog.=) 'a'",
    "UPDATE public.trees SET name = NULL WHERE false",
    "DELETE FROM public.trees WHERE fid OPERATOR(pg_catalog.=) 'A'",
    "TRUNCATE public.trees",
    "INSERT INTO public.trees SELECT pg_catalog.concat('n', i) \
       FROM pg_catalog.generate_series(1, 1200) AS i",
    "UPDATE public.trees SET height = 0.3",
    "DELETE FROM public.trees",
];
/// What an attacker's `search_path` finds of his.
const FOUND: [&str; 21] = [
    "array_agg('a'::pg_catalog.text)",
    "cardinality(ARRAY['a'::pg_catalog.text])",
    "current_setting('datestyle')",
    "format('%I', 'a'::pg_catalog.name, 'b'::pg_catalog.name)",
    "has_table_privilege('evil.ran', 'INSERT')",
    "concat('a'::pg_catalog.text)",
    "json_build_array('1'::pg_catalog.json, '1'::pg_catalog.json)",
    "pg_typeof(1)",
    "to_json(1)",
    "random()",
    "row_security_active('evil.ran')",
    "set_config('tiepoint.nothing', '', true)",
    "starts_with('a', 'a')",
    "unnest(ARRAY['a'::pg_catalog.text])",
    "1 <= 2",
    "1::pg_catalog.oid < 2",
    "1::pg_catalog.int8 / 2",
    "'a'::pg_catalog.text = 'b'",
    "ARRAY['a'::pg_catalog.text] <@ ARRAY['b'::pg_catalog.text]",
    "'a'::text",
    "1::int4::int8",
];

fn trees(database: &TestDatabase, key: &str, tied: bool) -> PostgisStore {
    database.execute(&format!(
        "CREATE TABLE trees (fid text, name text, height float8, seen timestamptz, day date, \
         took interval, many float8[], part int DEFAULT 1, PRIMARY KEY ({key}))"
    ));
    let store = PostgisStore::open(&database.url()).expect("opens");
    if tied {
        let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
        transaction.tie("trees", &TieOptions::default()).expect("ties");
        transaction.commit().expect("commits");
    }
    log(&store, "trees");
    store
}

#[test]
fn nothing_of_a_writer_runs_as_the_owner_of_the_log() {
    let Some(server) = server_or_skip("nothing of a writer runs") else { return };
    for (key, tied) in [("fid", false), ("fid, part", false), ("fid", true)] {
        let (database, role) = (server.database(), server.role());
        let store = trees(&database, key, tied);
        database.execute(include_str!("evil.sql"));
        database.execute(&format!("GRANT ALL ON trees TO {}", role.name()));
        let ran = || {
            database.value("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM evil.ran")
        };
        let attacker = Session::at(&database.url_as(&role));
        attacker.run("SET search_path = evil, pg_catalog");
        let (mut watch, mut copy) = (watch(&store), Copy::default());
        for setting in ["SET extra_float_digits = 1", "SET extra_float_digits = 0"] {
            attacker.run(setting);
            for sql in WRITES {
                attacker.run(sql);
                assert_eq!(ran(), "0", "{sql}");
                copy.apply_all(&heard(watch.as_mut()));
                assert_eq!(copy, Copy::of(&store), "{sql}");
            }
        }
        for sql in FOUND {
            let before = ran();
            attacker.run(&format!("SELECT {sql}"));
            assert_ne!(ran(), before, "{sql} is not his");
        }
    }
}

fn changes(watch: &mut dyn Watch) -> Vec<(Option<String>, Change)> {
    let told = |event| match event {
        WatchEvent::Changed(it) => (it.fid.map(|it| it.to_string()), it.change),
        WatchEvent::Reset(reset) => panic!("{reset:?}"),
    };
    heard(watch).into_iter().map(told).collect()
}

#[test]
fn formats_of_a_writer_change_nothing_and_stay() {
    let Some(server) = server_or_skip("formats of a writer") else { return };
    let database = server.database();
    let store = trees(&database, "fid", false);
    let (plain, odd) = (Session::at(&database.url()), Session::at(&database.url()));
    let mut watch = watch(&store);
    odd.run("SET datestyle = 'German'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = 0");
    let stay = "DO $$ BEGIN ASSERT current_setting('datestyle') = 'German, DMY'; \
                ASSERT current_setting('intervalstyle') = 'iso_8601'; \
                ASSERT current_setting('extra_float_digits') = '0'; END $$";
    for sql in WRITES {
        plain.run(sql);
    }
    let expected = changes(watch.as_mut());
    for sql in WRITES {
        odd.run(&format!("{sql}; {stay}"));
        odd.run(stay);
    }
    assert_eq!(changes(watch.as_mut()), expected);
    let begun = "BEGIN; SET LOCAL extra_float_digits = -3; SAVEPOINT a; \
                 SET datestyle = 'SQL, MDY'; INSERT INTO trees VALUES ('a', 'oak', 0.1)";
    let inner = "DO $$ BEGIN ASSERT current_setting('datestyle') = 'SQL, MDY'; \
                 ASSERT current_setting('extra_float_digits') = '-3'; END $$";
    odd.run(&format!(
        "{begun}; {inner}; ROLLBACK TO a; SET LOCAL extra_float_digits = 0; {stay}; COMMIT"
    ));
    odd.run(stay);
    odd.run(&format!("{begun}; {inner}; RELEASE a; COMMIT; SET datestyle = 'German, DMY'"));
    odd.run(stay);
    odd.run(
        "DO $$ BEGIN DELETE FROM trees; RAISE EXCEPTION 'no'; \
         EXCEPTION WHEN raise_exception THEN NULL; END $$",
    );
    odd.run(stay);
}
