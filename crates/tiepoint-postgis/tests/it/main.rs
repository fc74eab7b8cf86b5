//! The store on a throw-away server.
mod checklist;
mod checks;
mod contract;
mod definitions;
mod identity;
mod indexes;
mod natural_keys;
mod questions;
mod shapes;
mod throw_away;
mod types;
