//! Writes the countries to a document.
use super::files::Files;
use super::{COUNTRIES, DOCUMENT, Tour};
use crate::terminal::count;
use tiepoint::{ExportOptions, Overwrite, Query, Result, Target, export};

pub(super) fn run(tour: &Tour) -> Result<String> {
    let options = ExportOptions { overwrite: Overwrite::Allow, ..ExportOptions::default() };
    let target = Target::File(DOCUMENT.into());
    let query = Query::layer(COUNTRIES);
    let written = export(&*tour.store, &query, &target, &options, &tour.watcher)?;
    Files::remember_document(&*tour.store)?;
    Ok(format!("Exported {} to {DOCUMENT}, object ids and all.", count(written, "feature")))
}
