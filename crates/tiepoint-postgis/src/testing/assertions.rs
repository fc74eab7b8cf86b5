//! Whether two geometries are the same as nearly as a test cares.
use tiepoint_core::{
    Crs, Geometry, GeometryKind, GeometryRef, Parts, Position, Positions, SpatialPredicate,
};
use tiepoint_spatial::measure::{Metric, distance};
use tiepoint_spatial::relate;

/// How much of a geometry is shown.
const SHOWN_CHARS: usize = 300;

/// Asserts that both have the same kind, dims and structure, and each ordinate is within
/// `tolerance` of its counterpart; one that is unknown (NaN) has an unknown one opposite.
///
/// In the units of the ordinates: those of the CRS for x and y. A tolerance of 0 is equality.
/// Starting a ring elsewhere, or turning it round, makes another structure; see
/// [`assert_same_region`].
///
/// # Panics
///
/// Where they differ, with the first place where they do, and both as WKT.
///
/// ```should_panic
/// use tiepoint_core::Geometry;
/// use tiepoint_postgis::testing::assert_geometries_near;
///
/// let drawn = Geometry::from_wkt("LINESTRING (0 0, 10 0.2)").expect("is a line");
/// let meant = Geometry::from_wkt("LINESTRING (0 0, 10 0)").expect("is a line");
/// // geometries differ at position 2: (10 0.2) is not within 0.1 of (10 0)
/// assert_geometries_near(&drawn, &meant, 0.1);
/// ```
#[track_caller]
pub fn assert_geometries_near(actual: &Geometry, expected: &Geometry, tolerance: f64) {
    let near = |a: &Position, b: &Position| all_near(a.ordinates(), b.ordinates(), tolerance);
    assert_same(actual, expected, &near, &tolerance.to_string());
}

/// Asserts the same in metres, whatever the units of `crs`: no x and y may be further than
/// `tolerance_m` from its counterpart, on the ellipsoid where they are longitudes and latitudes.
///
/// Metres are those of the CRS's own plane, which Mercator's are not on the ground. Heights and
/// measures must be within `tolerance_m` as numbers, whatever their units.
///
/// # Panics
///
/// Where they differ, with the first place where they do, and both as WKT; and where nobody knows
/// how long a unit of `crs` is.
///
/// ```
/// use tiepoint_core::{Crs, Geometry};
/// use tiepoint_postgis::testing::assert_within_metres;
///
/// let here = Geometry::from_wkt("POINT (24.938400 60.1699)")?;
/// let there = Geometry::from_wkt("POINT (24.938401 60.1699)")?;
/// assert_within_metres(&here, &there, &Crs::CRS84, 0.1);
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[track_caller]
pub fn assert_within_metres(actual: &Geometry, expected: &Geometry, crs: &Crs, tolerance_m: f64) {
    let metric = Metric::of(crs).unwrap_or_else(|error| panic!("{error}"));
    let metres_per_unit = match metric {
        Metric::Geodesic(_) => 1.0,
        Metric::Planar => crs
            .metres_per_unit()
            .unwrap_or_else(|| panic!("nobody says how many metres a unit of {crs} is")),
    };
    let near = |a: &Position, b: &Position| {
        let apart = distance(&point(a), &point(b), metric);
        apart.is_some_and(|apart| apart * metres_per_unit <= tolerance_m)
            && all_near(&a.ordinates()[2..], &b.ordinates()[2..], tolerance_m)
    };
    assert_same(actual, expected, &near, &format!("{tolerance_m} m"));
}

/// Asserts that both cover exactly the same places of the plane, however they are drawn: where
/// rings start, which way they run and which positions lie between others makes no difference.
///
/// Without tolerance; z and m are ignored, and curves are the segments that measures take them for.
/// Geometries are to be valid.
///
/// # Panics
///
/// Where one covers a place that the other does not, with the DE-9IM and both as WKT.
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_postgis::testing::assert_same_region;
///
/// let square = Geometry::from_wkt("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))")?;
/// let again = Geometry::from_wkt("POLYGON ((2 2, 2 0, 1 0, 0 0, 0 2, 2 2))")?;
/// assert_same_region(&square, &again);
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[track_caller]
pub fn assert_same_region(actual: &Geometry, expected: &Geometry) {
    let same = relate::matches(SpatialPredicate::Equals, actual, expected);
    assert!(
        same,
        "geometries cover different places ({})\n  actual: {}\nexpected: {}",
        relate::relate(actual, expected),
        shown(actual),
        shown(expected),
    );
}

/// Whether two positions are the same as nearly as it matters.
type Near<'a> = &'a dyn Fn(&Position, &Position) -> bool;

#[track_caller]
fn assert_same(actual: &Geometry, expected: &Geometry, near: Near<'_>, tolerance: &str) {
    let comparison = Comparison { near, tolerance };
    if let Some(Difference { place, what }) =
        comparison.geometries(actual.as_ref(), expected.as_ref())
    {
        let place = if place.is_empty() { place } else { format!(" at {place}") };
        panic!(
            "geometries differ{place}: {what}\n  actual: {}\nexpected: {}",
            shown(actual),
            shown(expected)
        );
    }
}

struct Comparison<'a> {
    near: Near<'a>,
    tolerance: &'a str,
}

/// The first thing in which two geometries differ.
struct Difference {
    /// The way there, counted from 1; empty where it is the whole.
    place: String,
    what: String,
}

impl Difference {
    fn here(what: String) -> Self {
        Self { place: String::new(), what }
    }

    /// As seen from what holds it.
    fn within(self, what: &str, index: usize) -> Self {
        let inner = if self.place.is_empty() { self.place } else { format!(", {}", self.place) };
        Self { place: format!("{what} {}{inner}", index + 1), ..self }
    }
}

impl Comparison<'_> {
    fn geometries(&self, a: GeometryRef<'_>, b: GeometryRef<'_>) -> Option<Difference> {
        if (a.kind(), a.dims()) != (b.kind(), b.dims()) {
            let [a, b] = [a, b].map(|it| format!("{} {}", it.kind(), it.dims()));
            return Some(Difference::here(format!("{a} is not {b}")));
        }
        match (a.parts(), b.parts()) {
            (Parts::Positions(a), Parts::Positions(b)) => self.positions(&a, &b),
            (Parts::Rings(a), Parts::Rings(b)) => each("ring", a, b, |a, b| self.positions(&a, &b)),
            (Parts::Members(a), Parts::Members(b)) => {
                each("member", a, b, |a, b| self.geometries(a, b))
            }
            _ => unreachable!("a kind is always made of the same"),
        }
    }

    fn positions(&self, a: &Positions<'_>, b: &Positions<'_>) -> Option<Difference> {
        each("position", a.iter(), b.iter(), |a, b| {
            let apart = !(self.near)(&a, &b);
            let [a, b] = [a, b].map(|it| spelled(&it));
            apart.then(|| Difference::here(format!("{a} is not within {} of {b}", self.tolerance)))
        })
    }
}

/// The first difference between two lists.
fn each<T>(
    what: &str,
    a: impl ExactSizeIterator<Item = T>,
    b: impl ExactSizeIterator<Item = T>,
    differ: impl Fn(T, T) -> Option<Difference>,
) -> Option<Difference> {
    if a.len() != b.len() {
        let counts = format!("{} {what}s are not {}", a.len(), b.len());
        return Some(Difference::here(counts));
    }
    let mut pairs = a.zip(b).enumerate();
    pairs.find_map(|(index, (a, b))| differ(a, b).map(|it| it.within(what, index)))
}

#[expect(clippy::float_cmp, reason = "what is equal is near, infinity and a tolerance of 0 too")]
fn all_near(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let near = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance;
    a.iter().zip(b).all(|(a, b)| near(*a, *b))
}

fn point(position: &Position) -> Geometry {
    let mut writer = tiepoint_core::GeometryWriter::new();
    writer.begin(GeometryKind::Point, tiepoint_core::Dims::Xy);
    writer.position(&[position.x(), position.y()]);
    writer.end();
    writer.finish().expect("a position is a point")
}

fn spelled(position: &Position) -> String {
    let ordinates: Vec<_> = position.ordinates().iter().map(f64::to_string).collect();
    format!("({})", ordinates.join(" "))
}

fn shown(geometry: &Geometry) -> String {
    let wkt = geometry.to_wkt();
    match wkt.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{} … ({} characters)", &wkt[..cut], wkt.len()),
        None => wkt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    fn geometry(wkt: &str) -> Geometry {
        Geometry::from_wkt(wkt).expect("well-formed")
    }

    /// The message of a failed assertion; `None` where it holds.
    fn complaint(assert: impl FnOnce() + std::panic::UnwindSafe) -> Option<String> {
        let panic = catch_unwind(assert).err()?;
        Some(*panic.downcast::<String>().expect("a formatted message"))
    }

    fn near(a: &str, b: &str, tolerance: f64) -> Option<String> {
        let (a, b) = (geometry(a), geometry(b));
        complaint(|| assert_geometries_near(&a, &b, tolerance))
    }

    #[test]
    fn the_first_place_that_differs_is_named() {
        let cases = [
            ("POINT (1 2)", "POINT (1 3)", " at position 1: (1 2) is not within 0.5 of (1 3)"),
            ("POINT EMPTY", "POINT (1 3)", ": 0 positions are not 1"),
            ("POINT (1 2)", "POINT Z (1 2 3)", ": Point XY is not Point XYZ"),
            (
                "POLYGON ((0 0, 9 0, 9 9, 0 0), (3 1, 4 1, 4 2, 3 1))",
                "POLYGON ((0 0, 9 0, 9 9, 0 0), (3 1, 4 1, 4 3, 3 1))",
                " at ring 2, position 3: (4 2) is not within 0.5 of (4 3)",
            ),
            (
                "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1))",
                "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1, 2 2))",
                " at member 2: 2 positions are not 3",
            ),
        ];
        for (a, b, expected) in cases {
            let said = near(a, b, 0.5).expect("they differ");
            assert!(said.starts_with(&format!("geometries differ{expected}\n")), "{said}");
        }
    }

    #[test]
    fn a_tolerance_holds_of_every_ordinate_and_unknown_is_near_unknown_only() {
        assert_eq!(near("POINT ZM (1 2 3 4)", "POINT ZM (1.5 1.5 2.5 4.5)", 0.5), None);
        assert!(near("POINT Z (1 2 3)", "POINT Z (1 2 3.6)", 0.5).is_some());
        assert_eq!(near("POINT Z (1 2 NaN)", "POINT Z (1 2 NaN)", 0.0), None);
        assert!(near("POINT Z (1 2 NaN)", "POINT Z (1 2 0)", 9.0).is_some());
    }

    #[test]
    fn metres_are_metres_in_degrees_and_in_feet() {
        let within = |a: &str, b: &str, crs: Crs, tolerance_m| {
            let (a, b) = (geometry(a), geometry(b));
            complaint(move || assert_within_metres(&a, &b, &crs, tolerance_m)).is_none()
        };
        // a degree of latitude at the Equator: 110 574.39 m
        assert!(within("POINT (0 -0.5)", "POINT (0 0.5)", Crs::CRS84, 110_574.4));
        assert!(!within("POINT (0 -0.5)", "POINT (0 0.5)", Crs::CRS84, 110_574.3));
        assert!(within("POINT (-180 0)", "POINT (180 0)", Crs::CRS84, 0.001));
        // New York's State Plane, in US survey feet
        assert!(within("POINT (0 0)", "POINT (10 0)", Crs::epsg(2263), 3.05));
        assert!(!within("POINT (0 0)", "POINT (10 0)", Crs::epsg(2263), 3.04));
    }

    #[test]
    fn regions_that_differ_are_told_apart_by_any_corner() {
        let square = geometry("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))");
        let dented = geometry("POLYGON ((0 0, 2 0, 2 2, 1 1.9, 0 2, 0 0))");
        let said = complaint(|| assert_same_region(&square, &dented)).expect("they differ");
        assert!(said.starts_with("geometries cover different places (212"), "{said}");
    }

    #[test]
    fn a_long_geometry_is_cut_in_the_message() {
        let line = format!("LINESTRING (0 0{})", ", 1 1".repeat(200));
        let said = near(&line, "POINT (1 1)", 0.0).expect("they differ");
        assert!(said.len() < 600 && said.contains("… ("), "{said}");
    }
}
