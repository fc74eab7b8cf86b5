//! `tiepoint query`: features on the screen, or down a pipe.
use super::select::{self, wrong};
use super::show::{self, Columns};
use crate::args::{QueryArgs, ShowFormat, WriteArgs};
use crate::terminal;
use std::io::BufWriter;
use std::time::Duration;
use tiepoint::store::Features;
use tiepoint::{Aggregate, Fields, Format, Layer, Query, ReadControl, Result, Store, Value};

pub(super) fn run(args: QueryArgs) -> Result<()> {
    let name = select::layer_name(&args.store, args.layer)?;
    let store = tiepoint::open(&args.store)?;
    let layer = store.layer(&name)?;
    let query = select::query(&layer, args.select)?;
    let control = control(args.time_out)?;
    terminal::stop_on_ctrl_c(&control);
    if args.count {
        return count(&*store, &query, &control, args.time_out.is_some());
    }
    show_all(&layer, query, args.format, &args.write, |query| Ok(store.read_with(query, &control)?))
}

/// Shows what a query of a layer asks for, however it is read: as a document, or as a table for
/// people.
pub(super) fn show_all<'a>(
    layer: &Layer,
    query: Query,
    format: Option<ShowFormat>,
    write: &WriteArgs,
    read: impl FnOnce(&Query) -> Result<Features<'a>>,
) -> Result<()> {
    let columns =
        if query.fields == Fields::All { Columns::GeometryLast } else { Columns::AsAsked };
    let Some(format) = document_format(format) else {
        return show::table(layer, read(&query)?, columns);
    };
    let options = write.into();
    let query = select::with_place(query, layer, format);
    let query = tiepoint::for_document(query, layer, format, options);
    let features = read(&query)?;
    let out = Box::new(BufWriter::new(std::io::stdout().lock()));
    tiepoint::write_features(features, layer, format, options, out)?;
    Ok(())
}

/// Counts in the store where it can, and by reading where equal features or the clock matter.
fn count(store: &dyn Store, query: &Query, control: &ReadControl, timed: bool) -> Result<()> {
    if query.distinct || timed {
        let mut count = 0_u64;
        for feature in store.read_with(query, control)? {
            feature?;
            count += 1;
        }
        return terminal::write_out(&format!("{count}\n"));
    }
    match store.aggregate(query, &[Aggregate::Count])?.as_slice() {
        [Value::Int(count)] => terminal::write_out(&format!("{count}\n")),
        other => unreachable!("a count is one whole number, not {other:?}"),
    }
}

fn control(time_out: Option<f64>) -> Result<ReadControl> {
    let Some(seconds) = time_out else { return Ok(ReadControl::default()) };
    let after =
        Duration::try_from_secs_f64(seconds).map_err(|error| wrong("--time-out", &error))?;
    Ok(ReadControl::default().time_out(after))
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
