//! The facade over the memory store: what an import and an export promise.
mod exports;
mod history;
mod imports;
mod postgis;
mod values;

use tiepoint::{
    Error, ImportMode, ImportOptions, ImportReport, LayerReport, MemoryStore, Query, Result,
    Source, Store, Value, import,
};

/// Brings a document in under its file name.
fn bring(
    store: &dyn Store,
    name: &str,
    text: &str,
    options: &ImportOptions,
) -> Result<LayerReport> {
    let source = Source::bytes(name, text.as_bytes());
    let ImportReport { mut layers } = import(&source, store, options, &())?;
    Ok(layers.pop().expect("a document is one layer"))
}

fn mode(mode: ImportMode) -> ImportOptions {
    ImportOptions { mode, ..ImportOptions::default() }
}

/// A document of so many rows.
fn csv(head: &str, rows: u64, row: impl Fn(u64) -> String) -> String {
    let lines = (0..rows).map(row);
    std::iter::once(head.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

/// The values of a field, in the store's order.
fn column(store: &MemoryStore, layer: &str, field: &str) -> Vec<Value> {
    let features = store.read(&Query::layer(layer).fields([field])).expect("the layer is there");
    let value = |feature: tiepoint::Feature| feature.get(field).cloned().expect("is set");
    features.map(|feature| value(feature.expect("can be read"))).collect()
}

fn count(store: &MemoryStore, layer: &str) -> usize {
    store.read(&Query::layer(layer)).map_or(0, Iterator::count)
}

/// What is said of an error: message and hint.
fn said(error: &Error) -> String {
    format!("{error} | {}", error.hint().unwrap_or_default())
}
