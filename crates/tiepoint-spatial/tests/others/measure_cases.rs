//! Geometries to measure: ordinary, touching, empty, mixed and nearly degenerate.
use tiepoint_core::Geometry;

/// A stream of numbers that is the same in each run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        #[allow(clippy::cast_precision_loss, reason = "53 bits")]
        let unit = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        (self.unit() * f64::from(end)) as u32
    }
}

/// How positions of a case are spread.
#[derive(Clone, Copy)]
enum Spread {
    /// Over a small grid, so that much touches.
    Grid,
    /// Over a town in a projected CRS.
    Town,
    /// Along a line, off it by next to nothing.
    Sliver,
}

fn position(random: &mut Random, spread: Spread) -> String {
    let (x, y) = match spread {
        Spread::Grid => (f64::from(random.below(9)), f64::from(random.below(9))),
        Spread::Town => (random.between(385e3, 386e3), random.between(6671e3, 6672e3)),
        Spread::Sliver => {
            let x = random.between(0.0, 10.0);
            (x, 0.1 * x + random.between(-1e-9, 1e-9))
        }
    };
    format!("{x} {y}")
}

/// The body of a geometry, without its keyword.
fn positions(random: &mut Random, spread: Spread, count: u32) -> Vec<String> {
    (0..count).map(|_| position(random, spread)).collect()
}

fn ring(random: &mut Random, spread: Spread) -> String {
    let count = 3 + random.below(6);
    let mut corners = positions(random, spread, count);
    corners.push(corners[0].clone());
    format!("({})", corners.join(","))
}

fn simple(random: &mut Random, spread: Spread) -> String {
    match random.below(5) {
        0 => format!("POINT ({})", position(random, spread)),
        1 => {
            let count = 2 + random.below(6);
            format!("LINESTRING ({})", positions(random, spread, count).join(","))
        }
        2 => format!("POLYGON ({})", ring(random, spread)),
        3 => rectangle_with_hole(random, spread),
        _ => {
            let keyword = ["POINT", "LINESTRING", "POLYGON"][random.below(3) as usize];
            format!("{keyword} EMPTY")
        }
    }
}

/// Valid, so that its hole is one.
fn rectangle_with_hole(random: &mut Random, spread: Spread) -> String {
    let at = position(random, spread);
    let (x, y) = at.split_once(' ').expect("two numbers");
    let [x, y] = [x, y].map(|it| it.parse::<f64>().expect("a number"));
    let ring = |inset: f64, size: f64| {
        let (west, south, east, north) = (x + inset, y + inset, x + size - inset, y + size - inset);
        format!("({west} {south},{east} {south},{east} {north},{west} {north},{west} {south})")
    };
    let size = random.between(2.0, 5.0);
    format!("POLYGON ({},{})", ring(0.0, size), ring(random.between(0.1, 0.9), size))
}

/// A geometry of the plane that GEOS reads too, as WKT.
pub(crate) fn planar(random: &mut Random) -> Geometry {
    let spread =
        [Spread::Grid, Spread::Grid, Spread::Town, Spread::Sliver][random.below(4) as usize];
    let wkt = match random.below(4) {
        0 => {
            let members = (0..=random.below(3)).map(|_| simple(random, spread));
            // shapely 1.8 crashes at an empty point in a collection
            let members: Vec<_> =
                members.map(|it| it.replace("POINT EMPTY", "LINESTRING EMPTY")).collect();
            format!("GEOMETRYCOLLECTION ({})", members.join(","))
        }
        _ => simple(random, spread),
    };
    Geometry::from_wkt(&wkt).expect("well-formed")
}
