//! What a store is called by whoever opens it: a path or a URL.
use crate::{Error, Result};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a store is, and so which driver opens it.
///
/// ```
/// use tiepoint::Location;
/// assert!(matches!(Location::parse("city.gpkg"), Ok(Location::GeoPackage(_))));
/// assert!(matches!(Location::parse("gpkg:/data/city.db"), Ok(Location::GeoPackage(_))));
/// assert!(matches!(Location::parse("memory:"), Ok(Location::Memory)));
/// assert!(Location::parse("city.shp").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A GeoPackage file: a path that ends in `.gpkg`, or `gpkg:` and any path.
    GeoPackage(PathBuf),
    /// A new store in memory, gone when it is dropped: `memory:`.
    Memory,
}

impl Location {
    /// Reads a path or URL.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownStore`] for what no driver opens. The message shows no password that the
    /// URL may hold.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "memory:" {
            return Ok(Self::Memory);
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

    /// Whether some driver opens what is so called, or it is the URL of something that is no file.
    pub(crate) fn looks_like_store(text: &str) -> bool {
        scheme(text).is_some() || text == "memory:" || is_gpkg(Path::new(text))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GeoPackage(path) => path.display().fmt(f),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

fn unknown(text: &str) -> Error {
    Error::UnknownStore { location: without_secrets(text) }
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
fn without_secrets(text: &str) -> String {
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
            Some((scheme, rest)) if rest.contains('@') => format!("{scheme}:…"),
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
            ("postgres://db/gis", None),
        ] {
            assert_eq!(Location::parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        for url in [
            "postgres://anna:hunter2@db.example/gis",
            "postgres://anna:hunt/er2@hunter2@db.example/gis",
            "postgresql://db.example/gis?user=anna&password=hunter2",
            "postgres:anna:hunter2@db",
            "mysql://:hunter2@db",
        ] {
            let message = Location::parse(url).expect_err("no such driver").to_string();
            assert!(!message.contains("hunter2") && !message.contains("er2"), "{message}");
        }
    }
}
