//! The storm over PostGIS: our own writer, psql with long transactions, rollbacks, TRUNCATE and
//! COPY, GDAL's, sessions that are killed, and a server that is started again in the middle.
use crate::programs::{Crowd, Ends, have};
use crate::random::Random;
use crate::watching::{Listening, in_child};
use crate::{duration, layers, ours, tell};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tiepoint::testing::{Server, Unavailable};
use tiepoint::{FindingKind, Repair};

#[test]
fn over_postgis() {
    if !have("psql", "postgresql-client") || !have("ogr2ogr", "gdal-bin") {
        return;
    }
    let mut server = match Server::start() {
        Ok(server) => server,
        Err(Unavailable::Missing { what }) => {
            assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {what}");
            return tell(&format!("SKIPPED: a storm over PostGIS: no {what}"));
        }
        Err(error) => panic!("{error}"),
    };
    // what is committed outlives the server
    server.set("synchronous_commit", "on");
    let schema = server.schema();
    let url = schema.url();
    layers::create(&*tiepoint::open(&url).expect("opens"));

    let store = ours::opened(&url);
    let calm = Listening::calmly(Arc::clone(&store));
    let killed = Listening::killed(Arc::clone(&store), &url, Random::new(3));
    let folder = tempfile::tempdir().expect("a folder");
    let mut appended = 0;
    for half in 0..2 {
        let mut crowd = Crowd::default();
        let gdal = writers(&mut crowd, folder.path(), &url, schema.name(), 100 * half);
        std::thread::sleep(duration() / 2);
        if half == 0 {
            server.stop();
            server.start_again();
        }
        crowd.ended();
        appended += gdal.load(Ordering::SeqCst);
    }

    let (calm, killed) = (calm.ended(), killed.ended());
    tell(&format!(
        "  postgis: {} and {} changes heard, ogr2ogr came through {appended} times, resets: {:?} {:?}",
        calm.changes, killed.changes, calm.resets, killed.resets
    ));
    assert!(calm.resets.is_empty() && killed.resets.is_empty(), "nobody gave a reason for that");
    assert!(calm.changes > 100, "it was no storm");
    calm.is_what_is_there(&*store, "the watcher");
    killed.is_what_is_there(&*store, "the watcher that was killed");
    // the server looks at its values when it finds the time
    let mut faults = store.check(Repair::No).expect("checks");
    faults.retain(|it| it.kind != FindingKind::Statistics);
    assert_eq!(faults, []);
}

/// Sets them to work; gives how often GDAL comes through.
fn writers(crowd: &mut Crowd, folder: &Path, url: &str, schema: &str, seed: u64) -> Arc<AtomicU64> {
    let place = url.to_owned();
    let ours = move |seed| {
        let mut command = in_child(&format!("write {seed}"), &place);
        command.stdout(Stdio::null());
        command
    };
    crowd.kills(Random::new(seed + 10), Ends::Never, ours);
    for session in 0..4 {
        let (url, schema) = (plain(url), schema.to_owned());
        crowd.runs("psql", Random::new(seed + 20 + session), move |random| {
            let mut command = Command::new("psql");
            command.args(["-q", "-X", "-d", &url]);
            for statement in script(random, &schema) {
                command.args(["-c", &statement]);
            }
            command
        });
    }
    // sessions that are cut off in the middle, which the server notices by and by
    let (server, name) = (plain(url), schema.to_owned());
    crowd.kills(Random::new(seed + 40), Ends::Maybe, move |seed| {
        let sql = format!(
            "SET client_connection_check_interval = 100; SET search_path = {name}, public; BEGIN; \
             UPDATE trees SET number = {} WHERE fid IN (SELECT fid FROM trees LIMIT 5); \
             SELECT pg_sleep(10)",
            seed % 1_000
        );
        let mut command = Command::new("psql");
        command.args(["-q", "-X", "-d", &server, "-c", &sql]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    });
    let (target, name) = (plain(url).replacen("postgres:", "postgresql:", 1), schema.to_owned());
    let source = folder.join("more.csv");
    std::fs::write(&source, "name,number\nby GDAL,1\nby GDAL,2\n").expect("is written");
    crowd.runs("ogr2ogr", Random::new(seed + 50), move |_| {
        let mut command = Command::new("ogr2ogr");
        command.args(["-append", "-nln", &format!("{name}.notes")]);
        command.args(["-oo", "AUTODETECT_TYPE=YES", "-oo", "EMPTY_STRING_AS_NULL=YES"]);
        command.arg(&target).arg(&source);
        command
    })
}

/// The URL without what only we know.
fn plain(url: &str) -> String {
    url.split("schema=").next().unwrap_or(url).trim_end_matches(['?', '&']).to_owned()
}

/// What one session does.
fn script(random: &mut Random, schema: &str) -> Vec<String> {
    let number = random.below(1_000);
    let one = |table: &str| format!("(SELECT ctid FROM {table} ORDER BY random() LIMIT 1)");
    let (mut work, mut truncates) = (Vec::new(), false);
    for _ in 0..=random.below(4) {
        work.push(match random.below(14) {
            0 => "INSERT INTO trees (geom, name, number) SELECT ST_SetSRID(ST_MakePoint(n, n), 4326), 'by psql', n FROM generate_series(1, 30) n".to_owned(),
            1 => format!("INSERT INTO notes (name, number) VALUES ('by psql', {number}), (NULL, NULL)"),
            2 => format!("UPDATE trees SET name = 'u{number}' WHERE ctid = {}", one("trees")),
            3 => format!("UPDATE trees SET number = number + 1 WHERE number % 7 = {}", number % 7),
            4 => format!("UPDATE notes SET name = repeat('n', {number}) WHERE ctid = {}", one("notes")),
            5 => format!("DELETE FROM trees WHERE ctid = {}", one("trees")),
            6 => "DELETE FROM trees WHERE number % 5 = 0 AND (SELECT count(*) FROM trees) > 500".to_owned(),
            7 => format!("INSERT INTO codes (code, number) VALUES ('code {number}', 1) ON CONFLICT (code) DO UPDATE SET number = codes.number + 1"),
            8 => format!("DELETE FROM codes WHERE ctid = {}", one("codes")),
            9 if random.below(4) == 0 => {
                truncates = true;
                "TRUNCATE notes".to_owned()
            }
            10 => format!("INSERT INTO trees SELECT t.* FROM trees t WHERE ctid = {} ON CONFLICT DO NOTHING", one("trees")),
            11 => format!("UPDATE notes SET fid = (SELECT max(fid) + 1000 FROM notes) WHERE ctid = {}", one("notes")),
            12 => format!("SELECT pg_sleep({})", f64::from(u32::try_from(number).expect("is small")) / 2_000.0),
            _ => format!("SAVEPOINT a; UPDATE trees SET name = 'never {number}' WHERE ctid = {}; ROLLBACK TO a", one("trees")),
        });
    }
    let end = if random.below(5) == 0 { "ROLLBACK" } else { "COMMIT" };
    // above, what a truncation takes away cannot be known, and everybody is told to read again
    let level = match random.below(3) {
        1 if !truncates => "REPEATABLE READ",
        2 if !truncates => "SERIALIZABLE",
        _ => "READ COMMITTED",
    };
    vec![format!(
        "SET search_path = {schema}, public; BEGIN ISOLATION LEVEL {level}; {}; {end}",
        work.join("; ")
    )]
}
