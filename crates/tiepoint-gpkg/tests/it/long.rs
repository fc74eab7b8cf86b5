//! Conditions longer than SQLite takes them, and slower than its clock.
use crate::trees::{TREES, committed, folder, planted};
use std::time::{Duration, Instant};
use tiepoint_core::{
    BBox, Crs, Direction, Edit, Expr, Feature, Field, FieldType, Function, Geometry, Identity,
    Index, LayerDefinition, Metres, Query, Schema, field, place,
};
use tiepoint_store::conformance::oracle::agree;

use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Access, ReadControl, Result, Store, StoreError, WriteMode};

const TERMS: i32 = 5_000;

/// All of these as one call, as parsers make it.
fn joined(function: Function, terms: impl Iterator<Item = Expr>) -> Expr {
    Expr::call(function, terms.collect::<Vec<_>>())
}

fn passing(store: &GpkgStore, filter: Expr) -> usize {
    agree(store, &Query::layer(TREES).filter(filter)).len()
}

#[test]
fn any_number_of_comparisons_is_answered() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 40);
    let height = |number: i32| field("height").eq(f64::from(number));
    let name = |number: i32| field("name").eq(format!("tree {number}"));
    for terms in [33, 1_025, TERMS, 7_000] {
        let odd = || (0..terms).map(|it| it * 2 + 1);
        assert_eq!(passing(&store, joined(Function::Or, odd().map(height))), 20);
        assert_eq!(passing(&store, joined(Function::Or, odd().map(name))), 20);
        assert_eq!(passing(&store, joined(Function::And, odd().map(|it| !height(it)))), 40 - 20);
        let above = |it: i32| field("height").gt(f64::from(-it));
        assert_eq!(passing(&store, joined(Function::And, odd().map(above))), 40);
    }
    let mixed = (0..TERMS).map(|it| name(it * 2) | field("name").upper().eq(format!("TREE {it}")));
    assert_eq!(passing(&store, joined(Function::Or, mixed)), 40);
    let pairs = (0..300).map(|it| name(it * 2) & field("name").upper().eq(format!("TREE {it}")));
    assert_eq!(passing(&store, joined(Function::Or, pairs)), 1);
    let truth = joined(Function::Or, (0..TERMS).map(height));
    let sorted = Query::layer(TREES).order_by(truth, Direction::Descending).limit(7);
    assert_eq!(agree(&store, &sorted).len(), 7);
}

#[test]
fn deep_conditions_are_answered() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 40);
    let height = |number: i32| field("height").eq(f64::from(number));
    for levels in [4, 9, 12, 40, 90] {
        let nested = (0..levels).fold(height(0), |inner, level| match level % 3 {
            0 => inner | height(level + 1),
            1 => inner & height(level).is_not_null(),
            _ => !inner,
        });
        agree(&store, &Query::layer(TREES).filter(nested.clone()));
        let sorted = Query::layer(TREES).order_by(nested, Direction::Descending).limit(7);
        agree(&store, &sorted);
    }
}

#[test]
fn any_number_of_boxes_and_distances_is_answered() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 300);
    let at = |it: i32| (f64::from(it * 7 % 100), f64::from(it * 3 % 90));
    let boxes = |it: i32| {
        let (x, y) = at(it);
        let bbox = BBox { min_x: x - 0.1, min_y: y - 0.1, max_x: x + 0.1, max_y: y + 0.1 };
        field("geom").meets_box(bbox, Crs::epsg(4326))
    };
    let near = |it: i32| {
        let (x, y) = at(it);
        let spot = Geometry::from_wkt(&format!("POINT ({x} {y})")).expect("is WKT");
        field("geom").within_distance(place(spot, Crs::epsg(4326)), Metres(20_000.0))
    };
    for terms in [39, 41, 60, 600] {
        let by_boxes = passing(&store, joined(Function::Or, (0..terms).map(boxes)));
        let by_distance = passing(&store, joined(Function::Or, (0..terms).map(near)));
        assert!(by_boxes > 0 && by_boxes == by_distance, "{terms}: {by_boxes} {by_distance}");
    }
    assert!(passing(&store, joined(Function::Or, (0..TERMS).map(boxes))) > 0);
    assert!(passing(&store, joined(Function::Or, (0..TERMS).map(near))) > 0);
    let all = joined(Function::And, (0..TERMS).map(|_| boxes(0)));
    assert_eq!(passing(&store, all), 1);
}

#[test]
fn many_boxes_far_apart_are_not_one_that_holds_everything() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 9_000);
    let corner = |it: i32| {
        let (x, y) = (f64::from(it % 2 * 90), f64::from(it / 2 % 2 * 80));
        let (x, y) = (x + f64::from(it % 7), y + f64::from(it % 5));
        let bbox = BBox { min_x: x, min_y: y, max_x: x + 0.1, max_y: y + 0.1 };
        field("geom").meets_box(bbox, Crs::epsg(4326))
    };
    let query = Query::layer(TREES).filter(joined(Function::Or, (0..400).map(corner)));
    agree(&store, &query);
    let plan = store.explain(&query).expect("explains");
    let Access::SpatialIndex { boxes, .. } = &plan.access else { panic!("{plan}") };
    assert!(boxes.len() <= 40, "{plan}");
    assert!(plan.examined < 2_000, "{plan}");
}

#[test]
fn an_index_serves_a_long_condition_too() {
    let (_folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is new");
    let schema = Schema::new(vec![Field::new("n", FieldType::INT)]).expect("distinct names");
    let by_n = Index::on(["n"]);
    committed(&store, |transaction| {
        let definition =
            LayerDefinition { indexes: vec![by_n], ..LayerDefinition::new(TREES, schema) };
        let layer = transaction.create_layer(&definition).expect("is created");
        let mut writer = transaction.writer(TREES, WriteMode::Bulk).expect("opens");
        for number in 0..9_000_i64 {
            let mut feature = Feature::new(layer.schema().clone());
            feature.set("n", number.into()).expect("fits");
            writer.write(Edit::Insert(feature)).expect("is written");
        }
        writer.finish().expect("finishes");
    });
    let terms = (0..TERMS).map(|it| field("n").eq(i64::from(it) * 11));
    let query = Query::layer(TREES).filter(joined(Function::Or, terms));
    assert_eq!(agree(&store, &query).len(), 9_000_usize.div_ceil(11));
    let plan = store.explain(&query).expect("explains");
    let few = (0..20).map(|it| field("n").eq(i64::from(it) * 11));
    let few = Query::layer(TREES).filter(joined(Function::Or, few));
    let served = store.explain(&few).expect("explains").access;
    assert!(matches!(served, Access::Index { .. }), "{served}");
    // the planner of an older SQLite, as systems have it, may prefer to look at every row
    let searches = matches!(plan.access, Access::Index { .. });
    assert!(searches || !cfg!(feature = "bundled"), "{}", plan.access);
}

#[test]
fn a_condition_on_more_columns_than_a_function_takes_is_decided_in_memory() {
    const FIELDS: usize = 150;
    let (_folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is new");
    let fields = (0..FIELDS).map(|at| Field::new(format!("f{at}"), FieldType::TEXT));
    let schema = Schema::new(fields.collect()).expect("distinct names");
    committed(&store, |transaction| {
        let definition = LayerDefinition::new(TREES, schema);
        let layer = transaction.create_layer(&definition).expect("is created");
        let mut writer = transaction.writer(TREES, WriteMode::Rows).expect("opens");
        for number in 0..FIELDS {
            let mut feature = Feature::new(layer.schema().clone());
            feature.set(&format!("f{number}"), "x".into()).expect("fits");
            writer.write(Edit::Insert(feature)).expect("is written");
        }
        writer.finish().expect("finishes");
    });
    let loud = |at: usize| field(format!("f{at}")).upper().eq("X");
    let known = |at: usize| field(format!("f{at}")).is_null() | loud(at);
    assert_eq!(passing(&store, joined(Function::Or, (0..FIELDS).map(loud))), FIELDS);
    assert_eq!(passing(&store, joined(Function::And, (0..FIELDS).map(known))), FIELDS);
    let truth = joined(Function::Or, (0..FIELDS).map(loud));
    agree(&store, &Query::layer(TREES).order_by(truth, Direction::Ascending).limit(9));
}

/// The time that a reading is given, in which it can decide a few rows.
const SHORT: Duration = Duration::from_millis(50);

/// A condition that takes some milliseconds for each row, and is true of none.
fn costly() -> Expr {
    let name = |it: i32| {
        let long = [field("name"), " ".into(), "x".repeat(20_000).into()];
        Expr::call(Function::Replace, long).upper().eq(format!("{it}"))
    };
    joined(Function::Or, (0..300).map(name))
}

fn ends_in_time(store: &GpkgStore, query: &Query) {
    let control = ReadControl::default().time_out(SHORT);
    let began = Instant::now();
    let read = store.read_with(query, &control);
    let outcome = read.and_then(Iterator::collect::<Result<Vec<_>>>);
    assert!(matches!(outcome, Err(StoreError::TimedOut { .. })), "{query:?}: {outcome:?}");
    let took = began.elapsed();
    assert!(took < 20 * SHORT, "{took:?} for {query:?}");
    control.stop();
    let read = store.read_with(query, &control);
    let outcome = read.and_then(Iterator::collect::<Result<Vec<_>>>);
    assert!(matches!(outcome, Err(StoreError::Stopped)), "{outcome:?}");
}

#[test]
fn few_rows_that_take_long_are_stopped_in_time() {
    let (_folder, path) = folder();
    let store = planted(&path, Identity::None, 300);
    let all = || Query::layer(TREES);
    ends_in_time(&store, &all().filter(costly()));
    ends_in_time(&store, &all().filter(field("height").gt(3) & costly()));
    ends_in_time(&store, &all().order_by(costly(), Direction::Ascending).limit(3));
    ends_in_time(&store, &all().compute("truth", costly()));
    ends_in_time(&store, &all().filter(!field("height").gt(3) | field("height").gt(2) & costly()));
    let spot = Geometry::from_wkt("POINT (1 1)").expect("is WKT");
    ends_in_time(&store, &all().nearest(spot, Crs::epsg(4326), 5).filter(costly()));
    let rows = store.read(&all()).expect("the connection is as good as before");
    assert_eq!(rows.count(), 300);
}
