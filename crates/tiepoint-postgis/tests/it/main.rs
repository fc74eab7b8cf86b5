//! The store on a throw-away server.
mod asynchronous;
mod checklist;
mod checks;
mod contract;
mod definitions;
mod failures;
mod identity;
mod indexes;
mod injection;
mod pool;
mod questions;
mod sessions;
mod shapes;
mod stress;
mod throw_away;
mod transactions;
mod types;
