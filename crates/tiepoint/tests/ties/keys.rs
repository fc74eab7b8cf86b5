//! Layers with a natural key.
use crate::fixture::{Maker, NOTES, Thing, all, edited, insert, secret, untied, with};
use std::sync::Arc;
use std::time::Duration;
use tiepoint::{EditBuffer, ObjectId, Store, TieOptions, Ties, TransactionOptions};
use tiepoint_postgis::testing::server_or_skip;

/// Notes whose secrets are their keys.
fn keyed(store: &dyn Store) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(&untied(NOTES)).expect("is created");
    for it in 0..4 {
        transaction.write(NOTES, insert(NOTES, it)).expect("is written");
    }
    let options = TieOptions::by_key("secret", ObjectId::mint());
    transaction.tie(NOTES, &options).expect("is tied");
    transaction.commit().expect("commits");
}

fn over_each(name: &str, test: impl Fn(Arc<dyn Store>, &dyn Fn(&str))) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.gpkg");
    let store = tiepoint::create(path.to_str().expect("a plain path")).expect("is created");
    keyed(&*store);
    let others = rusqlite::Connection::open(&path).expect("opens");
    test(Arc::from(store), &|sql| others.execute_batch(sql).expect("is done"));
    let Some(server) = server_or_skip(name) else { return };
    let schema = server.schema();
    let store = tiepoint::open(&schema.url()).expect("opens");
    keyed(&*store);
    test(Arc::from(store), &|sql| schema.execute(sql));
}

fn tied(ties: Ties<Thing>) -> Ties<Thing> {
    let maker = Maker::default();
    ties.add_layer(NOTES, move |feature| maker.make(feature)).expect("is tied");
    ties
}

#[test]
fn a_key_that_is_edited_renames_its_object() {
    over_each("a_key_that_is_edited_renames_its_object", |store, others| {
        let ties = tied(Ties::over(Arc::clone(&store)));
        let mut watching = ties.watching().expect("can be watched");
        let before = with(&*store, NOTES, 1);
        let thing = ties.object_of(&before).expect("is tied");
        others("UPDATE notes SET secret = 41 WHERE secret = 1");
        assert!(watching.pump(Duration::from_secs(20)).expect("listens"));
        let after = with(&*store, NOTES, 41);
        assert_ne!(before.id, after.id, "the trap");
        for it in [&before, &after] {
            assert!(Arc::ptr_eq(&thing, &ties.object_of(it).expect("it is one object")), "{it:?}");
        }
        assert_eq!(ties.id_of(&thing), after.id);
        assert_eq!(ties.feature_of(&thing).expect("is there"), after);
        others("UPDATE notes SET secret = 42 WHERE secret = 41");
        ties.resync().expect("reads");
        let last = with(&*store, NOTES, 42);
        assert!(ties.object_of(&last).is_ok());
    });
}

#[test]
fn what_is_pending_of_keyed_features_is_tied() {
    over_each("what_is_pending_of_keyed_features_is_tied", |store, _| {
        let buffer = Arc::new(EditBuffer::over(store));
        let ties = tied(Ties::over_buffer(&buffer));
        edited(&buffer, NOTES, [insert(NOTES, 7)]);
        let new = ties.object_of(&with(&*buffer, NOTES, 7)).expect("is tied");
        buffer.commit().expect("commits");
        let after = with(&*buffer, NOTES, 7);
        assert!(Arc::ptr_eq(&new, &ties.object_of(&after).expect("is tied")));
        for it in all(&*buffer, NOTES) {
            assert_eq!(ties.object_of(&it).expect("is tied").secret, secret(&it));
        }
    });
}

#[test]
fn rows_without_fids_are_called_by_their_ids() {
    let Some(server) = server_or_skip("rows_without_fids_are_called_by_their_ids") else { return };
    let schema = server.schema();
    let store: Arc<dyn Store> = Arc::from(tiepoint::open(&schema.url()).expect("opens"));
    keyed(&*store);
    schema.execute("CREATE VIEW seen AS SELECT name, secret FROM notes");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.tie("seen", &TieOptions::by_key("secret", ObjectId::mint())).expect("is tied");
    transaction.commit().expect("commits");
    let ties: Ties<i64> = Ties::over(Arc::clone(&store));
    ties.add_layer("seen", secret).expect("is tied");
    let features = all(&*store, "seen");
    assert_eq!((features.len(), ties.len("seen").expect("is tied")), (4, 4));
    for feature in &features {
        let object = ties.object_of(feature).expect("is tied");
        assert_eq!(*object, secret(feature));
        assert_eq!(ties.feature_of(&object).expect("is there").id, feature.id);
    }
    schema.execute("DELETE FROM notes WHERE secret = 2");
    ties.resync().expect("reads");
    assert_eq!(ties.len("seen").expect("is tied"), 3);
}
