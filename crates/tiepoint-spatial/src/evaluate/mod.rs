//! Evaluating expressions on rows in memory.
//!
//! An [`Evaluator`] is made once and asked of many rows. What every function means is said at
//! [`Function`](tiepoint_core::Function): nothing fails on a row, what has no value is null.
use std::fmt;

use tiepoint_core::{Bound, Value};

mod array;
mod cast;
mod compare;
mod compile;
mod compile_spatial;
mod error;
mod fold;
mod geometry;
mod like;
mod measured;
mod number;
mod regular;
mod row;
mod scalar;
pub(crate) mod spatial;
mod text;
mod time;
mod truth;

pub use error::EvaluateError;
pub use fold::fold;
pub use row::Row;

pub(crate) use number::real;

use scalar::Scalar;
use truth::Truth;

/// An expression ready to be evaluated on many rows. `Send` and `Sync`.
///
/// Constants are computed and prepared once: geometries are indexed, patterns compiled, CRSs
/// looked up. Of a geometry field beside a constant only the envelope is looked at where that
/// decides. Parts of conjunctions and disjunctions are tested cheap ones first, which makes no
/// difference to the answer.
///
/// ```
/// use tiepoint_core::{Crs, Feature, Field, FieldType, Geometry, GeometryType, KindRule, Metres};
/// use tiepoint_core::{Schema, field, place};
/// use tiepoint_spatial::Evaluator;
///
/// let schema = Schema::new(vec![
///     Field::new("kind", FieldType::TEXT),
///     Field::new("geom", FieldType::Geometry(GeometryType::xy(KindRule::Any, Crs::CRS84))),
/// ])?;
/// let here = place(Geometry::from_wkt("POINT (24.94 60.17)")?, Crs::CRS84);
/// let filter = field("kind").eq("stop") & field("geom").within_distance(here, Metres(1_000.0));
/// let evaluator = Evaluator::new(&filter.bind_filter(&schema)?)?;
///
/// let mut stop = Feature::new(schema);
/// stop.set("kind", "stop".into())?;
/// assert_eq!(evaluator.truth(&stop), None, "nobody knows where it is");
/// stop.set("geom", Geometry::from_wkt("POINT (24.95 60.17)")?.into())?;
/// assert!(evaluator.is_true(&stop));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Evaluator {
    compiled: Compiled,
    expression: Bound,
}

enum Compiled {
    Truth(Truth),
    Scalar(Scalar),
}

impl Evaluator {
    /// Compiles an expression. Some microseconds, and what it takes to prepare its geometries.
    ///
    /// # Errors
    ///
    /// [`EvaluateError`] where no row could be evaluated: a regular expression that is none or that
    /// differs from row to row, a transform that is not served, a CRS that cannot be measured in,
    /// a function of one store, an interval on its own.
    pub fn new(bound: &Bound) -> Result<Self, EvaluateError> {
        let compiled = match compile::scalar(bound)? {
            Scalar::Truth(truth) => Compiled::Truth(*truth),
            scalar => Compiled::Scalar(scalar),
        };
        Ok(Self { compiled, expression: bound.clone() })
    }

    /// What it has for a value on this row.
    #[must_use]
    pub fn value<R: Row + ?Sized>(&self, row: &R) -> Value {
        match &self.compiled {
            Compiled::Truth(truth) => truth.truth(row).into(),
            Compiled::Scalar(scalar) => scalar.value(row).into_owned(),
        }
    }

    /// Whether it is true or false on this row; [`None`] where it is null, or no truth at all.
    #[must_use]
    pub fn truth<R: Row + ?Sized>(&self, row: &R) -> Option<bool> {
        match &self.compiled {
            Compiled::Truth(truth) => truth.truth(row),
            Compiled::Scalar(scalar) => match *scalar.value(row) {
                Value::Bool(truth) => Some(truth),
                _ => None,
            },
        }
    }

    /// Whether it is true on this row, neither false nor null: whether a filter keeps the row.
    #[must_use]
    #[inline]
    pub fn is_true<R: Row + ?Sized>(&self, row: &R) -> bool {
        match &self.compiled {
            Compiled::Truth(truth) => truth.is_true(row),
            Compiled::Scalar(_) => self.truth(row) == Some(true),
        }
    }
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evaluator({})", self.expression)
    }
}
