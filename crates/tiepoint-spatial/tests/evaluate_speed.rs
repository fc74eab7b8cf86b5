//! How fast expressions are evaluated: `cargo test --release -p tiepoint-spatial --test
//! evaluate_speed -- --ignored --nocapture --test-threads 1`.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "prints measurements")]
use std::hint::black_box;

use tiepoint_core::{
    Bound, Crs, Expr, Feature, Field, FieldType, Geometry, GeometryType, KindRule, Metres, Schema,
    field, place,
};
use tiepoint_spatial::{Evaluator, Row};

const ROWS: usize = 200_000;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 32) as f64 / f64::from(u32::MAX)
    }
}

fn schema(crs: Crs) -> Schema {
    Schema::new(vec![
        Field::new("category", FieldType::TEXT),
        Field::new("size", FieldType::INT),
        Field::new("geom", FieldType::Geometry(GeometryType::xy(KindRule::Any, crs))),
    ])
    .expect("distinct names")
}

fn row(schema: &Schema, category: usize, geometry: &str) -> Feature {
    let mut row = Feature::new(schema.clone());
    row.set("category", ["x", "y", "school", "shop", "house"][category % 5].into()).expect("fits");
    row.set("size", i64::try_from(category).expect("small").into()).expect("fits");
    row.set("geom", Geometry::from_wkt(geometry).expect("is WKT").into()).expect("fits");
    row
}

/// Points in a square around (8.5, 47.4), as wide as that in degrees.
fn points(schema: &Schema, width: f64) -> Vec<Feature> {
    let mut numbers = Numbers(7);
    let mut at = |middle: f64| middle + (numbers.next() - 0.5) * width;
    (0..ROWS).map(|it| row(schema, it, &format!("POINT ({} {})", at(8.5), at(47.4)))).collect()
}

/// A star-shaped ring of so many positions.
fn star(x: f64, y: f64, radius: f64, count: usize) -> String {
    let mut numbers = Numbers(count as u64);
    let corner = |at: usize, radius: f64| {
        let angle =
            std::f64::consts::TAU * f64::from(u32::try_from(at).expect("few")) / count as f64;
        format!("{} {}", x + radius * angle.cos(), y + radius * angle.sin())
    };
    let mut corners: Vec<_> =
        (0..count).map(|at| corner(at, radius * (0.8 + 0.2 * numbers.next()))).collect();
    corners.push(corners[0].clone());
    format!("POLYGON (({}))", corners.join(","))
}

/// Seconds that this thread has been running: others on the machine make no difference.
fn seconds() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedule.and_then(|it| it.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.expect("Linux tells how long a thread has been running") * 1e-9
}

fn measure(name: &str, evaluator: &Evaluator, rows: &[impl Row]) {
    let mut best = f64::INFINITY;
    let mut passing = 0;
    for _ in 0..10 {
        let start = seconds();
        passing = rows.iter().filter(|row| black_box(evaluator).is_true(*row)).count();
        best = best.min((seconds() - start) / rows.len() as f64);
    }
    let millions = 1e-6 / best;
    println!("{name}: {millions:.1} million/s, {passing} of {} pass", rows.len());
}

fn bind(expr: &Expr, schema: &Schema) -> Bound {
    expr.bind_filter(schema).expect("fits")
}

#[test]
#[ignore = "a benchmark"]
fn category_and_distance() {
    let schema = schema(Crs::CRS84);
    let here = || place(Geometry::from_wkt("POINT (8.5 47.4)").expect("is WKT"), Crs::CRS84);
    let near = |metres| field("geom").within_distance(here(), Metres(metres));
    for (name, width) in [("10 km", 0.13), ("1.5 km", 0.02), ("1 m", 0.000_01)] {
        let rows = points(&schema, width);
        let filters = [
            field("category").eq("x"),
            field("category").eq("x") & near(1_000.0),
            near(1_000.0),
            field("size").gt(2).and(near(1_000.0)),
        ];
        for filter in filters {
            let evaluator = Evaluator::new(&bind(&filter, &schema)).expect("is served");
            measure(&format!("{filter} over points in {name}"), &evaluator, &rows);
        }
    }
}

#[test]
#[ignore = "a benchmark"]
fn district_and_polygons() {
    let crs = Crs::epsg(25832);
    let schema = schema(crs.clone());
    let district = star(500_000.0, 5_500_000.0, 2_000.0, 200);
    let district = Geometry::from_wkt(&district).expect("is WKT");
    for (name, width) in [("extent", 4_000.0), ("half again", 6_000.0), ("10 times", 20_000.0)] {
        let mut numbers = Numbers(3);
        let mut at = |middle: f64| middle + (numbers.next() - 0.5) * width;
        let rows: Vec<_> = (0..ROWS / 2)
            .map(|it| row(&schema, it, &star(at(500_000.0), at(5_500_000.0), 10.0, 20)))
            .collect();
        let filter = field("geom").intersects(place(district.clone(), crs.clone()));
        let evaluator = Evaluator::new(&bind(&filter, &schema)).expect("is served");
        measure(&format!("20-vertex polygons over {name} of a district"), &evaluator, &rows);
        let prepared = tiepoint_spatial::relate::Prepared::new(&district);
        let start = seconds();
        let geometries = rows.iter().filter_map(|row| row.geometry());
        let intersects = tiepoint_core::SpatialPredicate::Intersects;
        let count = geometries.filter(|it| prepared.matches(intersects, it)).count();
        let engine = (seconds() - start) / rows.len() as f64;
        println!("  the engine alone: {:.1} million/s, {count}", 1e-6 / engine);
    }
}

#[test]
#[ignore = "a benchmark"]
fn making_evaluators() {
    let schema = schema(Crs::CRS84);
    let here = place(Geometry::from_wkt("POINT (8.5 47.4)").expect("is WKT"), Crs::CRS84);
    let filters = [
        field("size").gt(5),
        field("category").eq("x") & field("size").between(1, 100) & field("size").ne(7),
        field("category").like("a%b") | field("size").is_in([1, 2, 3]),
        field("category").eq("x") & field("geom").within_distance(here.clone(), Metres(1_000.0)),
        field("geom").intersects(here),
    ];
    for filter in filters {
        let bound = bind(&filter, &schema);
        let start = seconds();
        for _ in 0..20_000 {
            black_box(Evaluator::new(black_box(&bound)).expect("is served"));
        }
        println!("{filter}: {:.2} µs", (seconds() - start) * 50.0);
    }
}

#[test]
#[ignore = "a benchmark"]
fn other_expressions() {
    let schema = schema(Crs::CRS84);
    let rows = points(&schema, 0.13);
    let filters = [
        (field("size") * 2 + 1).gt(5),
        field("category").like("s%o_%l%"),
        field("category").casei().eq("school"),
        field("category").matches("^s.*l$"),
        field("category").is_in(["school", "shop"]),
        field("geom").x().gt(8.5),
        field("geom").meets_box("8.4,47.4,8.6,47.5".parse().expect("a box"), Crs::CRS84),
        field("geom").transform(Crs::epsg(25832)).x().gt(500_000),
    ];
    for filter in filters {
        let evaluator = Evaluator::new(&bind(&filter, &schema)).expect("is served");
        measure(&filter.to_string(), &evaluator, &rows);
    }
}
