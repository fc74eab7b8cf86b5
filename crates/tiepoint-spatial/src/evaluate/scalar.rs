//! Compiled expressions that have any value.
use std::borrow::Cow;
use std::cmp::Ordering;

use tiepoint_core::{ExprType, Value};

use super::measured::Measured;
use super::row::Row;
use super::truth::Truth;
use super::{array, cast, time};
use crate::transform::Transform;

/// What a row without a value has.
static NULL: Value = Value::Null;

/// A function that is null where an argument is.
pub(super) type One = fn(&Value) -> Value;
/// Likewise, of two.
pub(super) type Two = fn(&Value, &Value) -> Value;
/// Likewise, of any number.
pub(super) type Many = fn(&[Cow<'_, Value>]) -> Value;

/// An expression ready to be evaluated.
pub(super) enum Scalar {
    Constant(Value),
    Field(usize, ExprType),
    Id,
    Truth(Box<Truth>),
    One(One, Box<Scalar>),
    Real(fn(f64) -> f64, Box<Scalar>),
    Two(Two, Box<[Scalar; 2]>),
    Many(Many, Box<[Scalar]>),
    /// Conditions with their results, and the last result.
    Case(Box<[(Truth, Scalar)]>, Box<Scalar>),
    Coalesce(Box<[Scalar]>),
    NullIf(Box<[Scalar; 2]>),
    Array(Box<[Scalar]>),
    Cast(ExprType, Box<Scalar>),
    /// A day as its midnight.
    Moment(Box<Scalar>),
    Transform(Box<(Transform, Scalar)>),
    Measured(Box<Measured>),
}

impl Scalar {
    pub(super) fn as_constant(&self) -> Option<&Value> {
        match self {
            Self::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Borrowed from the row or the expression wherever it stands there.
    pub(super) fn value<'a, R: Row + ?Sized>(&'a self, row: &'a R) -> Cow<'a, Value> {
        Cow::Owned(match self {
            Self::Constant(value) => return Cow::Borrowed(value),
            Self::Field(position, ty) => {
                let value = row.value(*position).filter(|it| ty.holds(it));
                return Cow::Borrowed(value.unwrap_or(&NULL));
            }
            Self::Case(cases, otherwise) => {
                let case = cases.iter().find(|(condition, _)| condition.is_true(row));
                return case.map_or(otherwise.as_ref(), |(_, result)| result).value(row);
            }
            Self::Coalesce(values) => {
                let known = values.iter().map(|it| it.value(row)).find(|it| !it.is_null());
                return known.unwrap_or(Cow::Borrowed(&NULL));
            }
            Self::NullIf(pair) => {
                let value = pair[0].value(row);
                let same = value.compare(&pair[1].value(row)).is_some_and(Ordering::is_eq);
                return if same { Cow::Borrowed(&NULL) } else { value };
            }
            Self::Id => row.id().map(|id| *id.as_uuid()).into(),
            Self::Truth(truth) => truth.truth(row).into(),
            Self::One(function, argument) => of_known(&argument.value(row), function),
            Self::Real(function, argument) => {
                super::number::of_real(&argument.value(row), *function)
            }
            Self::Two(function, pair) => match (pair[0].value(row), pair[1].value(row)) {
                (a, b) if a.is_null() || b.is_null() => Value::Null,
                (a, b) => function(&a, &b),
            },
            Self::Many(function, arguments) => many(*function, arguments, row),
            Self::Array(values) => array::array(&all(values, row)),
            Self::Cast(ty, argument) => cast::cast(&argument.value(row), ty),
            Self::Moment(argument) => time::moment(&argument.value(row)),
            Self::Transform(inner) => {
                let geometry = inner.1.value(row);
                geometry.as_geometry().and_then(|it| inner.0.geometry(it).ok()).into()
            }
            Self::Measured(measured) => measured.number(row).into(),
        })
    }
}

fn of_known(value: &Value, function: impl Fn(&Value) -> Value) -> Value {
    if value.is_null() { Value::Null } else { function(value) }
}

fn all<'a, R: Row + ?Sized>(arguments: &'a [Scalar], row: &'a R) -> Vec<Cow<'a, Value>> {
    arguments.iter().map(|it| it.value(row)).collect()
}

fn many<R: Row + ?Sized>(function: Many, arguments: &[Scalar], row: &R) -> Value {
    let values = all(arguments, row);
    if values.iter().any(|it| it.is_null()) { Value::Null } else { function(&values) }
}

/// The smallest of several values; the first of equal ones.
pub(super) fn least(values: &[Cow<'_, Value>]) -> Value {
    pick(values, Ordering::is_lt)
}

/// The largest of several values; the first of equal ones.
pub(super) fn greatest(values: &[Cow<'_, Value>]) -> Value {
    pick(values, Ordering::is_gt)
}

fn pick(values: &[Cow<'_, Value>], is_better: fn(Ordering) -> bool) -> Value {
    let better = |best: &Value, value: &Value| value.compare(best).is_some_and(is_better);
    let pick = |best, value| if better(best, value) { value } else { best };
    values.iter().map(AsRef::as_ref).reduce(pick).cloned().unwrap_or(Value::Null)
}
