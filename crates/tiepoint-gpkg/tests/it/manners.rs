//! Good guests: reading changes nothing, a new file shows when it is done, readers make way.
use crate::trees::{
    TREES, all, begin, committed, definition, folder, insert, names, other_program, planted, within,
};
use std::fs;
use std::path::Path;
use tiepoint_core::{Identity, Query};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Repair, Store, StoreError, TransactionOptions, WriteMode};

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("lists");
    let mut names: Vec<_> =
        entries.map(|it| it.expect("lists").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

fn journal_mode(path: &Path) -> String {
    let connection = other_program(path);
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("says")
}

fn read_everything(store: &GpkgStore) {
    all(store);
    within(store, (1.0, 0.0), (3.0, 9.0));
    store.facts(TREES).expect("reads");
    store.check(Repair::No).expect("checks");
    store.freshness().expect("reads");
    drop(begin(store));
    committed(store, |transaction| {
        transaction.writer(TREES, WriteMode::Rows).expect("opens").finish().expect("finishes");
    });
}

#[test]
fn reading_leaves_the_very_bytes_and_no_other_file() {
    for mode in ["delete", "wal", "truncate", "persist"] {
        let (folder, path) = folder();
        drop(planted(&path, Identity::column(), 50));
        other_program(&path).pragma_update(None, "journal_mode", mode).expect("is set");
        let before = (fs::read(&path).expect("reads"), files(folder.path()));
        let store = GpkgStore::open(&path).expect("opens");
        read_everything(&store);
        drop(store);
        let after = (fs::read(&path).expect("reads"), files(folder.path()));
        assert_eq!(before.1, after.1, "{mode}");
        assert_eq!(before.0, after.0, "{mode}");
    }
}

#[test]
fn writing_keeps_the_journal_mode() {
    for (asked, found) in [("delete", "delete"), ("wal", "wal")] {
        let (folder, path) = folder();
        let store = planted(&path, Identity::column(), 5);
        assert_eq!(journal_mode(&path), "delete", "of a new file");
        other_program(&path).pragma_update(None, "journal_mode", asked).expect("is set");
        committed(&store, |it| insert(it, 5..10, WriteMode::Rows).expect("is written"));
        assert_eq!(all(&store).len(), 10);
        drop(store);
        assert_eq!(journal_mode(&path), found);
        assert_eq!(files(folder.path()), ["park.gpkg"]);
    }
}

#[test]
fn what_a_crashed_program_left_in_its_wal_stays_there_when_we_read() {
    let (folder, path) = folder();
    drop(planted(&path, Identity::None, 5));
    let other = other_program(&path);
    other.pragma_update(None, "journal_mode", "wal").expect("is set");
    other.execute("UPDATE trees SET name = 'from the log' WHERE fid = 1", []).expect("writes");
    let crashed = folder.path().join("crashed");
    fs::create_dir(&crashed).expect("is made");
    for file in ["park.gpkg", "park.gpkg-wal"] {
        fs::copy(folder.path().join(file), crashed.join(file)).expect("copies");
    }
    drop(other);
    let contents = |file: &str| fs::read(crashed.join(file)).expect("reads");
    let before = [contents("park.gpkg"), contents("park.gpkg-wal")];
    let store = GpkgStore::open(crashed.join("park.gpkg")).expect("opens");
    assert_eq!(names(&store)[0], "from the log");
    drop(store);
    assert_eq!([contents("park.gpkg"), contents("park.gpkg-wal")], before);
}

#[test]
fn a_new_file_shows_with_its_first_commit() {
    let (folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is new");
    assert!(!path.exists());
    let mut transaction = begin(&store);
    transaction.create_layer(&definition(Identity::column())).expect("is created");
    insert(transaction.as_mut(), 0..10, WriteMode::Bulk).expect("is written");
    assert!(!path.exists());
    assert_eq!(store.layers().expect("lists").len(), 0);
    drop(transaction);
    assert_eq!(files(folder.path()), [""; 0], "a failed first import leaves nothing");
    committed(&store, |transaction| {
        transaction.create_layer(&definition(Identity::column())).expect("is created");
    });
    assert_eq!(files(folder.path()), ["park.gpkg"]);
    assert_eq!(store.layers().expect("lists").len(), 1);
    assert_eq!(GpkgStore::open(&path).expect("opens").layers().expect("lists").len(), 1);
}

#[test]
fn a_file_that_came_meanwhile_is_not_overwritten() {
    let (_folder, path) = folder();
    let first = GpkgStore::create(&path).expect("is new");
    let second = GpkgStore::create(&path).expect("is new as well");
    let mut late = begin(&second);
    late.create_layer(&definition(Identity::None)).expect("is created");
    committed(&first, |transaction| {
        transaction.create_layer(&definition(Identity::column())).expect("is created");
        insert(transaction, 0..3, WriteMode::Rows).expect("is written");
    });
    let refused = late.commit().expect_err("somebody was faster");
    assert!(matches!(refused, StoreError::StoreExists { .. }), "{refused}");
    assert_eq!(all(&GpkgStore::open(&path).expect("opens")).len(), 3);
    assert!(matches!(GpkgStore::create(&path), Err(StoreError::StoreExists { .. })));
}

#[test]
fn leftovers_of_killed_programs_are_cleared_away() {
    let (folder, path) = folder();
    let leftover = folder.path().join(".park.gpkg.0123.tiepoint-new");
    fs::write(&leftover, "").expect("writes");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    let file = fs::File::options().write(true).open(&leftover).expect("opens");
    file.set_modified(old).expect("is set");
    drop(planted(&path, Identity::None, 1));
    assert_eq!(files(folder.path()), ["park.gpkg"]);
}

#[test]
fn readers_of_this_process_make_way_and_keep_their_state() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 3_000);
    let other_handle = GpkgStore::open(&path).expect("opens");
    let mut readings = Vec::new();
    for store in [&store, &other_handle] {
        let mut reading = store.read(&Query::layer(TREES)).expect("reads");
        reading.next().expect("is not empty").expect("reads");
        readings.push(reading);
    }
    committed(&store, |it| insert(it, 3_000..3_010, WriteMode::Rows).expect("is written"));
    for reading in readings {
        assert_eq!(reading.flatten().count(), 2_999);
    }
    assert_eq!(all(&store).len(), 3_010);
}

#[test]
fn a_reader_in_another_thread_makes_way_when_it_goes_on() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 3_000);
    std::thread::scope(|scope| {
        let (tell, wait) = std::sync::mpsc::channel();
        let store = &store;
        let reader = scope.spawn(move || {
            let mut reading = store.read(&Query::layer(TREES)).expect("reads");
            reading.next().expect("is not empty").expect("reads");
            tell.send(()).expect("somebody listens");
            reading
                .map(|it| it.expect("reads"))
                .inspect(|_| std::thread::sleep(std::time::Duration::from_micros(50)))
                .count()
        });
        wait.recv().expect("has begun");
        committed(store, |it| insert(it, 3_000..3_010, WriteMode::Rows).expect("is written"));
        assert_eq!(reader.join().expect("reads to the end"), 2_999);
    });
}

#[test]
fn a_replaced_file_is_opened_anew() {
    let (folder, path) = folder();
    let store = planted(&path, Identity::None, 3);
    assert_eq!(all(&store).len(), 3);
    let before = store.freshness().expect("reads");
    let other = folder.path().join("other.gpkg");
    drop(planted(&other, Identity::None, 7));
    fs::rename(&other, &path).expect("replaces");
    assert_eq!(all(&store).len(), 7);
    assert_ne!(store.freshness().expect("reads"), before);
    committed(&store, |it| insert(it, 7..9, WriteMode::Rows).expect("is written"));
    assert_eq!(all(&store).len(), 9);
    fs::remove_file(&path).expect("is removed");
    assert!(matches!(store.layers(), Err(StoreError::StoreNotFound { .. })));
    assert!(store.begin(TransactionOptions::default()).is_err());
}

#[test]
fn others_may_change_the_schema_between_our_transactions() {
    for mode in ["delete", "wal"] {
        let (_folder, path) = folder();
        drop(planted(&path, Identity::column(), 3));
        let other = other_program(&path);
        other.pragma_update(None, "journal_mode", mode).expect("is set");
        let store = GpkgStore::open(&path).expect("opens");
        committed(&store, |it| it.writer(TREES, WriteMode::Rows).expect("opens").finish())
            .expect("finishes");
        // SQLite overlooks a table where the first statement after that has the R-tree's trigger
        other.execute_batch("CREATE TABLE passing (a); DROP TABLE passing").expect("changes");
        committed(&store, |it| insert(it, 3..5, WriteMode::Rows).expect("is written"));
        other.execute_batch("CREATE TABLE passing (a); DROP TABLE passing").expect("changes");
        committed(&store, |it| insert(it, 5..7, WriteMode::Bulk).expect("is written"));
        assert_eq!(within(&store, (0.0, 0.0), (100.0, 100.0)), 7, "{mode}");
    }
}

#[test]
fn an_empty_transaction_changes_no_byte() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 5);
    let before = fs::read(&path).expect("reads");
    committed(&store, |transaction| {
        transaction.writer(TREES, WriteMode::Rows).expect("opens").finish().expect("finishes");
        assert_eq!(transaction.book("log").expect("opens").get(b"a").expect("reads"), None);
    });
    assert_eq!(fs::read(&path).expect("reads"), before);
}
