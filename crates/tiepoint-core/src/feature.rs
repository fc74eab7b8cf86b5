//! A feature: ids and values, under a schema it shares with its layer.
use crate::{Fid, Geometry, Mismatch, ObjectId, Schema, SchemaError, Value};
use std::sync::Arc;

/// One feature: what a store says, or is to be told, about one object.
///
/// Values stand in the order of the schema; one that is `None` is *unset*: the feature says
/// nothing about that field. Spatial and non-spatial features differ only in their schema.
///
/// ```
/// use tiepoint_core::{Feature, Field, FieldType, Schema, Value};
/// let schema = Schema::new(vec![
///     Field::new("name", FieldType::TEXT),
///     Field::new("height", FieldType::REAL),
/// ])?;
/// let mut tree = Feature::new(schema);
/// tree.set("name", "old oak".into())?;
/// assert_eq!(tree.get("name"), Some(&Value::from("old oak")));
/// assert_eq!(tree.get("height"), None, "unset is not null");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// The object it stands for; `None` in a layer that is not tied, or before it is stored.
    pub id: Option<ObjectId>,
    /// What its store calls it today; `None` before it is stored.
    pub fid: Option<Fid>,
    schema: Arc<Schema>,
    values: Vec<Option<Value>>,
}

/// Why a value cannot be put into a feature.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FeatureError {
    /// No such field.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A value that the field does not allow.
    #[error("field `{field}`: {reason}")]
    Value {
        /// The field's name.
        field: String,
        /// What is wrong with the value.
        reason: Mismatch,
    },
}

impl Feature {
    /// A feature that says nothing yet.
    pub fn new(schema: impl Into<Arc<Schema>>) -> Self {
        let schema = schema.into();
        let values = vec![None; schema.fields().len()];
        Self { id: None, fid: None, schema, values }
    }

    /// A feature of these values, one per field in the schema's order; they are not checked.
    ///
    /// # Panics
    ///
    /// When there are more or fewer values than fields, which is a mistake in the program.
    #[must_use]
    pub fn with_values(schema: Arc<Schema>, values: Vec<Option<Value>>) -> Self {
        assert_eq!(schema.fields().len(), values.len(), "one value per field");
        Self { id: None, fid: None, schema, values }
    }

    /// The same feature, standing for this object.
    #[must_use]
    pub fn with_id(self, id: impl Into<Option<ObjectId>>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// The same feature, called this by its store.
    #[must_use]
    pub fn with_fid(self, fid: impl Into<Option<Fid>>) -> Self {
        Self { fid: fid.into(), ..self }
    }

    /// The fields it has.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Its values in the schema's order.
    #[must_use]
    pub fn values(&self) -> &[Option<Value>] {
        &self.values
    }

    /// Its values in the schema's order, taken out.
    #[must_use]
    pub fn into_values(self) -> Vec<Option<Value>> {
        self.values
    }

    /// The value of a field: `None` when it is unset or there is no such field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.values[self.schema.position(field)?].as_ref()
    }

    /// Puts a value into a field, in the field's own type.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] when there is no such field or it does not allow the value; the feature is
    /// then as it was.
    pub fn set(&mut self, field: &str, value: Value) -> Result<(), FeatureError> {
        let position = self.schema.require(field)?;
        let field = &self.schema.fields()[position];
        let accepted = field.accept(value);
        self.values[position] = Some(
            accepted.map_err(|reason| FeatureError::Value { field: field.name.clone(), reason })?,
        );
        Ok(())
    }

    /// Puts a value into the field at a position as it is, or makes the field unset; not checked.
    ///
    /// # Panics
    ///
    /// When there is no such position, which is a mistake in the program.
    pub fn put(&mut self, position: usize, value: Option<Value>) {
        self.values[position] = value;
    }

    /// Makes a field unset again.
    pub fn unset(&mut self, field: &str) {
        if let Some(position) = self.schema.position(field) {
            self.values[position] = None;
        }
    }

    /// Whether it has a place of its own: a geometry that is neither unset nor null.
    ///
    /// Says so of this feature alone; its layer may hold both sorts.
    #[must_use]
    pub fn is_spatial(&self) -> bool {
        self.geometry().is_some()
    }

    /// The geometry that boxes and maps mean: `None` when it is unset, null, or there is no such
    /// field.
    #[must_use]
    pub fn geometry(&self) -> Option<&Geometry> {
        let (position, _) = self.schema.geometry()?;
        self.values[position].as_ref()?.as_geometry()
    }
}
