//! The GeoPackage store against the store contract, other programs, and what can go wrong.
mod contract;
