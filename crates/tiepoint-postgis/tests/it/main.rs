//! The store on a throw-away server.
mod asynchronous;
mod contract;
mod failures;
mod pool;
mod sessions;
mod throw_away;
mod transactions;
