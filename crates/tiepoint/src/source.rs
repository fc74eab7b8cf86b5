//! Where features come from: a document, the standard input, or another store.
use crate::{DocumentOptions, Location, Result};
use std::path::PathBuf;
use std::sync::Arc;

/// Where features come from.
///
/// ```
/// use tiepoint::Source;
/// assert!(matches!(Source::parse("cities.csv"), Ok(Source::File { .. })));
/// assert!(matches!(Source::parse("-"), Ok(Source::Stdin { .. })));
/// assert!(matches!(Source::parse("world.gpkg"), Ok(Source::Store { .. })));
/// assert!(matches!(Source::parse("postgres://db.example/gis"), Ok(Source::Store { .. })));
/// ```
#[derive(Debug, Clone)]
pub enum Source {
    /// A document in a file.
    File {
        /// The file.
        path: PathBuf,
        /// How to read it.
        options: DocumentOptions,
    },
    /// A document on the standard input. It is read twice, so a temporary file keeps it meanwhile.
    Stdin {
        /// How to read it.
        options: DocumentOptions,
    },
    /// A document in memory.
    Bytes {
        /// The file name it would have: tells the format, and the layer's name.
        name: String,
        /// All of it.
        bytes: Arc<[u8]>,
        /// How to read it.
        options: DocumentOptions,
    },
    /// Layers of a store.
    Store {
        /// Where the store is.
        location: Location,
        /// The one layer that is meant; `None` means all.
        layer: Option<String>,
    },
}

impl Source {
    /// Reads what somebody typed: `-`, the path or URL of a store, or the path of a document.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownStore`](crate::Error::UnknownStore) for a URL that no driver opens.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(if text == "-" {
            Self::Stdin { options: DocumentOptions::default() }
        } else if Location::looks_like_store(text) {
            let location = Location::parse(text)?;
            let layer = location.layer().map(str::to_owned);
            Self::Store { location, layer }
        } else {
            Self::File { path: text.into(), options: DocumentOptions::default() }
        })
    }

    /// A document in memory; its name tells the format, and what its layer is called.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Bytes { name: name.into(), bytes: bytes.into(), options: DocumentOptions::default() }
    }

    /// The same source, read as these options say; a store has none to read.
    #[must_use]
    pub fn read_as(self, options: DocumentOptions) -> Self {
        match self {
            Self::File { path, .. } => Self::File { path, options },
            Self::Stdin { .. } => Self::Stdin { options },
            Self::Bytes { name, bytes, .. } => Self::Bytes { name, bytes, options },
            Self::Store { .. } => self,
        }
    }

    /// The same source, of which only this layer is meant; a document has but one.
    #[must_use]
    pub fn only_layer(self, name: impl Into<String>) -> Self {
        match self {
            Self::Store { location, .. } => Self::Store { location, layer: Some(name.into()) },
            Self::File { .. } | Self::Stdin { .. } | Self::Bytes { .. } => self,
        }
    }
}
