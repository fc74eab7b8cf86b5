//! `tiepoint query`: features on the screen, or down a pipe.
use super::select;
use super::show::{self, Columns};
use crate::args::{QueryArgs, ShowFormat};
use crate::terminal;
use std::io::BufWriter;
use tiepoint::{Format, Result};

pub(super) fn run(args: QueryArgs) -> Result<()> {
    let query = select::query(&args.layer, args.select)?;
    let columns = if query.fields.is_some() { Columns::AsAsked } else { Columns::GeometryLast };
    let store = tiepoint::open(&args.store)?;
    let layer = store.layer(&args.layer)?;
    let Some(format) = document_format(args.format) else {
        return show::table(&layer, store.read(&query)?, columns);
    };
    let features = store.read(&select::with_place(query, &layer, format))?;
    let out = Box::new(BufWriter::new(std::io::stdout().lock()));
    tiepoint::write_features(features, &layer, format, (&args.write).into(), out)?;
    Ok(())
}

/// The document format to show features in, or `None` for a table.
pub(super) fn document_format(asked: Option<ShowFormat>) -> Option<Format> {
    match asked {
        None if terminal::is_terminal() => None,
        None | Some(ShowFormat::Geojson) => Some(Format::GeoJson),
        Some(ShowFormat::Table) => None,
        Some(ShowFormat::Geojsonseq) => Some(Format::GeoJsonSeq),
        Some(ShowFormat::Csv) => Some(Format::Csv),
    }
}
