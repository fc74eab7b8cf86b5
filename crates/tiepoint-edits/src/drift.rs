//! Layers that others redefine while edits are pending: what still fits is kept, what does not is told.
use crate::state::{LayerState, Row};
use std::sync::Arc;
use tiepoint_core::{Feature, FeatureError, Field, Layer, Value};
use tiepoint_store::StoreError;

impl LayerState {
    /// Whether nothing of what is pending is lost in the layer as it is now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Schema`] for a pending value whose field is gone or of another type, and
    /// [`StoreError::Invalid`] where features are known by something else now.
    pub(crate) fn still_fits(&self, layer: &Layer) -> Result<(), StoreError> {
        if self.is_dirty() && self.layer.is_tied() != layer.is_tied() {
            let (store, tied) = (format!("layer `{}`", layer.name()), layer.is_tied());
            let what = if tied { "tied" } else { "untied" };
            let reason =
                format!("it was {what} while edits were pending: commit or roll back first");
            return Err(StoreError::Invalid { store, reason });
        }
        if self.layer.schema() == layer.schema() {
            return Ok(());
        }
        for field in self.layer.schema().fields().iter().enumerate() {
            self.still_has(layer, field)?;
        }
        Ok(())
    }

    fn still_has(&self, layer: &Layer, (at, field): (usize, &Field)) -> Result<(), StoreError> {
        let now = layer.schema().field(&field.name);
        if now.is_some_and(|now| now.ty == field.ty) {
            return Ok(());
        }
        let value = |it: &Option<Arc<Feature>>| {
            it.as_ref().and_then(|it| it.values()[at].clone()).filter(|it| !it.is_null())
        };
        let lost = self.dirty_rows().find(|(_, row)| {
            let now = value(&row.now);
            row.now.is_some()
                && now != value(&row.base)
                && !now.as_ref().is_some_and(|it| fits(layer, &field.name, it))
        });
        let Some((target, row)) = lost else { return Ok(()) };
        let (layer_name, feature) = (layer.name().to_owned(), target.to_string());
        match (now, value(&row.now).map(|it| now.map(|now| now.ty.accept(it)))) {
            (Some(now), Some(Some(Err(reason)))) => {
                let reason = FeatureError::Value { field: now.name.clone(), reason };
                Err(StoreError::Value { layer: layer_name, feature, reason })
            }
            (Some(_), _) => Ok(()),
            (None, _) => {
                let reason = layer.schema().require(&field.name);
                let schema = |reason| StoreError::Schema { layer: layer_name, reason };
                reason.map(drop).map_err(schema)
            }
        }
    }

    /// Follows a layer whose fields are others now: what they have in common stays.
    pub(crate) fn refit(&mut self, layer: &Arc<Layer>) {
        if !self.is_dirty() && self.layer.is_tied() != layer.is_tied() {
            // features are known by something else now
            *self = Self::new(Arc::clone(layer));
        }
        let (before, now) = (self.layer.schema(), layer.schema());
        if Arc::ptr_eq(before, now) || before == now {
            return;
        }
        let mut refitted = Self::new(Arc::clone(layer));
        for (target, row) in self.rows() {
            let fit = |it: &Option<Arc<Feature>>| {
                it.as_ref().map(|feature| Arc::new(fitted(feature, layer)))
            };
            let fitted = Row::new(fit(&row.base), fit(&row.now));
            refitted.put(target.clone(), Row { fid: row.fid.clone(), ..fitted });
        }
        *self = refitted;
    }
}

fn fits(layer: &Layer, field: &str, value: &Value) -> bool {
    layer.schema().field(field).is_some_and(|it| it.ty.accept(value.clone()).is_ok())
}

/// The same feature with the fields that the layer has now; what is new is unset, and what cannot
/// be a value of its field any more.
pub(crate) fn fitted(feature: &Feature, layer: &Layer) -> Feature {
    let schema = layer.schema();
    let values = schema.fields().iter().map(|field| {
        let value = feature.get(&field.name)?;
        (value.is_null() || fits(layer, &field.name, value)).then(|| value.clone())
    });
    let fitted = Feature::with_values(Arc::clone(schema), values.collect());
    fitted.with_id(feature.id).with_fid(feature.fid.clone())
}
