//! What a store is called by whoever opens it: a path or a URL.
use crate::{Error, Result};
use std::fmt;
use std::path::{Path, PathBuf};
use tiepoint_postgis::PostgisAddress;

/// Where a store is, and so which driver opens it.
///
/// ```
/// use tiepoint::Location;
/// assert!(matches!(Location::parse("city.gpkg"), Ok(Location::GeoPackage(_))));
/// assert!(matches!(Location::parse("gpkg:/data/city.db"), Ok(Location::GeoPackage(_))));
/// assert!(matches!(Location::parse("postgres://anna@db.example/gis"), Ok(Location::Postgis(_))));
/// assert!(matches!(Location::parse("PG:host=db.example dbname=gis"), Ok(Location::Postgis(_))));
/// assert!(matches!(Location::parse("memory:"), Ok(Location::Memory)));
/// assert!(Location::parse("city.shp").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A GeoPackage file: a path that ends in `.gpkg`, or `gpkg:` and any path.
    GeoPackage(PathBuf),
    /// A PostgreSQL database: a URL as `psql` takes it, or `PG:` and libpq's keywords as GDAL does.
    /// What is not said comes from the `PG…` variables and files, so `postgres:` is all from there.
    Postgis(Box<PostgisAddress>),
    /// A new store in memory, gone when it is dropped: `memory:`.
    Memory,
}

/// What a database's address begins with.
const DATABASE_SCHEMES: [&str; 3] = ["postgresql:", "postgres:", "pg:"];
/// What `psql` takes without any scheme begins with one of these.
const KEYWORDS: [&str; 8] =
    ["host", "hostaddr", "port", "dbname", "user", "password", "service", "sslmode"];

impl Location {
    /// Reads a path or URL.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownStore`] for what no driver opens, and what is wrong with the address of a
    /// database. Neither message shows a password that may be in the text.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(address) = database_address(text) {
            return Ok(Self::Postgis(Box::new(PostgisAddress::parse(&address)?)));
        }
        if let Some(path) = strip_scheme(text, "gpkg:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(unknown(text))
            } else {
                Ok(Self::GeoPackage(path.into()))
            };
        }
        if is_gpkg(Path::new(text)) && scheme(text).is_none() {
            return Ok(Self::GeoPackage(text.into()));
        }
        Err(unknown(text))
    }

    /// The one layer that is meant, where the location names one: `…/gis?layer=trees`.
    #[must_use]
    pub fn layer(&self) -> Option<&str> {
        match self {
            Self::Postgis(address) => address.layer(),
            Self::GeoPackage(_) | Self::Memory => None,
        }
    }

    /// Whether some driver opens what is so called, or it is the URL of something that is no file.
    pub(crate) fn looks_like_store(text: &str) -> bool {
        scheme(text).is_some()
            || text == "memory:"
            || is_gpkg(Path::new(text))
            || database_address(text).is_some()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GeoPackage(path) => path.display().fmt(f),
            Self::Postgis(address) => address.fmt(f),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

fn unknown(text: &str) -> Error {
    Error::UnknownStore { location: without_secrets(text) }
}

/// The address as its driver reads it: a URL, or keywords, which may be none.
fn database_address(text: &str) -> Option<String> {
    for scheme in DATABASE_SCHEMES {
        let Some(rest) = strip_scheme(text, scheme) else { continue };
        return Some(match rest.strip_prefix("//") {
            Some(rest) => format!("postgres://{rest}"),
            None => rest.to_owned(),
        });
    }
    let (first, _) = text.split_once('=')?;
    let is_address = KEYWORDS.contains(&first.trim()) && !Path::new(text).exists();
    is_address.then(|| text.to_owned())
}

fn is_gpkg(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gpkg"))
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The scheme of a URL; a single letter is a drive, not a scheme.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let plain = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let named = scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (plain && named && !Path::new(text).exists()).then_some(scheme)
}

/// A URL without user information and without anything after `?`: both are where passwords stand.
pub(crate) fn without_secrets(text: &str) -> String {
    let (address, query) = text.split_once('?').map_or((text, ""), |(address, _)| (address, "?…"));
    let shown = match address.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            match rest[..end].rfind('@').or_else(|| rest.rfind('@')) {
                Some(at) => format!("{scheme}://…@{}", &rest[at + 1..]),
                None => address.to_owned(),
            }
        }
        None => match address.split_once(':').filter(|_| scheme(address).is_some()) {
            Some((scheme, rest)) if rest.contains(['@', '=']) => format!("{scheme}:…"),
            _ => address.to_owned(),
        },
    };
    format!("{shown}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_url_names_its_driver() {
        let gpkg = |path: &str| Some(Location::GeoPackage(path.into()));
        for (text, expected) in [
            ("a.gpkg", gpkg("a.gpkg")),
            ("A.GPKG", gpkg("A.GPKG")),
            ("some folder/ä b.gpkg", gpkg("some folder/ä b.gpkg")),
            ("gpkg:b.sqlite", gpkg("b.sqlite")),
            ("gpkg:///data/b.gpkg", gpkg("/data/b.gpkg")),
            ("GPKG:b", gpkg("b")),
            (r"C:\data\a.gpkg", gpkg(r"C:\data\a.gpkg")),
            ("memory:", Some(Location::Memory)),
            ("gpkg:", None),
            ("gpkg://", None),
            ("", None),
            ("a.geojson", None),
            ("https://example.org/a.gpkg", None),
            ("postgis://db/gis", None),
        ] {
            assert_eq!(Location::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_database_is_named_as_psql_and_gdal_name_it() {
        for (text, layer) in [
            ("postgres://anna@db.example:5433/gis", None),
            ("postgresql://anna@db.example:5433/gis?schema=city&layer=trees", Some("trees")),
            ("POSTGRES://anna@db.example:5433/gis", None),
            ("PG:host=db.example port=5433 dbname=gis user=anna", None),
            ("pg:host=db.example port=5433 dbname='gis' user=anna active_schema=city", None),
            ("PG:postgres://anna@db.example:5433/gis", None),
            ("host=db.example port=5433 dbname=gis user=anna layer=trees", Some("trees")),
        ] {
            let location = Location::parse(text).expect("is an address");
            assert_eq!(location.to_string(), "postgres://anna@db.example:5433/gis", "{text}");
            assert_eq!(location.layer(), layer, "{text}");
        }
        for text in ["postgres:", "postgresql:", "PG:", "postgres://"] {
            assert!(matches!(Location::parse(text), Ok(Location::Postgis(_))), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        for url in [
            "postgres://anna:hunt/er2@hunter2@db.example/gis",
            "postgres:anna:hunter2@db",
            "mysql://:hunter2@db",
            "mysql:host=db;password=hunter2",
            "postgis://anna:hunter2@db.example/gis",
            "PG:host=db password=hunter2 hunter2=1",
            "PG:password=hunter2 hunter2",
            "password=hunter2 hunter2",
            "postgres://anna:hunter2@db.example/gis?hunter2=hunter2",
            "postgres://db.example/gis?password=hunter2&port=hunter2",
        ] {
            let error = Location::parse(url).expect_err("is no location");
            let (shown, debug) = (error.chain().join(" "), format!("{error:?}"));
            for said in [shown, debug, error.hint().unwrap_or_default()] {
                assert!(!said.contains("hunter2") && !said.contains("er2"), "{url}: {said}");
            }
        }
        for url in [
            "postgres://anna:hunter2@db.example/gis",
            "postgresql://db.example/gis?user=anna&password=hunter2",
            "PG:host=db.example user=anna password='hunter2' options='-c a.b=hunter2'",
        ] {
            let location = Location::parse(url).expect("is a location");
            let said = format!("{location} {location:?} {:?}", crate::Source::parse(url));
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
