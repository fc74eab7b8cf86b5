//! Whether a place is inside a polygon of geodesics: crossings on the way north.
use geographiclib_rs::Geodesic;

use super::pair;
use super::place::{Place, lon_step};
use super::shape::{Piece, Ring, Shape, Vertex};

/// Whether the place is inside one of the shape's polygons. On an edge either may come out, to
/// within a tenth of a micrometre; the distance to the edge is 0 then.
///
/// A polygon holds what is inside its first ring and in none of the others. A ring holds what its
/// edges part from the pole that it does not hold: going north from the place, each edge that is
/// crossed changes sides, and whether the pole is inside is known.
///
/// `candidates` shows the pieces of a ring that the way north may cross, and may show others.
pub(super) fn holds(
    geodesic: &Geodesic,
    shape: &Shape,
    at: &Vertex,
    candidates: impl Fn(&Ring, &mut dyn FnMut(Piece)),
) -> bool {
    let mut in_polygon = false;
    for ring in &shape.rings {
        if ring.shell && in_polygon {
            return true;
        }
        if ring.shell || in_polygon {
            let mut inside = ring.north_pole;
            candidates(ring, &mut |piece| inside ^= is_north_of(geodesic, shape, piece, at));
            in_polygon = inside == ring.shell;
        }
    }
    in_polygon
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
