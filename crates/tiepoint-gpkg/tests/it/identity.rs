//! Tied layers in the hands of others: what they write, rename and copy.
use crate::trees::{
    TREES, all, begin, committed, definition, fids, folder, ids, insert, names, other_program,
    planted, tree,
};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use tiepoint_core::{
    Edit, Feature, Fid, Field, FieldType, Identity, LayerDefinition, Query, Schema, Target,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{
    FindingKind, Repair, Store, StoreError, TieOptions, TransactionOptions, WriteMode,
};

fn right(store: &GpkgStore) {
    let ids = ids(store);
    assert!(ids.iter().all(Option::is_some), "{ids:?}");
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
    let findings = store.check(Repair::No).expect("checks");
    // GDAL's own count misses rows that are replaced
    assert!(findings.iter().all(|it| it.kind == FindingKind::Catalogue), "{findings:?}");
}

#[test]
fn whatever_others_write_ids_stay_right() {
    let statements = [
        ("nothing", "INSERT INTO trees (name) VALUES ('a')"),
        ("empty", "INSERT INTO trees (name, object_id) VALUES ('a', '')"),
        (
            "a copy",
            "INSERT INTO trees (name, object_id) SELECT name, object_id FROM trees WHERE fid = 2",
        ),
        ("a copy of all", "INSERT INTO trees (name, object_id) SELECT name, object_id FROM trees"),
        (
            "braces",
            "INSERT INTO trees (name, object_id) VALUES ('a', '{67E55044-10B1-426F-9247-BB680E5FE0C8}')",
        ),
        (
            "a braced copy",
            "INSERT INTO trees (name, object_id) SELECT name, '{' || upper(object_id) || '}' FROM trees WHERE fid = 2",
        ),
        (
            "a rewrite",
            "UPDATE trees SET object_id = '67e55044-10b1-426f-9247-bb680e5fe0c8' WHERE fid = 2",
        ),
        ("an erasure", "UPDATE trees SET object_id = NULL"),
        (
            "another's",
            "UPDATE trees SET object_id = (SELECT object_id FROM trees WHERE fid = 1) WHERE fid = 2",
        ),
        ("nonsense", "UPDATE trees SET object_id = 'oak'"),
        ("another fid", "UPDATE trees SET fid = 99 WHERE fid = 2"),
        ("a replacement", "INSERT OR REPLACE INTO trees (fid, name) VALUES (2, 'b')"),
        ("a kept replacement", "REPLACE INTO trees SELECT * FROM trees WHERE fid = 2"),
        ("ignored", "INSERT OR IGNORE INTO trees (fid, name) VALUES (2, 'b')"),
        ("a delete", "DELETE FROM trees WHERE fid = 3"),
    ];
    for recursive in [false, true] {
        let (_folder, path) = folder();
        let store = planted(&path, Identity::column(), 5);
        for (what, statement) in statements {
            let before = ids(&store);
            let other = other_program(&path);
            other.pragma_update(None, "recursive_triggers", recursive).expect("is set");
            other.execute(statement, []).unwrap_or_else(|error| panic!("{what}: {error}"));
            right(&store);
            if what != "a delete" && !what.contains("replacement") {
                let after = ids(&store);
                assert!(before.iter().all(|id| after.contains(id)), "{what}: an id was lost");
            }
        }
    }
}

#[test]
fn of_a_copy_the_origin_is_known() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 2);
    let original = ids(&store)[1].expect("is tied");
    let copy =
        "INSERT INTO trees (name, object_id) SELECT name, object_id FROM trees WHERE fid = 2";
    other_program(&path).execute(copy, []).expect("writes");
    let copy = ids(&store)[2].expect("has its own");
    let sql = "SELECT CAST(value AS TEXT) FROM gpkg_tiepoint WHERE book = 'origin' AND key = CAST(?1 AS BLOB)";
    let origin: String = other_program(&path)
        .query_row(sql, [copy.to_string()], |row| row.get(0))
        .expect("is noted");
    assert_eq!(origin, original.to_string());
}

#[test]
fn a_tie_follows_tables_and_columns_that_others_rename() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 5);
    let before = ids(&store);
    let other = other_program(&path);
    other.pragma_update(None, "foreign_keys", false).expect("is set");
    other
        .execute_batch(
            "ALTER TABLE trees RENAME COLUMN object_id TO \"our id\";
             DROP TABLE rtree_trees_geom;
             DELETE FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index';
             DROP TRIGGER rtree_trees_geom_insert; DROP TRIGGER rtree_trees_geom_update1;
             DROP TRIGGER rtree_trees_geom_update2; DROP TRIGGER rtree_trees_geom_update3;
             DROP TRIGGER rtree_trees_geom_update4; DROP TRIGGER rtree_trees_geom_delete;
             ALTER TABLE trees RENAME TO \"old trees\";
             UPDATE gpkg_contents SET table_name = 'old trees', identifier = 'old trees';
             UPDATE gpkg_geometry_columns SET table_name = 'old trees';
             UPDATE gpkg_ogr_contents SET table_name = 'old trees';
             INSERT INTO \"old trees\" (name) VALUES ('by another')",
        )
        .expect("renames");
    let layer = store.layer("old trees").expect("is there");
    assert_eq!(layer.identity(), &Identity::Column("our id".to_owned()));
    let read: Vec<_> = store.read(&Query::layer("old trees")).expect("reads").flatten().collect();
    assert_eq!(read[..5].iter().map(|it| it.id).collect::<Vec<_>>(), before);
    assert!(read[5].id.is_some());
    let findings = store.check(Repair::No).expect("checks");
    assert!(findings.iter().all(|it| it.kind != FindingKind::Guard), "{findings:?}");
    let report = committed(&store, |it| it.untie(None).expect("unties"));
    assert_eq!(report.columns_dropped, ["old trees.our id"]);
}

#[test]
fn a_copied_file_becomes_a_store_of_its_own_with_the_first_write() {
    let (folder, path) = folder();
    let store = planted(&path, Identity::column(), 5);
    let id = store.store_id().expect("reads").expect("has one");
    let copy_path = folder.path().join("copy.gpkg");
    fs::copy(&path, &copy_path).expect("copies");
    let copy = GpkgStore::open(&copy_path).expect("opens");
    let kinds = |store: &GpkgStore| {
        let findings = store.check(Repair::No).expect("checks");
        findings.into_iter().map(|it| it.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&copy), [FindingKind::Copy]);
    assert_eq!(copy.store_id().expect("reads").as_ref(), Some(&id), "nothing was written yet");
    committed(&copy, |it| insert(it, 5..6, WriteMode::Rows).expect("is written"));
    assert_eq!(kinds(&copy), []);
    assert_ne!(copy.store_id().expect("reads").as_ref(), Some(&id));
    committed(&store, |it| insert(it, 5..6, WriteMode::Rows).expect("is written"));
    drop(store);
    let moved = folder.path().join("moved.gpkg");
    fs::rename(&path, &moved).expect("moves");
    let moved = GpkgStore::open(&moved).expect("opens");
    assert_eq!(kinds(&moved), []);
    assert_eq!(moved.store_id().expect("reads"), Some(id), "writing and moving change nothing");
}

#[test]
fn an_untied_file_has_nothing_of_ours() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 5);
    let schema = || {
        let other = other_program(&path);
        let sql = "SELECT group_concat(type || name || coalesce(sql, ''), char(10)) FROM \
                   (SELECT * FROM sqlite_master ORDER BY type, name)";
        other.query_row(sql, [], |row| row.get::<_, String>(0)).expect("reads")
    };
    let before = (schema(), all(&store));
    assert!(!before.0.contains("tiepoint"));
    for _ in 0..2 {
        committed(&store, |it| it.tie(TREES, &TieOptions::default()).expect("ties"));
        right(&store);
        committed(&store, |it| it.untie(Some(TREES)).expect("unties"));
        assert_eq!((schema(), all(&store)), before);
    }
    committed(&store, |it| {
        it.tie(TREES, &TieOptions::default()).expect("ties");
        it.book("log").expect("opens").put(b"a", b"b").expect("writes");
        it.untie(Some(TREES)).expect("unties");
    });
    assert!(schema().contains("gpkg_tiepoint"), "a book is still in it");
    committed(&store, |it| it.untie(None).expect("unties"));
    assert_eq!((schema(), all(&store)), before);
}

#[test]
fn what_others_built_on_the_ids_is_named_when_they_are_to_go() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 3);
    let theirs = "CREATE INDEX theirs ON trees (object_id, name)";
    other_program(&path).execute_batch(theirs).expect("is made");
    let refused = begin(&store).untie(None).expect_err("is needed");
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");
    assert!(refused.to_string().contains("theirs"), "{refused}");
    right(&store);
}

#[test]
fn a_refused_tie_changes_nothing_and_the_transaction_goes_on() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 3);
    let mut transaction = begin(&store);
    for column in ["fid", "geom", "rowid", "OID", "_rowid_", "", "a\0b"] {
        let options = TieOptions::by_column(column);
        let refused = transaction.tie(TREES, &options).expect_err("has another purpose");
        assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");
    }
    let options = TieOptions::by_column("NAME");
    let refused = transaction.tie(TREES, &options).expect_err("names are no ids");
    assert!(refused.to_string().contains("rows 1, 2, 3"), "{refused}");
    insert(transaction.as_mut(), 3..4, WriteMode::Rows).expect("is written");
    transaction.commit().expect("commits");
    assert_eq!(names(&store).len(), 4);
    assert_eq!(store.layer(TREES).expect("is there").identity(), &Identity::None);
}

#[test]
fn tying_takes_no_edit_for_its_own_and_starts_no_trigger() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 3);
    other_program(&path)
        .execute_batch(
            "CREATE TABLE audit (what);
             CREATE TRIGGER audit AFTER UPDATE ON trees BEGIN INSERT INTO audit VALUES (NEW.name); END",
        )
        .expect("is made");
    committed(&store, |it| it.tie(TREES, &TieOptions::default()).expect("ties"));
    let count = || -> i64 {
        other_program(&path)
            .query_row("SELECT count(*) FROM audit", [], |row| row.get(0))
            .expect("reads")
    };
    assert_eq!(count(), 0);
    other_program(&path).execute("UPDATE trees SET name = 'x' WHERE fid = 1", []).expect("writes");
    assert_eq!(count(), 1, "and it is there again");
}

#[test]
fn a_malformed_id_is_no_id_and_an_update_by_fid_leaves_it_alone() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 2);
    let other = other_program(&path);
    let malformed = "INSERT INTO trees (name, object_id) VALUES ('odd', 'tree 7')";
    other.execute(malformed, []).expect("writes");
    assert_eq!(ids(&store)[2], None);
    let mut renamed = Feature::new(tree(0).schema().clone()).with_fid(Fid::Int(3));
    renamed.set("name", "still odd".into()).expect("fits");
    committed(&store, |it| it.write(TREES, Edit::Update(renamed)).expect("is written"));
    let findings = store.check(Repair::No).expect("checks");
    assert_eq!(findings[0].examples, [Fid::Int(3)]);
    committed(&store, |it| {
        it.write(TREES, Edit::Delete(Target::Fid(Fid::Int(3)))).expect("is deleted")
    });
    assert_eq!(fids(&store), [Fid::Int(1), Fid::Int(2)]);
}

/// Drops the trees as others do, who know nothing of us, and makes them anew without ids.
fn overwritten(path: &Path, again: bool) {
    let other = other_program(path);
    other.pragma_update(None, "foreign_keys", false).expect("is set");
    other
        .execute_batch(
            "DROP TABLE trees; DROP TABLE IF EXISTS rtree_trees_geom;
             DELETE FROM gpkg_extensions WHERE table_name = 'trees';
             DELETE FROM gpkg_geometry_columns; DELETE FROM gpkg_contents;
             DELETE FROM gpkg_ogr_contents",
        )
        .expect("drops");
    if again {
        other
            .execute_batch(
                "CREATE TABLE trees (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT, height REAL);
                 INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('trees', 'attributes', 'trees');
                 INSERT INTO trees (name) VALUES ('a'), ('b')",
            )
            .expect("makes");
    }
}

fn stale(store: &GpkgStore, repair: Repair) -> Vec<bool> {
    let findings = store.check(repair).expect("checks");
    let findings = findings.into_iter().filter(|it| it.kind == FindingKind::Identity);
    findings.map(|it| it.mended).collect()
}

#[test]
fn a_layer_that_others_made_anew_without_ids_is_not_tied() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 3);
    overwritten(&path, true);
    assert_eq!(store.layer(TREES).expect("is there").identity(), &Identity::None);
    assert_eq!(ids(&store), [None, None]);
    assert_eq!(stale(&store, Repair::No), [false]);
    assert_eq!(stale(&store, Repair::Yes), [true]);
    assert!(stale(&store, Repair::No).is_empty());
    let report = committed(&store, |it| it.tie(TREES, &TieOptions::default()).expect("ties"));
    assert_eq!((report.kept, report.minted), (0, 2));
    right(&store);
    overwritten(&path, true);
    let report = committed(&store, |it| it.tie(TREES, &TieOptions::default()).expect("ties"));
    assert_eq!((report.kept, report.minted), (0, 2), "nothing was mended before");
    right(&store);
    overwritten(&path, true);
    let report = committed(&store, |it| it.untie(Some(TREES)).expect("unties"));
    assert_eq!((&report.layers[..], report.columns_dropped.len()), (&[TREES.to_owned()][..], 0));
    assert!(stale(&store, Repair::No).is_empty());
}

#[test]
fn a_tied_layer_that_others_dropped_is_made_anew_with_one_tie() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 3);
    for _ in 0..2 {
        overwritten(&path, false);
        committed(&store, |it| {
            it.create_layer(&definition(Identity::column())).expect("is created");
            insert(it, 0..2, WriteMode::Rows).expect("is written");
        });
        right(&store);
    }
    let report = committed(&store, |it| it.untie(None).expect("unties"));
    assert_eq!(report.columns_dropped, ["trees.object_id"]);
}

#[test]
fn of_two_records_of_one_layer_the_one_with_an_index_holds() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 3);
    let sql = "INSERT INTO gpkg_tiepoint SELECT book, CAST('7' AS BLOB), value FROM gpkg_tiepoint \
               WHERE book = 'layer'";
    other_program(&path).execute(sql, []).expect("writes");
    assert_eq!(stale(&store, Repair::Yes), [true]);
    right(&store);
    let report = committed(&store, |it| it.untie(None).expect("unties"));
    assert_eq!(report.columns_dropped, ["trees.object_id"]);
}

#[test]
fn what_is_left_of_a_dropped_layer_can_be_cleared() {
    for by_check in [false, true] {
        let (_folder, path) = folder();
        let store = planted(&path, Identity::column(), 3);
        overwritten(&path, false);
        assert_eq!(stale(&store, Repair::No), [false]);
        if by_check {
            assert_eq!(stale(&store, Repair::Yes), [true]);
        } else {
            let report = committed(&store, |it| it.untie(None).expect("unties"));
            assert_eq!(report.layers, [TREES]);
        }
        assert_eq!(store.check(Repair::No).expect("checks"), []);
    }
}

#[test]
fn an_id_that_is_no_text_at_all_is_replaced_and_noted() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 2);
    let sql =
        "INSERT INTO trees (name, object_id) VALUES ('a', CAST(x'ff41' AS TEXT)), ('b', x'00fe')";
    other_program(&path).execute(sql, []).expect("writes");
    let findings = store.check(Repair::Yes).expect("mends");
    assert!(findings.iter().any(|it| it.rows == 2 && it.mended), "{findings:?}");
    right(&store);
    let sql =
        "SELECT count(*) FROM gpkg_tiepoint WHERE book = 'origin' AND value IN (x'ff41', x'00fe')";
    let noted = other_program(&path).query_row(sql, [], |row| row.get::<_, i64>(0));
    assert_eq!(noted.expect("reads"), 2);
}

#[test]
fn a_tied_layer_is_not_tied_by_another_column() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::column(), 2);
    let mut transaction = begin(&store);
    let by = |column: &str| TieOptions::by_column(column);
    let refused = transaction.tie(TREES, &by("guid")).expect_err("has a column of ids");
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");
    assert!(refused.to_string().contains("`object_id`"), "{refused}");
    let report = transaction.tie(TREES, &by("OBJECT_ID")).expect("is that column");
    assert_eq!((report.kept, report.minted), (2, 0));
}

/// A journal of edits is found again by it: so it must be there before anything of ours is, and
/// mean this very file.
#[test]
fn a_place_is_the_file_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let [path, link, copied, moved] =
        ["a.gpkg", "link.gpkg", "copy.gpkg", "moved.gpkg"].map(|name| folder.path().join(name));
    let store = GpkgStore::create(&path).expect("is new");
    assert_eq!(store.place().expect("is told"), None, "there is no file yet");
    with_a_layer(&store);
    let place = |path: &Path| GpkgStore::open(path).expect("opens").place();
    let here = place(&path).expect("is told").expect("is there");
    assert_eq!(store.place().expect("is told").as_ref(), Some(&here), "another handle");
    let relative = from_here(&path);
    assert_eq!(place(&relative).expect("is told").as_ref(), Some(&here), "a relative path");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, &link).expect("links");
        assert_eq!(place(&link).expect("is told").as_ref(), Some(&here), "a symbolic link");
    }
    fs::copy(&path, &copied).expect("copies");
    assert_ne!(place(&copied).expect("is told").as_ref(), Some(&here), "a copy");
    drop(store);
    fs::rename(&path, &moved).expect("moves");
    assert_eq!(place(&moved).expect("is told").as_ref(), Some(&here), "moved");
    fs::rename(&copied, &path).expect("moves");
    assert_ne!(place(&path).expect("is told").as_ref(), Some(&here), "replaced");
}

/// From the present folder.
fn from_here(path: &Path) -> std::path::PathBuf {
    let present = std::env::current_dir().expect("is there");
    let up: std::path::PathBuf = present.components().skip(1).map(|_| "..").collect();
    up.join(path.strip_prefix("/").unwrap_or(path))
}

fn with_a_layer(store: &GpkgStore) {
    let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)]).expect("one field");
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.create_layer(&LayerDefinition::new("notes", schema)).expect("is created");
    transaction.commit().expect("commits");
}
