use super::*;
use crate::error::Failure;
use crate::streams::Traffic;
use crate::testing::server_or_skip;
use bytes::Bytes;
use tiepoint_core::ErrorKind;
use tiepoint_store::ReadControl;

const MANY: &str = "SELECT i FROM generate_series(1, 3000000) AS i";
const LONG: &str = "SELECT count(*) FROM generate_series(1, 1000000000)";

#[test]
fn a_link_knows_its_server() {
    let Some(server) = server_or_skip("a link knows its server") else { return };
    let link = connect(&with(server, "schema=b,a&application_name=me")).unwrap();
    let facts = link.server();
    assert!(facts.version >= 120_000);
    let postgis = facts.postgis.as_ref().unwrap();
    assert!(postgis.version >= (3, 0) && postgis.full.starts_with('3'), "{postgis:?}");
    assert_eq!(facts.schema, "b");
    assert_eq!(text(&link, "SELECT current_database()::text"), facts.database);
    assert_eq!(text(&link, "SHOW application_name"), "me");
    let plain = connect(&server.url()).unwrap();
    assert_eq!(plain.server().schema, "public");
    assert_eq!(text(&plain, "SHOW application_name"), "tiepoint");
}

#[test]
fn functions_of_postgis_are_found_wherever_it_is() {
    let Some(server) = server_or_skip("PostGIS in a schema of its own") else { return };
    let database = server.database();
    database.execute("DROP EXTENSION postgis CASCADE");
    let mut link = connect(&database.url()).unwrap();
    assert_eq!(link.server().postgis, None);
    database.execute("CREATE SCHEMA \"My Gis\"");
    database.execute("CREATE EXTENSION postgis SCHEMA \"My Gis\"");
    link.refresh_server().unwrap();
    assert_eq!(link.server().postgis.as_ref().unwrap().schema, "My Gis");
    assert_eq!(text(&link, "SELECT ST_AsText('POINT (1 2)'::geometry)"), "POINT(1 2)");
    let path = text(&link, "SHOW search_path");
    assert!(path.ends_with("\"My Gis\"") && path.starts_with("\"$user\""), "{path}");
    link.refresh_server().unwrap();
    assert_eq!(text(&link, "SHOW search_path"), path, "it is appended once");
    let url = format!("{}?options=-csearch_path%3D", database.url());
    assert_eq!(text(&connect(&url).unwrap(), "SHOW search_path"), "\"My Gis\"");
}

#[test]
fn rows_come_in_batches_and_to_their_end() {
    let Some(server) = server_or_skip("rows come in batches") else { return };
    let link = connect(&server.url()).unwrap();
    let mut rows = link.rows("SELECT i FROM generate_series(1, $1::int) AS i", &[&10_000]).unwrap();
    let mut sum = 0_i64;
    while let Some(row) = rows.next(None).unwrap() {
        sum += i64::from(row.get::<_, i32>(0));
    }
    assert_eq!(sum, 50_005_000);
    assert!(rows.is_done() && rows.next(None).unwrap().is_none());
    let mut rows = link.rows("SELECT 1 / (3 - i) FROM generate_series(1, 3) AS i", &[]).unwrap();
    let ended = std::iter::from_fn(|| rows.next(None).transpose()).last().unwrap();
    assert_eq!(ended.unwrap_err().code(), Some("22012"));
    assert_eq!(number(&link, "SELECT 1"), 1, "the link goes on");
}

#[test]
fn a_link_that_is_being_read_says_so_instead_of_waiting_forever() {
    let Some(server) = server_or_skip("a link that is being read") else { return };
    let link = connect(&server.url()).unwrap();
    let mut rows = link.rows(MANY, &[]).unwrap();
    rows.next(None).unwrap();
    let error = link.query("SELECT 1", &[]).map_err(link.site().failed("ask")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    drop(rows);
    assert_eq!(link.traffic(), Traffic::Left);
    assert_eq!(number(&link, "SELECT 1"), 1, "what was left is broken off");
    assert!(!link.is_reusable(), "the order to break off could still come");
}

#[test]
fn a_question_stops_when_told() {
    let Some(server) = server_or_skip("a question stops when told") else { return };
    let link = connect(&server.url()).unwrap();
    let control = ReadControl::default().time_out(Duration::from_millis(50));
    let began = Instant::now();
    let stopped = link.query_with(LONG, &[], &control);
    assert!(matches!(stopped, Err(Failure::Stopped(StoreError::TimedOut { after_ms: 50 }))));
    link.batch("ROLLBACK").unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "it was broken off at the server");
}

#[test]
fn statements_follow_their_tables() {
    let Some(server) = server_or_skip("statements follow their tables") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE t (a int)");
    let link = connect(&inside(&schema)).unwrap();
    assert_eq!(link.query("SELECT * FROM t", &[]).unwrap().len(), 0);
    schema.execute("ALTER TABLE t ADD b int");
    schema.execute("INSERT INTO t VALUES (1, 2)");
    assert_eq!(link.query("SELECT * FROM t", &[]).unwrap()[0].len(), 2);
    link.batch("DISCARD ALL").unwrap();
    assert_eq!(number(&link, "SELECT 1"), 1);
    for i in 0..600 {
        assert_eq!(number(&link, &format!("SELECT {i}")), i);
    }
    let kept = "SELECT count(*)::int FROM pg_prepared_statements";
    assert!(number(&link, kept) < 300, "not all statements are kept");
}

#[test]
fn a_copy_is_stored_when_finished_and_not_when_dropped() {
    let Some(server) = server_or_skip("a copy") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE t (a int)");
    let link = connect(&inside(&schema)).unwrap();
    let mut copy = link.copy_in("COPY t FROM STDIN").unwrap();
    for i in 0..20_000 {
        copy.send(Bytes::from(format!("{i}\n"))).unwrap();
    }
    assert_eq!(copy.finish().unwrap(), 20_000);
    let mut dropped = link.copy_in("COPY t FROM STDIN").unwrap();
    dropped.send(Bytes::from_static(b"1\n")).unwrap();
    drop(dropped);
    let mut wrong = link.copy_in("COPY t FROM STDIN").unwrap();
    for _ in 0..2_000 {
        wrong.send(Bytes::from_static(b"this is no number\n")).unwrap();
    }
    assert_eq!(wrong.finish().unwrap_err().code(), Some("22P02"));
    assert_eq!(number(&link, "SELECT count(*)::int FROM t"), 20_000);
}

#[test]
fn a_server_that_hangs_up_says_why() {
    let Some(server) = server_or_skip("a server that hangs up") else { return };
    let database = server.database();
    let link = connect(&database.url()).unwrap();
    database.kill_backends();
    eventually("the link hears of it", || link.is_closed());
    let error = link.query("SELECT 1", &[]).map_err(link.site().failed("ask")).unwrap_err();
    let StoreError::ConnectionLost { reason, .. } = &error else { panic!("{error:?}") };
    assert!(reason.contains("terminating"), "{reason}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn the_servers_refusals_have_errors_of_their_own() {
    let Some(server) = server_or_skip("the server's refusals") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE t (a int PRIMARY KEY)");
    let url = format!("{}&statement_timeout=80&lock_timeout=40", inside(&schema));
    let (link, other) = (connect(&url).unwrap(), connect(&inside(&schema)).unwrap());
    let fails = |sql: &str| link.batch(sql).map_err(link.site().failed("do it")).unwrap_err();

    let timed_out = fails("SELECT pg_sleep(10)");
    assert!(matches!(timed_out, StoreError::TimedOut { after_ms: 80 }), "{timed_out:?}");
    let cancelled = fails("SELECT pg_cancel_backend(pg_backend_pid())");
    assert!(matches!(cancelled, StoreError::Stopped), "{cancelled:?}");
    other.batch("BEGIN; LOCK TABLE t").unwrap();
    let locked = fails("SELECT * FROM t");
    assert!(matches!(locked, StoreError::Locked { waited_ms: 40, .. }), "{locked:?}");
    other.batch("ROLLBACK").unwrap();

    let read_only = fails("SET TRANSACTION READ ONLY; INSERT INTO t VALUES (1)");
    assert!(matches!(read_only, StoreError::ReadOnly { .. }), "{read_only:?}");
    let twice = fails("INSERT INTO t VALUES (7), (7)");
    assert_eq!(twice.kind(), ErrorKind::Conflict);
    let source = std::error::Error::source(&twice).unwrap().to_string();
    assert!(source.contains("(Key (a)=(7) already exists)"), "{source}");
}

#[test]
fn a_conflict_of_transactions_is_worth_repeating() {
    let Some(server) = server_or_skip("a conflict of transactions") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE t (a int)");
    schema.execute("INSERT INTO t VALUES (1)");
    let (one, two) = (connect(&inside(&schema)).unwrap(), connect(&inside(&schema)).unwrap());
    one.batch("BEGIN ISOLATION LEVEL REPEATABLE READ").unwrap();
    assert_eq!(number(&one, "SELECT a FROM t"), 1);
    two.execute("UPDATE t SET a = 2", &[]).unwrap();
    let failed = one.execute("UPDATE t SET a = 3", &[]).map_err(one.site().failed("write"));
    let error = failed.unwrap_err();
    assert!(error.is_worth_repeating() && error.kind() == ErrorKind::Conflict, "{error:?}");
}
