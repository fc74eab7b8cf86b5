//! The part of a polygon on one side of an antimeridian.
use super::antimeridian::{Vertex, east_end};
use super::orientation::{Turning, turning_of};
use crate::CodecError;
use std::collections::HashMap;

/// A ring without the repetition of its first vertex.
pub(super) type Ring = Vec<Vertex>;

/// A side of the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    West,
    East,
}

/// The vertices in the plane, turns included.
pub(super) fn plane(ring: &[Vertex]) -> impl Iterator<Item = [f64; 2]> {
    ring.iter().map(|vertex| [vertex.unwrapped(), vertex.y])
}

fn turning_of_open(ring: &[Vertex]) -> Option<Turning> {
    turning_of(|| plane(ring).chain(plane(ring).take(1)))
}

/// What of a polygon is on a side of the eastern end of `strip`. Outer rings go counter-clockwise
/// and holes clockwise.
///
/// Vertices on the cut count as beyond it. So what touches the cut is opened there, joined again
/// along it, and taken apart where it would hang together in a single vertex.
pub(super) fn on_side(
    polygon: &[Ring],
    strip: i32,
    side: Side,
) -> Result<Vec<Vec<Ring>>, CodecError> {
    let cut = east_end(strip);
    let reaches = |beyond: fn(f64, f64) -> bool| {
        plane(polygon.first().map_or(&[], Vec::as_slice)).any(|[x, _]| beyond(x, cut))
    };
    let (west, east) = (reaches(|x, cut| x < cut), reaches(|x, cut| x > cut));
    match side {
        Side::West if !east => return Ok(vec![polygon.to_vec()]),
        Side::East if !west => return Ok(vec![polygon.to_vec()]),
        Side::West if !west => return Ok(Vec::new()),
        Side::East if !east => return Ok(Vec::new()),
        Side::West | Side::East => {}
    }
    let mut chains =
        Chains { strip, side, pieces: Vec::new(), crossings: Vec::new(), whole: Vec::new() };
    for ring in polygon {
        chains.add(ring);
    }
    let rings = chains.joined()?;
    let (mut parts, mut holes) = (Vec::new(), chains.whole);
    for ring in rings.into_iter().flat_map(apart) {
        match turning_of_open(&ring) {
            Some(Turning::CounterClockwise) => parts.push(vec![ring]),
            Some(Turning::Clockwise) => holes.push(ring),
            None => {}
        }
    }
    for hole in holes {
        put_into(hole, &mut parts);
    }
    Ok(parts)
}

/// Where a ring passes the cut.
#[derive(Debug, Clone, Copy)]
struct Crossing {
    y: f64,
    eastwards: bool,
    /// The chain that ends or starts here.
    chain: usize,
}

/// Rings cut into chains on one side.
struct Chains {
    strip: i32,
    side: Side,
    pieces: Vec<Vec<Vertex>>,
    crossings: Vec<Crossing>,
    /// Rings that are on the side and do not touch the cut.
    whole: Vec<Ring>,
}

impl Chains {
    fn is_on_side(&self, vertex: &Vertex) -> bool {
        match self.side {
            Side::West => vertex.unwrapped() < east_end(self.strip),
            Side::East => vertex.unwrapped() > east_end(self.strip),
        }
    }

    fn add(&mut self, ring: &Ring) {
        let count = ring.len();
        let on_side: Vec<bool> = ring.iter().map(|vertex| self.is_on_side(vertex)).collect();
        let before = |at: usize| (at + count - 1) % count;
        let starts = (0..count).filter(|at| on_side[*at] && !on_side[before(*at)]);
        let starts: Vec<usize> = starts.collect();
        if starts.is_empty() && on_side.first() == Some(&true) {
            self.whole.push(ring.clone());
        }
        for start in starts {
            let length = (0..count).take_while(|ahead| on_side[(start + ahead) % count]).count();
            let inner = (0..length).map(|ahead| ring[(start + ahead) % count]);
            let entry = ring[before(start)].crossing(&ring[start], self.strip);
            let last = ring[(start + length - 1) % count];
            let exit = last.crossing(&ring[(start + length) % count], self.strip);
            let chain = self.pieces.len();
            self.pieces.push(std::iter::once(entry).chain(inner).chain([exit]).collect());
            let eastwards = self.side == Side::East;
            self.crossings.push(Crossing { y: entry.y, eastwards, chain });
            self.crossings.push(Crossing { y: exit.y, eastwards: !eastwards, chain });
        }
    }

    /// The rings that the chains make, joined along the cut.
    ///
    /// Up along the cut, rings pass it eastwards where the inside begins and westwards where it
    /// ends: so neighbours in this order are joined.
    fn joined(&mut self) -> Result<Vec<Ring>, CodecError> {
        let next = self.joints()?;
        let mut done = vec![false; self.pieces.len()];
        let mut rings = Vec::new();
        for first in 0..self.pieces.len() {
            let (mut ring, mut chain) = (Ring::new(), first);
            while !std::mem::replace(&mut done[chain], true) {
                ring.append(&mut self.pieces[chain]);
                chain = next[chain];
            }
            rings.push(ring);
        }
        Ok(rings)
    }

    /// Which chain goes on where each one ends.
    fn joints(&mut self) -> Result<Vec<usize>, CodecError> {
        let crossings = &mut self.crossings;
        crossings.sort_by(|a, b| a.y.total_cmp(&b.y));
        for at in 0..crossings.len() {
            let mut level = crossings[at..].iter().take_while(|other| other.y <= crossings[at].y);
            let begins = at % 2 == 0;
            let found = level.position(|crossing| crossing.eastwards == begins);
            crossings.swap(at, at + found.ok_or_else(crosses_itself)?);
        }
        let mut next = vec![0; self.pieces.len()];
        for pair in crossings.chunks_exact(2) {
            let (lower, upper) = (pair[0].chain, pair[1].chain);
            match self.side {
                Side::West => next[lower] = upper,
                Side::East => next[upper] = lower,
            }
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

/// The loops of a ring that comes back to some of its vertices.
fn apart(ring: Ring) -> Vec<Ring> {
    let key = |vertex: &Vertex| [vertex.unwrapped() + 0.0, vertex.y + 0.0].map(f64::to_bits);
    let (mut loops, mut path) = (Vec::new(), Ring::new());
    let mut places: HashMap<[u64; 2], usize> = HashMap::with_capacity(ring.len());
    for vertex in ring {
        if let Some(&place) = places.get(&key(&vertex)) {
            for left in &path[place + 1..] {
                places.remove(&key(left));
            }
            loops.push(path.split_off(place));
        }
        places.insert(key(&vertex), path.len());
        path.push(vertex);
    }
    loops.push(path);
    loops.retain(|ring| ring.len() > 2);
    loops
}

/// Puts a hole into the one of several polygons that most of its vertices are in.
fn put_into(hole: Ring, polygons: &mut [Vec<Ring>]) {
    let inside = |polygon: &&mut Vec<Ring>| {
        let outer = polygon.first().map_or(&[][..], Vec::as_slice);
        hole.iter().filter(|vertex| contains(outer, vertex)).count()
    };
    if let Some(around) = polygons.iter_mut().max_by_key(inside) {
        around.push(hole);
    }
}

/// Whether the vertex is in the ring: an odd number of edges pass north of it.
fn contains(ring: &[Vertex], vertex: &Vertex) -> bool {
    let [x, y] = [vertex.unwrapped(), vertex.y];
    let edges = plane(ring).zip(plane(ring).skip(1).chain(plane(ring).take(1)));
    let north = edges.filter(|([ax, ay], [bx, by])| {
        (*ax > x) != (*bx > x) && y < ay + (by - ay) * (x - ax) / (bx - ax)
    });
    north.count() % 2 == 1
}
