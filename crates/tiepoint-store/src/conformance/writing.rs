//! Promises about changes.
use super::fixture::{
    WRITES, all, begin, committed, created, insert_one, inserted, many_places, names, place,
    places, places_schema, untied_notes,
};
use super::promises;
use crate::{Store, WriteMode, Written};
use tiepoint_core::{
    Edit, ErrorKind, Feature, Fid, Field, FieldDefault, FieldType, LayerDefinition, ObjectId,
    Query, Schema, Target, Value,
};

promises! {
    WRITES => {
        an_update_says_only_what_differs,
        null_is_written_and_unset_is_not,
        a_row_can_be_changed_by_fid,
        what_is_not_there_is_missing,
        a_deleted_feature_is_gone,
        a_default_stands_in_for_unset,
        what_the_store_fills_in_comes_back,
        what_an_expression_fills_in_comes_back_where_there_are_any,
        a_field_that_must_hold_something_refuses_null,
        an_unknown_field_is_refused,
        a_refused_change_leaves_earlier_ones,
        a_taken_fid_is_refused,
        a_fid_can_be_asked_for,
        unique_values_are_kept_unique,
        both_ways_of_writing_say_the_same,
        changes_that_wait_are_made_in_their_order,
        what_waits_and_is_not_there_is_counted,
        a_non_spatial_untied_layer_works_too,
        boxes_follow_changes,
    }
    |it| it.write && it.define_layers && it.enforces_schema => { a_value_of_another_type_is_refused }
}

fn patch(field: &str, value: Value) -> Feature {
    let mut feature = Feature::new(places_schema());
    feature.set(field, value).expect("fits");
    feature
}

fn write(store: &dyn Store, edit: Edit) -> Written {
    committed(store, |transaction| transaction.write("places", edit).expect("is written"))
}

fn an_update_says_only_what_differs(store: &dyn Store) {
    created(store, &places());
    let (fid, id) = insert_one(store, "places", place("oak", 1, 5.0, 6.0));
    let update = patch("rank", 2.into()).with_id(id);
    assert_eq!(write(store, Edit::Update(update)), Written::Updated);
    let read = all(store, &Query::layer("places")).remove(0);
    let expected = place("oak", 2, 5.0, 6.0).with_id(id).with_fid(fid);
    assert_eq!(read.values(), expected.values());
    assert_eq!((read.id, read.fid), (expected.id, expected.fid));
}

fn null_is_written_and_unset_is_not(store: &dyn Store) {
    created(store, &places());
    let (_, id) = insert_one(store, "places", place("oak", 1, 5.0, 6.0));
    write(store, Edit::Update(patch("name", Value::Null).with_id(id)));
    let read = all(store, &Query::layer("places")).remove(0);
    assert_eq!((read.get("name"), read.get("rank")), (Some(&Value::Null), Some(&1.into())));
}

fn a_row_can_be_changed_by_fid(store: &dyn Store) {
    created(store, &places());
    let (fid, id) = insert_one(store, "places", place("oak", 1, 5.0, 6.0));
    let update = patch("rank", 9.into()).with_fid(fid.clone());
    assert_eq!(write(store, Edit::Update(update)), Written::Updated);
    let read = all(store, &Query::layer("places")).remove(0);
    assert_eq!((read.get("rank"), read.id), (Some(&9.into()), id));
    assert_eq!(write(store, Edit::Delete(Target::Fid(fid))), Written::Deleted);
    assert_eq!(all(store, &Query::layer("places")).len(), 0);
}

fn what_is_not_there_is_missing(store: &dyn Store) {
    created(store, &places());
    insert_one(store, "places", place("oak", 1, 5.0, 6.0));
    let nobody = ObjectId::mint();
    let update = patch("rank", 9.into()).with_id(nobody);
    assert_eq!(write(store, Edit::Update(update)), Written::Missing);
    for target in
        [Target::Id(nobody), Target::Fid(Fid::Int(404)), Target::Fid(Fid::Text("x".into()))]
    {
        assert_eq!(write(store, Edit::Delete(target)), Written::Missing);
    }
    assert_eq!(
        write(store, Edit::Update(patch("rank", 9.into()))),
        Written::Missing,
        "names no row"
    );
    assert_eq!(names(&all(store, &Query::layer("places"))), ["oak"]);
}

fn a_deleted_feature_is_gone(store: &dyn Store) {
    created(store, &places());
    let written = inserted(store, "places", many_places(3), WriteMode::Rows);
    let id = written[1].1.expect("is tied");
    assert_eq!(write(store, Edit::Delete(Target::Id(id))), Written::Deleted);
    assert_eq!(names(&all(store, &Query::layer("places"))), ["place 00000", "place 00002"]);
    assert_eq!(all(store, &Query::object("places", id)).len(), 0);
    assert_eq!(write(store, Edit::Delete(Target::Id(id))), Written::Missing);
}

fn with_rules() -> LayerDefinition {
    let schema = Schema::new(vec![
        Field {
            default: Some(FieldDefault::Value("new".into())),
            ..Field::new("state", FieldType::TEXT)
        },
        Field::new("must", FieldType::INT).not_null(),
        Field { unique: true, ..Field::new("code", FieldType::TEXT) },
    ]);
    LayerDefinition::new("rules", schema.expect("distinct names"))
}

fn ruled(values: &[(&str, Value)]) -> Feature {
    let mut feature = Feature::new(with_rules().schema);
    for (field, value) in values {
        feature.set(field, value.clone()).expect("fits");
    }
    feature
}

fn a_default_stands_in_for_unset(store: &dyn Store) {
    created(store, &with_rules());
    insert_one(store, "rules", ruled(&[("must", 1.into())]));
    insert_one(store, "rules", ruled(&[("must", 2.into()), ("state", Value::Null)]));
    let states: Vec<_> =
        all(store, &Query::layer("rules")).iter().map(|it| it.get("state").cloned()).collect();
    assert_eq!(states, [Some("new".into()), Some(Value::Null)]);
}

fn what_the_store_fills_in_comes_back(store: &dyn Store) {
    created(store, &with_rules());
    let filled = filled(store, "rules", ruled(&[("must", 1.into()), ("code", "a".into())]));
    assert_eq!(filled, [(0, "new".into())]);
    let given = [("must", 2.into()), ("state", "old".into()), ("code", "b".into())];
    assert_eq!(self::filled(store, "rules", ruled(&given)), []);
}

/// A default that is computed and a field that is. Both are made of numbers and `+`, which any
/// database's expressions have.
fn with_expressions() -> LayerDefinition {
    let computed = Some(FieldDefault::Expression("40 + 2".to_owned()));
    let schema = Schema::new(vec![
        Field { default: computed, ..Field::new("answer", FieldType::INT) },
        Field::new("must", FieldType::INT).not_null(),
    ]);
    LayerDefinition::new("computed", schema.expect("distinct names"))
}

fn what_an_expression_fills_in_comes_back_where_there_are_any(store: &dyn Store) {
    let definition = with_expressions();
    let mut transaction = begin(store);
    match transaction.create_layer(&definition) {
        Ok(_) => transaction.commit().expect("commits"),
        Err(refused) => return assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}"),
    }
    let mut feature = Feature::new(definition.schema);
    feature.set("must", 1.into()).expect("fits");
    assert_eq!(filled(store, "computed", feature.clone()), [(0, 42.into())]);
    let read = all(store, &Query::layer("computed")).remove(0);
    assert_eq!(read.get("answer"), Some(&42.into()), "it is what is stored");
    feature.set("answer", 7.into()).expect("fits");
    assert_eq!(filled(store, "computed", feature), []);
}

/// What the store says it put into fields that were left to it; nulls that nobody asked for may be
/// said or not.
fn filled(store: &dyn Store, layer: &str, feature: Feature) -> Vec<(usize, Value)> {
    let insert = Edit::Insert(feature);
    let written = committed(store, |it| it.write(layer, insert).expect("is written"));
    let Written::Inserted { filled, .. } = written else { panic!("an insert is no {written:?}") };
    filled.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn a_field_that_must_hold_something_refuses_null(store: &dyn Store) {
    created(store, &with_rules());
    for feature in [ruled(&[]), ruled(&[("state", "x".into())])] {
        let refused =
            begin(store).write("rules", Edit::Insert(feature)).expect_err("must is unset");
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(refused.to_string().contains("`must`"), "{refused}");
    }
}

fn an_unknown_field_is_refused(store: &dyn Store) {
    created(store, &places());
    let schema = Schema::new(vec![Field::new("nane", FieldType::TEXT)]).expect("distinct names");
    let mut feature = Feature::new(schema);
    feature.set("nane", "oak".into()).expect("fits its own schema");
    let refused = begin(store).write("places", Edit::Insert(feature)).expect_err("no such field");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("did you mean `name`"), "{refused}");
}

fn a_value_of_another_type_is_refused(store: &dyn Store) {
    created(store, &places());
    let schema = Schema::new(vec![Field::new("rank", FieldType::TEXT)]).expect("distinct names");
    let mut feature = Feature::new(schema);
    feature.set("rank", "first".into()).expect("fits its own schema");
    let refused =
        begin(store).write("places", Edit::Insert(feature)).expect_err("rank is a number");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("`rank`"), "{refused}");
}

fn a_refused_change_leaves_earlier_ones(store: &dyn Store) {
    created(store, &with_rules());
    committed(store, |transaction| {
        let good = ruled(&[("must", 1.into())]);
        transaction.write("rules", Edit::Insert(good)).expect("is written");
        transaction.write("rules", Edit::Insert(ruled(&[]))).expect_err("is refused");
    });
    assert_eq!(all(store, &Query::layer("rules")).len(), 1);
}

fn a_taken_fid_is_refused(store: &dyn Store) {
    created(store, &places());
    let (fid, _) = insert_one(store, "places", place("oak", 1, 5.0, 6.0));
    let second = place("elm", 1, 5.0, 6.0).with_fid(fid);
    let refused = begin(store).write("places", Edit::Insert(second)).expect_err("is taken");
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
}

fn a_fid_can_be_asked_for(store: &dyn Store) {
    created(store, &places());
    let wanted = place("oak", 1, 5.0, 6.0).with_fid(Fid::Int(77));
    assert_eq!(insert_one(store, "places", wanted).0, Fid::Int(77));
    let (next, _) = insert_one(store, "places", place("elm", 1, 5.0, 6.0));
    assert_ne!(next, Fid::Int(77));
}

fn unique_values_are_kept_unique(store: &dyn Store) {
    created(store, &with_rules());
    let coded = |code: Value| ruled(&[("must", 1.into()), ("code", code)]);
    insert_one(store, "rules", coded("a".into()));
    insert_one(store, "rules", coded(Value::Null));
    insert_one(store, "rules", coded(Value::Null));
    let refused =
        begin(store).write("rules", Edit::Insert(coded("a".into()))).expect_err("is taken");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(all(store, &Query::layer("rules")).len(), 3);
}

fn both_ways_of_writing_say_the_same(store: &dyn Store) {
    created(store, &places());
    created(store, &LayerDefinition { name: "again".to_owned(), ..places() });
    inserted(store, "places", many_places(500), WriteMode::Rows);
    inserted(store, "again", many_places(300), WriteMode::Bulk);
    inserted(store, "again", many_places(500).split_off(300), WriteMode::Bulk);
    let values = |layer: &str| -> Vec<_> {
        all(store, &Query::layer(layer)).into_iter().map(Feature::into_values).collect()
    };
    assert_eq!(values("places"), values("again"));
    let count = |layer: &str| {
        let query = Query::layer(layer).within(super::fixture::bbox(0.0, 0.0, 90.0, 45.0));
        all(store, &query).len()
    };
    assert_eq!(count("places"), count("again"));
    assert_eq!(store.facts("places").expect("reads"), store.facts("again").expect("reads"));
}

fn a_non_spatial_untied_layer_works_too(store: &dyn Store) {
    created(store, &untied_notes());
    let mut note = Feature::new(untied_notes().schema);
    note.set("text", "hello".into()).expect("fits");
    let (fid, id) = insert_one(store, "notes", note.clone());
    assert_eq!(id, None);
    let read = all(store, &Query::layer("notes")).remove(0);
    assert_eq!((read.fid.clone(), read.id, read.is_spatial()), (Some(fid), None, false));
    assert_eq!(read.values(), note.values());
}

fn boxes_follow_changes(store: &dyn Store) {
    created(store, &places());
    let (_, id) = insert_one(store, "places", place("mover", 1, 5.0, 6.0));
    let there = |x: f64| {
        let query = Query::layer("places").within(super::fixture::bbox(x - 0.1, 5.0, x + 0.1, 7.0));
        all(store, &query).len()
    };
    assert_eq!((there(5.0), there(50.0)), (1, 0));
    let moved = place("mover", 1, 50.0, 6.0).get("geom").cloned().expect("is set");
    write(store, Edit::Update(patch("geom", moved).with_id(id)));
    assert_eq!((there(5.0), there(50.0)), (0, 1));
    write(store, Edit::Update(patch("geom", Value::Null).with_id(id)));
    assert_eq!((there(5.0), there(50.0)), (0, 0));
    assert_eq!(store.facts("places").expect("reads").extent, None, "extents shrink");
}

fn changes_that_wait_are_made_in_their_order(store: &dyn Store) {
    created(store, &places());
    let rows = inserted(store, "places", many_places(5), WriteMode::Rows);
    let id = |at: usize| rows[at].1.expect("is tied");
    committed(store, |transaction| {
        let mut writer = transaction.writer("places", WriteMode::Changes).expect("a writer");
        let mut write = |change| writer.write(change).expect("is written");
        write(Edit::Update(patch("rank", 70.into()).with_id(id(0))));
        write(Edit::Update(patch("name", "twice".into()).with_id(id(1))));
        write(Edit::Update(patch("rank", 71.into()).with_id(id(1))));
        write(Edit::Update(patch("rank", 72.into()).with_fid(rows[2].0.clone())));
        write(Edit::Update(patch("rank", 0.into()).with_id(id(3))));
        write(Edit::Delete(Target::Id(id(3))));
        write(Edit::Insert(place("again", 73, 1.0, 2.0).with_id(id(3))));
        write(Edit::Delete(Target::Fid(rows[4].0.clone())));
        assert_eq!(writer.settle().expect("settles"), 0);
        writer.finish().expect("finishes");
    });
    let mut ranks: Vec<_> = all(store, &Query::layer("places"))
        .iter()
        .map(|it| (it.id, it.get("rank").cloned(), it.get("name").cloned()))
        .collect();
    ranks.sort_by_key(|(id, ..)| rows.iter().position(|(_, it)| it == id));
    let says = |at: usize| (&ranks[at].1, &ranks[at].2);
    assert_eq!(ranks.len(), 4);
    assert_eq!(says(0).0, &Some(70.into()));
    assert_eq!(says(1), (&Some(71.into()), &Some("twice".into())));
    assert_eq!(says(2).0, &Some(72.into()));
    assert_eq!(says(3), (&Some(73.into()), &Some("again".into())));
}

fn what_waits_and_is_not_there_is_counted(store: &dyn Store) {
    created(store, &places());
    let (_, id) = insert_one(store, "places", place("oak", 1, 5.0, 6.0));
    committed(store, |transaction| {
        let mut writer = transaction.writer("places", WriteMode::Changes).expect("a writer");
        let mut at_once = 0;
        for id in [id.expect("is tied"), ObjectId::mint(), ObjectId::mint()] {
            let change = Edit::Update(patch("rank", 2.into()).with_id(id));
            at_once += u64::from(writer.write(change).expect("writes") == Written::Missing);
        }
        assert_eq!(at_once + writer.settle().expect("settles"), 2);
        assert_eq!(writer.settle().expect("settles"), 0, "is said once");
        writer.finish().expect("finishes");
    });
    assert_eq!(all(store, &Query::layer("places"))[0].get("rank"), Some(&2.into()));
}
