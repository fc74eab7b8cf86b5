//! Shifts between datums come out as `proj4rs` computes them, everywhere on Earth.
use std::f64::consts::{FRAC_PI_2, PI, TAU};

use proj4rs::Proj;
use proj4rs::transform::transform;
use tiepoint_core::Crs;

use super::datum::Datum;
use super::definition::Definition;
use super::served;
use super::side::{Ends, Side};

/// How far apart, in radians on the ground: 10 nanometres.
const NEAR_RAD: f64 = 1.6e-15;

/// The same in a plane, in metres.
const NEAR_M: f64 = 1e-8;

fn side(crs: &Crs) -> Side {
    Definition::of(crs).and_then(|it| it.side()).unwrap_or_else(|error| panic!("{error}"))
}

/// Longitudes and latitudes of the datum of a CRS.
fn geographic(crs: &Crs) -> Side {
    let proj = Definition::of(crs).expect("is served").proj;
    side_of(&format!("+proj=longlat +axis=enu +pm=0 {proj}"))
}

fn side_of(proj: &str) -> Side {
    let made = Proj::from_proj_string(proj).expect("is well-formed");
    Side::new(made, Datum::of(proj)).expect("has lengths")
}

/// All over the Earth, with poles and antimeridians, in radians.
fn places() -> Vec<(f64, f64)> {
    let lons = (-12..=12).map(|step: i32| f64::from(step) * 15.0);
    let at = |lon: f64| {
        let near_poles = [-89.999, -89.9, -0.001, 33.3, 47.1, 89.9, 89.999_999_9];
        let lats = (-9..=9).map(|step: i32| f64::from(step) * 10.0).chain(near_poles);
        lats.map(move |lat| (lon.to_radians(), lat.to_radians())).collect::<Vec<_>>()
    };
    lons.flat_map(at).collect()
}

/// The way that `proj4rs` goes.
fn by_proj4rs(from: &Side, to: &Side, mut places: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    transform(&from.proj, &to.proj, places.as_mut_slice()).expect("are on Earth");
    places
}

fn by_us(ends: &Ends, mut places: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    ends.convert(&mut places).expect("are on Earth");
    places
}

/// How far apart on the ground, in radians.
fn apart(one: (f64, f64), other: (f64, f64)) -> f64 {
    let turn = (one.0 - other.0).abs();
    let turn = turn.min((turn - TAU).abs()) * one.1.cos();
    turn.hypot(one.1 - other.1)
}

fn farthest(ours: &[(f64, f64)], theirs: &[(f64, f64)]) -> f64 {
    let pairs = ours.iter().zip(theirs);
    pairs.map(|(one, other)| apart(*one, *other)).fold(0.0, f64::max)
}

#[test]
fn every_shift_of_a_served_code_is_computed_here_and_as_proj4rs_does() {
    let (wgs84, places) = (geographic(&Crs::CRS84), places());
    let mut shifted = 0;
    for crs in served().map(Crs::epsg) {
        let datum = geographic(&crs);
        for (from, to) in [(&wgs84, &datum), (&datum, &wgs84)] {
            let theirs = by_proj4rs(from, to, places.clone());
            let ends = Ends::new(from.clone(), to.clone());
            assert_eq!(ends.shift.is_some(), theirs != places, "{crs}");
            let ours = by_us(&ends, places.clone());
            assert!(ours.iter().all(|(lon, lat)| lon.abs() <= PI && lat.abs() <= FRAC_PI_2));
            let far = farthest(&ours, &theirs);
            assert!(far <= NEAR_RAD, "{crs}: {far:e}");
            shifted += usize::from(ends.shift.is_some());
        }
    }
    assert!(shifted >= 3000, "{shifted}");
}

#[test]
fn shifts_between_two_datums_go_through_wgs84_as_those_of_proj4rs_do() {
    let places = places();
    let mut datums: Vec<Side> = served().map(|code| geographic(&Crs::epsg(code))).collect();
    datums.retain(|side| side.datum.is_some());
    datums.dedup_by_key(|side| side.datum.as_ref().map(|it| it.helmert.translation_m));
    let mut shifted = 0;
    for pair in datums.windows(2) {
        let ends = Ends::new(pair[0].clone(), pair[1].clone());
        let theirs = by_proj4rs(&pair[0], &pair[1], places.clone());
        let far = farthest(&by_us(&ends, places.clone()), &theirs);
        assert!(far <= NEAR_RAD, "{far:e}");
        shifted += usize::from(ends.shift.is_some());
    }
    assert!(shifted >= 100, "{shifted}");
}

#[test]
fn eastings_and_northings_come_out_as_those_of_proj4rs_do() {
    for (from, to, centre) in [
        (4326, 2056, (8.0, 47.0)),
        (4326, 27700, (-2.0, 53.0)),
        (4326, 31466, (6.5, 51.0)),
        (4326, 28992, (5.5, 52.0)),
        (4326, 31370, (4.5, 50.5)),
        (4326, 27572, (2.0, 47.0)),
        (31466, 25832, (6.5, 51.0)),
        (27700, 29902, (-5.0, 54.5)),
    ] {
        let (from, to) = (side(&Crs::epsg(from)), side(&Crs::epsg(to)));
        let wgs84 = side(&Crs::CRS84);
        let near = |step: i32| (f64::from(step % 31) / 15.0, f64::from(step % 37) / 18.0);
        let near = (0..1147).map(|step| (centre.0 + near(step).0, centre.1 + near(step).1));
        let near = near.map(|(lon, lat)| (lon.to_radians(), lat.to_radians())).collect();
        let start = by_proj4rs(&wgs84, &from, near);
        let theirs = by_proj4rs(&from, &to, start.clone());
        let ends = Ends::new(from, to);
        let ours = by_us(&ends, start.clone());
        let pairs = || ours.iter().zip(&theirs);
        let far = pairs().map(|(one, other)| (one.0 - other.0).hypot(one.1 - other.1));
        let far = far.fold(0.0, f64::max);
        assert!(far <= NEAR_M, "{far:e} m at {centre:?}");
    }
}

#[test]
fn what_proj4rs_reads_otherwise_or_leads_off_the_earth_is_left_to_it() {
    let wgs84 = geographic(&Crs::CRS84);
    for proj in [
        "+proj=longlat +ellps=bessel +towgs84=200000,0,0",
        "+proj=longlat +ellps=bessel +towgs84=1,2,3,4,5,6,1e9",
        "+proj=longlat +ellps=bessel +towgs84=nan,2,3",
        "+proj=longlat +a=1000000 +rf=200 +towgs84=1,2,3",
        "+proj=longlat +ellps=bessel +towgs84=\"300, 0, 0\"",
        "+proj=longlat +ellps=bessel +title=\"a +towgs84=0,0,300 b\" +towgs84=300,0,0",
    ] {
        let ends = Ends::new(wgs84.clone(), side_of(proj));
        assert!(ends.shift.is_none(), "{proj}");
        let mut places = [(0.1, 0.8), (-2.0, -0.3)];
        let mut theirs = places;
        let is_on_earth = ends.convert(&mut places).is_some();
        let by_them = transform(&ends.from.proj, &ends.to.proj, theirs.as_mut_slice());
        assert_eq!(is_on_earth, by_them.is_ok(), "{proj}");
        let bits = |it: (f64, f64)| (it.0.to_bits(), it.1.to_bits());
        assert_eq!(places.map(bits), theirs.map(bits), "{proj}");
    }
}

#[test]
fn a_latitude_beyond_a_pole_is_not_shifted() {
    let shift = Ends::new(geographic(&Crs::CRS84), geographic(&Crs::epsg(27700))).shift;
    let shift = shift.expect("is computed here");
    for lat in [1.58, -1.6, f64::INFINITY, f64::NAN] {
        assert_eq!(shift.apply(&mut [(0.0, lat)]), None, "{lat}");
    }
    let rounded = FRAC_PI_2 + 1e-9;
    assert!(shift.apply(&mut [(0.0, rounded), (9.0, -rounded)]).is_some());
}
