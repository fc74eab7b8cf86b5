//! The store on a throw-away server.
mod contract;
mod indexes;
mod questions;
mod shapes;
mod throw_away;
mod types;
