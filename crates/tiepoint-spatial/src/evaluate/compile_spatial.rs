//! Compiling what is asked of geometries: constants are prepared, CRSs looked up once.
use tiepoint_core::{Bound, Crs, Function, Geometry, SpatialPredicate, Value};

use super::EvaluateError;
use super::compile::{crs_of, scalar, two};
use super::measured::Measured;
use super::scalar::Scalar;
use super::spatial::{Mask, Near, SpatialTest, Subject};
use super::truth::Truth;
use crate::measure::{DistanceTo, Metric, area, length, perimeter};
use crate::relate::Prepared;
use crate::transform::Transform;

type Compiled<T> = Result<T, EvaluateError>;

/// Two geometries to be looked at together.
enum Pair {
    /// One is always null.
    Null,
    /// One is a constant.
    WithConstant { constant: Geometry, subject: Subject, constant_is: Side },
    /// Both are of the row.
    OfRow([Scalar; 2]),
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    First,
    Second,
}

impl Pair {
    fn of(pair: [Scalar; 2]) -> Self {
        match pair {
            [Scalar::Constant(Value::Geometry(constant)), other] => Self::WithConstant {
                constant,
                subject: Subject::of(other),
                constant_is: Side::First,
            },
            [other, Scalar::Constant(Value::Geometry(constant))] => Self::WithConstant {
                constant,
                subject: Subject::of(other),
                constant_is: Side::Second,
            },
            [Scalar::Constant(_), _] | [_, Scalar::Constant(_)] => Self::Null,
            pair => Self::OfRow(pair),
        }
    }
}

/// A condition on two geometries.
pub(super) fn spatial(function: &Function, bound: &Bound, arguments: &[Bound]) -> Compiled<Truth> {
    let pair = Pair::of(two(arguments)?);
    let test = match function {
        Function::Spatial(predicate) => predicate_test(*predicate, pair),
        Function::Relate(pattern) => match pair {
            Pair::Null => None,
            Pair::WithConstant { constant, subject, constant_is } => {
                let first = constant_is == Side::First;
                let pattern = if first { *pattern } else { pattern.transposed() };
                Some(SpatialTest::Relate(Mask::new(pattern), Prepared::new(&constant), subject))
            }
            Pair::OfRow(pair) => Some(SpatialTest::RelateOfRow(*pattern, pair)),
        },
        Function::BoxesMeet => match pair {
            Pair::Null => None,
            Pair::WithConstant { constant, subject, .. } => {
                Some(SpatialTest::BoxMeets(constant.envelope(), subject))
            }
            Pair::OfRow(pair) => Some(SpatialTest::BoxesMeetOfRow(pair.map(Subject::of))),
        },
        _ => near(pair, bound, arguments)?,
    };
    Ok(test.map_or(Truth::Known(None), |test| Truth::Spatial(Box::new(test))))
}

fn predicate_test(predicate: SpatialPredicate, pair: Pair) -> Option<SpatialTest> {
    Some(match pair {
        Pair::Null => return None,
        Pair::WithConstant { constant, subject, constant_is } => {
            let first = constant_is == Side::First;
            let predicate = if first { predicate } else { predicate.converse() };
            SpatialTest::Predicate(predicate, Prepared::new(&constant), subject)
        }
        Pair::OfRow(pair) => SpatialTest::PredicateOfRow(predicate, pair),
    })
}

fn near(pair: Pair, bound: &Bound, arguments: &[Bound]) -> Compiled<Option<SpatialTest>> {
    let limit = scalar(&arguments[2])?;
    if let Scalar::Constant(Value::Null) = limit {
        return Ok(None);
    }
    Ok(match (pair, metric(bound, arguments)?) {
        (Pair::WithConstant { constant, subject, .. }, Some(metric)) => {
            Near::new(&constant, metric, subject, limit).map(SpatialTest::Near)
        }
        (Pair::OfRow(pair), Some(metric)) => Some(SpatialTest::NearOfRow(metric, pair, limit)),
        _ => None,
    })
}

/// A length, area or distance.
pub(super) fn measured(
    function: &Function,
    bound: &Bound,
    arguments: &[Bound],
) -> Compiled<Scalar> {
    let Some(metric) = metric(bound, arguments)? else {
        return Ok(Scalar::Constant(Value::Null));
    };
    let size = match function {
        Function::Area => area,
        Function::LineLength => length,
        Function::Perimeter => perimeter,
        _ => return Ok(distance(metric, Pair::of(two(arguments)?))),
    };
    let measured = Measured::Size(size, metric, scalar(&arguments[0])?);
    Ok(Scalar::Measured(Box::new(measured)))
}

fn distance(metric: Metric, pair: Pair) -> Scalar {
    Scalar::Measured(Box::new(match pair {
        Pair::Null => return Scalar::Constant(Value::Null),
        Pair::WithConstant { constant, subject, .. } => {
            Measured::To(DistanceTo::new(&constant, metric), subject)
        }
        Pair::OfRow(pair) => Measured::Between(metric, pair),
    }))
}

/// How the CRS of the first geometry that has one is measured in.
fn metric(bound: &Bound, arguments: &[Bound]) -> Compiled<Option<Metric>> {
    let metric = arguments.iter().find_map(crs_of).map(Metric::of).transpose();
    metric.map_err(|source| EvaluateError::Metric { expression: bound.to_string(), source })
}

/// A geometry in another CRS.
pub(super) fn transform(to: &Crs, bound: &Bound, argument: &Bound) -> Compiled<Scalar> {
    let Some(from) = crs_of(argument) else { return Ok(Scalar::Constant(Value::Null)) };
    let transform = Transform::new(from, to)
        .map_err(|source| EvaluateError::Transform { expression: bound.to_string(), source })?;
    Ok(Scalar::Transform(Box::new((transform, scalar(argument)?))))
}
