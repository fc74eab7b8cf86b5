//! The store on a throw-away server.
mod checklist;
mod contract;
mod definitions;
mod indexes;
mod questions;
mod shapes;
mod throw_away;
mod types;
