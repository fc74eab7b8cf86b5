//! The GeoPackage store against the store contract, against other processes, and against files that
//! are not as they should be.
mod asking;
mod checks;
mod contract;
mod differences;
mod failures;
mod foreign;
mod identity;
mod loading;
mod long;
mod manners;
mod natural_keys;
mod processes;
mod questions;
mod spatial;
mod trees;
mod watching;
