//! What other programs say of the same geometries.
mod measure;
mod measure_cases;
mod relate;
mod relate_cases;
mod tools;
mod transforms;
mod validity;
mod validity_cases;
mod validity_pairs;
