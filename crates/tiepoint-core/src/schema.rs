//! The fields of a layer, in order.
use crate::{Field, FieldType, GeometryType, nearest_name};
use std::collections::HashMap;

/// The fields of a layer, in the store's order; names are unique.
///
/// A layer may have no geometry field, one, or several; the first is the one that boxes and maps
/// mean. The object id is not a field: every feature has one beside its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

/// Why fields do not make a schema, or a schema has no such field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Two fields of one name.
    #[error("two fields are named `{name}`")]
    DuplicateField {
        /// The name that occurs twice.
        name: String,
    },
    /// No field by that name.
    #[error("no field is named `{name}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownField {
        /// The name that was asked for.
        name: String,
        /// The closest name there is.
        nearest: Option<String>,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl Schema {
    /// Puts fields in an order.
    ///
    /// # Errors
    ///
    /// [`SchemaError::DuplicateField`] when two have the same name, case considered.
    pub fn new(fields: Vec<Field>) -> Result<Self, SchemaError> {
        let mut by_name = HashMap::with_capacity(fields.len());
        for (position, field) in fields.iter().enumerate() {
            if by_name.insert(field.name.clone(), position).is_some() {
                return Err(SchemaError::DuplicateField { name: field.name.clone() });
            }
        }
        Ok(Self { fields, by_name })
    }

    /// All fields, in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Where the field of that name stands.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Where the field of that name stands, or an error fit for whoever typed the name.
    ///
    /// # Errors
    ///
    /// [`SchemaError::UnknownField`], with the closest name there is.
    pub fn require(&self, name: &str) -> Result<usize, SchemaError> {
        self.position(name).ok_or_else(|| SchemaError::UnknownField {
            name: name.to_owned(),
            nearest: nearest_name(name, self.fields.iter().map(|field| field.name.as_str()))
                .map(str::to_owned),
        })
    }

    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.position(name).map(|position| &self.fields[position])
    }

    /// The first geometry field: its position and type.
    #[must_use]
    pub fn geometry(&self) -> Option<(usize, &GeometryType)> {
        self.fields.iter().enumerate().find_map(|(position, field)| match &field.ty {
            FieldType::Geometry(ty) => Some((position, ty)),
            _ => None,
        })
    }

    /// The schema of the named fields, in the order of the names.
    ///
    /// # Errors
    ///
    /// [`SchemaError::UnknownField`] for a name that is not here, and
    /// [`SchemaError::DuplicateField`] for one that is asked for twice.
    pub fn project<S: AsRef<str>>(&self, names: &[S]) -> Result<Self, SchemaError> {
        let pick = |name: &S| Ok(self.fields[self.require(name.as_ref())?].clone());
        Self::new(names.iter().map(pick).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_field_is_met_with_a_suggestion() {
        let schema = Schema::new(vec![Field::new("population", FieldType::INT)]).expect("distinct");
        let message = schema.require("poplation").expect_err("no such field").to_string();
        assert_eq!(message, "no field is named `poplation`; did you mean `population`?");
    }

    #[test]
    fn two_fields_of_one_name_are_refused() {
        let twice = vec![Field::new("a", FieldType::INT), Field::new("a", FieldType::TEXT)];
        assert!(Schema::new(twice).is_err());
    }
}
