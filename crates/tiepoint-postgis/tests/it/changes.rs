//! Change sets on a server: rules between tables, many changes at once, others' triggers.
use crate::sessions::{begin, store};
use std::sync::Arc;
use tiepoint_core::{
    Change, ChangeSet, Edit, Feature, Field, FieldChange, FieldNames, FieldType, Image,
    LayerDefinition, ObjectId, Query, Schema, Target, Value,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{ApplyOptions, NotApplied, Store, WriteMode, apply_changes};

fn layers(store: &PostgisStore, names: &[&str]) {
    let mut transaction = begin(store);
    for name in names {
        let fields = ["name", "of"].map(|name| Field::new(name, FieldType::TEXT));
        let schema = Schema::new(fields.into()).expect("distinct names");
        transaction.create_layer(&LayerDefinition::new(*name, schema)).expect("is created");
    }
    transaction.commit().expect("commits");
}

fn fields() -> FieldNames {
    Arc::new(["name", "of"].map(str::to_owned))
}

fn row(name: &str, of: Option<&str>) -> Image {
    let of = of.map_or(Value::Null, Value::from);
    Image { fid: None, values: vec![Some(name.into()), Some(of)] }
}

/// The layer of the children comes first by its name, and a child before its parent by its id.
#[test]
fn rows_may_come_before_those_they_refer_to() {
    let Some(server) = server_or_skip("foreign keys") else { return };
    let schema = server.schema();
    let store = store(&schema, "");
    layers(&store, &["branches", "trees"]);
    schema.execute(
        "ALTER TABLE trees ADD UNIQUE (name); ALTER TABLE branches ADD UNIQUE (name);
         ALTER TABLE trees ADD FOREIGN KEY (of) REFERENCES trees (name);
         ALTER TABLE branches ADD FOREIGN KEY (of) REFERENCES trees (name)",
    );
    let mut changes = ChangeSet::new();
    let mut insert = |layer: &str, image: Image| {
        let target = Target::Id(ObjectId::mint());
        changes.record(layer, &fields(), target, Change::Insert(image)).expect("is the first");
    };
    for number in 0..30 {
        let of = (number < 29).then(|| format!("tree {}", number + 1));
        insert("trees", row(&format!("tree {number}"), of.as_deref()));
        insert("branches", row(&format!("branch {number}"), Some(&format!("tree {number}"))));
    }
    let mut transaction = begin(&store);
    let options = ApplyOptions::default();
    let applied = apply_changes(transaction.as_mut(), &changes, &options).expect("there is a way");
    assert_eq!(applied.inserted.len(), 60);
    transaction.commit().expect("commits");
    let mut transaction = begin(&store);
    let back = applied.written.inverted();
    apply_changes(transaction.as_mut(), &back, &options).expect("and a way back");
    transaction.commit().expect("commits");
    assert_eq!(store.read(&Query::layer("trees")).expect("reads").count(), 0);
    let orphan = Target::Id(ObjectId::mint());
    let mut changes = ChangeSet::new();
    let image = row("orphan", Some("nowhere"));
    changes.record("branches", &fields(), orphan, Change::Insert(image)).expect("is the first");
    let mut transaction = begin(&store);
    let refused = apply_changes(transaction.as_mut(), &changes, &options);
    assert!(matches!(refused, Err(NotApplied::Refused(refusals)) if refusals.len() == 1));
}

/// More than are put off at once; one that a trigger of others refuses is named, and so is another.
#[test]
fn among_many_changes_those_that_are_refused_are_named() {
    let Some(server) = server_or_skip("many changes") else { return };
    let schema = server.schema();
    let store = store(&schema, "");
    layers(&store, &["trees"]);
    schema.execute("ALTER TABLE trees ADD CHECK (name <> 'forbidden')");
    let mut transaction = begin(&store);
    let layer = transaction.layer("trees").expect("is there");
    let mut writer = transaction.writer("trees", WriteMode::Bulk).expect("opens");
    for number in 0..3_000 {
        let values = row(&format!("tree {number}"), None).values;
        let tree = Feature::with_values(layer.schema().clone(), values);
        writer.write(Edit::Insert(tree)).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
    let rows: Vec<Feature> =
        store.read(&Query::layer("trees")).expect("reads").map(|it| it.expect("reads")).collect();
    let changes = |bad: &[usize]| {
        let mut changes = ChangeSet::new();
        for (number, row) in rows.iter().enumerate() {
            let name = if bad.contains(&number) { "forbidden" } else { "allowed" };
            let (before, after) = (row.values()[0].clone(), Some(name.into()));
            let change = Change::Update(vec![FieldChange { field: 0, before, after }]);
            let target = Target::of(row).expect("is known");
            changes.record("trees", &fields(), target, change).expect("is the first");
        }
        changes
    };
    let options = ApplyOptions::default();
    let mut transaction = begin(&store);
    let refused = apply_changes(transaction.as_mut(), &changes(&[7, 2_500]), &options);
    let Err(NotApplied::Refused(refusals)) = refused else { panic!("{refused:?}") };
    let mut named: Vec<&Target> = refusals.iter().map(|it| &it.target).collect();
    named.sort();
    let [a, b] = [7, 2_500].map(|at: usize| Target::of(&rows[at]).expect("is known"));
    let mut expected = vec![&a, &b];
    expected.sort();
    assert_eq!(named, expected);
    let applied = apply_changes(transaction.as_mut(), &changes(&[]), &options).expect("goes on");
    assert_eq!(applied.written.len(), 3_000);
    transaction.commit().expect("commits");
}
