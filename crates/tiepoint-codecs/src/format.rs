//! The table of formats: one line gives a format's name, media type, extensions.

/// A format that documents come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// GeoJSON (RFC 7946).
    GeoJson,
    /// GeoJSON text sequences (RFC 8142), and GeoJSON features one per line.
    GeoJsonSeq,
    /// Comma-separated values (RFC 4180) and their relatives.
    Csv,
}

struct Row {
    format: Format,
    name: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
}

const TABLE: &[Row] = &[
    Row {
        format: Format::GeoJson,
        name: "geojson",
        media_type: "application/geo+json",
        extensions: &["geojson", "json"],
    },
    Row {
        format: Format::GeoJsonSeq,
        name: "geojsonseq",
        media_type: "application/geo+json-seq",
        extensions: &["geojsons", "geojsonl", "geojsonseq", "jsonl", "ndjson"],
    },
    Row {
        format: Format::Csv,
        name: "csv",
        media_type: "text/csv",
        extensions: &["csv", "tsv", "txt"],
    },
];

impl Format {
    /// Every format, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.format)
    }

    /// Its short name, as typed on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        self.row().media_type
    }

    /// The file name extensions it goes by, the usual one first.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        self.row().extensions
    }

    /// The format with that short name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name.eq_ignore_ascii_case(name)).map(|row| row.format)
    }

    /// The format that files with that extension are in; case does not matter.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        let knows = |row: &&Row| row.extensions.iter().any(|it| it.eq_ignore_ascii_case(extension));
        TABLE.iter().find(knows).map(|row| row.format)
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.format == self).expect("every format has a row")
    }
}
