//! The one order that sorting follows, whichever store does it.
use crate::{DateTime, Decimal, Value};
use std::cmp::Ordering;

impl Value {
    /// Where `self` sorts beside `other`, ascending.
    ///
    /// Nulls come first; then numbers and booleans by size (an integer and a double exactly, never
    /// by rounding; NaN above all numbers); then dates and times by instant; then text by code
    /// point; then bytes; then JSON and UUIDs by their text or bytes; geometries by their
    /// canonical bytes, which is an order but says nothing about space.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.class().cmp(&other.class()).then_with(|| match (self, other) {
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.order(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.order(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Json(a), Self::Json(b)) => a.as_str().cmp(b.as_str()),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Geometry(a), Self::Geometry(b)) => a.as_wkb().cmp(b.as_wkb()),
            _ => number_order(self, other),
        })
    }

    /// How two values compare in expressions: numbers by size, dates and times by instant (a date
    /// as its midnight, what has no offset as UTC), text by code point; -0.0 equals 0.0 and NaN
    /// itself. `None` where one is null or they are of kinds that do not compare.
    #[must_use]
    #[inline]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (
                Self::Int(_) | Self::Real(_) | Self::Decimal(_),
                Self::Int(_) | Self::Real(_) | Self::Decimal(_),
            ) => number_order(self, other),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::DateTime(a), Self::DateTime(b)) => a.in_utc().cmp(&b.in_utc()),
            (Self::Date(a), Self::DateTime(b)) => DateTime::midnight(*a).in_utc().cmp(&b.in_utc()),
            (Self::DateTime(_), Self::Date(_)) => {
                return other.compare(self).map(Ordering::reverse);
            }
            (Self::Time(a), Self::Time(b)) => a.in_utc().cmp(&b.in_utc()),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            _ => return None,
        })
    }

    fn class(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) | Self::Int(_) | Self::Real(_) | Self::Decimal(_) => 1,
            Self::Date(_) => 2,
            Self::Time(_) => 3,
            Self::DateTime(_) => 4,
            Self::Text(_) => 5,
            Self::Bytes(_) => 6,
            Self::Json(_) => 7,
            Self::Uuid(_) => 8,
            Self::Geometry(_) => 9,
        }
    }
}

fn number_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Real(a), Value::Real(b)) => real_order(*a, *b),
        (Value::Real(a), Value::Decimal(b)) => match Decimal::exactly(*a) {
            Some(a) => a.order(b),
            None if *a < 0.0 => Ordering::Less,
            None => Ordering::Greater,
        },
        (Value::Real(a), _) => real_with_whole(*a, whole(b).unwrap_or_default()),
        (_, Value::Real(_)) => number_order(b, a).reverse(),
        _ => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => decimal(a).order(&decimal(b)),
        },
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(truth) => Some(i64::from(*truth)),
        _ => None,
    }
}

fn decimal(value: &Value) -> Decimal {
    match value {
        Value::Decimal(number) => number.clone(),
        other => Decimal::from(whole(other).unwrap_or_default()),
    }
}

/// Numbers by size with `-0.0` equal to `0.0`, NaN last.
fn real_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Exact although not every `i64` is a double: compares the whole parts as integers.
fn real_with_whole(a: f64, b: i64) -> Ordering {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if a.is_nan() || a >= TWO_TO_63 {
        return Ordering::Greater;
    }
    if a < -TWO_TO_63 {
        return Ordering::Less;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the two checks above bound it")]
    let floor = a.floor() as i64;
    floor.cmp(&b).then(if a.fract() == 0.0 { Ordering::Equal } else { Ordering::Greater })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_doubles_compare_exactly() {
        let big = 9_007_199_254_740_993_i64; // 2^53 + 1 has no double
        assert_eq!(Value::Int(big).order(&Value::Real(9_007_199_254_740_992.0)), Ordering::Greater);
        assert_eq!(Value::Int(i64::MAX).order(&Value::Real(9.3e18)), Ordering::Less);
        assert_eq!(Value::Int(-1).order(&Value::Real(-1.5)), Ordering::Greater);
        assert_eq!(Value::Real(-0.0).order(&Value::Int(0)), Ordering::Equal);
    }

    #[test]
    fn null_sorts_first_and_nan_after_numbers() {
        assert_eq!(Value::Null.order(&Value::Int(i64::MIN)), Ordering::Less);
        assert_eq!(Value::Real(f64::NAN).order(&Value::Real(f64::INFINITY)), Ordering::Greater);
    }

    #[test]
    fn decimals_meet_integers_exactly() {
        let half = Value::Decimal("0.5".parse().expect("a decimal"));
        assert_eq!(half.order(&Value::Int(0)), Ordering::Greater);
        assert_eq!(half.order(&Value::Int(1)), Ordering::Less);
        assert_eq!(half.order(&Value::Real(0.5)), Ordering::Equal);
        let big = Value::Decimal("9007199254740993".parse().expect("a decimal"));
        assert_eq!(big.order(&Value::Real(9_007_199_254_740_992.0)), Ordering::Greater);
        assert_eq!(half.order(&Value::Real(f64::NEG_INFINITY)), Ordering::Greater);
    }
}
