//! How long it takes to tell that large polygons are valid, whatever their shape.
//!
//! `cargo test --release -p tiepoint-spatial --test validity_speed -- --ignored --nocapture`
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

use tiepoint_core::{Dims, Geometry, GeometryKind, GeometryWriter};
use tiepoint_spatial::validity::fault;

type Ring = Vec<[f64; 2]>;

fn polygon(rings: &[Ring]) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::Polygon, Dims::Xy);
    for ring in rings {
        writer.ring();
        for corner in ring.iter().chain(ring.first()) {
            writer.position(corner);
        }
        writer.end();
    }
    writer.end();
    writer.finish().expect("a polygon")
}

/// A ragged coast.
fn coast(count: u32) -> Vec<Ring> {
    let corner = |index: u32| {
        let angle = f64::from(index) / f64::from(count) * TAU;
        let ragged = f64::from(index.wrapping_mul(7919) % 101) / 1000.0;
        let radius = 1.0 + 0.2 * (angle * 37.0).sin() + ragged;
        [radius * angle.cos(), radius * angle.sin()]
    };
    vec![(0..count).map(corner).collect()]
}

/// Long slanted teeth, each in the boxes of all others.
fn teeth(count: u32) -> Vec<Ring> {
    let tooth = |index: u32| {
        let x = f64::from(index);
        [[x, 0.0], [x + 1e5 + 0.5, 1e5]]
    };
    let base = [[f64::from(count), -1.0], [-1.0, -1.0]];
    vec![(0..count / 2).flat_map(tooth).chain(base).collect()]
}

/// Slivers that all meet in one position.
fn fan(count: u32) -> Vec<Ring> {
    let holes = count / 3;
    let hole = |index: u32| {
        let from = f64::from(index) / f64::from(holes) - 0.5;
        let far = |angle: f64| [1.0 + 1e6 * angle.cos(), 1e6 * angle.sin()];
        vec![[1.0, 0.0], far(from), far(from + 0.5 / f64::from(holes))]
    };
    let shell = vec![[0.0, -1.0], [2e6, -2e6], [2e6, 2e6], [0.0, 1.0]];
    std::iter::once(shell).chain((0..holes).map(hole)).collect()
}

#[test]
#[ignore = "takes time, and needs a release build to be of interest"]
fn a_hundred_thousand_positions_take_less_than_a_second() {
    for (name, rings) in
        [("coast", coast(100_000)), ("teeth", teeth(100_000)), ("fan", fan(100_000))]
    {
        let polygon = polygon(&rings);
        let start = Instant::now();
        assert_eq!(fault(&polygon), None, "{name}");
        let taken = start.elapsed();
        println!("{name}: {} positions in {taken:?}", polygon.num_positions());
        assert!(taken < Duration::from_secs(1), "{name}: {taken:?}");
    }
}
