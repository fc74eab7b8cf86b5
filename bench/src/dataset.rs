//! The data: written as GeoJSON with nobody's writer but the standard library's, so that it
//! favours no side, and byte for byte the same on every machine.
use crate::prng::Prng;
use std::io::{self, Write};

const SEED: u64 = 20_260_101;

/// How many corners a polygon has; its first position stands once more at the end.
const CORNERS: usize = 20;

/// Cosines of 0°, 18°, ... 90°, spelled out because libraries differ in their last bits.
#[expect(clippy::unreadable_literal, reason = "shortest digits of a double")]
const COSINES: [f64; 6] =
    [1.0, 0.9510565162951535, 0.8090169943749475, 0.5877852522924731, 0.30901699437494745, 0.0];

const ZONES: [&str; 5] = ["residential", "commercial", "industrial", "mixed", "park"];
const NOTES: [&str; 4] =
    ["surveyed on foot", "from the cadastre", "to be checked", "Größe geschätzt"];

/// What is converted, read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dataset {
    /// Star-shaped polygons of 21 positions, about 200 m across, with 6 fields.
    Polygons,
    /// Points with 4 fields.
    Points,
}

impl Dataset {
    pub(crate) const ALL: [Self; 2] = [Self::Polygons, Self::Points];

    /// What files, layers and cases are called after it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Polygons => "polygons",
            Self::Points => "points",
        }
    }

    /// Writes the first `count` features as one GeoJSON document.
    pub(crate) fn write(self, count: u32, out: &mut impl Write) -> io::Result<()> {
        let mut prng = Prng::seeded(SEED);
        write!(out, r#"{{"type":"FeatureCollection","name":"{}","features":["#, self.name())?;
        for number in 1..=count {
            out.write_all(if number == 1 { b"\n" } else { b",\n" })?;
            match self {
                Self::Polygons => polygon(number, &mut prng, out)?,
                Self::Points => point(number, &mut prng, out)?,
            }
        }
        out.write_all(b"\n]}\n")
    }
}

fn polygon(number: u32, prng: &mut Prng, out: &mut impl Write) -> io::Result<()> {
    write!(out, r#"{{"type":"Feature","properties":{{"parcel_id":"P{number:08}","#)?;
    write!(out, r#""zone":"{}","population":{},"#, prng.one_of(&ZONES), prng.below(5000))?;
    write!(out, r#""value":{},"created":""#, prng.between(0.0, 1e6))?;
    moment(prng, out)?;
    write!(out, r#"","note":"{} {}"}},"#, prng.one_of(&NOTES), prng.below(1000))?;
    out.write_all(br#""geometry":{"type":"Polygon","coordinates":[["#)?;
    let corners = star(prng);
    for [x, y] in corners {
        write!(out, "[{x},{y}],")?;
    }
    let [x, y] = corners[0];
    write!(out, "[{x},{y}]]]}}}}")
}

fn point(number: u32, prng: &mut Prng, out: &mut impl Write) -> io::Result<()> {
    write!(out, r#"{{"type":"Feature","properties":{{"number":{number},"name":"name {number}","#)?;
    write!(out, r#""category":{},"value":{}}},"#, prng.below(20), prng.between(0.0, 100.0))?;
    let [x, y] = place(prng);
    write!(out, r#""geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}"#)
}

/// A second of the year 2025, without zone.
fn moment(prng: &mut Prng, out: &mut impl Write) -> io::Result<()> {
    let (month, day) = (1 + prng.below(12), 1 + prng.below(28));
    let second = prng.below(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    write!(out, "2025-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Somewhere in central Europe.
fn place(prng: &mut Prng) -> [f64; 2] {
    [prng.between(5.0, 15.0), prng.between(45.0, 55.0)]
}

/// The corners, anticlockwise.
fn star(prng: &mut Prng) -> [[f64; 2]; CORNERS] {
    let [x, y] = place(prng);
    let radius_deg = prng.between(0.0005, 0.002);
    std::array::from_fn(|corner| {
        let [cosine, sine] = direction(corner);
        let distance = radius_deg * prng.between(0.7, 1.3);
        [x + distance * cosine, y + distance * sine]
    })
}

/// Cosine and sine of `corner` times 18°.
fn direction(corner: usize) -> [f64; 2] {
    let (quarter, step) = (corner / 5, corner % 5);
    let first = [COSINES[step], COSINES[5 - step]];
    (0..quarter).fold(first, |[cosine, sine], _| [-sine, cosine])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn document(dataset: Dataset, count: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        dataset.write(count, &mut bytes).expect("memory takes everything");
        bytes
    }

    /// FNV-1a, 64 bits.
    fn fingerprint(bytes: &[u8]) -> u64 {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
    }

    #[test]
    fn the_data_is_the_same_everywhere_and_always() {
        let fingerprints = Dataset::ALL.map(|dataset| fingerprint(&document(dataset, 500)));
        assert_eq!(fingerprints, [0x4c08_1516_0a94_c91a, 0x5004_aa52_6a39_34b2]);
    }

    #[test]
    fn a_polygon_has_21_positions_is_closed_and_has_6_fields() {
        let document: Value =
            serde_json::from_slice(&document(Dataset::Polygons, 50)).expect("is JSON");
        let features = document["features"].as_array().expect("a collection");
        assert_eq!(features.len(), 50);
        for feature in features {
            let ring = feature["geometry"]["coordinates"][0].as_array().expect("a ring");
            assert_eq!((ring.len(), &ring[0]), (21, &ring[20]));
            assert_eq!(feature["properties"].as_object().expect("fields").len(), 6);
        }
    }

    #[test]
    fn directions_are_those_of_a_regular_polygon() {
        for corner in 0..CORNERS {
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            let angle = (corner as f64 * 18.0).to_radians();
            let [cosine, sine] = direction(corner);
            assert!((cosine - angle.cos()).abs() < 1e-15 && (sine - angle.sin()).abs() < 1e-15);
        }
    }
}
