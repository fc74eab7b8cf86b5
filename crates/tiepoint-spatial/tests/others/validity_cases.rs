//! Geometries that are valid, nearly so, or not at all, in masses.
//!
//! On small grids of whole numbers, so that positions coincide, touch and line up all the time.
use std::collections::BTreeMap;

type Corner = (i32, i32);
type Ring = Vec<Corner>;
type Polygon = Vec<Ring>;

/// Splitmix64 (Steele, Lea and Flood 2014): the same cases every time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to below `end`.
    fn below(&mut self, end: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let end = u64::try_from(end).expect("is positive");
        i32::try_from((bits ^ (bits >> 31)) % end).expect("is below an i32")
    }

    fn chance(&mut self, one_in: i32) -> bool {
        self.below(one_in) == 0
    }

    fn corner(&mut self, size: i32) -> Corner {
        (self.below(size), self.below(size))
    }
}

/// A geometry as WKT.
pub(crate) fn case(random: &mut Random) -> String {
    match random.below(26) {
        0 => collection(random),
        1 => lines(random),
        20..=22 => {
            let (shell, holes) = lattice(random);
            let polygon = std::iter::once(shell).chain(holes).collect();
            spelled(random, &[polygon], "POLYGON")
        }
        23..=25 => {
            let polygons: Vec<Polygon> =
                lattice(random).1.into_iter().map(|ring| vec![ring]).collect();
            spelled(random, &polygons, "MULTIPOLYGON")
        }
        2..=6 => {
            let polygon = polygon(random);
            spelled(random, &[polygon], "POLYGON")
        }
        7..=10 => {
            let polygons = cells(random);
            let polygon = polygons.into_iter().max_by_key(Vec::len);
            let polygon: Vec<_> = polygon.into_iter().collect();
            spelled(random, &polygon, "POLYGON")
        }
        11..=15 => {
            let polygons = (0..random.below(5)).map(|_| polygon(random)).collect::<Vec<_>>();
            spelled(random, &polygons, "MULTIPOLYGON")
        }
        _ => {
            let polygons = cells(random);
            spelled(random, &polygons, "MULTIPOLYGON")
        }
    }
}

/// A shell and holes, all at random or nearly in their places.
fn polygon(random: &mut Random) -> Polygon {
    let size = 4 + random.below(9);
    match random.below(4) {
        0 => vec![tangle(random, size)],
        1 => vec![star(random, size)],
        2 => (0..=random.below(3)).map(|_| star(random, size)).collect(),
        _ => {
            let shell = rectangle((0, 0), (size, size));
            let holes = (0..random.below(7)).map(|_| small(random, size));
            std::iter::once(shell).chain(holes).collect()
        }
    }
}

/// Corners in no order.
fn tangle(random: &mut Random, size: i32) -> Ring {
    (0..3 + random.below(6)).map(|_| random.corner(size)).collect()
}

/// Corners in the order of their angle around one of them, roughly: often simple.
fn star(random: &mut Random, size: i32) -> Ring {
    let (x, y) = random.corner(size);
    let mut ring: Ring = (0..3 + random.below(9)).map(|_| random.corner(size)).collect();
    ring.sort_by(|a, b| {
        let angle = |at: &Corner| f64::from(at.1 - y).atan2(f64::from(at.0 - x));
        angle(a).total_cmp(&angle(b))
    });
    ring
}

/// A triangle, diamond or rectangle inside a square of this size, up to its border.
fn small(random: &mut Random, size: i32) -> Ring {
    let (width, height) = (1 + random.below(3), 1 + random.below(3));
    let (x, y) = (random.below(size - 1), random.below(size - 1));
    match random.below(4) {
        0 => rectangle((x, y), (x + width, y + height)),
        1 => vec![(x, y), (x + width, y), (x + random.below(3), y + height)],
        2 => vec![(x, y + 1), (x + 1, y), (x + 2, y + 1), (x + 1, y + 2)],
        _ => (0..3).map(|_| (x + random.below(4), y + random.below(4))).collect(),
    }
}

/// A square of cells with shapes in them that touch in the middle of sides, or lie in each other;
/// and the square, at times a cell too small.
fn lattice(random: &mut Random) -> (Ring, Vec<Ring>) {
    let size = 1 + random.below(3);
    let sides = (0..size).flat_map(|row| (0..size).map(move |column| (8 * column, 8 * row)));
    let mut shapes = Vec::new();
    for (x, y) in sides {
        let diamond = |r: i32| {
            vec![(x + 4, y + 4 - r), (x + 4 + r, y + 4), (x + 4, y + 4 + r), (x + 4 - r, y + 4)]
        };
        let nested =
            [diamond(4), rectangle((x + 2, y + 2), (x + 6, y + 6)), diamond(2), diamond(1)];
        let one = usize::try_from(random.below(4)).expect("not negative");
        match random.below(8) {
            0..=4 => shapes.push(nested[one.min(2)].clone()),
            5 if random.chance(2) => shapes.extend(nested.into_iter().skip(one)),
            _ => {}
        }
    }
    let size = 8 * size - if random.chance(9) { 8 } else { 0 };
    (rectangle((0, 0), (size.max(4), size.max(4))), shapes)
}

fn rectangle(from: Corner, to: Corner) -> Ring {
    vec![from, (to.0, from.1), to, (from.0, to.1)]
}

/// The outlines of random cells of a chessboard that share edges, with their holes.
fn cells(random: &mut Random) -> Vec<Polygon> {
    let size = 2 + random.below(5);
    let mut board: Vec<Vec<bool>> =
        (0..size).map(|_| (0..size).map(|_| !random.chance(3)).collect()).collect();
    let mut polygons = Vec::new();
    while let Some(edges) = next_component(&mut board) {
        let mut rings = trace(random, edges);
        // the shell runs counter-clockwise around all others
        rings.sort_by_key(|ring| -twice_area(ring));
        polygons.push(rings);
    }
    polygons
}

/// Takes cells that share edges off the board; their border, told counter-clockwise.
fn next_component(board: &mut [Vec<bool>]) -> Option<Vec<(Corner, Corner)>> {
    let row = board.iter().position(|row| row.contains(&true))?;
    let column = board[row].iter().position(|is_full| *is_full)?;
    let (mut open, mut cells) = (vec![(row, column)], Vec::new());
    while let Some((row, column)) = open.pop() {
        if std::mem::take(&mut board[row][column]) {
            cells.push((row, column));
            let last = board.len() - 1;
            let rows = [(row.saturating_sub(1), column), ((row + 1).min(last), column)];
            let columns = [(row, column.saturating_sub(1)), (row, (column + 1).min(last))];
            open.extend(rows.into_iter().chain(columns));
        }
    }
    let number = |at: usize| i32::try_from(at).expect("a small board");
    let corners = cells.iter().map(|(row, column)| (number(*column), number(*row)));
    let edges = corners.flat_map(|(x, y)| {
        let ring = rectangle((x, y), (x + 1, y + 1));
        (0..4).map(move |side| (ring[side], ring[(side + 1) % 4]))
    });
    let edges: Vec<_> = edges.collect();
    let is_outer = |(from, to): &(Corner, Corner)| !edges.contains(&(*to, *from));
    Some(edges.iter().copied().filter(is_outer).collect())
}

/// Follows edges to rings, turning at random where four of them meet.
fn trace(random: &mut Random, edges: Vec<(Corner, Corner)>) -> Vec<Ring> {
    let mut onward = BTreeMap::<Corner, Vec<Corner>>::new();
    for (from, to) in edges {
        onward.entry(from).or_default().push(to);
    }
    let mut rings = Vec::new();
    while let Some((start, _)) = onward.iter().find(|(_, to)| !to.is_empty()) {
        let (start, mut ring, mut at) = (*start, Vec::new(), *start);
        loop {
            ring.push(at);
            let ways = onward.get_mut(&at).expect("a corner of the border");
            at = ways.swap_remove(usize::from(ways.len() > 1 && random.chance(2)));
            let ends_here = onward[&at].is_empty() || random.chance(2);
            if at == start && ends_here {
                break;
            }
        }
        rings.push(ring);
    }
    rings
}

fn twice_area(ring: &Ring) -> i32 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| a.0 * b.1 - a.1 * b.0).sum()
}

/// Now and then repeats a corner, adds a spike, starts elsewhere, or turns a ring around.
fn disturb(random: &mut Random, ring: &mut Ring) {
    let length = i32::try_from(ring.len()).expect("a short ring");
    let index = usize::try_from(random.below(length)).expect("not negative");
    match random.below(12) {
        0 => ring.insert(index, ring[index]),
        1 => {
            let (corner, tip) = (ring[index], random.corner(9));
            ring.splice(index..index, [corner, tip]);
        }
        2 | 3 => ring.rotate_left(index),
        4 => ring.reverse(),
        _ => {}
    }
}

/// Polygons in WKT: as they are, far away, tiny, or turned such that nothing is whole any more.
fn spelled(random: &mut Random, polygons: &[Polygon], keyword: &str) -> String {
    let placed: fn(Corner) -> (f64, f64) = match random.below(12) {
        0 => |(x, y)| (f64::from(x) + 6e6, f64::from(y) - 5e5),
        1 => |(x, y)| (f64::from(x) * 0.1, f64::from(y) * 0.3),
        2 => |(x, y)| {
            (f64::from(x) * 0.7 - f64::from(y) * 0.3, f64::from(x) * 0.3 + f64::from(y) * 0.7)
        },
        3 => |(x, y)| (f64::from(x) * 1e15 + 1.0, f64::from(y) * 1e15 - 1.0),
        4 => |(x, y)| (f64::from(x) * 1e-9 + 24.0, f64::from(y) * 1e-7 + 60.0),
        5 => |(x, y)| (f64::from(x) * 1e6, f64::from(y) * 1e-3),
        _ => |(x, y)| (f64::from(x), f64::from(y)),
    };
    let mut ring = |ring: &Ring| {
        let mut ring = ring.clone();
        disturb(random, &mut ring);
        ring.push(ring[0]);
        // a ring is spelled with four positions at least
        ring.resize(ring.len().max(4), ring[0]);
        let at = |corner: &Corner| placed(*corner);
        let positions: Vec<String> = ring.iter().map(at).map(|(x, y)| format!("{x} {y}")).collect();
        format!("({})", positions.join(","))
    };
    let mut polygon = |rings: &Polygon| {
        let rings: Vec<String> = rings.iter().map(&mut ring).collect();
        format!("({})", rings.join(","))
    };
    let polygons: Vec<String> = polygons.iter().map(&mut polygon).collect();
    match (keyword, polygons.as_slice()) {
        (_, []) => format!("{keyword} EMPTY"),
        ("POLYGON", [polygon, ..]) => format!("POLYGON {polygon}"),
        _ => format!("{keyword} ({})", polygons.join(",")),
    }
}

fn lines(random: &mut Random) -> String {
    let mut line = || {
        let corners = (0..2 + random.below(3)).map(|_| random.corner(2)).collect::<Vec<_>>();
        let positions = corners.iter().map(|(x, y)| format!("{x} {y}")).collect::<Vec<_>>();
        format!("({})", positions.join(","))
    };
    let (a, b) = (line(), line());
    if random.chance(2) {
        format!("LINESTRING {a}")
    } else {
        format!("MULTILINESTRING ({a},{b},EMPTY)")
    }
}

fn collection(random: &mut Random) -> String {
    let mut members = vec!["POINT (1 1)".to_owned(), "MULTIPOINT ((1 1),(1 1))".to_owned()];
    for _ in 0..random.below(3) {
        members.push(lines(random));
        let polygon = polygon(random);
        members.push(spelled(random, &[polygon], "POLYGON"));
    }
    members.push("GEOMETRYCOLLECTION (POLYGON EMPTY)".to_owned());
    format!("GEOMETRYCOLLECTION ({})", members.join(","))
}
