//! Lengths, areas and distances of geometries.
use std::borrow::Cow;

use tiepoint_core::{Geometry, Value};

use super::row::Row;
use super::scalar::Scalar;
use super::spatial::Subject;
use crate::measure::{DistanceTo, Metric, distance};

/// What is measured.
pub(super) enum Measured {
    /// An area, length or perimeter.
    Size(fn(&Geometry, Metric) -> Option<f64>, Metric, Scalar),
    /// The distance to a constant.
    To(DistanceTo, Subject),
    /// The distance between two geometries of the row.
    Between(Metric, [Scalar; 2]),
}

impl Measured {
    pub(super) fn number<R: Row + ?Sized>(&self, row: &R) -> Option<f64> {
        let number = match self {
            Self::Size(measure, metric, argument) => {
                measure(argument.value(row).as_geometry()?, *metric)
            }
            Self::To(place, subject) => place.distance(&*subject.geometry(row)?),
            Self::Between(metric, pair) => between(*metric, pair, row),
        };
        number.filter(|it| it.is_finite())
    }
}

/// The distance between two geometries of the row.
pub(super) fn between<R: Row + ?Sized>(metric: Metric, pair: &[Scalar; 2], row: &R) -> Option<f64> {
    let (a, b) = (pair[0].value(row), pair[1].value(row));
    distance(a.as_geometry()?, b.as_geometry()?, metric)
}

/// The geometry that a value is, if it is one.
pub(super) fn geometry_in(value: Cow<'_, Value>) -> Option<Cow<'_, Geometry>> {
    match value {
        Cow::Borrowed(value) => value.as_geometry().map(Cow::Borrowed),
        Cow::Owned(Value::Geometry(geometry)) => Some(Cow::Owned(geometry)),
        Cow::Owned(_) => None,
    }
}
