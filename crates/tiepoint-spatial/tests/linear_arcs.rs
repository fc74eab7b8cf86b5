//! Arcs become segments that stay on the arc, whichever way it is told.
use std::borrow::Cow;

use proptest::prelude::*;
use tiepoint_core::testing::arb_geometry;
use tiepoint_core::{Dims, Geometry, GeometryKind, GeometryWriter, Position};
use tiepoint_spatial::linear::linear;

fn read(wkt: &str) -> Geometry {
    Geometry::from_wkt(wkt).expect(wkt)
}

fn linear_wkt(wkt: &str) -> String {
    linear(&read(wkt)).to_wkt()
}

fn circular_string(positions: &[[f64; 4]]) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::CircularString, Dims::Xyzm);
    for position in positions {
        writer.position(position);
    }
    writer.end();
    writer.finish().expect("an arc")
}

fn positions(line: &Geometry) -> Vec<Position> {
    line.as_ref().positions().iter().collect()
}

#[test]
fn geometries_without_curves_are_lent_as_they_are() {
    for wkt in [
        "POINT (1 2)",
        "LINESTRING (0 0,1 1)",
        "POLYGON ((0 0,1 0,1 1,0 0))",
        "MULTIPOINT (1 2)",
        "MULTILINESTRING ((0 0,1 1))",
        "MULTIPOLYGON (((0 0,1 0,1 1,0 0)))",
        "GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POINT (1 2)),LINESTRING EMPTY)",
    ] {
        assert!(matches!(linear(&read(wkt)), Cow::Borrowed(_)), "{wkt}");
    }
}

#[test]
fn every_kind_becomes_its_counterpart_without_curves() {
    for (from, to) in [
        ("CIRCULARSTRING EMPTY", "LINESTRING EMPTY"),
        ("CIRCULARSTRING (0 0,1 1,3 3)", "LINESTRING (0 0,1 1,3 3)"),
        (
            "COMPOUNDCURVE ((0 0,1 0),CIRCULARSTRING (1 0,2 0,3 0),(3 0,3 1))",
            "LINESTRING (0 0,1 0,2 0,3 0,3 1)",
        ),
        ("CURVEPOLYGON ((0 0,1 0,1 1,0 0))", "POLYGON ((0 0,1 0,1 1,0 0))"),
        ("CURVEPOLYGON EMPTY", "POLYGON EMPTY"),
        ("MULTICURVE ((0 0,1 1),COMPOUNDCURVE EMPTY)", "MULTILINESTRING ((0 0,1 1),EMPTY)"),
        (
            "MULTISURFACE (((0 0,1 0,1 1,0 0)),CURVEPOLYGON ((0 0,1 0,1 1,0 0)))",
            "MULTIPOLYGON (((0 0,1 0,1 1,0 0)),((0 0,1 0,1 1,0 0)))",
        ),
        ("TRIANGLE ((0 0,1 0,1 1,0 0))", "POLYGON ((0 0,1 0,1 1,0 0))"),
        ("TIN (((0 0,1 0,1 1,0 0)))", "MULTIPOLYGON (((0 0,1 0,1 1,0 0)))"),
        (
            "POLYHEDRALSURFACE Z (((0 0 1,1 0 1,1 1 1,0 0 1)))",
            "MULTIPOLYGON Z (((0 0 1,1 0 1,1 1 1,0 0 1)))",
        ),
        (
            "GEOMETRYCOLLECTION (POINT (1 2),GEOMETRYCOLLECTION (CIRCULARSTRING (0 0,1 1,2 2)))",
            "GEOMETRYCOLLECTION (POINT (1 2),GEOMETRYCOLLECTION (LINESTRING (0 0,1 1,2 2)))",
        ),
    ] {
        assert_eq!(linear_wkt(from), to, "{from}");
    }
}

#[test]
fn a_quarter_circle_becomes_thirty_two_segments() {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let quarter = read(&format!("CIRCULARSTRING (1 0,{half} {half},0 1)"));
    let line = linear(&quarter).into_owned();
    assert_eq!(line.num_positions(), 33);
    let middle = line.as_ref().positions().get(16).expect("the middle");
    assert!((middle.x() - half).abs() < 1e-15 && (middle.y() - half).abs() < 1e-15, "{middle:?}");
}

#[test]
fn equal_ends_make_the_full_circle_around_the_half_way_point() {
    let circle = read("CIRCULARSTRING (0 0,2 0,0 0)");
    let line = linear(&circle).into_owned();
    assert_eq!(line.num_positions(), 129);
    for at in line.as_ref().positions().xy() {
        assert!(((at.x - 1.0).hypot(at.y) - 1.0).abs() < 1e-15, "{at:?}");
    }
}

#[test]
fn a_ring_without_extent_still_closes() {
    assert_eq!(
        linear_wkt("CURVEPOLYGON (CIRCULARSTRING (1 1,1 1,1 1))"),
        "POLYGON ((1 1,1 1,1 1,1 1))"
    );
}

#[test]
fn an_arc_nearly_straight_does_not_jump() {
    // bulges by 1e-9 on a chord of 2e5, far from the origin: its centre is 5e18 away
    let line =
        linear(&read("CIRCULARSTRING (500000 6000000,600000 6000000.000000001,700000 6000000)"))
            .into_owned();
    for at in line.as_ref().positions().xy() {
        assert!((at.y - 6_000_000.0).abs() < 2e-9 && (5e5..=7e5).contains(&at.x), "{at:?}");
    }
}

#[test]
fn heights_and_measures_change_evenly_to_the_middle_and_on_to_the_end() {
    let line = linear(&circular_string(&[
        [1.0, 0.0, 0.0, 5.0],
        [0.0, 1.0, 8.0, 5.0],
        [-1.0, 0.0, 8.0, f64::NAN],
    ]))
    .into_owned();
    let line = positions(&line);
    let (z, m) = (|at: usize| line[at].z().expect("a z"), |at: usize| line[at].m().expect("an m"));
    assert!((z(8) - 2.0).abs() < 1e-12 && (z(48) - 8.0).abs() < 1e-12, "{line:?}");
    assert!((m(8) - 5.0).abs() < 1e-12 && m(48).is_nan(), "{line:?}");
}

#[test]
fn masses_of_arcs_get_fewer_segments() {
    let arcs = (0..=1_000_000).map(|x| [f64::from(x), f64::from(x % 2), 0.0, 0.0]);
    let line = linear(&circular_string(&arcs.collect::<Vec<_>>())).into_owned();
    assert_eq!(line.num_positions(), 500_000 * 4 + 1);
}

/// Three positions on a circle with a radius of 100 around (1000, 2000), in order along it.
fn arb_arc() -> impl Strategy<Value = [[f64; 4]; 3]> {
    let angles = (0.0..std::f64::consts::TAU, 0.01..3.1_f64, 0.01..3.1_f64, any::<bool>());
    angles.prop_map(|(from, before, after, clockwise)| {
        let turn = if clockwise { -1.0 } else { 1.0 };
        [0.0, before, before + after].map(|angle| {
            let (sin, cos) = (from + turn * angle).sin_cos();
            [1000.0 + 100.0 * cos, 2000.0 + 100.0 * sin, angle, -angle]
        })
    })
}

proptest! {
    #[test]
    fn segments_are_within_the_sagitta_of_the_arc(arc in arb_arc()) {
        let line = linear(&circular_string(&arc)).into_owned();
        let line = positions(&line);
        prop_assert_eq!([line[0].ordinates(), line[line.len() - 1].ordinates()], [&arc[0], &arc[2]]);
        let sagitta = 100.0 * (1.0 - (std::f64::consts::FRAC_PI_4 / 32.0).cos());
        prop_assert!(sagitta < 100.0 * 0.000_302);
        for pair in line.windows(2) {
            let radius = |x: f64, y: f64| (x - 1000.0).hypot(y - 2000.0);
            prop_assert!((radius(pair[0].x(), pair[0].y()) - 100.0).abs() < 1e-9);
            let middle = radius(pair[0].x().midpoint(pair[1].x()), pair[0].y().midpoint(pair[1].y()));
            prop_assert!(100.0 - middle < sagitta + 1e-9 && middle < 100.0 + 1e-9);
        }
        // angles of the arc are its heights, so these grow evenly along it
        let step = arc[2][2] / f64::from(u32::try_from(line.len() - 1).expect("few"));
        for pair in line.windows(2) {
            let grown = pair[1].z().zip(pair[0].z()).map(|(to, from)| to - from);
            prop_assert!(grown.is_some_and(|grown| (grown - step).abs() < 1e-9));
        }
    }

    #[test]
    fn the_reversed_arc_is_the_reversed_line(arc in arb_arc()) {
        let [start, middle, end] = arc;
        let there = linear(&circular_string(&[start, middle, end])).into_owned();
        let back = linear(&circular_string(&[end, middle, start])).into_owned();
        let bits = |at: &Position| at.ordinates().iter().map(|o| o.to_bits()).collect::<Vec<_>>();
        let there: Vec<_> = positions(&there).iter().map(bits).collect();
        let back: Vec<_> = positions(&back).iter().rev().map(bits).collect();
        prop_assert_eq!(there, back);
    }

    #[test]
    fn any_geometry_becomes_linear_and_stays_so(geometry in arb_geometry()) {
        let once = linear(&geometry).into_owned();
        prop_assert_eq!(once.dims(), geometry.dims());
        prop_assert_eq!(once.is_empty(), geometry.is_empty());
        prop_assert!(matches!(linear(&once), Cow::Borrowed(_)));
    }
}
