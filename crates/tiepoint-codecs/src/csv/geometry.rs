//! Which columns are the geometry, by name, and geometry out of their cells.
use super::evidence::shown;
use crate::infer::{DecimalMark, real, trimmed};
use tiepoint_core::{Crs, Dims, Geometry, GeometryError, GeometryKind, GeometryWriter};

/// Which columns the geometry of each feature comes from, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometrySource {
    /// None.
    None,
    /// One number of each is a point. The columns are the geometry, and no fields.
    Xy {
        /// Where eastings or longitudes stand.
        x: usize,
        /// Where northings or latitudes stand.
        y: usize,
    },
    /// One column holds WKT, EWKT or hexadecimal (E)WKB.
    Wkt {
        /// Where.
        column: usize,
    },
}

/// What the names of two columns promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairNames {
    /// Longitude and latitude.
    Geographic,
    /// Some x and y.
    Plain,
    /// Easting and northing: no degrees.
    Projected,
}

/// Names in lower case; earlier pairs are preferred.
const PAIRS: &[(&str, &str, PairNames)] = &[
    ("lon", "lat", PairNames::Geographic),
    ("lng", "lat", PairNames::Geographic),
    ("long", "lat", PairNames::Geographic),
    ("longitude", "latitude", PairNames::Geographic),
    ("decimallongitude", "decimallatitude", PairNames::Geographic),
    ("geo_lon", "geo_lat", PairNames::Geographic),
    ("x", "y", PairNames::Plain),
    ("x_coord", "y_coord", PairNames::Plain),
    ("xcoord", "ycoord", PairNames::Plain),
    ("coord_x", "coord_y", PairNames::Plain),
    ("easting", "northing", PairNames::Projected),
];

/// What a column of geometries may be called, in lower case; the first is for ours.
pub(super) const WKT_NAMES: &[&str] =
    &["wkt", "geometry", "geom", "the_geom", "wkt_geom", "geom_wkt", "geometry_wkt", "_wkt"];

/// Whether columns are named like geometry: one of WKT, or a pair.
pub(super) fn are_geometry_names(names: &[String]) -> bool {
    !wkt_columns(names).is_empty() || !xy_columns(names).is_empty()
}

/// Where columns stand that may hold geometries as text.
pub(super) fn wkt_columns(names: &[String]) -> Vec<usize> {
    let is_named = |name: &String| WKT_NAMES.contains(&name.trim().to_lowercase().as_str());
    (0..names.len()).filter(|index| is_named(&names[*index])).collect()
}

/// Where pairs of columns stand that may be coordinates, the likeliest first.
pub(super) fn xy_columns(names: &[String]) -> Vec<(usize, usize, PairNames)> {
    let lower: Vec<_> = names.iter().map(|name| name.trim().to_lowercase()).collect();
    let position = |wanted: &str| lower.iter().position(|name| name == wanted);
    let pair = |(x, y, names): &(&str, &str, PairNames)| Some((position(x)?, position(y)?, *names));
    PAIRS.iter().filter_map(pair).collect()
}

/// What the names of two given columns promise.
pub(super) fn pair_names(x: &str, y: &str) -> PairNames {
    let (x, y) = (x.to_lowercase(), y.to_lowercase());
    let named = PAIRS.iter().find(|(a, b, _)| *a == x || *b == y);
    named.map_or(PairNames::Plain, |(_, _, names)| *names)
}

/// What a cell of geometry holds: nothing, or a geometry that may name its SRID.
pub(super) type Located = Option<(Geometry, Option<i32>)>;

/// Reads WKT, EWKT or hexadecimal (E)WKB, told apart by their first characters.
pub(super) fn geometry(cell: &str) -> Result<Located, GeometryError> {
    let text = cell.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (geometry, srid) = match hex_bytes(text) {
        Some(wkb) => Geometry::from_ewkb(&wkb)?,
        None => Geometry::from_ewkt(text)?,
    };
    Ok(Some((geometry, srid.filter(|srid| *srid != 0))))
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    if !text.starts_with("00") && !text.starts_with("01") {
        return None;
    }
    let nibble =
        |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(nibble(pair[0])? << 4 | nibble(*pair.get(1)?)?)).collect()
}

/// A coordinate pair: both, neither, or one that is no number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pair {
    Absent,
    At(f64, f64),
    Bad,
}

pub(super) fn pair(x: &str, y: &str, mark: DecimalMark) -> Pair {
    match (trimmed(x).is_empty(), trimmed(y).is_empty()) {
        (true, true) => Pair::Absent,
        (false, false) => match (real(x, mark), real(y, mark)) {
            (Some(x), Some(y)) => Pair::At(x, y),
            _ => Pair::Bad,
        },
        _ => Pair::Bad,
    }
}

/// Why two cells are not a coordinate pair.
pub(super) fn why_no_pair(
    (x_name, x): (&str, &str),
    (y_name, y): (&str, &str),
    mark: DecimalMark,
) -> String {
    for (name, cell, other) in [(x_name, x, y_name), (y_name, y, x_name)] {
        if trimmed(cell).is_empty() {
            return format!("column `{name}` is empty although `{other}` is not");
        }
        if real(cell, mark).is_none() {
            let form = if mark == DecimalMark::Comma {
                "with a decimal comma"
            } else {
                "with a decimal point"
            };
            return format!("column `{name}`: `{}` is not a number {form}", shown(cell));
        }
    }
    "not a coordinate pair".to_owned()
}

pub(super) fn point(writer: &mut GeometryWriter, x: f64, y: f64) -> Result<Geometry, String> {
    writer.begin(GeometryKind::Point, Dims::Xy);
    writer.position(&[x, y]);
    writer.end();
    writer.finish().map_err(|error| error.to_string())
}

/// Why coordinates cannot be degrees on a globe. Longitudes may go once around: some count them
/// from 0 to 360.
pub(super) fn outside_the_globe(geometry: &Geometry) -> Option<String> {
    let envelope = geometry.envelope()?;
    let (min, max) = (envelope.min(), envelope.max());
    for (ordinates, limit, what) in
        [([min.y, max.y], 90.0, "latitude"), ([min.x, max.x], 360.0, "longitude")]
    {
        if let Some(ordinate) = ordinates.into_iter().find(|ordinate| ordinate.abs() > limit) {
            return Some(format!(
                "{ordinate} is no {what}; are the axes swapped, or are coordinates in another CRS?"
            ));
        }
    }
    None
}

/// Whether coordinates may be longitude and latitude.
pub(super) fn may_be_lonlat(geometry: &Geometry) -> bool {
    geometry.envelope().is_none_or(|envelope| {
        let (min, max) = (envelope.min(), envelope.max());
        is_lonlat_range(min.x, min.y) && is_lonlat_range(max.x, max.y)
    })
}

pub(super) fn is_lonlat_range(x: f64, y: f64) -> bool {
    x.abs() <= 180.0 && y.abs() <= 90.0
}

/// The CRS that an SRID in a document stands for: EPSG's code, as PostGIS numbers them.
pub(super) fn crs_of_srid(srid: i32) -> Option<Crs> {
    u32::try_from(srid).ok().filter(|code| *code > 0).map(Crs::epsg)
}
