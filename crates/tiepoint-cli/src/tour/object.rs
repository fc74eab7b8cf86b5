//! Finds one country by nothing but its object id.
use super::{COUNTRIES, Tour, namespace};
use crate::terminal::{aligned, plain, summary};
use tiepoint::{ObjectId, Query, Result};

/// The country that the tour visits.
pub(super) const NAME: &str = "Kenya";

pub(super) fn run(tour: &Tour) -> Result<String> {
    let id = id();
    let mut rows = Vec::new();
    for feature in tour.store.read(&Query::object(COUNTRIES, id))? {
        let feature = feature?;
        for (field, value) in feature.schema().fields().iter().zip(feature.values()) {
            rows.push((format!("   {}", plain(&field.name)), summary(value.as_ref())));
        }
    }
    Ok(format!("Asked for object {id}:\n{}", aligned(&rows).trim_end()))
}

/// The object id of that country.
pub(super) fn id() -> ObjectId {
    ObjectId::from_key(&namespace(COUNTRIES), NAME)
}
