//! What a query must yield: the same that comes of reading everything and finishing it in memory.
use crate::{Question, Result, Store};
use tiepoint_core::{Feature, Query};

/// The features that a store gives, or the error in words.
///
/// # Errors
///
/// As [`Store::read`], in words.
pub fn read(store: &dyn Store, query: &Query) -> Result<Vec<Feature>, String> {
    let features = store.read(query).and_then(Iterator::collect);
    features.map_err(|error| error.to_string())
}

/// The features that come of everything that the layer holds, nothing left to the store.
///
/// # Errors
///
/// As [`Store::read`], in words.
pub fn in_memory(store: &dyn Store, query: &Query) -> Result<Vec<Feature>, String> {
    let finished = || {
        let layer = store.layer(&query.layer)?;
        let question = Question::of(&layer, query)?;
        let all = store.read(&Query::layer(&query.layer))?;
        question.finish(&question.all_of_it(), all)?.collect::<Result<Vec<_>>>()
    };
    finished().map_err(|error| error.to_string())
}

/// Asks both ways.
///
/// # Panics
///
/// When the answers differ, in features, order or error.
pub fn agree(store: &dyn Store, query: &Query) -> Vec<Feature> {
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
#[must_use]
pub fn fids(features: &[Feature]) -> Vec<String> {
    let fid = |it: &Feature| it.fid.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    features.iter().map(fid).collect()
}
