//! Who may hear what, and who may write.
use super::{Session, heard, log, told, trees, watch};
use tiepoint_core::ErrorKind;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestRole, TestSchema, server_or_skip};
use tiepoint_store::{
    Author, ChangeLog, LogOptions, Store, TransactionOptions, WatchEvent, WatchOptions,
};
use tokio_postgres::error::SqlState;

fn grant(schema: &TestSchema, role: &TestRole, what: &str) {
    let (schema_name, role_name) = (schema.name(), role.name());
    schema.execute(&format!("GRANT USAGE ON SCHEMA {schema_name} TO {role_name}"));
    schema.execute(&format!("GRANT {what} ON trees TO {role_name}"));
}

#[test]
fn nobody_reads_a_log_of_what_he_may_not_read() {
    let Some(server) = server_or_skip("nobody reads a log") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let [reader, column, stranger] = [(), (), ()].map(|()| server.role());
    grant(&schema, &reader, "SELECT");
    grant(&schema, &column, "SELECT (fid)");
    schema.execute("INSERT INTO trees VALUES (1, 'secret')");
    let layer = schema.value("SELECT 'trees'::regclass::oid");
    let mine = format!(
        "SELECT count(*) FROM tiepoint.changes JOIN tiepoint.logged USING (log) \
         WHERE layer::oid = {layer} AND kind = 'i'"
    );
    for (role, count) in [(&reader, "1"), (&column, "0"), (&stranger, "0")] {
        let session = Session::at(&role.url());
        let denied = session.try_run("SELECT * FROM tiepoint.log").expect_err("is private");
        assert_eq!(denied.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{denied:?}");
        let denied = session.try_run("INSERT INTO tiepoint.log (log, kind) VALUES (1, 'i')");
        let denied = denied.expect_err("is private");
        assert_eq!(denied.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{denied:?}");
        session.run("SELECT tiepoint.trim()");
        let as_role = format!("SET ROLE {}; {mine}", role.name());
        assert_eq!(schema.value(&as_role), count);
    }
    let theirs = PostgisStore::open(&schema.url_as(&reader)).expect("opens");
    let mut watch = watch(&theirs);
    schema.execute("UPDATE trees SET name = 'known'");
    assert_eq!(told(&heard(watch.as_mut())), "~1.");
    let columns = PostgisStore::open(&schema.url_as(&column)).expect("opens");
    let refused = columns.watch(&WatchOptions::from_now().layer("trees")).err();
    assert_eq!(refused.map(|it| it.kind()), Some(ErrorKind::NotFound));
    drop(store);
}

#[test]
fn row_security_holds_for_watchers() {
    let Some(server) = server_or_skip("row security") else { return };
    let schema = server.schema();
    let _store = trees(&schema);
    let role = server.role();
    grant(&schema, &role, "SELECT, INSERT, UPDATE, DELETE");
    schema.execute(
        "ALTER TABLE trees ENABLE ROW LEVEL SECURITY;
         CREATE POLICY low ON trees USING (fid < 10) WITH CHECK (true);
         INSERT INTO trees VALUES (1), (11)",
    );
    let theirs = PostgisStore::open(&schema.url_as(&role)).expect("opens");
    assert_eq!(theirs.change_log().expect("reads"), ChangeLog::default());
    assert_eq!(theirs.logged_since("trees").expect("reads"), None);
    let mut watch = watch(&theirs);
    let session = Session::at(&role.url());
    session.run(&format!("SET search_path = {}, public", schema.name()));
    schema.execute("INSERT INTO trees VALUES (2), (12); UPDATE trees SET name = 'hidden'");
    session.run("INSERT INTO trees VALUES (13); UPDATE trees SET height = 3");
    let mut told_of = Vec::new();
    while let Some(event) = watch.next(std::time::Duration::from_millis(600)).expect("looks") {
        told_of.push(event);
    }
    assert_eq!(told(&told_of), "~1 +2.");
    let unknown =
        |it: &WatchEvent| matches!(it, WatchEvent::Changed(it) if it.author == Author::Unknown);
    assert!(told_of.iter().all(unknown), "{told_of:?}");
}

#[test]
fn who_may_only_write_is_noted_by_name() {
    let Some(server) = server_or_skip("who may only write") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let role = server.role();
    grant(&schema, &role, "INSERT");
    let mut watch = watch(&store);
    let session = Session::at(&role.url());
    session.run(&format!(
        "SET search_path = pg_temp; CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql \
         AS $$ SELECT 'd' $$; SET datestyle = 'German'; SET extra_float_digits = -15; \
         SET timezone = 'Asia/Kathmandu'; \
         INSERT INTO {}.trees VALUES (1, 'oak', 1.0 / 3, '2001-02-03 04:05:06.789+00')",
        schema.name()
    ));
    let events = heard(watch.as_mut());
    let [WatchEvent::Changed(it)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(it.who.as_deref(), Some(role.name()));
    schema.execute(&format!("GRANT SELECT, DELETE ON trees TO {}", role.name()));
    session.run(&format!("DELETE FROM {}.trees", schema.name()));
    let gone = heard(watch.as_mut());
    let [WatchEvent::Changed(gone)] = &gone[..] else { panic!("{gone:?}") };
    assert_eq!(gone.change, it.change.inverted());
}

/// A role that owns a table of its own, and what it needs of ours.
#[test]
fn a_log_is_installed_by_whoever_owns_the_layer_and_was_let() {
    let Some(server) = server_or_skip("a log is installed by") else { return };
    let schema = server.schema();
    let _store = trees(&schema);
    let role = server.role();
    schema.execute(&format!(
        "CREATE TABLE bushes (fid int PRIMARY KEY); ALTER TABLE bushes OWNER TO {role};
         GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}",
        role = role.name(),
        schema = schema.name()
    ));
    let theirs = PostgisStore::open(&schema.url_as(&role)).expect("opens");
    let mut transaction = theirs.begin(TransactionOptions::default()).expect("begins");
    let refused = transaction.install_log("bushes", &LogOptions::default());
    let refused = refused.expect_err("nobody let it").to_string();
    assert!(refused.contains("GRANT ALL ON"), "{refused}");
    drop(transaction);
    schema.execute(&format!(
        "GRANT ALL ON SCHEMA tiepoint TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA tiepoint TO {role}",
        role = role.name()
    ));
    log(&theirs, "bushes");
    let mut watch = theirs.watch(&WatchOptions::from_now().layer("bushes")).expect("watches");
    schema.execute("INSERT INTO bushes VALUES (1)");
    assert_eq!(told(&heard(watch.as_mut())), "+1.");
    let mut transaction = theirs.begin(TransactionOptions::default()).expect("begins");
    assert!(transaction.remove_log("bushes").expect("is removed"));
    transaction.commit().expect("commits");
}

/// Triggers that note changes have the rights of whoever made them, and the owner of a table chooses
/// the types of its columns.
#[test]
fn whoever_owns_a_table_runs_nothing_by_the_rights_of_who_had_it_noted() {
    let Some(server) = server_or_skip("whoever owns a table") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let role = server.role();
    schema.execute(&format!(
        "GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};
         CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b));
         ALTER TABLE trees OWNER TO {role}; ALTER TABLE pairs OWNER TO {role}",
        role = role.name(),
        schema = schema.name()
    ));
    log(&store, "pairs");
    let session = Session::at(&role.url());
    session.run(&format!(
        "SET search_path = {}, public;
         CREATE TABLE ran (by text);
         CREATE TYPE mine AS ENUM ('a');
         CREATE FUNCTION evil(mine) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
           INSERT INTO ran VALUES (current_user); RETURN 'x'; END $$;
         CREATE FUNCTION evil_json(mine) RETURNS json LANGUAGE plpgsql AS $$ BEGIN
           INSERT INTO ran VALUES (current_user); RETURN '1'; END $$;
         CREATE CAST (mine AS text) WITH FUNCTION evil(mine);
         CREATE CAST (mine AS json) WITH FUNCTION evil_json(mine);
         ALTER TABLE trees DROP COLUMN fid; ALTER TABLE trees ADD fid mine;
         ALTER TABLE pairs DROP COLUMN a; ALTER TABLE pairs ADD a mine;
         INSERT INTO trees (fid) VALUES ('a'); INSERT INTO pairs (a, b) VALUES ('a', 1);
         UPDATE trees SET name = 'b'; DELETE FROM pairs; TRUNCATE trees",
        schema.name()
    ));
    assert_eq!(schema.value("SELECT count(*) FROM ran"), "0");
}

#[test]
fn whoever_hears_of_a_table_runs_none_of_its_checks() {
    let Some(server) = server_or_skip("whoever hears of a table") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE SEQUENCE runs;
         CREATE FUNCTION is_right(text) RETURNS boolean LANGUAGE sql
           AS $$ SELECT nextval('runs') > 0 $$;
         CREATE DOMAIN checked AS varchar(9) CHECK (is_right(value));
         CREATE DOMAIN twice AS checked;
         CREATE TABLE trees (fid int PRIMARY KEY, a checked, b twice);
         INSERT INTO trees VALUES (1, 'a', 'b')",
    );
    let store = PostgisStore::open(&schema.url()).expect("opens");
    log(&store, "trees");
    let mut watch = watch(&store);
    schema.execute("DELETE FROM trees");
    let before = schema.value("SELECT last_value FROM runs");
    assert_eq!(told(&heard(watch.as_mut())), "-1.");
    assert_eq!(schema.value("SELECT last_value FROM runs"), before);
}
