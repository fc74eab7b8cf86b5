//! GeoJSON (RFC 7946), GeoJSON text sequences (RFC 8142) and GeoJSON features one per line,
//! streaming: memory grows with the longest feature, not with their number.
//!
//! Reading takes two passes. [`survey`] finds out which fields the features have and which types
//! hold all their values; [`reader`] then reads them as [`Feature`](tiepoint_core::Feature)s of
//! that schema.
//!
//! ```
//! use tiepoint_codecs::{DocumentReader, geojson};
//! let document = r#"{"type": "FeatureCollection", "features": [
//!     {"type": "Feature", "properties": {"name": "oak", "height": 21.5},
//!      "geometry": {"type": "Point", "coordinates": [24.94, 60.17]}},
//!     {"type": "Feature", "properties": {"name": "somewhere"}, "geometry": null}
//! ]}"#;
//! let options = geojson::ReadOptions::default();
//! let survey = geojson::survey(document.as_bytes(), &options)?;
//! let trees: Vec<_> = geojson::reader(document.as_bytes(), &survey, &options).collect::<Result<_, _>>()?;
//! assert!(trees[0].is_spatial() && !trees[1].is_spatial());
//! assert_eq!(trees[1].get("height"), None, "absent is unset, not null");
//! # Ok::<(), tiepoint_codecs::CodecError>(())
//! ```
//!
//! # What becomes of a document
//!
//! | in the document | here |
//! | --- | --- |
//! | a property that is absent; one that is null | unset; null |
//! | true, false | boolean |
//! | numbers without point and exponent | integers; exact decimals where one is beyond 64 bits |
//! | other numbers | doubles, the nearest ones; exact decimals where integers are among them that no double holds |
//! | strings | text; dates, or dates with times, where every one is in the form we write |
//! | objects, arrays | JSON, kept to the letter |
//! | scalars of several sorts under one name | text (numbers as they are spelled), with a note |
//! | `"id"` | the object id where all ids are UUIDs; otherwise a field `id` (or `feature_id`, if a property is named so) |
//! | `"geometry"` | the field `geom` (or `geometry`, ...), if any feature has one |
//! | empty coordinates | an empty geometry |
//! | positions of two and three ordinates in one geometry | XYZ, the missing heights unknown (NaN) |
//! | positions of more ordinates | a bad feature: they mean nothing (section 3.1.1) |
//! | `"crs"` (GeoJSON 2008) | the CRS; x stays first, as it was always meant |
//! | `"bbox"`, foreign members | not read; the latter noted |
//!
//! # What is lost in writing
//!
//! Nothing that [`Writer`] does not refuse, with these exceptions. Unset and null geometries are
//! both written as null. Bytes become base64 text, UUIDs and times of day text. Rings are turned
//! to follow the right-hand rule (section 3.1.6), and an empty geometry forgets that it had heights.
mod antimeridian;
mod antimeridian_polygon;
mod antimeridian_side;
mod conclusion;
mod coordinates;
mod cursor;
mod feature;
mod geometry;
mod header;
mod input;
mod number;
mod orientation;
mod properties;
mod property_type;
mod reader;
mod records;
mod survey;
#[cfg(test)]
mod tests;
mod text;
mod write_geometry;
mod write_value;
mod writer;

pub use reader::{Reader, reader};
pub use survey::survey;
use tiepoint_core::Crs;
pub use writer::{Layout, WriteOptions, Writer};

/// How features are strung together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// As the document shows: a collection, a single object, texts behind record separators, or
    /// one object per line.
    #[default]
    Detect,
    /// Texts behind record separators if the first byte is one, else one object per line: a
    /// broken one is a bad feature and not the end.
    Sequence,
}

/// How to read a document, and where to stop trusting it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// How features are strung together.
    pub framing: Framing,
    /// What the coordinates mean, whatever the document says.
    pub crs: Option<Crs>,
    /// The most bytes one feature may have; memory is bounded by a small multiple of it.
    pub max_feature_bytes: usize,
    /// The most fields all features together may have.
    pub max_fields: usize,
}

impl Default for ReadOptions {
    /// Detects the framing, believes the document's CRS, allows 256 MiB per feature and 10,000
    /// fields.
    fn default() -> Self {
        Self {
            framing: Framing::Detect,
            crs: None,
            max_feature_bytes: 256 << 20,
            max_fields: 10_000,
        }
    }
}
