//! Cuts polygons, holes and all, where they pass the antimeridian.
use super::antimeridian::{At, Vertex, east_end, strip_of};
use super::orientation::{Turning, turning, turning_of};
use crate::CodecError;
use tiepoint_core::Positions;

/// A ring without the repetition of its first vertex.
type Ring = Vec<Vertex>;

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
            let [west_parts, east_parts] = split(polygon, strip)?;
            parts.extend(west_parts.iter().map(|polygon| closed(polygon, strip)));
            east.extend(east_parts);
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

fn plane(ring: &[Vertex]) -> impl Iterator<Item = [f64; 2]> {
    ring.iter().map(|vertex| [vertex.unwrapped(), vertex.y])
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

/// Where a ring passes the cut.
#[derive(Debug, Clone, Copy)]
struct Crossing {
    y: f64,
    eastwards: bool,
    /// The chain that ends here, and the one that starts here.
    ends: usize,
    starts: usize,
}

/// Rings cut into chains that stay on one side.
#[derive(Default)]
struct Chains {
    pieces: Vec<Vec<Vertex>>,
    crossings: Vec<Crossing>,
    /// Rings that do not pass the cut, west and east of it.
    whole: [Vec<Ring>; 2],
}

/// The parts of a polygon west and east of the eastern end of `strip`. What touches the cut from
/// the west stays whole there; the cut itself counts as east.
///
/// Up along the cut, the ring passes it eastwards where the inside begins and westwards where it
/// ends, since outer rings go counter-clockwise and holes clockwise: so neighbours in this order
/// are joined, on both sides.
fn split(polygon: Vec<Ring>, strip: i32) -> Result<[Vec<Vec<Ring>>; 2], CodecError> {
    let mut cut = Chains::default();
    match polygon.first().map_or(Some(Side::West), |outer| side(outer, strip)) {
        Some(Side::West) => return Ok([vec![polygon], Vec::new()]),
        Some(Side::East) => return Ok([Vec::new(), vec![polygon]]),
        None => {}
    }
    for ring in polygon {
        cut.add(ring, strip);
    }
    let next = cut.joints()?;
    let mut sides = [Vec::new(), Vec::new()];
    let mut done = vec![false; cut.pieces.len()];
    for first in 0..cut.pieces.len() {
        let mut ring = Vec::new();
        let mut chain = first;
        while !std::mem::replace(&mut done[chain], true) {
            ring.extend_from_slice(&cut.pieces[chain]);
            chain = next[chain];
        }
        let east = usize::from(ring.iter().any(|vertex| vertex.unwrapped() > east_end(strip)));
        if let Some(ring) = cleaned(ring) {
            sides[east].push(vec![ring]);
        }
    }
    for (side, holes) in sides.iter_mut().zip(cut.whole) {
        for hole in holes {
            put_into(hole, side);
        }
    }
    Ok(sides)
}

fn is_east(vertex: &Vertex, strip: i32) -> bool {
    vertex.unwrapped() >= east_end(strip)
}

/// A side of the cut.
#[derive(Debug, Clone, Copy)]
enum Side {
    West,
    East,
}

/// The side that the ring is on, whether it touches the cut or not; none if it passes.
fn side(ring: &Ring, strip: i32) -> Option<Side> {
    match (greatest(ring) <= east_end(strip), least(ring) >= east_end(strip)) {
        (true, _) => Some(Side::West),
        (_, true) => Some(Side::East),
        _ => None,
    }
}

impl Chains {
    fn add(&mut self, mut ring: Ring, strip: i32) {
        if let Some(side) = side(&ring, strip) {
            return self.whole[side as usize].push(ring);
        }
        let sides: Vec<bool> = ring.iter().map(|vertex| is_east(vertex, strip)).collect();
        let count = ring.len();
        let start = (0..count).find(|at| sides[*at] != sides[(at + count - 1) % count]);
        ring.rotate_left(start.unwrap_or(0));
        let first_chain = self.pieces.len();
        let before = ring[count - 1];
        let mut chain = vec![before.crossing(&ring[0], strip)];
        for (at, vertex) in ring.iter().enumerate() {
            chain.push(*vertex);
            let next = &ring[(at + 1) % count];
            if is_east(vertex, strip) == is_east(next, strip) {
                continue;
            }
            let crossing = vertex.crossing(next, strip);
            chain.push(crossing);
            self.pieces.push(std::mem::replace(&mut chain, vec![crossing]));
            let ends = self.pieces.len() - 1;
            let starts = if at + 1 == count { first_chain } else { ends + 1 };
            let eastwards = is_east(next, strip);
            self.crossings.push(Crossing { y: crossing.y, eastwards, ends, starts });
        }
    }

    /// Which chain goes on where each one ends.
    fn joints(&mut self) -> Result<Vec<usize>, CodecError> {
        self.crossings.sort_by(|a, b| a.y.total_cmp(&b.y));
        let crossings = &mut self.crossings;
        for at in 0..crossings.len() {
            let wanted = at % 2 == 0;
            let fits = |crossing: &Crossing| crossing.eastwards == wanted;
            let same = crossings[at..].iter().take_while(|other| other.y <= crossings[at].y);
            let found = same.clone().position(fits);
            let Some(found) = found else { return Err(crosses_itself()) };
            crossings.swap(at, at + found);
        }
        let mut next = vec![0; self.pieces.len()];
        for pair in self.crossings.chunks(2) {
            let [lower, upper] = pair else { return Err(crosses_itself()) };
            next[lower.ends] = upper.starts;
            next[upper.ends] = lower.starts;
        }
        Ok(next)
    }
}

#[cold]
fn crosses_itself() -> CodecError {
    CodecError::Unsupported {
        what: "a polygon that crosses itself on the antimeridian cannot be cut there".to_owned(),
        hint: Some("make it valid first, or write it uncut".to_owned()),
    }
}

/// The ring without repetitions; none if it encloses nothing.
fn cleaned(mut ring: Ring) -> Option<Ring> {
    let same = |a: &Vertex, b: &Vertex| plane(&[*a]).eq(plane(&[*b]));
    ring.dedup_by(|b, a| same(a, b));
    while ring.len() > 1 && same(&ring[0], &ring[ring.len() - 1]) {
        ring.pop();
    }
    let around = || plane(&ring).chain(plane(&ring).take(1));
    turning_of(around).is_some().then_some(ring)
}

/// Puts a hole into the one of several polygons that most of its vertices are in.
fn put_into(hole: Ring, polygons: &mut [Vec<Ring>]) {
    let inside = |polygon: &&mut Vec<Ring>| {
        hole.iter()
            .filter(|vertex| polygon.first().is_some_and(|outer| contains(outer, vertex)))
            .count()
    };
    if let Some(around) = polygons.iter_mut().max_by_key(inside) {
        around.push(hole);
    }
}

/// Whether the vertex is in the ring: an odd number of edges pass north of it.
fn contains(ring: &Ring, vertex: &Vertex) -> bool {
    let [x, y] = [vertex.unwrapped(), vertex.y];
    let edges = plane(ring).zip(plane(ring).skip(1).chain(plane(ring).take(1)));
    let north = edges.filter(|([ax, ay], [bx, by])| {
        (*ax > x) != (*bx > x) && y < ay + (by - ay) * (x - ax) / (bx - ax)
    });
    north.count() % 2 == 1
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
