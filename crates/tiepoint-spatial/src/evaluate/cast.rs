//! Values as other kinds of value.
use tiepoint_core::{Date, DateTime, Decimal, ExprType, Json, Value};

use super::number::{finite, real};
use super::time;

/// The value as another kind; null where it does not say one.
pub(super) fn cast(value: &Value, to: &ExprType) -> Value {
    match to {
        ExprType::Bool => truth(value).into(),
        ExprType::Int => whole(value).into(),
        ExprType::Real => match value {
            Value::Text(text) => text.parse().map_or(Value::Null, finite),
            number => real(number).map_or(Value::Null, finite),
        },
        ExprType::Decimal => decimal(value).into(),
        ExprType::Text => text(value).into(),
        ExprType::Date => match value {
            Value::Text(text) => date(text).into(),
            other => time::date(other),
        },
        ExprType::Time => match value {
            Value::Text(text) => text.parse::<tiepoint_core::Time>().ok().into(),
            other => time::time(other),
        },
        ExprType::DateTime => match value {
            Value::Text(text) => text.parse::<DateTime>().ok().into(),
            Value::Date(_) | Value::DateTime(_) => time::moment(value),
            _ => Value::Null,
        },
        ExprType::Json => match value {
            Value::Text(text) => text.parse::<Json>().ok().into(),
            Value::Json(_) => value.clone(),
            _ => Value::Null,
        },
        ExprType::Uuid => match value {
            Value::Text(text) => uuid::Uuid::try_parse(text).ok().into(),
            Value::Uuid(_) => value.clone(),
            _ => Value::Null,
        },
        ExprType::Bytes if matches!(value, Value::Bytes(_)) => value.clone(),
        ExprType::Bytes | ExprType::Null | ExprType::Geometry(_) | ExprType::Interval => {
            Value::Null
        }
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Text(text) => text.parse().ok(),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(truth) => Some(i64::from(*truth)),
        Value::Text(text) => text.parse().ok(),
        Value::Real(number) => cut_off(*number),
        Value::Decimal(number) => number.as_str().split('.').next()?.parse().ok(),
        _ => None,
    }
}

fn cut_off(number: f64) -> Option<i64> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range says that it fits")]
    (-TWO_TO_63..TWO_TO_63).contains(&number).then_some(number as i64)
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Decimal(number) => Some(number.clone()),
        Value::Int(number) => Some((*number).into()),
        Value::Real(number) => number.to_string().parse().ok(),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// The text that reads back as the value; doubles in their shortest form without an exponent.
pub(super) fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) if number.is_finite() => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::DateTime(moment) => moment.to_string(),
        Value::Json(document) => document.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        Value::Null | Value::Real(_) | Value::Bytes(_) | Value::Geometry(_) => return None,
    })
}

/// A date in the form that dates are written in, and no other.
fn date(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| date.to_string() == text)
}
