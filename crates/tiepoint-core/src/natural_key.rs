//! What can be a natural key, and the one spelling in which it names an object.
use crate::{FieldType, ObjectId, Value};
use std::borrow::Cow;

impl Value {
    /// The one spelling of a key, so that the same key is the same object from every store and
    /// format: 17 as a number is `17` as text. `None` for null, and for what is no key because it
    /// has no such spelling: truths, real numbers, times, bytes, JSON, geometries.
    #[must_use]
    pub fn as_key(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Int(number) => number.to_string().into(),
            Self::Decimal(number) => number.to_string().into(),
            Self::Uuid(uuid) => uuid.to_string().into(),
            Self::Date(date) => date.to_string().into(),
            Self::Null
            | Self::Bool(_)
            | Self::Real(_)
            | Self::Bytes(_)
            | Self::Time(_)
            | Self::DateTime(_)
            | Self::Json(_)
            | Self::Geometry(_) => return None,
        })
    }
}

impl FieldType {
    /// Whether its values can be keys, by [`Value::as_key`].
    #[must_use]
    pub fn may_be_key(&self) -> bool {
        match self {
            Self::Int(_) | Self::Decimal { .. } | Self::Text { .. } | Self::Date | Self::Uuid => {
                true
            }
            Self::Bool
            | Self::Real(_)
            | Self::Bytes { .. }
            | Self::Time(_)
            | Self::DateTime(_)
            | Self::Json
            | Self::Geometry(_) => false,
        }
    }
}

impl ObjectId {
    /// The id that a natural key names, by [`ObjectId::from_key`]; `None` where the value is no
    /// key.
    #[must_use]
    pub fn from_key_value(namespace: &ObjectId, key: &Value) -> Option<Self> {
        key.as_key().map(|text| Self::from_key(namespace, &text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_object_as_text_and_as_number() {
        let namespace = ObjectId::mint();
        let named = |value: Value| ObjectId::from_key_value(&namespace, &value);
        assert_eq!(named(17.into()), named("17".into()));
        assert_eq!(named(17.into()), Some(ObjectId::from_key(&namespace, "17")));
    }

    #[test]
    fn null_and_what_is_inexact_name_no_object() {
        let namespace = ObjectId::mint();
        for value in [Value::Null, 0.1.into(), true.into(), vec![1].into()] {
            assert_eq!(ObjectId::from_key_value(&namespace, &value), None, "{value:?}");
        }
    }
}
