//! What other programs say of the same geometries.
mod tools;
mod validity;
mod validity_cases;
mod validity_pairs;
