//! Asking: by feature, row and id, and what is said where there is none.
use crate::fixture::{
    LAYERS, NOTES, TREES, all, check, feature, id, in_part, insert, over_each, secret, tied_over,
    untied, with, written,
};
use std::sync::Arc;
use tiepoint::{
    Error, ErrorKind, Fid, MemoryStore, NotTied, ObjectId, Query, Reason, Store, Ties,
    TransactionOptions, field,
};

fn reason<T>(said: tiepoint::Result<T>) -> Reason {
    match said.map(drop) {
        Err(Error::NotTied(NotTied { reason, .. })) => reason,
        other => panic!("instead of a reason: {other:?}"),
    }
}

#[test]
fn a_feature_a_row_and_an_id_are_one_object() {
    over_each("a_feature_a_row_and_an_id_are_one_object", false, |store| {
        for layer in LAYERS {
            written(&*store, layer, (0..5).map(|it| insert(layer, it)));
        }
        let (ties, maker) = tied_over(&store);
        assert_eq!(maker.alive(), 0, "objects are made when they are asked for");
        check(&ties, &*store);
    });
}

#[test]
fn a_feature_of_another_layer_is_none_of_this() {
    over_each("a_feature_of_another_layer_is_none_of_this", false, |store| {
        written(&*store, TREES, [insert(TREES, 1)]);
        written(&*store, NOTES, [insert(NOTES, 2)]);
        let ties = Ties::over(Arc::clone(&store));
        ties.add_layer(TREES, secret).expect("is tied");
        let (tree, note) = (with(&*store, TREES, 1), with(&*store, NOTES, 2));
        assert_eq!(tree.fid, note.fid, "the trap");
        assert_eq!(*ties.object_of(&tree).expect("is tied"), 1);
        assert_eq!(reason(ties.object_of(&note)), Reason::Unknown);
        assert_eq!(reason(ties.object_of(&feature(TREES, 1))), Reason::Unknown);
        assert_eq!(reason(ties.object_of(ObjectId::mint())), Reason::Unknown);
        assert_eq!(reason(ties.object_of((TREES, &Fid::Int(99)))), Reason::Unknown);
        assert_eq!(
            ties.object_of((NOTES, &Fid::Int(1))).map_err(|it| it.kind()),
            Err(ErrorKind::NotFound)
        );
        assert!(ties.get(&note).is_none());
    });
}

#[test]
fn what_was_not_heard_of_is_found_when_it_is_asked_for() {
    over_each("what_was_not_heard_of_is_found_when_it_is_asked_for", false, |store| {
        let (ties, _) = tied_over(&store);
        for layer in LAYERS {
            written(&*store, layer, [insert(layer, 3), insert(layer, 4)]);
            let (third, fourth) = (with(&*store, layer, 3), with(&*store, layer, 4));
            assert_eq!(ties.object_of(id(&third)).expect("is found").secret, 3);
            let fid = fourth.fid.as_ref().expect("has one");
            assert_eq!(ties.object_of((layer, fid)).expect("is found").secret, 4);
        }
        check(&ties, &*store);
    });
}

#[test]
fn an_object_is_made_of_a_whole_feature() {
    over_each("an_object_is_made_of_a_whole_feature", false, |store| {
        written(&*store, TREES, [insert(TREES, 8)]);
        let (ties, _) = tied_over(&store);
        let part = in_part(&*store, TREES, id(&all(&*store, TREES)[0]));
        assert_eq!(ties.object_of(&part).expect("is tied").secret, 8);
    });
}

#[test]
fn a_question_is_answered_with_objects() {
    over_each("a_question_is_answered_with_objects", false, |store| {
        written(&*store, NOTES, (0..9).map(|it| insert(NOTES, it)));
        let (ties, maker) = tied_over(&store);
        let query = Query::layer(NOTES).filter(field("secret").ge(6)).fields(["name"]);
        let things = ties.find(&query).expect("finds");
        let mut secrets: Vec<i64> = things.iter().map(|it| it.secret).collect();
        secrets.sort_unstable();
        assert_eq!((secrets, maker.alive()), (vec![6, 7, 8], 3));
        assert_eq!(ties.objects().len(), 3);
    });
}

#[test]
fn an_object_of_ones_own_is_tied_and_untied() {
    over_each("an_object_of_ones_own_is_tied_and_untied", false, |store| {
        written(&*store, TREES, [insert(TREES, 1)]);
        let (ties, maker) = tied_over(&store);
        let tree = with(&*store, TREES, 1);
        let mine = Arc::new(maker.make(&tree));
        assert!(ties.feature_of(&mine).is_err(), "it is not tied yet");
        assert!(Arc::ptr_eq(&mine, &ties.tie(&tree, &mine).expect("is tied")));
        assert!(Arc::ptr_eq(&mine, &ties.object_of(id(&tree)).expect("is tied")));
        assert_eq!(ties.id_of(&mine), tree.id);
        let second = Arc::new(maker.make(&tree));
        let kept = ties.tie(&tree, &second).expect("is tied");
        assert!(Arc::ptr_eq(&mine, &kept), "the first stays");
        assert!(ties.untie(&mine) && !ties.untie(&mine));
        let third = ties.object_of(&tree).expect("is tied");
        assert!(!Arc::ptr_eq(&mine, &third));
        assert!(ties.feature_of(&mine).is_err());
    });
}

#[test]
fn a_layer_that_is_not_tied_says_what_to_do() {
    let store = MemoryStore::new();
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(&untied(NOTES)).expect("is created");
    transaction.commit().expect("commits");
    let ties = Ties::over(Arc::new(store));
    let said = ties.add_layer(NOTES, |_| ()).expect_err("it is not tied");
    assert!(said.to_string().contains("layer `notes`"), "{said}");
    assert!(said.hint().is_some_and(|hint| hint.contains("tiepoint tie")), "{said}");
    assert!(ties.add_layer("nowhere", |_| ()).is_err());
}

#[test]
fn a_layer_is_added_once() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    crate::fixture::create(&*store, false);
    let (ties, _) = tied_over(&store);
    let again = ties.add_layer(TREES, |_| unreachable!("there is no feature"));
    assert!(again.is_err());
}
