//! Simplified geometries have fewer positions, near enough to the others, and stay valid if asked.
use proptest::collection::vec;
use proptest::prelude::*;
use tiepoint_core::testing::arb_geometry;
use tiepoint_core::{Dims, Geometry, GeometryKind, GeometryRef, GeometryWriter, Parts, Positions};
use tiepoint_spatial::linear::linear;
use tiepoint_spatial::simplify::{simplify, simplify_preserving};
use tiepoint_spatial::validity::is_valid;

fn read(wkt: &str) -> Geometry {
    Geometry::from_wkt(wkt).expect(wkt)
}

#[test]
fn each_kind_is_simplified_part_by_part() {
    for (from, tolerance, to) in [
        ("POINT (1 2)", 9.0, "POINT (1 2)"),
        ("MULTIPOINT ((1 2),(1 2))", 9.0, "MULTIPOINT ((1 2),(1 2))"),
        ("LINESTRING (0 0,1 0.1,2 0)", 0.1, "LINESTRING (0 0,2 0)"),
        ("LINESTRING (0 0,1 0.1,2 0)", 0.09, "LINESTRING (0 0,1 0.1,2 0)"),
        ("LINESTRING (0 0,1 0,2 0,2 1)", 0.0, "LINESTRING (0 0,2 0,2 1)"),
        ("LINESTRING (0 0,3 0,2 0)", 0.0, "LINESTRING (0 0,3 0,2 0)"),
        ("LINESTRING EMPTY", 1.0, "LINESTRING EMPTY"),
        ("POLYGON EMPTY", 1.0, "POLYGON EMPTY"),
        (
            "POLYGON M ((0 0 1,5 0 2,9 0 3,9 9 4,0 9 5,0 0 6))",
            1.0,
            "POLYGON M ((0 0 1,9 0 3,9 9 4,0 9 5,0 0 6))",
        ),
        ("POLYGON ((0 0,1 0,1 1,0 1,0 0))", 50.0, "POLYGON ((0 0,1 0,1 1,0 0))"),
        ("POLYGON ((1 1,1 1,1 1,1 1,1 1))", 1.0, "POLYGON ((1 1,1 1,1 1,1 1))"),
        (
            "GEOMETRYCOLLECTION (POINT EMPTY,MULTILINESTRING ((0 0,1 0,2 0)))",
            1.0,
            "GEOMETRYCOLLECTION (POINT EMPTY,MULTILINESTRING ((0 0,2 0)))",
        ),
        ("TRIANGLE ((0 0,1 0,1 1,0 0))", 1.0, "POLYGON ((0 0,1 0,1 1,0 0))"),
    ] {
        assert_eq!(simplify(&read(from), tolerance).to_wkt(), to, "{from}");
    }
}

#[test]
fn what_is_no_tolerance_changes_nothing() {
    let curve = read("GEOMETRYCOLLECTION (CIRCULARSTRING (0 0,1 1,2 0),LINESTRING (0 0,1 0,2 0))");
    for tolerance in [-1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(simplify(&curve, tolerance), curve);
        assert_eq!(simplify_preserving(&curve, tolerance), curve);
    }
}

#[test]
fn a_line_that_splits_off_one_position_at_a_time_is_no_trouble() {
    // every split leaves all but one position on one side
    let height = |x: u32| if x.is_multiple_of(2) { 0.0 } else { 1e6 - f64::from(x) };
    let positions = (0..8000_u32).map(|x| [f64::from(x), height(x)]);
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::LineString, Dims::Xy);
    for position in positions {
        writer.position(&position);
    }
    writer.end();
    let comb = writer.finish().expect("a line");
    assert_eq!(simplify(&comb, 1.0).num_positions(), 8000);
}

#[test]
fn valid_lines_and_polygons_stay_valid_where_plain_simplifying_breaks_them() {
    for (wkt, tolerance) in [
        ("LINESTRING (0 0,1 1,0 0)", 5.0),
        ("POLYGON ((0 0,5 -4,10 0,10 9,6 9,5 -2,4 9,0 9,0 0))", 4.5),
        ("POLYGON ((0 0,10 0,10 10,5 11,0 10,0 0),(4 10.2,6 10.2,5 10.4,4 10.2))", 1.0),
        (
            "MULTIPOLYGON (((0 0,10 0,10 10,5 11.8,0 10,0 0)),((0 20,0 10.5,5 12,10 10.5,10 20,0 20)))",
            1.6,
        ),
    ] {
        let geometry = read(wkt);
        assert!(is_valid(&geometry) && !is_valid(&simplify(&geometry, tolerance)), "{wkt}");
        assert!(is_valid(&simplify_preserving(&geometry, tolerance)), "{wkt}");
    }
}

#[test]
fn one_polygon_in_trouble_leaves_the_others_simple() {
    let troubled = "((0 0,5 -4,10 0,10 9,6 9,5 -2,4 9,0 9,0 0))";
    let plain = "((20 0,25 0.1,30 0,30 9,20 9,20 0))";
    let both = read(&format!("MULTIPOLYGON ({troubled},{plain})"));
    let simple = simplify_preserving(&both, 4.5).to_wkt();
    assert!(
        is_valid(&read(&simple)) && simple.ends_with("((20 0,30 0,30 9,20 9,20 0)))"),
        "{simple}"
    );
}

/// Every line and ring with its simplified self.
fn pairs<'a>(from: GeometryRef<'a>, to: GeometryRef<'a>, pairs: &mut Vec<[Positions<'a>; 2]>) {
    assert_eq!((from.kind(), from.dims()), (to.kind(), to.dims()));
    match (from.parts(), to.parts()) {
        (Parts::Positions(from), Parts::Positions(to)) => pairs.push([from, to]),
        (Parts::Rings(from), Parts::Rings(to)) => {
            assert_eq!(from.len(), to.len());
            pairs.extend(from.zip(to).map(|(from, to)| [from, to]));
        }
        (Parts::Members(from), Parts::Members(to)) => {
            assert_eq!(from.len(), to.len());
            for (from, to) in from.zip(to) {
                self::pairs(from, to, pairs);
            }
        }
        _ => panic!("{from:?} became {to:?}"),
    }
}

/// For each kept position its index; kept positions are the same bits in the same order.
fn indexes(from: Positions<'_>, to: Positions<'_>) -> Vec<usize> {
    let bytes = |of: Positions<'_>, index: usize| {
        let size = of.dims().size() * 8;
        of.as_bytes()[index * size..(index + 1) * size].to_vec()
    };
    let mut next = 0;
    let find = |index| {
        let found = (next..from.len()).find(|at| bytes(from, *at) == bytes(to, index));
        let found = found.expect("a position of the original after the one before");
        next = found + 1;
        found
    };
    (0..to.len()).map(find).collect()
}

fn distance(at: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    // by halving: no formula in common with what is tried
    let (mut low, mut high) = (0.0, 1.0);
    let far = |t: f64| {
        let on = |axis: usize| from[axis] + t * (to[axis] - from[axis]);
        (at[0] - on(0)).hypot(at[1] - on(1))
    };
    for _ in 0..100 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if far(a) <= far(b) { high = b } else { low = a }
    }
    far(low)
}

fn ring(corners: &[(i32, i32)]) -> String {
    let corners = corners.iter().chain(corners.first());
    let corners: Vec<_> = corners.map(|(x, y)| format!("{x} {y}")).collect();
    format!("({})", corners.join(","))
}

/// A line of distinct neighbours, or a ring around the origin that is often valid.
fn arb_shape() -> impl Strategy<Value = Geometry> {
    let line = vec((0..50, 0..50), 2..30);
    let line = line.prop_map(|corners| read(&format!("LINESTRING {}", ring(&corners))));
    let star = vec((-50..50, -50..50), 3..30).prop_map(|mut corners| {
        corners.sort_by(|a, b| {
            let angle = |at: &(i32, i32)| f64::from(at.1).atan2(f64::from(at.0));
            angle(a).total_cmp(&angle(b))
        });
        read(&format!("POLYGON ({})", ring(&corners)))
    });
    prop_oneof![line, star]
}

proptest! {
    #[test]
    fn dropped_positions_are_within_the_tolerance(shape in arb_shape(), tolerance in 0.0..30.0_f64) {
        let simple = simplify(&shape, tolerance);
        let mut lines = Vec::new();
        pairs(shape.as_ref(), simple.as_ref(), &mut lines);
        for [from, to] in lines {
            let from_xy: Vec<_> = from.xy().map(|at| [at.x, at.y]).collect();
            // of the ways to find kept positions again, the first: repeated ones are at no distance
            let kept = indexes(from, to);
            prop_assert!(to.len() >= 2 && to.len() <= from.len());
            for pair in kept.windows(2) {
                let (start, end) = (from_xy[pair[0]], from_xy[pair[1]]);
                for at in &from_xy[pair[0]..pair[1]] {
                    prop_assert!(distance(*at, start, end) <= tolerance + 1e-9);
                }
            }
        }
    }

    #[test]
    fn what_is_valid_stays_valid(shape in arb_shape(), tolerance in 0.0..60.0_f64) {
        let simple = simplify_preserving(&shape, tolerance);
        prop_assert!(is_valid(&simple) || !is_valid(&shape), "{simple}");
        prop_assert!(simple.num_positions() <= shape.num_positions());
    }

    #[test]
    fn any_geometry_keeps_its_parts_and_ends(geometry in arb_geometry(), tolerance in prop_oneof![0.0..500.0_f64, Just(f64::INFINITY)]) {
        let straight = linear(&geometry).into_owned();
        for simple in [simplify(&geometry, tolerance), simplify_preserving(&geometry, tolerance)] {
            let mut lines = Vec::new();
            pairs(straight.as_ref(), simple.as_ref(), &mut lines);
            for [from, to] in lines {
                let kept = indexes(from, to);
                prop_assert_eq!(kept.first().copied(), (!from.is_empty()).then_some(0));
                prop_assert!(to.is_empty() || to.get(to.len() - 1).map(|at| at.x()) == from.get(from.len() - 1).map(|at| at.x()));
            }
        }
    }
}
