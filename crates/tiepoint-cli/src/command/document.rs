//! The arguments that say how to read a document, as options for the codecs.
use super::select::wrong;
use crate::args::DocumentArgs;
use tiepoint::codecs::csv::{GeometryColumns, UnknownEncoding};
use tiepoint::core::{Crs, CrsError};
use tiepoint::{DocumentOptions, Result};

/// What the arguments mean.
pub(super) fn options(args: DocumentArgs) -> Result<DocumentOptions> {
    let mut options = DocumentOptions { format: args.format.map(Into::into), ..Default::default() };
    if let Some(text) = args.crs {
        let crs: Crs = text.parse().map_err(|error: CrsError| wrong("--crs", &error))?;
        options.csv.crs = Some(crs.clone());
        options.geojson.crs = Some(crs);
    }
    if let Some(text) = args.delimiter {
        options.csv.delimiter = Some(delimiter(&text)?);
    }
    if let Some(label) = args.encoding {
        let encoding =
            label.parse().map_err(|error: UnknownEncoding| wrong("--encoding", &error))?;
        options.csv.encoding = Some(encoding);
    }
    options.csv.decimal_comma = args.decimal_comma.then_some(true);
    options.csv.header = args.no_header.then_some(false);
    options.csv.all_text = args.all_text;
    options.csv.geometry = match (args.wkt, args.x, args.y) {
        (Some(column), _, _) => GeometryColumns::Wkt(column),
        (None, Some(x), Some(y)) => GeometryColumns::Xy { x, y },
        _ => GeometryColumns::Detect,
    };
    Ok(options)
}

/// One ASCII character, `tab` or `\t`.
fn delimiter(text: &str) -> Result<u8> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        b"tab" | b"\\t" => Ok(b'\t'),
        _ => Err(wrong("--delimiter", &format!("`{text}` is not one ASCII character, nor `tab`"))),
    }
}
