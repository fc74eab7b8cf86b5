//! Whether a place is inside a polygon of geodesics: crossings on the way north.
use geographiclib_rs::Geodesic;

use super::pair;
use super::place::{Place, lon_step};
use super::shape::{Piece, Shape, Vertex};
use crate::measure::rings::is_inside;
use crate::measure::tree::{Bounds, Tree};

/// Whether the place is inside one of the shape's polygons. On an edge either may come out, to
/// within a tenth of a micrometre; the distance to the edge is 0 then.
///
/// A polygon holds what is inside its first ring and in none of the others. A ring holds what its
/// edges part from the pole that it does not hold: going north from the place, each edge that is
/// crossed changes sides, and whether the pole is inside is known.
///
/// `tree` is that of [`tree`], where there is one.
pub(super) fn holds(geodesic: &Geodesic, shape: &Shape, tree: Option<&Tree>, at: &Vertex) -> bool {
    let poles = (0_u32..).zip(&shape.rings).filter(|(_, ring)| ring.north_pole);
    let mut crossed: Vec<u32> = poles.map(|(number, _)| number).collect();
    let mut see = |index: u32| {
        let piece = shape.pieces[index as usize];
        if is_north_of(geodesic, shape, piece, at) {
            crossed.extend(shape.ring_of(index));
        }
    };
    match tree {
        Some(tree) => {
            let (lon, lat) = (at.place.lon, at.place.lat);
            let meets = |it: &Bounds| it.min[0] <= lon && lon <= it.max[0] && lat <= it.max[1];
            tree.each(meets, see);
        }
        None => shape.rings.iter().flat_map(|ring| ring.pieces.clone()).for_each(&mut see),
    }
    is_inside(&mut crossed, |ring| shape.rings[ring as usize].role)
}

/// A tree over longitudes and latitudes of the pieces.
pub(super) fn tree(shape: &Shape) -> Tree {
    let bounds = |piece: &Piece| {
        let [from, to] = shape.ends(*piece).map(|end| end.place);
        let east = lon_step(from.lon, to.lon);
        let [_, high] = lat_range(from, to, east);
        let [west_end, east_end] = if east > 0.0 { [from.lon, to.lon] } else { [to.lon, from.lon] };
        let over = west_end > east_end;
        let [west, east] = if over { [-180.0, 180.0] } else { [west_end, east_end] };
        Bounds::of([west, -90.0, 0.0], [east, high, 0.0])
    };
    Tree::new(&shape.pieces.iter().map(bounds).collect::<Vec<_>>())
}

/// Whether the way north from `at` crosses the piece.
fn is_north_of(geodesic: &Geodesic, shape: &Shape, piece: Piece, at: &Vertex) -> bool {
    let ends = shape.ends(piece);
    let [from, to] = ends.map(|end| end.place);
    let east = lon_step(from.lon, to.lon);
    let [west_end, east_end] = if east > 0.0 { [from, to] } else { [to, from] };
    if !spans(west_end.lon, east_end.lon, at.place.lon) {
        return false;
    }
    let [low, high] = lat_range(from, to, east);
    if at.place.lat < low || at.place.lat > high {
        return at.place.lat < low;
    }
    let left = pair::left(geodesic, ends, at);
    if east > 0.0 { left < 0.0 } else { left > 0.0 }
}

/// Whether a meridian is east of or on one, and west of another: half-open and exact, so that a
/// vertex belongs to one of its two edges. Longitudes are within [-180, 180).
#[inline]
fn spans(west: f64, east: f64, lon: f64) -> bool {
    if west <= east { west <= lon && lon < east } else { west <= lon || lon < east }
}

/// Latitudes that hold the geodesic between two places. It bends towards the nearer pole, and no
/// place on it is farther from an end than half its length.
fn lat_range(from: Place, to: Place, east: f64) -> [f64; 2] {
    let (low, high) = (from.lat.min(to.lat), from.lat.max(to.lat));
    let reach = (high - low) + east.abs();
    [if low < 0.0 { low - reach } else { low }, if high > 0.0 { high + reach } else { high }]
}
