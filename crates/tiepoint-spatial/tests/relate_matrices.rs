//! Matrices worked out by hand, one trap each.
use tiepoint_core::Geometry;
use tiepoint_spatial::relate::{Prepared, relate};

const SQUARE: &str = "POLYGON ((0 0,4 0,4 4,0 4,0 0))";
/// A square with a hole that touches its right side in a corner.
const HOLED: &str = "POLYGON ((0 0,8 0,8 8,0 8,0 0),(8 4,5 3,5 6,8 4))";

/// What, first, second, matrix.
const CASES: &[(&str, &str, &str, &str)] = &[
    // points
    ("the same point", "POINT (1 1)", "POINT (1 1)", "0FFFFFFF2"),
    ("negative zero is zero", "POINT (-0.0 1)", "POINT (0 1)", "0FFFFFFF2"),
    ("one of two points", "MULTIPOINT ((1 1),(2 2))", "POINT (2 2)", "0F0FFFFF2"),
    ("a point within", "POINT (1 1)", SQUARE, "0FFFFF212"),
    ("a point on a side", "POINT (4 2)", SQUARE, "F0FFFF212"),
    ("a point on a corner", "POINT (4 4)", SQUARE, "F0FFFF212"),
    ("a point at the height of a corner", "POINT (-1 4)", SQUARE, "FF0FFF212"),
    ("a point in a hole", "POINT (6 4)", HOLED, "FF0FFF212"),
    ("a point where the hole touches", "POINT (8 4)", HOLED, "F0FFFF212"),
    // lines
    ("a closed line has no boundary", "LINESTRING (0 0,1 0,1 1,0 0)", "POINT (0 0)", "0F1FFFFF2"),
    ("an end", "LINESTRING (0 0,1 0)", "POINT (0 0)", "FF10F0FF2"),
    (
        "an end that two lines share is inside",
        "MULTILINESTRING ((0 0,1 0),(1 0,1 1))",
        "POINT (1 0)",
        "0F1FF0FF2",
    ),
    (
        "an end that three lines share is boundary",
        "MULTILINESTRING ((0 0,1 0),(1 0,1 1),(1 0,2 0))",
        "POINT (1 0)",
        "FF10F0FF2",
    ),
    ("lines that cross", "LINESTRING (0 0,2 2)", "LINESTRING (0 2,2 0)", "0F1FF0102"),
    ("lines that share a piece", "LINESTRING (0 0,2 0)", "LINESTRING (1 0,3 0)", "1010F0102"),
    ("a line the other way", "LINESTRING (0 0,2 0,2 2)", "LINESTRING (2 2,2 0,0 0)", "1FFF0FFF2"),
    (
        "a corner more changes nothing",
        "LINESTRING (0 0,2 0)",
        "LINESTRING (0 0,1 0,2 0)",
        "1FFF0FFF2",
    ),
    (
        "crossed at an end of its own",
        "MULTILINESTRING ((2 3,0 5),(1 4,3 2))",
        "LINESTRING (2 1,2 5)",
        "FF10F0102",
    ),
    (
        "crossed where its own end touches it",
        "MULTILINESTRING ((3 2,0 5),(5 3,2 3))",
        "LINESTRING (2 4,2 1)",
        "FF10F0102",
    ),
    ("a line of one position is a point", "LINESTRING (1 1,1 1)", "POINT (1 1)", "0FFFFFFF2"),
    ("a line along a side", "LINESTRING (4 1,4 3)", SQUARE, "F1FF0F212"),
    ("a line through a square", "LINESTRING (-1 2,5 2)", SQUARE, "101FF0212"),
    ("a line through two corners", "LINESTRING (-1 -1,5 5)", SQUARE, "101FF0212"),
    ("a line that touches a corner", "LINESTRING (-1 1,1 -1)", SQUARE, "F01FF0212"),
    ("a line within that ends on a side", "LINESTRING (2 2,4 2)", SQUARE, "1FF00F212"),
    // surfaces
    ("the same square, started elsewhere", SQUARE, "POLYGON ((4 4,4 0,0 0,0 4,4 4))", "2FFF1FFF2"),
    ("squares that share a side", SQUARE, "POLYGON ((4 0,8 0,8 4,4 4,4 0))", "FF2F11212"),
    ("squares that share a corner", SQUARE, "POLYGON ((4 4,8 4,8 8,4 8,4 4))", "FF2F01212"),
    ("squares that overlap", SQUARE, "POLYGON ((2 2,6 2,6 6,2 6,2 2))", "212101212"),
    ("a square within", SQUARE, "POLYGON ((1 1,2 1,2 2,1 2,1 1))", "212FF1FF2"),
    ("a square within, along a side", SQUARE, "POLYGON ((0 1,2 1,2 2,0 2,0 1))", "212F11FF2"),
    ("a square that fills a hole", HOLED, "POLYGON ((8 4,5 3,5 6,8 4))", "FF2F112F2"),
    ("a cross", "POLYGON ((1 -1,2 -1,2 5,1 5,1 -1))", SQUARE, "212101212"),
    (
        "two squares that meet in a corner, against what is between them",
        "MULTIPOLYGON (((0 0,2 0,2 2,0 2,0 0)),((2 2,4 2,4 4,2 4,2 2)))",
        "POLYGON ((0 2,2 2,2 4,0 4,0 2))",
        "FF2F11212",
    ),
    // empty
    ("nothing and nothing", "POINT EMPTY", "POLYGON EMPTY", "FFFFFFFF2"),
    ("nothing and a square", "LINESTRING EMPTY", SQUARE, "FFFFFF212"),
    // collections are unions
    (
        "polygons that adjoin are one",
        "GEOMETRYCOLLECTION (POLYGON ((0 0,2 0,2 4,0 4,0 0)),POLYGON ((2 0,4 0,4 4,2 4,2 0)))",
        SQUARE,
        "2FFF1FFF2",
    ),
    (
        "the side that they share is inside",
        "GEOMETRYCOLLECTION (POLYGON ((0 0,2 0,2 4,0 4,0 0)),POLYGON ((2 0,4 0,4 4,2 4,2 0)))",
        "LINESTRING (2 0,2 4)",
        "1F2F01FF2",
    ),
    (
        "an end within a polygon is inside",
        "GEOMETRYCOLLECTION (LINESTRING (2 2,6 2),POLYGON ((0 0,4 0,4 4,0 4,0 0)))",
        "POINT (2 2)",
        "0F2FF1FF2",
    ),
    (
        "polygons that overlap, crossed where they cross",
        "GEOMETRYCOLLECTION (POLYGON ((0 0,3 3,0 3,0 0)),POLYGON ((0 3,3 0,3 3,0 3)))",
        "LINESTRING (1.5 0,1.5 1.5)",
        "FF2F01102",
    ),
    // kinds that count as polygons, and curves
    ("a triangle", "TRIANGLE ((0 0,4 0,0 4,0 0))", "POINT (2 2)", "FF20F1FF2"),
    ("a TIN", "TIN (((0 0,4 0,4 4,0 0)),((0 0,4 4,0 4,0 0)))", SQUARE, "2FFF1FFF2"),
    (
        "a surface of faces",
        "POLYHEDRALSURFACE (((0 0,2 0,2 4,0 4,0 0)),((2 0,4 0,4 4,2 4,2 0)))",
        "POINT (2 2)",
        "0F2FF1FF2",
    ),
    ("a circle", "CURVEPOLYGON (CIRCULARSTRING (0 2,4 2,0 2))", "POINT (2 3.9)", "0F2FF1FF2"),
    ("an arc", "CIRCULARSTRING (0 0,2 2,4 0)", "POINT (4 0)", "FF10F0FF2"),
];

#[test]
fn matrices_are_as_worked_out_by_hand() {
    for (what, first, second, expected) in CASES {
        let [first, second] = [first, second].map(|it| Geometry::from_wkt(it).expect(what));
        assert_eq!(relate(&first, &second).to_string(), *expected, "{what}");
        let transposed = Prepared::new(&second).relate(&first).transposed();
        assert_eq!(transposed.to_string(), *expected, "{what}, the other way round");
    }
}

#[test]
fn nearly_nothing_is_told_from_nothing() {
    // one third is not a double: the line passes below or above the corner by a fraction of an ulp
    let side = |corner: f64| {
        let wkt = format!("POLYGON ((1 {corner:?},0 9,2 9,1 {corner:?}))");
        let line = Geometry::from_wkt("LINESTRING (0 0,3 1)").expect("a line");
        relate(&line, &Geometry::from_wkt(&wkt).expect("a wedge")).to_string()
    };
    let third = 1.0_f64 / 3.0;
    assert_eq!(side(third), "101FF0212", "rounded down, the corner is below the line");
    assert_eq!(side(third.next_up()), "FF1FF0212");
}
