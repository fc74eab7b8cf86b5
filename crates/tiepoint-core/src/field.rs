//! A slot of a layer: its name, its type and what it allows.
use crate::{Domain, GeometryMismatch, GeometryType, Value, ZoneRule};
use std::fmt;

/// One named slot that every feature of a layer has.
///
/// Only what a store really enforces or records is stated; nothing is guessed.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, exactly as the store spells it.
    pub name: String,
    /// What kind of value it holds.
    pub ty: FieldType,
    /// Whether it may hold null.
    pub nullable: bool,
    /// Whether no two features may share a value in it.
    pub unique: bool,
    /// What the store puts in when a new feature leaves it unset.
    pub default: Option<Default>,
    /// The closed set its values come from.
    pub domain: Option<Domain>,
    /// Whether the store computes it; then it cannot be written.
    pub generated: bool,
    /// A name for people.
    pub title: Option<String>,
    /// A sentence for people.
    pub description: Option<String>,
}

/// What a store puts in a field that a new feature leaves unset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// Always this value.
    Value(Value),
    /// Whatever this expression, in the store's own language, yields at the time.
    Expression(String),
}

/// How many bits a whole number has in its store; all are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IntWidth {
    /// -128 to 127.
    W8,
    /// -32,768 to 32,767.
    W16,
    /// Up to about 2.1 thousand million either way.
    W32,
    /// The whole range of `i64`.
    W64,
}

/// How many bits a real number has in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RealWidth {
    /// IEEE 754 binary32.
    W32,
    /// IEEE 754 binary64.
    W64,
}

/// What kind of value a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldType {
    /// True or false.
    Bool,
    /// Whole numbers.
    Int(IntWidth),
    /// Floating-point numbers.
    Real(RealWidth),
    /// Exact decimal numbers.
    Decimal {
        /// The most digits in all, where limited.
        precision: Option<u32>,
        /// The digits behind the point, where fixed.
        scale: Option<u32>,
    },
    /// Text.
    Text {
        /// The most characters (code points), where limited.
        max_chars: Option<u64>,
    },
    /// Bytes.
    Bytes {
        /// The most bytes, where limited.
        max_bytes: Option<u64>,
    },
    /// Calendar dates.
    Date,
    /// Times of day.
    Time(ZoneRule),
    /// Dates with times.
    DateTime(ZoneRule),
    /// JSON documents.
    Json,
    /// UUIDs.
    Uuid,
    /// Geometries.
    Geometry(GeometryType),
}

/// Why a value cannot stand in a field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// Null in a field that must hold something.
    #[error("null is not allowed")]
    Null,
    /// A value for a field that the store computes.
    #[error("the store computes this field; it cannot be written")]
    Generated,
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What the field holds.
        expected: String,
        /// What was offered.
        found: &'static str,
    },
    /// A value too long, too large or with too many digits for the field.
    #[error("too large for {limit}")]
    TooLarge {
        /// The field's type with its limit.
        limit: String,
    },
    /// A value outside the field's closed set.
    #[error("not among the values the field allows")]
    Domain,
    /// A geometry of another kind, or with other ordinates.
    #[error(transparent)]
    Geometry(#[from] GeometryMismatch),
}

impl Field {
    /// A nullable field with nothing else stated.
    pub fn new(name: impl Into<String>, ty: FieldType) -> Self {
        Self {
            name: name.into(),
            ty,
            nullable: true,
            unique: false,
            default: None,
            domain: None,
            generated: false,
            title: None,
            description: None,
        }
    }

    /// The same field, refusing null.
    #[must_use]
    pub fn not_null(self) -> Self {
        Self { nullable: false, ..self }
    }

    /// The value as this field stores it: `value` itself, the same number in the field's type
    /// where that is exact (an integer in a field of reals or decimals), or the same moment in UTC
    /// where the field tells moments so.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the value would have to change to fit. A store that cannot enforce a
    /// rule itself relies on this.
    pub fn accept(&self, value: Value) -> Result<Value, Mismatch> {
        if value.is_null() {
            return if self.nullable { Ok(value) } else { Err(Mismatch::Null) };
        }
        let value = self.ty.accept(value)?;
        match &self.domain {
            Some(domain) if !domain.allows(&value) => Err(Mismatch::Domain),
            _ => Ok(value),
        }
    }

    /// Whether [`accept`](Self::accept) gives such a value back as it is; when in doubt, no.
    /// Looking costs less than handing it over and taking it back.
    #[must_use]
    pub fn keeps(&self, value: &Value) -> bool {
        !matches!(self.ty, FieldType::DateTime(ZoneRule::Utc))
            && self.domain.is_none()
            && self.ty.is_type_of(value)
            && self.ty.is_within_limits(value)
            && match (&self.ty, value) {
                (FieldType::Geometry(ty), Value::Geometry(geometry)) => ty.check(geometry).is_ok(),
                _ => true,
            }
    }
}

impl FieldType {
    /// Unlimited text.
    pub const TEXT: Self = Self::Text { max_chars: None };
    /// 64-bit whole numbers.
    pub const INT: Self = Self::Int(IntWidth::W64);
    /// Doubles.
    pub const REAL: Self = Self::Real(RealWidth::W64);

    /// What [`Field::accept`] asks of a value that is not null.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the value would have to change to fit.
    pub fn accept(&self, value: Value) -> Result<Value, Mismatch> {
        let value = self.widened(value);
        if !self.is_type_of(&value) {
            return Err(Mismatch::Type { expected: self.to_string(), found: value.type_name() });
        }
        if let (Self::Geometry(ty), Value::Geometry(geometry)) = (self, &value) {
            ty.check(geometry)?;
        }
        if self.is_within_limits(&value) {
            Ok(value)
        } else {
            Err(Mismatch::TooLarge { limit: self.to_string() })
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "2^53 bounds the integers that are cast")]
    fn widened(&self, value: Value) -> Value {
        match (self, value) {
            (Self::Real(_), Value::Int(number)) if number.unsigned_abs() <= 1 << 53 => {
                Value::Real(number as f64)
            }
            (Self::Decimal { .. }, Value::Int(number)) => Value::Decimal(number.into()),
            (Self::DateTime(ZoneRule::Utc), Value::DateTime(time)) => {
                Value::DateTime(time.told_in_utc())
            }
            (_, value) => value,
        }
    }

    fn is_type_of(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Time(zone), Value::Time(time)) => zone.allows(time.offset),
            (Self::DateTime(zone), Value::DateTime(time)) => zone.allows(time.offset),
            (Self::Bool, Value::Bool(_))
            | (Self::Int(_), Value::Int(_))
            | (Self::Real(_), Value::Real(_))
            | (Self::Decimal { .. }, Value::Decimal(_))
            | (Self::Text { .. }, Value::Text(_))
            | (Self::Bytes { .. }, Value::Bytes(_))
            | (Self::Date, Value::Date(_))
            | (Self::Json, Value::Json(_))
            | (Self::Uuid, Value::Uuid(_))
            | (Self::Geometry(_), Value::Geometry(_)) => true,
            _ => false,
        }
    }

    fn is_within_limits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Int(width), Value::Int(number)) => width.holds(*number),
            #[expect(clippy::cast_possible_truncation, reason = "rounding is what is tested")]
            (Self::Real(RealWidth::W32), Value::Real(number)) => {
                number.is_nan() || f64::from(*number as f32).to_bits() == number.to_bits()
            }
            (Self::Decimal { precision, scale }, Value::Decimal(number)) => {
                scale.is_none_or(|limit| number.scale() <= limit as usize)
                    && precision.is_none_or(|limit| number.precision() <= limit as usize)
            }
            (Self::Text { max_chars: Some(limit) }, Value::Text(text)) => {
                text.len() as u64 <= *limit || text.chars().count() as u64 <= *limit
            }
            (Self::Bytes { max_bytes: Some(limit) }, Value::Bytes(bytes)) => {
                bytes.len() as u64 <= *limit
            }
            _ => true,
        }
    }
}

impl IntWidth {
    /// Whether a field this wide can hold `number`.
    #[must_use]
    pub fn holds(self, number: i64) -> bool {
        match self {
            Self::W8 => i8::try_from(number).is_ok(),
            Self::W16 => i16::try_from(number).is_ok(),
            Self::W32 => i32::try_from(number).is_ok(),
            Self::W64 => true,
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("boolean"),
            Self::Int(IntWidth::W8) => f.write_str("8-bit integer"),
            Self::Int(IntWidth::W16) => f.write_str("16-bit integer"),
            Self::Int(IntWidth::W32) => f.write_str("32-bit integer"),
            Self::Int(IntWidth::W64) => f.write_str("integer"),
            Self::Real(RealWidth::W32) => f.write_str("32-bit real number"),
            Self::Real(RealWidth::W64) => f.write_str("real number"),
            Self::Decimal { precision, scale } => {
                f.write_str("decimal number")?;
                match (precision, scale) {
                    (Some(precision), Some(scale)) => write!(f, "({precision}, {scale})"),
                    (Some(precision), None) => write!(f, "({precision})"),
                    _ => Ok(()),
                }
            }
            Self::Text { max_chars: Some(limit) } => write!(f, "text({limit})"),
            Self::Text { max_chars: None } => f.write_str("text"),
            Self::Bytes { max_bytes: Some(limit) } => write!(f, "bytes({limit})"),
            Self::Bytes { max_bytes: None } => f.write_str("bytes"),
            Self::Date => f.write_str("date"),
            Self::Time(zone) => write!(f, "time{}", zone.suffix()),
            Self::DateTime(zone) => write!(f, "date and time{}", zone.suffix()),
            Self::Json => f.write_str("JSON"),
            Self::Uuid => f.write_str("UUID"),
            Self::Geometry(ty) => ty.fmt(f),
        }
    }
}

impl ZoneRule {
    fn suffix(self) -> &'static str {
        match self {
            Self::Without => " without zone",
            Self::With => " with zone",
            Self::Utc => " in UTC",
            Self::Either => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_widen_only_where_that_is_exact() {
        let real = Field::new("area", FieldType::REAL);
        assert_eq!(real.accept(Value::Int(5)), Ok(Value::Real(5.0)));
        assert!(real.accept(Value::Int((1 << 53) + 1)).is_err());
        let int = Field::new("count", FieldType::Int(IntWidth::W16));
        assert!(int.accept(Value::Real(5.0)).is_err());
        assert!(int.accept(Value::Int(40_000)).is_err());
    }

    #[test]
    fn text_is_counted_in_characters() {
        let code = Field::new("code", FieldType::Text { max_chars: Some(3) });
        assert!(code.accept("äöü".into()).is_ok());
        assert!(code.accept("äöüß".into()).is_err());
    }

    #[test]
    fn null_needs_permission() {
        assert_eq!(Field::new("a", FieldType::Bool).accept(Value::Null), Ok(Value::Null));
        let strict = Field::new("a", FieldType::Bool).not_null();
        assert_eq!(strict.accept(Value::Null), Err(Mismatch::Null));
    }
}
