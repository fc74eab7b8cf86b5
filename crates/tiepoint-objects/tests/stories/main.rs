//! Short stories of editing, each with what its ties must come to: the pitfalls that QGIS lays, and
//! what the model found.
mod fids;
mod found;
mod ids;
mod objects;
mod signals;
mod told;
