//! What needs algorithms: evaluating expressions, predicates, measures, transforms.
//!
//! Pure Rust: nothing here asks for GEOS, GDAL or PROJ.
pub mod linear;
pub mod measure;
pub mod relate;
pub mod simplify;
pub mod transform;
pub mod validity;
