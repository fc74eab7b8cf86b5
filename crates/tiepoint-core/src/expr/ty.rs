//! What kind of value an expression has.
use crate::{Crs, FieldType, Value};
use std::fmt;

/// The kind of value that an expression has, known before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExprType {
    /// Always null; fits everywhere.
    Null,
    /// True or false.
    Bool,
    /// 64-bit whole numbers.
    Int,
    /// Doubles.
    Real,
    /// Exact decimal numbers.
    Decimal,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Calendar dates.
    Date,
    /// Times of day.
    Time,
    /// Dates with times.
    DateTime,
    /// JSON documents; arrays are some.
    Json,
    /// UUIDs.
    Uuid,
    /// Geometries in a CRS.
    Geometry(Crs),
    /// A stretch of time; only temporal predicates take one.
    Interval,
}

impl ExprType {
    /// The kind of value in a field of this type.
    #[must_use]
    pub fn of_field(ty: &FieldType) -> Self {
        match ty {
            FieldType::Bool => Self::Bool,
            FieldType::Int(_) => Self::Int,
            FieldType::Real(_) => Self::Real,
            FieldType::Decimal { .. } => Self::Decimal,
            FieldType::Text { .. } => Self::Text,
            FieldType::Bytes { .. } => Self::Bytes,
            FieldType::Date => Self::Date,
            FieldType::Time(_) => Self::Time,
            FieldType::DateTime(_) => Self::DateTime,
            FieldType::Json => Self::Json,
            FieldType::Uuid => Self::Uuid,
            FieldType::Geometry(ty) => Self::Geometry(ty.crs.clone()),
        }
    }

    /// The kind of a value; of a geometry nobody knows the CRS, so `None`.
    #[must_use]
    pub fn of_value(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Real(_) => Self::Real,
            Value::Decimal(_) => Self::Decimal,
            Value::Text(_) => Self::Text,
            Value::Bytes(_) => Self::Bytes,
            Value::Date(_) => Self::Date,
            Value::Time(_) => Self::Time,
            Value::DateTime(_) => Self::DateTime,
            Value::Json(_) => Self::Json,
            Value::Uuid(_) => Self::Uuid,
            Value::Geometry(_) => return None,
        })
    }

    /// Whether a stored value is one that an expression of this kind may have: a number of any
    /// sort counts as a number, everything else must be exactly its kind. What does not hold
    /// counts as null.
    #[must_use]
    #[inline]
    pub fn holds(&self, value: &Value) -> bool {
        matches!(
            (self, value),
            (
                Self::Int | Self::Real | Self::Decimal,
                Value::Int(_) | Value::Real(_) | Value::Decimal(_),
            ) | (Self::Bool, Value::Bool(_))
                | (Self::Text, Value::Text(_))
                | (Self::Bytes, Value::Bytes(_))
                | (Self::Date, Value::Date(_))
                | (Self::Time, Value::Time(_))
                | (Self::DateTime, Value::DateTime(_))
                | (Self::Json, Value::Json(_))
                | (Self::Uuid, Value::Uuid(_))
                | (Self::Geometry(_), Value::Geometry(_))
                | (_, Value::Null)
        )
    }

    /// Whether its values can be compared and sorted by expressions.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        !matches!(self, Self::Json | Self::Geometry(_) | Self::Interval)
    }

    /// Whether it is a kind of number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Real | Self::Decimal)
    }

    /// Whether it is an instant or a day.
    #[must_use]
    pub fn is_temporal(&self) -> bool {
        matches!(self, Self::Date | Self::DateTime)
    }
}

impl fmt::Display for ExprType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Real => "real number",
            Self::Decimal => "decimal number",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "date and time",
            Self::Json => "JSON",
            Self::Uuid => "UUID",
            Self::Interval => "interval",
            Self::Geometry(crs) => return write!(f, "geometry in {crs}"),
        })
    }
}
