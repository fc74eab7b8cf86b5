//! Cuts polygons, holes and all, where they pass the antimeridian.
use super::antimeridian::{At, Vertex, east_end, strip_of};
use super::antimeridian_side::{Ring, Side, on_side, plane};
use super::orientation::{Turning, turning, turning_of};
use crate::CodecError;
use tiepoint_core::Positions;

/// The parts of a polygon, each within one strip, their rings closed. Takes each ring as it is
/// stored and unwrapped.
///
/// # Errors
///
/// [`CodecError::Unsupported`] for a ring around a pole, or one that crosses itself on the cut.
pub(super) fn cut_polygon(
    rings: Vec<(Positions<'_>, Ring)>,
) -> Result<Vec<Vec<Vec<At>>>, CodecError> {
    let mut polygon: Vec<Ring> = Vec::with_capacity(rings.len());
    for (stored, unwrapped) in rings {
        let ring = opened(stored, unwrapped)?;
        let wanted =
            if polygon.is_empty() { Turning::CounterClockwise } else { Turning::Clockwise };
        let ring = turned(ring, wanted);
        let ring = polygon.first().map_or(ring.clone(), |outer| beside(ring, outer));
        polygon.push(ring);
    }
    let Some(outer) = polygon.first() else { return Ok(vec![Vec::new()]) };
    let (mut strip, most) = (strip_of(least(outer)), greatest(outer));
    let (mut rest, mut parts) = (vec![polygon], Vec::new());
    while most > east_end(strip) && !rest.is_empty() {
        let mut east = Vec::new();
        for polygon in rest {
            let west = on_side(&polygon, strip, Side::West)?;
            parts.extend(west.iter().map(|polygon| closed(polygon, strip)));
            east.extend(on_side(&polygon, strip, Side::East)?);
        }
        rest = east;
        strip += 1;
    }
    parts.extend(rest.iter().map(|polygon| closed(polygon, strip)));
    Ok(parts)
}

/// The ring without its last vertex; with the longitudes it was stored with where it spans all of
/// them, and would be nothing when unwrapped.
fn opened(stored: Positions<'_>, mut ring: Ring) -> Result<Ring, CodecError> {
    let spans_all = turning(stored).is_some() && turning_of(|| plane(&ring)).is_none();
    if spans_all {
        for vertex in &mut ring {
            vertex.turns = 0;
        }
    }
    let last = ring.pop();
    let turns = |vertex: Option<Vertex>| vertex.map_or(0.0, |vertex| vertex.unwrapped());
    if (turns(last) - turns(ring.first().copied())).abs() > 180.0 {
        return Err(CodecError::Unsupported {
            what: "a polygon around a pole cannot be cut at the antimeridian".to_owned(),
            hint: Some(
                "give it an edge along the antimeridian to the pole, or write it uncut".to_owned(),
            ),
        });
    }
    Ok(ring)
}

fn turned(mut ring: Ring, wanted: Turning) -> Ring {
    let around = || plane(&ring).chain(plane(&ring).take(1));
    if turning_of(around).is_some_and(|found| found != wanted) {
        ring.reverse();
    }
    ring
}

/// A hole with the turns that bring it into its outer ring.
fn beside(mut hole: Ring, outer: &Ring) -> Ring {
    let (west, east, middle) =
        (least(outer), greatest(outer), f64::midpoint(least(&hole), greatest(&hole)));
    let fitting = [0, 1, -1, 2, -2, 3, -3]
        .into_iter()
        .find(|turns| (west..=east).contains(&(middle + 360.0 * f64::from(*turns))));
    for vertex in &mut hole {
        vertex.turns += fitting.unwrap_or(0);
    }
    hole
}

fn least(ring: &Ring) -> f64 {
    ring.iter().map(Vertex::unwrapped).fold(f64::INFINITY, f64::min)
}

fn greatest(ring: &Ring) -> f64 {
    ring.iter().map(Vertex::unwrapped).fold(f64::NEG_INFINITY, f64::max)
}

/// A polygon's rings turned back from their strip, and closed.
fn closed(polygon: &[Ring], strip: i32) -> Vec<Vec<At>> {
    let close =
        |ring: &Ring| ring.iter().chain(ring.first()).map(|vertex| vertex.within(strip)).collect();
    polygon.iter().map(close).collect()
}

#[cfg(test)]
mod tests {
    use super::super::antimeridian::cut;
    use tiepoint_core::Geometry;

    /// What is left of the geometry as WKT; the same text if nothing is cut.
    fn cut_wkt(wkt: &str) -> String {
        let geometry = Geometry::from_wkt(wkt).expect(wkt);
        cut(&geometry).expect(wkt).unwrap_or(geometry).to_wkt()
    }

    #[test]
    fn polygons_are_cut_into_parts_on_either_side() {
        for (whole, parts) in [
            (
                "POLYGON ((179 -1,-179 -1,-179 1,179 1,179 -1))",
                "MULTIPOLYGON (((180 1,179 1,179 -1,180 -1,180 1)),((-180 -1,-179 -1,-179 1,-180 1,-180 -1)))",
            ),
            (
                "POLYGON ((170 0,190 0,190 10,170 10,170 0))",
                "MULTIPOLYGON (((180 10,170 10,170 0,180 0,180 10)),((-180 0,-170 0,-170 10,-180 10,-180 0)))",
            ),
            // a hole on the cut joins both outer rings, one beside it stays a hole
            (
                "POLYGON ((170 0,-170 0,-170 9,170 9,170 0),(179 4,-179 4,-179 5,179 5,179 4),(172 1,173 1,173 2,172 1))",
                "MULTIPOLYGON (((180 9,170 9,170 0,180 0,180 4,179 4,179 5,180 5,180 9),(173 2,173 1,172 1,173 2)),\
                 ((-180 0,-170 0,-170 9,-180 9,-180 5,-179 5,-179 4,-180 4,-180 0)))",
            ),
            // a comb: two teeth east of the cut
            (
                "POLYGON ((175 0,185 0,185 1,178 1,178 2,185 2,185 3,175 3,175 0))",
                "MULTIPOLYGON (((180 1,178 1,178 2,180 2,180 3,175 3,175 0,180 0,180 1)),\
                 ((-180 0,-175 0,-175 1,-180 1,-180 0)),((-180 2,-175 2,-175 3,-180 3,-180 2)))",
            ),
            // all of it beyond: turned back, not cut
            ("POLYGON ((181 0,182 0,182 1,181 0))", "POLYGON ((-179 0,-178 0,-178 1,-179 0))"),
        ] {
            assert_eq!(cut_wkt(whole), parts, "{whole}");
        }
    }

    #[test]
    fn what_only_touches_the_antimeridian_stays_as_it_is() {
        for wkt in [
            "POLYGON ((170 0,180 0,180 10,170 10,170 0))",
            "POLYGON ((-180 0,-170 0,-170 10,-180 10,-180 0))",
            "POLYGON ((-180 -90,180 -90,180 -60,0 -65,-180 -60,-180 -90))",
            "POLYGON EMPTY",
            "MULTIPOLYGON (((170 0,180 0,175 5,170 0)),((-180 0,-170 0,-175 5,-180 0)))",
        ] {
            assert_eq!(cut_wkt(wkt), wkt);
        }
        let touching = "POLYGON ((175 0,180 5,-180 7,175 9,175 0),(177 4,-180 6,177 7,177 4))";
        assert!(cut_wkt(touching).starts_with("POLYGON (("), "{}", cut_wkt(touching));
        let spanning = "POLYGON ((-180 -80,180 -80,180 80,-180 80,-180 -80))";
        assert_eq!(cut_wkt(spanning), spanning);
    }

    #[test]
    fn parts_that_hang_together_in_one_point_are_taken_apart() {
        for (whole, parts) in [
            // a notch from the east whose tip is on the cut
            (
                "POLYGON ((175 0,185 0,180 5,185 9,175 9,175 0))",
                "MULTIPOLYGON (((180 9,175 9,175 0,180 0,180 9)),\
                 ((-180 0,-175 0,-180 5,-180 0)),((-180 5,-175 9,-180 9,-180 5)))",
            ),
            // a hole that touches the cut in one point from the west, and in two from the east
            (
                "POLYGON ((175 0,185 0,185 9,175 9,175 0),(178 4,178 6,180 5,178 4))",
                "MULTIPOLYGON (((180 9,175 9,175 0,180 0,180 5,180 9),(180 5,178 4,178 6,180 5)),\
                 ((-180 0,-175 0,-175 9,-180 9,-180 0)))",
            ),
            (
                "POLYGON ((175 0,185 0,185 9,175 9,175 0),(180 2,181 4,180 6,184 4,180 2))",
                "MULTIPOLYGON (((180 9,175 9,175 0,180 0,180 9)),\
                 ((-180 0,-175 0,-175 9,-180 9,-180 6,-176 4,-180 2,-180 0)),\
                 ((-180 2,-179 4,-180 6,-180 2)))",
            ),
            // a hole on the cut that has a vertex of the outer ring
            (
                "POLYGON ((175 0,185 0,185 9,175 9,175 4,175 0),(175 4,182 5,182 3,175 4))",
                "MULTIPOLYGON (((175 4,175 0,180 0,180 3.2857142857142856,175 4)),\
                 ((180 9,175 9,175 4,180 4.714285714285714,180 9)),\
                 ((-180 0,-175 0,-175 9,-180 9,-180 4.714285714285714,-178 5,-178 3,\
                 -180 3.2857142857142856,-180 0)))",
            ),
        ] {
            assert_eq!(cut_wkt(whole), parts, "{whole}");
        }
    }

    #[test]
    fn rings_around_a_pole_are_refused() {
        let around = "POLYGON ((0 70,90 70,180 70,-90 70,0 70))";
        let refused = cut(&Geometry::from_wkt(around).expect(around)).expect_err("no cut helps");
        assert!(refused.to_string().contains("pole"), "{refused}");
    }

    #[test]
    fn positions_keep_their_bits_and_heights() {
        let wkt = "POLYGON Z ((179.1 0.1 1,-178.3 0.1 3,-178.3 1.7 3,179.1 1.7 1,179.1 0.1 1))";
        let parts = cut_wkt(wkt);
        for kept in ["179.1 0.1 1", "-178.3 0.1 3", "-178.3 1.7 3", "179.1 1.7 1"] {
            assert!(parts.contains(kept), "{kept} in {parts}");
        }
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        /// Twice the area of all rings, holes subtracted, and the box of longitudes.
        fn measures(geometry: &Geometry) -> (f64, f64, f64) {
            let envelope = geometry.envelope().expect("not empty");
            let root = geometry.as_ref();
            let polygons: Vec<_> =
                if root.members().len() > 0 { root.members().collect() } else { vec![root] };
            let ring = |ring: tiepoint_core::Positions<'_>| {
                let at: Vec<_> = ring.xy().collect();
                at.windows(2)
                    .map(|e| {
                        (e[0].x - at[0].x) * (e[1].y - at[0].y)
                            - (e[1].x - at[0].x) * (e[0].y - at[0].y)
                    })
                    .sum::<f64>()
                    .abs()
            };
            let polygon = |polygon: &tiepoint_core::GeometryRef<'_>| {
                polygon
                    .rings()
                    .enumerate()
                    .map(|(i, r)| if i == 0 { ring(r) } else { -ring(r) })
                    .sum::<f64>()
            };
            (polygons.iter().map(polygon).sum(), envelope.min().x, envelope.max().x)
        }

        /// A star around (`middle`, 0) with a smaller one as its hole, wrapped if asked for.
        fn star(middle: f64, radii: &[f64], whole_degrees: bool, wrapped: bool) -> String {
            #[allow(clippy::cast_precision_loss, reason = "a few corners")]
            let ring = |scale: f64| {
                let mut corners: Vec<String> = radii
                    .iter()
                    .enumerate()
                    .map(|(index, radius)| {
                        let angle = index as f64 / radii.len() as f64 * std::f64::consts::TAU;
                        let (mut x, mut y) =
                            (middle + radius * scale * angle.cos(), radius * scale * angle.sin());
                        if whole_degrees && scale > 0.5 {
                            (x, y) = (x.round(), y.round());
                        }
                        if wrapped && x > 180.0 {
                            x -= 360.0;
                        }
                        format!("{x} {y}")
                    })
                    .collect();
                corners.push(corners[0].clone());
                corners.join(",")
            };
            format!("POLYGON (({}),({}))", ring(1.0), ring(0.125))
        }

        proptest! {
            #[test]
            fn parts_cover_what_the_whole_did(
                middle in 160.0..200.0_f64,
                radii in proptest::collection::vec(8.0..30.0_f64, 4..24),
                whole_degrees: bool,
            ) {
                let middle = if whole_degrees { middle.round() } else { middle };
                let unwrapped = Geometry::from_wkt(&star(middle, &radii, whole_degrees, false)).expect("a star");
                let wrapped = Geometry::from_wkt(&star(middle, &radii, whole_degrees, true)).expect("a star");
                let (area, ..) = measures(&unwrapped);
                for whole in [&unwrapped, &wrapped] {
                    let Some(parts) = cut(whole).expect("can be cut") else { continue };
                    let (parts_area, least, most) = measures(&parts);
                    prop_assert!((parts_area - area).abs() <= 1e-9 * area, "{} {} {}", area, parts_area, parts);
                    prop_assert!(least >= -180.0 && most <= 180.0, "{}", parts);
                    prop_assert_eq!(cut(&parts).expect("is cut"), None, "cut already");
                }
            }
        }
    }
}
