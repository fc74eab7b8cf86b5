//! Expressions: the one language of questions, whoever asks and wherever it runs.
//!
//! An [`Expr`] is built with methods and operators or read from CQL2. [`Expr::bind`] checks it
//! against a schema before anything runs; the [`Bound`] that comes out can be evaluated, rendered
//! as SQL, hashed, compared, and asked what it implies. What every function means, and how equal
//! its results are wherever it runs, is said at [`Function`].
mod aggregate;
mod bind;
mod bound;
mod build;
mod display;
mod error;
mod function;
mod implies;
mod length;
mod signature;
mod temporal;
mod ty;

pub use aggregate::Aggregate;
pub use bound::{Bound, Node};
pub use build::{field, place};
pub use error::BindError;
pub use function::{EqualityClass, Function, NativeFunction, TemporalPredicate};
pub use length::{CrsUnits, Length, LengthUnit, Metres};
pub use ty::ExprType;

use crate::{BBox, Crs, Geometry, Value};

/// An expression over the fields of one layer, not yet checked against it.
///
/// Nulls follow SQL: a function of null is null unless its description says otherwise, and a
/// filter keeps what is true, neither false nor null. Text compares by code point. A stored value
/// that is not of its field's type counts as null.
///
/// ```
/// use tiepoint_core::{Crs, Geometry, Metres, field, place};
/// let here = place(Geometry::from_wkt("POINT (8.54 47.38)")?, Crs::CRS84);
/// let near_and_large = field("geom").within_distance(here, Metres(500.0))
///     & field("population").gt(10_000);
/// assert_eq!(
///     near_and_large.to_string(),
///     "within_distance(geom, POINT (8.54 47.38), 500, 'm') AND population > 10000"
/// );
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A value that is no geometry.
    Literal(Value),
    /// A geometry, with the CRS that its coordinates are in.
    Place(Geometry, Crs),
    /// A box, with the CRS that it is in; as an area, where it crosses the antimeridian, it is two.
    Box(BBox, Crs),
    /// What stands in a field. `geometry` and `geom` mean the layer's first geometry where no
    /// field has that name.
    Field(String),
    /// The id of the object that the feature stands for, a UUID; null in a layer that is not tied.
    Id,
    /// A function of other expressions.
    Call(Function, Vec<Expr>),
}
