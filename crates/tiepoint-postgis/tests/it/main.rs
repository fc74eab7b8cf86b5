//! The store on a throw-away server.
mod checks;
mod contract;
mod identity;
mod throw_away;
