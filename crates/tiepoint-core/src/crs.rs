//! Coordinate reference systems: what coordinates mean, named by whoever defined it.
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// What the coordinates of a layer mean: its identity, not its mathematics.
///
/// Coordinates inside tiepoint are always x (easting or longitude) first, whatever the
/// definition says; [`Crs::axis_order`] tells readers and writers of bytes where to swap, and
/// nobody else. `==` is on the identity as written, so `EPSG:4326` and `OGC:CRS84` differ although
/// the same numbers stand for the same places: see [`Crs::same_positions`].
///
/// ```
/// use tiepoint_core::{AxisOrder, Crs};
/// let wgs84: Crs = "urn:ogc:def:crs:EPSG::4326".parse()?;
/// assert_eq!(wgs84, Crs::epsg(4326));
/// assert_eq!(wgs84.axis_order(), AxisOrder::NorthFirst, "as EPSG defines it");
/// assert!(wgs84.same_positions(&Crs::CRS84));
/// # Ok::<(), tiepoint_core::CrsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Crs {
    /// OGC:CRS84, longitude and latitude on WGS 84: what GeoJSON is in.
    CRS84,
    /// A code in EPSG's registry.
    Epsg(u32),
    /// A code in another authority's registry: authority (upper case) and code.
    Authority(Arc<str>, Arc<str>),
    /// A definition without a registered code, as WKT (OGC 18-010 or 01-009).
    Wkt(Arc<str>),
    /// A definition without a registered code, as a PROJ string.
    Proj(Arc<str>),
    /// Some plane, nobody says which (GeoPackage's -1).
    UndefinedCartesian,
    /// Some longitudes and latitudes, nobody says of which body (GeoPackage's 0).
    UndefinedGeographic,
}

/// Which axis a CRS's own definition puts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AxisOrder {
    /// Easting or longitude: as inside tiepoint.
    EastFirst,
    /// Northing or latitude: bytes that follow the definition must be swapped.
    NorthFirst,
}

/// A text that names no CRS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` names no coordinate reference system; write a code such as EPSG:25832, WKT or a PROJ string"
)]
pub struct CrsError {
    text: String,
}

impl Crs {
    /// The CRS with this code in EPSG's registry.
    #[must_use]
    pub fn epsg(code: u32) -> Self {
        Self::Epsg(code)
    }

    /// The CRS that `authority` registered as `code`.
    #[must_use]
    pub fn from_authority(authority: &str, code: &str) -> Self {
        let authority = authority.to_ascii_uppercase();
        match (authority.as_str(), code.parse()) {
            ("EPSG", Ok(code)) => Self::Epsg(code),
            ("OGC", _) if code.eq_ignore_ascii_case("CRS84") => Self::CRS84,
            _ => Self::Authority(authority.into(), code.into()),
        }
    }

    /// Its authority and code, where it has them.
    #[must_use]
    pub fn authority_code(&self) -> Option<(&str, String)> {
        match self {
            Self::CRS84 => Some(("OGC", "CRS84".to_owned())),
            Self::Epsg(code) => Some(("EPSG", code.to_string())),
            Self::Authority(authority, code) => Some((authority, code.to_string())),
            _ => None,
        }
    }

    /// Its definition as WKT, where we know one: EPSG's codes from the `crs-definitions` crate.
    #[must_use]
    pub fn wkt(&self) -> Option<&str> {
        match self {
            Self::Wkt(wkt) => Some(wkt),
            Self::CRS84 => Self::Epsg(4326).library_wkt(),
            _ => self.library_wkt(),
        }
    }

    fn library_wkt(&self) -> Option<&'static str> {
        self.library_definition().map(|definition| definition.wkt)
    }

    /// Its definition as a PROJ string, where we know one.
    #[must_use]
    pub fn proj(&self) -> Option<&str> {
        match self {
            Self::Proj(proj) => Some(proj),
            Self::CRS84 => Some("+proj=longlat +datum=WGS84 +no_defs"),
            _ => self.library_definition().map(|definition| definition.proj4),
        }
    }

    fn library_definition(&self) -> Option<crs_definitions::Def> {
        match self {
            Self::Epsg(code) => crs_definitions::from_code(u16::try_from(*code).ok()?),
            _ => None,
        }
    }

    /// Its name for people, where its definition tells.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::CRS84 => Some("WGS 84 longitude and latitude"),
            _ => self.wkt()?.split('"').nth(1),
        }
    }

    /// Which axis its own definition puts first.
    ///
    /// Read from the definition's `AXIS` entries. An EPSG definition in WKT 1 without them is one
    /// whose order GDAL would not write there: north first. Any other definition that is silent
    /// puts east first (OGC 01-009, section 7.3.3), as does a CRS that we know nothing of.
    #[must_use]
    pub fn axis_order(&self) -> AxisOrder {
        let Some(wkt) = self.wkt().filter(|_| *self != Self::CRS84) else {
            return AxisOrder::EastFirst;
        };
        match (first_axis_direction(wkt), self) {
            (Some(direction), _) if is_north_or_south(direction) => AxisOrder::NorthFirst,
            (None, Self::Epsg(_)) => AxisOrder::NorthFirst,
            _ => AxisOrder::EastFirst,
        }
    }

    /// Whether coordinates are longitudes and latitudes in degrees, as far as we can tell.
    #[must_use]
    pub fn is_lonlat(&self) -> bool {
        match self {
            Self::CRS84 | Self::UndefinedGeographic => true,
            _ => {
                let by_proj =
                    |proj: &str| proj.contains("+proj=longlat") || proj.contains("+proj=latlong");
                self.proj().is_some_and(by_proj) || self.wkt().is_some_and(is_geographic)
            }
        }
    }

    /// How many metres a unit of its coordinates is, along its own axes; `None` of degrees, and
    /// where nobody says.
    #[must_use]
    pub fn metres_per_unit(&self) -> Option<f64> {
        if self.is_lonlat() {
            return None;
        }
        self.proj().and_then(proj_unit).or_else(|| self.wkt().and_then(wkt_unit))
    }

    /// Whether its metres are not metres on the ground, away from where they were meant to be:
    /// Mercator's, which grow without bound towards the poles.
    #[must_use]
    pub fn stretches_metres(&self) -> bool {
        let by_proj = self.proj().is_some_and(|proj| {
            proj.split_whitespace().any(|word| matches!(word, "+proj=merc" | "+proj=webmerc"))
        });
        by_proj || self.wkt().is_some_and(|wkt| wkt.contains("PROJECTION[\"Mercator"))
    }

    /// Whether the same numbers, x first, stand for the same places in both.
    ///
    /// True for one identity, and for `EPSG:4326` and `OGC:CRS84`, which differ in nothing but the
    /// axis order that tiepoint has already dealt with. False does not say that they differ.
    #[must_use]
    pub fn same_positions(&self, other: &Self) -> bool {
        let is_wgs84 = |crs: &Self| matches!(crs, Self::CRS84 | Self::Epsg(4326));
        self == other || is_wgs84(self) && is_wgs84(other)
    }
}

fn is_geographic(wkt: &str) -> bool {
    let geographic = ["GEOGCS[", "GEOGCRS[", "GEODCRS[", "GEOGRAPHICCRS["];
    geographic.iter().any(|start| wkt.trim_start().starts_with(start))
}

/// The length of a PROJ string's unit in metres; a metre where it says nothing.
fn proj_unit(proj: &str) -> Option<f64> {
    let value = |key: &str| proj.split_whitespace().find_map(|word| word.strip_prefix(key));
    if let Some(metres) = value("+to_meter=") {
        return metres.parse().ok();
    }
    match value("+units=") {
        None => proj.contains("+proj=").then_some(1.0),
        Some("m") => Some(1.0),
        Some("km") => Some(1_000.0),
        Some("ft") => Some(0.3048),
        Some("us-ft") => Some(1_200.0 / 3_937.0),
        Some(_) => None,
    }
}

/// The last linear unit of a projected definition: that of its axes.
fn wkt_unit(wkt: &str) -> Option<f64> {
    let projected = ["PROJCS[", "PROJCRS[", "PROJECTEDCRS["];
    if !projected.iter().any(|start| wkt.trim_start().starts_with(start)) {
        return None;
    }
    let horizontal = wkt.find("VERT_CS[").map_or(wkt, |vertical| &wkt[..vertical]);
    let unit = horizontal.rfind("LENGTHUNIT[").or_else(|| horizontal.rfind("UNIT["))?;
    let factor = horizontal[unit..].split(',').nth(1)?;
    factor.split([']', ',']).next()?.trim().parse().ok()
}

/// The direction of the first axis of a definition's outermost coordinate system.
fn first_axis_direction(wkt: &str) -> Option<&str> {
    let horizontal = wkt.find("VERT_CS[").map_or(wkt, |vertical| &wkt[..vertical]);
    let axis = &horizontal[horizontal.find("AXIS[")? + "AXIS[".len()..];
    let after_name = &axis[axis[1..].find('"')? + 2..];
    after_name.trim_start_matches([',', ' ']).split([',', ']']).next()
}

fn is_north_or_south(direction: &str) -> bool {
    let direction = direction.trim();
    direction.eq_ignore_ascii_case("north") || direction.eq_ignore_ascii_case("south")
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CRS84 => f.write_str("OGC:CRS84"),
            Self::Epsg(code) => write!(f, "EPSG:{code}"),
            Self::Authority(authority, code) => write!(f, "{authority}:{code}"),
            Self::Wkt(wkt) => write!(f, "WKT \"{}\"", wkt.split('"').nth(1).unwrap_or_default()),
            Self::Proj(proj) => f.write_str(proj),
            Self::UndefinedCartesian => f.write_str("undefined Cartesian CRS"),
            Self::UndefinedGeographic => f.write_str("undefined geographic CRS"),
        }
    }
}

impl FromStr for Crs {
    type Err = CrsError;

    /// Reads `EPSG:25832`, `urn:ogc:def:crs:EPSG::25832`,
    /// `http://www.opengis.net/def/crs/EPSG/0/25832`, WKT and PROJ strings.
    fn from_str(text: &str) -> Result<Self, CrsError> {
        let text = text.trim();
        let refused = || CrsError { text: text.chars().take(80).collect() };
        if text.starts_with('+') {
            return Ok(Self::Proj(text.into()));
        }
        if text.contains('[') && text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(Self::Wkt(text.into()));
        }
        let (authority, code) = split_code(text).ok_or_else(refused)?;
        let plain = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        if plain(authority) && plain(code) {
            Ok(Self::from_authority(authority, code))
        } else {
            Err(refused())
        }
    }
}

/// Authority and code out of a short name, a URN (version passed over) or a URI (likewise).
fn split_code(text: &str) -> Option<(&str, &str)> {
    let lower = text.to_ascii_lowercase();
    let (rest, separator) = if let Some(rest) = lower.strip_prefix("urn:ogc:def:crs:") {
        (rest.len(), ':')
    } else if let Some((_, rest)) = lower.split_once("://www.opengis.net/def/crs/") {
        (rest.len(), '/')
    } else {
        return text.split_once(':');
    };
    let mut parts = text[text.len() - rest..].split(separator);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(authority), Some(_version), Some(code), None) => Some((authority, code)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_spelling_names_one_crs() {
        for text in [
            "EPSG:25832",
            "epsg:25832",
            "urn:ogc:def:crs:EPSG::25832",
            "urn:ogc:def:crs:EPSG:9.9.1:25832",
            "http://www.opengis.net/def/crs/EPSG/0/25832",
            "https://www.opengis.net/def/crs/EPSG/0/25832",
        ] {
            assert_eq!(text.parse(), Ok(Crs::epsg(25832)), "{text}");
        }
        assert_eq!("urn:ogc:def:crs:OGC:1.3:CRS84".parse(), Ok(Crs::CRS84));
    }

    #[test]
    fn what_names_no_crs_is_refused() {
        for text in ["", "4326", "EPSG:", "EPSG:1;DROP TABLE", "urn:ogc:def:crs:EPSG", "Erde"] {
            assert!(text.parse::<Crs>().is_err(), "{text}");
        }
    }

    #[test]
    fn axis_order_follows_the_definition() {
        for (code, order) in [
            (4326, AxisOrder::NorthFirst),
            (4979, AxisOrder::NorthFirst),
            (3857, AxisOrder::EastFirst),
            (25832, AxisOrder::EastFirst),
            (31467, AxisOrder::NorthFirst),
            (3035, AxisOrder::NorthFirst),
            (2193, AxisOrder::NorthFirst),
            (3031, AxisOrder::EastFirst),
        ] {
            assert_eq!(Crs::epsg(code).axis_order(), order, "EPSG:{code}");
        }
        assert_eq!(Crs::CRS84.axis_order(), AxisOrder::EastFirst);
    }

    #[test]
    fn a_unit_says_how_long_it_is() {
        assert_eq!(Crs::epsg(25832).metres_per_unit(), Some(1.0));
        let us_foot = Crs::epsg(2263).metres_per_unit().expect("is in US survey feet");
        assert!((us_foot - 1_200.0 / 3_937.0).abs() < 1e-12);
        assert_eq!(Crs::epsg(4326).metres_per_unit(), None, "degrees are no lengths");
        assert_eq!(Crs::UndefinedCartesian.metres_per_unit(), None);
        assert_eq!(Crs::Proj("+proj=utm +zone=32 +units=km".into()).metres_per_unit(), Some(1e3));
        let wkt = "PROJCS[\"x\",GEOGCS[\"y\",UNIT[\"degree\",0.0174]],UNIT[\"foot\",0.3048]]";
        assert_eq!(Crs::Wkt(wkt.into()).metres_per_unit(), Some(0.3048));
    }

    #[test]
    fn mercator_is_known_for_its_stretched_metres() {
        assert!(Crs::epsg(3857).stretches_metres() && Crs::epsg(3395).stretches_metres());
        assert!(!Crs::epsg(25832).stretches_metres() && !Crs::CRS84.stretches_metres());
    }

    #[test]
    fn degrees_are_told_from_metres() {
        assert!(Crs::epsg(4326).is_lonlat() && Crs::CRS84.is_lonlat());
        assert!(!Crs::epsg(25832).is_lonlat() && !Crs::UndefinedCartesian.is_lonlat());
        assert!(Crs::epsg(5498).is_lonlat(), "so are longitudes and latitudes under heights");
    }
}
