//! Change sets on a server: rules between tables, many changes at once, others' triggers.
use crate::sessions::{begin, store};
use std::sync::Arc;
use tiepoint_core::{
    Change, ChangeSet, Edit, Feature, Field, FieldChange, FieldNames, FieldType, Image,
    LayerDefinition, ObjectId, Query, Schema, Target, Value,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{ApplyOptions, NotApplied, Store, Transaction, WriteMode, apply_changes};

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

/// Many trees, and how they are then.
fn planted(store: &PostgisStore, count: usize) -> Vec<Feature> {
    let mut transaction = begin(store);
    let layer = transaction.layer("trees").expect("is there");
    let mut writer = transaction.writer("trees", WriteMode::Bulk).expect("opens");
    for number in 0..count {
        let values = row(&format!("tree {number}"), None).values;
        let tree = Feature::with_values(layer.schema().clone(), values);
        writer.write(Edit::Insert(tree)).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
    store.read(&Query::layer("trees")).expect("reads").map(|it| it.expect("reads")).collect()
}

/// Other names for trees.
fn renamed(rows: &[Feature], name: impl Fn(usize) -> &'static str) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for (number, row) in rows.iter().enumerate() {
        let (before, after) = (row.values()[0].clone(), Some(name(number).into()));
        let change = Change::Update(vec![FieldChange { field: 0, before, after }]);
        let target = Target::of(row).expect("is known");
        changes.record("trees", &fields(), target, change).expect("is the first");
    }
    changes
}

/// One that a rule of others refuses is named among many, and so is another.
#[test]
fn among_many_changes_those_that_are_refused_are_named() {
    let Some(server) = server_or_skip("many changes") else { return };
    let schema = server.schema();
    let store = store(&schema, "");
    layers(&store, &["trees"]);
    schema.execute("ALTER TABLE trees ADD CHECK (name <> 'forbidden')");
    let rows = planted(&store, 3_000);
    let changes = |bad: &[usize]| {
        renamed(&rows, |number| if bad.contains(&number) { "forbidden" } else { "allowed" })
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

/// Each sort of change has a statement of its own, and columns in it that others do not have; one
/// that is refused has all be made one by one.
#[test]
fn changes_of_several_sorts_are_made_together() {
    let Some(server) = server_or_skip("changes of several sorts") else { return };
    let schema = server.schema();
    let store = store(&schema, "");
    layers(&store, &["trees"]);
    let rows = planted(&store, 400);
    let write = |transaction: &mut dyn Transaction| {
        let mut writer = transaction.writer("trees", WriteMode::Changes).expect("opens");
        for (number, row) in rows.iter().enumerate() {
            let target = Target::of(row).expect("is known");
            let mut tree = Feature::new(row.schema().clone()).with_id(row.id);
            let name = Value::from(format!("name {number}"));
            match number % 4 {
                0 => tree.set("name", name).expect("fits"),
                1 => tree.set("of", format!("of {number}").into()).expect("fits"),
                2 => {
                    tree.set("name", name).expect("fits");
                    tree.set("of", Value::Null).expect("fits");
                }
                _ => {
                    writer.write(Edit::Delete(target)).expect("is put off");
                    continue;
                }
            }
            writer.write(Edit::Update(tree)).expect("is put off");
        }
        let missed = writer.settle();
        writer.finish().expect("finishes");
        missed
    };
    let told = "SELECT string_agg(concat_ws(' ', name, of), ', ' ORDER BY fid) FROM trees";
    let told = |schema: &TestSchema| schema.value(&format!("{told} WHERE fid < 7"));
    let before = told(&schema);
    schema.execute("ALTER TABLE trees ADD CONSTRAINT free CHECK (name <> 'name 396')");
    let mut transaction = begin(&store);
    write(transaction.as_mut()).expect_err("one is refused");
    transaction.commit().expect("commits");
    assert_eq!(told(&schema), before);
    schema.execute("ALTER TABLE trees DROP CONSTRAINT free");
    let mut transaction = begin(&store);
    assert_eq!(write(transaction.as_mut()).expect("all are made"), 0);
    transaction.commit().expect("commits");
    assert_eq!(told(&schema), "name 0, tree 1 of 1, name 2, name 4, tree 5 of 5");
    assert_eq!(schema.value("SELECT count(*) FROM trees"), "300");
}

/// A look costs the server much of what many changes do, so that it is not worth a few.
#[test]
fn the_server_looks_at_a_table_again_for_many_changes_only() {
    let Some(server) = server_or_skip("statistics") else { return };
    let schema = server.schema();
    let store = store(&schema, "");
    layers(&store, &["trees"]);
    let rows = planted(&store, 1_000);
    let apply = |changes: &ChangeSet| {
        let mut transaction = begin(&store);
        apply_changes(transaction.as_mut(), changes, &ApplyOptions::default()).expect("is written");
        transaction.commit().expect("commits");
    };
    let distinct = || {
        schema.value(&format!(
            "SELECT n_distinct FROM pg_stats WHERE schemaname = '{}' AND tablename = 'trees' \
             AND attname = 'name'",
            schema.name()
        ))
    };
    assert_eq!(distinct(), "-1", "each has a name of its own");
    apply(&renamed(&rows[..50], |_| "oak"));
    assert_eq!(distinct(), "-1", "nobody looked");
    apply(&renamed(&rows[50..], |_| "oak"));
    assert_eq!(distinct(), "1");
}
