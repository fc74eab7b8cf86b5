//! What a check finds in tables that others keep, and what it mends.
use crate::identity::{committed, open, tie};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tiepoint_core::Fid;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{Finding, FindingKind, Repair, Store, TieOptions};

const TREES: &str = "trees";

fn planted(schema: &TestSchema) -> PostgisStore {
    schema.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY, name text, geom geometry(Polygon, 25832), object_id text);
         CREATE INDEX geom_index ON trees USING gist (geom);
         INSERT INTO trees (name, geom) SELECT 'tree ' || n,
           ST_SetSRID(ST_MakeEnvelope(n, n, n + 1, n + 1), 25832) FROM generate_series(1, 10) AS n",
    );
    let store = open(schema);
    tie(&store, "object_id");
    store
}

type Told = (FindingKind, u64, Vec<Fid>, bool);

fn told(findings: &[Finding]) -> Vec<Told> {
    findings.iter().map(|it| (it.kind, it.rows, it.examples.clone(), it.mended)).collect()
}

#[test]
fn damage_is_found_and_mended_and_nothing_is_lost() {
    let Some(server) = server_or_skip("damages") else { return };
    let behind = |sql: &str| format!("SET session_replication_role = replica; {sql}");
    let damages = [
        (behind("UPDATE trees SET object_id = NULL WHERE fid IN (2, 9)"), FindingKind::Identity, vec![2, 9]),
        (behind("UPDATE trees SET object_id = upper(object_id)"), FindingKind::Identity, vec![1, 2, 3, 4, 5]),
        (behind("UPDATE trees SET object_id = 'oak' WHERE fid = 3"), FindingKind::Identity, vec![3]),
        (
            behind("UPDATE trees SET object_id = (SELECT object_id FROM trees WHERE fid = 1) WHERE fid > 8"),
            FindingKind::Identity,
            vec![9, 10],
        ),
        ("DROP TRIGGER zz_tiepoint_insert ON trees".to_owned(), FindingKind::Guard, vec![]),
        ("DROP TRIGGER zz_tiepoint_update ON trees".to_owned(), FindingKind::Guard, vec![]),
        ("ALTER TABLE trees DISABLE TRIGGER USER".to_owned(), FindingKind::Guard, vec![]),
        ("ALTER TABLE trees DISABLE TRIGGER zz_tiepoint_update".to_owned(), FindingKind::Guard, vec![]),
        (
            "DO $$ BEGIN EXECUTE (SELECT format('ALTER FUNCTION %s SECURITY INVOKER', tgfoid::regprocedure)
               FROM pg_trigger WHERE tgrelid = 'trees'::regclass AND tgname = 'zz_tiepoint_update'); END $$".to_owned(),
            FindingKind::Guard,
            vec![],
        ),
        (
            "DO $$ BEGIN EXECUTE (SELECT format('DROP INDEX %s', indexrelid::regclass)
               FROM pg_index WHERE indrelid = 'trees'::regclass AND indexrelid::regclass::text ~ 'tiepoint'); END $$".to_owned(),
            FindingKind::Index,
            vec![],
        ),
    ];
    for (damage, kind, rows) in damages {
        let schema = server.schema();
        let store = planted(&schema);
        assert_eq!(store.check(Repair::No).expect("checks"), [], "before {damage}");
        schema.execute(&damage);
        let rows: Vec<Fid> = rows.into_iter().map(Fid::Int).collect();
        for repair in [Repair::No, Repair::Yes] {
            let findings = store.check(repair).expect("checks");
            let found: Vec<_> =
                findings.iter().map(|it| (it.kind, it.examples.clone(), it.mended)).collect();
            assert_eq!(
                found,
                [(kind, rows.clone(), repair == Repair::Yes)],
                "{damage}: {findings:?}"
            );
        }
        assert_eq!(store.check(Repair::No).expect("checks"), [], "after {damage}");
        assert_eq!(schema.value("SELECT count(DISTINCT object_id) FROM trees"), "10");
    }
}

#[test]
fn a_layer_that_was_made_anew_is_told_of() {
    let Some(server) = server_or_skip("overwritten layers") else { return };
    let schema = server.schema();
    let store = planted(&schema);
    schema.execute("DROP TABLE trees; CREATE TABLE trees (fid serial PRIMARY KEY, object_id text)");
    let findings = store.check(Repair::Yes).expect("checks");
    assert_eq!(told(&findings), [(FindingKind::Identity, 0, vec![], true)], "{findings:?}");
    assert!(findings[0].message.contains("`object_id`"), "{findings:?}");
    assert_eq!(store.check(Repair::No).expect("checks"), []);
    committed(&store, |it| {
        let options = TieOptions::by_column("object_id");
        it.tie(TREES, &options).expect("ties again")
    });
    assert_eq!(store.check(Repair::No).expect("checks"), []);
}

/// Row 2.22 of the checklist: what makes questions slow in spite of an index, and what has none.
#[test]
fn what_cannot_be_mended_is_reported_with_its_rows() {
    let Some(server) = server_or_skip("troubles") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY, a int, b int, geom geometry, place geography);
         CREATE INDEX one ON trees (a); CREATE INDEX two ON trees (a); CREATE INDEX three ON trees (a, b);
         CREATE INDEX four ON trees (a) WHERE b > 1; CREATE INDEX five ON trees (a) WHERE b > 1;
         INSERT INTO trees (geom, place) SELECT ST_SetSRID(ST_MakePoint(n, n), 25832), ST_MakePoint(1, n)::geography
           FROM generate_series(1, 3) AS n;
         INSERT INTO trees (geom) VALUES (ST_GeomFromText('POINT(1 2)', 4326)), (ST_GeomFromText('POINT(1 2)'));
         INSERT INTO trees (geom) SELECT ST_GeomFromText('POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))', 25832)",
    );
    let store = open(&schema);
    let findings = store.check(Repair::Yes).expect("checks");
    let fids = |fids: &[i64]| fids.iter().copied().map(Fid::Int).collect::<Vec<_>>();
    assert_eq!(
        told(&findings),
        [
            (FindingKind::Index, 0, vec![], false),
            (FindingKind::Index, 0, vec![], false),
            (FindingKind::Index, 0, vec![], false),
            (FindingKind::Index, 0, vec![], false),
            (FindingKind::Geometry, 2, fids(&[4, 5]), false),
            (FindingKind::Geometry, 1, fids(&[6]), false),
        ],
        "{findings:#?}"
    );
    let says = |at: usize, text: &str| {
        assert!(findings[at].message.contains(text), "{at}: {}", findings[at].message);
    };
    says(0, "USING gist (\"geom\")");
    says(1, "`place` has no spatial index");
    says(2, "`four` and `five`");
    says(3, "`one` and `two`");
    says(4, "its SRID is 4326, the layer's 25832");
    says(5, "Self-intersection");
}

#[test]
fn statistics_that_are_out_of_date_are_made_anew() {
    let Some(server) = server_or_skip("statistics") else { return };
    let schema = server.schema();
    schema.execute(
        "CREATE TABLE trees (fid serial PRIMARY KEY) WITH (autovacuum_enabled = false);
         INSERT INTO trees SELECT FROM generate_series(1, 5000)",
    );
    let store = open(&schema);
    let check = |repair| told(&store.check(repair).expect("checks"));
    // the server counts changes with some delay
    let soon = |expected: &[Told]| {
        let end = Instant::now() + Duration::from_secs(30);
        while check(Repair::No) != expected && Instant::now() < end {
            sleep(Duration::from_millis(200));
        }
        assert_eq!(check(Repair::No), expected);
    };
    soon(&[(FindingKind::Statistics, 0, vec![], false)]);
    assert_eq!(check(Repair::Yes), [(FindingKind::Statistics, 0, vec![], true)]);
    soon(&[]);
    schema.execute("INSERT INTO trees SELECT FROM generate_series(1, 3000)");
    soon(&[(FindingKind::Statistics, 0, vec![], false)]);
    schema.execute("ANALYZE trees");
    soon(&[]);
}
