//! Rules of a layer while edits are pending, and commands that end out of their order.
use crate::fixture::{all, created, patch, target, tree, trees, written};
use std::sync::Arc;
use tiepoint_core::{
    Edit, ErrorKind, Feature, FieldDefault, Identity, LayerDefinition, ObjectId, Schema, Target,
    Value,
};
use tiepoint_edits::{EditBuffer, Status};
use tiepoint_store::{MemoryStore, Store, TransactionOptions};

/// Trees with names of their own; a rank is 3 unless somebody says so, and never null.
fn strict() -> LayerDefinition {
    let mut fields = trees().schema.fields().to_vec();
    fields[1].unique = true;
    fields[2].nullable = false;
    fields[2].default = Some(FieldDefault::Value(3.into()));
    LayerDefinition { schema: Schema::new(fields).expect("distinct names").into(), ..trees() }
}

fn over(layer: &LayerDefinition, names: &[&str]) -> (Arc<MemoryStore>, EditBuffer, Vec<Target>) {
    let store = Arc::new(MemoryStore::new());
    created(&*store, std::slice::from_ref(layer));
    written(&*store, "trees", names.iter().map(|it| Edit::Insert(tree(it, 1))));
    let targets = all(&*store, "trees").iter().map(target).collect();
    let buffer = EditBuffer::over(store.clone());
    (store, buffer, targets)
}

fn renamed(tree: &Target, name: &str) -> Edit {
    patch(&strict(), tree, &[("name", name.into())])
}

fn rename(buffer: &EditBuffer, tree: &Target, name: &str) -> Result<(), ErrorKind> {
    let done = buffer.edit("rename", |it| it.write("trees", renamed(tree, name)));
    done.map(drop).map_err(|error| error.kind())
}

fn names(store: &dyn Store) -> Vec<Option<Value>> {
    all(store, "trees").iter().map(|it| it.get("name").cloned()).collect()
}

#[test]
fn names_that_change_hands_within_a_command_are_taken_through_undo_and_redo() {
    let (_, buffer, trees) = over(&strict(), &["a", "b", "c"]);
    let swap = buffer.command("swap").expect("opens");
    for (at, name) in [(0, "x"), (1, "a"), (0, "b")] {
        rename(&buffer, &trees[at], name).expect("is free");
    }
    swap.end().expect("ends");
    for _ in 0..3 {
        buffer.undo().expect("is undone");
        assert_eq!(names(&buffer), ["a", "b", "c"].map(|it| Some(it.into())));
        buffer.redo().expect("is redone");
        assert_eq!(names(&buffer), ["b", "a", "c"].map(|it| Some(it.into())));
    }
    for taken in ["a", "b"] {
        assert!(rename(&buffer, &trees[2], taken).is_err(), "`{taken}` is taken");
    }
    rename(&buffer, &trees[2], "x").expect("was given up");
}

#[test]
fn a_name_that_is_pending_or_stored_is_taken_and_one_that_is_given_up_is_free() {
    let (store, buffer, trees) = over(&strict(), &["a", "b"]);
    assert!(rename(&buffer, &trees[0], "b").is_err());
    written(&buffer, "trees", [Edit::Delete(trees[1].clone())]);
    rename(&buffer, &trees[0], "b").expect("is free");
    let new = buffer.edit("new", |it| it.write("trees", Edit::Insert(tree("b", 1))));
    new.expect_err("is taken again");
    written(&buffer, "trees", [Edit::Insert(tree("a", 1))]);
    buffer.commit().expect("nothing is in the way");
    assert_eq!(names(&*store), ["b", "a"].map(|it| Some(it.into())));
}

#[test]
fn what_is_left_out_is_as_the_layer_says_and_null_is_refused_where_it_must_not_be() {
    let (store, buffer, targets) = over(&strict(), &["a"]);
    let mut new = Feature::new(strict().schema);
    new.set("name", "new".into()).expect("fits");
    written(&buffer, "trees", [Edit::Insert(new)]);
    assert_eq!(all(&buffer, "trees")[1].get("rank"), Some(&3.into()));
    let null = patch(&trees(), &targets[0], &[("rank", Value::Null)]);
    buffer.edit("null", |it| it.write("trees", null)).expect_err("must say something");
    buffer.commit().expect("nothing is in the way");
    assert_eq!(all(&*store, "trees")[1].get("rank"), Some(&3.into()));
}

#[test]
fn features_known_by_keys_are_edited_deleted_and_brought_back() {
    let namespace = ObjectId::mint();
    let identity = Identity::NaturalKey { field: "name".to_owned(), namespace };
    let mut fields = trees().schema.fields().to_vec();
    fields[1].unique = true;
    let schema = Schema::new(fields).expect("distinct names");
    let keyed = LayerDefinition { identity, ..LayerDefinition::new("trees", schema) };
    let (store, buffer, targets) = over(&keyed, &["a", "b"]);
    written(&buffer, "trees", [patch(&keyed, &targets[0], &[("rank", 5.into())])]);
    written(&buffer, "trees", [Edit::Delete(targets[1].clone())]);
    assert!(rename(&buffer, &targets[0], "c").is_err(), "it would be another object");
    written(&buffer, "trees", [Edit::Insert(tree("b", 1))]);
    assert_eq!(buffer.status("trees", &targets[1]), Status::Clean, "the same as before");
    buffer.undo().expect("is undone");
    assert_eq!(buffer.status("trees", &targets[1]), Status::Deleted);
    buffer.commit().expect("nothing is in the way");
    assert_eq!(names(&*store), [Some("a".into())]);
    buffer.undo().expect("brings it back");
    buffer.commit().expect("nothing is in the way");
    assert_eq!(names(&*store).len(), 2);
}

#[test]
fn a_feature_is_asked_about_by_whatever_it_is_known_by() {
    let (_, buffer, targets) = over(&strict(), &["a"]);
    rename(&buffer, &targets[0], "b").expect("is free");
    let fid = all(&buffer, "trees")[0].fid.clone().expect("has one");
    let changed = Status::Changed(vec!["name".to_owned()]);
    assert_eq!(buffer.status("trees", &targets[0]), changed);
    assert_eq!(buffer.status("trees", &Target::Fid(fid)), changed);
}

#[test]
fn a_command_takes_those_that_were_opened_after_it_with_it() {
    let (_, buffer, targets) = over(&strict(), &["a"]);
    let outer = buffer.command("outer").expect("opens");
    rename(&buffer, &targets[0], "b").expect("is free");
    let inner = buffer.command("inner").expect("opens");
    rename(&buffer, &targets[0], "c").expect("is free");
    outer.end().expect("ends");
    assert_eq!(buffer.history().0, ["outer".into()]);
    rename(&buffer, &targets[0], "d").expect("is free");
    inner.abandon().expect("has nothing left to abandon");
    assert_eq!(names(&buffer), [Some("d".into())]);
    let outer = buffer.command("outer").expect("opens");
    let inner = buffer.command("inner").expect("opens");
    rename(&buffer, &targets[0], "e").expect("is free");
    drop(outer);
    assert_eq!(names(&buffer), [Some("d".into())]);
    inner.end().expect("is no more");
    assert_eq!(buffer.history(), (vec!["outer".into(), "rename".into()], 2));
}

#[test]
fn what_others_changed_where_mine_comes_to_nothing_is_no_hindrance_to_a_merge() {
    let (store, buffer, targets) = over(&strict(), &["a", "b"]);
    rename(&buffer, &targets[0], "x").expect("is free");
    rename(&buffer, &targets[0], "a").expect("is free");
    rename(&buffer, &targets[1], "y").expect("is free");
    written(&*store, "trees", [renamed(&targets[0], "theirs")]);
    let rank = patch(&strict(), &targets[1], &[("rank", 9.into())]);
    written(&*store, "trees", [rank]);
    assert_eq!(buffer.merge().expect("merges"), []);
    assert_eq!(names(&buffer), ["theirs", "y"].map(|it| Some(it.into())));
    assert_eq!(all(&buffer, "trees")[1].get("rank"), Some(&9.into()), "all of theirs is taken up");
    while buffer.undo().expect("nobody is in the way").is_some() {}
    assert_eq!(names(&buffer), ["theirs", "b"].map(|it| Some(it.into())));
    assert!(!buffer.is_dirty());
}

#[test]
fn a_conflict_about_what_is_deleted_since_can_still_be_decided() {
    let (store, buffer, targets) = over(&trees(), &["a"]);
    rename(&buffer, &targets[0], "mine").expect("is free");
    written(&*store, "trees", [renamed(&targets[0], "theirs")]);
    let conflict = buffer.merge().expect("merges").pop().expect("one field, two values");
    written(&buffer, "trees", [Edit::Delete(targets[0].clone())]);
    buffer.resolve(&conflict, &tiepoint_core::Resolution::Theirs).expect("is decided");
    buffer.commit().expect("nothing waits any more");
    assert_eq!(names(&*store), []);
}

#[test]
fn a_command_that_is_dropped_while_others_write_is_abandoned_by_whoever_comes_next() {
    let (_, buffer, targets) = over(&strict(), &["a"]);
    let command = buffer.command("long").expect("opens");
    rename(&buffer, &targets[0], "b").expect("is free");
    let holding = buffer.begin(TransactionOptions::default()).expect("begins");
    drop(command);
    assert_eq!(names(&buffer), [Some("b".into())], "it is not its turn");
    drop(holding);
    rename(&buffer, &targets[0], "c").expect("is free");
    assert_eq!(buffer.history().0, ["rename".into()]);
    buffer.undo().expect("no command is open");
    assert_eq!(names(&buffer), [Some("a".into())]);
}

#[test]
fn steps_between_which_others_came_are_merged_and_recovered_all_the_same() {
    let below: Arc<dyn Store> = Arc::new(MemoryStore::new());
    created(&*below, &[strict()]);
    written(&*below, "trees", ["a", "b"].map(|it| Edit::Insert(tree(it, 1))));
    let store = Arc::new(crate::frail::Frail::over(below));
    let trees: Vec<_> = all(&*store, "trees").iter().map(target).collect();
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = tiepoint_edits::journal::JournalFolder::at(temporary.path());
    let buffer = EditBuffer::journalled(store.clone(), &folder).expect("opens");
    rename(&buffer, &trees[0], "x").expect("is free");
    rename(&buffer, &trees[0], "a").expect("is free");
    written(&*store, "trees", [renamed(&trees[0], "theirs")]);
    rename(&buffer, &trees[0], "mine").expect("is free");
    drop(buffer);
    let buffer = EditBuffer::journalled(store.clone(), &folder).expect("opens");
    for left in buffer.left_behind().expect("reads") {
        buffer.recover(left).expect("is recovered");
    }
    assert_eq!(names(&buffer), ["mine", "b"].map(|it| Some(it.into())));
    written(&*store, "trees", [patch(&strict(), &trees[0], &[("rank", 7.into())])]);
    assert_eq!(buffer.merge().expect("merges"), []);
    buffer.commit().expect("nothing is in the way");
    assert_eq!(names(&*store), ["mine", "b"].map(|it| Some(it.into())));
}
