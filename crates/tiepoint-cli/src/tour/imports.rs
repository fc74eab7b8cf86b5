//! Brings the two documents in. They are part of the program, so that the tour runs anywhere.
use super::{CITIES, COUNTRIES, STORE, Tour, namespace};
use crate::terminal::count;
use tiepoint::{IdRule, ImportMode, ImportOptions, Progress, Result, Source, Store, import};

const DOCUMENTS: [(&str, &[u8]); 2] = [
    (COUNTRIES, include_bytes!("../../../../fixtures/countries.geojson")),
    (CITIES, include_bytes!("../../../../fixtures/cities.geojson")),
];

pub(super) fn run(tour: &Tour) -> Result<String> {
    let told = bring_in(&*tour.store, &tour.watcher)?;
    Ok(format!("Imported {} of {STORE}.", told.join(" and ")))
}

/// Brings both in, in place of what the tour brought in before, and tells how much.
pub(super) fn bring_in(store: &dyn Store, progress: &dyn Progress) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for (layer, document) in DOCUMENTS {
        let source = Source::bytes(format!("{layer}.geojson"), document);
        let options = ImportOptions {
            mode: ImportMode::Replace,
            ids: IdRule::FromKey { field: "name".to_owned(), namespace: namespace(layer) },
            ..ImportOptions::default()
        };
        let report = import(&source, store, &options, progress)?;
        let inserted: u64 = report.layers.iter().map(|layer| layer.inserted).sum();
        told.push(format!("{} into layer `{layer}`", count(inserted, "feature")));
    }
    Ok(told)
}
