//! A feature's values made fit for a layer: every store asks the schema the same way.
use crate::{Result, StoreError};
use std::fmt;
use std::sync::Arc;
use tiepoint_core::{
    Feature, FeatureError, Fid, FieldDefault, Layer, Mismatch, ObjectId, Schema, Value,
};

/// The values of `feature` in the order of the layer's fields, each as its field stores it; a field
/// that the feature does not have, or leaves unset, is `None`.
///
/// Costs one check a value; a feature whose fields are called as the layer's, in the same order,
/// is not searched by name.
///
/// # Errors
///
/// A field that the layer does not have or computes itself, and a value that its field does not
/// allow.
pub fn accepted_values(layer: &Layer, feature: Feature) -> Result<Vec<Option<Value>>> {
    let label = FeatureLabel::of(&feature);
    let mut values = in_layer_order(layer, feature)?;
    for (field, value) in layer.schema().fields().iter().zip(&mut values) {
        if value.as_ref().is_some_and(|it| field.keeps(it)) && !field.generated {
            continue;
        }
        let Some(offered) = value.take() else { continue };
        let reason = match field.accept(offered) {
            Ok(_) if field.generated => Mismatch::Generated,
            Ok(accepted) => {
                *value = Some(accepted);
                continue;
            }
            Err(reason) => reason,
        };
        return Err(refused(layer, &label, &field.name, reason));
    }
    Ok(values)
}

/// Puts the value of the default, or null, where a new feature says nothing; leaves unset what the
/// store itself must compute.
///
/// # Errors
///
/// A field that has no default and does not allow null.
pub fn with_defaults(
    layer: &Layer,
    mut values: Vec<Option<Value>>,
    feature: &FeatureLabel,
) -> Result<Vec<Option<Value>>> {
    for (field, value) in layer.schema().fields().iter().zip(&mut values) {
        if value.is_some() || field.generated {
            continue;
        }
        *value = match &field.default {
            Some(FieldDefault::Expression(_)) => None,
            Some(FieldDefault::Value(default)) => Some(default.clone()),
            None if field.nullable => Some(Value::Null),
            None => return Err(refused(layer, feature, &field.name, Mismatch::Null)),
        };
    }
    Ok(values)
}

/// The positions of the fields that say nothing.
#[must_use]
pub fn unset(values: &[Option<Value>]) -> Vec<usize> {
    (0..values.len()).filter(|at| values[*at].is_none()).collect()
}

/// How messages name a feature: by its object id, else by its fid. Costs nothing until it is
/// printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureLabel {
    id: Option<ObjectId>,
    fid: Option<Fid>,
}

impl FeatureLabel {
    /// The label of a feature, which may then be taken apart.
    #[must_use]
    pub fn of(feature: &Feature) -> Self {
        Self { id: feature.id, fid: feature.fid.clone() }
    }

    /// The label of a row that is known by its fid alone.
    #[must_use]
    pub fn of_row(fid: Fid) -> Self {
        Self { id: None, fid: Some(fid) }
    }
}

impl fmt::Display for FeatureLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.id, &self.fid) {
            (Some(id), _) => write!(f, "object {id}"),
            (None, Some(fid)) => write!(f, "row {fid}"),
            (None, None) => f.write_str("a new feature"),
        }
    }
}

fn in_layer_order(layer: &Layer, feature: Feature) -> Result<Vec<Option<Value>>> {
    if Arc::ptr_eq(feature.schema(), layer.schema())
        || names(feature.schema()).eq(names(layer.schema()))
    {
        return Ok(feature.into_values());
    }
    let schema = Arc::clone(feature.schema());
    let mut values = vec![None; layer.schema().fields().len()];
    for (field, value) in schema.fields().iter().zip(feature.into_values()) {
        let Some(value) = value else { continue };
        let position = layer.schema().require(&field.name);
        let position = position
            .map_err(|reason| StoreError::Schema { layer: layer.name().to_owned(), reason })?;
        values[position] = Some(value);
    }
    Ok(values)
}

fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name.as_str())
}

fn refused(layer: &Layer, feature: &FeatureLabel, field: &str, reason: Mismatch) -> StoreError {
    let reason = FeatureError::Value { field: field.to_owned(), reason };
    StoreError::Value { layer: layer.name().to_owned(), feature: feature.to_string(), reason }
}
