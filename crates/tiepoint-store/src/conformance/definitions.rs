//! Promises about layers and their definitions.
use super::fixture::{
    WRITES, all, begin, committed, created, insert_one, place, places, untied_notes,
};
use super::promises;
use crate::Store;
use tiepoint_core::{
    ErrorKind, Feature, Field, FieldType, Identity, LayerDefinition, Query, Schema,
};

promises! {
    |_| true => { a_missing_layer_is_not_found, a_fresh_store_has_no_layers }
    WRITES => {
        the_nearest_layer_name_is_suggested,
        a_created_layer_is_listed_as_it_was_defined,
        layers_are_listed_by_name,
        a_layer_name_is_given_once,
        a_dropped_layer_is_gone_and_its_name_is_free,
        any_name_will_do,
    }
}

fn a_missing_layer_is_not_found(store: &dyn Store) {
    let kind = |error: Option<crate::StoreError>| error.map(|it| it.kind());
    assert_eq!(kind(store.layer("nowhere").err()), Some(ErrorKind::NotFound));
    assert_eq!(kind(store.facts("nowhere").err()), Some(ErrorKind::NotFound));
    assert_eq!(kind(store.read(&Query::layer("nowhere")).err()), Some(ErrorKind::NotFound));
}

fn a_fresh_store_has_no_layers(store: &dyn Store) {
    assert_eq!(store.layers().expect("lists").len(), 0);
}

fn the_nearest_layer_name_is_suggested(store: &dyn Store) {
    created(store, &places());
    let hint = store.layer("place").expect_err("no such layer").hint();
    assert_eq!(hint.as_deref(), Some("did you mean `places`?"));
}

fn a_created_layer_is_listed_as_it_was_defined(store: &dyn Store) {
    for definition in [places(), untied_notes()] {
        created(store, &definition);
        let layer = store.layer(&definition.name).expect("is there");
        assert_eq!(layer.schema(), &definition.schema);
        assert_eq!(layer.identity(), &definition.identity);
        assert_eq!(layer.read_only, None);
    }
}

fn layers_are_listed_by_name(store: &dyn Store) {
    for name in ["b", "c", "a"] {
        created(store, &LayerDefinition { name: name.to_owned(), ..places() });
    }
    let listed = store.layers().expect("lists");
    assert_eq!(listed.iter().map(|it| it.name()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

fn a_layer_name_is_given_once(store: &dyn Store) {
    created(store, &places());
    let refused = begin(store).create_layer(&places()).expect_err("is taken");
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
}

fn a_dropped_layer_is_gone_and_its_name_is_free(store: &dyn Store) {
    created(store, &places());
    insert_one(store, "places", place("old", 1, 1.0, 1.0));
    committed(store, |transaction| transaction.drop_layer("places").expect("is dropped"));
    assert_eq!(store.layers().expect("lists").len(), 0);
    let missing = begin(store).drop_layer("places").expect_err("is gone");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    created(store, &places());
    assert_eq!(all(store, &Query::layer("places")).len(), 0);
}

fn any_name_will_do(store: &dyn Store) {
    for name in
        ["select", "two words", "Straße №5", "it's", "a \"quoted\" name", "[x]", "a.b", "%s;--"]
    {
        let schema = Schema::new(vec![
            Field::new(name, FieldType::TEXT),
            Field::new(format!("{name} 2"), FieldType::INT),
        ]);
        let definition = LayerDefinition {
            identity: Identity::Column(format!("{name} id")),
            ..LayerDefinition::new(name, schema.expect("distinct names"))
        };
        created(store, &definition);
        let mut feature = Feature::new(definition.schema.clone());
        feature.set(name, "kept".into()).expect("fits");
        let (_, id) = insert_one(store, name, feature);
        let read = all(store, &Query::object(name, id.expect("is tied")).fields([name]));
        assert_eq!(read.first().and_then(|it| it.get(name)), Some(&"kept".into()), "{name}");
    }
}
