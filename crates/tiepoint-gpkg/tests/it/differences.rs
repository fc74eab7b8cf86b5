//! What differs between two files, found by their bytes and by their features.
use crate::trees::{TREES, begin, folder, planted, tree};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tiepoint_core::{Edit, Fid, Identity, Query, Target};
use tiepoint_gpkg::{GpkgStore, diff};
use tiepoint_store::{
    ApplyOptions, DiffNote, DiffOptions, Difference, MatchBy, Store, apply_changes,
};

fn open(path: &Path) -> GpkgStore {
    GpkgStore::open(path).expect("opens")
}

/// By their bytes, which must be what comes of comparing features.
fn both(before: &GpkgStore, after: &GpkgStore, options: &DiffOptions) -> Difference {
    let difference = diff(before, after, options).expect("compares");
    let slow = tiepoint_store::diff(before, after, options).expect("compares");
    assert_eq!(difference, slow);
    difference
}

#[derive(Debug, Clone)]
enum Deed {
    Grow(i64),
    Fell(i64),
    Plant(i32),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1..40_i64).prop_map(Deed::Grow),
        (1..40_i64).prop_map(Deed::Fell),
        (100..200).prop_map(Deed::Plant)
    ]
}

fn act(store: &GpkgStore, deeds: &[Deed]) {
    let mut transaction = begin(store);
    for (number, deed) in deeds.iter().enumerate() {
        let edit = match deed {
            Deed::Grow(fid) => {
                let mut grown = tree(1).with_fid(Fid::Int(*fid));
                grown.set("name", format!("grown {number}").into()).expect("fits");
                Edit::Update(grown)
            }
            Deed::Fell(fid) => Edit::Delete(Target::Fid(Fid::Int(*fid))),
            Deed::Plant(number) => Edit::Insert(tree(*number)),
        };
        transaction.write(TREES, edit).expect("is written");
    }
    transaction.commit().expect("commits");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_differs_makes_one_file_of_another(
        here in prop::collection::vec(deed(), 0..12),
        there in prop::collection::vec(deed(), 0..12),
    ) {
        let (folder, path) = folder();
        let before = planted(&path, Identity::column(), 40);
        let copy = folder.path().join("copy.gpkg");
        fs::copy(&path, &copy).expect("copies");
        let after = open(&copy);
        act(&before, &here);
        act(&after, &there);
        let difference = both(&before, &after, &DiffOptions::default());
        prop_assert!(difference.notes.is_empty(), "{:?}", difference.notes);
        let mut transaction = begin(&before);
        apply_changes(transaction.as_mut(), &difference.changes, &ApplyOptions::default()).expect("fits");
        transaction.commit().expect("commits");
        let left = both(&before, &after, &DiffOptions::default());
        prop_assert!(left.changes.is_empty(), "{left:?}");
    }
}

#[test]
fn layers_without_ids_are_compared_by_fids_or_by_a_key() {
    let (folder, path) = folder();
    let before = planted(&path, Identity::None, 20);
    let copy = folder.path().join("copy.gpkg");
    fs::copy(&path, &copy).expect("copies");
    let after = open(&copy);
    act(&after, &[Deed::Grow(3), Deed::Fell(5), Deed::Plant(150)]);
    let nothing = both(&before, &after, &DiffOptions::default());
    assert!(nothing.changes.is_empty());
    assert!(matches!(&nothing.notes[..], [DiffNote::NotMatched { layer, .. }] if layer == TREES));
    for match_by in [MatchBy::Fid, MatchBy::Key("name".to_owned())] {
        let by_name = match_by != MatchBy::Fid;
        let options = DiffOptions { match_by, ..DiffOptions::default() };
        let changes = both(&before, &after, &options).changes;
        assert_eq!(changes.len(), if by_name { 4 } else { 3 }, "another name is another tree");
        let mut transaction = begin(&before);
        let options_of_apply = ApplyOptions::default();
        apply_changes(transaction.as_mut(), &changes, &options_of_apply).expect("fits");
        let names = |rows: tiepoint_store::Features<'_>| -> BTreeSet<String> {
            let names = rows.map(|it| format!("{:?}", it.expect("reads").get("name")));
            names.collect()
        };
        let query = Query::layer(TREES);
        assert_eq!(
            names(transaction.read(&query).expect("reads")),
            names(after.read(&query).expect("reads"))
        );
    }
}

/// Rule of good manners: who only compares leaves everything as it was.
#[test]
fn comparing_leaves_the_files_alone() {
    let (folder, path) = folder();
    drop(planted(&path, Identity::column(), 50));
    let copy = folder.path().join("copy.gpkg");
    fs::copy(&path, &copy).expect("copies");
    for mode in ["delete", "wal"] {
        let others = rusqlite::Connection::open(&copy).expect("opens");
        let sql = format!("PRAGMA journal_mode = {mode}");
        others.query_row(&sql, [], |_| Ok(())).expect("is set");
        drop(others);
        let bytes = [fs::read(&path).expect("reads"), fs::read(&copy).expect("reads")];
        let (before, after) = (open(&path), open(&copy));
        both(&before, &after, &DiffOptions::default());
        let entries = fs::read_dir(folder.path()).expect("lists").count();
        assert_eq!(entries, 2, "nothing lies beside them");
        let now = [fs::read(&path).expect("reads"), fs::read(&copy).expect("reads")];
        assert!(bytes == now, "no byte differs");
        for path in [&path, &copy] {
            let others = rusqlite::Connection::open(path).expect("opens");
            others.execute_batch("BEGIN EXCLUSIVE; ROLLBACK").expect("no lock is held");
        }
    }
}

#[test]
fn what_is_not_compared_is_told() {
    let (folder, path) = folder();
    let before = planted(&path, Identity::column(), 5);
    let copy = folder.path().join("copy.gpkg");
    fs::copy(&path, &copy).expect("copies");
    let others = rusqlite::Connection::open(&copy).expect("opens");
    others.execute_batch("ALTER TABLE trees ADD COLUMN age INTEGER").expect("is altered");
    drop(others);
    let after = open(&copy);
    let difference = both(&before, &after, &DiffOptions::default());
    assert!(difference.changes.is_empty());
    let (layer, field) = (TREES.to_owned(), "age".to_owned());
    assert_eq!(difference.notes, [DiffNote::FieldNew { layer, field }]);
    let back = both(&after, &before, &DiffOptions::default());
    assert!(matches!(&back.notes[..], [DiffNote::FieldGone { .. }]));
    let unknown =
        DiffOptions { layers: Some(["tree".to_owned()].into()), ..DiffOptions::default() };
    let refused = diff(&before, &after, &unknown).expect_err("there is none");
    assert!(refused.hint().is_some_and(|it| it.contains(TREES)), "{refused}");
}
