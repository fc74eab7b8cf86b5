//! PostGIS as a store, beside those who speak to the same server about the same data: the raw
//! driver, `psql`, `ogr2ogr` and `GeoAlchemy2`. What the client and the server take is told apart.
mod arena;
mod changes;
mod flows;
mod load;
mod peers;
mod questions;
mod raw;
mod watching;

use crate::Outcome;
use crate::dataset::Dataset;
use crate::outcome::{Row, Target, say};
use crate::stage::Stage;
use arena::{Arena, Cost};

pub(crate) use flows::alone;

/// A part of it.
type Part = fn(&Stage, &Arena, Dataset) -> Outcome<Vec<Row>>;

const PARTS: [(&str, Dataset, Part); 12] = [
    ("changes-apply-postgis", Dataset::Polygons, changes::apply),
    ("watching-load-postgis", Dataset::Polygons, watching::load),
    ("watching-rows-postgis", Dataset::Polygons, watching::rows),
    ("watching-delivery-postgis", Dataset::Polygons, watching::delivery),
    ("postgis-load", Dataset::Polygons, load::compare),
    ("postgis-read", Dataset::Polygons, flows::read),
    ("postgis-export", Dataset::Polygons, flows::export),
    ("postgis-export-points", Dataset::Points, flows::export),
    ("postgis-radius", Dataset::Points, questions::radius),
    ("postgis-radius-polygons", Dataset::Polygons, questions::radius),
    ("postgis-nearest", Dataset::Points, questions::nearest),
    ("postgis-nearest-polygons", Dataset::Polygons, questions::nearest),
];

/// All parts whose names begin so, on a server that lives as long as they do; none, and why, where
/// no server can be had.
pub(crate) fn measure(stage: &Stage, only: Option<&str>) -> Outcome<Vec<Row>> {
    let asked = |(name, _, _): &(&str, _, _)| only.is_none_or(|only| name.starts_with(only));
    let parts: Vec<_> = PARTS.into_iter().filter(asked).collect();
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let arena = match Arena::start() {
        Ok(arena) => arena,
        Err(reason) => {
            say(&format!("PostGIS is not measured: {reason}"));
            return Ok(Vec::new());
        }
    };
    say(&arena.circumstances()?);
    let mut rows = Vec::new();
    for (name, dataset, part) in parts {
        say(&format!("measuring {name} ..."));
        rows.extend(part(stage, &arena, dataset)?);
    }
    Ok(rows)
}

/// A figure of ours, and a peer's.
fn row(figure: String, ours: Cost, peer: String) -> Row {
    let none = String::new;
    Row {
        figure,
        ours: ours.told(),
        peer,
        ratio: none(),
        target: Target::None,
        peak: none(),
        profile: None,
    }
}

/// The same of one question.
fn row_ms(figure: String, ours: Cost, peer: String) -> Row {
    Row { ours: ours.told_ms(), ..row(figure, ours, peer) }
}

/// How many times as fast we are, for the picture.
fn beside(figure: String, ours: Cost, theirs: Cost, peer: String) -> Row {
    let ratio = format!("{:.1} × as fast", theirs.client_s / ours.client_s);
    Row { ratio, ..row(figure, ours, peer) }
}
