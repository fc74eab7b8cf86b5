//! What a CRS's definition says, as far as we take its word.
//!
//! An EPSG code is taken when it is [served](super::served), with the datum shift of that table. A
//! PROJ string of a user is taken at its word when its method is one that a served code uses and
//! it says how its datum lies to WGS 84. WKT is taken for the EPSG code that it names, or for the
//! PROJ string in its `EXTENSION`.
use proj4rs::Proj;
use tiepoint_core::Crs;

use super::datum::Datum;
use super::error::{Refusal, TransformError};
use super::served::{self, Way};
use super::side::Side;

/// The methods (`+proj=`) that served codes use, which is what has been measured.
pub(super) const METHODS: [&str; 18] = [
    "aea", "aeqd", "cass", "cea", "eqc", "eqearth", "krovak", "laea", "lcc", "longlat", "merc",
    "omerc", "poly", "somerc", "stere", "sterea", "tmerc", "utm",
];

/// Another name of a method, and the one it stands for.
const SYNONYMS: [(&str, &str); 4] =
    [("latlong", "longlat"), ("latlon", "longlat"), ("lonlat", "longlat"), ("webmerc", "merc")];

/// A sphere with the radius of WGS 84's equator, by which web Mercator computes WGS 84 positions.
const WEB_MERCATOR: &str = "+proj=webmerc +datum=WGS84 +units=m +no_defs";

/// A PROJ string that we will compute by.
pub(super) struct Definition<'a> {
    crs: &'a Crs,
    pub(super) proj: String,
}

impl<'a> Definition<'a> {
    pub(super) fn of(crs: &'a Crs) -> Result<Self, TransformError> {
        let refused = |refusal| TransformError::Refused { crs: crs.clone(), refusal };
        let by = |proj| Self { crs, proj };
        match crs {
            Crs::UndefinedCartesian | Crs::UndefinedGeographic => {
                Err(TransformError::Undefined { crs: crs.clone() })
            }
            Crs::CRS84 => Self::of_epsg(crs, 4326).map_err(refused),
            Crs::Epsg(code) => Self::of_epsg(crs, *code).map_err(refused),
            Crs::Authority(..) => Err(refused(Refusal::OtherAuthority)),
            Crs::Wkt(wkt) => Self::of_wkt(crs, wkt).map_err(refused),
            Crs::Proj(proj) => vouched(proj).map(by).map_err(refused),
        }
    }

    fn of_epsg(crs: &'a Crs, code: u32) -> Result<Self, Refusal> {
        let registered = Crs::Epsg(code);
        let proj = registered.proj().ok_or(Refusal::UnknownCode)?;
        let proj = match served::way_of(code) {
            None => return Err(why_not_served(proj)),
            Some(Way::ByRegion) => return Err(Refusal::ByRegion),
            Some(_) if is_web_mercator(proj) => WEB_MERCATOR.to_owned(),
            Some(Way::AsDefined) => proj.to_owned(),
            Some(Way::Shift(shift)) => with_shift(proj, shift),
        };
        Ok(Self { crs, proj })
    }

    fn of_wkt(crs: &'a Crs, wkt: &str) -> Result<Self, Refusal> {
        if let Some(code) = root_epsg_code(wkt) {
            return Self::of_epsg(crs, code);
        }
        let proj = wkt.split_once("EXTENSION[\"PROJ4\",\"").ok_or(Refusal::PlainWkt)?.1;
        let proj = vouched(proj.split('"').next().unwrap_or_default())?;
        Ok(Self { crs, proj })
    }

    /// The definition made ready to compute.
    pub(super) fn side(&self) -> Result<Side, TransformError> {
        let refused = |reason: String| {
            let refusal = Refusal::Unreadable { reason };
            TransformError::Refused { crs: self.crs.clone(), refusal }
        };
        let proj =
            Proj::from_proj_string(&self.proj).map_err(|error| refused(error.to_string()))?;
        let not_finite = || refused("an offset or unit is zero or not finite".to_owned());
        Side::new(proj, Datum::of(&self.proj)).ok_or_else(not_finite)
    }
}

/// A user's PROJ string, if we take its word.
fn vouched(proj: &str) -> Result<String, Refusal> {
    let method = parameter(proj, "proj").ok_or_else(|| Refusal::Unreadable {
        reason: "it names no projection method (+proj=)".to_owned(),
    })?;
    let proven = SYNONYMS.iter().find(|(other, _)| *other == method).map_or(method, |pair| pair.1);
    if !METHODS.contains(&proven) {
        return Err(Refusal::Method { name: method.to_owned() });
    }
    if is_web_mercator(proj) {
        return Ok(WEB_MERCATOR.to_owned());
    }
    if let Some(grid) = grid_of(proj) {
        return Err(Refusal::NeedsGrid { grid: grid.to_owned() });
    }
    if has_shift(proj) || needs_no_shift(proj) {
        Ok(proj.to_owned())
    } else {
        Err(Refusal::NoDatumShift)
    }
}

fn why_not_served(proj: &str) -> Refusal {
    match grid_of(proj) {
        Some(grid) => Refusal::NeedsGrid { grid: grid.to_owned() },
        None if !has_shift(proj) => Refusal::NoDatumShift,
        None => Refusal::NotServed,
    }
}

/// The definition with another datum shift than its own.
fn with_shift(proj: &str, shift: &str) -> String {
    let words = proj.split_ascii_whitespace();
    // of two parameters of one name the first counts, but a grid would count before any shift
    let kept = words.filter(|word| !word.starts_with("+nadgrids="));
    std::iter::once(shift).chain(kept).collect::<Vec<_>>().join(" ")
}

/// The value of a parameter of a PROJ string; the first, where it has several.
pub(super) fn parameter<'p>(proj: &'p str, name: &str) -> Option<&'p str> {
    proj.split_ascii_whitespace()
        .find_map(|word| word.strip_prefix('+')?.strip_prefix(name)?.strip_prefix('='))
}

fn grid_of(proj: &str) -> Option<&str> {
    let named = parameter(proj, "nadgrids").filter(|grid| *grid != "@null");
    let is_nad27 = parameter(proj, "datum").is_some_and(|it| it.eq_ignore_ascii_case("NAD27"));
    named.or(is_nad27.then_some("conus, alaska, ntv2_0.gsb"))
}

fn has_shift(proj: &str) -> bool {
    ["datum", "towgs84", "nadgrids"].iter().any(|name| parameter(proj, name).is_some())
}

/// Whether it names WGS 84's ellipsoid, or GRS 80's, which differs by 0.1 mm, or a sphere, which
/// no datum is known of.
fn needs_no_shift(proj: &str) -> bool {
    let is_sphere = parameter(proj, "R").is_some()
        || parameter(proj, "a").is_some() && parameter(proj, "a") == parameter(proj, "b");
    let ellipsoid = parameter(proj, "ellps");
    is_sphere || ellipsoid.is_some_and(|it| it == "WGS84" || it == "GRS80")
}

/// Whether it projects ellipsoidal positions by the formulas of a sphere, as web maps do.
fn is_web_mercator(proj: &str) -> bool {
    let is = |name, value: f64| {
        parameter(proj, name)
            .is_none_or(|text| text.parse().is_ok_and(|it: f64| it.to_bits() == value.to_bits()))
    };
    parameter(proj, "proj") == Some("merc")
        && parameter(proj, "nadgrids") == Some("@null")
        && parameter(proj, "units").is_none_or(|unit| unit == "m")
        && ["a", "b"].iter().all(|name| parameter(proj, name).is_some() && is(name, 6_378_137.0))
        && ["lat_ts", "lon_0", "x_0", "y_0"].iter().all(|name| is(name, 0.0))
        && ["k", "k_0"].iter().all(|name| is(name, 1.0))
}

/// The EPSG code of the whole, not of one of its parts: WKT 1 and 2 have it last.
fn root_epsg_code(wkt: &str) -> Option<u32> {
    let inner = wkt.trim().strip_suffix([']', ')'])?.trim_end().strip_suffix([']', ')'])?;
    let last = &inner[inner.rfind(['[', '('])?..];
    let is_id = ["AUTHORITY", "ID"]
        .iter()
        .any(|word| inner[..inner.len() - last.len()].trim_end().ends_with(word));
    let (authority, code) = last[1..].split_once(',')?;
    let is_epsg = authority.trim().trim_matches('"').eq_ignore_ascii_case("EPSG");
    (is_id && is_epsg).then(|| code.trim().trim_matches('"').parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_the_whole_is_told_from_those_of_parts() {
        for (wkt, code) in [
            (
                r#"PROJCS["x",GEOGCS["y",AUTHORITY["EPSG","4258"]],AUTHORITY["EPSG","25832"]]"#,
                Some(25832),
            ),
            (r#"GEOGCRS["WGS 84", ID["EPSG",4326]]"#, Some(4326)),
            (r#"PROJCS["x",GEOGCS["y",AUTHORITY["EPSG","4258"]],UNIT["metre",1]]"#, None),
            (r#"PROJCS["x",UNIT["metre",1,AUTHORITY["EPSG","9001"]]]"#, None),
            (r#"PROJCS["x",AUTHORITY["ESRI","102100"]]"#, None),
            ("", None),
            ("]]", None),
        ] {
            assert_eq!(root_epsg_code(wkt), code, "{wkt}");
        }
    }

    #[test]
    fn a_parameter_is_known_by_its_whole_name() {
        let proj = "+proj=merc +a=6378137 +lat_ts=0";
        assert_eq!(parameter(proj, "a"), Some("6378137"));
        assert_eq!(parameter(proj, "lat"), None);
    }
}
