//! Names and values that would be SQL if they could; indexes that serve; readings that stop.
use crate::trees::{committed, folder};
use std::time::Duration;
use tiepoint_core::{
    Aggregate, BBox, Direction, Edit, Expr, ExprType, Feature, Fid, Field, FieldType, Function,
    Ids, Index, LayerDefinition, NativeFunction, PageMark, Query, Schema, Value, field,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::conformance::oracle::agree;
use tiepoint_store::{Access, Place, ReadControl, Result, Store, StoreError, WriteMode};

const HOSTILE: [&str; 8] = [
    "a\"b",
    "x'; DROP TABLE \"t\"; --",
    "?1",
    "rowid",
    "NULL",
    "1) OR (1=1",
    "ä $1 :name @name",
    "/* */",
];

fn filled(path: &std::path::Path, name: &str, fields: &[&str], rows: i64) -> GpkgStore {
    let schema = fields.iter().flat_map(|name| {
        let text = Field::new(format!("{name} text"), FieldType::TEXT);
        [Field::new(*name, FieldType::INT), text]
    });
    let schema = Schema::new(schema.collect()).expect("distinct names");
    let index = |field: &str| Index::on([field]);
    let indexes = vec![index(fields[0]), index(&format!("{} text", fields[0]))];
    let store = GpkgStore::create(path).expect("is new");
    committed(&store, |transaction| {
        let definition = LayerDefinition { indexes, ..LayerDefinition::new(name, schema) };
        let layer = transaction.create_layer(&definition).expect("is created");
        let mut writer = transaction.writer(name, WriteMode::Bulk).expect("opens");
        for row in 0..rows {
            let mut feature = Feature::new(layer.schema().clone());
            for (at, name) in (0..).zip(fields) {
                feature.set(name, (row * 7 % 13 + at).into()).expect("fits");
                let text = HOSTILE[usize::try_from((row + at) % 8).expect("is small")];
                feature.set(&format!("{name} text"), text.into()).expect("fits");
            }
            writer.write(Edit::Insert(feature)).expect("is written");
        }
        writer.finish().expect("finishes");
    });
    store
}

#[test]
fn hostile_names_and_values_stay_names_and_values() {
    let (_folder, path) = folder();
    let name = "it's \"so\"; DROP TABLE gpkg_contents; --";
    let store = filled(&path, name, &HOSTILE, 40);
    for (at, hostile) in HOSTILE.into_iter().enumerate() {
        let text = || field(format!("{hostile} text"));
        let all = || Query::layer(name);
        for query in [
            all().filter(field(hostile).gt(5)),
            all().filter(text().eq(hostile)),
            all().filter(!text().eq(hostile) | field(hostile).is_null()),
            all().filter(text().is_in(HOSTILE)),
            all().filter(text().upper().eq(hostile.to_uppercase())),
            all().filter(text().ge(hostile) | field(HOSTILE[7 - at]).lt(6)),
            all().order_by(text(), Direction::Descending).limit(7),
            all().order_by(text().char_length(), Direction::Ascending).fields([hostile]),
            all().compute(hostile.repeat(2), text().lower()).limit(3),
        ] {
            assert!(!agree(&store, &query).is_empty(), "{query:?}");
        }
    }
    assert_eq!(store.layers().expect("are there").len(), 1);
}

fn native(store: &str, name: &str, argument: Expr) -> Expr {
    let function =
        NativeFunction { store: store.to_owned(), name: name.to_owned(), ty: ExprType::Int };
    Expr::call(Function::Native(function), [argument])
}

#[test]
fn a_function_of_sqlite_is_called_by_name_and_one_of_another_store_is_not() {
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n"], 26);
    let count = |filter: Expr| -> Result<usize> {
        store.read(&Query::layer("t").filter(filter))?.map(|it| it.map(|_| 1)).sum()
    };
    assert_eq!(count(native("gpkg", "abs", -field("n")).eq(3)).expect("runs"), 2);
    let both = native("gpkg", "abs", field("n")).eq(3) | field("n text").upper().eq("NULL");
    assert!(count(both).expect("runs") > 2);
    let entangled = count(native("gpkg", "abs", field("n")).abs().eq(3)).expect_err("mixes");
    assert!(entangled.to_string().contains("abs"), "{entangled}");
    let foreign = count(native("postgis", "abs", field("n")).eq(3)).expect_err("is another's");
    assert!(foreign.to_string().contains("postgis"), "{foreign}");
    let hostile = native("gpkg", "abs(1); DROP TABLE t; --", field("n")).eq(3);
    assert!(count(hostile).is_err(), "there is no such function");
    assert_eq!(count(Expr::from(true)).expect("reads"), 26);
}

#[test]
fn indexes_on_fields_serve_comparisons() {
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n"], 2_000);
    for filter in [
        field("n").eq(3),
        field("n").between(3, 4),
        field("n").is_in([1, 2]),
        field("n text").eq("?1"),
        field("n text").between("1", "2"),
    ] {
        let query = Query::layer("t").filter(filter);
        let plan = store.explain(&query).expect("explains");
        assert!(matches!(plan.access, Access::Index { .. }), "{plan}");
        agree(&store, &query);
    }
}

#[test]
fn an_index_serves_an_order_unless_it_holds_what_counts_as_null() {
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n"], 2_000);
    let smallest = Query::layer("t").order_by(field("n"), Direction::Ascending).limit(5);
    let plan = store.explain(&smallest).expect("explains");
    let by_index = |plan: &tiepoint_store::Plan| matches!(plan.access, Access::Index { .. });
    assert!(by_index(&plan) && plan.sorted == Place::Store, "{plan}");
    agree(&store, &smallest);
    crate::trees::other_program(&path)
        .execute("UPDATE t SET n = 'x' WHERE n > 11", [])
        .expect("is SQL");
    assert!(!by_index(&store.explain(&smallest).expect("explains")));
    let first = agree(&store, &smallest).remove(0);
    assert_eq!(first.get("n"), Some(&Value::from("x")), "counts as null, and is what it is");
}

#[test]
fn pages_and_ids_are_found_by_the_key() {
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n"], 500);
    let after = |fid: i64| PageMark { keys: Vec::new(), fid: Fid::Int(fid) };
    let page = Query::layer("t").after(after(490)).limit(5);
    let plan = store.explain(&page).expect("explains");
    assert!(plan.uses_index() && plan.cut == Place::Store && plan.returned == 5, "{plan}");
    agree(&store, &page);
    let mark = PageMark { keys: vec![Value::from(5)], fid: Fid::Int(200) };
    let sorted = Query::layer("t").order_by(field("n"), Direction::Ascending).after(mark).limit(9);
    assert_eq!(agree(&store, &sorted).len(), 9);
    let some = Query::layer("t").ids(Ids::Fids(vec![Fid::Int(7), Fid::Int(3), Fid::Int(999)]));
    assert_eq!(store.explain(&some).expect("explains").access, Access::Ids);
    assert_eq!(store.read(&some).expect("reads").count(), 2);
}

#[test]
fn a_long_reading_stops_when_it_is_told_to() {
    const ROWS: i64 = 60_000;
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n"], ROWS);
    let other = |number: usize| field("n text").casei().eq(format!("no such text {number}"));
    let nothing = Query::layer("t").filter((1..30).map(other).fold(other(0), Expr::or));
    let read = |control: &ReadControl| {
        let read = store.read_with(&nothing, control);
        read.and_then(|mut rows| rows.next().transpose())
    };
    let control = ReadControl::default().time_out(Duration::from_millis(5));
    let outcome = read(&control);
    assert!(matches!(outcome, Err(StoreError::TimedOut { .. })), "{outcome:?}");
    assert!(control.examined() < ROWS.unsigned_abs());
    let control = ReadControl::default();
    let elsewhere = control.clone();
    let stopper = std::thread::spawn(move || {
        while elsewhere.examined() < 100 {
            std::thread::yield_now();
        }
        elsewhere.stop();
    });
    let outcome = read(&control);
    stopper.join().expect("stops");
    assert!(matches!(outcome, Err(StoreError::Stopped)), "{outcome:?}");
    assert!((100..ROWS.unsigned_abs()).contains(&control.examined()), "{}", control.examined());
    assert_eq!(store.read(&Query::layer("t").limit(3)).expect("goes on").count(), 3);
}

#[test]
fn aggregates_are_those_of_a_reading() {
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n"], 300);
    let asked = [
        Aggregate::Count,
        Aggregate::CountOf(field("n")),
        Aggregate::Min(field("n")),
        Aggregate::Max(field("n text")),
        Aggregate::Sum(field("n")),
    ];
    let large = Query::layer("t").filter(field("n").gt(4));
    let found = store.aggregate(&large, &asked).expect("aggregates");
    let rows: Vec<i64> = agree(&store, &large)
        .iter()
        .filter_map(|it| match it.get("n") {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        })
        .collect();
    let count = Value::Int(i64::try_from(rows.len()).expect("is small"));
    assert_eq!(found[..2], [count.clone(), count]);
    assert_eq!(found[2], rows.iter().min().copied().into());
    assert_eq!(found[4], Value::Int(rows.iter().sum()));
    let page = large.limit(7).offset(2);
    let found = store.aggregate(&page, &[Aggregate::Count]).expect("aggregates");
    assert_eq!(found, [Value::Int(7)]);
    let nowhere = BBox { min_x: 0.0, min_y: 0.0, max_x: 1.0, max_y: 1.0 };
    assert!(store.aggregate(&Query::layer("t").within(nowhere), &asked).is_err());
}

#[test]
fn a_plan_tells_how_many_rows_sqlite_looked_at() {
    const ROWS: u64 = 177;
    let (_folder, path) = folder();
    let store = filled(&path, "t", &["n", "m"], 177);
    let all = || Query::layer("t");
    let by_m = || all().order_by(field("m"), Direction::Ascending);
    for (query, examined) in [
        (all(), ROWS),
        (all().filter(field("m text").eq("?1")), ROWS),
        (all().filter(field("m text").eq("nowhere")), ROWS),
        (all().filter(field("m").eq(3) & field("m text").upper().eq("NULL")), ROWS),
        (all().filter(field("m text").upper().eq("NULL")), ROWS),
        (by_m().limit(3), ROWS),
        (by_m().filter(field("m text").eq("?1")).limit(1), ROWS),
        (all().limit(3), 3),
        (all().filter(field("n").eq(3)), ROWS / 13),
        (all().order_by(field("n"), Direction::Ascending).limit(5), 5),
        (all().filter(Expr::from(false)), 0),
    ] {
        let plan = store.explain(&query).expect("explains");
        let slack = plan.examined.abs_diff(examined);
        assert!(slack <= 1, "{} instead of {examined}: {plan}", plan.examined);
    }
}
