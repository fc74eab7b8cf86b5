//! A journal's life while nothing fails: on disk when there is something to keep, gone after.
use super::{files, left, names, offered, open, record, store};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::tempdir;
use tiepoint_core::ErrorKind;
use tiepoint_edits::journal::{
    Journal, JournalError, JournalFolder, LeftBehind, Record, StoreLabel,
};

#[test]
fn nothing_is_on_disk_before_the_first_record_nor_after_the_last() {
    let folder = tempdir().expect("a folder");
    let journals = folder.path().join("a/b");
    let journal = open(&journals);
    assert!(!journals.exists());
    journal.write(&[]).expect("is nothing");
    assert!(!journals.exists());
    journal.write(&[record("one")]).expect("is written");
    assert_eq!(files(&journals, ".journal").len(), 1);
    journal.clear().expect("clears");
    journal.close().expect("closes");
    assert!(files(&journals, "").is_empty());
}

#[test]
fn a_folder_beside_a_file_goes_with_its_last_journal() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("trees.gpkg");
    let journal = JournalFolder::beside(&file).open(&store()).expect("opens");
    journal.write(&[record("one")]).expect("is written");
    assert_eq!(files(folder.path(), ".journal").len(), 1);
    journal.clear().expect("clears");
    drop(journal);
    assert_eq!(fs::read_dir(folder.path()).expect("is read").count(), 0);
}

#[test]
fn what_is_pending_is_found_again_by_store_and_by_all() {
    let folder = tempdir().expect("a folder");
    let other = StoreLabel { place: "other".into(), address: "other.gpkg".into() };
    let journal = open(folder.path());
    let session = journal.session();
    journal.write(&[record("one"), record("two")]).expect("is written");
    journal.write(&[record("three")]).expect("is written");
    let elsewhere = JournalFolder::at(folder.path()).open(&other).expect("opens");
    elsewhere.write(&[Record::RolledBack]).expect("is written");
    assert!(left(folder.path()).is_empty(), "its session lives");
    journal.close().expect("closes");
    drop(elsewhere);

    let found = left(folder.path());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].session(), found[0].store()), (session, Some(&store())));
    let clocks_differ = Duration::from_secs(1);
    assert!(found[0].began().expect("is told") <= found[0].last_written() + clocks_differ);
    let records = found[0].records().expect("is read");
    assert_eq!(records, ["one", "two", "three"].map(record));
    drop(found);
    let all = JournalFolder::at(folder.path()).left_behind(None).expect("is read");
    assert_eq!(all.len(), 2);
}

#[test]
fn what_was_cleared_is_not_offered() {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    for long in [false, true] {
        let name = if long { "x".repeat(1 << 20) } else { "short".to_owned() };
        journal.write(&[record(name)]).expect("is written");
        journal.clear().expect("clears");
        assert_eq!(files(folder.path(), ".journal").is_empty(), long, "what is long is deleted");
        journal.write(&[record("kept")]).expect("is written");
    }
    drop(journal);
    assert_eq!(names(&offered(folder.path())), ["kept"]);
}

#[test]
fn a_journal_begun_afresh_holds_what_it_was_told() {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    let mark = journal.append(&[record("undone since")]).expect("is written");
    journal.restart(&[record("one"), record("two")]).expect("restarts");
    journal.sync(mark).expect("is of no use any more");
    journal.write(&[record("three")]).expect("is written");
    drop(journal);
    assert_eq!(names(&offered(folder.path())), ["one", "two", "three"]);
    assert!(files(folder.path(), ".fresh").is_empty());
}

#[test]
fn long_appends_come_back_whole() {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    let sizes = [1 << 20, (1 << 20) - 8, 5_000_000, 1, 3 << 20];
    let records: Vec<Record> = sizes.iter().map(|size| record("y".repeat(*size))).collect();
    journal.write(&records).expect("is written");
    journal.write(&records[2..3]).expect("is written");
    drop(journal);
    assert_eq!(offered(folder.path()), [&records[..], &records[2..3]].concat());
}

#[test]
fn journals_and_what_is_left_of_them_go_to_other_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Journal>();
    shared::<JournalFolder>();
    sent::<LeftBehind>();
}

#[test]
fn threads_append_at_once_each_in_its_own_order() {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                for edit in 0..40 {
                    journal.write(&[record(format!("{thread} {edit}"))]).expect("is written");
                }
            });
        }
    });
    drop(journal);
    let records = offered(folder.path());
    for thread in 0..8 {
        let own: Vec<&str> = names(&records)
            .into_iter()
            .filter(|it| it.starts_with(&format!("{thread} ")))
            .collect();
        let expected: Vec<String> = (0..40).map(|edit| format!("{thread} {edit}")).collect();
        assert_eq!(own, expected);
    }
}

#[test]
fn what_is_held_by_one_recovery_is_not_offered_to_another() {
    let folder = tempdir().expect("a folder");
    open(folder.path()).write(&[record("one")]).expect("is written");
    let first = left(folder.path());
    assert_eq!(first.len(), 1);
    assert!(left(folder.path()).is_empty());
    drop(first);
    assert_eq!(left(folder.path()).len(), 1, "it is given back");
}

#[test]
fn what_was_taken_over_is_in_one_journal_and_one_alone() {
    let folder = tempdir().expect("a folder");
    open(folder.path()).write(&[record("one")]).expect("is written");
    let heir = open(folder.path());
    for it in left(folder.path()) {
        let records = it.records().expect("is read");
        heir.adopt(it, &records).expect("takes it over");
    }
    assert_eq!(files(folder.path(), ".journal").len(), 1);
    drop(heir);
    assert_eq!(names(&offered(folder.path())), ["one"]);
}

#[test]
fn what_is_discarded_or_put_aside_is_not_offered_again() {
    let folder = tempdir().expect("a folder");
    for _ in 0..2 {
        open(folder.path()).write(&[record("one")]).expect("is written");
    }
    let mut found = left(folder.path());
    found.pop().expect("is there").discard().expect("is deleted");
    let aside = found.pop().expect("is there").keep_aside().expect("is put aside");
    assert!(left(folder.path()).is_empty());
    assert_eq!(files(folder.path(), ""), [aside]);
}

/// Changes the bytes of the only journal in a folder.
fn bend(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let path = files(folder, ".journal").pop().expect("is there");
    let mut bytes = fs::read(&path).expect("is read");
    change(&mut bytes);
    fs::write(&path, &bytes).expect("is written");
    bytes
}

#[test]
fn a_newer_journal_is_refused_and_left_as_it_is() {
    let folder = tempdir().expect("a folder");
    open(folder.path()).write(&[record("one")]).expect("is written");
    let bytes = bend(folder.path(), |it| it[8] = 2);
    for discards in [false, true] {
        let it = left(folder.path()).pop().expect("is there");
        let error = it.records().expect_err("is newer");
        assert!(
            matches!(error, JournalError::Newer { .. }) && error.kind() == ErrorKind::Unsupported
        );
        assert!(error.to_string().contains("written by a newer tiepoint"), "{error}");
        let error = if discards { it.discard().err() } else { it.keep_aside().err() };
        assert!(matches!(error, Some(JournalError::Newer { .. })));
        let heir = open(folder.path());
        heir.adopt(left(folder.path()).pop().expect("is there"), &[]).expect_err("is refused");
    }
    assert_eq!(bend(folder.path(), |_| {}), bytes);
}

#[test]
fn damage_is_told_and_what_stands_before_it_offered() {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    for name in ["one", "two", "three"] {
        journal.write(&[record(name)]).expect("is written");
    }
    drop(journal);
    let two = |bytes: &[u8]| bytes.windows(3).position(|it| it == b"two").expect("is there");
    bend(folder.path(), |it| {
        let at = two(it);
        it[at] = b'T';
    });
    let found = left(folder.path()).pop().expect("is there");
    assert_eq!(names(&found.records().expect("is read")), ["one"]);
    let damage = found.damage().expect("is damaged");
    let bytes = fs::read(found.path()).expect("is read");
    let at = bytes.windows(3).position(|it| it == b"Two").expect("is there");
    assert!((damage.offset..damage.offset + 64).contains(&(at as u64)), "{damage:?}");

    let heir = open(folder.path());
    let records = found.records().expect("is read");
    heir.adopt(found, &records).expect("takes it over");
    assert_eq!(files(folder.path(), ".aside").len(), 1, "what is damaged is never deleted");
}

#[cfg(unix)]
#[test]
fn only_the_user_may_read_journals() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempdir().expect("a folder");
    let journals = folder.path().join("journals");
    let journal = open(&journals);
    journal.write(&[record("one")]).expect("is written");
    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(&journals), 0o700);
    for file in files(&journals, "") {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_told_with_what_to_do() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("is written");
    let error = open(&file.join("journals")).write(&[record("one")]).expect_err("is a file");
    assert!(error.to_string().contains("make this folder"), "{error}");
}
