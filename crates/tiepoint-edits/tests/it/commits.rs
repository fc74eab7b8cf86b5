//! Commits that fail half-way: everything is as it was, every reason is told, and a later commit
//! happens once.
use crate::fixture::{all, created, notes, patch, target, tree, trees, written};
use crate::frail::{Call, Fault, Frail, How};
use std::sync::Arc;
use tiepoint_core::{ChangeSet, Edit, ErrorKind, Feature, LayerDefinition, Schema};
use tiepoint_edits::journal::JournalFolder;
use tiepoint_edits::{EditBuffer, EditError};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{MemoryStore, Store, TransactionOptions};

struct Scene {
    store: Arc<Frail>,
    folder: tempfile::TempDir,
    buffer: EditBuffer,
}

/// Edits of every sort over a store of three trees.
fn scene() -> Scene {
    let below: Arc<dyn Store> = Arc::new(MemoryStore::new());
    created(&*below, &[trees(), notes()]);
    written(&*below, "trees", (0..3).map(|it| Edit::Insert(tree(&format!("old {it}"), it))));
    let store = Arc::new(Frail::over(below));
    let folder = tempfile::tempdir().expect("a folder");
    let buffer = opened(&store, &folder);
    let rows = all(&*store, "trees");
    let renamed = patch(&trees(), &target(&rows[0]), &[("name", "renamed".into())]);
    let new = [Edit::Insert(tree("new", 7)), renamed, Edit::Delete(target(&rows[1]))];
    written(&buffer, "trees", new);
    let note = Feature::with_values(notes().schema, vec![Some(1.into()), Some("a".into())]);
    written(&buffer, "notes", [Edit::Insert(note)]);
    Scene { store, folder, buffer }
}

fn opened(store: &Arc<Frail>, folder: &tempfile::TempDir) -> EditBuffer {
    let folder = JournalFolder::at(folder.path());
    EditBuffer::journalled(store.clone(), &folder).expect("opens")
}

/// What features say, without what they are called today.
fn said(store: &dyn Store) -> Vec<Feature> {
    let rows = all(store, "trees").into_iter().chain(all(store, "notes"));
    rows.map(|it| it.with_fid(None)).collect()
}

type Everything = (ChangeSet, (Vec<Arc<str>>, usize), Vec<Feature>);

fn everything(buffer: &EditBuffer) -> Everything {
    let rows = ["trees", "notes"].into_iter().flat_map(|layer| all(buffer, layer)).collect();
    (buffer.changes(), buffer.history(), rows)
}

/// Fails at this one; whether it came so far.
fn fails(fault: Fault) -> bool {
    let Scene { store, buffer, .. } = scene();
    let (before, stored) = (everything(&buffer), said(&*store));
    let expected = said(&buffer);
    store.fail(fault);
    let outcome = buffer.commit();
    let has_failed = store.has_failed();
    store.come_back();
    if outcome.is_err() {
        assert_eq!(everything(&buffer), before, "{fault:?}");
        assert_eq!(said(&*store), stored, "{fault:?}");
        buffer.undo().expect("goes on");
        buffer.redo().expect("goes on");
        buffer.commit().expect("nothing is in the way");
    }
    assert_eq!(said(&*store), expected, "{fault:?}: once and whole");
    assert!(!buffer.is_dirty(), "{fault:?}");
    assert_eq!(buffer.commit().expect("nothing is left").id, None);
    has_failed
}

#[test]
fn a_commit_that_fails_anywhere_leaves_everything_as_it_was() {
    let calls = [Call::Begin, Call::Write, Call::Settle, Call::Finish, Call::Note, Call::Commit];
    for call in calls {
        for how in [How::Refused, How::LostBefore, How::LostAfter] {
            let reached = (0..50).take_while(|after| fails(Fault { call, how, after: *after }));
            assert!(reached.count() > 0, "{call:?} is called");
        }
    }
}

#[test]
fn a_commit_in_doubt_is_settled_either_way() {
    for how in [How::LostBefore, How::LostAfter] {
        let Scene { store, buffer, .. } = scene();
        let expected = said(&buffer);
        store.stay_away();
        store.fail(Fault { call: Call::Commit, how, after: 0 });
        let doubt = buffer.commit().expect_err("the store is gone");
        assert!(matches!(doubt, EditError::InDoubt { .. }), "{doubt:?}");
        let again = buffer.undo().expect_err("nobody knows what is pending");
        assert!(matches!(again, EditError::InDoubt { .. }), "{again:?}");
        let refused = buffer.edit("more", |it| it.write("trees", Edit::Insert(tree("more", 1))));
        assert_eq!(
            refused.expect_err("nor what it would be made of").kind(),
            ErrorKind::Unavailable
        );
        store.come_back();
        let did_happen = how == How::LostAfter;
        assert_eq!(buffer.commit().expect("goes on").id.is_none(), did_happen);
        assert_eq!(said(&*store), expected, "{how:?}");
        assert!(!buffer.is_dirty());
    }
}

#[test]
fn an_edit_after_a_commit_in_doubt_brings_nothing_back() {
    let Scene { store, buffer, .. } = scene();
    store.stay_away();
    store.fail(Fault { call: Call::Commit, how: How::LostAfter, after: 0 });
    buffer.commit().expect_err("the store is gone");
    store.come_back();
    written(&buffer, "trees", [Edit::Insert(tree("after", 1))]);
    assert_eq!(buffer.changes().len(), 1, "what is in the store is not pending again");
    buffer.commit().expect("nothing is in the way");
    assert_eq!(all(&*store, "trees").len(), 4);
    assert_eq!(all(&*store, "notes").len(), 1);
}

#[test]
fn who_dies_in_doubt_leaves_what_did_not_happen_and_nothing_else() {
    for how in [How::LostBefore, How::LostAfter] {
        let Scene { store, folder, buffer } = scene();
        let expected = said(&buffer);
        store.stay_away();
        store.fail(Fault { call: Call::Commit, how, after: 0 });
        buffer.commit().expect_err("the store is gone");
        drop(buffer);
        store.come_back();
        let buffer = opened(&store, &folder);
        for left in buffer.left_behind().expect("reads") {
            let recovered = buffer.recover(left).expect("is recovered");
            assert_eq!(recovered.committed.is_some(), how == How::LostAfter);
        }
        assert_eq!(said(&buffer), expected, "{how:?}");
        assert_eq!(buffer.is_dirty(), how == How::LostBefore);
        buffer.commit().expect("goes on");
        assert_eq!(said(&*store), expected, "{how:?}");
    }
}

#[test]
fn who_ends_with_nothing_pending_leaves_nothing() {
    let Scene { store, folder, buffer } = scene();
    buffer.rollback().expect("is dropped");
    buffer.edit("plant", |it| it.write("trees", Edit::Insert(tree("new", 1)))).expect("fits");
    buffer.undo().expect("is taken back");
    drop(buffer);
    assert!(opened(&store, &folder).left_behind().expect("reads").is_empty());
}

/// Trees with names of their own, and ranks.
fn strict() -> LayerDefinition {
    let mut fields = trees().schema.fields().to_vec();
    fields[1].unique = true;
    fields[2].nullable = false;
    LayerDefinition::new("trees", Schema::new(fields).expect("distinct names"))
}

fn every_refusal_is_told(store: &Arc<dyn Store>) {
    created(&**store, &[strict()]);
    written(&**store, "trees", (0..4).map(|it| Edit::Insert(tree(&format!("old {it}"), it))));
    let rows = all(&**store, "trees");
    let buffer = EditBuffer::over(Arc::clone(store));
    let rename =
        |row: usize, name: &str| patch(&strict(), &target(&rows[row]), &[("name", name.into())]);
    written(&buffer, "trees", [rename(0, "a"), rename(1, "b"), rename(2, "c")]);
    written(&**store, "trees", [Edit::Insert(tree("a", 0)), Edit::Insert(tree("b", 0))]);
    let (before, stored) = (buffer.changes(), all(&**store, "trees"));
    let refused = buffer.commit().expect_err("two are taken");
    let EditError::Refused(refusals) = &refused else { panic!("{refused:?}") };
    assert_eq!(refusals.len(), 2, "{refused}");
    assert_eq!((buffer.changes(), all(&**store, "trees")), (before, stored));
    written(&buffer, "trees", [rename(0, "d"), rename(1, "e")]);
    buffer.commit().expect("nothing is in the way");
    let names: Vec<_> = all(&**store, "trees").iter().map(|it| it.get("name").cloned()).collect();
    assert_eq!(names, ["d", "e", "c", "old 3", "a", "b"].map(|it| Some(it.into())));
}

#[test]
fn every_refusal_of_a_memory_store_is_told() {
    every_refusal_is_told(&(Arc::new(MemoryStore::new()) as Arc<dyn Store>));
}

#[test]
fn every_refusal_of_a_geopackage_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = GpkgStore::create(folder.path().join("strict.gpkg")).expect("is new");
    every_refusal_is_told(&(Arc::new(store) as Arc<dyn Store>));
}

#[test]
fn every_refusal_of_postgis_is_told() {
    let Some(server) = server_or_skip("every_refusal_of_postgis_is_told") else { return };
    let schema = server.schema();
    let store = PostgisStore::open(&schema.url()).expect("opens");
    every_refusal_is_told(&(Arc::new(store) as Arc<dyn Store>));
}

#[test]
fn what_a_locked_file_refuses_is_pending_and_gets_there_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("locked.gpkg");
    let store = Arc::new(GpkgStore::create(&path).expect("is new"));
    created(&*store, &[trees()]);
    let buffer = EditBuffer::over(store.clone());
    written(&buffer, "trees", [Edit::Insert(tree("new", 1))]);
    let other = GpkgStore::open(&path).expect("opens");
    let mut holding = other.begin(TransactionOptions::default()).expect("begins");
    holding.write("trees", Edit::Insert(tree("theirs", 1))).expect("is written");
    let refused = buffer.commit().expect_err("somebody else writes");
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert_eq!((buffer.changes().len(), all(&buffer, "trees").len()), (1, 1));
    holding.commit().expect("commits");
    buffer.commit().expect("nobody is in the way");
    assert_eq!(all(&*store, "trees").len(), 2);
}

#[test]
fn a_step_and_its_books_are_there_together_or_not_at_all() {
    let Scene { store, folder, buffer } = scene();
    let before = everything(&buffer);
    store.fail(Fault { call: Call::Commit, how: How::LostBefore, after: 0 });
    let refused = buffer.edit("with a note", |transaction| {
        transaction.write("trees", Edit::Insert(tree("more", 1)))?;
        transaction.book("ours")?.put(b"more", b"1")
    });
    refused.expect_err("the book cannot be written");
    assert_eq!(everything(&buffer), before);
    drop(buffer);
    let buffer = opened(&store, &folder);
    for left in buffer.left_behind().expect("reads") {
        buffer.recover(left).expect("is recovered");
    }
    assert_eq!(all(&buffer, "trees").len(), 3, "nor is the step in the journal");
}

#[test]
fn what_is_pending_in_a_layer_that_is_dropped_does_not_keep_the_rest_from_recovery() {
    let Scene { store, folder, buffer } = scene();
    buffer.edit("drop", |it| it.drop_layer("trees")).expect("is dropped");
    assert_eq!(buffer.changes().len(), 1);
    drop(buffer);
    let buffer = opened(&store, &folder);
    let left = buffer.left_behind().expect("reads").pop().expect("a note is pending");
    buffer.recover(left).expect("is recovered");
    assert_eq!(all(&buffer, "notes").len(), 1);
}

#[test]
fn going_back_behind_the_drop_of_a_layer_keeps_what_was_written_before() {
    let Scene { buffer, .. } = scene();
    let layers = buffer.edit("write, drop and think again", |transaction| {
        transaction.write("trees", Edit::Insert(tree("kept", 1)))?;
        let mark = transaction.savepoint()?;
        transaction.drop_layer("trees")?;
        transaction.rollback_to(mark)?;
        transaction.layers()
    });
    assert_eq!(layers.expect("goes on").len(), 2);
    assert_eq!(all(&buffer, "trees").len(), 4);
    buffer.undo().expect("is a step");
    assert_eq!(all(&buffer, "trees").len(), 3);
}
