//! Damage that a check finds, and mends.
use crate::trees::{TREES, all, folder, ids, other_program, planted, within};
use std::fs;
use tiepoint_core::{Fid, Identity};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Finding, FindingKind, Repair, Store};

const NO_GUARDS: &str = "DROP TRIGGER gpkg_tiepoint_1_insert; DROP TRIGGER gpkg_tiepoint_1_undo; \
                         DROP TRIGGER gpkg_tiepoint_1_adopt";

/// (damage, what is found, in which rows)
fn damages() -> Vec<(String, FindingKind, Vec<i64>)> {
    use FindingKind::{Catalogue, Extent, Guard, Identity, Index};
    let unguarded = |sql: &str| format!("{NO_GUARDS}; {sql}");
    vec![
        (unguarded("UPDATE trees SET object_id = NULL WHERE fid = 3"), Identity, vec![3]),
        (unguarded("UPDATE trees SET object_id = 'oak' WHERE fid IN (2, 4)"), Identity, vec![2, 4]),
        (unguarded("UPDATE trees SET object_id = upper(object_id) WHERE fid = 5"), Identity, vec![5]),
        (
            unguarded("UPDATE trees SET object_id = (SELECT object_id FROM trees WHERE fid = 1) WHERE fid > 4"),
            Identity,
            vec![5, 6],
        ),
        (NO_GUARDS.to_owned(), Guard, vec![]),
        (
            "DROP TRIGGER gpkg_tiepoint_1_undo; CREATE TRIGGER gpkg_tiepoint_1_undo AFTER DELETE ON trees \
             BEGIN SELECT 1; END"
                .to_owned(),
            Guard,
            vec![],
        ),
        ("DROP INDEX gpkg_tiepoint_1_ids".to_owned(), Index, vec![]),
        ("UPDATE gpkg_contents SET max_x = 1e6".to_owned(), Extent, vec![]),
        ("UPDATE gpkg_contents SET max_x = NULL".to_owned(), Extent, vec![]),
        ("UPDATE gpkg_ogr_contents SET feature_count = 7".to_owned(), Catalogue, vec![]),
        ("DELETE FROM rtree_trees_geom WHERE id = 2".to_owned(), Index, vec![2]),
        ("UPDATE rtree_trees_geom SET maxx = 50, minx = 50 WHERE id = 2".to_owned(), Index, vec![2]),
        ("INSERT INTO rtree_trees_geom VALUES (77, 0, 0, 0, 0)".to_owned(), Index, vec![77]),
        ("DELETE FROM rtree_trees_geom_rowid WHERE rowid = 4".to_owned(), Index, vec![]),
        ("DROP TRIGGER rtree_trees_geom_insert".to_owned(), Index, vec![]),
        ("DROP TABLE rtree_trees_geom".to_owned(), Index, vec![]),
    ]
}

fn rows(finding: &Finding) -> Vec<i64> {
    let number = |fid: &Fid| match fid {
        Fid::Int(number) => *number,
        Fid::Text(text) => panic!("{text} is no number"),
    };
    finding.examples.iter().map(number).collect()
}

#[test]
fn damage_is_found_and_mended_and_nothing_is_lost() {
    for (damage, kind, expected) in damages() {
        let (_folder, path) = folder();
        let store = planted(&path, Identity::column(), 6);
        let before = all(&store);
        other_program(&path).execute_batch(&damage).expect("damages");
        let bytes = fs::read(&path).expect("reads");
        let found = store.check(Repair::No).expect("checks");
        let finding = found.iter().find(|it| it.kind == kind && rows(it) == expected);
        let finding = finding.unwrap_or_else(|| panic!("{damage}: {found:#?}"));
        assert_eq!((finding.layer.as_deref(), finding.mended), (Some(TREES), false), "{damage}");
        assert_eq!(fs::read(&path).expect("reads"), bytes, "looking changes nothing: {damage}");
        let mended = store.check(Repair::Yes).expect("mends");
        assert!(mended.iter().all(|it| it.mended), "{damage}: {mended:#?}");
        assert_eq!(store.check(Repair::No).expect("checks"), [], "{damage}");
        let values = |features: &[tiepoint_core::Feature]| {
            features.iter().map(|it| it.values().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(values(&all(&store)), values(&before), "{damage}");
        assert!(ids(&store).iter().all(Option::is_some), "{damage}");
        assert_eq!(within(&store, (1.0, 0.0), (2.0, 0.0)), 2, "{damage}");
    }
}

#[test]
fn a_box_asks_the_spatial_index_where_it_can_be_trusted() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 6);
    let there = || within(&store, (1.0, 0.0), (1.0, 0.0));
    assert_eq!(there(), 1);
    other_program(&path).execute("DELETE FROM rtree_trees_geom WHERE id = 2", []).expect("damages");
    assert_eq!(there(), 0, "what is not in the index is not found by it");
    let untrusted = "DROP TRIGGER rtree_trees_geom_insert";
    other_program(&path).execute_batch(untrusted).expect("damages");
    assert_eq!(there(), 1, "an index that nobody keeps up to date is not asked");
}

#[test]
fn what_cannot_be_mended_is_reported_with_its_rows() {
    let (_folder, path) = folder();
    drop(planted(&path, Identity::None, 6));
    let other = other_program(&path);
    other.execute_batch("DROP TRIGGER rtree_trees_geom_update1").expect("damages");
    for (damage, kind, words, row) in [
        ("geom = x'0001e610000000000000000000007cfe'", FindingKind::Geometry, "SpatiaLite", 1),
        (
            "geom = CAST(x'4750000100000000' || substr(geom, 9) AS BLOB)",
            FindingKind::Geometry,
            "srs_id is 0",
            2,
        ),
        ("geom = substr(geom, 1, 20)", FindingKind::Geometry, "", 3),
        ("height = 'tall'", FindingKind::Value, "expected real number, found text", 4),
        ("name = x'ff'", FindingKind::Value, "expected text, found bytes", 5),
    ] {
        let sql = format!("UPDATE trees SET {damage} WHERE fid = {row}");
        other.execute(&sql, []).unwrap_or_else(|error| panic!("{damage}: {error}"));
        let store = GpkgStore::open(&path).expect("opens");
        let found = store.check(Repair::Yes).expect("checks");
        let is_it = |it: &&Finding| it.kind == kind && rows(it).contains(&row);
        let finding = found.iter().find(is_it).unwrap_or_else(|| panic!("{damage}: {found:#?}"));
        assert!(!finding.mended);
        other.execute(&format!("DELETE FROM trees WHERE fid = {row}"), []).expect("deletes");
        assert!(finding.message.contains(words), "{finding:?}");
    }
}
