//! How many positions a second are transformed on one core: run alone, in a release build, with
//! `--ignored --nocapture`.
use std::fs;
use std::hint::black_box;

use tiepoint_core::{Crs, Xy};

use super::Transform;

const COUNT: u32 = 1_000_000;

/// From, to, and where: west, south, east and north of what is timed, in degrees.
const CASES: [(u32, u32, [f64; 4]); 8] = [
    (4326, 3857, [6.0, 46.0, 12.0, 54.0]),
    (4326, 25832, [6.0, 46.0, 12.0, 54.0]),
    (4326, 2056, [6.0, 46.0, 12.0, 54.0]),
    (2056, 4326, [6.0, 46.0, 10.0, 48.0]),
    (4326, 27700, [-6.0, 50.0, 1.0, 58.0]),
    (27700, 4326, [-6.0, 50.0, 1.0, 58.0]),
    (4326, 31466, [6.0, 46.0, 8.0, 54.0]),
    (31466, 25832, [6.0, 46.0, 8.0, 54.0]),
];

#[test]
#[ignore = "a measurement"]
fn positions_a_second() {
    for (from, to, bounds) in CASES {
        let places = places(from, bounds);
        let transform = Transform::new(&Crs::epsg(from), &Crs::epsg(to)).expect("is served");
        let rates = (0..7).map(|_| {
            let mut moved = places.clone();
            let start = cpu_s();
            transform.positions(black_box(&mut moved)).expect("are on the map");
            f64::from(COUNT) / (cpu_s() - start) / 1e6
        });
        let best = rates.fold(0.0, f64::max);
        println!("EPSG:{from} to EPSG:{to}: {best:.2} million positions a second");
    }
}

/// Positions of a CRS that fill the bounds without order.
fn places(crs: u32, [west, south, east, north]: [f64; 4]) -> Vec<Xy> {
    let spread = |index: u32, step: f64| (f64::from(index) * step).fract();
    let mut places: Vec<Xy> = (0..COUNT)
        .map(|index| Xy {
            x: west + (east - west) * spread(index, 0.754_877_666_246_692_7),
            y: south + (north - south) * spread(index, 0.569_840_290_998_053_2),
        })
        .collect();
    let transform = Transform::new(&Crs::CRS84, &Crs::epsg(crs)).expect("is served");
    transform.positions(&mut places).expect("are on the map");
    places
}

/// CPU seconds of this thread.
fn cpu_s() -> f64 {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").expect("runs on Linux");
    let nanoseconds = spent.split(' ').next().and_then(|it| it.parse::<f64>().ok());
    nanoseconds.expect("is a number") / 1e9
}
