//! The command on a PostGIS database: what it says, what it exits with, what it leaves behind.
use crate::folder::{Folder, Run};
use tiepoint::testing::server_or_skip;

const TREES: &str = "object_id,name,height,lon,lat\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90,oak,21.5,24.95,60.15\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91,elm,17.0,24.96,60.16\n";

fn with_trees() -> Folder {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder
}

/// Row 2.21 of the checklist with the rest: geometries become GeoJSON as they are.
#[test]
fn a_layer_goes_through_its_whole_life() {
    let Some(server) = server_or_skip("a_layer_goes_through_its_whole_life") else { return };
    let (schema, folder) = (server.schema(), with_trees());
    let url = schema.url();
    let told = folder.ok(&format!("import trees.csv {url}")).err;
    assert!(told.contains("2 features added"), "{told}");
    assert!(folder.ok(&format!("layers {url}")).out.contains("trees"));
    assert!(folder.ok(&format!("info {url} trees")).out.contains("real number"));
    assert!(folder.csv(&url, "trees", "--filter height>20").contains("oak"));
    let oak = "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90";
    assert!(folder.ok(&format!("get {url} trees {oak}")).out.contains("21.5"));
    let plan = folder.ok(&format!("explain {url} trees --within 500m:24.95,60.15")).out;
    assert!(plan.contains("examined"), "{plan}");
    let count = folder.ok(&format!("query {url} trees --count")).out;
    assert_eq!(count, "2\n");
    folder.write("trees.csv", &TREES.replace("17.0", "18.0"));
    let told = folder.ok(&format!("import trees.csv {url} --mode upsert")).err;
    assert!(told.contains("1 changed, 1 as before"), "{told}");
    folder.ok(&format!("export {url} trees out.geojson"));
    assert!(folder.read("out.geojson").contains("18.0"));
    folder.ok(&format!("import {url} copy.gpkg"));
    assert_eq!(folder.count("copy.gpkg", "trees"), 2);
    folder.ok(&format!("check {url}"));
    assert!(folder.ok(&format!("untie {url} trees")).err.contains("no longer tied"));
    assert!(folder.ok(&format!("tie {url} trees")).err.contains("2 minted"));
}

#[test]
fn a_layer_may_be_named_in_the_url() {
    let Some(server) = server_or_skip("a_layer_may_be_named_in_the_url") else { return };
    let (schema, folder) = (server.schema(), with_trees());
    let (url, layer) = (schema.url(), format!("{}&layer=trees", schema.url()));
    folder.write("a.csv", TREES);
    folder.ok(&format!("import a.csv {layer}"));
    assert_eq!(folder.ok(&format!("query {layer} --count")).out, "2\n");
    assert!(folder.ok(&format!("export {layer} -")).out.contains("oak"));
    assert!(folder.ok(&format!("get {layer} fid:1")).out.contains("oak"));
    assert!(folder.ok(&format!("info {layer}")).out.contains("height"));
    assert!(folder.ok(&format!("explain {layer}")).out.contains("examined"));
    let run = folder.fails(&format!("query {url}"), 2);
    assert!(run.err.contains("hint: `tiepoint layers`"), "{}", run.err);
}

#[test]
fn what_goes_wrong_with_a_server_is_told_with_a_code() {
    let folder = with_trees();
    for (store, code, says) in [
        ("postgres://anna:hunter2@localhost:1/gis", 8, "nobody listens"),
        ("postgres://anna:hunter2@localhost:1/gis?connect_timeout=x", 2, "connect_timeout"),
        ("postgres://anna:hunter2@localhost:1/gis?sslmod=require", 2, "did you mean `sslmode`?"),
        ("postgis://anna:hunter2@localhost/gis", 6, "postgres://user@host/database"),
        ("postgres:anna:hunter2@localhost", 2, "name=value"),
    ] {
        for args in [format!("layers {store}"), format!("import trees.csv {store}")] {
            let run = folder.fails(&args, code);
            assert!(run.err.contains(says) && !run.err.contains("hunter2"), "{args}\n{}", run.err);
        }
    }
}

#[test]
fn what_a_server_refuses_is_told_with_a_code() {
    let Some(server) = server_or_skip("what_a_server_refuses_is_told_with_a_code") else { return };
    let (schema, role, folder) = (server.schema(), server.role(), with_trees());
    schema.execute("CREATE TABLE tables (fid serial PRIMARY KEY)");
    let url = schema.url();
    let run = folder.fails(&format!("query {url} table"), 3);
    assert!(run.err.contains("did you mean `tables`?"), "{}", run.err);
    let run = folder.fails(&format!("import trees.csv {}", schema.url_as(&role)), 7);
    assert!(run.err.contains("hint: "), "{}", run.err);
    let missing = url.replace(&format!("/{}", database(&url)), "/no_such_database");
    let run = folder.fails(&format!("layers {missing}"), 3);
    assert!(run.err.contains("createdb no_such_database"), "{}", run.err);
}

fn database(url: &str) -> &str {
    let path = url.rsplit('/').next().unwrap_or_default();
    path.split('?').next().unwrap_or_default()
}

#[test]
fn invalid_geometries_are_told_and_repaired() {
    let Some(server) = server_or_skip("invalid_geometries_are_told_and_repaired") else { return };
    let (schema, folder) = (server.schema(), Folder::new());
    let url = schema.url();
    folder.write("bow.csv", "n,wkt\n1,\"POLYGON ((0 0,2 2,2 0,0 2,0 0))\"\n");
    let run = folder.fails(&format!("import bow.csv {url} --invalid reject"), 2);
    assert!(run.err.contains("Self-intersection") && run.err.contains("--invalid repair"));
    let told = folder.ok(&format!("import bow.csv {url} --invalid repair")).err;
    assert!(told.contains("1 repaired") && told.contains("invalid: feature 1"), "{told}");
    let run = folder.fails("import bow.csv a.gpkg --invalid repair", 6);
    assert!(run.err.contains("PostGIS"), "{}", run.err);
    let told = folder.ok("import bow.csv a.gpkg --invalid report").err;
    assert!(told.contains("1 NOT VALID"), "{told}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_statement_on_the_server() {
    let Some(server) = server_or_skip("ctrl_c_ends_the_statement_on_the_server") else { return };
    let (schema, folder) = (server.schema(), Folder::new());
    schema.execute(
        "CREATE VIEW slow AS SELECT n AS id, pg_sleep(60)::text AS s FROM generate_series(1, 9) n",
    );
    let url = format!("{}&application_name={}", schema.url(), schema.name());
    let asleep = || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name";
        schema.value(&format!("{sql} = '{}'", schema.name()))
    };
    for args in [format!("query {url} slow"), format!("export {url} slow out.csv")] {
        let child = folder.spawn(&args);
        wait_until(|| asleep() == "1");
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .expect("there is kill");
        let run = Run::of(child);
        assert_eq!(run.code, Some(130), "{args}\n{}", run.err);
        wait_until(|| asleep() == "0");
        assert!(!folder.has("out.csv"));
    }
}

/// Another session holds the row that the changes are about: the second Ctrl-C does not wait for it.
#[cfg(unix)]
#[test]
fn an_apply_that_waits_for_others_is_ended_and_leaves_all_as_it_was() {
    let name = "an_apply_that_waits_for_others_is_ended";
    let Some(server) = server_or_skip(name) else { return };
    let (schema, folder) = (server.schema(), with_trees());
    let url = format!("{}&application_name={}", schema.url(), schema.name());
    folder.ok(&format!("import trees.csv {url}"));
    folder.write(
        "c.json",
        r#"{"version": 1, "layers": {"trees": {"changes": [
            {"update": "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90",
             "fields": {"name": {"before": "oak", "after": "old oak"}}}
        ]}}}"#,
    );
    let waiting = |condition: &str| {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE";
        schema.value(&format!("{sql} {condition} AND query NOT LIKE '%pg_stat_activity%'")) == "1"
    };
    std::thread::scope(|scope| {
        let hold =
            "BEGIN; UPDATE trees SET height = 1 WHERE name = 'oak'; SELECT pg_sleep(3); ROLLBACK";
        let other = scope.spawn(|| schema.execute(hold));
        wait_until(|| {
            waiting("query LIKE 'BEGIN; UPDATE trees SET height%' AND wait_event = 'PgSleep'")
        });
        let child = folder.spawn(&format!("apply {url} c.json"));
        let name = schema.name();
        wait_until(|| {
            waiting(&format!("application_name = '{name}' AND wait_event_type = 'Lock'"))
        });
        let begun = std::time::Instant::now();
        let id = child.id().to_string();
        for _ in 0..2 {
            let sent = std::process::Command::new("kill").args(["-INT", &id]).status();
            assert!(sent.expect("there is kill").success());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let run = Run::of(child);
        assert_eq!(run.code, Some(130), "{}", run.err);
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
        other.join().expect("ends");
    });
    assert!(folder.csv(&url, "trees", "").contains(",oak,21.5"));
    folder.ok(&format!("apply {url} c.json"));
    assert!(folder.csv(&url, "trees", "").contains(",old oak,21.5"));
}

#[cfg(unix)]
#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("it never came to be");
}
