//! Promises about object ids.
use super::fixture::{
    WRITES, all, begin, committed, created, insert_one, inserted, many_places, place, places,
    untied_notes,
};
use super::promises;
use crate::{BadIds, Store, TieOptions, TieReport, WriteMode};
use std::collections::HashSet;
use tiepoint_core::{
    Edit, ErrorKind, Feature, Field, FieldType, Identity, LayerDefinition, ObjectId, Query, Schema,
    Value,
};

promises! {
    WRITES => {
        a_new_feature_is_given_an_id,
        an_id_that_is_brought_along_is_kept,
        a_second_feature_for_one_object_is_refused,
        a_bulk_load_refuses_a_second_feature_for_one_object,
        an_update_keeps_the_id,
        an_id_is_free_again_after_a_delete,
    }
    |it| it.write && it.define_layers && it.tie => {
        tying_gives_every_feature_an_id_in_place,
        tying_twice_changes_nothing,
        a_column_of_ids_is_taken_over,
        bad_ids_are_reported_and_nothing_is_changed,
        bad_ids_are_replaced_when_asked,
        untying_leaves_no_ids,
        untying_gives_a_taken_column_back,
    }
}

fn a_new_feature_is_given_an_id(store: &dyn Store) {
    created(store, &places());
    let rows = inserted(store, "places", many_places(100), WriteMode::Rows);
    let bulk = inserted(store, "places", many_places(100), WriteMode::Bulk);
    let ids: HashSet<_> = rows.iter().chain(&bulk).filter_map(|(_, id)| *id).collect();
    let read: HashSet<_> =
        all(store, &Query::layer("places")).into_iter().filter_map(|it| it.id).collect();
    assert_eq!((ids.len(), ids), (200, read));
}

fn an_id_that_is_brought_along_is_kept(store: &dyn Store) {
    created(store, &places());
    let ids = [ObjectId::mint(), ObjectId::mint()];
    let features = ids.iter().map(|id| place("x", 1, 0.0, 0.0).with_id(*id));
    inserted(store, "places", features.clone().take(1).collect(), WriteMode::Rows);
    inserted(store, "places", features.skip(1).collect(), WriteMode::Bulk);
    for id in ids {
        assert_eq!(all(store, &Query::object("places", id)).len(), 1);
    }
}

fn a_second_feature_for_one_object_is_refused(store: &dyn Store) {
    created(store, &places());
    let (_, id) = insert_one(store, "places", place("first", 1, 0.0, 0.0));
    let second = place("second", 2, 0.0, 0.0).with_id(id);
    let refused = begin(store).write("places", Edit::Insert(second)).expect_err("is taken");
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    let read = all(store, &Query::layer("places"));
    assert_eq!((read.len(), read[0].get("name")), (1, Some(&"first".into())));
}

fn a_bulk_load_refuses_a_second_feature_for_one_object(store: &dyn Store) {
    created(store, &places());
    let (_, old) = insert_one(store, "places", place("old", 1, 0.0, 0.0));
    let new = Some(ObjectId::mint());
    for ids in [[old, new], [new, new]] {
        let mut transaction = begin(store);
        let outcome = transaction.writer("places", WriteMode::Bulk).and_then(|mut writer| {
            for id in ids {
                writer.write(Edit::Insert(place("x", 1, 0.0, 0.0).with_id(id)))?;
            }
            writer.finish()
        });
        assert_eq!(outcome.expect_err("is taken").kind(), ErrorKind::AlreadyExists);
        transaction.rollback().expect("rolls back");
    }
    assert_eq!(all(store, &Query::layer("places")).len(), 1);
}

fn an_update_keeps_the_id(store: &dyn Store) {
    created(store, &places());
    let (fid, id) = insert_one(store, "places", place("a", 1, 0.0, 0.0));
    let update = place("b", 2, 1.0, 1.0).with_id(id);
    committed(store, |transaction| transaction.write("places", Edit::Update(update)).map(drop))
        .expect("is written");
    let read = all(store, &Query::layer("places")).remove(0);
    assert_eq!((read.id, read.fid.clone(), read.get("name")), (id, Some(fid), Some(&"b".into())));
}

fn an_id_is_free_again_after_a_delete(store: &dyn Store) {
    created(store, &places());
    let (_, id) = insert_one(store, "places", place("a", 1, 0.0, 0.0));
    let target = tiepoint_core::Target::Id(id.expect("is tied"));
    committed(store, |transaction| transaction.write("places", Edit::Delete(target)).map(drop))
        .expect("is written");
    assert_eq!(insert_one(store, "places", place("b", 1, 0.0, 0.0).with_id(id)).1, id);
}

fn tied(store: &dyn Store, layer: &str, options: &TieOptions) -> crate::Result<TieReport> {
    let mut transaction = begin(store);
    let report = transaction.tie(layer, options)?;
    transaction.commit()?;
    Ok(report)
}

fn with_notes(store: &dyn Store, count: usize) {
    created(store, &untied_notes());
    let note = Feature::with_values(untied_notes().schema, vec![Some("hello".into())]);
    inserted(store, "notes", vec![note; count], WriteMode::Rows);
}

fn tying_gives_every_feature_an_id_in_place(store: &dyn Store) {
    with_notes(store, 20);
    let before = all(store, &Query::layer("notes"));
    let report = tied(store, "notes", &TieOptions::default()).expect("ties");
    assert_eq!(report, TieReport { kept: 0, minted: 20, replaced: 0 });
    let after = all(store, &Query::layer("notes"));
    let ids: HashSet<_> = after.iter().filter_map(|it| it.id).collect();
    assert_eq!(ids.len(), 20);
    assert_eq!(store.layer("notes").expect("is there").identity(), &Identity::column());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before.fid, before.values()), (&after.fid, after.values()));
    }
    let note = Feature::with_values(untied_notes().schema, vec![Some("later".into())]);
    assert!(insert_one(store, "notes", note).1.is_some());
}

fn tying_twice_changes_nothing(store: &dyn Store) {
    with_notes(store, 3);
    tied(store, "notes", &TieOptions::default()).expect("ties");
    let before = all(store, &Query::layer("notes"));
    let report = tied(store, "notes", &TieOptions::default()).expect("ties");
    assert_eq!(report, TieReport { kept: 3, minted: 0, replaced: 0 });
    assert_eq!(all(store, &Query::layer("notes")), before);
}

/// A layer with a text field of ids that somebody else filled.
fn with_foreign_ids(store: &dyn Store, ids: &[Value]) -> TieOptions {
    let schema =
        Schema::new(vec![Field::new("name", FieldType::TEXT), Field::new("uuid", FieldType::TEXT)]);
    let definition = LayerDefinition {
        identity: Identity::None,
        ..LayerDefinition::new("foreign", schema.expect("distinct names"))
    };
    created(store, &definition);
    let feature = |id: &Value| {
        Feature::with_values(definition.schema.clone(), vec![Some("x".into()), Some(id.clone())])
    };
    inserted(store, "foreign", ids.iter().map(feature).collect(), WriteMode::Rows);
    TieOptions::by_column("uuid")
}

const BRACED: &str = "{67E55044-10B1-426F-9247-BB680E5FE0C8}";

fn a_column_of_ids_is_taken_over(store: &dyn Store) {
    let options = with_foreign_ids(store, &[BRACED.into(), Value::Null, "".into()]);
    let report = tied(store, "foreign", &options).expect("ties");
    assert_eq!(report, TieReport { kept: 1, minted: 2, replaced: 0 });
    let layer = store.layer("foreign").expect("is there");
    assert_eq!(layer.schema().position("uuid"), None, "the id is beside the values now");
    let id: ObjectId = BRACED.parse().expect("a UUID");
    assert_eq!(all(store, &Query::object("foreign", id)).len(), 1);
}

fn bad_ids() -> [Value; 4] {
    [BRACED.into(), "tree 7".into(), "67e55044-10b1-426f-9247-bb680e5fe0c8".into(), Value::Null]
}

fn bad_ids_are_reported_and_nothing_is_changed(store: &dyn Store) {
    let options = with_foreign_ids(store, &bad_ids());
    let before = all(store, &Query::layer("foreign"));
    let refused = tied(store, "foreign", &options).expect_err("two ids are bad");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains('2'), "names the rows: {refused}");
    assert_eq!(all(store, &Query::layer("foreign")), before);
    assert_eq!(store.layer("foreign").expect("is there").identity(), &Identity::None);
}

fn bad_ids_are_replaced_when_asked(store: &dyn Store) {
    let options = with_foreign_ids(store, &bad_ids());
    let options = TieOptions { bad_ids: BadIds::Replace, ..options };
    let report = tied(store, "foreign", &options).expect("ties");
    assert_eq!(report, TieReport { kept: 1, minted: 1, replaced: 2 });
    let read = all(store, &Query::layer("foreign"));
    assert_eq!(read[0].id, BRACED.parse().ok(), "the oldest row keeps a shared id");
    assert_eq!(read.iter().filter_map(|it| it.id).collect::<HashSet<_>>().len(), 4);
}

fn untying_leaves_no_ids(store: &dyn Store) {
    with_notes(store, 3);
    let before = (all(store, &Query::layer("notes")), store.layers().expect("lists"));
    tied(store, "notes", &TieOptions::default()).expect("ties");
    let report = committed(store, |transaction| transaction.untie(Some("notes")).expect("unties"));
    assert_eq!(report.layers, ["notes"]);
    assert_eq!(report.columns_dropped, ["notes.object_id"]);
    assert_eq!((all(store, &Query::layer("notes")), store.layers().expect("lists")), before);
    let missing = begin(store).untie(Some("nowhere")).expect_err("no such layer");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

fn untying_gives_a_taken_column_back(store: &dyn Store) {
    let options = with_foreign_ids(store, &[BRACED.into()]);
    tied(store, "foreign", &options).expect("ties");
    let report = committed(store, |transaction| transaction.untie(None).expect("unties"));
    assert_eq!((report.layers, report.columns_dropped), (vec!["foreign".to_owned()], vec![]));
    let read = all(store, &Query::layer("foreign")).remove(0);
    let text = read.get("uuid").and_then(Value::as_text).expect("the field is back");
    assert_eq!(text.parse::<ObjectId>().ok(), BRACED.parse().ok());
    assert_eq!(read.id, None);
}
