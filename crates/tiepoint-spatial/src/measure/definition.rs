//! Reads from a CRS's definition whether it is geographic, on which ellipsoid and in which unit.
use tiepoint_core::Crs;

use super::ellipsoid::Ellipsoid;
use super::metric::{Metric, MetricError};
use super::wkt::{self, Node};

const DEGREE: f64 = std::f64::consts::PI / 180.0;

/// The metric of a PROJ string.
pub(super) fn of_proj(crs: &Crs, proj: &str) -> Result<Metric, MetricError> {
    let value = |key: &str| {
        let mut words = proj.split_ascii_whitespace();
        words.find_map(|word| word.trim_start_matches('+').strip_prefix(key)?.strip_prefix('='))
    };
    match value("proj") {
        Some("longlat" | "latlong" | "lonlat" | "latlon") => {}
        Some("geocent" | "cart") => {
            return Err(MetricError::Geocentric { crs: crs.to_string() });
        }
        _ => return Ok(Metric::Planar),
    }
    let number = |key: &str| value(key).and_then(|text| text.parse::<f64>().ok());
    let named = value("ellps").or_else(|| value("datum").map(ellipsoid_of_datum));
    let (named_a, named_rf) = named.and_then(named_ellipsoid).unzip();
    let a = number("R").or(number("a")).or(named_a);
    let a = a.ok_or_else(|| MetricError::NoEllipsoid { crs: crs.to_string() })?;
    let from_b = |b: f64| if a - b == 0.0 { 0.0 } else { a / (a - b) };
    let rf = if number("R").is_some() {
        0.0
    } else {
        let flattening = || number("f").map(|f| if f == 0.0 { 0.0 } else { f.recip() });
        number("rf")
            .or_else(|| number("b").map(from_b))
            .or_else(flattening)
            .or(named_rf)
            .unwrap_or(0.0)
    };
    geodesic(crs, a, rf)
}

fn geodesic(crs: &Crs, a: f64, rf: f64) -> Result<Metric, MetricError> {
    let bad = |source| MetricError::BadEllipsoid { crs: crs.to_string(), source };
    Ellipsoid::new(a, rf).map(Metric::Geodesic).map_err(bad)
}

/// The ellipsoid of each `+datum` that PROJ knows (its `datums.cpp`).
fn ellipsoid_of_datum(datum: &str) -> &str {
    match datum {
        "GGRS87" | "NAD83" => "GRS80",
        "NAD27" => "clrk66",
        "potsdam" | "hermannskogel" => "bessel",
        "carthage" => "clrk80ign",
        "ire65" => "mod_airy",
        "nzgd49" => "intl",
        "OSGB36" => "airy",
        other => other,
    }
}

/// Equatorial radius and inverse flattening of each `+ellps` that PROJ knows (its `ellps.cpp`).
fn named_ellipsoid(name: &str) -> Option<(f64, f64)> {
    let of_radii = |a: f64, b: f64| (a, a / (a - b));
    Some(match name {
        "MERIT" => (6_378_137.0, 298.257),
        "SGS85" => (6_378_136.0, 298.257),
        "GRS80" => (6_378_137.0, 298.257_222_101),
        "IAU76" => (6_378_140.0, 298.257),
        "airy" => of_radii(6_377_563.396, 6_356_256.910),
        "APL4.9" | "NWL9D" => (6_378_137.0 + if name == "NWL9D" { 8.0 } else { 0.0 }, 298.25),
        "mod_airy" => of_radii(6_377_340.189, 6_356_034.446),
        "andrae" => (6_377_104.43, 300.0),
        "danish" => (6_377_019.256_3, 300.0),
        "aust_SA" => (6_378_160.0, 298.25),
        "GRS67" => (6_378_160.0, 298.247_167_427),
        "GSK2011" => (6_378_136.5, 298.256_415_1),
        "bessel" => (6_377_397.155, 299.152_812_8),
        "bess_nam" => (6_377_483.865, 299.152_812_8),
        "clrk66" => of_radii(6_378_206.4, 6_356_583.8),
        "clrk80" => (6_378_249.145, 293.466_3),
        "clrk80ign" => (6_378_249.2, 293.466_021_293_626_5),
        "CPM" => (6_375_738.7, 334.29),
        "delmbr" => (6_376_428.0, 311.5),
        "engelis" => (6_378_136.05, 298.256_6),
        "evrst30" => (6_377_276.345, 300.801_7),
        "evrst48" => (6_377_304.063, 300.801_7),
        "evrst56" => (6_377_301.243, 300.801_7),
        "evrst69" => (6_377_295.664, 300.801_7),
        "evrstSS" => (6_377_298.556, 300.801_7),
        "fschr60" => (6_378_166.0, 298.3),
        "fschr60m" => (6_378_155.0, 298.3),
        "fschr68" => (6_378_150.0, 298.3),
        "helmert" => (6_378_200.0, 298.3),
        "hough" => (6_378_270.0, 297.0),
        "intl" => (6_378_388.0, 297.0),
        "krass" => (6_378_245.0, 298.3),
        "kaula" => (6_378_163.0, 298.24),
        "lerch" => (6_378_139.0, 298.257),
        "mprts" => (6_397_300.0, 191.0),
        "new_intl" => of_radii(6_378_157.5, 6_356_772.2),
        "plessis" => of_radii(6_376_523.0, 6_355_863.0),
        "PZ90" => (6_378_136.0, 298.257_84),
        "SEasia" => of_radii(6_378_155.0, 6_356_773.320_5),
        "walbeck" => of_radii(6_376_896.0, 6_355_834.846_7),
        "WGS60" => (6_378_165.0, 298.3),
        "WGS66" => (6_378_145.0, 298.25),
        "WGS72" => (6_378_135.0, 298.26),
        "WGS84" => (6_378_137.0, 298.257_223_563),
        "sphere" => (6_370_997.0, 0.0),
        _ => return None,
    })
}

/// The metric of WKT, of any version.
pub(super) fn of_wkt(crs: &Crs, wkt: &str) -> Result<Metric, MetricError> {
    let nodes = wkt::nodes(wkt);
    // the first of these says what it is, also inside a bound or compound CRS
    let base = nodes.iter().position(|node| node.is(GEOGRAPHIC) || node.is(OTHER));
    let Some((base, after)) = base.and_then(|at| nodes[at..].split_first()) else {
        return Ok(Metric::Planar);
    };
    let end = after.iter().position(|node| node.depth <= base.depth).unwrap_or(after.len());
    let inside = &after[..end];
    let is_cartesian =
        |node: &Node<'_>| node.is(&["CS"]) && node.argument(0).eq_ignore_ascii_case("Cartesian");
    if base.is(&["GEOCCS"]) || base.is(GEOGRAPHIC) && inside.iter().any(is_cartesian) {
        return Err(MetricError::Geocentric { crs: crs.to_string() });
    }
    if base.is(OTHER) {
        return Ok(Metric::Planar);
    }
    if let Some(unit) = inside.iter().find(|node| is_other_angle(node, base.depth)) {
        let unit = unit.argument(0).trim_matches('"').to_owned();
        return Err(MetricError::AngularUnit { crs: crs.to_string(), unit });
    }
    let (a, rf) = radii(inside).ok_or_else(|| MetricError::NoEllipsoid { crs: crs.to_string() })?;
    geodesic(crs, a, rf)
}

const GEOGRAPHIC: &[&str] = &["GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS"];

const OTHER: &[&str] = &[
    "PROJCS",
    "PROJCRS",
    "PROJECTEDCRS",
    "DERIVEDPROJCRS",
    "GEOCCS",
    "LOCAL_CS",
    "ENGCRS",
    "ENGINEERINGCRS",
];

/// Whether the node says that axes of a geographic CRS at `depth` are not in degrees.
fn is_other_angle(node: &Node<'_>, depth: usize) -> bool {
    let of_axes = node.depth == depth + 1 && node.is(&["UNIT", "ANGLEUNIT"])
        || node.parent.eq_ignore_ascii_case("AXIS") && node.is(&["UNIT", "ANGLEUNIT"]);
    let factor = node.number(1).filter(|_| of_axes);
    factor.is_some_and(|factor| (factor / DEGREE - 1.0).abs() > 1e-9)
}

/// Equatorial radius in metres and inverse flattening.
fn radii(inside: &[Node<'_>]) -> Option<(f64, f64)> {
    let at = inside.iter().position(|node| node.is(&["SPHEROID", "ELLIPSOID"]))?;
    let unit = inside
        .get(at + 1)
        .filter(|node| node.depth == inside[at].depth + 1 && node.is(&["LENGTHUNIT", "UNIT"]));
    let metres = unit.map_or(Some(1.0), |unit| unit.number(1))?;
    Some((inside[at].number(1)? * metres, inside[at].number(2)?))
}
