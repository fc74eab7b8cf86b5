//! What is locked, full, cut off, read-only or something else: each an error of the right kind, and
//! nothing is lost.
use crate::processes::in_child;
use crate::trees::{
    all, begin, committed, definition, folder, insert, other_program, planted, skip,
};
use std::fs;
use std::path::Path;
use tiepoint_core::{ErrorKind, Identity};
use tiepoint_gpkg::{GpkgStore, OpenOptions};
use tiepoint_store::{Result, Store, StoreError, TransactionOptions, WriteMode};

const IMPATIENT: OpenOptions =
    OpenOptions { read_only: false, busy_timeout_ms: 50, watched_rows: 20_000 };

#[test]
fn what_is_no_geopackage_is_said_to_be_what_it_is() {
    let (folder, _) = folder();
    let sqlite = |tables: &str| {
        let path = folder.path().join("made.sqlite");
        drop(fs::remove_file(&path));
        other_program(&path).execute_batch(tables).expect("is made");
        fs::read(path).expect("reads")
    };
    let spatialite = "CREATE TABLE spatial_ref_sys (srid); CREATE TABLE geometry_columns (srid)";
    let contents =
        "CREATE TABLE gpkg_contents (table_name); CREATE TABLE gpkg_spatial_ref_sys (srs_id)";
    let newer = format!("{contents}; PRAGMA user_version = 20100");
    let mut damaged = sqlite("CREATE TABLE a (b)");
    damaged[16..100].fill(0xff);
    for (bytes, found) in [
        (Vec::new(), "an empty file"),
        (b"{\"type\": \"FeatureCollection\"}".repeat(40), "a JSON text"),
        (b"<kml></kml>".repeat(100), "an XML or HTML text"),
        (b"a,b\n1,2\n".repeat(100), "a text"),
        (b"PK\x03\x04".repeat(200), "a ZIP archive"),
        (vec![0xfe; 2_000], "a file of another kind"),
        (damaged, "a damaged or encrypted SQLite database"),
        (sqlite("CREATE TABLE a (b)"), "an SQLite database without the table `gpkg_contents`"),
        (sqlite(spatialite), "a SpatiaLite database"),
        (sqlite("PRAGMA user_version = 7"), "an empty file"),
        (
            sqlite("CREATE TABLE gpkg_contents (table_name)"),
            "without its table `gpkg_spatial_ref_sys`",
        ),
        (sqlite(&newer), "version 2.1, newer than 1.x"),
    ] {
        let path = folder.path().join("posing.gpkg");
        fs::write(&path, bytes).expect("writes");
        let refused = GpkgStore::open(&path).expect_err(found);
        assert!(matches!(refused, StoreError::Foreign { .. }), "{found}: {refused:?}");
        assert!(refused.to_string().contains(found), "{found}: {refused}");
    }
    let refused = GpkgStore::open(folder.path()).expect_err("a folder");
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused:?}");
    let missing = GpkgStore::open(folder.path().join("nowhere.gpkg")).expect_err("is not there");
    assert!(matches!(missing, StoreError::StoreNotFound { .. }), "{missing:?}");
    let nowhere = GpkgStore::create(folder.path().join("no folder/a.gpkg")).expect("shows later");
    let refused = nowhere.begin(TransactionOptions::default()).err().expect("no such folder");
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused:?}");
}

#[test]
fn a_file_that_was_cut_off_is_corrupt_wherever_it_was_cut() {
    let (folder, path) = folder();
    drop(planted(&path, Identity::column(), 2_000));
    let whole = fs::read(&path).expect("reads");
    let cut = folder.path().join("cut.gpkg");
    for length in [100, 1_000, 4_096, 8_192, whole.len() / 2, whole.len() - 1] {
        fs::write(&cut, &whole[..length]).expect("writes");
        let refused = GpkgStore::open(&cut).expect_err("is cut off");
        assert_eq!(refused.kind(), ErrorKind::Corrupt, "{length}: {refused:?}");
    }
}

#[test]
fn a_damaged_page_is_corrupt_and_never_a_panic() {
    let (folder, path) = folder();
    drop(planted(&path, Identity::column(), 2_000));
    let whole = fs::read(&path).expect("reads");
    let damaged = folder.path().join("damaged.gpkg");
    for page in 1..whole.len() / 4_096 {
        let mut bytes = whole.clone();
        for (at, byte) in bytes[page * 4_096..(page + 1) * 4_096].iter_mut().enumerate() {
            *byte ^= u8::try_from(at * 7 % 251).expect("below 251");
        }
        fs::write(&damaged, bytes).expect("writes");
        let Ok(store) = GpkgStore::open(&damaged) else { continue };
        let read = |store: &GpkgStore| -> Result<()> {
            store.layers()?;
            store.read(&tiepoint_core::Query::layer("trees"))?.try_for_each(|it| it.map(drop))?;
            store.check(tiepoint_store::Repair::No).map(drop)
        };
        if let Err(refused) = read(&store) {
            let kind = refused.kind();
            let fits =
                matches!(kind, ErrorKind::Corrupt | ErrorKind::NotFound | ErrorKind::Internal);
            assert!(fits, "page {page}: {refused:?}");
        }
    }
}

#[test]
fn what_another_program_holds_is_locked_for_a_while() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::column(), 5));
    let other = other_program(&path);
    other.execute_batch("BEGIN IMMEDIATE; UPDATE trees SET name = 'theirs'").expect("locks");
    let store = GpkgStore::open_with(&path, IMPATIENT).expect("reading is allowed");
    assert_eq!(all(&store).len(), 5);
    let refused = store.begin(TransactionOptions::default()).err().expect("is locked");
    assert!(matches!(refused, StoreError::Locked { waited_ms: 50, .. }), "{refused:?}");
    assert!(refused.hint().is_some());
    other.execute_batch("COMMIT").expect("unlocks");
    committed(&store, |it| insert(it, 5..6, WriteMode::Rows).expect("is written"));
    other.execute_batch("BEGIN EXCLUSIVE").expect("locks");
    let refused = store.layers().expect_err("is locked");
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    let refused = GpkgStore::open_with(&path, IMPATIENT).expect_err("is locked");
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    other.execute_batch("ROLLBACK").expect("unlocks");
    assert_eq!(all(&store).len(), 6);
}

#[test]
fn a_commit_that_a_foreign_reader_blocks_is_undone_whole() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::column(), 500));
    let store = GpkgStore::open_with(&path, IMPATIENT).expect("opens");
    let other = other_program(&path);
    let mut statement = other.prepare("SELECT name FROM trees").expect("is SQL");
    let mut rows = statement.query([]).expect("reads");
    rows.next().expect("reads").expect("a row");
    let mut transaction = begin(&store);
    insert(transaction.as_mut(), 500..600, WriteMode::Rows).expect("is written");
    let refused = transaction.commit().expect_err("somebody reads");
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    drop(rows);
    assert_eq!(all(&store).len(), 500);
    committed(&store, |it| insert(it, 500..600, WriteMode::Rows).expect("is written"));
    assert_eq!(all(&store).len(), 600);
}

#[test]
fn a_store_opened_for_reading_refuses_to_write() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::column(), 5));
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let store = GpkgStore::open_with(&path, options).expect("opens");
    assert_eq!(all(&store).len(), 5);
    assert!(!store.capabilities().write);
    let refused = store.begin(TransactionOptions::default()).err().expect("is read-only");
    assert_eq!(refused.kind(), ErrorKind::Denied, "{refused:?}");
    let mended = store.check(tiepoint_store::Repair::Yes);
    assert!(mended.is_ok_and(|findings| findings.is_empty()), "nothing to mend is no error");
    other_program(&path).execute("UPDATE gpkg_contents SET max_x = 7", []).expect("damages");
    let refused = store.check(tiepoint_store::Repair::Yes).expect_err("there is something now");
    assert_eq!(refused.kind(), ErrorKind::Denied, "{refused:?}");
}

/// Does `work` in a process with mounts of its own, after `mount` has prepared the folder `$1`.
/// Says whether the system allows that.
fn with_own_mounts(work: &str, folder: &Path, mount: &str) -> bool {
    let child = in_child(work, &folder.join("park.gpkg"));
    let mut command = std::process::Command::new("unshare");
    let script = format!("{mount} && shift && exec \"$@\"");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(folder);
    command.arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let Ok(output) = command.output() else { return false };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("unshare") || complaint.contains("mount:") {
        return false;
    }
    assert!(output.status.success(), "{said}{complaint}");
    true
}

const MOUNTS: &str = "what happens on disks of other kinds (needs `unshare` and user namespaces)";

#[test]
fn a_full_disk_loses_nothing() {
    let (folder, _) = folder();
    let small = "mount -t tmpfs -o size=600k none \"$1\"";
    if !with_own_mounts("fill_the_disk", folder.path(), small) {
        skip(MOUNTS);
    }
}

#[test]
fn a_disk_that_cannot_be_written_is_read() {
    let (folder, path) = folder();
    drop(planted(&path, Identity::column(), 50));
    let frozen = "mount -t tmpfs none \"$1/frozen\" && cp \"$1/park.gpkg\" \"$1/frozen\" \
                  && mount -o remount,ro \"$1/frozen\"";
    fs::create_dir(folder.path().join("frozen")).expect("is made");
    for mode in ["delete", "wal"] {
        other_program(&path).pragma_update(None, "journal_mode", mode).expect("is set");
        if !with_own_mounts("read_what_is_frozen", folder.path(), frozen) {
            return skip(MOUNTS);
        }
    }
}

pub(crate) fn read_what_is_frozen(path: &Path) {
    let path = path.with_file_name("frozen").join("park.gpkg");
    let store = GpkgStore::open(path).expect("opens");
    assert_eq!(all(&store).len(), 50);
    assert_eq!(store.facts("trees").expect("reads").count, 50);
    let refused = store.begin(TransactionOptions::default()).err().expect("cannot be written");
    assert_eq!(refused.kind(), ErrorKind::Denied, "{refused:?}");
}

pub(crate) fn fill_the_disk(path: &Path) {
    let store = planted(path, Identity::column(), 300);
    let before = all(&store);
    for mode in [WriteMode::Rows, WriteMode::Bulk] {
        let mut transaction = begin(&store);
        let outcome = insert(transaction.as_mut(), 300..100_000, mode);
        let refused = outcome.and_then(|()| transaction.commit()).expect_err("there is no room");
        assert!(matches!(refused, StoreError::Full { .. }), "{refused:?}");
        assert_eq!(all(&store), before);
    }
    let new = GpkgStore::create(path.with_file_name("new.gpkg")).expect("shows later");
    let mut transaction = begin(&new);
    transaction.create_layer(&definition(Identity::None)).expect("is created");
    let outcome = insert(transaction.as_mut(), 0..100_000, WriteMode::Bulk);
    outcome.and_then(|()| transaction.commit()).expect_err("there is no room");
    let files = fs::read_dir(path.parent().expect("has one")).expect("lists").count();
    assert_eq!(files, 1, "the file that was to be is gone");
    assert_eq!(all(&GpkgStore::open(path).expect("opens")), before);
}
