//! The store on a throw-away server.
mod contract;
mod questions;
mod throw_away;
mod types;
