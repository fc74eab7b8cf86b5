//! Promises about values: kept exactly or refused with a sentence, never mangled.
use super::fixture::{WRITES, all, begin, created, insert_one};
use super::promises;
use super::tables::types_and_values;
use crate::{Store, TransactionOptions};
use tiepoint_core::{
    Direction, Domain, Edit, ErrorKind, Feature, Field, FieldType, LayerDefinition, Query, Schema,
    Value, field,
};

promises! {
    WRITES => {
        a_value_comes_back_as_it_was_or_is_refused,
        a_type_is_kept_as_it_was_or_is_refused,
        sorting_by_any_type_follows_the_one_order,
        a_closed_set_of_values_is_kept,
    }
}

pub(super) fn layer_of(name: &str, ty: FieldType) -> LayerDefinition {
    LayerDefinition::new(name, Schema::new(vec![Field::new("value", ty)]).expect("one field"))
}

fn holding(definition: &LayerDefinition, value: Value) -> Feature {
    Feature::with_values(definition.schema.clone(), vec![Some(value)])
}

/// Creates the layer, or says that the store refuses the type in so many words.
pub(super) fn created_or_refused(store: &dyn Store, definition: &LayerDefinition) -> bool {
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    match transaction.create_layer(definition) {
        Ok(_) => transaction.commit().is_ok(),
        Err(refused) => {
            assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
            false
        }
    }
}

fn a_value_comes_back_as_it_was_or_is_refused(store: &dyn Store) {
    for (name, ty, values) in types_and_values() {
        let definition = layer_of(name, ty);
        if !created_or_refused(store, &definition) {
            continue;
        }
        for value in values.into_iter().chain([Value::Null]) {
            let feature = holding(&definition, value.clone());
            let mut transaction = begin(store);
            if let Err(refused) = transaction.write(name, Edit::Insert(feature)) {
                let kind = refused.kind();
                assert!(
                    matches!(kind, ErrorKind::Invalid | ErrorKind::Unsupported),
                    "{name} {value:?}: {refused}"
                );
                continue;
            }
            transaction.commit().expect("commits");
            let read = all(store, &Query::layer(name)).pop().expect("was just written");
            assert_eq!(read.get("value"), Some(&value), "{name}");
        }
    }
}

fn a_type_is_kept_as_it_was_or_is_refused(store: &dyn Store) {
    for (name, ty, _) in types_and_values() {
        let definition = layer_of(name, ty);
        if created_or_refused(store, &definition) {
            assert_eq!(store.layer(name).expect("is there").schema(), &definition.schema, "{name}");
        }
    }
}

fn sorting_by_any_type_follows_the_one_order(store: &dyn Store) {
    for (name, ty, values) in types_and_values() {
        let definition = layer_of(name, ty);
        if !created_or_refused(store, &definition) {
            continue;
        }
        for value in values.into_iter().chain([Value::Null]) {
            let mut transaction = begin(store);
            if transaction.write(name, Edit::Insert(holding(&definition, value))).is_ok() {
                transaction.commit().expect("commits");
            }
        }
        for direction in [Direction::Ascending, Direction::Descending] {
            let read = all(store, &Query::layer(name).order_by(field("value"), direction));
            let mut expected = all(store, &Query::layer(name));
            expected.sort_by(|a, b| {
                let ascending =
                    a.values()[0].as_ref().map(|a| a.order(b.values()[0].as_ref().expect("set")));
                let ascending = ascending.expect("set");
                if direction == Direction::Ascending { ascending } else { ascending.reverse() }
            });
            let values = |features: Vec<Feature>| {
                features.into_iter().map(Feature::into_values).collect::<Vec<_>>()
            };
            assert_eq!(values(read), values(expected), "{name} {direction:?}");
        }
    }
}

fn a_closed_set_of_values_is_kept(store: &dyn Store) {
    let colours =
        Domain::OneOf(vec![("red".into(), Some("Red".to_owned())), ("blue".into(), None)]);
    let field = Field { domain: Some(colours), ..Field::new("value", FieldType::TEXT) };
    let definition = LayerDefinition::new("colours", Schema::new(vec![field]).expect("one field"));
    created(store, &definition);
    assert_eq!(store.layer("colours").expect("is there").schema(), &definition.schema);
    insert_one(store, "colours", holding(&definition, "red".into()));
    let refused = begin(store).write("colours", Edit::Insert(holding(&definition, "green".into())));
    assert_eq!(refused.expect_err("not in the set").kind(), ErrorKind::Invalid);
}
