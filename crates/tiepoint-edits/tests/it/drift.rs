//! Layers that others alter, tie or drop below pending edits: told precisely, and nothing is lost.
use crate::fixture::{all, created, notes, patch, target, tree, trees, written};
use std::sync::Arc;
use tiepoint_core::{
    Edit, ErrorKind, Feature, Field, FieldType, Ids, LayerDefinition, Query, Schema, Value,
};
use tiepoint_edits::EditBuffer;
use tiepoint_store::{MemoryStore, Store, TieOptions, TransactionOptions};

/// Two trees of which one is renamed and ranked, and a new one.
fn scene() -> (Arc<MemoryStore>, EditBuffer) {
    let store = Arc::new(MemoryStore::new());
    created(&*store, &[trees(), notes()]);
    written(&*store, "trees", (0..2).map(|it| Edit::Insert(tree("old", it))));
    let buffer = EditBuffer::over(store.clone());
    let first = target(&all(&*store, "trees")[0]);
    let changes = [("name", "renamed".into()), ("rank", 7.into())];
    written(&buffer, "trees", [patch(&trees(), &first, &changes), Edit::Insert(tree("new", 9))]);
    let note = Feature::with_values(notes().schema, vec![Some(1.into()), Some("a".into())]);
    written(&buffer, "notes", [Edit::Insert(note)]);
    (store, buffer)
}

/// Another program gives the layer other fields; of features, what fits stays.
fn altered(store: &dyn Store, fields: Vec<Field>) {
    let rows = all(store, "trees");
    let schema = Arc::new(Schema::new(fields).expect("distinct names"));
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.drop_layer("trees").expect("is dropped");
    let definition = LayerDefinition { schema: Arc::clone(&schema), ..trees() };
    transaction.create_layer(&definition).expect("is created");
    for row in rows {
        let mut feature =
            Feature::new(Arc::clone(&schema)).with_id(row.id).with_fid(row.fid.clone());
        for field in schema.fields() {
            if let Some(value) = row.get(&field.name) {
                let _ = feature.set(&field.name, value.clone());
            }
        }
        transaction.write("trees", Edit::Insert(feature)).expect("is written");
    }
    transaction.commit().expect("commits");
}

fn fields() -> Vec<Field> {
    trees().schema.fields().to_vec()
}

/// What a field says in all trees.
fn column(store: &dyn Store, field: &str) -> Vec<Option<Value>> {
    all(store, "trees").iter().map(|it| it.get(field).cloned()).collect()
}

#[test]
fn a_field_that_is_added_is_no_hindrance() {
    let (store, buffer) = scene();
    altered(&*store, [fields(), vec![Field::new("height", FieldType::INT)]].concat());
    assert_eq!(all(&buffer, "trees").len(), 3);
    let second = target(&all(&*store, "trees")[1]);
    let taller = |it: &LayerDefinition| patch(it, &second, &[("height", 21.into())]);
    let altered =
        LayerDefinition { schema: store.layer("trees").expect("is").schema().clone(), ..trees() };
    written(&buffer, "trees", [taller(&altered)]);
    buffer.commit().expect("nothing is in the way");
    assert_eq!(column(&*store, "name"), ["renamed", "old", "new"].map(|it| Some(it.into())));
    assert_eq!(column(&*store, "height")[1], Some(21.into()));
}

/// Refuses what is pending in `rank`, by name, until it is rolled back.
fn is_told_and_kept(store: &MemoryStore, buffer: &EditBuffer) {
    let before = buffer.changes();
    assert_eq!(column(buffer, "name"), ["renamed", "old", "new"].map(|it| Some(it.into())));
    let said = |error: String| {
        assert!(error.contains("trees") && error.contains("rank"), "{error}");
    };
    said(buffer.commit().expect_err("a value has no place").to_string());
    let second = target(&all(store, "trees")[1]);
    let schema = store.layer("trees").expect("is there").schema().clone();
    let rename = patch(&LayerDefinition { schema, ..trees() }, &second, &[("name", "b".into())]);
    let refused = buffer.edit("more", |it| it.write("trees", rename));
    said(refused.expect_err("would lose it").to_string());
    assert_eq!(buffer.changes(), before, "nothing is lost");
    buffer
        .edit("elsewhere", |it| {
            let note = Feature::with_values(notes().schema, vec![Some(2.into()), Some("b".into())]);
            it.write("notes", Edit::Insert(note))
        })
        .expect("has nothing to do with it");
    buffer.rollback().expect("rolls back");
    assert_eq!(all(buffer, "trees").len(), 2);
}

#[test]
fn a_field_that_is_gone_is_told_and_the_edits_are_kept() {
    let (store, buffer) = scene();
    altered(&*store, fields()[..2].to_vec());
    is_told_and_kept(&store, &buffer);
}

#[test]
fn a_field_that_is_renamed_is_told_and_the_edits_are_kept() {
    let (store, buffer) = scene();
    let renamed = vec![Field::new("position", FieldType::INT)];
    altered(&*store, [fields()[..2].to_vec(), renamed].concat());
    is_told_and_kept(&store, &buffer);
}

#[test]
fn a_field_of_another_type_is_told_and_the_edits_are_kept() {
    let (store, buffer) = scene();
    let retyped = vec![Field::new("rank", FieldType::Date)];
    altered(&*store, [fields()[..2].to_vec(), retyped].concat());
    is_told_and_kept(&store, &buffer);
}

#[test]
fn a_layer_that_is_gone_is_told_and_the_edits_are_kept() {
    let (store, buffer) = scene();
    let before = buffer.changes();
    let first = all(&*store, "trees")[0].id.expect("is tied");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.drop_layer("trees").expect("is dropped");
    transaction.commit().expect("commits");
    for refused in [
        buffer.commit().map(drop).expect_err("has nowhere to go"),
        buffer.merge().map(drop).expect_err("there is nothing to merge with"),
    ] {
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        assert!(refused.to_string().contains("trees"), "{refused}");
    }
    assert_eq!(buffer.changes(), before);
    assert_eq!(all(&buffer, "notes").len(), 1, "other layers read on");
    let by_id = buffer.read(&Query::layer("trees").ids(Ids::Objects(vec![first])));
    assert_eq!(by_id.expect("is pending").count(), 1);
    buffer.undo().expect("is undone");
    buffer.rollback().expect("rolls back");
    assert!(!buffer.is_dirty());
}

#[test]
fn a_layer_that_is_tied_by_others_shows_nothing_twice_and_is_committed() {
    let (store, buffer) = scene();
    buffer.commit().expect("commits");
    let note = target(&all(&buffer, "notes")[0]);
    written(&buffer, "notes", [patch(&notes(), &note, &[("text", "b".into())])]);
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.tie("notes", &TieOptions::default()).expect("is tied");
    transaction.commit().expect("commits");
    let texts =
        || -> Vec<_> { all(&buffer, "notes").iter().map(|it| it.get("text").cloned()).collect() };
    assert_eq!(texts(), [Some("b".into())]);
    let tied = target(&all(&*store, "notes")[0]);
    let again = patch(&notes(), &tied, &[("text", "c".into())]);
    let refused = buffer.edit("by id", |it| it.write("notes", again.clone()));
    let refused = refused.expect_err("it is known by its fid here").to_string();
    assert!(refused.contains("notes") && refused.contains("tied"), "{refused}");
    buffer.commit().expect("its fid means the same row");
    written(&buffer, "notes", [again]);
    assert_eq!(texts(), [Some("c".into())]);
}

#[test]
fn a_layer_that_is_untied_by_others_is_told_and_the_edits_are_kept() {
    let (store, buffer) = scene();
    let before = buffer.changes();
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.untie(Some("trees")).expect("is untied");
    transaction.commit().expect("commits");
    assert_eq!(column(&buffer, "name"), ["renamed", "old", "new"].map(|it| Some(it.into())));
    let refused = buffer.commit().expect_err("ids name nothing any more");
    assert!(refused.to_string().contains("trees"), "{refused}");
    assert_eq!(buffer.changes(), before);
}
