//! Places and distances: the R-tree finds the rows, and they are the right ones.
use crate::trees::{begin, committed, folder, other_program};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tiepoint_core::{
    BBox, Crs, CrsUnits, Direction, Edit, Expr, Feature, Field, FieldType, Function, Geometry,
    GeometryType, KindRule, LayerDefinition, Length, Metres, Query, Schema, SpatialPredicate,
    field, place,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::conformance::oracle::{agree, fids};
use tiepoint_store::{Access, Place, Store, WriteMode};

const SPOTS: &str = "spots";

fn store(path: &std::path::Path, crs: &Crs, shapes: &[String]) -> GpkgStore {
    let geometry = GeometryType::xy(KindRule::Any, crs.clone());
    let fields = vec![
        Field::new("geom", FieldType::Geometry(geometry)),
        Field::new("number", FieldType::INT),
    ];
    let schema = Schema::new(fields).expect("distinct names");
    let store = GpkgStore::create(path).expect("is new");
    committed(&store, |transaction| {
        let definition = LayerDefinition::new(SPOTS, schema.clone());
        let layer = transaction.create_layer(&definition).expect("is created");
        let mut writer = transaction.writer(SPOTS, WriteMode::Bulk).expect("opens");
        for (number, wkt) in shapes.iter().enumerate() {
            let mut spot = Feature::new(layer.schema().clone());
            if !wkt.is_empty() {
                spot.set("geom", wkt_of(wkt).into()).expect("fits");
            }
            let number = i64::try_from(number % 10).expect("is small");
            spot.set("number", number.into()).expect("fits");
            writer.write(Edit::Insert(spot)).expect("is written");
        }
        writer.finish().expect("finishes");
    });
    store
}

fn wkt_of(wkt: &str) -> Geometry {
    Geometry::from_wkt(wkt).expect(wkt)
}

/// Longitudes and latitudes with a liking for poles, the antimeridian and coincidence.
fn lonlat() -> impl Strategy<Value = (f64, f64)> {
    let lon = prop_oneof![
        -180.0..180.0,
        prop_oneof![Just(180.0), Just(-180.0), Just(0.0), 179.0..180.0, -180.0..-179.0],
        (-18..18_i32).prop_map(|it| f64::from(it) * 10.0),
    ];
    let lat = prop_oneof![
        -90.0..90.0,
        prop_oneof![Just(90.0), Just(-90.0), Just(0.0), 88.0..90.0],
        (-9..9_i32).prop_map(|it| f64::from(it) * 10.0),
    ];
    (lon, lat)
}

/// Points above all, boxes and lines among them, some empty or missing.
fn shape() -> impl Strategy<Value = String> {
    (lonlat(), lonlat(), 0..20).prop_map(|((x, y), (x2, y2), kind)| match kind {
        0 => String::new(),
        1 => "POINT EMPTY".to_owned(),
        2 => format!("LINESTRING ({x} {y}, {x2} {y2})"),
        3 | 4 => {
            let (x2, y2) = (x + (x2 - x) * 0.01 + 0.01, y + (y2 - y) * 0.01 + 0.01);
            let y2 = y2.clamp(-90.0, 90.0);
            format!("POLYGON (({x} {y}, {x2} {y}, {x2} {y2}, {x} {y2}, {x} {y}))")
        }
        _ => format!("POINT ({x} {y})"),
    })
}

fn shapes(runner: &mut TestRunner, count: usize) -> Vec<String> {
    (0..count).map(|_| shape().new_tree(runner).expect("is made").current()).collect()
}

fn somewhere(runner: &mut TestRunner) -> Geometry {
    let (x, y) = lonlat().new_tree(runner).expect("is made").current();
    wkt_of(&format!("POINT ({x} {y})"))
}

#[test]
fn the_nearest_are_those_that_a_full_reading_finds() {
    for crs in [Crs::CRS84, Crs::epsg(25832)] {
        let (_folder, path) = folder();
        let mut runner = TestRunner::deterministic();
        let store = store(&path, &crs, &shapes(&mut runner, 400));
        for turn in 0..12 {
            let here = somewhere(&mut runner);
            let nearest = Query::layer(SPOTS).nearest(here.clone(), crs.clone(), 1 + turn % 12);
            assert!(matches!(plan(&store, &nearest), Access::Nearest { .. }), "{crs}");
            agree(&store, &nearest);
            agree(&store, &nearest.clone().offset(turn % 3));
            agree(&store, &nearest.clone().filter(field("number").eq(3)).fields(["number"]));
            let bbox = BBox { min_x: 170.0, min_y: -50.0, max_x: 179.0, max_y: 80.0 };
            agree(&store, &nearest.within(bbox));
            let distance = field("geom").distance(place(here, crs.clone()));
            let all = Query::layer(SPOTS).order_by_with(
                distance,
                Direction::Ascending,
                tiepoint_core::Nulls::Last,
            );
            agree(&store, &all.clone().limit(5));
            agree(&store, &all.limit(10_000));
        }
    }
}

#[test]
fn a_few_of_many_are_measured_for_the_nearest() {
    let (_folder, path) = folder();
    let grid = (0..10_000).map(|at| format!("POINT ({} {})", at % 100, f64::from(at / 100) * 0.8));
    let store = store(&path, &Crs::CRS84, &grid.collect::<Vec<_>>());
    let nearest = Query::layer(SPOTS).nearest(wkt_of("POINT (50.2 40.1)"), Crs::CRS84, 10);
    let plan = store.explain(&nearest).expect("explains");
    assert!(plan.examined < 200, "{plan}");
    assert_eq!(plan.returned, 10);
    let ties = Query::layer(SPOTS).nearest(wkt_of("POINT (50 40)"), Crs::CRS84, 3);
    assert_eq!(fids(&agree(&store, &ties)).len(), 3);
    let few = nearest.filter(field("number").eq(99));
    assert_eq!(agree(&store, &few).len(), 0, "ends although there are none");
}

#[test]
fn a_transaction_finds_what_it_wrote_among_the_nearest() {
    let (_folder, path) = folder();
    let grid = (0..500).map(|at| format!("POINT ({} {})", at % 25, at / 25));
    let store = store(&path, &Crs::CRS84, &grid.collect::<Vec<_>>());
    let mut transaction = begin(&store);
    let layer = transaction.layer(SPOTS).expect("is there");
    let here = wkt_of("POINT (7.5 7.5)");
    let mut new = Feature::new(layer.schema().clone());
    new.set("geom", here.clone().into()).expect("fits");
    transaction.write(SPOTS, Edit::Insert(new)).expect("is written");
    let nearest = Query::layer(SPOTS).nearest(here, Crs::CRS84, 1);
    let found: Vec<Feature> =
        transaction.read(&nearest).expect("reads").map(|it| it.expect("reads")).collect();
    assert_eq!(fids(&found), ["501"]);
}

#[test]
fn an_index_that_leads_in_a_circle_is_corrupt_and_no_endless_search() {
    let (_folder, path) = folder();
    let grid = (0..500).map(|at| format!("POINT ({} {})", at % 25, at / 25));
    drop(store(&path, &Crs::CRS84, &grid.collect::<Vec<_>>()));
    let mut root = vec![0, 9, 0, 2];
    for _ in 0..2 {
        root.extend(1_i64.to_be_bytes());
        root.extend([-90.0_f32, 90.0, -90.0, 90.0].iter().flat_map(|it| it.to_be_bytes()));
    }
    let sql = "UPDATE rtree_spots_geom_node SET data = ?1 WHERE nodeno = 1";
    other_program(&path).execute(sql, [root]).expect("is SQL");
    let store = GpkgStore::open(&path).expect("opens");
    let nearest = Query::layer(SPOTS).nearest(wkt_of("POINT (7 7)"), Crs::CRS84, 3);
    let refused = store.read(&nearest).expect_err("leads to itself");
    assert_eq!(refused.kind(), tiepoint_core::ErrorKind::Corrupt, "{refused}");
}

#[test]
fn predicates_and_distances_ask_the_r_tree_and_are_exact() {
    for crs in [Crs::CRS84, Crs::epsg(25832)] {
        let (_folder, path) = folder();
        let mut runner = TestRunner::deterministic();
        let store = store(&path, &crs, &shapes(&mut runner, 300));
        for turn in 0..8_u32 {
            let here = place(somewhere(&mut runner), crs.clone());
            let area = somewhere(&mut runner).envelope().expect("is a point").min();
            let (x, y, size) = (area.x, area.y, f64::from(turn) * 3.0 + 0.5);
            let ring = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)];
            let ring = ring.map(|(x, y)| format!("{x} {y}")).join(", ");
            let area = || place(wkt_of(&format!("POLYGON (({ring}))")), crs.clone());
            for predicate in SpatialPredicate::ALL {
                let of = |a: Expr, b: Expr| Expr::call(Function::Spatial(predicate), [a, b]);
                let indexed = predicate != SpatialPredicate::Disjoint;
                for filter in [of(field("geom"), area()), of(area(), field("geom"))] {
                    let query = Query::layer(SPOTS).filter(filter);
                    agree(&store, &query);
                    if indexed {
                        let access = plan(&store, &query);
                        assert!(matches!(access, Access::SpatialIndex { .. }), "{access}");
                    }
                }
            }
            let limit: Length = if crs.is_lonlat() {
                Metres(size * 100_000.0).into()
            } else {
                CrsUnits(size).into()
            };
            let near = Query::layer(SPOTS).filter(field("geom").within_distance(here, limit));
            agree(&store, &near);
            assert!(matches!(plan(&store, &near), Access::SpatialIndex { .. }));
            agree(&store, &near.clone().filter(!field("number").eq(3)));
        }
    }
}

fn plan(store: &GpkgStore, query: &Query) -> Access {
    store.explain(query).expect("explains").access
}

#[test]
fn a_layer_without_an_r_tree_gives_the_same_by_a_scan() {
    let (_folder, path) = folder();
    let mut runner = TestRunner::deterministic();
    drop(store(&path, &Crs::CRS84, &shapes(&mut runner, 300)));
    let other = other_program(&path);
    other.execute_batch("DELETE FROM gpkg_extensions").expect("is SQL");
    drop(other);
    let store = GpkgStore::open(&path).expect("opens");
    let nearest = Query::layer(SPOTS).nearest(somewhere(&mut runner), Crs::CRS84, 5);
    let fiji = BBox { min_x: 170.0, min_y: -90.0, max_x: -170.0, max_y: 90.0 };
    for query in [nearest, Query::layer(SPOTS).within(fiji)] {
        assert_eq!(plan(&store, &query), Access::Scan);
        assert!(!agree(&store, &query).is_empty());
    }
}

#[test]
fn a_plan_says_which_part_ran_where() {
    let (_folder, path) = folder();
    let mut runner = TestRunner::deterministic();
    let store = store(&path, &Crs::CRS84, &shapes(&mut runner, 300));
    let fiji = BBox { min_x: 170.0, min_y: -90.0, max_x: -170.0, max_y: 90.0 };
    let query = Query::layer(SPOTS)
        .within(fiji)
        .filter(field("number").gt(2) & field("geom").is_valid())
        .order_by(field("number"), Direction::Descending)
        .limit(4);
    let plan = store.explain(&query).expect("explains");
    let Access::SpatialIndex { index, boxes } = &plan.access else { panic!("{plan}") };
    assert_eq!((index.as_str(), boxes.len()), ("rtree_spots_geom", 2));
    assert_eq!((plan.in_store.len(), plan.in_memory.len()), (3, 0), "{plan}");
    assert_eq!((plan.sorted, plan.cut), (Place::Store, Place::Store));
    assert_eq!(plan.returned, 4);
    let text = plan.to_string();
    assert!(text.contains("ORDER BY") && text.contains("LIMIT"), "{text}");
    let nothing = Query::layer(SPOTS).filter(Expr::from(false));
    assert_eq!(self::plan(&store, &nothing), Access::Nothing);
}

#[test]
fn a_geometry_that_cannot_be_read_is_reported_and_the_rest_goes_on() {
    let (_folder, path) = folder();
    let shapes: Vec<String> = (0..20).map(|at| format!("LINESTRING ({at} 0, {at} 1)")).collect();
    drop(store(&path, &Crs::CRS84, &shapes));
    let other = other_program(&path);
    let cut_off = "DROP TRIGGER rtree_spots_geom_update1; \
                   DROP TRIGGER rtree_spots_geom_update3; \
                   UPDATE spots SET geom = substr(geom, 1, 60) WHERE fid = 7";
    other.execute_batch(cut_off).expect("is SQL");
    drop(other);
    let store = GpkgStore::open(&path).expect("opens");
    let long = Query::layer(SPOTS).filter(field("geom").line_length().gt(0)).fields(["number"]);
    let (good, bad): (Vec<_>, Vec<_>) = store.read(&long).expect("reads").partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (19, 1));
    let words = bad[0].as_ref().expect_err("cannot be read").to_string();
    assert!(words.contains("row 7") && words.contains("`geom`"), "{words}");
}
