//! Finds one country by nothing but its object id.
use super::{COUNTRIES, Tour, namespace};
use crate::terminal::{plain, summary};
use tiepoint::{ObjectId, Query, Result};

/// The country that the tour visits.
pub(super) const NAME: &str = "Kenya";

pub(super) fn run(tour: &Tour) -> Result<String> {
    let id = id();
    let mut text = format!("Asked for object {id}:");
    for feature in tour.store.read(&Query::object(COUNTRIES, id))? {
        let feature = feature?;
        for (field, value) in feature.schema().fields().iter().zip(feature.values()) {
            text += &format!("\n      {:10}  {}", plain(&field.name), summary(value.as_ref()));
        }
    }
    Ok(text)
}

/// The object id of that country.
pub(super) fn id() -> ObjectId {
    ObjectId::from_key(&namespace(COUNTRIES), NAME)
}
