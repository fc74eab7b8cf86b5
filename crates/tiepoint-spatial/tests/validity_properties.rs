//! Validity is decided for whatever there is, and however it is told.
use proptest::collection::vec;
use proptest::prelude::*;
use tiepoint_core::testing::arb_geometry;
use tiepoint_core::{Geometry, Xy};
use tiepoint_spatial::validity::{Reason, fault, is_valid};

fn read(wkt: &str) -> Geometry {
    Geometry::from_wkt(wkt).expect(wkt)
}

#[test]
fn every_reason_is_told_with_its_place() {
    for (wkt, told) in [
        ("LINESTRING (1 2,1 2)", "Too few points in geometry component at POINT (1 2)"),
        ("POLYGON ((0 0,1 1,0 0,0 0))", "Too few points in geometry component at POINT (0 0)"),
        ("POLYGON ((0 0,2 2,2 0,0 2,0 0))", "Self-intersection at POINT (1 1)"),
        ("POLYGON ((0 0,4 0,6 0,4 0,4 4,0 0))", "Ring Self-intersection at POINT (4 0)"),
        ("POLYGON ((0 0,4 0,2 2,4 4,0 4,2 2,0 0))", "Ring Self-intersection at POINT (2 2)"),
        (
            "POLYGON ((0 0,4 0,4 4,0 4,0 0),(5 5,7 6,8 8,5 5))",
            "Hole lies outside shell at POINT (5 5)",
        ),
        (
            "POLYGON ((0 0,9 0,9 9,0 9,0 0),(1 1,8 1,8 8,1 8,1 1),(2 2,3 2,3 3,2 2))",
            "Holes are nested at POINT (2 2)",
        ),
        (
            "MULTIPOLYGON (((0 0,4 0,4 4,0 4,0 0)),((1 1,3 1,3 3,1 3,1 1)))",
            "Nested shells at POINT (1 1)",
        ),
        (
            "POLYGON ((0 0,4 0,4 4,0 4,0 0),(0 0,2 1,4 4,1 2,0 0))",
            "Interior is disconnected at POINT (4 4)",
        ),
        ("CURVEPOLYGON (CIRCULARSTRING (0 0,1 1,2 0,1 1,0 0))", "Self-intersection at POINT (0 0)"),
        (
            "GEOMETRYCOLLECTION (POINT (1 1),MULTILINESTRING ((0 0,1 1),(3 3,3 3)))",
            "Too few points in geometry component at POINT (3 3)",
        ),
    ] {
        let fault = fault(&read(wkt)).map(|fault| fault.to_string());
        assert_eq!(fault.as_deref(), Some(told), "{wkt}");
    }
}

#[test]
fn what_the_standard_allows_is_valid() {
    for wkt in [
        "POINT EMPTY",
        "MULTIPOINT ((1 1),(1 1))",
        "LINESTRING (0 0,2 2,2 0,0 2)",
        "POLYGON EMPTY",
        "MULTIPOLYGON (EMPTY,((0 0,1 0,1 1,0 0)))",
        "GEOMETRYCOLLECTION (POLYGON ((0 0,2 0,2 2,0 0)),POLYGON ((0 0,2 0,2 2,0 0)))",
        // a hole may touch the shell, once
        "POLYGON ((0 0,4 0,4 4,0 4,0 0),(0 0,3 1,1 3,0 0))",
        // an island in a lake touches its shore, once
        "MULTIPOLYGON (((0 0,9 0,9 9,0 9,0 0),(1 1,8 1,8 8,1 8,1 1)),((1 1,4 3,3 4,1 1)))",
        "POLYGON Z ((0 0 1,1 0 2,1 1 3,0 0 9))",
        "CURVEPOLYGON (CIRCULARSTRING (0 0,2 0,0 0))",
        "TIN (((0 0,1 0,1 1,0 0)),((0 0,1 1,0 1,0 0)))",
        "POLYHEDRALSURFACE (((0 0,1 0,1 1,0 1,0 0)),((1 0,2 0,2 1,1 1,1 0)))",
    ] {
        assert_eq!(fault(&read(wkt)), None, "{wkt}");
    }
}

#[test]
fn a_millionth_of_a_millionth_decides() {
    // the hole's tip is on the diagonal, a step of the last digit below it, or above
    let hole =
        |y: f64| format!("POLYGON ((0 0,1 0.1,0 1,0 0),(0.5 {y:?},0.3 0.4,0.2 0.3,0.5 {y:?}))");
    let on = 0.5 * 0.1;
    assert!(is_valid(&read(&hole(on))) && is_valid(&read(&hole(on.next_up()))));
    assert!(!is_valid(&read(&hole(on.next_down()))));
}

#[test]
fn size_does_not_matter() {
    for size in [1e-320, 1e-300, 1e-160, 1.0, 1e160, 1e308] {
        let scaled = |corners: &[(f64, f64)]| {
            let corner = |(x, y): &(f64, f64)| format!("{:e} {:e}", x * size, y * size);
            let corners: Vec<_> = corners.iter().map(corner).collect();
            read(&format!("POLYGON (({}))", corners.join(",")))
        };
        let square = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)];
        assert_eq!(fault(&scaled(&square)), None, "{size}");
        let bow_tie = [square[0], square[2], square[1], square[3], square[0]];
        let fault = fault(&scaled(&bow_tie)).expect("crosses itself");
        assert_eq!(
            (fault.reason, fault.at),
            (Reason::SelfIntersection, Xy { x: 0.0, y: 0.0 }),
            "{size}"
        );
    }
}

#[test]
fn long_segments_side_by_side_take_no_time() {
    // each is in the boxes of all others: looking at pairs would take minutes
    let teeth = (0..50_000).map(|x| format!("{x} 0,{}.5 100000", x + 100_000));
    let teeth: Vec<_> = teeth.collect();
    let zigzag = format!("POLYGON ((-1 -1,{},150000 -1,-1 -1))", teeth.join(","));
    assert_eq!(fault(&read(&zigzag)), None);
}

type Corners = Vec<(i32, i32)>;

fn polygons(polygons: &[Vec<Corners>]) -> Geometry {
    let ring = |corners: &Corners| {
        let corners = corners.iter().chain(corners.first());
        let corners: Vec<_> = corners.map(|(x, y)| format!("{x} {y}")).collect();
        format!("({})", corners.join(","))
    };
    let polygon = |rings: &Vec<Corners>| {
        format!("({})", rings.iter().map(ring).collect::<Vec<_>>().join(","))
    };
    let polygons: Vec<_> = polygons.iter().map(polygon).collect();
    read(&format!("MULTIPOLYGON ({})", polygons.join(",")))
}

/// Small shapes on a small grid, which touch and overlap in every way.
fn arb_polygons() -> impl Strategy<Value = Vec<Vec<Corners>>> {
    let corner = || (0..8, 0..8);
    let box_ring = (corner(), 1..8, 1..8).prop_map(|((x, y), width, height)| {
        vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    });
    let any_ring = vec(corner(), 3..7);
    let ring = prop_oneof![box_ring, vec(corner(), 3..4), any_ring];
    vec(vec(ring, 1..4), 1..4)
}

/// Whether a position is on a segment, up to rounding: the ways past it are as long.
fn is_on(at: Xy, from: (i32, i32), to: (i32, i32)) -> bool {
    let [from, to] = [from, to].map(|(x, y)| (f64::from(x), f64::from(y)));
    let past = (at.x - from.0).hypot(at.y - from.1) + (at.x - to.0).hypot(at.y - to.1);
    (past - (from.0 - to.0).hypot(from.1 - to.1)).abs() < 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_geometry_gets_a_verdict(geometry in arb_geometry()) {
        if let Some(fault) = fault(&geometry) {
            prop_assert!(fault.at.x.is_finite() && fault.at.y.is_finite(), "{fault}");
        } else {
            prop_assert!(is_valid(&geometry));
        }
    }

    #[test]
    fn faults_are_on_the_boundary(told in arb_polygons()) {
        if let Some(fault) = fault(&polygons(&told)) {
            let rings = told.iter().flatten();
            let mut segments = rings.flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
            prop_assert!(segments.any(|(from, to)| is_on(fault.at, *from, *to)), "{fault}");
        }
    }

    #[test]
    fn how_rings_are_told_does_not_matter(
        mut told in arb_polygons(),
        start in 0..7_usize,
        backward in any::<bool>(),
        turned in any::<bool>(),
    ) {
        let geometry = polygons(&told);
        let before = fault(&geometry).map(|fault| fault.reason);
        for (index, ring) in told.iter_mut().flatten().enumerate() {
            let start = (start + index) % ring.len();
            ring.rotate_left(start);
            if backward != (index % 2 == 0) {
                ring.reverse();
            }
            if let Some(first) = ring.first().copied().filter(|_| backward) {
                ring.insert(0, first);
            }
        }
        told.reverse();
        for rings in &mut told {
            rings[1..].reverse();
        }
        let same = fault(&polygons(&told)).map(|fault| fault.reason);
        prop_assert_eq!(before, same);
        if turned {
            // swept in another direction, so another fault may be met first
            for (x, y) in told.iter_mut().flatten().flatten() {
                (*x, *y) = (-*y, *x);
            }
            prop_assert_eq!(before.is_some(), fault(&polygons(&told)).is_some());
        }
    }
}
