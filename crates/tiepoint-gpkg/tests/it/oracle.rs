//! What a query must yield: the same that comes of reading everything and finishing it in memory.
use tiepoint_core::{Feature, Query};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Question, Result, Store};

/// The features that a store gives, or the error in words.
pub(crate) fn read(store: &GpkgStore, query: &Query) -> Result<Vec<Feature>, String> {
    let features = store.read(query).and_then(Iterator::collect);
    features.map_err(|error| error.to_string())
}

/// The features that come of everything that the layer holds, nothing left to SQLite.
pub(crate) fn in_memory(store: &GpkgStore, query: &Query) -> Result<Vec<Feature>, String> {
    let finished = || {
        let layer = store.layer(&query.layer)?;
        let question = Question::of(&layer, query)?;
        let all = store.read(&Query::layer(&query.layer))?;
        question.finish(&question.all_of_it(), all)?.collect::<Result<Vec<_>>>()
    };
    finished().map_err(|error| error.to_string())
}

/// Asks both ways.
pub(crate) fn agree(store: &GpkgStore, query: &Query) -> Vec<Feature> {
    let (ours, expected) = (read(store, query), in_memory(store, query));
    let statement = || store.explain(query).map(|plan| plan.to_string());
    match (ours, expected) {
        (Ok(ours), Ok(expected)) => {
            assert!(
                ours == expected,
                "{query:#?}\n{:#?}\ngives {:?}\ninstead of {:?}",
                statement(),
                fids(&ours),
                fids(&expected)
            );
            ours
        }
        (Err(ours), Err(expected)) => {
            assert_eq!(ours, expected, "{query:#?}");
            Vec::new()
        }
        (ours, expected) => panic!("{query:#?}\n{ours:?}\ninstead of\n{expected:?}"),
    }
}

/// The rows' numbers.
pub(crate) fn fids(features: &[Feature]) -> Vec<String> {
    let fid = |it: &Feature| it.fid.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    features.iter().map(fid).collect()
}
