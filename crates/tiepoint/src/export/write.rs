//! Begins a document in any format.
use std::io::Write;
use std::sync::Arc;
use tiepoint_codecs::{CodecError, DocumentWriter, Format, csv, geojson};
use tiepoint_core::{Feature, Layer, Schema};

/// How a document is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// GeoJSON: geometries that cross the antimeridian are cut there (RFC 7946, section 3.1.9).
    pub cut_antimeridian: bool,
    /// GeoJSON: coordinates stay in the layer's CRS, which a `crs` member names as in the 2008
    /// edition; without it, they are longitudes and latitudes on WGS 84.
    pub crs_member: bool,
}

/// Begins a document of features of `layer` that have `schema`. GeoJSON sequences are one feature
/// per line; geometries in CSV are well-known text.
pub(super) fn writer<'a>(
    format: Format,
    layer: &Layer,
    schema: &Arc<Schema>,
    options: WriteOptions,
    out: Box<dyn Write + 'a>,
) -> Result<Box<dyn DocumentWriter + 'a>, CodecError> {
    let schema = Arc::clone(schema);
    let geojson = |layout, name| geojson::WriteOptions {
        layout,
        name,
        crs_member: options.crs_member,
        cut_antimeridian: options.cut_antimeridian,
        decimals: None,
    };
    Ok(match format {
        Format::GeoJson => {
            let options = geojson(geojson::Layout::Collection, Some(layer.name().to_owned()));
            Box::new(geojson::Writer::new(out, schema, options)?)
        }
        Format::GeoJsonSeq => {
            let options = geojson(geojson::Layout::Lines, None);
            Box::new(geojson::Writer::new(out, schema, options)?)
        }
        Format::Csv => {
            let object_ids = Some(layer.is_tied());
            let options = csv::WriteOptions { object_ids, ..csv::WriteOptions::default() };
            Box::new(csv::Writer::new(out, schema, options)?)
        }
    })
}

/// A feature as one line of GeoJSON, whatever its CRS, for people who look into why it was
/// rejected; empty where GeoJSON cannot hold it.
pub(crate) fn as_json_line(feature: &Feature) -> String {
    let mut line = Vec::new();
    let options = geojson::WriteOptions {
        layout: geojson::Layout::Lines,
        crs_member: true,
        ..geojson::WriteOptions::default()
    };
    let written = geojson::Writer::new(&mut line, Arc::clone(feature.schema()), options)
        .map(Box::new)
        .and_then(|mut writer| writer.write(feature).and_then(|()| writer.finish()));
    match written {
        Ok(()) => String::from_utf8_lossy(&line).trim_end().to_owned(),
        Err(_) => String::new(),
    }
}
