//! Arithmetic: exact of integers, doubles of everything else, null where there is no number.
use tiepoint_core::Value;

/// The number as a double, the nearest one.
pub(crate) fn real(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is wanted")]
        Value::Int(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        Value::Decimal(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// A result as a value; what is not finite is none.
pub(super) fn finite(number: f64) -> Value {
    if number.is_finite() { Value::Real(number) } else { Value::Null }
}

type WholeOf<const N: usize> = fn([i64; N]) -> Option<i64>;
type RealOf<const N: usize> = fn([f64; N]) -> f64;

fn two(a: &Value, b: &Value, whole: WholeOf<2>, of_reals: RealOf<2>) -> Value {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => whole([*a, *b]).into(),
        _ => match (real(a), real(b)) {
            (Some(a), Some(b)) => finite(of_reals([a, b])),
            _ => Value::Null,
        },
    }
}

fn one(value: &Value, whole: WholeOf<1>, of_real: RealOf<1>) -> Value {
    match value {
        Value::Int(number) => whole([*number]).into(),
        _ => real(value).map_or(Value::Null, |number| finite(of_real([number]))),
    }
}

pub(super) fn add(a: &Value, b: &Value) -> Value {
    two(a, b, |[a, b]| a.checked_add(b), |[a, b]| a + b)
}

pub(super) fn subtract(a: &Value, b: &Value) -> Value {
    two(a, b, |[a, b]| a.checked_sub(b), |[a, b]| a - b)
}

pub(super) fn multiply(a: &Value, b: &Value) -> Value {
    two(a, b, |[a, b]| a.checked_mul(b), |[a, b]| a * b)
}

/// By zero there is none: the quotient is infinite or no number.
pub(super) fn divide(a: &Value, b: &Value) -> Value {
    of_two_reals(a, b, |a, b| a / b)
}

pub(super) fn whole_divide(a: &Value, b: &Value) -> Value {
    two(a, b, |[a, b]| a.checked_div(b), |[a, b]| (a / b).trunc())
}

pub(super) fn remainder(a: &Value, b: &Value) -> Value {
    two(a, b, |[a, b]| (b != 0).then(|| a.wrapping_rem(b)), |[a, b]| a % b)
}

pub(super) fn power(a: &Value, b: &Value) -> Value {
    of_two_reals(a, b, f64::powf)
}

pub(super) fn atan2(y: &Value, x: &Value) -> Value {
    of_two_reals(y, x, f64::atan2)
}

fn of_two_reals(a: &Value, b: &Value, function: fn(f64, f64) -> f64) -> Value {
    match (real(a), real(b)) {
        (Some(a), Some(b)) => finite(function(a, b)),
        _ => Value::Null,
    }
}

pub(super) fn negate(value: &Value) -> Value {
    one(value, |[it]| it.checked_neg(), |[it]| -it)
}

pub(super) fn abs(value: &Value) -> Value {
    one(value, |[it]| it.checked_abs(), |[it]| it.abs())
}

pub(super) fn floor(value: &Value) -> Value {
    one(value, |[it]| Some(it), |[it]| it.floor())
}

pub(super) fn ceil(value: &Value) -> Value {
    one(value, |[it]| Some(it), |[it]| it.ceil())
}

pub(super) fn round(value: &Value) -> Value {
    one(value, |[it]| Some(it), |[it]| it.round())
}

/// By comparing, so that no decimal is too small for a sign.
pub(super) fn sign(value: &Value) -> Value {
    match value {
        Value::Real(number) if number.is_nan() => Value::Null,
        _ => value.compare(&Value::Int(0)).map(|order| order as i64).into(),
    }
}

/// A function of a double.
pub(super) fn of_real(value: &Value, function: fn(f64) -> f64) -> Value {
    real(value).map_or(Value::Null, |number| finite(function(number)))
}
