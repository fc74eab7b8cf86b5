//! Pairs of geometries that meet in awkward ways, the same in every run.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small numbers")]

use std::f64::consts::PI;
use tiepoint_core::Geometry;

/// A small generator of random numbers (`SplitMix64`), so that a case is known by its number.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn whole(&mut self, limit: u64) -> f64 {
        self.below(limit) as f64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

type At = [f64; 2];

/// A geometry as nested lists, before its coordinates are moved about.
#[derive(Debug, Clone)]
pub(crate) enum Sketch {
    Points(Vec<At>),
    Lines(Vec<Vec<At>>),
    Polygons(Vec<Vec<Vec<At>>>),
    Collection(Vec<Sketch>),
    Empty(&'static str),
}

impl Sketch {
    /// On a grid of whole numbers, where much coincides.
    pub(crate) fn on_grid(random: &mut Random) -> Self {
        let side = [3, 5, 8][random.below(3) as usize];
        match random.below(20) {
            0 => Self::Empty(EMPTIES[random.below(EMPTIES.len() as u64) as usize]),
            1..=3 => Self::Points((0..=random.below(3)).map(|_| at(random, side)).collect()),
            4..=8 => Self::Lines((0..=random.below(3)).map(|_| line(random, side)).collect()),
            9..=16 => Self::Polygons(polygons(random, side)),
            _ => Self::Collection((0..=random.below(3)).map(|_| Self::on_grid(random)).collect()),
        }
    }

    /// Something that has corners, edges or places in common with `self`.
    pub(crate) fn related(&self, random: &mut Random) -> Self {
        let corners = self.corners();
        if corners.is_empty() {
            return Self::on_grid(random);
        }
        let pick = |random: &mut Random| corners[random.below(corners.len() as u64) as usize];
        match random.below(8) {
            0 => self.turned(random),
            1 => Self::Points((0..=random.below(2)).map(|_| pick(random)).collect()),
            2 => {
                let (a, b) = (pick(random), pick(random));
                Self::Points(vec![[f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])]])
            }
            3 => Self::Lines(vec![(0..2 + random.below(3)).map(|_| pick(random)).collect()]),
            4 => match self {
                Self::Polygons(polygons) => Self::Lines(polygons.concat()),
                Self::Lines(lines) => Self::Points(lines.concat()),
                other => other.clone(),
            },
            5 => {
                let (a, b, c) = (pick(random), pick(random), at(random, 8));
                Self::Polygons(vec![vec![vec![a, b, c, a]]])
            }
            6 => match self {
                // without its holes, or only a hole
                Self::Polygons(all) => {
                    let rings = &all[0];
                    Self::Polygons(vec![vec![
                        rings[random.below(rings.len() as u64) as usize].clone(),
                    ]])
                }
                other => other.clone(),
            },
            _ => {
                let (origin, by) = (pick(random), [0.5, 2.0, -1.0][random.below(3) as usize]);
                self.moved(&|at| [0, 1].map(|i| origin[i] + (at[i] - origin[i]) * by))
            }
        }
    }

    /// The same with rings started elsewhere, or the other way round.
    fn turned(&self, random: &mut Random) -> Self {
        let mut turn = |ring: &Vec<At>| {
            let mut ring = ring.clone();
            ring.pop();
            let start = random.below(ring.len().max(1) as u64) as usize;
            ring.rotate_left(start);
            ring.extend(ring.first().copied());
            if random.chance(50) {
                ring.reverse();
            }
            ring
        };
        match self {
            Self::Polygons(all) => Self::Polygons(
                all.iter().rev().map(|rings| rings.iter().map(&mut turn).collect()).collect(),
            ),
            Self::Lines(lines) => {
                Self::Lines(lines.iter().map(|line| line.iter().rev().copied().collect()).collect())
            }
            other => other.clone(),
        }
    }

    pub(crate) fn moved(&self, by: &dyn Fn(At) -> At) -> Self {
        let line = |line: &Vec<At>| line.iter().map(|at| by(*at)).collect();
        let lines = |lines: &Vec<Vec<At>>| lines.iter().map(line).collect();
        match self {
            Self::Points(points) => Self::Points(line(points)),
            Self::Lines(all) => Self::Lines(lines(all)),
            Self::Polygons(all) => Self::Polygons(all.iter().map(lines).collect()),
            Self::Collection(all) => Self::Collection(all.iter().map(|it| it.moved(by)).collect()),
            Self::Empty(what) => Self::Empty(what),
        }
    }

    fn corners(&self) -> Vec<At> {
        match self {
            Self::Points(points) => points.clone(),
            Self::Lines(lines) => lines.concat(),
            Self::Polygons(all) => all.concat().concat(),
            Self::Collection(all) => all.iter().flat_map(Self::corners).collect(),
            Self::Empty(_) => Vec::new(),
        }
    }

    pub(crate) fn wkt(&self) -> String {
        let list = |items: Vec<String>| format!("({})", items.join(","));
        let line = |line: &Vec<At>| {
            list(line.iter().map(|at| format!("{:?} {:?}", at[0], at[1])).collect())
        };
        let rings = |rings: &Vec<Vec<At>>| list(rings.iter().map(line).collect());
        match self {
            Self::Points(points) if points.len() == 1 => format!("POINT {}", line(points)),
            Self::Points(points) => format!("MULTIPOINT {}", line(points)),
            Self::Lines(lines) if lines.len() == 1 => format!("LINESTRING {}", line(&lines[0])),
            Self::Lines(lines) => format!("MULTILINESTRING {}", rings(lines)),
            Self::Polygons(all) if all.len() == 1 => format!("POLYGON {}", rings(&all[0])),
            Self::Polygons(all) => {
                format!("MULTIPOLYGON {}", list(all.iter().map(rings).collect()))
            }
            Self::Collection(all) => {
                format!("GEOMETRYCOLLECTION {}", list(all.iter().map(Self::wkt).collect()))
            }
            Self::Empty(what) => (*what).to_owned(),
        }
    }

    pub(crate) fn geometry(&self) -> Geometry {
        let wkt = self.wkt();
        Geometry::from_wkt(&wkt).unwrap_or_else(|error| panic!("{wkt}: {error}"))
    }

    /// Whether it holds collections.
    pub(crate) fn is_collection(&self) -> bool {
        matches!(self, Self::Collection(_))
    }
}

const EMPTIES: [&str; 8] = [
    "POINT EMPTY",
    "LINESTRING EMPTY",
    "POLYGON EMPTY",
    "MULTIPOINT EMPTY",
    "MULTILINESTRING EMPTY",
    "MULTIPOLYGON EMPTY",
    "GEOMETRYCOLLECTION EMPTY",
    "GEOMETRYCOLLECTION (POINT EMPTY,POLYGON EMPTY)",
];

fn at(random: &mut Random, side: u64) -> At {
    [random.whole(side + 1), random.whole(side + 1)]
}

fn line(random: &mut Random, side: u64) -> Vec<At> {
    let mut line: Vec<At> = (0..2 + random.below(5)).map(|_| at(random, side)).collect();
    if random.chance(20) {
        line.push(line[0]);
    }
    line.dedup();
    if line.len() < 2 {
        line.push([line[0][0] + 1.0, line[0][1]]);
    }
    line
}

fn polygons(random: &mut Random, side: u64) -> Vec<Vec<Vec<At>>> {
    match random.below(4) {
        0 => vec![with_holes(random)],
        1 => {
            // rectangles in the cells of a board: some touch at corners
            let cells = (0..4).filter(|_| random.chance(60)).collect::<Vec<_>>();
            let cell = |index: u64| {
                let (x, y) = ((index % 2) as f64 * 4.0, (index / 2) as f64 * 4.0);
                vec![rectangle(
                    x,
                    y,
                    x + 3.0 + f64::from(index.is_multiple_of(3)),
                    y + 4.0 - (index % 2) as f64,
                )]
            };
            if cells.is_empty() { vec![cell(0)] } else { cells.into_iter().map(cell).collect() }
        }
        2 => {
            let [x, y] = at(random, side);
            vec![vec![rectangle(x, y, x + 1.0 + random.whole(4), y + 1.0 + random.whole(4))]]
        }
        _ => vec![vec![star(random, side)]],
    }
}

fn with_holes(random: &mut Random) -> Vec<Vec<At>> {
    let mut rings = vec![rectangle(0.0, 0.0, 8.0, 8.0)];
    if random.chance(80) {
        rings.push(rectangle(1.0, 1.0, 3.0, 3.0 + random.whole(3)));
    }
    if random.chance(60) {
        // touches the outer ring at a corner
        rings.push(vec![[8.0, 4.0], [5.0, 3.0], [5.0, 6.0], [8.0, 4.0]]);
    }
    rings
}

fn rectangle(x: f64, y: f64, far_x: f64, far_y: f64) -> Vec<At> {
    vec![[x, y], [far_x, y], [far_x, far_y], [x, far_y], [x, y]]
}

/// Corners sorted by their direction from the middle.
fn star(random: &mut Random, side: u64) -> Vec<At> {
    let mut corners: Vec<At> = (0..3 + random.below(6)).map(|_| at(random, side)).collect();
    let middle = side as f64 / 2.0 + 0.1;
    let angle = |at: &At| (at[1] - middle).atan2(at[0] - middle + 0.07).rem_euclid(2.0 * PI);
    corners.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    corners.dedup();
    corners.push(corners[0]);
    while corners.len() < 4 {
        corners.insert(1, [corners[0][0] + corners.len() as f64, corners[0][1] + 1.0]);
    }
    corners
}

/// What becomes of the whole numbers of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Nothing.
    Whole,
    /// Tenths: what was on a line is next to it.
    Tenths,
    /// Turned by an angle, differently for both: slivers, and corners next to edges.
    Turned,
    /// Far from the origin, where doubles are half a metre apart.
    Far,
    /// A few units in the last place of 1.
    Fine,
}

impl Grain {
    pub(crate) const ALL: [Self; 5] =
        [Self::Whole, Self::Tenths, Self::Turned, Self::Far, Self::Fine];

    pub(crate) fn apply(self, sketch: &Sketch) -> Sketch {
        let (sin, cos) = (0.3_f64.sin(), 0.3_f64.cos());
        match self {
            Self::Whole => sketch.clone(),
            Self::Tenths => sketch.moved(&|at| at.map(|it| it * 0.1)),
            Self::Turned => {
                sketch.moved(&|[x, y]| [x * cos - y * sin + 500_000.0, x * sin + y * cos + 0.1])
            }
            Self::Far => sketch.moved(&|at| at.map(|it| it * 0.5 + 4e15)),
            Self::Fine => sketch.moved(&|at| at.map(|it| 1.0 + it * f64::EPSILON)),
        }
    }
}

/// The pair with this number, and how it was made.
pub(crate) fn pair(number: u64) -> (Sketch, Sketch, Grain) {
    let mut random = Random::new(number);
    let first = Sketch::on_grid(&mut random);
    let second =
        if random.chance(60) { first.related(&mut random) } else { Sketch::on_grid(&mut random) };
    let grain = if random.chance(50) {
        Grain::Whole
    } else {
        Grain::ALL[random.below(Grain::ALL.len() as u64) as usize]
    };
    let (first, second) = (grain.apply(&first), grain.apply(&second));
    if random.chance(50) { (second, first, grain) } else { (first, second, grain) }
}
