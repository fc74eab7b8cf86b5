//! The store on a throw-away server.
mod checks;
mod contract;
mod identity;
mod indexes;
mod questions;
mod shapes;
mod throw_away;
mod types;
