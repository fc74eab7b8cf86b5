//! Modes, ids, rejects, and that an import is all or nothing.
use crate::{bring, column, count, csv, mode, said};
use std::cell::Cell;
use tiepoint::core::Index;
use tiepoint::{
    ErrorKind, Field, FieldType, IdRule, Identity, Ids, ImportMode, ImportOptions, LayerDefinition,
    MemoryStore, ObjectId, OnError, Progress, Query, Schema, Source, Store, TransactionOptions,
    UnknownFields, Value, import,
};

const TREES: &str = "code,name\nA1,oak\nB2,elm\n";

fn keyed(mode: ImportMode) -> ImportOptions {
    let namespace = "0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10".parse().expect("is a UUID");
    let ids = IdRule::FromKey { field: "code".to_owned(), namespace };
    ImportOptions { mode, ids, ..ImportOptions::default() }
}

fn ids(store: &MemoryStore, layer: &str) -> Vec<ObjectId> {
    let features = store.read(&Query::layer(layer)).expect("the layer is there");
    features.filter_map(|feature| feature.expect("can be read").id).collect()
}

#[test]
fn every_feature_of_a_new_layer_has_an_object_id() {
    let store = MemoryStore::new();
    let report = bring(&store, "trees.csv", TREES, &ImportOptions::default()).expect("imports");
    assert_eq!((report.inserted, report.minted, report.created), (2, 2, true));
    assert_eq!(ids(&store, "trees").len(), 2);
}

#[test]
fn ids_that_a_source_carries_are_kept() {
    let id = ObjectId::mint();
    let geojson =
        format!(r#"{{"type":"Feature","id":"{id}","properties":{{"n":1}},"geometry":null}}"#);
    let csv = format!("object_id,n\n{id},1\n");
    for (name, text) in [("a.geojson", &geojson), ("a.csv", &csv)] {
        let store = MemoryStore::new();
        let report = bring(&store, name, text, &ImportOptions::default()).expect("imports");
        assert_eq!((ids(&store, "a"), report.minted), (vec![id], 0), "{name}");
    }
}

#[test]
fn a_field_of_ids_becomes_the_column_that_carries_them() {
    let store = MemoryStore::new();
    let (a, b) = (ObjectId::mint(), ObjectId::mint());
    let text = format!("uid,n\n{{{a}}},1\n{b},2\n,3\n");
    let rule = IdRule::FromField("uid".to_owned());
    let options = ImportOptions { ids: rule, ..ImportOptions::default() };
    let report = bring(&store, "a.csv", &text, &options).expect("imports");
    assert_eq!(report.minted, 1, "the one without");
    assert_eq!(ids(&store, "a")[..2], [a, b]);
    let layer = store.layer("a").expect("is there");
    assert_eq!(*layer.identity(), Identity::Column("uid".to_owned()));
    assert!(layer.schema().field("uid").is_none(), "identity is no field");
}

#[test]
fn a_key_is_the_same_object_from_every_format() {
    let (csv, geojson) = (MemoryStore::new(), MemoryStore::new());
    bring(&csv, "a.csv", "code,n\n17,1\n", &keyed(ImportMode::Create)).expect("imports");
    let text = r#"{"type":"Feature","properties":{"code":"17"},"geometry":null}"#;
    bring(&geojson, "a.geojson", text, &keyed(ImportMode::Create)).expect("imports");
    assert_eq!(ids(&csv, "a"), ids(&geojson, "a"));
}

#[test]
fn a_repeated_key_is_refused_naming_both_places() {
    let store = MemoryStore::new();
    let text = "code\nA\nB\nA\n";
    let error = bring(&store, "a.csv", text, &keyed(ImportMode::Create)).expect_err("twice A");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(said(&error).contains("feature 3"), "{}", said(&error));
    assert!(store.layer("a").is_err(), "nothing was kept");
}

#[test]
fn modes_agree_or_disagree_with_what_is_there() {
    let there = |store: &MemoryStore| bring(store, "trees.csv", TREES, &keyed(ImportMode::Create));
    for (mode_, is_there, expected) in [
        (ImportMode::Create, false, Ok(2)),
        (ImportMode::Create, true, Err(ErrorKind::AlreadyExists)),
        (ImportMode::Append, false, Err(ErrorKind::NotFound)),
        (ImportMode::Append, true, Ok(4)),
        (ImportMode::Replace, false, Ok(2)),
        (ImportMode::Replace, true, Ok(2)),
    ] {
        let store = MemoryStore::new();
        if is_there {
            there(&store).expect("imports");
        }
        let imported = bring(&store, "trees.csv", TREES, &mode(mode_));
        let found = imported.map(|_| count(&store, "trees")).map_err(|error| error.kind());
        assert_eq!(found, expected, "{mode_:?}, there: {is_there}");
    }
    let error = bring(&MemoryStore::new(), "trees.csv", TREES, &keyed(ImportMode::Upsert));
    assert_eq!(error.map_err(|error| error.kind()), Err(ErrorKind::NotFound));
}

#[test]
fn an_upsert_leaves_what_the_source_does_not_say() {
    let store = MemoryStore::new();
    let first = "code,name,height\nA1,oak,20\nB2,elm,17\n";
    bring(&store, "trees.csv", first, &keyed(ImportMode::Create)).expect("imports");
    let next = "code,height\nB2,18\nA1,20\nC3,4\n";
    let report = bring(&store, "trees.csv", next, &keyed(ImportMode::Upsert)).expect("imports");
    assert_eq!((report.inserted, report.updated, report.unchanged), (1, 1, 1));
    assert_eq!(column(&store, "trees", "name"), ["oak".into(), "elm".into(), Value::Null]);
    assert_eq!(column(&store, "trees", "height"), [Value::Int(20), Value::Int(18), Value::Int(4)]);
}

#[test]
fn an_upsert_of_more_than_a_batch_with_repeats_ends_with_the_last() {
    let store = MemoryStore::new();
    let document = |rows: u64, offset: u64| {
        csv("code,n", rows, |row| format!("k{},{}", row % 1_000, row + offset))
    };
    let unique = document(1_000, 0);
    bring(&store, "a.csv", &unique, &keyed(ImportMode::Create)).expect("imports");
    let report =
        bring(&store, "a.csv", &document(2_000, 7), &keyed(ImportMode::Upsert)).expect("imports");
    assert_eq!((report.inserted, report.updated), (0, 2_000));
    let expected: Vec<_> = (0..1_000).map(|row| Value::Int(row + 1_000 + 7)).collect();
    assert_eq!(column(&store, "a", "n"), expected);
}

#[test]
fn a_field_that_the_layer_lacks_is_refused_or_ignored() {
    let store = MemoryStore::new();
    bring(&store, "trees.csv", TREES, &ImportOptions::default()).expect("imports");
    let text = "code,nmae\nC3,ash\n";
    let refused = bring(&store, "trees.csv", text, &mode(ImportMode::Append)).expect_err("unknown");
    assert!(said(&refused).contains("did you mean `name`?"), "{}", said(&refused));
    let options =
        ImportOptions { unknown_fields: UnknownFields::Ignore, ..mode(ImportMode::Append) };
    let report = bring(&store, "trees.csv", text, &options).expect("imports");
    assert!(report.notes.iter().any(|note| note.contains("`nmae`")), "{:?}", report.notes);
    assert_eq!(column(&store, "trees", "name")[2], Value::Null);
}

#[test]
fn an_untied_layer_takes_features_but_no_ids() {
    let store = MemoryStore::new();
    bring(&store, "trees.csv", TREES, &ImportOptions::default()).expect("imports");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.untie(Some("trees")).expect("unties");
    transaction.commit().expect("commits");
    bring(&store, "trees.csv", TREES, &mode(ImportMode::Append)).expect("imports");
    assert_eq!((count(&store, "trees"), ids(&store, "trees").len()), (4, 0));
    for options in [keyed(ImportMode::Append), keyed(ImportMode::Upsert)] {
        let error = bring(&store, "trees.csv", TREES, &options).expect_err("not tied");
        assert!(said(&error).contains("tie the layer"), "{}", said(&error));
    }
}

#[test]
fn what_goes_wrong_leaves_the_store_as_it_was() {
    let text = "code,n\nA,1\nB,2,3,4\nC,3\n";
    let store = MemoryStore::new();
    let before = store.freshness().expect("tells");
    let error = bring(&store, "a.csv", text, &ImportOptions::default()).expect_err("bad record");
    assert!(
        error.to_string().starts_with("a.csv: ") && error.to_string().contains("line 3"),
        "{error}"
    );
    assert_eq!(store.freshness().expect("tells"), before);
    let skip = OnError::Skip { rejects: None };
    let options = ImportOptions { on_error: skip, ..ImportOptions::default() };
    let report = bring(&store, "a.csv", text, &options).expect("imports the rest");
    assert_eq!((report.inserted, report.rejected, report.first_rejects.len()), (2, 1, 1));
}

/// Stops after some features.
struct Impatient {
    looks: Cell<u32>,
    patience: u32,
}

impl Progress for Impatient {
    fn should_stop(&self) -> bool {
        self.looks.set(self.looks.get() + 1);
        self.looks.get() > self.patience
    }
}

#[test]
fn stopping_at_any_moment_leaves_the_store_as_it_was() {
    let document = csv("code,n", 1_000, |row| format!("k{row},{row}"));
    let source = Source::bytes("a.csv", document.into_bytes());
    let mut stops = 0;
    for patience in 0.. {
        let store = MemoryStore::new();
        let watcher = Impatient { looks: Cell::new(0), patience };
        match import(&source, &store, &ImportOptions::default(), &watcher) {
            Ok(report) => {
                assert_eq!(report.layers[0].inserted, 1_000);
                break;
            }
            Err(error) => {
                assert!(error.to_string().starts_with("stopped on request"), "{error}");
                assert!(store.layer("a").is_err());
                stops += 1;
            }
        }
    }
    assert!(stops > 10, "the watcher is asked again and again, not {stops} times");
}

#[test]
fn names_that_differ_in_case_alone_are_told_apart() {
    let store = MemoryStore::new();
    let text =
        r#"{"type":"Feature","properties":{"Name":"a","name":"b","NAME":"c"},"geometry":null}"#;
    let report = bring(&store, "a.geojson", text, &ImportOptions::default()).expect("imports");
    let layer = store.layer("a").expect("is there");
    let names: Vec<_> = layer.schema().fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["Name", "name_2", "NAME_3"]);
    assert_eq!(report.notes.len(), 2);
}

#[test]
fn a_layer_of_another_store_comes_with_its_indexes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let location = folder.path().join("a.gpkg").to_str().expect("a plain path").to_owned();
    let schema = ["code", "name"].map(|name| Field::new(name, FieldType::TEXT)).to_vec();
    let schema = Schema::new(schema).expect("two names");
    let index = |fields: &[&str]| Index {
        name: Some(format!("by_{}", fields.join("_"))),
        ..Index::on(fields.iter().copied())
    };
    let indexes = vec![index(&["name"]), index(&["code", "name"])];
    let definition = LayerDefinition { indexes, ..LayerDefinition::new("a", schema) };
    let store = tiepoint::create(&location).expect("creates");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(&definition).expect("creates");
    transaction.commit().expect("commits");

    let source = Source::parse(&location).expect("a store").only_layer("a");
    let target = MemoryStore::new();
    let ids = IdRule::FromField("code".to_owned());
    import(&source, &target, &ImportOptions { ids, ..ImportOptions::default() }, &())
        .expect("imports");
    let layer = target.layer("a").expect("is there");
    let fields: Vec<_> = layer.definition.indexes.iter().map(|index| &index.fields).collect();
    assert_eq!(fields, [&["name".to_owned()]], "the other's field carries the ids now");
    let refused = tiepoint::import_into(&source, &location, &ImportOptions::default(), &());
    assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
}

#[test]
fn a_field_without_a_usable_name_is_given_one() {
    let store = MemoryStore::new();
    let text = r#"{"type":"Feature","properties":{"":1,"a\u0000":2,"a":3},"geometry":null}"#;
    let report = bring(&store, "a.geojson", text, &ImportOptions::default()).expect("imports");
    let layer = store.layer("a").expect("is there");
    let names: Vec<_> = layer.schema().fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["field_1", "a", "a_2"]);
    assert_eq!(report.notes.len(), 3);
}

#[test]
fn a_feature_is_found_by_the_id_that_its_key_gives() {
    let store = MemoryStore::new();
    let options = keyed(ImportMode::Create);
    bring(&store, "trees.csv", TREES, &options).expect("imports");
    let IdRule::FromKey { namespace, .. } = options.ids else { unreachable!() };
    let id = ObjectId::from_key(&namespace, "B2");
    let query = Query::layer("trees").ids(Ids::Objects(vec![id]));
    let found: Vec<_> = store.read(&query).expect("reads").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].as_ref().expect("can be read").get("name"), Some(&"elm".into()));
}
