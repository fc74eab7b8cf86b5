//! The store on a throw-away server.
mod asynchronous;
mod contract;
mod failures;
mod injection;
mod pool;
mod sessions;
mod stress;
mod throw_away;
mod transactions;
