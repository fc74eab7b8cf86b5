//! What can stand in a field.
use crate::{Date, DateTime, Decimal, Geometry, Json, Time};
use std::hash::{Hash, Hasher};
use uuid::Uuid;

/// One value, kept as what it was: integers stay 64-bit integers, decimals exact, times zoned or not.
///
/// *Null* is a value: the store holds nothing. *Unset* is the absence of one (`Option<Value>` is
/// `None`): the feature says nothing about the field, and a write leaves it alone.
///
/// `==` asks whether two values are the very same, which is what finding out what changed needs:
/// doubles compare by bits (NaN equals itself, `-0.0` differs from `0.0`), decimals with their
/// scale. Sorting uses [`Value::order`]; whether SQL would call two values equal is for
/// expressions to say.
#[derive(Debug, Clone)]
pub enum Value {
    /// The store holds nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A double (IEEE 754 binary64), bit for bit.
    Real(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// Unicode text, not normalised.
    Text(String),
    /// Bytes without meaning to us.
    Bytes(Vec<u8>),
    /// A calendar date.
    Date(Date),
    /// A time of day, with or without zone.
    Time(Time),
    /// A date and time, with or without zone.
    DateTime(DateTime),
    /// A JSON document.
    Json(Json),
    /// A UUID that is data, not the feature's identity.
    Uuid(Uuid),
    /// A geometry, x (easting or longitude) first.
    Geometry(Geometry),
}

impl Value {
    /// Whether this is [`Value::Null`].
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The geometry, if it is one.
    #[must_use]
    pub fn as_geometry(&self) -> Option<&Geometry> {
        match self {
            Self::Geometry(geometry) => Some(geometry),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The field's-eye name of the kind of value, for messages: `integer`, `text`, ...
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Real(_) => "real number",
            Self::Decimal(_) => "decimal number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::DateTime(_) => "date and time",
            Self::Json(_) => "JSON",
            Self::Uuid(_) => "UUID",
            Self::Geometry(_) => "geometry",
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Real(a), Self::Real(b)) => a.to_bits() == b.to_bits(),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a == b,
            (Self::Uuid(a), Self::Uuid(b)) => a == b,
            (Self::Geometry(a), Self::Geometry(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(inner) => inner.hash(state),
            Self::Int(inner) => inner.hash(state),
            Self::Real(inner) => inner.to_bits().hash(state),
            Self::Decimal(inner) => inner.hash(state),
            Self::Text(inner) => inner.hash(state),
            Self::Bytes(inner) => inner.hash(state),
            Self::Date(inner) => inner.hash(state),
            Self::Time(inner) => inner.hash(state),
            Self::DateTime(inner) => inner.hash(state),
            Self::Json(inner) => inner.hash(state),
            Self::Uuid(inner) => inner.hash(state),
            Self::Geometry(inner) => inner.hash(state),
        }
    }
}

macro_rules! value_from {
    ($($variant:ident($from:ty)),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(inner: $from) -> Self {
                Self::$variant(inner.into())
            }
        }
    )*};
}

value_from!(
    Bool(bool),
    Int(i32),
    Int(i64),
    Real(f64),
    Decimal(Decimal),
    Text(&str),
    Text(String),
    Bytes(Vec<u8>),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    Json(Json),
    Uuid(Uuid),
    Geometry(Geometry),
);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(inner: Option<T>) -> Self {
        inner.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small_enough_to_keep_by_the_million() {
        assert!(size_of::<Value>() <= 32);
        assert_eq!(size_of::<Option<Value>>(), size_of::<Value>());
    }

    #[test]
    fn the_same_bits_are_the_same_value() {
        assert_eq!(Value::Real(f64::NAN), Value::Real(f64::NAN));
        assert_ne!(Value::Real(0.0), Value::Real(-0.0));
        assert_ne!(Value::Int(1), Value::Real(1.0));
    }
}
