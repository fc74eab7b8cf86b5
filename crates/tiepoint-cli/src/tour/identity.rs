//! Counts the features and looks at their ids.
use super::{CITIES, COUNTRIES, Tour};
use std::collections::HashSet;
use tiepoint::{ObjectId, Query, Result};

pub(super) fn run(tour: &Tour) -> Result<String> {
    let mut ids: HashSet<ObjectId> = HashSet::new();
    for layer in [COUNTRIES, CITIES] {
        for feature in tour.store.read(&Query::layer(layer).fields(["name"]))? {
            ids.extend(feature?.id);
        }
    }
    Ok(format!(
        "Gave each its object id, {} in all. They are made from the names, so they are the same\n   \
         on every tour; by default an import mints new ones.",
        ids.len()
    ))
}
