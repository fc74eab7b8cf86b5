//! What needs algorithms: evaluating expressions, predicates, measures, transforms.
//!
//! Pure Rust: nothing here asks for GEOS, GDAL or PROJ.
pub mod evaluate;
pub mod linear;
pub mod measure;
mod reach;
pub mod relate;
pub mod simplify;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transform;
pub mod validity;

pub use evaluate::{EvaluateError, Evaluator, Row, fold};
pub use reach::{nearest, reach};
