//! What journalling an edit costs: `cargo test --release -p tiepoint-edits --test journal speed --
//! --ignored --nocapture`.
use super::{left, open};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use tempfile::tempdir;
use tiepoint_core::{
    Change, ChangeSet, FieldChange, FieldNames, Geometry, Image, ObjectId, Target,
};
use tiepoint_edits::journal::Record;

/// A step that edits one attribute of so many features.
fn attribute_step(count: i32) -> Record {
    let fields: FieldNames = ["name".to_owned(), "height".to_owned()].into();
    let mut changes = ChangeSet::new();
    for height in 0..i64::from(count) {
        let change =
            FieldChange { field: 1, before: Some(height.into()), after: Some((height + 1).into()) };
        let target = Target::Id(ObjectId::mint());
        changes.record("trees", &fields, target, Change::Update(vec![change])).expect("is new");
    }
    Record::Step { name: "Measure".into(), changes: Arc::new(changes) }
}

/// A step that inserts so many features with a geometry of some 500 bytes.
fn insert_step(count: usize) -> Record {
    let fields: FieldNames = ["name".to_owned(), "geom".to_owned()].into();
    let line: Vec<String> = (0..32).map(|it| format!("{it}.5 {it}.25")).collect();
    let line = Geometry::from_wkt(&format!("LINESTRING({})", line.join(","))).expect("is a line");
    let mut changes = ChangeSet::new();
    for _ in 0..count {
        let values = vec![Some("oak".into()), Some(line.clone().into())];
        let target = Target::Id(ObjectId::mint());
        let change = Change::Insert(Image { fid: None, values });
        changes.record("trees", &fields, target, change).expect("is new");
    }
    Record::Step { name: "Import".into(), changes: Arc::new(changes) }
}

#[test]
#[ignore = "a measurement"]
fn edits_in_one_step() {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    journal.write(&[attribute_step(1)]).expect("is written");
    for (count, steps) in [(1, 50), (1_000, 30), (100_000, 3)] {
        let step = attribute_step(count);
        let start = Instant::now();
        for _ in 0..steps {
            journal.write(std::slice::from_ref(&step)).expect("is written");
        }
        let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(steps);
        println!(
            "{count} edits in one step: {:.2} µs an edit, {micros:.0} µs a step",
            micros / f64::from(count)
        );
    }
    let step = insert_step(100_000);
    let start = Instant::now();
    journal.write(std::slice::from_ref(&step)).expect("is written");
    println!("100,000 inserts with geometry in one step: {:?}", start.elapsed());
    drop(journal);
    let start = Instant::now();
    let found = left(folder.path());
    println!("to find it: {:?}", start.elapsed());
    let start = Instant::now();
    let count = found[0].read().expect("is read").map(black_box).count();
    let bytes = std::fs::metadata(found[0].path()).expect("is there").len();
    println!("to read {count} records of {bytes} bytes: {:?}", start.elapsed());
}

#[test]
#[ignore = "a measurement"]
fn single_edits_of_many_threads() {
    let step = attribute_step(1);
    for threads in [1, 2, 4, 16, 64] {
        let folder = tempdir().expect("a folder");
        let journal = open(folder.path());
        journal.write(std::slice::from_ref(&step)).expect("is written");
        let edits = 50;
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..edits {
                        journal.write(std::slice::from_ref(&step)).expect("is written");
                    }
                });
            }
        });
        let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(threads * edits);
        println!("{threads} threads, single edits: {micros:.1} µs an edit");
    }
}
