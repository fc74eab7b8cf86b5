//! Rows as they are told or read: what they are called, and what they say of their ids.
use super::carried::Spelling;
use super::verdict::int;
use super::{LayerTies, NO_FID};
use crate::error::{raised, raised_by_store};
use pyo3::prelude::*;
use tiepoint::{ObjectId, Query, Value};

impl LayerTies {
    /// Rows that Python tells, one after the other.
    pub(super) fn rows_told(
        &self,
        rows: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<(i64, Option<ObjectId>)>> {
        let mut told = Vec::new();
        for row in rows.try_iter()? {
            let (fid, value) = row?.extract::<(i64, Bound<'_, PyAny>)>()?;
            told.push((fid, self.spelling.id(&value)));
        }
        Ok(told)
    }

    /// Rows that were read from a store.
    pub(super) fn rows_read(&self, rows: &[(i64, Spelled)]) -> Vec<(i64, Option<ObjectId>)> {
        rows.iter().map(|(fid, value)| (*fid, self.spelled(value))).collect()
    }

    fn spelled(&self, value: &Spelled) -> Option<ObjectId> {
        match (value, &self.spelling) {
            (Spelled::Id(id), _) => Some(*id),
            (Spelled::Value(Value::Text(text)), Spelling::Uuid) => text.parse().ok(),
            (Spelled::Value(Value::Uuid(uuid)), Spelling::Uuid) => ObjectId::from_uuid(*uuid).ok(),
            (Spelled::Value(value), Spelling::Key(namespace)) => {
                ObjectId::from_key_value(namespace, value)
            }
            _ => None,
        }
    }
}

/// What a row says of its id.
pub(super) enum Spelled {
    Id(ObjectId),
    Value(Value),
}

/// All rows of a layer of a store that is not QGIS's to read: its fids, and what a field says.
pub(super) fn read(url: &str, layer: &str, field: &str) -> PyResult<Vec<(i64, Spelled)>> {
    let store = tiepoint::open(url).map_err(|error| raised(&error))?;
    let definition = store.layer(layer).map_err(raised_by_store)?;
    let has_field = definition.schema().position(field).is_some();
    let query = Query::layer(layer).fields(has_field.then_some(field));
    let features = store.read(&query).map_err(raised_by_store)?;
    let mut rows = Vec::new();
    for feature in features {
        let feature = feature.map_err(raised_by_store)?;
        let (id, fid) = (feature.id, feature.fid.as_ref().map_or(NO_FID, int));
        let value = feature.into_values().pop().flatten().unwrap_or(Value::Null);
        let spelled = match id.filter(|_| !has_field) {
            Some(id) => Spelled::Id(id),
            None => Spelled::Value(value),
        };
        rows.push((fid, spelled));
    }
    Ok(rows)
}
