//! What others do to tables with logs: their statements never fail, and whoever watches hears that
//! something cannot be known.
use super::{Session, heard, resets, told, trees, watch};
use crate::sessions::own_server;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{FindingKind, Repair, ResetReason, Store, Watch};

/// What is heard after a layer was altered: all resets, and nothing more in the end.
fn settled(watch: &mut dyn Watch) -> Vec<ResetReason> {
    let mut all = Vec::new();
    for _ in 0..4 {
        all.extend(resets(&heard(watch)));
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    all
}

fn goes_on(schema: &TestSchema, watch: &mut dyn Watch) {
    schema.execute("INSERT INTO trees (fid) VALUES (77); DELETE FROM trees WHERE fid = 77");
    assert_eq!(told(&heard(watch)), "+77 -77.");
}

#[test]
fn columns_that_come_go_and_change_stop_nobody() {
    let Some(server) = server_or_skip("columns that come and go") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let other = Session::open(server, &schema);
    other.run("INSERT INTO trees VALUES (1, 'oak', 1), (2, 'elm', 2)");
    for change in [
        "ADD COLUMN crown float8 DEFAULT 4",
        "RENAME COLUMN name TO species",
        "ALTER COLUMN height TYPE numeric USING height::numeric / 7",
        "ALTER COLUMN height TYPE text",
        "DROP COLUMN height",
        "RENAME COLUMN fid TO number",
        "RENAME COLUMN number TO fid",
        "DROP COLUMN geom",
    ] {
        let mut watch = watch(&store);
        other.run("UPDATE trees SET seen = now()");
        other.run(&format!("ALTER TABLE trees {change}"));
        let number = if change.ends_with("number") { "number" } else { "fid" };
        other.run(&format!(
            "UPDATE trees SET seen = now(); \
             INSERT INTO trees ({number}) VALUES (5); DELETE FROM trees WHERE {number} = 5"
        ));
        let reasons = settled(watch.as_mut());
        assert!(reasons.contains(&ResetReason::SchemaChanged), "{change}: {reasons:?}");
        if number == "fid" {
            goes_on(&schema, watch.as_mut());
        }
    }
    other.run("ALTER TABLE trees RENAME TO woods; UPDATE woods SET seen = NULL; TRUNCATE woods");
}

#[test]
fn a_table_made_anew_is_noted_again() {
    // where others commit, it takes longer until the log is taken up again
    let Some(server) = own_server("a table made anew") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let mut watch = watch(&store);
    schema.execute(
        "DROP TABLE trees; CREATE TABLE trees (fid int PRIMARY KEY, species text);
         INSERT INTO trees VALUES (1, 'oak')",
    );
    let reasons = settled(watch.as_mut());
    assert!(reasons.contains(&ResetReason::SchemaChanged), "{reasons:?}");
    goes_on(&schema, watch.as_mut());
    assert_eq!(store.change_log().expect("is known").layers, ["trees"]);
    schema.execute("DROP TABLE trees");
    assert_eq!(settled(watch.as_mut()), [ResetReason::SchemaChanged]);
}

#[test]
fn triggers_that_were_taken_away_are_missed_and_made_anew() {
    let Some(server) = own_server("triggers that were taken away") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    for harm in [
        "ALTER TABLE trees DISABLE TRIGGER ALL",
        "ALTER TABLE trees DISABLE TRIGGER aa_tiepoint_delete",
        "DROP TRIGGER aa_tiepoint_update ON trees",
    ] {
        schema.execute(harm);
        let findings = store.check(Repair::No).expect("checks");
        let guard = findings.iter().filter(|it| it.kind == FindingKind::Guard);
        assert_eq!(guard.count(), 1, "{harm}: {findings:?}");
        store.check(Repair::Yes).expect("mends");
        let findings = store.check(Repair::No).expect("checks");
        assert!(findings.iter().all(|it| it.kind != FindingKind::Guard), "{findings:?}");
        let mut watch = watch(&store);
        schema.execute(&format!("{harm}; INSERT INTO trees VALUES (1); DELETE FROM trees"));
        assert!(settled(watch.as_mut()).contains(&ResetReason::NotNoted), "{harm}");
        goes_on(&schema, watch.as_mut());
    }
    schema.execute("ALTER TABLE trees DISABLE TRIGGER ALL; ALTER TABLE trees ENABLE TRIGGER ALL");
    let findings = store.check(Repair::No).expect("checks");
    assert!(findings.iter().all(|it| it.kind != FindingKind::Guard), "{findings:?}");
}

/// Whatever becomes of our own tables, others write as before.
#[test]
fn others_write_on_when_the_log_is_gone() {
    let Some(server) = own_server("others write on") else { return };
    let database = server.database();
    database.execute("CREATE TABLE trees (fid int PRIMARY KEY, name text)");
    let store = PostgisStore::open(&database.url()).expect("opens");
    super::log(&store, "trees");
    let write = "INSERT INTO trees VALUES (1); UPDATE trees SET fid = 2; DELETE FROM trees; \
                 TRUNCATE trees";
    for harm in [
        "DROP FUNCTION tiepoint.trim()",
        "DROP TABLE tiepoint.log CASCADE",
        "DROP SCHEMA tiepoint CASCADE",
    ] {
        database.execute(harm);
        database.execute(write);
    }
}
