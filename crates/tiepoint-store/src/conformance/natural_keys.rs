//! Promises about layers whose ids are the names that a field gives.
use super::fixture::{all, begin, committed, created, insert_one, inserted};
use super::promises;
use crate::{Result, Store, TieOptions, TieReport, WriteMode, Written};
use tiepoint_core::{
    Edit, ErrorKind, Expr, Feature, Field, FieldType, Identity, Ids, LayerDefinition, ObjectId,
    Query, Schema, Target, Value,
};

promises! {
    |it| it.write && it.define_layers && it.tie => {
        a_natural_key_gives_ids_and_changes_nothing_else,
        a_natural_key_names_the_same_object_everywhere,
        features_are_found_by_the_ids_of_their_keys,
        ids_of_keys_are_asked_and_sorted_by_like_others,
        a_key_names_what_is_inserted,
        a_second_feature_for_a_key_is_refused,
        a_bulk_load_refuses_a_second_feature_for_a_key,
        a_feature_is_updated_and_deleted_by_the_id_of_its_key,
        a_key_is_not_changed,
        keys_that_cannot_be_used_are_reported_and_nothing_is_changed,
        what_can_be_no_key_is_refused,
        a_layer_is_tied_in_one_way_at_a_time,
        untying_a_natural_key_leaves_nothing,
        a_layer_can_be_made_with_a_natural_key,
    }
}

const NAMESPACE: &str = "0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10";

fn namespace() -> ObjectId {
    NAMESPACE.parse().expect("a UUID")
}

fn named(key: &str) -> ObjectId {
    ObjectId::from_key(&namespace(), key)
}

fn by(field: &str) -> TieOptions {
    TieOptions::by_key(field, namespace())
}

/// Regions with a code and a number, both of which could name them, and much that could not.
fn regions(identity: Identity) -> LayerDefinition {
    let schema = Schema::new(vec![
        Field::new("code", FieldType::TEXT),
        Field::new("number", FieldType::INT),
        Field::new("name", FieldType::TEXT),
        Field::new("area", FieldType::REAL),
        Field::new("more", FieldType::Json),
        Field::new("seal", FieldType::Bytes { max_bytes: None }),
    ]);
    let schema = schema.expect("distinct names");
    LayerDefinition { identity, ..LayerDefinition::new("regions", schema) }
}

fn region(code: impl Into<Value>, number: i64, name: &str) -> Feature {
    let mut feature = Feature::new(regions(Identity::None).schema);
    feature.set("code", code.into()).expect("fits");
    feature.set("number", number.into()).expect("fits");
    feature.set("name", name.into()).expect("fits");
    feature
}

/// Three of them, not tied.
fn with_regions(store: &dyn Store) {
    created(store, &regions(Identity::None));
    let three = [("DE", 1, "a"), ("FR", 2, "b"), ("PL", 3, "c")];
    let three = three.map(|(code, number, name)| region(code, number, name)).to_vec();
    inserted(store, "regions", three, WriteMode::Rows);
}

fn tied(store: &dyn Store, options: &TieOptions) -> Result<TieReport> {
    let mut transaction = begin(store);
    let report = transaction.tie("regions", options)?;
    transaction.commit()?;
    Ok(report)
}

fn with_tied_regions(store: &dyn Store) {
    with_regions(store);
    tied(store, &by("code")).expect("ties");
}

fn written(store: &dyn Store, edit: Edit) -> Result<Written> {
    let mut transaction = begin(store);
    let written = transaction.write("regions", edit)?;
    transaction.commit()?;
    Ok(written)
}

fn everything(store: &dyn Store) -> Vec<Feature> {
    all(store, &Query::layer("regions"))
}

fn ids(features: &[Feature]) -> Vec<Option<ObjectId>> {
    features.iter().map(|it| it.id).collect()
}

fn three_ids() -> Vec<Option<ObjectId>> {
    ["DE", "FR", "PL"].map(|code| Some(named(code))).to_vec()
}

fn a_natural_key_gives_ids_and_changes_nothing_else(store: &dyn Store) {
    with_regions(store);
    let before = everything(store);
    assert_eq!(ids(&before), [None, None, None]);
    for _ in 0..2 {
        let report = tied(store, &by("code")).expect("ties");
        assert_eq!(report, TieReport { kept: 3, ..TieReport::default() });
        let layer = store.layer("regions").expect("is there");
        assert_eq!(layer.identity(), &by("code").carrier.identity());
        assert_eq!(layer.schema(), &regions(Identity::None).schema, "the key is a field still");
        let after = everything(store);
        assert_eq!(ids(&after), three_ids());
        for (before, after) in before.iter().zip(&after) {
            assert_eq!((&before.fid, before.values()), (&after.fid, after.values()));
        }
    }
}

fn a_natural_key_names_the_same_object_everywhere(store: &dyn Store) {
    with_regions(store);
    tied(store, &by("number")).expect("ties");
    assert_eq!(ids(&everything(store)), ["1", "2", "3"].map(|key| Some(named(key))));
    committed(store, |it| it.untie(Some("regions")).map(drop)).expect("unties");
    let elsewhere = ObjectId::mint();
    tied(store, &TieOptions::by_key("number", elsewhere)).expect("ties");
    let read = everything(store);
    assert_eq!(read[0].id, Some(ObjectId::from_key(&elsewhere, "1")), "of another namespace");
}

fn features_are_found_by_the_ids_of_their_keys(store: &dyn Store) {
    with_tied_regions(store);
    for fields in [&["name", "code"][..], &["name"], &[]] {
        let query = Query::object("regions", named("FR")).fields(fields.iter().copied());
        let found = all(store, &query);
        assert_eq!(ids(&found), [Some(named("FR"))], "{fields:?}");
        assert_eq!(ids(&all(store, &query.ids(Ids::Any))), three_ids(), "{fields:?}");
    }
    let asked = vec![named("PL"), named("nowhere"), named("DE"), named("PL")];
    let found = all(store, &Query::layer("regions").ids(Ids::Objects(asked)));
    assert_eq!(ids(&found), [Some(named("DE")), Some(named("PL"))]);
    assert_eq!(all(store, &Query::layer("regions").ids(Ids::Objects(Vec::new()))), []);
    let mut transaction = begin(store);
    transaction.write("regions", Edit::Insert(region("CZ", 4, "d"))).expect("is written");
    let query = Query::object("regions", named("CZ"));
    assert_eq!(transaction.read(&query).expect("reads").count(), 1, "before it is committed");
}

fn ids_of_keys_are_asked_and_sorted_by_like_others(store: &dyn Store) {
    with_tied_regions(store);
    let is_it = Expr::Id.eq(Value::Uuid(*named("FR").as_uuid()));
    let found = all(store, &Query::layer("regions").filter(is_it).fields(["name"]));
    assert_eq!(ids(&found), [Some(named("FR"))]);
    let sorted = Query::layer("regions").order_by(Expr::Id, tiepoint_core::Direction::Ascending);
    let mut expected = three_ids();
    expected.sort_unstable();
    assert_eq!(ids(&all(store, &sorted)), expected);
}

fn a_key_names_what_is_inserted(store: &dyn Store) {
    with_tied_regions(store);
    assert_eq!(insert_one(store, "regions", region("CZ", 4, "d")).1, Some(named("CZ")));
    let with_id = region("AT", 5, "e").with_id(named("AT"));
    assert_eq!(insert_one(store, "regions", with_id).1, Some(named("AT")));
    let other = ObjectId::mint();
    let wrong = Edit::Insert(region("BE", 6, "f").with_id(other));
    let refused = written(store, wrong).expect_err("is another object");
    let (said, kind) = (refused.to_string(), refused.kind());
    assert_eq!(kind, ErrorKind::Invalid);
    for id in [other, named("BE")] {
        assert!(said.contains(&id.to_string()), "names both ids: {said}");
    }
    let nameless = Edit::Insert(region(Value::Null, 7, "g"));
    let refused = written(store, nameless).expect_err("names nothing");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(everything(store).len(), 5);
}

fn a_second_feature_for_a_key_is_refused(store: &dyn Store) {
    with_tied_regions(store);
    for feature in [region("FR", 9, "z"), region("FR", 9, "z").with_id(named("FR"))] {
        let refused = written(store, Edit::Insert(feature)).expect_err("is taken");
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "{refused}");
    }
    assert_eq!(ids(&everything(store)), three_ids());
}

fn a_bulk_load_refuses_a_second_feature_for_a_key(store: &dyn Store) {
    with_tied_regions(store);
    for codes in [["CZ", "FR"], ["CZ", "CZ"]] {
        let mut transaction = begin(store);
        let outcome = transaction.writer("regions", WriteMode::Bulk).and_then(|mut writer| {
            for code in codes {
                writer.write(Edit::Insert(region(code, 9, "z")))?;
            }
            writer.finish()
        });
        assert_eq!(outcome.expect_err("is taken").kind(), ErrorKind::AlreadyExists);
        transaction.rollback().expect("rolls back");
    }
    let loaded = ["CZ", "AT"].map(|code| region(code, 9, "z")).to_vec();
    let loaded = inserted(store, "regions", loaded, WriteMode::Bulk);
    assert_eq!(
        loaded.iter().map(|it| it.1).collect::<Vec<_>>(),
        ["CZ", "AT"].map(|it| Some(named(it)))
    );
    assert_eq!(everything(store).len(), 5);
}

fn renamed(id: ObjectId, name: &str) -> Feature {
    let mut feature = Feature::new(regions(Identity::None).schema).with_id(id);
    feature.set("name", name.into()).expect("fits");
    feature
}

fn a_feature_is_updated_and_deleted_by_the_id_of_its_key(store: &dyn Store) {
    with_tied_regions(store);
    let update = Edit::Update(renamed(named("FR"), "new"));
    assert_eq!(written(store, update).expect("is written"), Written::Updated);
    let missing = Edit::Update(renamed(named("nowhere"), "new"));
    assert_eq!(written(store, missing).expect("is asked"), Written::Missing);
    let names = everything(store);
    let names: Vec<_> = names.iter().filter_map(|it| it.get("name")?.as_text()).collect();
    assert_eq!(names, ["a", "new", "c"]);
    committed(store, |it| {
        let mut writer = it.writer("regions", WriteMode::Rows).expect("opens");
        let mut write = |change| writer.write(change).expect("is written");
        let gone = Target::Id(named("FR"));
        assert_eq!(write(Edit::Delete(gone.clone())), Written::Deleted);
        assert_eq!(write(Edit::Delete(gone)), Written::Missing);
        write(Edit::Insert(region("FR", 2, "again")));
        assert_eq!(write(Edit::Update(renamed(named("FR"), "at last"))), Written::Updated);
        writer.finish().expect("finishes");
    });
    let read = all(store, &Query::object("regions", named("FR"))).remove(0);
    assert_eq!(read.get("name"), Some(&"at last".into()));
}

fn a_key_is_not_changed(store: &dyn Store) {
    with_tied_regions(store);
    let before = everything(store);
    for target in [renamed(named("FR"), "new"), renamed(named("FR"), "new").with_id(None)] {
        let fid = before[1].fid.clone();
        let mut same = target.with_fid(fid);
        let mut other = same.clone();
        other.set("code", "CZ".into()).expect("fits");
        let refused = written(store, Edit::Update(other)).expect_err("is another object");
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
        assert_eq!(everything(store)[1].get("code"), Some(&"FR".into()));
        same.set("code", "FR".into()).expect("fits");
        assert_eq!(written(store, Edit::Update(same)).expect("stays"), Written::Updated);
    }
    assert_eq!(ids(&everything(store)), three_ids());
}

fn keys_that_cannot_be_used_are_reported_and_nothing_is_changed(store: &dyn Store) {
    with_regions(store);
    let more = vec![region(Value::Null, 4, "d"), region("FR", 5, "e")];
    let more = inserted(store, "regions", more, WriteMode::Rows);
    let before = (everything(store), store.layer("regions").expect("is there"));
    let refused = tied(store, &by("code")).expect_err("two are bad");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    for (fid, _) in more {
        assert!(refused.to_string().contains(&fid.to_string()), "names row {fid}: {refused}");
    }
    assert_eq!((everything(store), store.layer("regions").expect("is there")), before);
    tied(store, &by("number")).expect("those can be used");
}

fn what_can_be_no_key_is_refused(store: &dyn Store) {
    with_regions(store);
    for field in ["area", "more", "seal", "missing"] {
        let refused = tied(store, &by(field)).expect_err("is no key");
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
        assert!(refused.to_string().contains(field), "{refused}");
    }
    assert_eq!(store.layer("regions").expect("is there").identity(), &Identity::None);
}

fn a_layer_is_tied_in_one_way_at_a_time(store: &dyn Store) {
    with_tied_regions(store);
    let elsewhere = TieOptions::by_key("code", ObjectId::mint());
    for options in [by("number"), elsewhere, TieOptions::default()] {
        let refused = tied(store, &options).expect_err("is tied");
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
    }
    committed(store, |it| it.untie(Some("regions")).map(drop)).expect("unties");
    tied(store, &TieOptions::default()).expect("ties");
    assert_eq!(tied(store, &by("code")).expect_err("is tied").kind(), ErrorKind::Invalid);
}

fn untying_a_natural_key_leaves_nothing(store: &dyn Store) {
    with_regions(store);
    let before = (everything(store), store.layers().expect("lists"));
    tied(store, &by("code")).expect("ties");
    let report = committed(store, |it| it.untie(Some("regions")).expect("unties"));
    assert_eq!((report.layers, report.columns_dropped), (vec!["regions".to_owned()], vec![]));
    assert_eq!((everything(store), store.layers().expect("lists")), before);
}

fn a_layer_can_be_made_with_a_natural_key(store: &dyn Store) {
    let identity = by("code").carrier.identity();
    created(store, &regions(identity.clone()));
    assert_eq!(store.layer("regions").expect("is there").identity(), &identity);
    assert_eq!(insert_one(store, "regions", region("DE", 1, "a")).1, Some(named("DE")));
    committed(store, |it| it.drop_layer("regions")).expect("is dropped");
    created(store, &regions(Identity::None));
    assert_eq!(store.layer("regions").expect("is there").identity(), &Identity::None);
    let unfit =
        LayerDefinition { name: "unfit".to_owned(), ..regions(by("area").carrier.identity()) };
    let refused = begin(store).create_layer(&unfit).map(drop).expect_err("is no key");
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}
