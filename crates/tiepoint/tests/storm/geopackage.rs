//! The storm over a GeoPackage: our own writer, Python's, GDAL's and SQLite's own, on a rollback
//! journal and in WAL mode.
use crate::programs::{Crowd, Ends, PYTHON, have};
use crate::random::Random;
use crate::watching::{Listening, in_child};
use crate::{duration, layers, ours, tell};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tiepoint::{FindingKind, Identity, Repair};

const WRITER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/storm/writer.py");

#[test]
fn over_a_geopackage_with_a_rollback_journal() {
    storm("delete", 1);
}

#[test]
fn over_a_geopackage_in_wal_mode() {
    storm("wal", 2);
}

fn storm(journal_mode: &str, seed: u64) {
    if !have(PYTHON, "python3") || !have("ogr2ogr", "gdal-bin") || !have("sqlite3", "sqlite3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("storm.gpkg");
    let place = path.to_str().expect("a plain path").to_owned();
    layers::create(&*tiepoint::create(&place).expect("is created"));
    shell(&path, &format!("PRAGMA journal_mode = {journal_mode}"));

    let store = ours::opened(&place);
    let calm = Listening::calmly(Arc::clone(&store));
    let killed = Listening::killed(Arc::clone(&store), &place, Random::new(seed));
    let mut crowd = Crowd::default();
    writers(&mut crowd, &path, seed);
    let appended = append(&mut crowd, folder.path(), &path, seed);
    std::thread::sleep(duration());
    crowd.ended();

    let (calm, killed) = (calm.ended(), killed.ended());
    tell(&format!(
        "  {journal_mode}: {} and {} changes heard, ogr2ogr came through {} times, resets: {:?} {:?}",
        calm.changes,
        killed.changes,
        appended.load(std::sync::atomic::Ordering::SeqCst),
        calm.resets,
        killed.resets
    ));
    assert!(calm.resets.is_empty() && killed.resets.is_empty(), "nobody gave a reason for that");
    assert!(calm.changes > 100, "it was no storm");
    calm.is_what_is_there(&*store, "the watcher");
    killed.is_what_is_there(&*store, "the watcher that was killed");
    // how many rows there are is noted by GDAL alone, and where they are when it closes the file, as
    // it knew it when it opened it
    let mut faults = store.check(Repair::No).expect("checks");
    faults.retain(|it| !matches!(it.kind, FindingKind::Catalogue | FindingKind::Extent));
    assert_eq!(faults, []);
}

fn writers(crowd: &mut Crowd, path: &Path, seed: u64) {
    let place = path.to_str().expect("a plain path").to_owned();
    let ours = move |seed| {
        let mut command = in_child(&format!("write {seed}"), &place);
        command.stdout(Stdio::null());
        command
    };
    crowd.kills(Random::new(seed + 10), Ends::Never, ours);
    let file = path.to_owned();
    let python = move |seed: u64| {
        let mut command = Command::new(PYTHON);
        command.arg(WRITER).arg(&file).arg(seed.to_string()).arg(Identity::DEFAULT_COLUMN);
        command
    };
    crowd.kills(Random::new(seed + 20), Ends::Never, python.clone());
    crowd.kills(Random::new(seed + 30), Ends::Never, python);
    let file = path.to_owned();
    crowd.runs("sqlite3", Random::new(seed + 40), move |random| {
        let sql = match random.below(3) {
            0 => "UPDATE notes SET number = coalesce(number, 0) / 2 WHERE fid % 5 = 0",
            1 => "DELETE FROM codes WHERE fid IN (SELECT fid FROM codes ORDER BY random() LIMIT 3)",
            _ => "INSERT INTO notes (name, number) VALUES ('by the shell', 1), (NULL, NULL)",
        };
        let mut command = Command::new("sqlite3");
        command.args(["-cmd", ".timeout 20000"]).arg(&file).arg(sql);
        command
    });
}

/// GDAL appends to a layer, and changes it by SQL.
fn append(
    crowd: &mut Crowd,
    folder: &Path,
    path: &Path,
    seed: u64,
) -> Arc<std::sync::atomic::AtomicU64> {
    let source = folder.join("more.csv");
    std::fs::write(&source, "name,number,WKT\nby GDAL,1,POINT(1 2)\nby GDAL,2,POINT(3 4)\n")
        .expect("is written");
    let file: PathBuf = path.to_owned();
    crowd.runs("ogr2ogr", Random::new(seed + 50), move |random| {
        if random.below(2) == 0 {
            let mut command = Command::new("ogrinfo");
            command.arg("-q").arg(&file).args([
                "-sql",
                "UPDATE trees SET name = name || '!' WHERE name LIKE 'by GDAL%' AND fid % 3 = 0",
            ]);
            return command;
        }
        let mut command = Command::new("ogr2ogr");
        command.args(["-update", "-append", "-nln", "trees", "-a_srs", "EPSG:4326"]);
        command.args(["--config", "OGR_SQLITE_PRAGMA", "busy_timeout=20000"]);
        command.args(["-oo", "AUTODETECT_TYPE=YES", "-oo", "KEEP_GEOM_COLUMNS=NO"]);
        command.arg(&file).arg(&source);
        command
    })
}

fn shell(path: &Path, sql: &str) {
    let output = Command::new("sqlite3").arg(path).arg(sql).output().expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
