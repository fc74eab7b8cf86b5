//! Predicates of geometries: with a constant made ready beforehand, envelopes first.
use std::borrow::Cow;

use tiepoint_core::{Envelope, Geometry, MatrixPattern, SpatialPredicate};

use super::measured::{between, geometry_in};
use super::number::real;
use super::row::Row;
use super::scalar::Scalar;
use crate::measure::{DistanceTo, Metric};
use crate::relate::{Prepared, relate};

/// A geometry of the row.
pub(super) enum Subject {
    /// What stands in a field: its envelope can be had alone.
    Field(usize),
    Computed(Scalar),
}

impl Subject {
    pub(super) fn of(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Field(position, _) => Self::Field(position),
            computed => Self::Computed(computed),
        }
    }

    /// Its envelope, where it costs nothing.
    #[inline]
    fn envelope<R: Row + ?Sized>(&self, row: &R) -> Option<Envelope> {
        match self {
            Self::Field(position) => row.envelope(*position),
            Self::Computed(_) => None,
        }
    }

    #[inline]
    pub(super) fn geometry<'a, R: Row + ?Sized>(&'a self, row: &'a R) -> Option<Cow<'a, Geometry>> {
        match self {
            Self::Field(position) => row.value(*position)?.as_geometry().map(Cow::Borrowed),
            Self::Computed(scalar) => geometry_in(scalar.value(row)),
        }
    }
}

/// A predicate of two geometries.
pub(super) enum SpatialTest {
    /// Of a constant and a geometry of the row.
    Predicate(SpatialPredicate, Prepared, Subject),
    Relate(Mask, Prepared, Subject),
    BoxMeets(Option<Envelope>, Subject),
    Near(Near),
    /// Of two geometries of the row.
    PredicateOfRow(SpatialPredicate, [Scalar; 2]),
    RelateOfRow(MatrixPattern, [Scalar; 2]),
    BoxesMeetOfRow([Subject; 2]),
    NearOfRow(Metric, [Scalar; 2], Scalar),
}

/// A pattern, and whether it lets only geometries pass that meet.
pub(super) struct Mask {
    pub(super) pattern: MatrixPattern,
    pub(super) needs_meeting: bool,
}

impl Mask {
    pub(super) fn new(pattern: MatrixPattern) -> Self {
        Self { pattern, needs_meeting: needs_meeting(&pattern) }
    }
}

/// Whether a pattern asks for a position in common: for something where interiors and boundaries
/// meet interiors and boundaries.
pub(crate) fn needs_meeting(pattern: &MatrixPattern) -> bool {
    let letters = pattern.to_string();
    let met = [0, 1, 3, 4].map(|at| letters.as_bytes()[at]);
    met.iter().any(|letter| !matches!(letter, b'*' | b'F'))
}

/// Whether a geometry of the row is within a distance of a constant.
pub(super) struct Near {
    place: DistanceTo,
    metric: Metric,
    subject: Subject,
    limit: Scalar,
}

impl SpatialTest {
    pub(super) fn truth<R: Row + ?Sized>(&self, row: &R) -> Option<bool> {
        match self {
            Self::Predicate(predicate, constant, subject) => {
                if let Some(envelope) = subject.envelope(row)
                    && let Some(decided) = constant.decides(*predicate, Some(envelope))
                {
                    return Some(decided);
                }
                Some(constant.matches(*predicate, &*subject.geometry(row)?))
            }
            Self::Relate(mask, constant, subject) => relates(mask, constant, subject, row),
            Self::BoxMeets(constant, subject) => meets(*constant, subject, row),
            Self::Near(near) => near.truth(row),
            Self::PredicateOfRow(predicate, pair) => {
                with_two(pair, row, |a, b| Prepared::new(a).matches(*predicate, b))
            }
            Self::RelateOfRow(pattern, pair) => {
                with_two(pair, row, |a, b| relate(a, b).matches(pattern))
            }
            Self::BoxesMeetOfRow([a, b]) => {
                let a = a.geometry(row)?;
                meets(a.envelope(), b, row)
            }
            Self::NearOfRow(metric, pair, limit) => {
                let limit = real(&limit.value(row))?;
                between(*metric, pair, row).map(|it| limit.is_nan() || it <= limit)
            }
        }
    }

    pub(super) fn cost(&self) -> u32 {
        match self {
            Self::BoxMeets(..) => 3,
            Self::Predicate(..) => 40,
            Self::Near(_) => 50,
            _ => 100,
        }
    }
}

fn with_two<R: Row + ?Sized>(
    pair: &[Scalar; 2],
    row: &R,
    test: impl FnOnce(&Geometry, &Geometry) -> bool,
) -> Option<bool> {
    let (a, b) = (pair[0].value(row), pair[1].value(row));
    Some(test(a.as_geometry()?, b.as_geometry()?))
}

fn relates<R: Row + ?Sized>(
    mask: &Mask,
    constant: &Prepared,
    subject: &Subject,
    row: &R,
) -> Option<bool> {
    let intersects = SpatialPredicate::Intersects;
    if mask.needs_meeting
        && let Some(envelope) = subject.envelope(row)
        && constant.decides(intersects, Some(envelope)) == Some(false)
    {
        return Some(false);
    }
    Some(constant.relate(&*subject.geometry(row)?).matches(&mask.pattern))
}

fn meets<R: Row + ?Sized>(constant: Option<Envelope>, subject: &Subject, row: &R) -> Option<bool> {
    let envelope = match subject.envelope(row) {
        Some(envelope) => Some(envelope),
        None => subject.geometry(row)?.envelope(),
    };
    Some(constant.zip(envelope).is_some_and(|(a, b)| a.intersects(&b)))
}

impl Near {
    /// None where there is a distance to nothing.
    pub(super) fn new(
        place: &Geometry,
        metric: Metric,
        subject: Subject,
        limit: Scalar,
    ) -> Option<Self> {
        let measurable = place.envelope().is_some_and(|it| is_measurable(metric, &it));
        let place = measurable.then(|| DistanceTo::new(place, metric))?;
        Some(Self { place, metric, subject, limit })
    }

    /// Null where there is no distance.
    fn truth<R: Row + ?Sized>(&self, row: &R) -> Option<bool> {
        let limit = match &self.limit {
            Scalar::Constant(limit) => real(limit)?,
            of_row => real(&of_row.value(row))?,
        };
        // NaN is above all numbers
        let limit = if limit.is_nan() { f64::INFINITY } else { limit };
        if let Some(envelope) = self.subject.envelope(row) {
            if !is_measurable(self.metric, &envelope) {
                return None;
            }
            if self.place.lower_bound(&envelope) > limit {
                return Some(false);
            }
            return Some(self.place.within(&*self.subject.geometry(row)?, limit));
        }
        let geometry = self.subject.geometry(row)?;
        let measurable = is_measurable(self.metric, &geometry.envelope()?);
        measurable.then(|| self.place.within(&geometry, limit))
    }
}

/// Whether what has this envelope has distances: whether it is on the ellipsoid.
fn is_measurable(metric: Metric, envelope: &Envelope) -> bool {
    let (min, max) = (envelope.min(), envelope.max());
    match metric {
        Metric::Planar => true,
        Metric::Geodesic(_) => min.x >= -360.0 && max.x <= 360.0 && min.y >= -90.0 && max.y <= 90.0,
    }
}
