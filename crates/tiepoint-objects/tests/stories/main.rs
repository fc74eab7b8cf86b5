//! Short stories of editing, each with what its ties must come to: the pitfalls that QGIS lays (by
//! fids, ids, signals and objects), and what the model found, in the few lines to which it shrank.
mod endings;
mod fids;
mod ids;
mod keys;
mod objects;
mod readings;
mod returns;
mod signals;
mod told;
mod transactions;
